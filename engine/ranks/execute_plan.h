/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* execute_plan.h - runs a plan on all workers of all ranks, from slices of input to results in order on rank 0.
 *
 * Design: in this folder items are only numbers and results only bytes. The worker (worker_vtable.h) reads,
 *         computes and encodes the items. The caller passes functions that provide the input and take the bytes.
 */
#ifndef PE_EXECUTE_PLAN_H
#define PE_EXECUTE_PLAN_H

#include "comm/comm.h"
#include "plan/item_set.h"
#include "threads/pool/rank_pool.h"

/* How the ranks sync during a run; context NULL: they do not. Main thread. */
typedef struct pe_sync_functions {
    void *context;
    /* Rank 0: whether the other ranks are to sync now. Called again only after the round has ended. */
    bool (*is_wanted)(void *context);
    /* A member: begin to make durable what this rank has written; called again and again until *is_done, with the bytes for
     * rank 0 in state. */
    pe_status (*sync)(void *context, pe_buffer *state, bool *is_done, pe_error *err);
    /* Rank 0: a member has synced, and this is its state. Then, when all have: complete. */
    pe_status (*take)(void *context, const void *data, size_t size, pe_error *err);
    pe_status (*complete)(void *context, pe_error *err);
} pe_sync_functions;

typedef struct pe_execute_plan_spec {
    pe_rank_pool_spec pool; /* pool.context is passed to the functions below too */
    pe_comm *comm;
    /* The items to compute: the pool numbers them from 0, and no slice crosses the border of two ranges of the set. NULL: the
     * items are one range. */
    const pe_item_set *todo;
    bool has_payload; /* rank 0 sends the input bytes with each slice */
    bool is_stream;   /* the number of items is unknown: rank 0 makes slices as it reads */
    pe_sync_functions sync;
    /* Rank 0, main thread: append the input bytes of a block. NULL without payloads, and for streams. */
    pe_status (*pack)(void *context, pe_block block, pe_buffer *payload, pe_error *err);
    /* Rank 0, main thread, streams: the next block (count 0: none within timeout_ms) with its bytes. */
    pe_status (*next)(void *context, int timeout_ms, pe_buffer *payload, pe_block *block, bool *ended, pe_error *err);
} pe_execute_plan_spec;

typedef struct pe_execute_plan_stats {
    uint64_t items;       /* delivered (rank 0) */
    uint64_t chunk_items; /* the size of this rank's chunks at the end */
    uint64_t busy_ns;     /* sum over this rank's workers, without waiting for input or buffers */
    uint64_t wall_ns;
} pe_execute_plan_stats;

/* pe_execute_plan_range - the number of items, at most `most`, that follow one another in the job from the pool's item
 * `first` on. */
static inline uint64_t pe_execute_plan_range(const pe_execute_plan_spec *spec, uint64_t first, uint64_t most)
{
    const uint64_t count = spec->todo == NULL ? most : pe_item_set_from(spec->todo, first).count;
    return count < most ? count : most;
}

/* pe_execute_plan - compute and deliver all items, between the sink's begin and its commit. Collective.
 *
 * Returns: PE_OK on every rank, or an error on at least one, so the caller calls pe_comm_agree next. In either case no
 *          message is in flight and no worker runs when it returns.
 */
pe_status pe_execute_plan(const pe_execute_plan_spec *spec, pe_execute_plan_stats *stats, pe_error *err);

#endif

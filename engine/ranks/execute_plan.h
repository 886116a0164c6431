/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* execute_plan.h - run a plan on all workers of all ranks, from slices of input to results in order on rank 0.
 *
 * Design: items are numbers and results are bytes here. What an item is, how it is read, computed and encoded is the
 *         worker's (worker_vtable.h). Where the input comes from and where the bytes go are functions that the caller
 *         gives.
 */
#ifndef PE_EXECUTE_PLAN_H
#define PE_EXECUTE_PLAN_H

#include "comm/comm.h"
#include "plan/item_set.h"
#include "threads/rank_pool.h"

typedef struct pe_execution_spec {
    pe_rank_pool_spec pool; /* its context is that of the functions below */
    pe_comm *comm;
    const pe_item_set *todo; /* the items: the pool counts its members from 0, and no slice has members of two ranges;
                                NULL: they are one range */
    bool has_payload;        /* rank 0 sends the input along with the slices */
    bool is_stream;          /* rank 0 finds the slices by reading */
    /* Rank 0, main thread: append the input bytes of a block. NULL without payloads, and for streams. */
    pe_status (*pack)(void *context, pe_block block, pe_buffer *payload, pe_error *err);
    /* Rank 0, main thread, streams: the next block (count 0: none within timeout_ms) with its bytes. */
    pe_status (*next)(void *context, int timeout_ms, pe_buffer *payload, pe_block *block, bool *ended, pe_error *err);
} pe_execution_spec;

typedef struct pe_execution_stats {
    uint64_t items;       /* delivered (rank 0) */
    uint64_t chunk_items; /* the size of this rank's chunks at the end */
    uint64_t busy_ns;     /* of this rank's workers together: neither waiting for input, nor for buffers */
    uint64_t wall_ns;
} pe_execution_stats;

/* pe_execution_range - how many of `most` items from the pool's item `first` on are consecutive in the job. */
static inline uint64_t pe_execution_range(const pe_execution_spec *spec, uint64_t first, uint64_t most)
{
    const uint64_t count = spec->todo == NULL ? most : pe_item_set_from(spec->todo, first).count;
    return count < most ? count : most;
}

/* pe_execute_plan - everything between the sink's begin and its commit. Collective.
 *
 * Returns: PE_OK on every rank, or an error on at least one: pe_comm_agree comes next. No message is under way and no
 *          worker runs afterwards, whatever happened.
 */
pe_status pe_execute_plan(const pe_execution_spec *spec, pe_execution_stats *stats, pe_error *err);

#endif

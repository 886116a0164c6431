/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* rank_pool.h - run a plan: all workers of all ranks, from slices of input to ordered bytes on rank 0.
 *
 * Design: the pool knows blocks and bytes only. What an item is, how it is read, computed and encoded is the worker's
 *         (worker_vtable.h); where the input comes from and the bytes go are functions that it is given.
 */
#ifndef PE_RANK_POOL_H
#define PE_RANK_POOL_H

#include <stdatomic.h>

#include "base/buffer.h"
#include "comm/comm.h"
#include "plan/plan.h"
#include "threads/chunk_result.h"
#include "threads/worker_vtable.h"

typedef struct pe_execution_spec {
    const pe_plan *plan;
    pe_comm *comm;
    int threads;                    /* workers of this rank */
    bool has_payload;               /* rank 0 sends the input along */
    bool is_stream;                 /* rank 0 finds the slices by reading */
    const pe_worker_vtable *worker; /* what each of the threads runs, */
    const void *work_spec;          /* and what it is opened with */
    atomic_bool *stop;              /* false at first; true once nothing more is to be computed */
    void *context;                  /* of the functions below */

    /* Rank 0, main thread: append the input bytes of a block. NULL without payloads, and for streams. */
    pe_status (*pack)(void *context, pe_block block, pe_buffer *payload, pe_error *err);
    /* Rank 0, main thread, streams: the next block (count 0: none within timeout_ms) with its bytes. */
    pe_status (*next)(void *context, int timeout_ms, pe_buffer *payload, pe_block *block, bool *ended, pe_error *err);

    /* Rank 0: take what came out, in the order of the mode; one thread at a time, any thread. */
    pe_status (*write)(void *context, const pe_chunk_result *out, pe_error *err);
    /* Main thread, now and then: `items` are delivered (rank 0's count). Returns PE_OK, or why the run is to end. */
    pe_status (*tick)(void *context, uint64_t items, pe_error *err);
} pe_execution_spec;

typedef struct pe_execution_stats {
    uint64_t items;       /* delivered (rank 0) */
    uint64_t chunk_items; /* the size of this rank's chunks at the end */
    uint64_t busy_ns;     /* of this rank's workers together: neither waiting for input, nor for buffers */
    uint64_t wall_ns;
} pe_execution_stats;

/* pe_execute_plan - everything between the sink's begin and its commit. Collective.
 *
 * Returns: PE_OK on every rank, or an error on at least one: pe_comm_agree comes next. No message is under way and no
 *          worker runs afterwards, whatever happened.
 */
pe_status pe_execute_plan(const pe_execution_spec *spec, pe_execution_stats *stats, pe_error *err);

#endif

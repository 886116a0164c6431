/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* rank_pool.h - the worker threads of one rank, from dispatched slices to results in order.
 *
 * Design: workers claim chunks from the work queue and compute them; the reorder buffer delivers the chunks in the
 *         order of their items. On one rank a delivered chunk goes to the sink, from the thread that delivers it. On
 *         several the chunks of a slice are gathered in the buffer of its first chunk, which goes to the main thread.
 *         Where results have no known size (texts), a chunk and a slice may go on in parts, each of bounded size, and a
 *         worker waits between two parts while the window is full.
 *         The main thread dispatches slices and ends the run; its loops are in ranks/.
 *         When an item ends the run, running chunks get a grace period. All items before the failed one are delivered,
 *         and the error names the lowest failed item, so that the result does not depend on timing.
 * Not here: how the work ends early (rank_pool_stop.h), how results leave the pool (rank_pool_results.h, rank_pool_waiting.h).
 */
#ifndef PE_RANK_POOL_H
#define PE_RANK_POOL_H

#include <pthread.h>
#include <stdatomic.h>

#include "plan/plan.h"
#include "profile/lanes.h"
#include "threads/adaptive_chunk.h"
#include "threads/pool/rank_pool_stop.h"
#include "threads/pool/rank_pool_waiting.h"
#include "threads/worker_vtable.h"

typedef struct pe_work_queue pe_work_queue; /* work_queue.h */
typedef struct pe_reorder pe_reorder;       /* reorder.h */
typedef struct pe_chunk pe_chunk;           /* chunk.h */
typedef struct pe_slice pe_slice;
typedef struct pe_team pe_team; /* team.h */

/* What moves results that wait for an earlier item out of memory; put NULL: nothing does. context is the pool's. */
typedef struct pe_spill_functions {
    /* Rank 0: spill these results, or leave *is_spilled false where there is no room. One thread at a time, also beside
     * write. Other ranks only look whether it is NULL. */
    pe_status (*put)(void *context, const pe_chunk_result *out, bool *is_spilled, pe_error *err);
    /* Rank 0 of several: write the next spilled results if their turn has come, also those of an earlier run. *has_more: there
     * were any; *next: the item that comes next. NULL: an earlier run has spilled none. */
    pe_status (*catch_up)(void *context, uint64_t *next, bool *has_more, pe_error *err);
    uint64_t after_ns; /* what has waited this long is spilled even where there is room */
} pe_spill_functions;

typedef struct pe_rank_pool_spec {
    const pe_plan *plan;
    int threads;                    /* workers of this rank */
    pe_team *team;                  /* this many threads that stay; NULL: threads are started for the run */
    const pe_worker_vtable *worker; /* run by each thread */
    const void *work_spec;          /* passed to the worker's open */
    atomic_bool *stop;              /* false at first; set to true to end all computing */
    pe_profile *profile;            /* of what the threads do; NULL: none is kept */
    /* By pe_clock_ns, the run ends then, so no chunk is begun that would last longer; 0: never. NULL: no run of this pool has
     * a limit. The main thread writes it, workers read it. */
    atomic_uint_fast64_t *deadline_ns;
    void *context; /* passed to the functions below */
    /* Rank 0: write results, in item order unless the job is unordered. One thread at a time, any thread. */
    pe_status (*write)(void *context, const pe_chunk_result *out, pe_error *err);
    pe_spill_functions spill; /* all NULL: waiting results stay in memory */
    /* Main thread, periodically: `items` is the number of delivered items (on rank 0). Any status but PE_OK ends the
     * run. */
    pe_status (*tick)(void *context, uint64_t items, pe_error *err);
} pe_rank_pool_spec;

struct pe_rank_pool {
    const pe_rank_pool_spec *spec;
    pe_adaptive_chunk chunking; /* the size of this rank's chunks */
    pe_work_queue *queue;
    pe_reorder *reorder; /* this rank's chunks in the order of their items */
    /* Counters, which any thread adds to: workers still running; the sum of their time without waiting for input or buffers;
     * items delivered to the sink, or spilled. */
    atomic_int workers;
    atomic_uint_fast64_t busy_ns, items;
    /* rank_pool_stop.c: when the grace period began, or 0: set by any thread, renewed by the deliverer; and whether the
     * deliverer, which sets it, is writing, for the main thread. */
    atomic_uint_fast64_t failing_ns;
    atomic_bool is_writing;
    pe_waiting waiting;  /* main thread */
    pe_slice *gathering; /* several ranks, deliverer: the slice whose results are being gathered; NULL: none */

    pthread_mutex_t mutex; /* guards the fields below */
    pthread_cond_t wakeup; /* wakes the main thread */
    bool is_woken;
    pe_error error;                     /* the first error of this rank; among errors of items, that of the lowest */
    pe_chunk *finished, *finished_last; /* several ranks: gathered results of slices, oldest first */
};

/* pe_rank_pool_init - set up queue, reorder buffer and counters. Call pe_rank_pool_fini whether it fails or not. */
pe_status pe_rank_pool_init(pe_rank_pool *pool, const pe_rank_pool_spec *spec, pe_error *err);
void pe_rank_pool_fini(pe_rank_pool *pool);

/* pe_rank_pool_run - run the workers, and main_loop(context) on the calling thread, until all of them have returned.
 *
 * Does:    main_loop must end with pe_rank_pool_drain. When the system cannot create threads, main_loop still runs,
 *          without workers and with the pool stopped, so that it reports the failure to other ranks. Errors are in
 *          pool->error afterwards.
 */
void pe_rank_pool_run(pe_rank_pool *pool, void (*main_loop)(void *context), void *context);

/* ---- the main thread ---- */

/* pe_rank_pool_wake - wake the main thread; any thread. pe_rank_pool_wait - sleep until woken, or for wait_ns. */
void pe_rank_pool_wake(pe_rank_pool *pool);
void pe_rank_pool_wait(pe_rank_pool *pool, uint64_t wait_ns);
/* pe_rank_pool_tick - call spec->tick; an error from it stops the run. */
void pe_rank_pool_tick(pe_rank_pool *pool);
/* pe_rank_pool_drain - close the queue, and wait for the workers to end. */
void pe_rank_pool_drain(pe_rank_pool *pool);

#endif

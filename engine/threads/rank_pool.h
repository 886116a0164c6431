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
 */
#ifndef PE_RANK_POOL_H
#define PE_RANK_POOL_H

#include <pthread.h>
#include <stdatomic.h>

#include "plan/plan.h"
#include "profile/lanes.h"
#include "threads/adaptive_chunk.h"
#include "threads/worker_vtable.h"

typedef struct pe_work_queue pe_work_queue; /* work_queue.h */
typedef struct pe_reorder pe_reorder;       /* reorder.h */
typedef struct pe_chunk pe_chunk;           /* chunk.h */
typedef struct pe_slice pe_slice;
typedef struct pe_team pe_team; /* team.h */

typedef struct pe_rank_pool_spec {
    const pe_plan *plan;
    int threads;                    /* workers of this rank */
    pe_team *team;                  /* so many threads that stay; NULL: threads are started for the run */
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
    /* Rank 0: keep results that wait for earlier items out of memory, or leave *is_spilled false where there is no room. One
     * thread at a time, also beside write. NULL: they wait in memory. Other ranks only look whether it is NULL. */
    pe_status (*spill)(void *context, const pe_chunk_result *out, bool *is_spilled, pe_error *err);
    /* Rank 0 of several: write the next spilled results if their turn has come, also those of an earlier run. *has_more: there
     * were any; *next: the item that comes next. NULL: none are spilled. */
    pe_status (*catch_up)(void *context, uint64_t *next, bool *has_more, pe_error *err);
    uint64_t spill_after_ns; /* what has waited so long is spilled even where there is room */
    /* Main thread, periodically: `items` is the number of delivered items (on rank 0). Any status but PE_OK ends the
     * run. */
    pe_status (*tick)(void *context, uint64_t items, pe_error *err);
} pe_rank_pool_spec;

typedef struct pe_rank_pool {
    const pe_rank_pool_spec *spec;
    pe_adaptive_chunk chunking; /* the size of this rank's chunks */
    pe_work_queue *queue;
    pe_reorder *reorder; /* this rank's chunks in the order of their items */
    atomic_uint_fast64_t
        failing_ns;               /* when the grace period began, or 0: set by any thread, renewed by the deliverer */
    atomic_bool is_writing;       /* the deliverer sets it, the main thread reads it */
    atomic_int workers;           /* still running */
    atomic_uint_fast64_t busy_ns; /* sum over all workers, without waiting for input or buffers */
    atomic_uint_fast64_t items;   /* delivered to the sink, or spilled */
    uint64_t head;                /* main thread: the reorder buffer's first entry, as it was seen last, */
    uint64_t head_ns;             /* and for the first time */
    uint64_t taken_ns;            /* when results that had waited long were taken last; */
    uint64_t until_ns;            /* when the taking now under way ends */
    bool is_for_room;             /* it ends when no worker waits for room; */
    bool is_rest;                 /* takes all that is done */
    pe_slice *gathering;          /* several ranks, deliverer: the slice whose results are being gathered; NULL: none */
    pthread_mutex_t mutex;        /* guards the fields below */
    pthread_cond_t wakeup;        /* wakes the main thread */
    bool is_woken;
    pe_error error;                     /* the first error of this rank; among errors of items, that of the lowest */
    pe_chunk *finished, *finished_last; /* several ranks: gathered results of slices, oldest first */
} pe_rank_pool;

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

/* ---- stopping; any thread ---- */

/* pe_rank_pool_fail - keep an error and stop this rank: at once, or after the grace period for an error of an item. */
void pe_rank_pool_fail(pe_rank_pool *pool, const pe_error *err);
/* pe_rank_pool_stop - stop computing and writing. An error was recorded before, or comes from another rank. */
void pe_rank_pool_stop(pe_rank_pool *pool);
bool pe_rank_pool_is_stopped(const pe_rank_pool *pool);
/* pe_rank_pool_begin_grace - start the grace period, when an item ended the run on this or another rank. */
void pe_rank_pool_begin_grace(pe_rank_pool *pool);
/* pe_rank_pool_renew_grace - start the grace period again, after a delivery: items before the failed one may remain. */
void pe_rank_pool_renew_grace(pe_rank_pool *pool);
/* pe_rank_pool_end_grace - stop when the grace period has passed. Main thread.
 * Returns: whether the pool is stopped */
bool pe_rank_pool_end_grace(pe_rank_pool *pool);
/* pe_rank_pool_failing_item - the lowest item known here that ended the run, or PE_NO_ITEM. */
uint64_t pe_rank_pool_failing_item(pe_rank_pool *pool);

/* pe_rank_pool_end_at - the run ends at this time (pe_clock_ns; 0: never). pe_rank_pool_left - the time until then, or
 * UINT64_MAX. Main thread. */
void pe_rank_pool_end_at(pe_rank_pool *pool, uint64_t ns);
uint64_t pe_rank_pool_left(const pe_rank_pool *pool);

/* ---- the main thread ---- */

/* pe_rank_pool_wake - wake the main thread; any thread. pe_rank_pool_wait - sleep until woken, or for wait_ns. */
void pe_rank_pool_wake(pe_rank_pool *pool);
void pe_rank_pool_wait(pe_rank_pool *pool, uint64_t wait_ns);
/* pe_rank_pool_tick - call spec->tick; an error from it stops the run. */
void pe_rank_pool_tick(pe_rank_pool *pool);
/* pe_rank_pool_take_waiting - take results that wait for an earlier item, if that item takes long, and workers lack room or the
 * results have waited long. On one rank they are spilled; on several they become parts of their slices, which the main thread gets
 * by pe_rank_pool_finished. pe_rank_pool_take_rest - all that is done, once the pool has stopped; false: a thread delivers,
 * so it is called again. */
void pe_rank_pool_take_waiting(pe_rank_pool *pool);
bool pe_rank_pool_take_rest(pe_rank_pool *pool);
/* pe_rank_pool_drain - close the queue, and wait for the workers to end. */
void pe_rank_pool_drain(pe_rank_pool *pool);
/* pe_rank_pool_write - call spec->write unless the run is stopped. One thread at a time, any thread. */
void pe_rank_pool_write(pe_rank_pool *pool, const pe_chunk_result *out);
/* pe_rank_pool_finished - the oldest gathered results that were not taken yet, or NULL. pe_rank_pool_take_finished -
 * removes them from the list. */
pe_chunk *pe_rank_pool_finished(pe_rank_pool *pool);
void pe_rank_pool_take_finished(pe_rank_pool *pool);
/* pe_rank_pool_free_result - release the buffer of results that were sent or written, and with the last results of a
 * slice the slice. */
void pe_rank_pool_free_result(pe_rank_pool *pool, pe_chunk *result);

/* pe_rank_pool_end_part - hand what was gathered of a slice to the main thread. pe_rank_pool_append_finished - hand it a chunk.
 * Call: the deliverer, or while nothing is delivered. */
void pe_rank_pool_end_part(pe_rank_pool *pool, pe_slice *slice, bool ends_slice);
void pe_rank_pool_append_finished(pe_rank_pool *pool, pe_chunk *result);
/* pe_rank_pool_spill - spill results whose turn has not come. Returns: whether they are spilled. */
bool pe_rank_pool_spill(pe_rank_pool *pool, const pe_chunk_result *out);

#endif

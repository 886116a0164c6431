/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* rank_pool.c - the worker threads of one rank, from dispatched slices to results in order.
 *
 * Design:   rank_pool.h.
 * Threads:  rank_pool.h says who writes what.
 * Not here: which slices this rank gets, and the main thread's loops (ranks); how results leave (rank_pool_results.c), how the
 *           work ends early (rank_pool_stop.c).
 */
#include "threads/pool/rank_pool.h"

#include "base/clock.h"
#include "threads/pool/rank_pool_results.h"
#include "threads/team.h"
#include "threads/work_queue.h"

#define DRAIN_WAIT_NS 50000000u
#define DEADLINE_WAIT_NS 1000000u
#define GIVEN_CHUNKS_NS 50000u /* about 50 times the cost of a claim */

/* ---- workers ---- */

/* When an item ends the run, the results of its chunk before that item are the last ones that are delivered. The queue
 * is stopped first, so no later claim enters the reorder buffer after this chunk. */
static void fail_chunk(pe_rank_pool *pool, pe_chunk *chunk, const pe_error *err)
{
    pe_rank_pool_fail(pool, err);
    if (err->item != PE_NO_ITEM)
        pe_reorder_done(pool->reorder, &chunk->entry, true);
}

/* A chunk that is being computed. */
typedef struct running {
    pe_rank_pool *pool;
    pe_chunk *chunk;
    uint64_t part_ns;   /* when the current part began */
    uint64_t items;     /* in the earlier parts */
    uint64_t work_ns;   /* spent on the earlier parts */
    uint64_t waited_ns; /* for room in the window, in total */
} running;

/* The worker's callback wait_for_room. The waiting time is not counted as work, so work_ns is the cost of the items. */
static void wait_for_room(void *context, size_t bytes)
{
    running *self = context;
    const uint64_t began = pe_clock_ns();
    pe_work_queue_wait_for_room(self->pool->queue, self->chunk, bytes);
    const uint64_t waited_ns = pe_clock_ns() - began;
    pe_pause_end(PE_PHASE_WAIT_WINDOW, PE_PHASE_COMPUTE, began);
    self->waited_ns += waited_ns;
    self->part_ns += waited_ns;
}

/* The worker's callback hand_over: delivers the results so far as a part of the running chunk. */
static void hand_over(void *context)
{
    running *self = context;
    pe_rank_pool *pool = self->pool;
    pe_chunk *part = pe_work_queue_detach(pool->queue, self->chunk);
    if (part == NULL) { /* the run has stopped: drop the computed results */
        self->chunk->out.bytes.size = self->chunk->out.log.size = 0;
        return;
    }
    const uint64_t now = pe_clock_ns();
    part->out.first = self->chunk->range.block.first + self->items;
    part->work_ns = now - self->part_ns;
    self->work_ns += part->work_ns;
    self->items += part->out.items;
    self->part_ns = now;
    const uint64_t began = pe_pause_begin(PE_PHASE_WRITE);
    pe_reorder_done(pool->reorder, &part->entry, false);
    pe_pause_end(PE_PHASE_WRITE, PE_PHASE_COMPUTE, began);
    wait_for_room(self, pool->spec->plan->part_bytes);
}

/* A chunk that cannot be finished before the run ends is not begun: it waits for the end, or for a later one. False: the run
 * has stopped. */
static bool wait_for_time(const pe_rank_pool *pool, uint64_t needed_ns)
{
    while (pe_rank_pool_left(pool) <= needed_ns && !pe_rank_pool_is_stopped(pool))
        pe_sleep_ns(DEADLINE_WAIT_NS);
    return !pe_rank_pool_is_stopped(pool);
}

/* Computes a chunk and marks it done. *took_ns: how long it took to compute. False: the worker ends, since an item has failed
 * or the run has stopped. */
static bool compute_chunk(running *self, void *worker, const pe_chunk_flow *flow, uint64_t *took_ns)
{
    pe_rank_pool *const pool = self->pool;
    pe_chunk *const chunk = self->chunk;
    const uint64_t began = self->part_ns;
    pe_error err = PE_ERROR_INIT;
    const pe_status status =
        pool->spec->worker->run(worker, &chunk->range, &chunk->slice->payload, &chunk->out, flow, &err);
    chunk->out.first = chunk->range.block.first + self->items;
    if (status != PE_OK)
        fail_chunk(pool, chunk, &err);
    if (status != PE_OK || pe_rank_pool_is_stopped(pool)) /* the chunk may be incomplete */
        return false;
    const uint64_t computed = pe_clock_ns(), items = self->items + chunk->out.items;
    chunk->work_ns = computed - self->part_ns;
    *took_ns = computed - began;
    pe_lane_chunk(chunk->range.block.first, items, self->work_ns + chunk->work_ns, computed);
    pe_adaptive_chunk_learn(&pool->chunking, items, self->work_ns + chunk->work_ns);
    if (pool->spec->plan->counts_bytes)
        pe_work_queue_count_bytes(pool->queue, chunk);
    pe_reorder_done(pool->reorder, &chunk->entry, false);
    return true;
}

static void compute_chunks(pe_rank_pool *pool, void *worker, int thread)
{
    const pe_rank_pool_spec *spec = pool->spec;
    running self = {.pool = pool};
    const pe_chunk_flow flow = {.stop = spec->stop,
                                .part_bytes = spec->plan->part_bytes,
                                .context = &self,
                                .hand_over = hand_over,
                                .wait_for_room = wait_for_room};
    const pe_phase delivering = spec->plan->ranks == 1 ? PE_PHASE_WRITE : PE_PHASE_GATHER;
    uint64_t busy_ns = 0, took_ns = 0;
    pe_lane_did(PE_PHASE_START, pe_clock_ns());
    for (pe_chunk *chunk = NULL; (chunk = pe_work_queue_take(pool->queue, thread)) != NULL;) {
        if (pe_rank_pool_left(pool) != UINT64_MAX && !wait_for_time(pool, took_ns + took_ns / 4))
            break;
        const uint64_t began = pe_clock_ns();
        pe_lane_waited(began);
        self = (running){.pool = pool, .chunk = chunk, .part_ns = began};
        if (!compute_chunk(&self, worker, &flow, &took_ns))
            break;
        const uint64_t delivered = pe_clock_ns();
        pe_lane_did(delivering, delivered);
        busy_ns += delivered - began - self.waited_ns;
    }
    pe_lane_waited(pe_clock_ns());
    atomic_fetch_add_explicit(&pool->busy_ns, busy_ns, memory_order_relaxed);
}

static void work(void *context, int thread)
{
    pe_rank_pool *pool = context;
    const pe_rank_pool_spec *spec = pool->spec;
    pe_error err = PE_ERROR_INIT;
    void *worker = NULL;
    pe_lane_enter(pe_profile_lane(spec->profile, thread));
    if (spec->worker->open(spec->work_spec, &worker, &err) != PE_OK)
        pe_rank_pool_fail(pool, &err);
    else
        compute_chunks(pool, worker, thread);
    spec->worker->close(worker);
    pe_lane_leave(PE_PHASE_START);
    atomic_fetch_sub_explicit(&pool->workers, 1, memory_order_release); /* publishes all writes of this worker */
    pe_rank_pool_wake(pool);
}

void pe_rank_pool_run(pe_rank_pool *pool, void (*main_loop)(void *context), void *context)
{
    pe_error err = PE_ERROR_INIT;
    const pe_threads_spec spec = {
        .workers = pool->spec->threads, .work = work, .pool = pool, .main_loop = main_loop, .context = context};
    if (pool->spec->team != NULL) {
        pe_team_run(pool->spec->team, &spec);
        return;
    }
    if (pe_threads_run(&spec, &err) == PE_OK)
        return;
    atomic_store_explicit(&pool->workers, 0, memory_order_relaxed); /* no worker ran */
    pe_rank_pool_fail(pool, &err);
    main_loop(context);
}

/* ---- the main thread ---- */

void pe_rank_pool_tick(pe_rank_pool *pool)
{
    const pe_rank_pool_spec *spec = pool->spec;
    pe_error err = PE_ERROR_INIT;
    if (pe_rank_pool_is_stopped(pool))
        return;
    if (spec->tick(spec->context, atomic_load_explicit(&pool->items, memory_order_relaxed), &err) != PE_OK)
        pe_rank_pool_fail(pool, &err);
}

void pe_rank_pool_drain(pe_rank_pool *pool)
{
    pe_work_queue_close(pool->queue);
    while (atomic_load_explicit(&pool->workers, memory_order_acquire) > 0) {
        pe_rank_pool_wait(pool, DRAIN_WAIT_NS);
        (void)pe_rank_pool_end_grace(pool);
        pe_rank_pool_tick(pool);
        pe_rank_pool_take_waiting(pool);
    }
}

/* ---- init and fini ---- */

static void idle(void *context)
{
    pe_rank_pool_wake(context);
}

/* The number of buffers that are used in turn, small so that they stay in the cache. When results have no bytes there
 * is nothing to keep in the cache, and no worker waits for a buffer that was used before. */
static int warm_buffers(const pe_rank_pool_spec *spec)
{
    const bool is_empty = spec->plan->chunk_out_bytes <= PE_CACHE_LINE; /* the smallest value in a plan */
    return is_empty ? spec->plan->slots : 2 * spec->threads + 1;
}

/* With a chunk size given by the user, a worker claims one chunk at a time, or several when one takes less than
 * GIVEN_CHUNKS_NS. */
static void init_chunking(pe_adaptive_chunk *chunking, const pe_plan *plan)
{
    const bool is_given = plan->is_fixed;
    pe_adaptive_chunk_init(chunking, &(pe_adaptive_chunk_spec){.least = is_given ? plan->grain_items : 1,
                                                               .most = plan->chunk_items,
                                                               .unit = is_given ? plan->grain_items : 1,
                                                               .share = pe_plan_share(plan),
                                                               .piece_ns = is_given ? GIVEN_CHUNKS_NS : 0});
}

_Static_assert(sizeof(pe_chunk) <= PE_PLAN_CHUNK_BYTES, "the plan counts more for a chunk");

static pe_status make_queue(pe_rank_pool *pool, pe_error *err)
{
    const pe_plan *plan = pool->spec->plan;
    const pe_work_queue_spec spec = {.buffers = {.chunks = plan->chunks_most,
                                                 .items = (uint64_t)plan->slots * plan->chunk_items,
                                                 .bytes = plan->result_bytes,
                                                 .chunk_items = plan->chunk_items,
                                                 .has_parts = plan->part_bytes != PE_PLAN_NO_PARTS,
                                                 .counts_bytes = plan->counts_bytes,
                                                 .workers = pool->spec->threads},
                                     .warm = warm_buffers(pool->spec),
                                     .grain = plan->grain_items,
                                     .buffer_bytes = plan->chunk_out_bytes * plan->chunks_per_slice * plan->run_slices,
                                     .chunking = &pool->chunking,
                                     .reorder = pool->reorder,
                                     .is_ordered = plan->order != PE_ORDER_UNORDERED,
                                     .idle = idle,
                                     .wants_room = pool->spec->spill.put != NULL,
                                     .context = pool};
    return pe_work_queue_make(&spec, &pool->queue, err);
}

pe_status pe_rank_pool_init(pe_rank_pool *pool, const pe_rank_pool_spec *spec, pe_error *err)
{
    pthread_condattr_t monotonic;
    *pool = (pe_rank_pool){.spec = spec, .error = PE_ERROR_INIT};
    atomic_init(&pool->failing_ns, 0);
    atomic_init(&pool->is_writing, false);
    atomic_init(&pool->workers, spec->threads);
    atomic_init(&pool->busy_ns, 0);
    atomic_init(&pool->items, 0);
    pool->waiting.head_ns = pool->waiting.taken_ns = pe_clock_ns();
    (void)pthread_mutex_init(&pool->mutex, NULL);
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&pool->wakeup, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    init_chunking(&pool->chunking, spec->plan);
    const pe_status status = pe_rank_pool_make_reorder(pool, err);
    return status == PE_OK ? make_queue(pool, err) : status;
}

void pe_rank_pool_fini(pe_rank_pool *pool)
{
    pe_work_queue_free(pool->queue);
    pe_reorder_free(pool->reorder);
    (void)pthread_cond_destroy(&pool->wakeup);
    (void)pthread_mutex_destroy(&pool->mutex);
}

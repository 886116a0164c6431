/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* rank_pool.c - the worker threads of one rank, from dispatched slices to results in order.
 *
 * Design:   rank_pool.h.
 * Threads:  rank_pool.h says who writes what.
 * Not here: which slices this rank gets, and the main thread's loops (ranks); how the work ends (rank_pool_stop.c).
 */
#include "threads/rank_pool.h"

#include "base/clock.h"
#include "threads/threads_omp.h"

#define DRAIN_WAIT_NS 50000000u
#define GIVEN_CHUNKS_NS 50000u /* some 50 times what a claim costs */

/* ---- results ---- */

void pe_rank_pool_write(pe_rank_pool *pool, const pe_chunk_result *out)
{
    const pe_rank_pool_spec *spec = pool->spec;
    pe_error err = PE_ERROR_INIT;
    if (pe_rank_pool_is_stopped(pool))
        return;
    atomic_store_explicit(&pool->is_writing, true, memory_order_relaxed);
    if (spec->write(spec->context, out, &err) != PE_OK)
        pe_rank_pool_fail(pool, &err);
    else
        atomic_fetch_add_explicit(&pool->items, out->items, memory_order_relaxed); /* a count for people */
    pe_rank_pool_renew_grace(pool);
    atomic_store_explicit(&pool->is_writing, false, memory_order_relaxed);
}

void pe_rank_pool_free_slice(pe_rank_pool *pool, pe_slice *slice)
{
    if (slice->whole != NULL)
        pe_work_queue_release(pool->queue, slice->whole);
    if (!slice->is_cut)
        pe_work_queue_recycle(pool->queue, slice);
}

pe_slice *pe_rank_pool_finished(pe_rank_pool *pool)
{
    (void)pthread_mutex_lock(&pool->mutex);
    pe_slice *slice = pool->finished;
    if (slice != NULL)
        pool->finished = slice->next;
    (void)pthread_mutex_unlock(&pool->mutex);
    return slice;
}

static void finish_slice(pe_rank_pool *pool, pe_slice *slice)
{
    slice->next = NULL;
    (void)pthread_mutex_lock(&pool->mutex);
    if (pool->finished != NULL)
        pool->finished_last->next = slice;
    else
        pool->finished = slice;
    pool->finished_last = slice;
    (void)pthread_mutex_unlock(&pool->mutex);
    pe_rank_pool_wake(pool);
}

/* The reorder buffer's callback on one rank. */
static bool deliver_to_sink(void *context, pe_reorder_entry *entry)
{
    pe_rank_pool *pool = context;
    pe_chunk *chunk = pe_chunk_of_entry(entry);
    pe_slice *slice = chunk->slice;
    slice->delivered += chunk->out.items;
    chunk->out.first = chunk->range.block.first;
    if (chunk->out.items > 0)
        pe_rank_pool_write(pool, &chunk->out);
    if (slice->delivered == slice->block.count)
        pe_work_queue_recycle(pool->queue, slice);
    return true;
}

static void release_chunk(void *context, pe_reorder_entry *entry)
{
    const pe_rank_pool *pool = context;
    pe_work_queue_release(pool->queue, pe_chunk_of_entry(entry));
}

static pe_status append(pe_chunk_result *whole, const pe_chunk_result *part, pe_error *err)
{
    whole->items += part->items;
    whole->rows += part->rows;
    whole->placed += part->placed;
    const pe_status status = pe_buffer_append(&whole->bytes, part->bytes.data, part->bytes.size, err);
    return status == PE_OK ? pe_buffer_append(&whole->log, part->log.data, part->log.size, err) : status;
}

/* The reorder buffer's callback on several ranks. When an item ends the run, its slice ends before that item. */
static bool deliver_to_slice(void *context, pe_reorder_entry *entry)
{
    pe_rank_pool *pool = context;
    pe_chunk *chunk = pe_chunk_of_entry(entry);
    pe_slice *slice = chunk->slice;
    pe_error err = PE_ERROR_INIT;
    slice->work_ns += chunk->work_ns;
    slice->delivered += chunk->out.items;
    const bool is_first = slice->whole == NULL;
    if (is_first)
        slice->whole = chunk;
    else if (append(&slice->whole->out, &chunk->out, &err) != PE_OK)
        pe_rank_pool_fail(pool, &err);
    if (entry->is_last && pool->spec->plan->order != PE_ORDER_UNORDERED) {
        slice->is_cut = true;
        slice->block.count = slice->delivered;
    }
    if (slice->delivered == slice->block.count && slice->delivered > 0)
        finish_slice(pool, slice);
    return !is_first; /* the first one is released with its slice */
}

/* ---- workers ---- */

/* When an item ends the run, what its chunk has before that item is the end of what is delivered. The queue is stopped
 * by then: no later claim can enter the reorder buffer behind the chunk. */
static void fail_chunk(pe_rank_pool *pool, pe_chunk *chunk, const pe_error *err)
{
    pe_rank_pool_fail(pool, err);
    if (err->item != PE_NO_ITEM)
        pe_reorder_done(pool->reorder, &chunk->entry, true);
}

static void compute_chunks(pe_rank_pool *pool, void *worker, int thread)
{
    const pe_rank_pool_spec *spec = pool->spec;
    uint64_t busy_ns = 0;
    for (pe_chunk *chunk = NULL; (chunk = pe_work_queue_take(pool->queue, thread)) != NULL;) {
        pe_error err = PE_ERROR_INIT;
        const uint64_t began = pe_clock_ns();
        if (spec->worker->run(worker, &chunk->range, &chunk->slice->payload, &chunk->out, spec->stop, &err) != PE_OK) {
            fail_chunk(pool, chunk, &err);
            break;
        }
        if (pe_rank_pool_is_stopped(pool))
            break; /* the chunk may be incomplete */
        chunk->work_ns = pe_clock_ns() - began;
        pe_adaptive_chunk_learn(&pool->chunking, chunk->out.items, chunk->work_ns);
        pe_reorder_done(pool->reorder, &chunk->entry, false);
        busy_ns += pe_clock_ns() - began;
    }
    atomic_fetch_add_explicit(&pool->busy_ns, busy_ns, memory_order_relaxed);
}

static void work(void *context, int thread)
{
    pe_rank_pool *pool = context;
    const pe_rank_pool_spec *spec = pool->spec;
    pe_error err = PE_ERROR_INIT;
    void *worker = NULL;
    if (spec->worker->open(spec->work_spec, &worker, &err) != PE_OK)
        pe_rank_pool_fail(pool, &err);
    else
        compute_chunks(pool, worker, thread);
    spec->worker->close(worker);
    atomic_fetch_sub_explicit(&pool->workers, 1, memory_order_release); /* all that this worker did comes before */
    pe_rank_pool_wake(pool);
}

void pe_rank_pool_run(pe_rank_pool *pool, void (*main_loop)(void *context), void *context)
{
    pe_error err = PE_ERROR_INIT;
    const pe_threads_spec spec = {
        .workers = pool->spec->threads, .work = work, .pool = pool, .main_loop = main_loop, .context = context};
    if (pe_threads_run(&spec, &err) == PE_OK)
        return;
    atomic_store_explicit(&pool->workers, 0, memory_order_relaxed); /* none ran */
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
    }
}

/* ---- init and fini ---- */

static void idle(void *context)
{
    pe_rank_pool_wake(context);
}

/* Few buffers in turn stay in the caches. Where chunks come out without bytes no worker need wait for a warm one. */
static int warm_buffers(const pe_rank_pool_spec *spec)
{
    const bool is_empty = spec->plan->chunk_out_bytes <= PE_CACHE_LINE; /* the least that a plan says */
    return is_empty ? spec->plan->slots : 2 * spec->threads + 1;
}

/* Chunks of the size that the user chose are claimed one by one; several at once where one takes less than
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
                                                 .workers = pool->spec->threads},
                                     .warm = warm_buffers(pool->spec),
                                     .grain = plan->grain_items,
                                     .buffer_bytes = plan->chunk_out_bytes * plan->chunks_per_slice * plan->run_slices,
                                     .chunking = &pool->chunking,
                                     .reorder = pool->reorder,
                                     .idle = idle,
                                     .context = pool};
    return pe_work_queue_make(&spec, &pool->queue, err);
}

pe_status pe_rank_pool_init(pe_rank_pool *pool, const pe_rank_pool_spec *spec, pe_error *err)
{
    const pe_plan *plan = spec->plan;
    pthread_condattr_t monotonic;
    *pool = (pe_rank_pool){.spec = spec, .error = PE_ERROR_INIT};
    atomic_init(&pool->failing_ns, 0);
    atomic_init(&pool->is_writing, false);
    atomic_init(&pool->workers, spec->threads);
    atomic_init(&pool->busy_ns, 0);
    atomic_init(&pool->items, 0);
    (void)pthread_mutex_init(&pool->mutex, NULL);
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&pool->wakeup, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    init_chunking(&pool->chunking, plan);
    const pe_status status =
        pe_reorder_make(plan->order != PE_ORDER_UNORDERED, plan->ranks == 1 ? deliver_to_sink : deliver_to_slice,
                        release_chunk, pool, &pool->reorder, err);
    return status == PE_OK ? make_queue(pool, err) : status;
}

void pe_rank_pool_fini(pe_rank_pool *pool)
{
    pe_work_queue_free(pool->queue);
    pe_reorder_free(pool->reorder);
    (void)pthread_cond_destroy(&pool->wakeup);
    (void)pthread_mutex_destroy(&pool->mutex);
}

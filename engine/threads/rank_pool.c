/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* rank_pool.c - run a plan: what every rank does, and one rank alone.
 *
 * Design: workers claim chunks and compute them; this rank's reorder delivers them in the order of their items. On one
 *         rank a delivered chunk goes straight to the sink, from the thread that delivers it. On several the chunks of a
 *         slice are gathered in the buffer of its first one, and the slice goes on to the main thread (root.c on rank 0,
 *         member.c on the others).
 * Threads: pool_parts.h says who writes what.
 * Not here: which slices this rank gets.
 */
#include "threads/rank_pool.h"

#include <assert.h>
#include <stdlib.h>
#include <time.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "threads/rank_pool_internal.h"
#include "threads/threads_omp.h"

#define NAP_LEAST_NS 20000u
#define NAP_MOST_NS 1000000u
#define NAP_AWAITED_NS 50000u /* results under way: a fast network carries half a megabyte meanwhile */
#define SOLO_NAP_NS 50000000u
#define GRACE_NS 500000000u /* for the chunks under way: a failing run ends within a second, but for a slow reader */
#define SOLO_POLL_MS 20
#define RUN_NS 50000u   /* some 50 times what handing out costs */
#define PAYLOAD_SHARE 4 /* of the planned buffers: items of unusual size stand for results as large or larger */

void pe_rank_pool_wake(pe_rank_pool *pool)
{
    (void)pthread_mutex_lock(&pool->mutex);
    pool->is_woken = true;
    (void)pthread_cond_signal(&pool->wakeup);
    (void)pthread_mutex_unlock(&pool->mutex);
}

void pe_rank_pool_wait(pe_rank_pool *pool, uint64_t backoff_ns)
{
    const uint64_t until = pe_clock_ns() + backoff_ns;
    const struct timespec deadline = {.tv_sec = (time_t)(until / 1000000000u), .tv_nsec = (long)(until % 1000000000u)};
    (void)pthread_mutex_lock(&pool->mutex);
    if (!pool->is_woken)
        (void)pthread_cond_timedwait(&pool->wakeup, &pool->mutex, &deadline);
    pool->is_woken = false;
    (void)pthread_mutex_unlock(&pool->mutex);
}

uint64_t pe_rank_pool_backoff(uint64_t backoff_ns, bool is_awaited)
{
    const uint64_t most = is_awaited ? NAP_AWAITED_NS : NAP_MOST_NS;
    return backoff_ns == 0 ? NAP_LEAST_NS : backoff_ns * 2 < most ? backoff_ns * 2 : most;
}

void pe_rank_pool_stop(pe_rank_pool *pool)
{
    atomic_store_explicit(pool->stop, true, memory_order_release); /* after the error: who sees stop may read it */
    pe_work_queue_stop(pool->queue);
    pe_rank_pool_wake(pool);
}

void pe_rank_pool_begin_grace(pe_rank_pool *pool)
{
    uint_fast64_t never = 0;
    (void)atomic_compare_exchange_strong_explicit(&pool->failing_ns, &never, pe_clock_ns(), memory_order_release,
                                                  memory_order_relaxed); /* after the error, as stop */
}

void pe_rank_pool_fail(pe_rank_pool *pool, const pe_error *err)
{
    assert(err->status != PE_OK);
    (void)pthread_mutex_lock(&pool->mutex);
    pe_error_merge(&pool->error, err);
    (void)pthread_mutex_unlock(&pool->mutex);
    if (err->item == PE_NO_ITEM) {
        pe_rank_pool_stop(pool);
        return;
    }
    pe_rank_pool_begin_grace(pool);
    pe_work_queue_stop(pool->queue);
    pe_rank_pool_wake(pool);
}

uint64_t pe_rank_pool_failing_item(pe_rank_pool *pool)
{
    if (atomic_load_explicit(&pool->failing_ns, memory_order_acquire) == 0)
        return PE_NO_ITEM;
    (void)pthread_mutex_lock(&pool->mutex);
    const uint64_t item = pool->error.item;
    (void)pthread_mutex_unlock(&pool->mutex);
    return item;
}

bool pe_rank_pool_end_grace(pe_rank_pool *pool)
{
    const uint64_t since = atomic_load_explicit(&pool->failing_ns, memory_order_acquire);
    if (atomic_load_explicit(&pool->is_writing, memory_order_relaxed)) /* a hint: a look later tells more */
        return pe_rank_pool_is_stopped(pool);
    if (since != 0 && pe_clock_ns() - since > GRACE_NS && !pe_rank_pool_is_stopped(pool))
        pe_rank_pool_stop(pool);
    return pe_rank_pool_is_stopped(pool);
}

bool pe_rank_pool_is_stopped(pe_rank_pool *pool)
{
    return atomic_load_explicit(pool->stop, memory_order_acquire);
}

/* What was computed before the failed item waits for its reader as any other: the moment begins anew. */
static void renew_grace(pe_rank_pool *pool)
{
    if (atomic_load_explicit(&pool->failing_ns, memory_order_relaxed) != 0) /* begun before, by whoever failed */
        atomic_store_explicit(&pool->failing_ns, pe_clock_ns(), memory_order_release);
}

void pe_rank_pool_write(pe_rank_pool *pool, const pe_chunk_result *out)
{
    const pe_execution_spec *spec = pool->spec;
    pe_error err = PE_ERROR_INIT;
    if (pe_rank_pool_is_stopped(pool))
        return;
    atomic_store_explicit(&pool->is_writing, true, memory_order_relaxed);
    if (spec->write(spec->context, out, &err) != PE_OK)
        pe_rank_pool_fail(pool, &err);
    else
        atomic_fetch_add_explicit(&pool->items, out->items,
                                  memory_order_relaxed); /* a count for people: orders nothing */
    renew_grace(pool);
    atomic_store_explicit(&pool->is_writing, false, memory_order_relaxed);
}

void pe_rank_pool_free_slice(pe_rank_pool *pool, pe_task *task)
{
    if (task->whole != NULL)
        pe_work_queue_release(pool->queue, task->whole);
    if (!task->is_cut)
        pe_work_queue_recycle(pool->queue, task);
}

pe_task *pe_rank_pool_finished(pe_rank_pool *pool)
{
    (void)pthread_mutex_lock(&pool->mutex);
    pe_task *task = pool->finished;
    if (task != NULL)
        pool->finished = task->next;
    (void)pthread_mutex_unlock(&pool->mutex);
    return task;
}

static void finish_slice(pe_rank_pool *pool, pe_task *task)
{
    task->next = NULL;
    (void)pthread_mutex_lock(&pool->mutex);
    if (pool->finished != NULL)
        pool->finished_last->next = task;
    else
        pool->finished = task;
    pool->finished_last = task;
    (void)pthread_mutex_unlock(&pool->mutex);
    pe_rank_pool_wake(pool);
}

static pe_chunk *chunk_at(pe_reorder_entry *entry)
{
    return (pe_chunk *)entry; /* its first field */
}

/* The reorder's callback on one rank: a chunk's turn has come. */
static bool deliver_to_sink(void *context, pe_reorder_entry *entry)
{
    pe_rank_pool *pool = context;
    pe_chunk *chunk = chunk_at(entry);
    pe_task *task = chunk->task;
    task->delivered += chunk->out.items;
    if (chunk->out.items > 0)
        pe_rank_pool_write(pool, &chunk->out);
    if (task->delivered == task->block.count)
        pe_work_queue_recycle(pool->queue, task);
    return true;
}

static void release_chunk(void *context, pe_reorder_entry *entry)
{
    const pe_rank_pool *pool = context;
    pe_work_queue_release(pool->queue, chunk_at(entry));
}

static pe_status append(pe_chunk_result *whole, const pe_chunk_result *part, pe_error *err)
{
    whole->items += part->items;
    whole->rows += part->rows;
    whole->placed += part->placed;
    const pe_status status = pe_buffer_append(&whole->bytes, part->bytes.data, part->bytes.size, err);
    return status == PE_OK ? pe_buffer_append(&whole->log, part->log.data, part->log.size, err) : status;
}

/* The reorder's callback on several ranks: the chunk joins its slice, which ends with the chunk where an item ended the
 * run. */
static bool deliver_to_slice(void *context, pe_reorder_entry *entry)
{
    pe_rank_pool *pool = context;
    pe_chunk *chunk = chunk_at(entry);
    pe_task *task = chunk->task;
    pe_error err = PE_ERROR_INIT;
    task->work_ns += chunk->work_ns;
    task->delivered += chunk->out.items;
    const bool is_first = task->whole == NULL;
    if (is_first)
        task->whole = chunk;
    else if (append(&task->whole->out, &chunk->out, &err) != PE_OK)
        pe_rank_pool_fail(pool, &err);
    if (entry->is_last && pool->spec->plan->order != PE_ORDER_UNORDERED) {
        task->is_cut = true;
        task->block.count = task->delivered;
    }
    if (task->delivered == task->block.count && task->delivered > 0)
        finish_slice(pool, task);
    return !is_first; /* that one is released with its task */
}

/* An item ends the run: what the chunk has before it is the end of what is delivered. Nothing is claimed any more by
 * then: nobody can stand behind a chunk that is done. */
static void fail_chunk(pe_rank_pool *pool, pe_chunk *chunk, const pe_error *err)
{
    pe_rank_pool_fail(pool, err);
    if (err->item != PE_NO_ITEM)
        pe_reorder_done(pool->reorder, &chunk->entry, true);
}

static void work_on(pe_rank_pool *pool, void *worker, int thread)
{
    const pe_execution_spec *spec = pool->spec;
    uint64_t busy_ns = 0;
    for (pe_chunk *chunk = NULL; (chunk = pe_work_queue_take(pool->queue, thread)) != NULL;) {
        pe_error err = PE_ERROR_INIT;
        const uint64_t began = pe_clock_ns();
        if (spec->worker->run(worker, &chunk->range, &chunk->task->payload, &chunk->out, pool->stop, &err) != PE_OK) {
            fail_chunk(pool, chunk, &err);
            break;
        }
        if (pe_rank_pool_is_stopped(pool))
            break; /* the chunk may be cut short */
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
    const pe_execution_spec *spec = pool->spec;
    pe_error err = PE_ERROR_INIT;
    void *worker = NULL;
    if (spec->worker->open(spec->work_spec, &worker, &err) != PE_OK)
        pe_rank_pool_fail(pool, &err);
    else
        work_on(pool, worker, thread);
    spec->worker->close(worker);
    atomic_fetch_sub_explicit(&pool->workers, 1, memory_order_release); /* all that this worker did comes before */
    pe_rank_pool_wake(pool);
}

void pe_rank_pool_tick(pe_rank_pool *pool)
{
    const pe_execution_spec *spec = pool->spec;
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
        pe_rank_pool_wait(pool, SOLO_NAP_NS);
        (void)pe_rank_pool_end_grace(pool);
        pe_rank_pool_tick(pool);
    }
}

/* Reads a stream a few chunks ahead of the workers. */
static pe_status feed(pe_rank_pool *pool, bool *ended, pe_error *err)
{
    const pe_execution_spec *spec = pool->spec;
    pe_task *task = NULL;
    const bool is_heavy = pe_work_queue_payload(pool->queue) > spec->plan->buffer_bytes / PAYLOAD_SHARE;
    if (is_heavy || pe_work_queue_backlog(pool->queue) >= (uint64_t)spec->plan->depth) {
        pe_rank_pool_wait(pool, NAP_MOST_NS);
        return PE_OK;
    }
    pe_status status = pe_work_queue_task(pool->queue, &task, err);
    if (status != PE_OK)
        return status;
    status = spec->next(spec->context, SOLO_POLL_MS, &task->payload, &task->block, ended, err);
    if (status == PE_OK && task->block.count > 0)
        pe_work_queue_push(pool->queue, task);
    else
        pe_work_queue_recycle(pool->queue, task);
    return status;
}

static bool is_ending(pe_rank_pool *pool)
{
    return pe_rank_pool_is_stopped(pool) || pe_rank_pool_failing_item(pool) != PE_NO_ITEM;
}

void pe_solo_lead(pe_rank_pool *pool)
{
    const pe_execution_spec *spec = pool->spec;
    pe_error err = PE_ERROR_INIT;
    pe_status status = PE_OK;
    if (spec->is_stream) {
        for (bool ended = false; !ended && status == PE_OK && !is_ending(pool); pe_rank_pool_tick(pool))
            status = feed(pool, &ended, &err);
    } else if (spec->plan->items > 0) {
        pe_task *task = NULL; /* all items are one dispatch: the workers need nobody to give them more */
        status = pe_work_queue_task(pool->queue, &task, &err);
        if (status == PE_OK) {
            task->block = (pe_block){.first = 0, .count = spec->plan->items};
            pe_work_queue_push(pool->queue, task);
        }
    }
    if (status != PE_OK)
        pe_rank_pool_fail(pool, &err);
    pe_rank_pool_drain(pool);
}

static void lead(void *context)
{
    pe_rank_pool *pool = context;
    pe_comm *comm = pool->spec->comm;
    if (pe_comm_size(comm) == 1)
        pe_solo_lead(pool);
    else if (pe_comm_rank(comm) == 0)
        pe_root_lead(pool);
    else
        pe_member_lead(pool);
}

static void idle(void *context)
{
    pe_rank_pool_wake(context);
}

/* Few buffers in turn stay in the caches. Chunks that come out without bytes have none, and a worker need not wait. */
static int warm_chunks(const pe_execution_spec *spec)
{
    const bool is_empty = spec->plan->chunk_out_bytes <= PE_CACHE_LINE; /* the least that a plan says */
    return is_empty ? spec->plan->slots : 2 * spec->threads + 1;
}

/* Chunks of the size that the user chose are handed out singly, but for those that take less time than that. */
static void init_chunking(pe_adaptive_chunk *chunking, const pe_plan *plan)
{
    const bool is_given = plan->is_fixed;
    pe_adaptive_chunk_init(chunking, &(pe_adaptive_chunk_spec){.least = is_given ? plan->grain_items : 1,
                                                               .most = plan->chunk_items,
                                                               .unit = is_given ? plan->grain_items : 1,
                                                               .share = pe_plan_share(plan),
                                                               .piece_ns = is_given ? RUN_NS : 0});
}

_Static_assert(sizeof(pe_chunk) <= PE_PLAN_CHUNK_BYTES, "the plan counts more for a chunk");

static pe_status init(pe_rank_pool *pool, const pe_execution_spec *spec, pe_error *err)
{
    const pe_plan *plan = spec->plan;
    const bool is_ordered = plan->order != PE_ORDER_UNORDERED;
    const bool is_solo = pe_comm_size(spec->comm) == 1;
    pthread_condattr_t monotonic;

    *pool = (pe_rank_pool){.spec = spec, .stop = spec->stop, .error = PE_ERROR_INIT};
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
    const pe_status status = pe_reorder_make(is_ordered, is_solo ? deliver_to_sink : deliver_to_slice, release_chunk,
                                             pool, &pool->reorder, err);
    if (status != PE_OK)
        return status;
    const pe_work_queue_spec queue = {.buffers = plan->chunks_most,
                                      .items = (uint64_t)plan->slots * plan->chunk_items,
                                      .bytes = plan->result_bytes,
                                      .warm = warm_chunks(spec),
                                      .workers = spec->threads,
                                      .grain = plan->grain_items,
                                      .chunk_bytes = plan->chunk_out_bytes * plan->chunks_per_slice * plan->run_slices,
                                      .chunking = &pool->chunking,
                                      .reorder = pool->reorder,
                                      .idle = idle,
                                      .context = pool};
    return pe_work_queue_make(&queue, &pool->queue, err);
}

static pe_status run_threads(pe_rank_pool *pool)
{
    pe_error err = PE_ERROR_INIT;
    const pe_status status = pe_threads_run(pool->spec->threads, work, lead, pool, &err);
    if (status != PE_OK) { /* no worker ran here; the other ranks must still hear of it */
        atomic_store_explicit(&pool->workers, 0, memory_order_relaxed);
        pe_rank_pool_fail(pool, &err);
        lead(pool);
    }
    return status;
}

pe_status pe_execute_plan(const pe_execution_spec *spec, pe_execution_stats *stats, pe_error *err)
{
    pe_rank_pool pool;
    const uint64_t began = pe_clock_ns();
    (void)init(&pool, spec, err);
    pe_status status = pe_comm_agree(spec->comm, err); /* nobody starts alone */
    if (status == PE_OK)
        status = run_threads(&pool);
    if (pool.error.status != PE_OK) {
        pe_error_merge(err, &pool.error);
        status = pool.error.status;
    }
    *stats = (pe_execution_stats){.chunk_items = pe_adaptive_chunk_piece(&pool.chunking, 0),
                                  .items = atomic_load_explicit(&pool.items, memory_order_relaxed),
                                  .busy_ns = atomic_load_explicit(&pool.busy_ns, memory_order_relaxed),
                                  .wall_ns = pe_clock_ns() - began};
    pe_work_queue_free(pool.queue);
    pe_reorder_free(pool.reorder);
    (void)pthread_cond_destroy(&pool.wakeup);
    (void)pthread_mutex_destroy(&pool.mutex);
    return status;
}

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* work_queue.c - what the workers of one rank take next: chunks of the slices dispatched to it, and buffers for their results.
 *
 * Design: queue.h. One mutex guards everything: it is taken twice a chunk, and chunks are sized to last far longer.
 *         Some buffers are kept for what is taken from others: where all else waits behind a chunk under way, they are
 *         what helps it.
 * Threads: any; every field below is guarded by mutex but those set by make.
 * Not here: the order of delivery (reorder.c), what is taken from whom (steal.c), who dispatches (root.c, member.c).
 */
#include "threads/work_queue.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/lock.h"
#include "threads/steal.h"

#define SPINS 2000                   /* some 20 to 50 us */
#define WARM_SPINS 300               /* some 5 us: what it takes to hash a chunk, or to copy it into the page cache */
#define TRIM_LEAST ((size_t)1 << 20) /* smaller ones are worth keeping */
#define KEPT_SHARE 4                 /* the most that is kept, as a part */

struct pe_work_queue {
    pthread_mutex_t mutex;
    pthread_cond_t changed; /* a task, a free buffer, closed or stopped */
    pe_work_queue_spec spec;
    int kept_buffers;    /* for what is taken from others */
    uint64_t kept_items; /* as above */
    size_t payload;      /* bytes of the tasks pushed and not yet recycled */
    pe_chunk *buffers;   /* all of them */
    pe_chunk *free_chunks;
    size_t free_bytes;     /* that they hold */
    int taken;             /* under way: the others are free */
    uint64_t taken_items;  /* in them */
    pe_chunk **running;    /* by worker: the chunk that it took last, or NULL */
    pe_task *first, *last; /* pushed, with chunks left to claim */
    pe_task *spare;
    pe_task *every; /* all tasks there are, wherever they are, by their `sibling` */
    uint64_t backlog;
    bool is_closed, is_stopped;
    int sleepers;        /* workers in pthread_cond_wait */
    atomic_uint changes; /* counts what a waiting worker may wait for; spun on without the lock */
};

/* Of `all` there are, `each` for every worker to take from others. A worker alone has nobody to take from, and what is
 * little is for queue. */
static uint64_t kept_of(const pe_work_queue_spec *spec, uint64_t all, uint64_t each)
{
    const uint64_t wanted = (uint64_t)spec->workers * each;
    return spec->workers == 1 ? 0 : wanted < all / KEPT_SHARE ? wanted : all / KEPT_SHARE;
}

pe_status pe_work_queue_make(const pe_work_queue_spec *spec, pe_work_queue **out, pe_error *err)
{
    pe_work_queue *queue = NULL;
    pe_status status = pe_make_array(&queue, 1, sizeof *queue, err);
    if (status != PE_OK)
        return status;
    status = pe_make_array(&queue->buffers, (size_t)spec->buffers, sizeof *queue->buffers, err);
    if (status == PE_OK)
        status = pe_make_array(&queue->running, (size_t)spec->workers, sizeof(pe_chunk *), err);
    if (status != PE_OK) {
        free(queue->buffers);
        free(queue);
        return status;
    }
    pe_lock_init(&queue->mutex);
    (void)pthread_cond_init(&queue->changed, NULL);
    atomic_init(&queue->changes, 0);
    queue->spec = *spec;
    queue->kept_buffers = (int)kept_of(spec, (uint64_t)spec->buffers, 1);
    queue->kept_items = kept_of(spec, spec->items, spec->chunking->spec.most);
    for (int i = spec->buffers - 1; i >= 0; i--) {
        queue->buffers[i].next = queue->free_chunks;
        queue->free_chunks = &queue->buffers[i];
    }
    *out = queue;
    return PE_OK;
}

/* With the lock held: whoever waits may look again. */
static void announce(pe_work_queue *queue)
{
    atomic_fetch_add_explicit(&queue->changes, 1, memory_order_relaxed); /* the lock orders what changed */
    if (queue->sleepers > 0)
        (void)pthread_cond_broadcast(&queue->changed);
}

static void free_tasks(pe_task *task)
{
    while (task != NULL) {
        pe_task *next = task->sibling;
        pe_buffer_fini(&task->payload);
        free(task);
        task = next;
    }
}

void pe_work_queue_free(pe_work_queue *queue)
{
    if (queue == NULL)
        return;
    for (int i = 0; i < queue->spec.buffers; i++) {
        pe_buffer_fini(&queue->buffers[i].out.bytes);
        pe_buffer_fini(&queue->buffers[i].out.log);
    }
    free_tasks(queue->every);
    free(queue->running);
    free(queue->buffers);
    (void)pthread_cond_destroy(&queue->changed);
    (void)pthread_mutex_destroy(&queue->mutex);
    free(queue);
}

static pe_status make_task(pe_work_queue *queue, pe_task **out, pe_error *err)
{
    const pe_status status = pe_make_array(out, 1, sizeof **out, err);
    if (status != PE_OK)
        return status;
    (*out)->sibling = queue->every; /* the main thread makes tasks, and alone reads this list */
    queue->every = *out;
    return PE_OK;
}

pe_status pe_work_queue_task(pe_work_queue *queue, pe_task **out, pe_error *err)
{
    (void)pthread_mutex_lock(&queue->mutex);
    pe_task *task = queue->spare;
    if (task != NULL)
        queue->spare = task->next;
    (void)pthread_mutex_unlock(&queue->mutex);
    if (task == NULL)
        return make_task(queue, out, err);
    pe_buffer payload = task->payload;
    payload.size = 0;
    *task = (pe_task){.payload = payload, .sibling = task->sibling};
    *out = task;
    return PE_OK;
}

void pe_work_queue_push(pe_work_queue *queue, pe_task *task)
{
    task->next = NULL;
    (void)pthread_mutex_lock(&queue->mutex);
    if (queue->last != NULL)
        queue->last->next = task;
    else
        queue->first = task;
    queue->last = task;
    queue->backlog++;
    task->payload_bytes = task->payload.size;
    queue->payload += task->payload_bytes;
    announce(queue);
    (void)pthread_mutex_unlock(&queue->mutex);
}

/* What was needed for one item of unusual size is not kept for the next. */
static void trim(pe_buffer *buffer, size_t most)
{
    if (buffer->capacity > most && buffer->capacity > TRIM_LEAST)
        pe_buffer_fini(buffer);
}

void pe_work_queue_recycle(pe_work_queue *queue, pe_task *task)
{
    trim(&task->payload, 2 * queue->spec.chunk_bytes);
    (void)pthread_mutex_lock(&queue->mutex);
    queue->payload -= task->payload_bytes;
    task->payload_bytes = 0;
    task->next = queue->spare;
    queue->spare = task;
    (void)pthread_mutex_unlock(&queue->mutex);
}

uint64_t pe_work_queue_backlog(pe_work_queue *queue)
{
    (void)pthread_mutex_lock(&queue->mutex);
    const uint64_t backlog = queue->backlog;
    (void)pthread_mutex_unlock(&queue->mutex);
    return backlog;
}

size_t pe_work_queue_payload(pe_work_queue *queue)
{
    (void)pthread_mutex_lock(&queue->mutex);
    const size_t payload = queue->payload;
    (void)pthread_mutex_unlock(&queue->mutex);
    return payload;
}

/* The next items of a task. */
static pe_block next_block(const pe_work_queue *queue, const pe_task *task)
{
    const uint64_t first = task->block.first + task->claimed, left = task->block.count - task->claimed;
    const uint64_t count = pe_adaptive_chunk_piece(queue->spec.chunking, first);
    return (pe_block){.first = first, .count = count < left ? count : left};
}

/* What so many items may take. */
static size_t bytes_of(const pe_work_queue *queue, uint64_t items)
{
    return (size_t)((double)queue->spec.bytes * ((double)items / (double)queue->spec.items));
}

/* With the lock held, a buffer at hand. */
static pe_chunk *take_buffer(pe_work_queue *queue)
{
    pe_chunk *chunk = queue->free_chunks;
    queue->free_chunks = chunk->next;
    queue->free_bytes -= chunk->out.bytes.capacity;
    queue->taken++;
    chunk->out.bytes.size = 0;
    chunk->out.log.size = 0;
    chunk->out.placed = 0;
    chunk->out.items = 0;
    chunk->out.rows = 0;
    chunk->work_ns = 0;
    return chunk;
}

/* With the lock held. There may be more small chunks than full ones, but not in the buffers of full ones. */
static void count_items(pe_work_queue *queue, pe_chunk *chunk)
{
    const uint64_t items = chunk->range.block.count;
    const size_t bytes = bytes_of(queue, items);
    queue->taken_items += items;
    if (items < queue->spec.chunking->spec.most && chunk->out.bytes.capacity > bytes + bytes / 4)
        pe_buffer_fini(&chunk->out.bytes);
}

/* With the lock held, a task and a buffer at hand. */
static pe_chunk *claim(pe_work_queue *queue)
{
    pe_chunk *chunk = take_buffer(queue);
    pe_task *task = queue->first;
    const pe_block block = next_block(queue, task);

    chunk->task = task;
    pe_split_range_set(&chunk->range, block, queue->spec.grain);
    count_items(queue, chunk);
    pe_reorder_insert(queue->spec.reorder, &chunk->entry);
    task->claimed += block.count;
    if (task->claimed == task->block.count) {
        queue->backlog--;
        queue->first = task->next;
        if (queue->first == NULL)
            queue->last = NULL;
    }
    return chunk;
}

/* With the lock held: the free buffer that was not used for the longest time gives up its memory. */
static void cool_down(pe_work_queue *queue)
{
    pe_chunk *coldest = NULL;
    for (pe_chunk *at = queue->free_chunks; at != NULL; at = at->next)
        if (at->out.bytes.capacity > 0)
            coldest = at;
    if (coldest == NULL)
        return;
    queue->free_bytes -= coldest->out.bytes.capacity;
    pe_buffer_fini(&coldest->out.bytes);
}

/* With the lock held: a buffer is free again. */
static void give_back(pe_work_queue *queue, pe_chunk *chunk)
{
    queue->free_bytes += chunk->out.bytes.capacity;
    chunk->next = queue->free_chunks;
    queue->free_chunks = chunk;
    queue->taken--;
    while (queue->free_bytes > 0 && queue->free_bytes + bytes_of(queue, queue->taken_items) > queue->spec.bytes)
        cool_down(queue);
}

/* With the lock held, a buffer at hand: a part of another worker's chunk, or NULL when its owner was faster. */
static pe_chunk *take_from_others(pe_work_queue *queue)
{
    pe_chunk *chunk = take_buffer(queue);
    if (pe_steal(queue->running, queue->spec.workers, queue->spec.reorder, chunk)) {
        count_items(queue, chunk);
        return chunk;
    }
    give_back(queue, chunk);
    return NULL;
}

/* A buffer often is free again within microseconds: a sleep and its wake-up would cost more than the wait. */
static void spin(pe_work_queue *queue, int spins)
{
    const unsigned changes = atomic_load_explicit(&queue->changes, memory_order_relaxed);
    for (int i = 0; i < spins; i++) {
        if (atomic_load_explicit(&queue->changes, memory_order_relaxed) != changes) /* the lock orders what follows */
            return;
        PE_PAUSE();
    }
}

/* With the lock held: no room for the next claim but what is kept. */
static bool lacks_buffer(const pe_work_queue *queue)
{
    const pe_work_queue_spec *spec = &queue->spec;
    const uint64_t next = queue->first == NULL ? 0 : next_block(queue, queue->first).count;
    return spec->buffers - queue->taken <= queue->kept_buffers ||
           queue->taken_items + next > spec->items - queue->kept_items;
}

/* With the lock held: room for what may be taken from another. */
static bool has_spare_buffer(const pe_work_queue *queue)
{
    return queue->free_chunks != NULL && queue->taken_items + queue->spec.chunking->spec.most <= queue->spec.items;
}

pe_chunk *pe_work_queue_take(pe_work_queue *queue, int worker)
{
    pe_chunk *chunk = NULL;
    bool has_called = false, has_spun = false;
    (void)pthread_mutex_lock(&queue->mutex);
    queue->running[worker] = NULL;
    while (!queue->is_stopped) {
        const bool must_wait = queue->first == NULL || lacks_buffer(queue);
        if (!must_wait && (queue->taken < queue->spec.warm || has_spun)) {
            chunk = claim(queue);
            break;
        }
        const bool is_last = queue->first == NULL && queue->is_closed;
        const bool may_help =
            (is_last || (must_wait && has_spun)) && pe_steal_is_possible(queue->running, queue->spec.workers);
        if (is_last && !may_help) {
            announce(queue); /* whoever sleeps until it may help has nobody left to help */
            break;
        }
        if (may_help && has_spare_buffer(queue)) {
            chunk = take_from_others(queue);
            if (chunk != NULL)
                break;
            continue;
        }
        if (queue->first == NULL && !queue->is_closed && !has_called) {
            has_called = true;
            (void)pthread_mutex_unlock(&queue->mutex);
            queue->spec.idle(queue->spec.context);
            (void)pthread_mutex_lock(&queue->mutex);
            continue;
        }
        if (!has_spun) {
            has_spun = true;
            (void)pthread_mutex_unlock(&queue->mutex);
            spin(queue, must_wait ? SPINS : WARM_SPINS);
            (void)pthread_mutex_lock(&queue->mutex);
            continue;
        }
        queue->sleepers++;
        (void)pthread_cond_wait(&queue->changed, &queue->mutex);
        queue->sleepers--;
        has_spun = false;
    }
    queue->running[worker] = chunk;
    (void)pthread_mutex_unlock(&queue->mutex);
    return chunk;
}

void pe_work_queue_release(pe_work_queue *queue, pe_chunk *chunk)
{
    trim(&chunk->out.bytes, 2 * queue->spec.chunk_bytes);
    (void)pthread_mutex_lock(&queue->mutex);
    /* how many items a sleeper waits for room for is not known here: the chunking may be another by now */
    const bool is_waited_for = queue->sleepers > 0 || lacks_buffer(queue) || queue->taken == queue->spec.warm;
    queue->taken_items -= chunk->range.block.count;
    give_back(queue, chunk);
    if (is_waited_for)
        announce(queue);
    (void)pthread_mutex_unlock(&queue->mutex);
}

void pe_work_queue_close(pe_work_queue *queue)
{
    (void)pthread_mutex_lock(&queue->mutex);
    queue->is_closed = true;
    announce(queue);
    (void)pthread_mutex_unlock(&queue->mutex);
}

void pe_work_queue_stop(pe_work_queue *queue)
{
    (void)pthread_mutex_lock(&queue->mutex);
    queue->is_stopped = true;
    queue->first = queue->last = NULL; /* what is left of them is not wanted, and one may be delivered as it is */
    queue->backlog = 0;
    announce(queue);
    (void)pthread_mutex_unlock(&queue->mutex);
}

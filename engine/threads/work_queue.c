/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* work_queue.c - the work queue of one rank: workers claim or steal chunks of the slices that were dispatched to it.
 *
 * Design:   work_queue.h. One mutex guards all fields: each chunk takes it about twice, and the chunk size is chosen so
 *           that computing a chunk takes far longer than that.
 * Threads:  any; every field is guarded by the mutex, except those that make sets, and `every`.
 * Not here: buffers (buffer_pool.c), the order of delivery (reorder.c), the choice of what to steal (steal.c),
 *           dispatching slices to ranks (ranks).
 */
#include "threads/work_queue.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/lock.h"
#include "profile/lane.h"
#include "threads/steal.h"

#define SPINS 2000     /* about 20 to 50 us */
#define WARM_SPINS 300 /* about 5 us: the time to hash a chunk, or to copy it into the page cache */

struct pe_work_queue {
    pthread_mutex_t mutex;
    pthread_cond_t changed; /* a slice or a free buffer was added, or the queue was closed, stopped or aborted */
    pe_work_queue_spec spec;
    pe_buffer_pool buffers;
    size_t payload;         /* payload bytes of the slices pushed and not yet recycled */
    pe_chunk **running;     /* [worker]: the chunk that the worker took last, or NULL */
    pe_slice *first, *last; /* list of pushed slices with unclaimed items */
    uint64_t backlog;       /* length of that list */
    pe_slice *spare;
    pe_slice *every; /* main thread: all slices that exist, linked by `sibling` */
    bool is_closed, is_stopped, is_aborted;
    pe_chunk *exempt;    /* unordered: the running chunk that does not wait for room; NULL: none */
    int sleepers;        /* workers in pthread_cond_wait */
    int lacking;         /* of these, how many wait for room */
    atomic_uint changes; /* number of calls of notify; a spinning worker reads it without the mutex */
};

pe_status pe_work_queue_make(const pe_work_queue_spec *spec, pe_work_queue **out, pe_error *err)
{
    pe_work_queue *queue = NULL;
    pe_status status = pe_make_array(&queue, 1, sizeof *queue, err);
    if (status != PE_OK)
        return status;
    queue->spec = *spec;
    pe_lock_init(&queue->mutex);
    (void)pthread_cond_init(&queue->changed, NULL);
    atomic_init(&queue->changes, 0);
    status = pe_buffer_pool_init(&queue->buffers, &spec->buffers, err);
    if (status == PE_OK)
        status = pe_make_array(&queue->running, (size_t)spec->buffers.workers, sizeof(pe_chunk *), err);
    if (status != PE_OK) {
        pe_work_queue_free(queue);
        return status;
    }
    *out = queue;
    return PE_OK;
}

static void free_slices(pe_slice *slice)
{
    while (slice != NULL) {
        pe_slice *next = slice->sibling;
        pe_buffer_fini(&slice->payload);
        free(slice);
        slice = next;
    }
}

void pe_work_queue_free(pe_work_queue *queue)
{
    if (queue == NULL)
        return;
    pe_buffer_pool_fini(&queue->buffers);
    free_slices(queue->every);
    free(queue->running);
    (void)pthread_cond_destroy(&queue->changed);
    (void)pthread_mutex_destroy(&queue->mutex);
    free(queue);
}

/* With the mutex held: wakes all waiting workers, after a change that one of them may wait for. */
static void notify(pe_work_queue *queue)
{
    atomic_fetch_add_explicit(&queue->changes, 1,
                              memory_order_relaxed); /* relaxed: the mutex orders the change itself */
    if (queue->sleepers > 0)
        (void)pthread_cond_broadcast(&queue->changed);
}

/* ---- slices ---- */

pe_status pe_work_queue_make_slice(pe_work_queue *queue, pe_slice **out, pe_error *err)
{
    (void)pthread_mutex_lock(&queue->mutex);
    pe_slice *slice = queue->spare;
    if (slice != NULL)
        queue->spare = slice->next;
    (void)pthread_mutex_unlock(&queue->mutex);
    if (slice != NULL) {
        const pe_buffer payload = {.data = slice->payload.data, .capacity = slice->payload.capacity};
        *slice = (pe_slice){.payload = payload, .sibling = slice->sibling};
    } else {
        const pe_status status = pe_make_array(&slice, 1, sizeof *slice, err);
        if (status != PE_OK)
            return status;
        slice->sibling = queue->every;
        queue->every = slice;
    }
    *out = slice;
    return PE_OK;
}

void pe_work_queue_push(pe_work_queue *queue, pe_slice *slice)
{
    slice->next = NULL;
    (void)pthread_mutex_lock(&queue->mutex);
    if (queue->last != NULL)
        queue->last->next = slice;
    else
        queue->first = slice;
    queue->last = slice;
    queue->backlog++;
    slice->payload_bytes = slice->payload.size;
    queue->payload += slice->payload_bytes;
    notify(queue);
    (void)pthread_mutex_unlock(&queue->mutex);
}

void pe_work_queue_recycle(pe_work_queue *queue, pe_slice *slice)
{
    pe_buffer_pool_trim(&slice->payload, 2 * queue->spec.buffer_bytes);
    (void)pthread_mutex_lock(&queue->mutex);
    queue->payload -= slice->payload_bytes;
    slice->payload_bytes = 0;
    slice->next = queue->spare;
    queue->spare = slice;
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

/* ---- chunks ---- */

/* The items that the next claim takes from a slice. */
static pe_block next_block(const pe_work_queue *queue, const pe_slice *slice)
{
    const uint64_t first = slice->block.first + slice->claimed, left = slice->block.count - slice->claimed;
    const uint64_t count = pe_adaptive_chunk_piece(queue->spec.chunking, first);
    return (pe_block){.first = first, .count = count < left ? count : left};
}

/* With the mutex held: takes the next chunk. The caller has checked that a slice and a free buffer exist. */
static pe_chunk *claim(pe_work_queue *queue)
{
    pe_chunk *chunk = pe_buffer_pool_take(&queue->buffers);
    pe_slice *slice = queue->first;
    const pe_block block = next_block(queue, slice);

    chunk->slice = slice;
    pe_split_range_set(&chunk->range, block, queue->spec.grain);
    pe_buffer_pool_count(&queue->buffers, chunk);
    pe_reorder_insert(queue->spec.reorder, &chunk->entry);
    slice->claimed += block.count;
    if (slice->claimed == slice->block.count) {
        queue->backlog--;
        queue->first = slice->next;
        if (queue->first == NULL)
            queue->last = NULL;
    }
    return chunk;
}

/* With the mutex held: takes a part of another worker's chunk, or returns NULL when that worker was faster to compute
 * the items. The caller has checked that a buffer is free. */
static pe_chunk *steal(pe_work_queue *queue)
{
    pe_chunk *chunk = pe_buffer_pool_take(&queue->buffers);
    if (!pe_steal(queue->running, queue->spec.buffers.workers, queue->spec.reorder, chunk)) {
        pe_buffer_pool_give_back(&queue->buffers, chunk);
        return NULL;
    }
    pe_buffer_pool_count(&queue->buffers, chunk);
    return chunk;
}

/* With the mutex held: does the buffer pool have room for the next claim? */
static bool has_room(const pe_work_queue *queue)
{
    const uint64_t next = queue->first == NULL ? 0 : next_block(queue, queue->first).count;
    return pe_buffer_pool_has_room(&queue->buffers, next);
}

/* ---- workers ---- */

typedef enum action { CLAIM, STEAL, ASK_FOR_MORE, SPIN, SPIN_FOR_WARM, SLEEP, END } action;

/* With the mutex held: the next action of a worker. In each call of pe_work_queue_take it asks the main thread for more
 * work at most once, and it spins before each sleep. */
static action choose(const pe_work_queue *queue, bool has_asked, bool has_spun)
{
    const bool is_empty = queue->first == NULL;
    const bool must_wait = is_empty || !has_room(queue);
    if (!must_wait && (queue->buffers.taken < queue->spec.warm || has_spun))
        return CLAIM;
    const bool is_last = is_empty && queue->is_closed;
    const bool may_steal =
        (is_last || (must_wait && has_spun)) && pe_steal_is_possible(queue->running, queue->spec.buffers.workers);
    if (is_last && !may_steal)
        return END;
    if (may_steal && pe_buffer_pool_has_room_to_steal(&queue->buffers))
        return STEAL;
    if (is_empty && !queue->is_closed && !has_asked)
        return ASK_FOR_MORE;
    return has_spun ? SLEEP : must_wait ? SPIN : SPIN_FOR_WARM;
}

/* Called with the mutex held; releases it while spinning. A buffer is often freed within microseconds, and a sleep with
 * its wake-up takes longer than that. */
static void spin(pe_work_queue *queue, int spins)
{
    (void)pthread_mutex_unlock(&queue->mutex);
    const unsigned changes = atomic_load_explicit(&queue->changes, memory_order_relaxed);
    for (int i = 0; i < spins; i++) {
        if (atomic_load_explicit(&queue->changes, memory_order_relaxed) !=
            changes) /* relaxed: the mutex is locked next */
            break;
        PE_PAUSE();
    }
    (void)pthread_mutex_lock(&queue->mutex);
}

/* Called with the mutex held; releases it during the callback, which takes locks itself. */
static void ask_for_more(pe_work_queue *queue)
{
    (void)pthread_mutex_unlock(&queue->mutex);
    queue->spec.idle(queue->spec.context);
    (void)pthread_mutex_lock(&queue->mutex);
}

static void sleep_until_changed(pe_work_queue *queue)
{
    queue->sleepers++;
    (void)pthread_cond_wait(&queue->changed, &queue->mutex);
    queue->sleepers--;
}

static void sleep_until_room(pe_work_queue *queue)
{
    queue->lacking++;
    if (queue->spec.wants_room)
        queue->spec.idle(queue->spec.context);
    sleep_until_changed(queue);
    queue->lacking--;
}

bool pe_work_queue_lacks_room(pe_work_queue *queue)
{
    (void)pthread_mutex_lock(&queue->mutex);
    const bool lacks = queue->lacking > 0;
    (void)pthread_mutex_unlock(&queue->mutex);
    return lacks;
}

bool pe_work_queue_has_sleepers(pe_work_queue *queue)
{
    (void)pthread_mutex_lock(&queue->mutex);
    const bool has_any = queue->sleepers > 0;
    (void)pthread_mutex_unlock(&queue->mutex);
    return has_any;
}

pe_chunk *pe_work_queue_take(pe_work_queue *queue, int worker)
{
    pe_chunk *chunk = NULL;
    bool has_asked = false, has_spun = false, is_over = false;
    (void)pthread_mutex_lock(&queue->mutex);
    queue->running[worker] = NULL;
    while (chunk == NULL && !is_over && !queue->is_stopped) {
        const action next = choose(queue, has_asked, has_spun);
        has_asked |= next == ASK_FOR_MORE;
        has_spun = next == SPIN || next == SPIN_FOR_WARM || (has_spun && next != SLEEP);
        switch (next) {
        case CLAIM:
            chunk = claim(queue);
            break;
        case STEAL:
            chunk = steal(queue);
            break;
        case ASK_FOR_MORE:
            ask_for_more(queue);
            break;
        case SPIN:
            spin(queue, SPINS);
            break;
        case SPIN_FOR_WARM:
            spin(queue, WARM_SPINS);
            break;
        case SLEEP:
            if (queue->first != NULL) { /* there is work, but no buffer for its results */
                pe_lane_lacks_room();
                sleep_until_room(queue);
            } else {
                sleep_until_changed(queue);
            }
            break;
        case END:
            is_over = true;
            break;
        }
    }
    if (is_over)
        notify(queue); /* wakes workers that wait for something to steal: there may be nothing left */
    queue->running[worker] = chunk;
    (void)pthread_mutex_unlock(&queue->mutex);
    return chunk;
}

void pe_work_queue_release(pe_work_queue *queue, pe_chunk *chunk)
{
    pe_buffer_pool_trim(&chunk->out.bytes, 2 * queue->spec.buffer_bytes);
    (void)pthread_mutex_lock(&queue->mutex);
    /* Always wake a sleeping worker: the room that it needs is unknown here, since the chunk size may have changed. */
    const bool is_awaited = queue->sleepers > 0 || !has_room(queue) || queue->buffers.taken == queue->spec.warm;
    pe_buffer_pool_give_back(&queue->buffers, chunk);
    if (queue->exempt == chunk)
        queue->exempt = NULL;
    if (is_awaited)
        notify(queue);
    (void)pthread_mutex_unlock(&queue->mutex);
}

/* ---- parts of running chunks ---- */

/* With the mutex held: may this running chunk continue although the window is full? One chunk always may: otherwise no
 * chunk would be completed and no memory would be freed. */
static bool is_exempt(pe_work_queue *queue, pe_chunk *running)
{
    if (queue->spec.is_ordered)
        return pe_reorder_is_first(queue->spec.reorder, &running->entry);
    if (queue->exempt == NULL)
        queue->exempt = running;
    return queue->exempt == running;
}

pe_chunk *pe_work_queue_detach(pe_work_queue *queue, pe_chunk *running)
{
    pe_chunk *part = NULL;
    (void)pthread_mutex_lock(&queue->mutex);
    while (!queue->is_aborted && part == NULL) {
        part = pe_buffer_pool_detach(&queue->buffers, running, false);
        if (part == NULL && is_exempt(queue, running))
            part = pe_buffer_pool_detach(&queue->buffers, running, true);
        if (part == NULL)
            sleep_until_room(queue);
    }
    if (part != NULL) {
        pe_buffer_pool_count_bytes(&queue->buffers, running, 0);
        pe_reorder_insert_before(queue->spec.reorder, &part->entry, &running->entry);
    }
    (void)pthread_mutex_unlock(&queue->mutex);
    return part;
}

void pe_work_queue_wait_for_room(pe_work_queue *queue, pe_chunk *running, size_t bytes)
{
    (void)pthread_mutex_lock(&queue->mutex);
    while (!queue->is_aborted && !pe_buffer_pool_has_bytes(&queue->buffers, bytes) && !is_exempt(queue, running))
        sleep_until_room(queue);
    pe_buffer_pool_count_bytes(&queue->buffers, running, running->counted_bytes + bytes);
    (void)pthread_mutex_unlock(&queue->mutex);
}

void pe_work_queue_count_bytes(pe_work_queue *queue, pe_chunk *chunk)
{
    (void)pthread_mutex_lock(&queue->mutex);
    pe_buffer_pool_count_bytes(&queue->buffers, chunk, chunk->out.bytes.capacity + chunk->out.log.capacity);
    notify(queue); /* the count may have decreased, so another worker may have room */
    (void)pthread_mutex_unlock(&queue->mutex);
}

void pe_work_queue_wake(pe_work_queue *queue)
{
    (void)pthread_mutex_lock(&queue->mutex);
    notify(queue);
    (void)pthread_mutex_unlock(&queue->mutex);
}

void pe_work_queue_close(pe_work_queue *queue)
{
    (void)pthread_mutex_lock(&queue->mutex);
    queue->is_closed = true;
    notify(queue);
    (void)pthread_mutex_unlock(&queue->mutex);
}

void pe_work_queue_stop(pe_work_queue *queue)
{
    (void)pthread_mutex_lock(&queue->mutex);
    queue->is_stopped = true;
    queue->first = queue->last = NULL; /* drop unclaimed items; the claimed ones may still be delivered */
    queue->backlog = 0;
    notify(queue);
    (void)pthread_mutex_unlock(&queue->mutex);
}

void pe_work_queue_abort(pe_work_queue *queue)
{
    (void)pthread_mutex_lock(&queue->mutex);
    queue->is_aborted = true;
    notify(queue);
    (void)pthread_mutex_unlock(&queue->mutex);
}

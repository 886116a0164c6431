/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* work_queue.h - the work queue of one rank: workers claim or steal chunks of the slices that were dispatched to it.
 *
 * Invariant: chunks enter the reorder buffer in the order of their items, and each claimed chunk has a result buffer
 *         (buffer_pool.h). So the oldest undelivered chunk never waits for a buffer, and waiting for buffers cannot
 *         deadlock.
 * Design: slices are queued in the order of their dispatch. Workers claim chunks of the first slice, and continue with
 *         the next slice without a barrier. A worker that finds no free buffer sleeps.
 *         A worker steals half of the remaining items of another worker's chunk (steal.h) when nothing is left to
 *         claim, or when all buffers wait for delivery after a running chunk. So the items after a costly one in the
 *         same chunk do not wait for it.
 */
#ifndef PE_WORK_QUEUE_H
#define PE_WORK_QUEUE_H

#include "threads/adaptive_chunk.h"
#include "threads/buffer_pool.h"

typedef struct pe_work_queue pe_work_queue;

typedef struct pe_work_queue_spec {
    pe_buffer_pool_spec buffers;
    int warm; /* with this many buffers in use, a worker first waits some microseconds for one of them to be released: a
               * few buffers that are used in turn stay in the cache */
    uint64_t grain;      /* the smallest number of items that is not split by stealing */
    size_t buffer_bytes; /* the normal size; a released buffer of more than twice this size is freed */
    const pe_adaptive_chunk *chunking;
    pe_reorder *reorder; /* every claimed or stolen chunk is inserted here */
    bool is_ordered;     /* chunks are delivered in the order of their items */
    /* Called by a worker that finds nothing to claim, without locks: asks the main thread to push more slices. With
     * wants_room also called, with the queue locked, by a worker that is going to wait for room. */
    void (*idle)(void *context);
    bool wants_room;
    void *context;
} pe_work_queue_spec;

pe_status pe_work_queue_make(const pe_work_queue_spec *spec, pe_work_queue **out, pe_error *err);
void pe_work_queue_free(pe_work_queue *queue); /* with every slice; NULL is fine */

/* pe_work_queue_make_slice - make an empty slice; a recycled one keeps its payload's memory. Main thread. */
pe_status pe_work_queue_make_slice(pe_work_queue *queue, pe_slice **out, pe_error *err);
/* pe_work_queue_push - append a slice, which the queue owns until pe_work_queue_recycle. Main thread. */
void pe_work_queue_push(pe_work_queue *queue, pe_slice *slice);
/* pe_work_queue_recycle - keep a slice for reuse, once all its chunks are released. Any thread. */
void pe_work_queue_recycle(pe_work_queue *queue, pe_slice *slice);
/* pe_work_queue_backlog - the number of pushed slices that have unclaimed items. */
uint64_t pe_work_queue_backlog(pe_work_queue *queue);
/* pe_work_queue_payload - the payload bytes of all slices that were pushed and not yet recycled. */
size_t pe_work_queue_payload(pe_work_queue *queue);

/* pe_work_queue_take - claim or steal the next chunk for a worker: it has an empty buffer and is in the reorder buffer.
 * Blocks until there is one.
 * Returns: NULL when the queue is closed and nothing is left to claim or steal, or when it is stopped */
pe_chunk *pe_work_queue_take(pe_work_queue *queue, int worker);
/* pe_work_queue_detach - move the results of a running chunk so far into a new chunk, which is inserted before the
 * running chunk in the reorder buffer and is not marked done. The running chunk continues with an empty buffer. Blocks
 * until a chunk is free.
 * Returns: NULL when the queue is aborted */
pe_chunk *pe_work_queue_detach(pe_work_queue *queue, pe_chunk *running);
/* pe_work_queue_wait_for_room - block until the window has room for `bytes` more of this running chunk, then count
 * them. The chunk that is delivered next does not wait. When delivery is unordered, one of the waiting chunks does not
 * wait. */
void pe_work_queue_wait_for_room(pe_work_queue *queue, pe_chunk *running, size_t bytes);
/* pe_work_queue_count_bytes - count the real size of a computed chunk in place of the expected one. Any thread.
 * pe_work_queue_wake - wake waiting workers, since another chunk is delivered next now. Any thread. */
void pe_work_queue_count_bytes(pe_work_queue *queue, pe_chunk *chunk);
void pe_work_queue_wake(pe_work_queue *queue);

/* pe_work_queue_lacks_room - whether a worker waits for room in the window. Any thread. */
bool pe_work_queue_lacks_room(pe_work_queue *queue);
/* pe_work_queue_has_sleepers - whether a worker waits for room or for work. Any thread. */
bool pe_work_queue_has_sleepers(pe_work_queue *queue);

/* pe_work_queue_release - return a chunk to the buffer pool, once its bytes are no longer needed. Any thread. */
void pe_work_queue_release(pe_work_queue *queue, pe_chunk *chunk);

void pe_work_queue_close(pe_work_queue *queue); /* no slice is pushed after this */
void pe_work_queue_stop(pe_work_queue *queue);  /* workers claim nothing more */
void pe_work_queue_abort(pe_work_queue *queue); /* nothing more is delivered, so workers stop waiting for room */

#endif

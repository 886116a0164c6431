/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* work_queue.h - what the workers of one rank compute next: chunks of the slices that were dispatched to it.
 *
 * Design: slices are queued in the order of their dispatch. Workers claim chunks from the first one, and go on into the
 *         next slice without a barrier. A claimed chunk enters the reorder buffer in the order of the queue and has its
 *         own buffer (buffer_pool.h); a worker that finds no free buffer sleeps. The oldest chunk that is not delivered
 *         has its buffer already, so waiting for buffers cannot deadlock.
 *         A worker that finds nothing to claim, or no buffer because all wait behind a chunk under way, steals half of
 *         what is left of another worker's chunk (steal.h), so that no costly item keeps its neighbours waiting.
 */
#ifndef PE_WORK_QUEUE_H
#define PE_WORK_QUEUE_H

#include "threads/adaptive_chunk.h"
#include "threads/buffer_pool.h"

typedef struct pe_work_queue pe_work_queue;

typedef struct pe_work_queue_spec {
    pe_buffer_pool_spec buffers;
    int warm; /* a worker takes more buffers than these only when none is released within some microseconds, since a few
               * buffers that are used in turn stay in the cache */
    uint64_t grain;      /* items that stay with one worker */
    size_t buffer_bytes; /* a buffer that grew beyond twice this, for an item of unusual size, is freed */
    const pe_adaptive_chunk *chunking;
    pe_reorder *reorder; /* which the chunks enter */
    bool is_ordered;     /* they are delivered in the order of their items */
    /* Called by a worker that finds nothing to claim, without locks: the main thread should fetch more. */
    void (*idle)(void *context);
    void *context;
} pe_work_queue_spec;

pe_status pe_work_queue_make(const pe_work_queue_spec *spec, pe_work_queue **out, pe_error *err);
void pe_work_queue_free(pe_work_queue *queue); /* with every slice; NULL is fine */

/* pe_work_queue_make_slice - an empty slice; a recycled one keeps its payload's memory. Main thread. */
pe_status pe_work_queue_make_slice(pe_work_queue *queue, pe_slice **out, pe_error *err);
/* pe_work_queue_push - the slice is the queue's until pe_work_queue_recycle. Main thread. */
void pe_work_queue_push(pe_work_queue *queue, pe_slice *slice);
/* pe_work_queue_recycle - all chunks of the slice are released. Any thread. */
void pe_work_queue_recycle(pe_work_queue *queue, pe_slice *slice);
/* pe_work_queue_backlog - slices that were pushed and not yet claimed to their end. */
uint64_t pe_work_queue_backlog(pe_work_queue *queue);
/* pe_work_queue_payload - bytes of the payloads of slices that were pushed and not yet recycled. */
size_t pe_work_queue_payload(pe_work_queue *queue);

/* pe_work_queue_take - the next chunk for a worker, in the reorder buffer and with an empty buffer; blocks.
 * Returns: NULL when the queue is closed and nothing is left to begin, or when it is stopped */
pe_chunk *pe_work_queue_take(pe_work_queue *queue, int worker);
/* pe_work_queue_detach - the results that a running chunk has so far, as a chunk of their own, which stands before it in
 * the reorder buffer and is not done yet; blocks. The running chunk goes on with an empty buffer.
 * Returns: NULL when the queue is aborted */
pe_chunk *pe_work_queue_detach(pe_work_queue *queue, pe_chunk *running);
/* pe_work_queue_wait_for_room - blocks until the window has room for `bytes` of this running chunk, which are counted
 * then. The chunk that is delivered next does not wait; without an order, one of those that wait. */
void pe_work_queue_wait_for_room(pe_work_queue *queue, pe_chunk *running, size_t bytes);
/* pe_work_queue_count_bytes - the computed chunk holds what it holds. pe_work_queue_wake - another chunk is the next to
 * be delivered. Any thread. */
void pe_work_queue_count_bytes(pe_work_queue *queue, pe_chunk *chunk);
void pe_work_queue_wake(pe_work_queue *queue);

/* pe_work_queue_release - the chunk's bytes are no longer needed. Any thread. */
void pe_work_queue_release(pe_work_queue *queue, pe_chunk *chunk);

void pe_work_queue_close(pe_work_queue *queue); /* nothing more will be pushed */
void pe_work_queue_stop(pe_work_queue *queue);  /* nothing more is to be claimed */
void pe_work_queue_abort(pe_work_queue *queue); /* nor delivered: nobody waits for room any more */

#endif

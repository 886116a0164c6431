/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* work_queue.h - what the workers of one rank take next: chunks of the slices dispatched to it, and buffers for their results.
 *
 * Design: a task is one dispatched slice, in the order dispatched; its chunks are claimed one by one, and workers go on into
 * the next task without a barrier. A chunk holds a buffer from its claim to its release; how many items there may be in
 * them is what bounds memory: a worker that finds no buffer sleeps. Costly items come in small chunks, of which there may
 * be more: so the others get far ahead of one that takes long. Chunks join the reorder in the order of their queue; the
 * oldest one not yet released therefore always has its buffer, so waiting for buffers cannot deadlock. Free buffers are a
 * stack: the one used last is the warmest.
 *         A worker that finds nothing to claim, or only buffers that wait behind a chunk under way, takes half of what is
 * left of another worker's chunk instead: no costly item keeps its neighbours waiting, at the end or before.
 */
#ifndef PE_WORK_QUEUE_H
#define PE_WORK_QUEUE_H

#include <stdalign.h>

#include "base/attr.h"
#include "threads/adaptive_chunk.h"
#include "threads/chunk_result.h"
#include "threads/reorder.h"
#include "threads/split_range.h"

struct pe_chunk;

/* A dispatched slice. The main thread fills slice, block and payload before the push; chunk fields are the queue'. */
typedef struct pe_task {
    uint64_t slice;
    pe_block block;
    pe_buffer payload;       /* the slice's input bytes; empty when the rank reads its own files */
    size_t payload_bytes;    /* queue: as counted by pe_work_queue_payload */
    uint64_t claimed;        /* queue' mutex: items that were claimed */
    uint64_t delivered;      /* the deliverer of the reorder: items that are finished */
    uint64_t work_ns;        /* the deliverer: time the workers spent on it */
    bool is_cut;             /* the deliverer: an item ended the run in it; what lies behind may still be computed */
    struct pe_chunk *whole;  /* the deliverer: the chunk whose buffer gathers the slice's bytes */
    struct pe_task *next;    /* of whichever list it is in */
    struct pe_task *sibling; /* queue: the list of all tasks */
} pe_task;

/* A claimed chunk with its buffer. Until it is done it is the worker's, but for what others take of the range; then
 * it is the deliverer's. */
typedef struct pe_chunk {
    alignas(PE_CACHE_LINE)
        pe_reorder_entry entry; /* the first field: the reorder's tokens are chunks. In lines of its own:
                                                    * the owner writes to it with each grain */
    pe_split_range range;
    pe_task *task;
    pe_chunk_result out;
    uint64_t work_ns;
    struct pe_chunk *next; /* queue: of the free ones */
} pe_chunk;

typedef struct pe_work_queue pe_work_queue;

typedef struct pe_work_queue_spec {
    int buffers;    /* chunks under way at once, at most */
    uint64_t items; /* in them, at most */
    size_t bytes;   /* what that many items may take */
    int warm; /* a worker takes more than so many of them only when none comes back within some microseconds, since what
                  * is used in turn stays in the cache */
    int workers;
    uint64_t grain;     /* items that stay with one worker */
    size_t chunk_bytes; /* a buffer that grew beyond twice this, for an item of unusual size, is given back */
    const pe_adaptive_chunk *chunking;
    pe_reorder *reorder; /* which the chunks join */
    void (*idle)(
        void *context); /* called, without locks held, by a worker that finds nothing to claim, so that the main
                                  * thread can fetch more */
    void *context;
} pe_work_queue_spec;

pe_status pe_work_queue_make(const pe_work_queue_spec *spec, pe_work_queue **out, pe_error *err);
void pe_work_queue_free(pe_work_queue *queue); /* with every task; NULL is fine */

/* pe_work_queue_task - an empty task (main thread); recycled ones keep their payload's memory. */
pe_status pe_work_queue_task(pe_work_queue *queue, pe_task **out, pe_error *err);
/* pe_work_queue_push - the main thread dispatches a task; ownership moves until pe_work_queue_recycle. */
void pe_work_queue_push(pe_work_queue *queue, pe_task *task);
/* pe_work_queue_recycle - a task whose chunks are all released; any thread. */
void pe_work_queue_recycle(pe_work_queue *queue, pe_task *task);
/* pe_work_queue_backlog - tasks pushed and not yet claimed to their end. pe_work_queue_payload - payload bytes of tasks that were pushed and
 * not yet recycled. */
uint64_t pe_work_queue_backlog(pe_work_queue *queue);
size_t pe_work_queue_payload(pe_work_queue *queue);

/* pe_work_queue_take - the next chunk for a worker, in the reorder and with its empty buffer; blocks.
 * Returns: NULL when closed and nothing is left to begin, or stopped */
pe_chunk *pe_work_queue_take(pe_work_queue *queue, int worker);
/* pe_work_queue_release - the chunk's bytes are no longer needed; any thread. */
void pe_work_queue_release(pe_work_queue *queue, pe_chunk *chunk);

void pe_work_queue_close(pe_work_queue *queue); /* nothing more will be pushed */
void pe_work_queue_stop(pe_work_queue *queue);  /* nothing more is to be claimed */

#endif

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* rank_pool_internal.h - what pool.c, root.c and member.c share of one run.
 */
#ifndef PE_RANK_POOL_INTERNAL_H
#define PE_RANK_POOL_INTERNAL_H

#include <pthread.h>

#include "threads/rank_pool.h"
#include "threads/work_queue.h"

/* Notes are the only messages with a form; data follow them as bytes. Same-architecture ranks: sent as they are. */
typedef enum pe_message_kind {
    PE_MESSAGE_SLICE,  /* to member: compute this slice; payload bytes follow under PE_TAG_PAYLOAD when bytes > 0 */
    PE_MESSAGE_PULL,   /* to member: send the slice's result under PE_TAG_RESULT; only where it has bytes */
    PE_MESSAGE_END,    /* to member: all is delivered, or the run stops: finish what is under way and say BYE */
    PE_MESSAGE_RESULT, /* to root: this slice is computed and has so many bytes */
    PE_MESSAGE_FAILED, /* to root: the run ends; block.first is the failed item or PE_NO_ITEM; pe_comm_agree tells why */
    PE_MESSAGE_BYE     /* to root: the last header of this member */
} pe_message_kind;

typedef struct pe_message_header {
    uint32_t kind;
    uint32_t unused;
    uint64_t slice;
    pe_block block;
    uint64_t bytes;     /* of what follows: payload, or rows and then the log */
    uint64_t log_bytes; /* RESULT: how many of them are the log */
    uint64_t rows;      /* RESULT */
    uint64_t placed;    /* RESULT: bytes that are in their rows already */
    uint64_t work_ns;
} pe_message_header;

/* A header on its way, with the data behind it. */
typedef struct pe_message {
    pe_message_header header;
    pe_comm_op *header_op, *data_op;
    pe_task *task; /* whose payload or result the data are; NULL for none */
    struct pe_message *next;
} pe_message;

typedef struct pe_rank_pool {
    const pe_execution_spec *spec;
    pe_adaptive_chunk chunking; /* of this rank's chunks */
    pe_work_queue *queue;
    pe_reorder *reorder; /* this rank's chunks in the order of their items */
    atomic_bool *stop;   /* the spec's: any thread sets it once; all read it */
    atomic_uint_fast64_t
        failing_ns;         /* since when the run is failing here, or 0: any thread sets it, the deliverer anew */
    atomic_bool is_writing; /* the deliverer sets it, the main thread reads it */
    atomic_int workers;     /* still running */
    atomic_uint_fast64_t busy_ns;
    atomic_uint_fast64_t items; /* delivered to the sink */
    pthread_mutex_t mutex;      /* guards the fields below */
    pthread_cond_t wakeup;
    bool is_woken;
    pe_error error;    /* the one to tell of this rank's */
    pe_task *finished; /* slices computed and assembled, oldest first (ranks > 1) */
    pe_task *finished_last;
} pe_rank_pool;

/* pe_rank_pool_fail - keep an error and stop this rank; any thread. An error of an item lets the chunks under way finish for
 * a moment: the items before it are delivered, and the first failed one is told whichever rank or thread was faster. */
void pe_rank_pool_fail(pe_rank_pool *pool, const pe_error *err);
/* pe_rank_pool_stop - no more of anything, now; the error is kept or comes from another rank. */
void pe_rank_pool_stop(pe_rank_pool *pool);
/* pe_rank_pool_begin_grace - an item ended the run, here or on another rank. */
void pe_rank_pool_begin_grace(pe_rank_pool *pool);
/* pe_rank_pool_failing_item - the lowest item known here that ended the run, or PE_NO_ITEM. */
uint64_t pe_rank_pool_failing_item(pe_rank_pool *pool);
/* pe_rank_pool_end_grace - stop for good once the moment has passed; true then, and when stopped already. Main thread. */
bool pe_rank_pool_end_grace(pe_rank_pool *pool);
/* pe_rank_pool_wake - wake the main thread; pe_rank_pool_wait - sleep until rung or for backoff_ns. */
void pe_rank_pool_wake(pe_rank_pool *pool);
void pe_rank_pool_wait(pe_rank_pool *pool, uint64_t backoff_ns);
bool pe_rank_pool_is_stopped(pe_rank_pool *pool);
/* pe_rank_pool_finished - the oldest slice that was computed and not yet taken here, or NULL; main thread. */
pe_task *pe_rank_pool_finished(pe_rank_pool *pool);
/* pe_rank_pool_free_slice - a slice's bytes were sent or written: its buffer and task are free again. */
void pe_rank_pool_free_slice(pe_rank_pool *pool, pe_task *task);
/* pe_rank_pool_write - hand on what came out unless the run stops; one thread at a time. */
void pe_rank_pool_write(pe_rank_pool *pool, const pe_chunk_result *out);
/* pe_rank_pool_drain - close the queue and wait for the workers to end; main thread. */
void pe_rank_pool_drain(pe_rank_pool *pool);
/* pe_rank_pool_tick - the caller's tick; its refusal stops the run. */
void pe_rank_pool_tick(pe_rank_pool *pool);
/* pe_rank_pool_backoff - the next, longer backoff: from 20 us to 1 ms, so that an idle rank leaves the core to others; to 50 us where
 * results are under way, which the network could carry while both sides sleep. */
uint64_t pe_rank_pool_backoff(uint64_t backoff_ns, bool is_awaited);

/* pe_message_post - send a header, then `bytes` of data when there are any, and put it on the list. */
pe_status pe_message_post(pe_rank_pool *pool, pe_message **list, int to, const pe_message_header *header, pe_tag tag,
                          const void *data, size_t bytes, pe_task *task, pe_error *err);
/* pe_message_sweep - forget the outgoing that have left; their tasks go to `left` (may be NULL). Returns how many. */
int pe_message_sweep(pe_rank_pool *pool, pe_message **list, void (*left)(pe_rank_pool *pool, pe_task *task),
                     pe_error *err);

/* The main thread's loops. */
void pe_solo_lead(pe_rank_pool *pool);   /* one rank */
void pe_root_lead(pe_rank_pool *pool);   /* rank 0 of several */
void pe_member_lead(pe_rank_pool *pool); /* the others */

#endif

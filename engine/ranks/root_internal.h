/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* root_internal.h - what root.c, dispatch.c and gather.c share on rank 0 of several.
 *
 * Threads: the main thread writes and reads everything.
 */
#ifndef PE_ROOT_INTERNAL_H
#define PE_ROOT_INTERNAL_H

#include "threads/rank_pool_internal.h"

/* A dispatch, one slice or a run of them: who computes it, and its result once it is there to be pulled. */
typedef struct pe_entry {
    uint64_t slice; /* the dispatch's number */
    pe_block block;
    uint64_t bytes, log_bytes, rows, placed;
    pe_task *own; /* rank 0's, with the bytes; NULL: there are none, or they are a member's */
    int owner;
    bool is_ready;
} pe_entry;

/* A member's result whose turn is near. */
typedef struct pe_piece {
    pe_entry from;
    pe_chunk_result pulled;
    pe_comm_op *op; /* the receive under way; NULL: all is here */
    struct pe_piece *next;
} pe_piece;

#define PE_DISPATCH_NS UINT64_C(10000) /* some times what a dispatch and its result cost rank 0 */

typedef struct pe_rank_state {
    uint64_t held;  /* items dispatched whose results are not yet here, or still take their rank's memory */
    int unfinished; /* slices dispatched, not yet announced */
    bool is_queued; /* for a dispatch */
} pe_rank_state;

typedef struct pe_root {
    pe_rank_pool *pool;
    const pe_plan *plan;
    pe_comm *comm;
    int ranks;
    pe_rank_state *states;
    int *queue; /* ring: ranks that may have room for a dispatch, in the order they are asked */
    int queue_first, queued;
    pe_entry *entries;          /* ring: ordered by slice, unordered by arrival */
    uint64_t dispatched;        /* dispatches */
    uint64_t announced;         /* unordered: results to be pulled so far */
    uint64_t pulled;            /* entries before this one were pulled, or need no pull */
    uint64_t delivered;         /* results */
    uint64_t given;             /* items in them */
    pe_adaptive_chunk chunking; /* of dispatches that are no more than a slice */
    bool is_dispatched_all;
    pe_task *read;    /* a stream's next slice, read but not dispatched */
    pe_piece *pieces; /* all of them */
    int piece_count;
    pe_piece *free_pieces;
    pe_piece *arriving; /* pulled and not yet delivered, in the order of delivery */
    int receives;       /* of them, those under way */
    uint64_t slice_ns;  /* running mean of the work in a slice */
    bool has_bytes;     /* results travel to rank 0, or logs do */
    pe_message_header header;
    pe_comm_op *header_op;
    pe_message *outgoing;
    int byes;
    uint64_t limit; /* the lowest item that ended the run, of those known; PE_NO_ITEM while none did */
    pe_error err;
} pe_root;

bool pe_root_is_ordered(const pe_root *self);
/* pe_root_entry - the ring's entry of a slice (ordered) or of an arrival (unordered). */
pe_entry *pe_root_entry(pe_root *self, uint64_t number);

/* pe_root_offer - a rank may have room for a dispatch again. */
void pe_root_offer(pe_root *self, int rank);
/* pe_root_dispatch - hand out what may be handed out now, some at a time; *active tells that there was one. */
pe_status pe_root_dispatch(pe_root *self, bool *active);

/* pe_root_listen - post the receive for the members' next header. */
pe_status pe_root_listen(pe_root *self, pe_error *err);
/* pe_root_read_messages - take what the members announced. */
pe_status pe_root_read_messages(pe_root *self, bool *active);
/* pe_root_take_own - take what rank 0's own workers have finished. */
void pe_root_take_own(pe_root *self, bool *active);
/* pe_root_pull - ask for results in the order of delivery. pe_root_deliver - what has arrived, in that order. */
pe_status pe_root_pull(pe_root *self, bool *active);
pe_status pe_root_deliver(pe_root *self, bool *active);

#endif

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* root_internal.h - rank 0 of several: what root.c, dispatch.c, gather.c and window.c share.
 *
 * Threads: the main thread writes and reads everything.
 */
#ifndef PE_ROOT_INTERNAL_H
#define PE_ROOT_INTERNAL_H

#include "ranks/execute_plan.h"
#include "ranks/message.h"

/* A slice that was dispatched and is not delivered: who computes it, and its results once they can be pulled. They may
 * come in parts, one at a time. */
typedef struct pe_window_entry {
    uint64_t slice; /* its number */
    pe_block block; /* of the results; of what is left of the slice while none are ready */
    uint64_t end;   /* of the slice as it was dispatched (ordered) */
    uint64_t bytes, rows, placed;
    union {
        uint64_t log_bytes; /* of a member's */
        pe_chunk *own;      /* rank 0's, when they have bytes; NULL: they have none */
    };
    int owner;
    bool is_ready, ends_slice;
} pe_window_entry;

/* A member's result that is being received, or waits for its turn. */
typedef struct pe_pull {
    pe_window_entry from;
    pe_chunk_result result;
    pe_comm_op *op; /* the receive under way; NULL: all is here */
    struct pe_pull *next;
} pe_pull;

#define PE_DISPATCH_NS UINT64_C(10000) /* some times what a dispatch and its result cost rank 0 */

typedef struct pe_rank_state {
    uint64_t held;  /* items dispatched whose results are not yet here, or still take their rank's memory */
    int unfinished; /* of what was dispatched and is not yet computed, in normal slices */
    bool is_queued; /* for a dispatch */
} pe_rank_state;

typedef struct pe_root {
    const pe_execution_spec *spec;
    pe_rank_pool *pool;
    const pe_plan *plan;
    pe_comm *comm;
    int ranks;
    pe_outbox outbox;
    pe_error err;

    /* dispatch.c */
    pe_rank_state *states;
    int *queue; /* ring: ranks that may have room for a slice, in the order they are asked */
    int queue_first, queued;
    pe_slice *next;             /* made but not dispatched yet */
    uint64_t dispatched;        /* slices */
    uint64_t dispatched_items;  /* in them */
    bool is_dispatched_all;     /* the input has no more */
    pe_adaptive_chunk chunking; /* the size of slices that are no longer than a normal one */
    uint64_t slice_ns;          /* running mean of the work in a normal slice; 0: not known yet */
    bool has_bytes;             /* results travel to rank 0, or logs do */

    /* window.c */
    pe_window_entry *entries; /* ring: ordered by slice, unordered by arrival */

    /* gather.c */
    uint64_t announced; /* unordered: results to be pulled so far */
    uint64_t pulled;    /* entries before this one were pulled to their end, or need no pull */
    uint64_t delivered; /* slices */
    pe_pull *pulls;     /* all of them */
    int pull_count;
    pe_pull *free_pulls;
    pe_pull *arriving; /* pulled and not yet delivered, in the order of delivery */
    int receives;      /* of them, those under way */
    size_t arriving_bytes;
    pe_message_header header;
    pe_comm_op *header_op; /* the receive for the members' next header */
    int ended_members;     /* that have said DONE */
    uint64_t failing_item; /* the lowest item that ended the run, of those known; PE_NO_ITEM while none did */
} pe_root;

/* ---- window.c ---- */

bool pe_root_is_ordered(const pe_root *self);
/* pe_root_entry - the entry of a slice (ordered) or of an arrival (unordered). */
pe_window_entry *pe_root_entry(const pe_root *self, uint64_t number);

/* ---- dispatch.c ---- */

/* pe_root_offer - a rank may have room for a slice again. */
void pe_root_offer(pe_root *self, int rank);
/* pe_root_learn - `items` were computed in work_ns, which tells how many are best dispatched at once. */
void pe_root_learn(pe_root *self, uint64_t items, uint64_t work_ns);
/* pe_root_dispatch - dispatch what may be dispatched now, some slices at a time; *active is set when there were any. */
pe_status pe_root_dispatch(pe_root *self, bool *active);

/* ---- gather.c ---- */

/* pe_root_listen - post the receive for the members' next header. */
pe_status pe_root_listen(pe_root *self, pe_error *err);
/* pe_root_read_headers - take what the members announced. */
pe_status pe_root_read_headers(pe_root *self, bool *active);
/* pe_root_take_own - take what rank 0's own workers have finished. */
void pe_root_take_own(pe_root *self, bool *active);
/* pe_root_pull - ask for results in the order of delivery. pe_root_deliver - write what has arrived, in that order. */
pe_status pe_root_pull(pe_root *self, bool *active);
pe_status pe_root_deliver(pe_root *self, bool *active);

#endif

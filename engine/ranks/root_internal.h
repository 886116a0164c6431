/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* root_internal.h - the state of rank 0 in a run with several ranks, shared by root.c, dispatch.c, gather.c and
 * window.c.
 *
 * Threads: the main thread writes and reads everything.
 */
#ifndef PE_ROOT_INTERNAL_H
#define PE_ROOT_INTERNAL_H

#include "ranks/execute_plan.h"
#include "ranks/message.h"
#include "ranks/sync.h"

/* A slice that was dispatched and is not delivered: its rank, and its announced results. Results may come in parts, of
 * which the entry holds one at a time. */
typedef struct pe_window_entry {
    uint64_t slice; /* number of the slice */
    pe_block block; /* items of the announced results; without results, the items that are left of the slice */
    uint64_t end;   /* ordered: the end of the slice as it was dispatched */
    uint64_t bytes, rows, placed;
    union {
        uint64_t log_bytes; /* results of a member */
        pe_chunk *own;      /* results of rank 0's workers; NULL: the results have no bytes */
    };
    int owner;
    bool is_ready, ends_slice;
} pe_window_entry;

/* A member's result that is being received, or was received and waits for delivery. */
typedef struct pe_pull {
    pe_window_entry from;
    pe_chunk_result result;
    pe_comm_op *op; /* the pending receive; NULL: all has arrived */
    struct pe_pull *next;
} pe_pull;

#define PE_DISPATCH_NS UINT64_C(10000) /* a few times rank 0's cost of a dispatch and its result */

typedef struct pe_rank_state {
    uint64_t held;  /* dispatched items that take memory of the rank: results not yet received or written */
    int unfinished; /* dispatched and not yet computed, in normal slices */
    bool is_queued; /* in the queue for a dispatch */
} pe_rank_state;

typedef struct pe_root {
    const pe_execution_spec *spec;
    pe_rank_pool *pool;
    const pe_plan *plan;
    pe_comm *comm;
    int ranks;
    pe_outbox outbox;
    pe_error err;

    /* sync.c */
    pe_sync_round sync;

    /* dispatch.c */
    pe_rank_state *states;
    int *queue; /* ring: ranks that may have room for a slice, in the order of dispatch */
    int queue_first, queued;
    pe_slice *next;             /* made but not dispatched yet */
    uint64_t dispatched;        /* number of dispatched slices */
    uint64_t dispatched_items;  /* number of items in the dispatched slices */
    bool is_dispatched_all;     /* the input has no more items */
    pe_adaptive_chunk chunking; /* the size of a slice, at most that of a normal one */
    uint64_t slice_ns;          /* running mean of the work in a normal slice; 0: unknown */
    bool has_bytes;             /* rows or logs are sent to rank 0 */

    /* window.c */
    pe_window_entry *entries; /* ring: ordered by slice, unordered by arrival */

    /* gather.c */
    uint64_t announced; /* unordered: number of results announced so far that need a pull */
    uint64_t pulled;    /* all entries before this one were pulled completely, or need no pull */
    uint64_t delivered; /* number of delivered slices */
    pe_pull *pulls;     /* array of all receive buffers */
    int pull_count;
    pe_pull *free_pulls;
    pe_pull *arriving; /* pulled and not yet delivered, in the order of delivery */
    int receives;      /* number of pulls whose receive is pending */
    size_t arriving_bytes;
    pe_message_header header;
    pe_comm_op *header_op; /* the receive for the members' next header */
    int ended_members;     /* members that have sent DONE */
    uint64_t failing_item; /* the lowest known item that ended the run; PE_NO_ITEM: none */
} pe_root;

/* ---- window.c ---- */

bool pe_root_is_ordered(const pe_root *self);
/* pe_root_entry - the entry of a slice (ordered) or of an arrival (unordered). */
pe_window_entry *pe_root_entry(const pe_root *self, uint64_t number);

/* ---- dispatch.c ---- */

/* pe_root_offer - put a rank that may have room for a slice into the queue. */
void pe_root_offer(pe_root *self, int rank);
/* pe_root_learn - adapt the size of slices to the measured cost: `items` were computed in work_ns. */
void pe_root_learn(pe_root *self, uint64_t items, uint64_t work_ns);
/* pe_root_dispatch - dispatch slices to ranks that have room, a limited number per call; *active is set when there was
 * one. */
pe_status pe_root_dispatch(pe_root *self, bool *active);

/* ---- gather.c ---- */

/* pe_root_listen - post the receive for the members' next header. */
pe_status pe_root_listen(pe_root *self, pe_error *err);
/* pe_root_read_headers - process the members' headers that have arrived. */
pe_status pe_root_read_headers(pe_root *self, bool *active);
/* pe_root_take_own - take the finished results of rank 0's workers. */
void pe_root_take_own(pe_root *self, bool *active);
/* pe_root_pull - request results in the order of delivery. pe_root_deliver - write arrived results in that order. */
pe_status pe_root_pull(pe_root *self, bool *active);
pe_status pe_root_deliver(pe_root *self, bool *active);

#endif

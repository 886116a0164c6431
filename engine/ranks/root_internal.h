/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* root_internal.h - the state of rank 0 in a run with several ranks, shared by the files that root.c calls.
 *
 * Threads: the main thread writes and reads everything.
 */
#ifndef PE_ROOT_INTERNAL_H
#define PE_ROOT_INTERNAL_H

#include "ranks/execute_plan.h"
#include "ranks/message.h"
#include "ranks/sync.h"

typedef struct pe_pull pe_pull;
typedef struct pe_window_entry pe_window_entry;

/* Results that a rank has announced: those of a slice, or a part of them. */
typedef struct pe_part {
    pe_block block;
    uint64_t bytes, rows, placed;
    union {
        uint64_t log_bytes; /* results of a member */
        pe_chunk *own;      /* results of rank 0's workers; NULL: the results have no bytes */
    };
    pe_window_entry *entry; /* that holds the part */
    pe_pull *pull;          /* NULL: not pulled */
    struct pe_part *next;
    int owner;
    bool ends_slice;
} pe_part;

/* A slice that was dispatched, with its announced results. */
struct pe_window_entry {
    pe_block block;
    uint64_t awaited;      /* items whose results are not announced */
    uint64_t left;         /* items that are neither delivered nor spilled */
    pe_part *parts, *last; /* in the order of their items; without an order, in that of their arrival */
    pe_window_entry *prev, *next;
    int owner;
    bool is_overtaken; /* its rank has finished later slices, so it is not counted as unfinished */
};

/* A buffer for a member's results, which are being received, or wait for delivery. */
struct pe_pull {
    pe_part *part;
    pe_chunk_result result;
    pe_comm_op *op;   /* the pending receive; NULL: all has arrived */
    bool is_to_spill; /* to be spilled, since the results' turn has not come */
    pe_pull *next;
};

#define PE_STALL_NS 100000000u         /* without a delivery: the next item takes long */
#define PE_DISPATCH_NS UINT64_C(10000) /* a few times rank 0's cost of a dispatch and its result */

typedef struct pe_rank_state {
    uint64_t held;        /* dispatched items that take memory of the rank: results not yet received or written */
    uint64_t finished_to; /* the end of the highest slice that it has finished */
    int unfinished;       /* dispatched and not yet computed, in normal slices */
    bool is_queued;       /* in the queue for a dispatch */
    bool is_full;         /* results that wait keep it from more work */
} pe_rank_state;

typedef struct pe_root {
    const pe_execute_plan_spec *spec;
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
    uint64_t outstanding;       /* of these: not delivered or spilled completely */
    uint64_t dispatched_items;  /* number of items in the dispatched slices */
    bool is_dispatched_all;     /* the input has no more items */
    pe_adaptive_chunk chunking; /* the size of a slice, at most that of a normal one */
    uint64_t slice_ns;          /* running mean of the work in a normal slice; 0: unknown */
    bool has_bytes;             /* rows or logs are sent to rank 0 */

    /* window.c */
    pe_window_entry *entries;      /* array of all; ordered: [number of a slice] */
    pe_window_entry *free_entries; /* linked by next */
    pe_window_entry *first, *last; /* ordered: the outstanding slices, in the order of their items */
    pe_window_entry arrivals;      /* unordered: the parts of all slices */
    uint64_t part_count;
    int full_ranks; /* how many states are full */

    /* gather.c */
    uint64_t next_item; /* ordered: the item that is delivered next */
    pe_pull *pulls;     /* array of all receive buffers */
    int pull_count;
    pe_pull *free_pulls;
    pe_pull *arriving; /* pulled and neither delivered nor spilled, in the order of the pulls */
    int receives;      /* number of pulls whose receive is pending */
    size_t arriving_bytes;

    /* stall.c */
    int spill_pulls;       /* among the arriving ones */
    uint64_t delivered_ns; /* when results were delivered last */
    uint64_t spilled_ns;   /* when results that had waited long were spilled last */
    uint64_t overtaken_ns; /* when overtaken slices were looked for last */
    uint64_t old_to;       /* items that were dispatched when results that had waited long were spilled last */
    bool is_due;           /* what waits is spilled although there is room */
    bool is_ending;        /* the run ends before its last item: all that is done is spilled */
    int stopped_members;   /* that have announced all that is done */

    /* announce.c */
    pe_message_header header;
    pe_comm_op *header_op; /* the receive for the members' next header */
    int ended_members;     /* members that have sent DONE */
    uint64_t failing_item; /* the lowest known item that ended the run; PE_NO_ITEM: none */
} pe_root;

/* ---- window.c ---- */

/* The entries of the window: one for each slice that may be dispatched and not delivered. None where results are delivered
 * as they come (not pe_root_is_ordered). PE_ENOMEM. */
bool pe_root_is_ordered(const pe_root *self);
pe_status pe_root_make_window(pe_root *self);
void pe_root_free_window(pe_root *self);
/* pe_root_is_window_full - no more slices may be dispatched now. */
bool pe_root_is_window_full(const pe_root *self);
/* pe_root_open_slice - ordered: an entry for the slice that comes after all others; the window is not full.
 * Returns: the number of the slice */
uint64_t pe_root_open_slice(pe_root *self, pe_block block, int owner);
/* pe_root_add_part - enter announced results. Owns: copies the part, and sets *out to the copy. PE_ENOMEM. */
pe_status pe_root_add_part(pe_root *self, pe_window_entry *entry, const pe_part *announced, pe_part **out);
/* pe_root_drop_part - drop results that were delivered or spilled; the part is gone, and with the last one its entry. */
void pe_root_drop_part(pe_root *self, pe_part *part);

/* pe_root_set_full - note whether results that wait keep a rank from work. */
void pe_root_set_full(pe_root *self, int rank, bool is_full);
/* pe_root_is_stalled - the next item takes long. */
bool pe_root_is_stalled(const pe_root *self);

/* ---- dispatch.c ---- */

/* pe_root_offer - put a rank that may have room for a slice into the queue. */
void pe_root_offer(pe_root *self, int rank);
/* pe_root_learn - adapt the size of slices to the measured cost: `items` were computed in work_ns. */
void pe_root_learn(pe_root *self, uint64_t items, uint64_t work_ns);
/* pe_root_dispatch - dispatch slices to ranks that have room, a limited number per call; *active is set when there was
 * one. */
pe_status pe_root_dispatch(pe_root *self, bool *active);

/* ---- announce.c ---- */

/* pe_root_listen - post the receive for the members' next header. */
pe_status pe_root_listen(pe_root *self, pe_error *err);
/* pe_root_read_headers - process the members' headers that have arrived. */
pe_status pe_root_read_headers(pe_root *self, bool *active);
/* pe_root_take_own - take the finished results of rank 0's workers. */
pe_status pe_root_take_own(pe_root *self, bool *active);

/* ---- gather.c ---- */

/* pe_root_free_memory_of - note that the results' memory on their rank is free. */
void pe_root_free_memory_of(pe_root *self, const pe_part *part);
/* pe_root_needs_pull - whether a member holds the bytes of these results, or did when it announced them. */
bool pe_root_needs_pull(const pe_part *part);
/* pe_root_has_come - whether the bytes of these results, if there are any, are on rank 0. */
bool pe_root_has_come(const pe_part *part);
/* pe_root_write - deliver results that have come. pe_root_spill - spill them; false: they could not be spilled and stay. */
void pe_root_write(pe_root *self, pe_part *part);
bool pe_root_spill(pe_root *self, pe_part *part);
/* pe_root_pull - request results in the order of delivery. pe_root_start_pull - request these. */
pe_status pe_root_pull(pe_root *self, bool *active);
pe_status pe_root_start_pull(pe_root *self, pe_part *part, bool is_to_spill);
/* pe_root_has_room_for - whether there is memory to receive these results. */
bool pe_root_has_room_for(const pe_root *self, const pe_part *part);
/* pe_root_receive - test what is being received. pe_root_deliver - that, then write what has arrived, in order. */
pe_status pe_root_receive(pe_root *self, bool *active);
pe_status pe_root_deliver(pe_root *self, bool *active);

/* ---- stall.c ---- */

/* pe_root_spill_waiting - when the next item takes long, spill what waits for it, so that the others go on. */
pe_status pe_root_spill_waiting(pe_root *self, bool *active);
/* pe_root_spill_rest - the run ends before its last item: gather and spill all that is done on all ranks. */
pe_status pe_root_spill_rest(pe_root *self);

#endif

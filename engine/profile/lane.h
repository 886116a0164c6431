/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* lane.h - the profile of one thread: what it did in which phase, and what its items cost.
 *
 * Invariant: every moment of the thread belongs to one phase. mark_ns is the time up to which this is settled.
 * Design: code that the thread runs finds its lane in pe_lane_here, so that no function has to pass it on; without a
 *         profile that is NULL, and nothing is measured. The thread's loop says what the time since the mark was
 *         (pe_lane_until). A stay in another phase inside of that is a pause. Reads are a pause a batch: while they are
 *         short, one in 16 is timed and stands for the others, because reading the clock costs as much as a read.
 * Threads: a lane belongs to one thread until the thread leaves it.
 */
#ifndef PE_LANE_H
#define PE_LANE_H

#include <stdbool.h>

#include "profile/costs.h"
#include "profile/events.h"
#include "profile/time_bins.h"

/* Short stays in several phases, one after another, up to the mark. */
typedef struct pe_stretch {
    uint64_t begin_ns, ns[PE_PHASES];
    uint64_t items;
    uint32_t parts, chunks;
    uint64_t first_item, cost_items, cost_ns; /* of its chunks that are not metered */
} pe_stretch;

typedef struct pe_lane {
    uint64_t origin_ns, mark_ns; /* of the clock of this rank; both 0: the thread has not begun */
    uint64_t total_ns[PE_PHASES];
    uint64_t items, chunks;
    uint64_t lent_ns;      /* to pauses since the mark */
    pe_stretch stretch;    /* what is not in the sums below and above yet */
    uint32_t stride, skip; /* of reads: this many stay untimed before the next, and of these are left */
    uint64_t ahead;        /* what is added to the pool's item numbers to get the job's */
    double item_ns;        /* the mean cost in the last chunk; 0: not known */
    uint64_t
        away_ns; /* spent in pauses that are no cost of an item: writing, waiting for room, the start of a process; it only grows */
    uint64_t apart_ns; /* of the running chunk, in pauses that are no cost of its items */
    bool is_metered;   /* the worker adds the costs of the running chunk's items itself */
    bool lacks_room;   /* since the mark the thread has waited for the window */
    pe_time_bins bins;
    pe_costs costs;
    pe_events events;
} pe_lane;

extern _Thread_local pe_lane *pe_lane_here;

/* pe_lane_enter - begin the work of the calling thread: up to now it was started; NULL: it has no profile. */
void pe_lane_enter(pe_lane *lane);
/* pe_lane_leave - what is left of the time was spent in this phase. */
void pe_lane_leave(pe_phase phase);

/* pe_lane_until - the time since the mark was spent in this phase, and completed this many items. Short times are put
 * together, since at full speed a chunk takes a few microseconds. pe_lane_flush - they are in the sums then. */
void pe_lane_flush(pe_lane *lane);
void pe_lane_until(pe_lane *lane, pe_phase phase, uint64_t end_ns, uint64_t items);

/* pe_lane_chunk - the time since the mark went to a chunk of the pool's items from `first` on, which took `ns` in all.
 * Like the functions below it does nothing in a thread without a profile. */
void pe_lane_chunk(uint64_t first, uint64_t items, uint64_t ns, uint64_t end_ns);

/* pe_lane_waited - the time since the mark was spent waiting: for the window, if the thread has lacked room, else for
 * work. */
void pe_lane_waited(uint64_t end_ns);

/* pe_lane_did - as pe_lane_until, of this thread and without items. */
void pe_lane_did(pe_phase phase, uint64_t end_ns);

/* pe_pause_begin, pe_pause_end - around a stay in another phase; `outer` is the phase before and after it. */
uint64_t pe_pause_begin(pe_phase phase);
void pe_pause_end(pe_phase phase, pe_phase outer, uint64_t began_ns);

/* pe_lane_lacks_room - this thread waits for the window. */
void pe_lane_lacks_room(void);

#endif

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* events.h - the events of one thread, in the order of time, in bounded memory.
 *
 * Invariant: events do not overlap, and each begins where the one before it ended or later.
 * Design: neighbours are merged into one event until it is least_ns long; the event has the phase that took most of it.
 *         When all places are taken, least_ns doubles and the events that are there are merged in the same way. So a
 *         run of any length has events of about equal length, and a short run has an event for each chunk.
 * Threads: one thread at a time.
 */
#ifndef PE_EVENTS_H
#define PE_EVENTS_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "profile/phase.h"

#define PE_EVENTS_LEAST_NS 20000u /* at first */

typedef struct pe_event {
    uint64_t begin_ns, end_ns; /* since the origin */
    uint64_t own_ns;           /* of that, in this phase */
    uint64_t items;            /* completed */
    uint32_t parts;            /* merged into this event */
    uint32_t phase;
} pe_event;

typedef struct pe_events {
    pe_event *list;
    size_t count, room; /* room: of the list, which grows up to `most` */
    size_t most;
    uint64_t least_ns;
    pe_event open; /* the one that grows; parts 0: none */
} pe_events;

/* pe_events_init - keep this many events at most, or none. */
void pe_events_init(pe_events *events, size_t most);
void pe_events_fini(pe_events *events);

/* pe_events_add - add an event after all others. */
void pe_events_add(pe_events *events, const pe_event *event);
/* pe_events_close - close the open event: all are in the list. */
void pe_events_close(pe_events *events);

#endif

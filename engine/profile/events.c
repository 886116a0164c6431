/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* events.c - the events of one thread, in the order of time, in bounded memory.
 *
 * Threads: events.h.
 */
#include "profile/events.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

#define MOST_LEAST 16

void pe_events_init(pe_events *events, size_t most)
{
    *events = (pe_events){.least_ns = PE_EVENTS_LEAST_NS, .most = most > 0 && most < MOST_LEAST ? MOST_LEAST : most};
}

void pe_events_fini(pe_events *events)
{
    free(events->list);
    *events = (pe_events){.list = NULL};
}

static bool is_long(const pe_events *events, const pe_event *event)
{
    return event->end_ns - event->begin_ns >= events->least_ns;
}

/* The phase of the longer part stays. */
static void join(pe_event *into, const pe_event *next)
{
    if (next->phase == into->phase)
        into->own_ns += next->own_ns;
    else if (next->own_ns > into->own_ns) {
        into->phase = next->phase;
        into->own_ns = next->own_ns;
    }
    into->end_ns = next->end_ns;
    into->items += next->items;
    into->parts += next->parts;
}

/* Whether the open event is complete once `next` follows: a long one stays alone, except for a short remainder before it. */
static bool is_complete(const pe_events *events, const pe_event *next)
{
    return is_long(events, &events->open) ||
           (is_long(events, next) && events->open.end_ns - events->open.begin_ns >= events->least_ns / 4);
}

/* Merges what is there by the doubled length. The list is read ahead of where it is written. */
static void thin(pe_events *events)
{
    const size_t count = events->count;
    const pe_event open = events->open;
    events->least_ns *= 2;
    events->count = 0;
    events->open.parts = 0;
    for (size_t i = 0; i < count; i++) {
        const pe_event event = events->list[i];
        if (events->open.parts > 0 && is_complete(events, &event)) {
            events->list[events->count++] = events->open;
            events->open = event;
        } else if (events->open.parts > 0) {
            join(&events->open, &event);
        } else {
            events->open = event;
        }
    }
    if (events->open.parts > 0)
        events->list[events->count++] = events->open;
    events->open = open;
}

/* A larger list, up to the bound. Without memory for it the list stays, and events are merged earlier. */
static void grow(pe_events *events)
{
    pe_error ignored = PE_ERROR_INIT;
    pe_event *list = NULL;
    const size_t wanted = events->room == 0 ? MOST_LEAST : 2 * events->room;
    const size_t room = wanted < events->most ? wanted : events->most;
    if (room == events->room || pe_make_array(&list, room, sizeof *list, &ignored) != PE_OK)
        return;
    if (events->count > 0)
        memcpy(list, events->list, events->count * sizeof *list);
    free(events->list);
    events->list = list;
    events->room = room;
}

static void push(pe_events *events, const pe_event *event)
{
    if (events->count == events->room)
        grow(events);
    while (events->count > 0 && events->count == events->room && events->least_ns < UINT64_MAX / 4)
        thin(events);
    if (events->count < events->room)
        events->list[events->count++] = *event;
}

void pe_events_add(pe_events *events, const pe_event *event)
{
    if (events->most == 0)
        return;
    if (events->open.parts == 0) {
        events->open = *event;
        return;
    }
    if (!is_complete(events, event)) {
        join(&events->open, event);
        return;
    }
    push(events, &events->open);
    events->open = *event;
}

void pe_events_close(pe_events *events)
{
    if (events->open.parts > 0)
        push(events, &events->open);
    events->open.parts = 0;
}

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* lane.c - the profile of one thread: what it did in which phase, and what its items cost.
 *
 * Threads: lane.h.
 */
#include "profile/lane.h"

#include "base/clock.h"

#define LONG_PAUSE_NS 10000u /* is recorded apart from what is around it */
#define LONG_NS 20000u       /* is an event of its own */
#define STRETCH_NS 50000u    /* short stays are settled together */
#define SHORT_PAUSE_NS 1000u
#define STRIDE 16

_Thread_local pe_lane *pe_lane_here;

void pe_lane_enter(pe_lane *lane)
{
    pe_lane_here = lane;
    if (lane == NULL)
        return;
    const uint64_t now = pe_clock_ns();
    if (lane->mark_ns == 0 || lane->mark_ns > now)
        lane->mark_ns = now;
    lane->stretch = (pe_stretch){.begin_ns = lane->mark_ns};
    pe_lane_until(lane, PE_PHASE_START, now, 0);
}

void pe_lane_leave(pe_phase phase)
{
    pe_lane *const lane = pe_lane_here;
    if (lane == NULL)
        return;
    pe_lane_until(lane, phase, pe_clock_ns(), 0);
    pe_lane_flush(lane);
    pe_lane_here = NULL;
}

/* The phases of the stretch are laid out one after another in it. */
static pe_event settle(pe_lane *lane, const pe_stretch *stretch, uint64_t end_ns)
{
    const uint64_t begin = stretch->begin_ns > lane->origin_ns ? stretch->begin_ns - lane->origin_ns : 0;
    pe_event event = {.begin_ns = begin, .items = stretch->items, .parts = stretch->parts};
    uint64_t at = begin, items = stretch->items;
    for (int phase = 0; phase < PE_PHASES; phase++) {
        const uint64_t ns = stretch->ns[phase];
        if (ns == 0)
            continue;
        lane->total_ns[phase] += ns;
        pe_time_bins_add(&lane->bins, (pe_phase)phase, at, at + ns, items); /* computing comes first */
        at += ns;
        items = 0;
        if (ns > event.own_ns) {
            event.own_ns = ns;
            event.phase = (uint32_t)phase;
        }
    }
    event.end_ns = begin + (end_ns - stretch->begin_ns);
    return event;
}

static void settle_costs(pe_lane *lane, const pe_stretch *stretch)
{
    if (stretch->cost_items == 0)
        return;
    lane->item_ns = (double)stretch->cost_ns / (double)stretch->cost_items;
    pe_costs_add(&lane->costs, stretch->cost_items, stretch->cost_ns);
    if (stretch->chunks == 1 && pe_costs_is_slow(&lane->costs, lane->item_ns))
        pe_costs_keep(&lane->costs, &(pe_slow_item){.item = stretch->first_item,
                                                    .count = stretch->cost_items,
                                                    .ns = stretch->cost_ns,
                                                    .each_ns = lane->item_ns});
}

void pe_lane_flush(pe_lane *lane)
{
    const pe_stretch stretch = lane->stretch;
    settle_costs(lane, &stretch);
    lane->chunks += stretch.chunks;
    lane->items += stretch.items;
    lane->stretch = (pe_stretch){.begin_ns = lane->mark_ns};
    if (lane->mark_ns <= stretch.begin_ns)
        return;
    const pe_event event = settle(lane, &stretch, lane->mark_ns);
    pe_events_add(&lane->events, &event);
}

void pe_lane_until(pe_lane *lane, pe_phase phase, uint64_t end_ns, uint64_t items)
{
    const uint64_t ns = end_ns > lane->mark_ns ? end_ns - lane->mark_ns : 0;
    const bool is_long = ns >= LONG_NS;
    if (is_long && lane->mark_ns > lane->stretch.begin_ns)
        pe_lane_flush(lane); /* a long stay is an event of its own */
    const uint64_t lent = lane->lent_ns < ns ? lane->lent_ns : ns;
    lane->lent_ns = 0;
    lane->stretch.ns[phase] += ns - lent;
    lane->stretch.items += items;
    lane->stretch.parts++;
    lane->mark_ns += ns;
    if (is_long || lane->mark_ns - lane->stretch.begin_ns >= STRETCH_NS)
        pe_lane_flush(lane);
}

void pe_lane_chunk(uint64_t first, uint64_t items, uint64_t ns, uint64_t end_ns)
{
    pe_lane *const lane = pe_lane_here;
    if (lane == NULL)
        return;
    const bool is_long = end_ns - lane->mark_ns >= LONG_NS;
    if (is_long && lane->mark_ns > lane->stretch.begin_ns)
        pe_lane_flush(lane);
    pe_stretch *const stretch = &lane->stretch;
    const uint64_t cost_ns = ns > lane->apart_ns ? ns - lane->apart_ns : 0;
    stretch->chunks++;
    if (lane->is_metered && items > 0)
        lane->item_ns = (double)cost_ns / (double)items;
    if (!lane->is_metered) {
        stretch->first_item = first + lane->ahead;
        stretch->cost_items += items;
        stretch->cost_ns += cost_ns;
    }
    pe_lane_until(lane, PE_PHASE_COMPUTE, end_ns, items);
}

void pe_lane_waited(uint64_t end_ns)
{
    pe_lane *const lane = pe_lane_here;
    if (lane == NULL)
        return;
    pe_lane_until(lane, lane->lacks_room ? PE_PHASE_WAIT_WINDOW : PE_PHASE_WAIT_WORK, end_ns, 0);
    lane->lacks_room = false;
    lane->apart_ns = 0;
}

void pe_lane_did(pe_phase phase, uint64_t end_ns)
{
    if (pe_lane_here != NULL)
        pe_lane_until(pe_lane_here, phase, end_ns, 0);
}

uint64_t pe_pause_begin(pe_phase phase)
{
    pe_lane *const lane = pe_lane_here;
    if (lane == NULL)
        return 0;
    if (phase == PE_PHASE_READ && lane->skip > 0) {
        lane->skip--;
        return 0;
    }
    return pe_clock_ns();
}

void pe_pause_end(pe_phase phase, pe_phase outer, uint64_t began_ns)
{
    pe_lane *const lane = pe_lane_here;
    if (lane == NULL || began_ns == 0)
        return;
    const uint64_t now = pe_clock_ns(), ns = now - began_ns;
    uint64_t lent_ns = ns;
    lane->away_ns += phase == PE_PHASE_READ ? 0 : ns;
    lane->apart_ns += phase == PE_PHASE_WRITE || phase == PE_PHASE_START ? ns : 0;
    if (phase == PE_PHASE_READ) {
        lent_ns *= lane->stride + 1;
        lane->skip = lane->stride = ns < SHORT_PAUSE_NS ? STRIDE - 1 : 0;
    }
    if (ns >= LONG_PAUSE_NS) {
        pe_lane_until(lane, outer, began_ns, 0);
        pe_lane_until(lane, phase, now, 0);
        lent_ns -= ns;
    }
    lane->stretch.ns[phase] += lent_ns; /* and the stretch's own phase gets as much less */
    lane->lent_ns += lent_ns;
}

void pe_lane_lacks_room(void)
{
    if (pe_lane_here != NULL)
        pe_lane_here->lacks_room = true;
}

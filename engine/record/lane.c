/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* lane.c - the record of one thread: what it did in which phase, and what its items cost.
 *
 * Threads: lane.h.
 */
#include "record/lane.h"

#include "base/clock.h"

#define LONG_PAUSE_NS 10000u /* is an event of its own */
#define SHORT_PAUSE_NS 1000u
#define STRIDE 16

_Thread_local pe_lane *pe_lane_here;

void pe_lane_enter(pe_lane *lane)
{
    pe_lane_here = lane;
    if (lane != NULL)
        lane->mark_ns = pe_clock_ns();
}

void pe_lane_leave(pe_phase phase)
{
    if (pe_lane_here != NULL)
        pe_lane_until(pe_lane_here, phase, pe_clock_ns(), 0);
    pe_lane_here = NULL;
}

static void settle(pe_lane *lane, pe_phase phase, uint64_t begin_ns, uint64_t ns, uint64_t items)
{
    const uint64_t begin = begin_ns > lane->origin_ns ? begin_ns - lane->origin_ns : 0;
    lane->total_ns[phase] += ns;
    pe_time_bins_add(&lane->bins, phase, begin, begin + ns, items);
}

/* The pauses come out of the phase's own time. Returns the rest of that. */
static uint64_t settle_pauses(pe_lane *lane, pe_phase phase, uint64_t begin_ns, uint64_t ns)
{
    uint64_t left = ns;
    for (int other = 0; other < PE_PHASES; other++) {
        const uint64_t lent = lane->lent_ns[other] < left ? lane->lent_ns[other] : left;
        lane->lent_ns[other] = 0;
        if (lent == 0 || other == (int)phase)
            continue;
        settle(lane, (pe_phase)other, begin_ns, lent, 0);
        left -= lent;
    }
    lane->lent_all_ns = 0;
    return left;
}

void pe_lane_until(pe_lane *lane, pe_phase phase, uint64_t end_ns, uint64_t items)
{
    const uint64_t begin = lane->mark_ns;
    lane->items += items;
    if (end_ns <= begin)
        return;
    const uint64_t ns = end_ns - begin;
    const uint64_t own = lane->lent_all_ns == 0 ? ns : settle_pauses(lane, phase, begin, ns);
    settle(lane, phase, begin + (ns - own), own, items);
    const uint64_t since = begin > lane->origin_ns ? begin - lane->origin_ns : 0;
    pe_events_add(&lane->events, &(pe_event){.begin_ns = since,
                                             .end_ns = since + ns,
                                             .own_ns = own,
                                             .items = items,
                                             .parts = 1,
                                             .phase = (uint32_t)phase});
    lane->mark_ns = end_ns;
}

void pe_lane_chunk(uint64_t first, uint64_t items, uint64_t ns, uint64_t end_ns)
{
    pe_lane *const lane = pe_lane_here;
    if (lane == NULL)
        return;
    pe_lane_until(lane, PE_PHASE_COMPUTE, end_ns, items);
    lane->chunks++;
    if (items == 0)
        return;
    const uint64_t cost_ns = ns > lane->written_ns ? ns - lane->written_ns : 0;
    lane->item_ns = (double)cost_ns / (double)items;
    if (lane->is_metered)
        return;
    pe_costs_add(&lane->costs, items, cost_ns);
    if (pe_costs_is_slow(&lane->costs, lane->item_ns))
        pe_costs_keep(
            &lane->costs,
            &(pe_slow_item){.item = first + lane->ahead, .count = items, .ns = cost_ns, .each_ns = lane->item_ns});
}

void pe_lane_waited(uint64_t end_ns)
{
    pe_lane *const lane = pe_lane_here;
    if (lane == NULL)
        return;
    pe_lane_until(lane, lane->lacks_room ? PE_PHASE_WAIT_WINDOW : PE_PHASE_WAIT_WORK, end_ns, 0);
    lane->lacks_room = false;
    lane->written_ns = 0;
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
    lane->written_ns += phase == PE_PHASE_WRITE ? ns : 0;
    if (phase == PE_PHASE_READ) {
        lent_ns *= lane->stride + 1;
        lane->skip = lane->stride = ns < SHORT_PAUSE_NS ? STRIDE - 1 : 0;
    }
    if (ns >= LONG_PAUSE_NS) {
        pe_lane_until(lane, outer, began_ns, 0);
        pe_lane_until(lane, phase, now, 0);
        lent_ns -= ns;
    }
    lane->lent_ns[phase] += lent_ns;
    lane->lent_all_ns += lent_ns;
}

void pe_lane_lacks_room(void)
{
    if (pe_lane_here != NULL)
        pe_lane_here->lacks_room = true;
}

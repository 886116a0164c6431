/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* lanes.c - the profile of one rank: a lane for each of its threads.
 *
 * Threads: made and freed by the main thread; each lane belongs to its thread.
 */
#include "profile/lanes.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "profile/collected.h"

#define EVENTS_LEAST 64 /* of a thread, however many there are */

static size_t events_each(int all_threads, int ranks)
{
    const size_t each = PE_PROFILE_EVENTS / ((size_t)all_threads + (size_t)ranks);
    return each < EVENTS_LEAST ? EVENTS_LEAST : each;
}

pe_status pe_profile_make(int workers, int all_threads, int ranks, uint64_t origin_ns, pe_profile **out, pe_error *err)
{
    pe_profile *profile = NULL;
    const int lanes = workers + 1;
    pe_status status = pe_make_array(&profile, 1, sizeof *profile, err);
    if (status != PE_OK)
        return status;
    profile->origin_ns = origin_ns;
    status = pe_make_array(&profile->lanes, (size_t)lanes, sizeof *profile->lanes, err);
    if (status != PE_OK) {
        free(profile);
        return status;
    }
    profile->lane_count = lanes;
    for (int i = 0; i < lanes; i++) {
        profile->lanes[i].origin_ns = profile->lanes[i].mark_ns = origin_ns;
        pe_time_bins_init(&profile->lanes[i].bins);
        pe_events_init(&profile->lanes[i].events, events_each(all_threads, ranks));
    }
    *out = profile;
    return PE_OK;
}

void pe_profile_free(pe_profile *profile)
{
    if (profile == NULL)
        return;
    for (int i = 0; i < profile->lane_count; i++)
        pe_events_fini(&profile->lanes[i].events);
    free(profile->lanes);
    free(profile);
}

void pe_profile_end(pe_profile *profile, uint64_t sync_ns, uint64_t end_ns)
{
    for (int i = 0; i < profile->lane_count; i++) {
        pe_lane *const lane = &profile->lanes[i];
        if (lane->stretch.begin_ns == 0) /* it has not begun */
            lane->stretch.begin_ns = lane->mark_ns;
        pe_lane_until(lane, PE_PHASE_WAIT_WORK, sync_ns, 0);
        pe_lane_until(lane, PE_PHASE_SYNC, end_ns, 0);
        pe_lane_flush(lane);
    }
}

size_t pe_profile_bytes(int workers, int all_threads, int ranks, bool is_root)
{
    const size_t each = events_each(all_threads, ranks), lanes = (size_t)workers + 1;
    const size_t own = lanes * (sizeof(pe_lane) + each * sizeof(pe_event) * 3 / 2); /* a list is copied to grow */
    const size_t all = ((size_t)all_threads + (size_t)ranks) * (each * sizeof(pe_event) + sizeof(pe_thread_events)) +
                       (size_t)ranks * sizeof(pe_rank_profile) + sizeof(pe_costs);
    return is_root ? own + all : own;
}

pe_lane *pe_profile_lane(pe_profile *profile, int worker)
{
    return profile == NULL ? NULL : &profile->lanes[worker + 1];
}

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* lanes.c - the record of one rank: a lane for each of its threads.
 *
 * Threads: made and freed by the main thread; each lane belongs to its thread.
 */
#include "record/lanes.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "record/collected.h"

#define EVENTS_LEAST 64 /* of a thread, however many there are */

static size_t events_each(int all_threads, int ranks)
{
    const size_t each = PE_RECORD_EVENTS / ((size_t)all_threads + (size_t)ranks);
    return each < EVENTS_LEAST ? EVENTS_LEAST : each;
}

pe_status pe_record_make(int workers, int all_threads, int ranks, uint64_t origin_ns, pe_record **out, pe_error *err)
{
    pe_record *record = NULL;
    const int lanes = workers + 1;
    pe_status status = pe_make_array(&record, 1, sizeof *record, err);
    if (status != PE_OK)
        return status;
    record->origin_ns = origin_ns;
    status = pe_make_array(&record->lanes, (size_t)lanes, sizeof *record->lanes, err);
    if (status != PE_OK) {
        free(record);
        return status;
    }
    record->lane_count = lanes;
    for (int i = 0; i < lanes; i++) {
        record->lanes[i].origin_ns = record->lanes[i].mark_ns = origin_ns;
        pe_time_bins_init(&record->lanes[i].bins);
        pe_events_init(&record->lanes[i].events, events_each(all_threads, ranks));
    }
    *out = record;
    return PE_OK;
}

void pe_record_free(pe_record *record)
{
    if (record == NULL)
        return;
    for (int i = 0; i < record->lane_count; i++)
        pe_events_fini(&record->lanes[i].events);
    free(record->lanes);
    free(record);
}

void pe_record_end(pe_record *record, uint64_t sync_ns, uint64_t end_ns)
{
    for (int i = 0; i < record->lane_count; i++) {
        pe_lane *const lane = &record->lanes[i];
        if (lane->stretch.begin_ns == 0) /* it has not begun */
            lane->stretch.begin_ns = lane->mark_ns;
        pe_lane_until(lane, PE_PHASE_WAIT_WORK, sync_ns, 0);
        pe_lane_until(lane, PE_PHASE_SYNC, end_ns, 0);
        pe_lane_flush(lane);
    }
}

size_t pe_record_bytes(int workers, int all_threads, int ranks, bool is_root)
{
    const size_t each = events_each(all_threads, ranks), lanes = (size_t)workers + 1;
    const size_t own = lanes * (sizeof(pe_lane) + each * sizeof(pe_event) * 3 / 2); /* a list is copied to grow */
    const size_t all = ((size_t)all_threads + (size_t)ranks) * (each * sizeof(pe_event) + sizeof(pe_thread_events)) +
                       (size_t)ranks * sizeof(pe_rank_record) + sizeof(pe_costs);
    return is_root ? own + all : own;
}

pe_lane *pe_record_lane(pe_record *record, int worker)
{
    return record == NULL ? NULL : &record->lanes[worker + 1];
}

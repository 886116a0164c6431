/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* collected.c - the profiles of all ranks, on rank 0 at the end of a run.
 *
 * Design:  the sums are gathered, the costs merged along a tree, and the events sent rank after rank, so that rank 0 never
 *          holds more than it keeps.
 * Threads: the main thread.
 */
#include "profile/collected.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

/* ---- this rank ---- */

static void sum_lanes(pe_profile *profile, pe_rank_profile *mine, pe_costs *costs)
{
    pe_time_bins_init(&mine->bins);
    for (int i = 0; i < profile->lane_count; i++) {
        pe_lane *const lane = &profile->lanes[i];
        uint64_t *const into = i == 0 ? mine->main_ns : mine->worker_ns;
        pe_events_close(&lane->events);
        mine->lane_events[i == 0 ? 0 : 1] += lane->events.count;
        for (int phase = 0; phase < PE_PHASES; phase++)
            into[phase] += lane->total_ns[phase];
        if (i == 0)
            continue;
        mine->items += lane->items;
        mine->chunks += lane->chunks;
        pe_time_bins_merge(&mine->bins, &lane->bins);
        pe_costs_merge(costs, &lane->costs);
    }
    mine->threads = profile->lane_count - 1;
}

/* ---- events ---- */

/* One message: the number of events of each thread, then all events. */
static pe_status pack_events(const pe_profile *profile, pe_buffer *out, pe_error *err)
{
    pe_status status = PE_OK;
    for (int i = 0; i < profile->lane_count && status == PE_OK; i++) {
        const uint64_t count = profile->lanes[i].events.count;
        status = pe_buffer_append(out, &count, sizeof count, err);
    }
    for (int i = 0; i < profile->lane_count && status == PE_OK; i++) {
        const pe_events *const events = &profile->lanes[i].events;
        status = pe_buffer_append(out, events->list, events->count * sizeof *events->list, err);
    }
    return status;
}

/* Times of rank 0's clock: what the two clocks drifted apart during the run is spread over it. */
static void correct_times(pe_event *list, size_t count, const pe_rank_profile *rank)
{
    const double drift_ns = (double)(rank->clock_ns[1] - rank->clock_ns[0]);
    const double wall_ns = rank->wall_ns > 0 ? (double)rank->wall_ns : 1;
    uint64_t last_ns = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t *const times[] = {&list[i].begin_ns, &list[i].end_ns};
        for (int t = 0; t < 2; t++) {
            const double at = (double)*times[t] - drift_ns * ((double)*times[t] / wall_ns);
            const uint64_t ns = at > 0 ? (uint64_t)at : 0;
            *times[t] = last_ns = ns > last_ns ? ns : last_ns;
        }
    }
}

static pe_status unpack_events(const pe_buffer *from, int rank, const pe_rank_profile *facts, pe_collected *out,
                               pe_error *err)
{
    const size_t lanes = (size_t)facts->threads + 1;
    const unsigned char *at = from->data + lanes * sizeof(uint64_t);
    pe_status status = PE_OK;
    for (size_t i = 0; i < lanes && status == PE_OK; i++) {
        pe_thread_events *const thread = &out->threads[out->thread_count];
        uint64_t count = 0;
        memcpy(&count, from->data + i * sizeof count, sizeof count);
        *thread = (pe_thread_events){.rank = rank, .worker = (int)i - 1, .count = (size_t)count};
        status = pe_make_array(&thread->list, thread->count, sizeof *thread->list, err);
        if (status != PE_OK)
            break;
        memcpy(thread->list, at, thread->count * sizeof *thread->list);
        at += thread->count * sizeof *thread->list;
        correct_times(thread->list, thread->count, facts);
        out->thread_count++;
    }
    return status;
}

static size_t message_bytes(const pe_rank_profile *facts)
{
    return ((size_t)facts->threads + 1) * sizeof(uint64_t) +
           (size_t)(facts->lane_events[0] + facts->lane_events[1]) * sizeof(pe_event);
}

/* On rank 0. A rank's events are received also where there is no memory to keep them. */
static void take_events(pe_comm *comm, const pe_buffer *own, pe_collected *out, pe_error *err)
{
    pe_buffer message = {0};
    for (int rank = 0; rank < out->rank_count; rank++) {
        const pe_rank_profile *const facts = &out->ranks[rank];
        message.size = 0;
        if (rank > 0 && pe_comm_receive_from(comm, rank, message_bytes(facts), &message, err) != PE_OK)
            break;
        if (err->status == PE_OK)
            (void)unpack_events(rank == 0 ? own : &message, rank, facts, out, err);
    }
    pe_buffer_fini(&message);
}

/* ---- all ranks ---- */

static pe_status make_room(pe_comm *comm, pe_collected *out, pe_error *err)
{
    out->rank_count = pe_comm_size(comm);
    return pe_make_array(&out->ranks, (size_t)out->rank_count, sizeof *out->ranks, err);
}

static void merge_costs(void *context, void *other)
{
    pe_costs_merge(context, other);
}

static pe_status make_threads(pe_collected *out, pe_error *err)
{
    size_t lanes = 0;
    for (int rank = 0; rank < out->rank_count; rank++)
        lanes += (size_t)out->ranks[rank].threads + 1;
    return pe_make_array(&out->threads, lanes, sizeof *out->threads, err);
}

static pe_status collect_events(pe_comm *comm, const pe_profile *profile, pe_collected *out, pe_error *err)
{
    const bool is_root = pe_comm_rank(comm) == 0;
    pe_buffer own = {0};
    (void)pack_events(profile, &own, err);
    if (err->status == PE_OK && is_root)
        (void)make_threads(out, err);
    if (pe_comm_agree(comm, err) == PE_OK) {
        if (is_root)
            take_events(comm, &own, out, err);
        else
            (void)pe_comm_send_to_root(comm, &own, err);
    }
    pe_buffer_fini(&own);
    return pe_comm_agree(comm, err);
}

pe_status pe_collect(pe_comm *comm, pe_profile *profile, pe_rank_profile *mine, pe_collected *out, pe_error *err)
{
    const bool is_root = pe_comm_rank(comm) == 0;
    pe_costs *other = NULL;
    (void)pe_make_array(&out->costs, 1, sizeof *out->costs, err);
    (void)pe_make_array(&other, 1, sizeof *other, err);
    if (err->status == PE_OK && is_root)
        (void)make_room(comm, out, err);
    if (pe_comm_agree(comm, err) == PE_OK) {
        sum_lanes(profile, mine, out->costs);
        (void)pe_comm_gather(comm, mine, sizeof *mine, out->ranks, err);
        (void)pe_comm_merge(comm, out->costs, other, sizeof *other, merge_costs, out->costs, err);
    }
    free(other);
    return pe_comm_agree(comm, err) == PE_OK ? collect_events(comm, profile, out, err) : err->status;
}

void pe_collected_fini(pe_collected *collected)
{
    for (size_t i = 0; i < collected->thread_count; i++)
        free(collected->threads[i].list);
    free(collected->threads);
    free(collected->ranks);
    free(collected->costs);
    *collected = (pe_collected){.ranks = NULL};
}

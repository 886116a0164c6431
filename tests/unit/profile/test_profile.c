/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "profile/history.h"
#include "profile/lane.h"

#include <math.h>
#include <string.h>

#include "unit.h"

#define MOST 500u

/* Events of 1 to 100 us in turn, `count` of them, whose times add up. */
static uint64_t fill(pe_events *events, uint32_t count)
{
    uint64_t at = 0;
    for (uint32_t i = 0; i < count; i++) {
        const uint64_t ns = 1000 + (i * 7919u) % 99000u;
        pe_events_add(events, &(pe_event){.begin_ns = at,
                                          .end_ns = at + ns,
                                          .own_ns = ns,
                                          .items = 1,
                                          .parts = 1,
                                          .phase = i % 2 == 0 ? PE_PHASE_COMPUTE : PE_PHASE_WRITE});
        at += ns;
    }
    pe_events_close(events);
    return at;
}

static void check(const pe_events *events, uint64_t end_ns, uint64_t items)
{
    uint64_t at = 0, sum = 0, parts = 0;
    for (size_t i = 0; i < events->count; i++) {
        const pe_event *const event = &events->list[i];
        ck_assert_uint_eq(event->begin_ns, at); /* no gap and no overlap */
        ck_assert_uint_gt(event->end_ns, event->begin_ns);
        ck_assert_uint_le(event->own_ns, event->end_ns - event->begin_ns);
        at = event->end_ns;
        sum += event->items;
        parts += event->parts;
    }
    ck_assert_uint_eq(at, end_ns);
    ck_assert_uint_eq(sum, items);
    ck_assert_uint_eq(parts, items);
}

START_TEST(events_beyond_the_bound_are_merged_and_lose_nothing)
{
    const uint32_t counts[] = {0, 1, 2, 100, MOST, MOST + 1, 20000, 1000000};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        pe_events events;
        pe_events_init(&events, MOST);
        const uint64_t end_ns = fill(&events, counts[i]);
        ck_assert_uint_le(events.count, MOST);
        check(&events, end_ns, counts[i]);
        if (counts[i] > 10 * MOST)
            ck_assert_uint_ge(events.count, MOST / 4); /* as fine as the bound allows */
        pe_events_fini(&events);
    }
}
END_TEST

START_TEST(bins_of_a_long_run_fold_and_lose_nothing)
{
    static pe_time_bins one, other;
    double ns = 0, items = 0;
    pe_time_bins_init(&one);
    pe_time_bins_init(&other);
    for (uint64_t i = 0; i < 1000; i++) { /* up to 1000 s, 4 of 5 s computing */
        pe_time_bins_add(i % 2 == 0 ? &one : &other, PE_PHASE_COMPUTE, i * 1000000000u, i * 1000000000u + 800000000u,
                         100);
    }
    pe_time_bins_merge(&one, &other);
    for (int bin = 0; bin < PE_TIME_BINS; bin++) {
        ns += (double)one.ns[bin][PE_PHASE_COMPUTE];
        items += (double)one.items[bin];
        const double width = ldexp(1, (int)one.shift);
        ck_assert((double)one.ns[bin][PE_PHASE_COMPUTE] <= width * 1.001);
    }
    ck_assert(fabs(ns / 800e9 - 1) < 1e-4);
    ck_assert(fabs(items / 100000 - 1) < 1e-4);
}
END_TEST

START_TEST(costs_keep_the_slowest_and_count_all)
{
    static pe_costs one, other;
    for (uint64_t i = 1; i <= 1000; i++) { /* item i costs (i * 7) % 1000 us */
        pe_costs *const costs = i % 2 == 0 ? &one : &other;
        const uint64_t ns = (i * 7 % 1000) * 1000;
        pe_costs_add(costs, 1, ns);
        if (pe_costs_is_slow(costs, (double)ns))
            pe_costs_keep(costs, &(pe_slow_item){.item = i, .count = 1, .ns = ns, .each_ns = (double)ns});
    }
    pe_costs_merge(&one, &other);
    ck_assert_int_eq(one.slow_count, PE_COST_SLOWEST);
    for (int i = 0; i < PE_COST_SLOWEST; i++) {
        ck_assert(one.slowest[i].each_ns == (999 - i) * 1000.0);
        ck_assert_uint_eq(one.slowest[i].item * 7 % 1000, (uint64_t)(999 - i));
    }
    uint64_t items = 0;
    for (int bucket = 0; bucket < PE_COST_BUCKETS; bucket++)
        items += one.items[bucket];
    ck_assert_uint_eq(items, 1000);
    ck_assert(fabs(pe_costs_quantile_ns(&one, 0.5) / 500e3 - 1) < 0.3); /* a bucket is half an octave */
}
END_TEST

START_TEST(lane_tells_phases_of_short_and_long_stays)
{
    static pe_lane lane;
    memset(&lane, 0, sizeof lane);
    pe_time_bins_init(&lane.bins);
    pe_events_init(&lane.events, MOST);
    for (uint64_t i = 0; i < 1000; i++) { /* 1 us of work, 0.5 us of writing; every 100th chunk takes 1 ms */
        pe_lane_until(&lane, PE_PHASE_COMPUTE, lane.mark_ns + (i % 100 == 99 ? 1000000 : 1000), 10);
        pe_lane_until(&lane, PE_PHASE_WRITE, lane.mark_ns + 500, 0);
    }
    pe_lane_flush(&lane);
    pe_events_close(&lane.events);
    ck_assert_uint_eq(lane.total_ns[PE_PHASE_COMPUTE], 990 * 1000 + 10 * 1000000);
    ck_assert_uint_eq(lane.total_ns[PE_PHASE_WRITE], 1000 * 500);
    ck_assert_uint_eq(lane.items, 10000);
    size_t whole = 0; /* the long chunks are events of their own */
    for (size_t i = 0; i < lane.events.count; i++)
        whole += lane.events.list[i].own_ns >= 1000000 && lane.events.list[i].parts <= 40;
    ck_assert_uint_eq(whole, 10);
    pe_events_fini(&lane.events);
}
END_TEST

static void make_history(pe_history *out)
{
    *out = (pe_history){.runs = 2, .items = 1300};
    out->worker_ns[PE_PHASE_COMPUTE] = 77;
    out->worker_ns[PE_PHASE_SYNC] = 5;
    pe_costs_add(&out->costs, 300, 300000);
    pe_costs_add(&out->costs, 1000, 7);
    pe_costs_keep(&out->costs, &(pe_slow_item){.item = 4, .count = 1, .ns = 900, .each_ns = 900, .text = "f(4)"});
    pe_costs_keep(&out->costs, &(pe_slow_item){.item = 9, .count = 3, .ns = 300, .each_ns = 100});
}

START_TEST(history_decoded_is_what_was_encoded)
{
    pe_error err = PE_ERROR_INIT;
    pe_history was, is;
    pe_buffer bytes = {0};
    make_history(&was);
    ck_ok(pe_history_encode(&was, &bytes, &err), err);
    ck_assert_uint_lt(bytes.size, 400);
    ck_assert(pe_history_decode(&is, bytes.data, bytes.size));
    ck_assert_mem_eq(&is, &was, sizeof is);
    pe_buffer_fini(&bytes);
}
END_TEST

START_TEST(history_cut_or_of_other_phases_is_none)
{
    pe_error err = PE_ERROR_INIT;
    pe_history was, is;
    pe_buffer bytes = {0};
    make_history(&was);
    ck_ok(pe_history_encode(&was, &bytes, &err), err);
    for (size_t size = 0; size < bytes.size; size++) {
        ck_assert_msg(!pe_history_decode(&is, bytes.data, size), "cut at %zu", size);
        ck_assert_uint_eq(is.runs, 0);
    }
    bytes.data[0]++;
    ck_assert(!pe_history_decode(&is, bytes.data, bytes.size));
    pe_buffer_fini(&bytes);
}
END_TEST

UNIT_MAIN("record", events_beyond_the_bound_are_merged_and_lose_nothing, bins_of_a_long_run_fold_and_lose_nothing,
          costs_keep_the_slowest_and_count_all, lane_tells_phases_of_short_and_long_stays,
          history_decoded_is_what_was_encoded, history_cut_or_of_other_phases_is_none)

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_plan.c - slices and chunks cover the input once, within the memory asked for.
 */
#include "plan/plan.h"

#include <limits.h>
#include <pengine/types.h>

#include "unit.h"

static uint64_t dice(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u; /* Knuth's MMIX generator */
    return *state >> 33;
}

static pe_plan_request request_of(uint64_t items, int ranks, int threads, uint64_t chunk, pe_schedule schedule)
{
    return (pe_plan_request){.items = items,
                             .ranks = ranks,
                             .threads = threads,
                             .schedule = schedule,
                             .order = PE_ORDER_STREAM,
                             .chunk_items = chunk,
                             .in_item_bytes = 8,
                             .out_item_bytes = 8};
}

static pe_block slice_of(const pe_plan *plan, uint64_t number)
{
    const uint64_t first = number * plan->slice_items, left = plan->items - first;
    return (pe_block){.first = first, .count = left < plan->slice_items ? left : plan->slice_items};
}

/* Walks every slice and chunk: each item must come exactly once, in order. (Check writes down every assert: once a
 * plan.) */
static bool covers(const pe_plan *plan, uint64_t items)
{
    uint64_t at = 0;
    bool is_right = true;
    for (uint64_t s = 0; s < plan->slices; s++) {
        const pe_block slice = slice_of(plan, s);
        const int owner = pe_plan_owner(plan, s);
        uint64_t chunks = 0;
        is_right &= slice.first == at && slice.count > 0;
        is_right &= owner >= 0 && owner < plan->ranks;
        for (; at < slice.first + slice.count; chunks++)
            at += plan->chunk_items;
        is_right &= chunks <= plan->chunks_per_slice;
        at = slice.first + slice.count;
    }
    return is_right && at == items;
}

START_TEST(plan_no_items_has_no_slices)
{
    pe_error err = PE_ERROR_INIT;
    pe_plan plan;
    const pe_plan_request request = request_of(0, 3, 2, 0, PE_SCHEDULE_AUTO);
    ck_ok(pe_plan_make(&request, &plan, &err), err);
    ck_assert_uint_eq(plan.slices, 0);
}
END_TEST

START_TEST(plan_one_item_has_one_slice)
{
    pe_error err = PE_ERROR_INIT;
    pe_plan plan;
    const pe_plan_request request = request_of(1, 7, 3, 1000000, PE_SCHEDULE_STATIC);
    ck_ok(pe_plan_make(&request, &plan, &err), err);
    ck_assert_uint_eq(plan.slices, 1);
    ck_assert_uint_eq(plan.chunk_items, 1);
    ck_assert(covers(&plan, 1));
}
END_TEST

START_TEST(plan_thousands_of_requests_cover_disjointly)
{
    uint64_t state = 1;
    for (int round = 0; round < 5000; round++) {
        pe_error err = PE_ERROR_INIT;
        pe_plan plan;
        const uint64_t items = dice(&state) % (round % 10 == 0 ? 2000000 : 5000);
        const int ranks = 1 + (int)(dice(&state) % 9), threads = 1 + (int)(dice(&state) % 8);
        const uint64_t chunk = round % 3 == 0 ? 0 : 1 + dice(&state) % (round % 2 == 0 ? 7 : 10000);
        const pe_schedule schedule = (pe_schedule)(dice(&state) % 3);
        const pe_plan_request request = request_of(items, ranks, threads, chunk, schedule);
        if (pe_plan_make(&request, &plan, &err) != PE_OK || !covers(&plan, items) ||
            plan.chunk_items % (chunk != 0 ? plan.grain_items : 1) != 0 || plan.schedule == PE_SCHEDULE_AUTO ||
            plan.depth < plan.ahead || plan.slots <= threads)
            ck_abort_msg("%llu items, %d ranks, chunk %llu: %s", (unsigned long long)items, ranks,
                         (unsigned long long)chunk, err.text);
    }
}
END_TEST

START_TEST(plan_static_slices_differ_by_one_between_ranks)
{
    pe_error err = PE_ERROR_INIT;
    pe_plan plan;
    uint64_t owned[7] = {0};
    const pe_plan_request request = request_of(123457, 7, 2, 10, PE_SCHEDULE_STATIC);
    ck_ok(pe_plan_make(&request, &plan, &err), err);
    for (uint64_t s = 0; s < plan.slices; s++)
        owned[pe_plan_owner(&plan, s)]++;
    for (int rank = 1; rank < 7; rank++)
        ck_assert_uint_le(owned[0] - owned[rank], 1);
}
END_TEST

START_TEST(plan_largest_input_does_not_overflow)
{
    pe_error err = PE_ERROR_INIT;
    pe_plan plan;
    const uint64_t items = (uint64_t)1 << 63;
    const pe_plan_request request = request_of(items, 4, 2, 0, PE_SCHEDULE_DYNAMIC);
    ck_ok(pe_plan_make(&request, &plan, &err), err);
    const pe_block last = slice_of(&plan, plan.slices - 1);
    ck_assert_uint_eq(last.first + last.count, items);
    ck_assert_uint_le(last.count, plan.slice_items);
}
END_TEST

START_TEST(plan_buffers_stay_within_memory)
{
    const size_t memories[] = {(size_t)4 << 20, (size_t)16 << 20, (size_t)64 << 20, (size_t)1 << 30};
    for (size_t m = 0; m < sizeof memories / sizeof *memories; m++) {
        for (int ranks = 1; ranks <= 8; ranks++) {
            pe_error err = PE_ERROR_INIT;
            pe_plan plan;
            pe_plan_request request = request_of(1000000000, ranks, 2, 0, PE_SCHEDULE_AUTO);
            request.memory_bytes = memories[m];
            ck_ok(pe_plan_make(&request, &plan, &err), err);
            ck_assert_uint_le(plan.buffer_bytes, memories[m]);
            ck_assert_uint_gt(plan.peak_bytes, plan.buffer_bytes);
        }
    }
}
END_TEST

START_TEST(plan_rank_0_keeps_220_bytes_of_each_further_rank_at_most)
{
    size_t kept[2] = {0, 0};
    for (int i = 0; i < 2; i++) {
        pe_error err = PE_ERROR_INIT;
        pe_plan plan;
        const pe_plan_request request = request_of((uint64_t)1 << 50, i == 0 ? 4096 : 100000, 1, 0, PE_SCHEDULE_AUTO);
        ck_ok(pe_plan_make(&request, &plan, &err), err);
        kept[i] = (size_t)plan.window_slices * (PE_PLAN_ENTRY_BYTES + PE_PLAN_PART_BYTES) +
                  (size_t)plan.ranks * PE_PLAN_RANK_BYTES;
        ck_assert_uint_gt(plan.window_slices, (uint64_t)plan.ranks); /* one to compute, some that wait */
        ck_assert_uint_gt(plan.buffer_bytes, kept[i]);
    }
    ck_assert_uint_le(kept[0], ((size_t)4 << 20));
    ck_assert_uint_le(kept[1] - kept[0], (100000u - 4096u) * 220u);
}
END_TEST

START_TEST(plan_too_little_memory_is_refused_by_name)
{
    pe_error err = PE_ERROR_INIT;
    pe_plan plan;
    pe_plan_request request = request_of(1000000, 1, 2, 100000, PE_SCHEDULE_AUTO);
    request.memory_bytes = 4096;
    ck_assert_int_eq(pe_plan_make(&request, &plan, &err), PE_ECONFIG);
    ck_assert_ptr_nonnull(strstr(err.text, "pool.memory"));
}
END_TEST

START_TEST(plan_stream_has_no_slices_ahead_and_is_dynamic)
{
    pe_error err = PE_ERROR_INIT;
    pe_plan plan;
    const pe_plan_request request = request_of(PE_ITEMS_UNKNOWN, 3, 2, 0, PE_SCHEDULE_STATIC);
    ck_ok(pe_plan_make(&request, &plan, &err), err);
    ck_assert_uint_eq(plan.slices, PE_ITEMS_UNKNOWN);
    ck_assert_uint_eq(plan.chunks_per_slice, 1);
    ck_assert_int_eq(plan.schedule, PE_SCHEDULE_DYNAMIC);
}
END_TEST

static pe_plan plan_of(pe_plan_request request)
{
    pe_error err = PE_ERROR_INIT;
    pe_plan plan;
    ck_ok(pe_plan_make(&request, &plan, &err), err);
    return plan;
}

/* A chunk of a given size stays with one worker; several of them may be claimed at once where there are many. */
START_TEST(plan_given_chunks_are_claimed_whole)
{
    const pe_plan many = plan_of(request_of(1000000, 1, 2, 10, PE_SCHEDULE_AUTO));
    ck_assert_uint_eq(many.grain_items, 10);
    ck_assert_uint_eq(many.batch_items, 10);
    ck_assert_uint_eq(many.chunk_items % 10, 0);
    ck_assert_uint_gt(many.chunk_items, 10);
    ck_assert_uint_le(many.chunk_items, 1000000 / 2 / 64);
    const pe_plan few = plan_of(request_of(1000, 1, 2, 10, PE_SCHEDULE_AUTO));
    ck_assert_uint_eq(few.chunk_items, 10);
    const pe_plan large = plan_of(request_of(10000000, 1, 2, 1000000, PE_SCHEDULE_AUTO));
    ck_assert_uint_eq(large.chunk_items, 1000000);
    const pe_plan all = plan_of(request_of(1000, 1, 2, 1000000, PE_SCHEDULE_AUTO));
    ck_assert_uint_eq(all.grain_items, 1000);
}
END_TEST

START_TEST(plan_chunks_have_several_grains)
{
    const pe_plan small = plan_of(request_of(100000, 1, 2, 0, PE_SCHEDULE_AUTO));
    ck_assert_uint_eq(small.chunk_items, 100000 / 2 / 64);
    ck_assert_uint_eq(small.grain_items, 100000 / 2 / 64 / 4);
    const pe_plan large = plan_of(request_of(100000000, 1, 2, 0, PE_SCHEDULE_AUTO));
    ck_assert_uint_ge(large.batch_items, 1024); /* as many as fit the first-level cache */
    ck_assert_uint_eq(large.grain_items % large.batch_items, 0);
    ck_assert_uint_le(large.grain_items, large.chunk_items / 4);
}
END_TEST

START_TEST(plan_given_chunks_of_streams_and_processes_go_singly)
{
    const pe_plan stream = plan_of(request_of(PE_ITEMS_UNKNOWN, 1, 2, 10, PE_SCHEDULE_AUTO));
    ck_assert_uint_eq(stream.chunk_items, 10);
    pe_plan_request request = request_of(1000000, 1, 2, 10, PE_SCHEDULE_AUTO);
    request.is_in_processes = true;
    ck_assert_uint_eq(plan_of(request).chunk_items, 10);
}
END_TEST

/* Columns of 8 and of 400 bytes per item: the nearer, the smaller. */
START_TEST(plan_batches_to_another_process_are_large)
{
    static const size_t item_bytes[] = {8, 400};
    static const uint64_t least[] = {4096, 512}, most[] = {16384, 1024};
    for (int i = 0; i < 2; i++) {
        pe_error err = PE_ERROR_INIT;
        pe_plan here, there;
        pe_plan_request request = request_of(100000000, 1, 2, 0, PE_SCHEDULE_AUTO);
        request.in_item_bytes = item_bytes[i];
        ck_ok(pe_plan_make(&request, &here, &err), err);
        request.is_in_processes = true;
        ck_ok(pe_plan_make(&request, &there, &err), err);
        ck_assert_uint_ge(there.batch_items, least[i]);
        ck_assert_uint_le(there.batch_items, most[i]);
        ck_assert_uint_le(there.batch_items, there.chunk_items);
        ck_assert_uint_lt(here.batch_items * item_bytes[i], (uint64_t)32 << 10);
    }
}
END_TEST

START_TEST(plan_workers_that_take_turns_have_more_in_front_of_them)
{
    pe_error err = PE_ERROR_INIT;
    pe_plan roomy, crowded;
    pe_plan_request request = request_of(100000000, 4, 1, 0, PE_SCHEDULE_AUTO);
    ck_ok(pe_plan_make(&request, &roomy, &err), err);
    request.is_crowded = true;
    ck_ok(pe_plan_make(&request, &crowded, &err), err);
    ck_assert_uint_ge(crowded.ahead_ns, 10 * roomy.ahead_ns);
    ck_assert_uint_gt(roomy.ahead_ns, 0);
    ck_assert_uint_eq(crowded.buffer_bytes, roomy.buffer_bytes); /* no memory of its own */
}
END_TEST

/* What touches no columns goes grain by grain; else columns of 8 bytes per item have to stay near. */
START_TEST(plan_batches_without_columns_are_whole_grains)
{
    pe_error err = PE_ERROR_INIT;
    pe_plan with, without;
    pe_plan_request request = request_of(100000000, 1, 2, 0, PE_SCHEDULE_AUTO);
    ck_ok(pe_plan_make(&request, &with, &err), err);
    request.is_generated = true;
    ck_ok(pe_plan_make(&request, &without, &err), err);
    ck_assert_uint_eq(without.chunk_items, with.chunk_items);
    ck_assert_uint_eq(without.batch_items, without.grain_items);
    ck_assert_uint_eq(without.grain_items * 4, without.chunk_items);
    ck_assert_uint_gt(without.batch_items, with.batch_items);
    request.chunk_items = 1000000; /* a run is stopped between two batches */
    ck_ok(pe_plan_make(&request, &without, &err), err);
    ck_assert_uint_le(without.batch_items, 4096);
}
END_TEST

static size_t sixteenth(size_t bytes)
{
    return bytes / 16;
}

/* Rows of which a sixteenth is left: chunks may be large, and batches are as large as the first-level cache. */
START_TEST(plan_rows_of_a_digest_are_counted_as_their_sums)
{
    pe_error err = PE_ERROR_INIT;
    pe_plan rows, sums;
    pe_plan_request request = request_of(100000000, 1, 2, 0, PE_SCHEDULE_AUTO);
    request.is_generated = true;
    ck_ok(pe_plan_make(&request, &rows, &err), err);
    request.digested_bytes = sixteenth;
    ck_ok(pe_plan_make(&request, &sums, &err), err);
    ck_assert_uint_eq(sums.chunk_items, rows.chunk_items * 16);
    ck_assert_uint_le(sums.grain_items, rows.grain_items);
    ck_assert_uint_eq(sums.chunk_out_bytes, sums.chunk_items * request.out_item_bytes / 16);
    ck_assert_uint_le(sums.batch_items * request.out_item_bytes, 32 * 1024);
    ck_assert_uint_le(sums.buffer_bytes, rows.buffer_bytes * 5 / 4);
}
END_TEST

/* ---- numbers at the ends of their types ---- */

/* By 128-bit arithmetic: the blocks cover the items, and the results of the window fit into what the plan counts. */
static bool is_sound(const pe_plan_request *request, const pe_plan *plan, size_t memory)
{
    const pe_uint128 slice = (pe_uint128)plan->chunk_items * plan->chunks_per_slice;
    const pe_uint128 rows = (pe_uint128)plan->chunk_items * request->out_item_bytes;
    const pe_uint128 columns = (pe_uint128)plan->read_items * request->in_item_bytes * (unsigned)plan->threads;
    bool is_right = slice == plan->slice_items && plan->chunk_items > 0 && plan->grain_items > 0;
    if (request->items != PE_ITEMS_UNKNOWN && request->items > 0) {
        const pe_block last = slice_of(plan, plan->slices - 1);
        is_right &= slice * (plan->slices - 1) < request->items && slice * plan->slices >= request->items;
        is_right &= (pe_uint128)last.first + last.count == request->items;
    }
    is_right &= rows <= plan->chunk_out_bytes && rows * (unsigned)plan->slots + columns <= plan->buffer_bytes;
    return is_right && plan->buffer_bytes <= memory && plan->peak_bytes > plan->buffer_bytes &&
           plan->depth >= plan->ahead && plan->ahead > 0 && plan->slots > plan->threads &&
           plan->chunks_most >= plan->slots;
}

static const uint64_t extremes[] = {1,
                                    7,
                                    8,
                                    4096,
                                    1000003,
                                    (uint64_t)1 << 31,
                                    (uint64_t)1 << 40,
                                    (uint64_t)1 << 62,
                                    (uint64_t)1 << 63,
                                    UINT64_MAX / 3,
                                    UINT64_MAX - 1,
                                    UINT64_MAX};
#define EXTREMES (sizeof extremes / sizeof *extremes)

START_TEST(plan_extreme_numbers_give_a_sound_plan_or_a_refusal)
{
    static const int counts[] = {1, 2, 3, 4096, 1 << 20, 1 << 30, INT_MAX};
    uint64_t state = 7;
    int made = 0, refused = 0;
    for (int round = 0; round < 200000; round++) {
        pe_error err = PE_ERROR_INIT;
        pe_plan plan;
        const size_t memory = extremes[3 + dice(&state) % (EXTREMES - 3)];
        pe_plan_request request =
            request_of(extremes[dice(&state) % EXTREMES], counts[dice(&state) % 7], counts[dice(&state) % 7],
                       dice(&state) % 2 == 0 ? 0 : extremes[dice(&state) % 7], (pe_schedule)(dice(&state) % 3));
        request.in_item_bytes = extremes[dice(&state) % EXTREMES];
        request.out_item_bytes = extremes[dice(&state) % EXTREMES];
        request.memory_bytes = memory;
        request.is_in_processes = dice(&state) % 2 == 0;
        request.has_text_result = dice(&state) % 4 == 0;
        request.whole_run_bytes = dice(&state) % 4 == 0 ? extremes[dice(&state) % EXTREMES] : 0;
        const bool is_made = pe_plan_make(&request, &plan, &err) == PE_OK;
        if (is_made ? !is_sound(&request, &plan, memory) : err.status != PE_ECONFIG || err.text[0] == '\0')
            ck_abort_msg("%llu items, %d ranks, %d threads, chunk %llu, %zu and %zu bytes, memory %zu: %s",
                         (unsigned long long)request.items, request.ranks, request.threads,
                         (unsigned long long)request.chunk_items, request.in_item_bytes, request.out_item_bytes, memory,
                         err.text);
        made += is_made ? 1 : 0;
        refused += is_made ? 0 : 1;
    }
    ck_assert_int_gt(made, 1000);
    ck_assert_int_gt(refused, 1000);
}
END_TEST

static size_t no_size(const void *source, uint64_t chunk_items)
{
    (void)source, (void)chunk_items;
    return SIZE_MAX;
}

static void is_refused(pe_plan_request request, const char *text)
{
    pe_error err = PE_ERROR_INIT;
    pe_plan plan;
    ck_assert_int_eq(pe_plan_make(&request, &plan, &err), PE_ECONFIG);
    ck_assert_str_eq(err.text, text);
}

START_TEST(plan_overflow_is_refused_with_the_number)
{
    pe_plan_request request = request_of((uint64_t)1 << 60, 2, 2, 0, PE_SCHEDULE_AUTO);
    request.in_item_bytes = request.out_item_bytes = (size_t)1 << 63;
    is_refused(request,
               "an item: 9223372036854775808 bytes of arguments and 9223372036854775808 of results are more bytes "
               "than 64 bits can count");
    request.chunk_items = (uint64_t)1 << 40;
    request.in_item_bytes = 8;
    request.out_item_bytes = (size_t)1 << 24;
    is_refused(request,
               "pool.chunk_size: 1099511627776 items per chunk, with 8 bytes of arguments and 16777216 of results "
               "each, are more bytes than 64 bits can count");
    request.out_item_bytes = 8;
    request.worker_bytes = (size_t)1 << 62;
    request.threads = 4;
    request.chunk_items = 1;
    is_refused(request,
               "pool.threads: 4 threads with 4611686018427387920 bytes each (1 item per chunk) are more bytes than "
               "64 bits can count");
    request.worker_bytes = 0;
    request.whole_run_bytes = SIZE_MAX;
    pe_error err = PE_ERROR_INIT;
    pe_plan plan;
    ck_assert_int_eq(pe_plan_make(&request, &plan, &err), PE_ECONFIG);
    ck_assert_ptr_nonnull(strstr(err.text, "kept in memory 18446744073709551615"));
    request.whole_run_bytes = 0;
    request.chunk_input_bytes = no_size;
    is_refused(request,
               "pool.chunk_size: 1 item per chunk, with 8 bytes of arguments and 8 of results each, are more bytes "
               "than 64 bits can count");
    request.threads = (1 << 20) + 1;
    is_refused(request, "pool.threads: expected 1 to 1048576 threads on 1 or more ranks, got 1048577 on 2");
}
END_TEST

UNIT_MAIN("plan", plan_no_items_has_no_slices, plan_one_item_has_one_slice, plan_thousands_of_requests_cover_disjointly,
          plan_static_slices_differ_by_one_between_ranks, plan_largest_input_does_not_overflow,
          plan_buffers_stay_within_memory, plan_rank_0_keeps_220_bytes_of_each_further_rank_at_most,
          plan_too_little_memory_is_refused_by_name, plan_stream_has_no_slices_ahead_and_is_dynamic,
          plan_batches_to_another_process_are_large, plan_batches_without_columns_are_whole_grains,
          plan_workers_that_take_turns_have_more_in_front_of_them, plan_given_chunks_are_claimed_whole,
          plan_chunks_have_several_grains, plan_given_chunks_of_streams_and_processes_go_singly,
          plan_rows_of_a_digest_are_counted_as_their_sums, plan_extreme_numbers_give_a_sound_plan_or_a_refusal,
          plan_overflow_is_refused_with_the_number)

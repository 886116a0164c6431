/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_gather.c - rank 0 of several, with members that answer in any order: results in order, each once, few at a time.
 *
 * Threads: the main thread plays the members (fake_members.h); one worker computes rank 0's own slices.
 */
#include "ranks/execute_plan.h"

#include "fake_members.h"

#define ITEMS 60000u

/* ---- the run ---- */

typedef struct run {
    network net;
    pe_plan plan;
    atomic_bool stop;
    uint64_t next; /* item, in order */
    unsigned char seen[ITEMS];
    uint64_t items, logged, placed;
} run;

static pe_status open_worker(const void *work_spec, void **out, pe_error *err)
{
    const run **worker = calloc(1, sizeof *worker);
    (void)err;
    ck_assert_ptr_nonnull(worker);
    *worker = work_spec;
    *out = worker;
    return PE_OK;
}

static void close_worker(void *worker)
{
    free(worker);
}

static pe_status compute(void *worker, pe_split_range *range, const pe_buffer *payload, pe_chunk_result *out,
                         const pe_chunk_flow *flow, pe_error *err)
{
    const run *self = *(const run *const *)worker;
    pe_status status = PE_OK;
    (void)payload, (void)flow;
    for (pe_block grain; status == PE_OK && pe_split_range_next(range, &grain);) {
        for (uint64_t i = 0; i < grain.count && status == PE_OK; i++) {
            const uint64_t value = value_of(grain.first + i);
            if (self->net.is_placed)
                out->placed += sizeof value;
            else
                status = pe_buffer_append(&out->bytes, &value, sizeof value, err);
        }
        out->items += grain.count;
        out->rows += grain.count;
    }
    return status;
}

static const pe_worker_vtable vtable = {.open = open_worker, .run = compute, .close = close_worker};

/* Which dispatch begins at this item; NULL: one of rank 0's own. */
static const dispatch *dispatch_at(const network *net, uint64_t item)
{
    for (uint64_t i = 0; i < net->numbered; i++)
        if (net->dispatches[i]->block.first == item)
            return net->dispatches[i];
    return NULL;
}

static uint64_t first_of(const run *self, const pe_chunk_result *out)
{
    uint64_t first = self->next;
    if (out->bytes.size > 0) { /* what value_of multiplied by is odd: 0xf1de83e19937733d undoes it */
        memcpy(&first, out->bytes.data, sizeof first);
        first *= 0xf1de83e19937733du;
    }
    return first;
}

static pe_status write_rows_here(void *context, const pe_chunk_result *out, pe_error *err)
{
    run *self = context;
    const uint64_t first = first_of(self, out);
    const dispatch *from = NULL;
    (void)err;
    ck_assert_uint_le(first + out->items, ITEMS);
    ck_assert_uint_eq(out->bytes.size, self->net.is_placed ? 0 : out->items * sizeof(uint64_t));
    if (self->plan.order != PE_ORDER_UNORDERED)
        ck_assert_uint_eq(first, self->next);
    for (uint64_t i = 0; i < out->items; i++) {
        uint64_t value = value_of(first + i);
        if (out->bytes.size > 0)
            memcpy(&value, out->bytes.data + i * sizeof value, sizeof value);
        if (value != value_of(first + i) || self->seen[first + i]++ != 0)
            ck_abort_msg("item %llu: wrong, or twice", (unsigned long long)(first + i));
    }
    from = dispatch_at(&self->net, first);
    if (from != NULL) {
        ck_assert_int_eq(from->state, RECEIVED);
        ck_assert_uint_eq(out->items, from->block.count);
        self->net.pulls -= out->bytes.size + out->log.size > 0 ? 1 : 0;
    }
    self->next += out->items;
    self->items += out->items;
    self->logged += out->log.size;
    self->placed += out->placed;
    return PE_OK;
}

static pe_status tick(void *context, uint64_t items, pe_error *err)
{
    (void)context, (void)items, (void)err;
    return PE_OK;
}

static void play(run *self, pe_order order, pe_schedule schedule, uint64_t seed)
{
    static const pe_comm_backend backend = {.bcast = bcast, .reduce = reduce, .start = start, .test = look};
    pe_error err = PE_ERROR_INIT;
    pe_execute_plan_stats stats;
    const pe_plan_request request = {.items = ITEMS,
                                     .ranks = RANKS,
                                     .threads = 1,
                                     .schedule = schedule,
                                     .order = order,
                                     .chunk_items = 20,
                                     .in_item_bytes = 8,
                                     .out_item_bytes = 8,
                                     .memory_bytes = (size_t)1 << 19};
    ck_ok(pe_plan_make(&request, &self->plan, &err), err);
    self->net.comm = (pe_comm){.backend = &backend, .rank = 0, .size = RANKS, .node_size = RANKS};
    self->net.plan = &self->plan;
    self->net.dice = seed;
    atomic_init(&self->stop, false);
    const pe_execute_plan_spec spec = {.pool = {.plan = &self->plan,
                                                .threads = 1,
                                                .worker = &vtable,
                                                .work_spec = self,
                                                .stop = &self->stop,
                                                .context = self,
                                                .write = write_rows_here,
                                                .tick = tick},
                                       .comm = &self->net.comm};
    ck_ok(pe_execute_plan(&spec, &stats, &err), err);
    ck_assert_int_eq(self->net.ops, 0);
    for (int member = 1; member < RANKS; member++)
        ck_assert(self->net.has_left[member]);
}

static run *make_run(void)
{
    run *self = calloc(1, sizeof *self);
    ck_assert_ptr_nonnull(self);
    self->net.fails_at = PE_NO_ITEM;
    return self;
}

static void free_run(run *self)
{
    for (uint64_t i = 0; i < self->net.numbered; i++)
        free(self->net.dispatches[i]);
    free(self);
}

static uint64_t logs_of_members(const network *net)
{
    uint64_t bytes = 0;
    for (uint64_t i = 0; i < net->numbered; i++)
        bytes += log_bytes(i);
    return bytes;
}

static void ck_delivers_all(pe_order order, pe_schedule schedule, bool is_placed)
{
    for (uint64_t seed = 1; seed <= 3; seed++) {
        run *self = make_run();
        self->net.is_placed = is_placed;
        play(self, order, schedule, seed);
        ck_assert_uint_eq(self->items, ITEMS);
        ck_assert_uint_eq(self->logged, logs_of_members(&self->net));
        ck_assert_uint_gt(self->logged, 0); /* so members had a part in it */
        ck_assert_uint_eq(self->placed, is_placed ? ITEMS * sizeof(uint64_t) : 0);
        ck_assert_int_eq(self->net.pulls, 0);
        free_run(self);
    }
}

START_TEST(gather_dynamic_delivers_in_order)
{
    ck_delivers_all(PE_ORDER_STREAM, PE_SCHEDULE_DYNAMIC, false);
}
END_TEST

START_TEST(gather_static_delivers_in_order)
{
    ck_delivers_all(PE_ORDER_STREAM, PE_SCHEDULE_STATIC, false);
}
END_TEST

START_TEST(gather_unordered_delivers_each_once)
{
    ck_delivers_all(PE_ORDER_UNORDERED, PE_SCHEDULE_DYNAMIC, false);
}
END_TEST

START_TEST(gather_rows_in_their_rows_leaves_the_logs)
{
    ck_delivers_all(PE_ORDER_WHOLE, PE_SCHEDULE_DYNAMIC, true);
}
END_TEST

/* Returns whether a member had the item: all before it is delivered then, and nothing from there on. */
static bool ck_ends_at(uint64_t item, pe_schedule schedule, uint64_t seed)
{
    run *self = make_run();
    self->net.fails_at = item;
    play(self, PE_ORDER_STREAM, schedule, seed);
    const bool has_failed = self->net.has_failed;
    ck_assert_uint_eq(self->next, has_failed ? item : ITEMS);
    free_run(self);
    return has_failed;
}

START_TEST(gather_failing_member_delivers_what_comes_before)
{
    static const uint64_t items[] = {0, 1, 397, ITEMS / 3, ITEMS / 2, ITEMS - 1};
    int failed = 0;
    for (size_t i = 0; i < sizeof items / sizeof *items; i++) {
        for (uint64_t seed = 1; seed <= 5; seed++) {
            (void)ck_ends_at(items[i], PE_SCHEDULE_DYNAMIC, seed); /* whoever gets it */
            failed += ck_ends_at(items[i], PE_SCHEDULE_STATIC, seed) ? 1 : 0;
        }
    }
    ck_assert_int_gt(failed, 10); /* whose slices these are is known */
}
END_TEST

UNIT_MAIN("gather", gather_dynamic_delivers_in_order, gather_static_delivers_in_order,
          gather_unordered_delivers_each_once, gather_rows_in_their_rows_leaves_the_logs,
          gather_failing_member_delivers_what_comes_before)

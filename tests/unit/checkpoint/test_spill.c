/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_spill.c - results that wait in a file: they come back as they were, in whatever order they were spilled.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include "checkpoint/spill.h"

#include "unit.h"

static char folder[] = "/tmp/pengine_spill_XXXXXX";

static void enter(void)
{
    ck_assert_ptr_nonnull(mkdtemp(folder));
    ck_assert_int_eq(chdir(folder), 0);
}

static void put(pe_spill *spill, uint64_t first, uint64_t count, const char *text)
{
    pe_error err = PE_ERROR_INIT;
    pe_chunk_result result = {.items = count, .rows = count - 1};
    bool is_spilled = false;
    ck_ok(pe_buffer_append(&result.bytes, text, strlen(text), &err), err);
    ck_ok(pe_buffer_append(&result.log, "log", 3, &err), err);
    ck_ok(pe_spill_put(spill, (pe_block){first, count}, 0, &result, &is_spilled, &err), err);
    pe_buffer_fini(&result.bytes);
    pe_buffer_fini(&result.log);
    ck_assert(is_spilled);
}

/* The first frame in the order of items. */
static void expect(pe_spill *spill, uint64_t first, uint64_t count, const char *text)
{
    pe_error err = PE_ERROR_INIT;
    pe_chunk_result result = {.items = 0};
    pe_spilled_range range;
    pe_spill_frame frame;
    ck_assert(pe_spill_first(spill, &range));
    ck_assert_uint_eq(range.items.first, first);
    ck_ok(pe_spill_read(spill, &range, &frame, &result, &err), err);
    ck_assert_uint_eq(frame.items.first, first);
    ck_assert_uint_eq(frame.items.count, count);
    ck_assert_uint_eq(result.rows, count - 1);
    ck_assert_uint_eq(result.bytes.size, strlen(text));
    ck_assert_mem_eq(result.bytes.data, text, strlen(text));
    ck_assert_mem_eq(result.log.data, "log", 3);
    pe_spill_drop(spill, &frame);
    pe_buffer_fini(&result.bytes);
    pe_buffer_fini(&result.log);
}

static bool is_empty(const pe_spill *spill)
{
    pe_spilled_range range;
    return !pe_spill_first(spill, &range);
}

static pe_checkpoint named(const pe_spill *spill)
{
    pe_error err = PE_ERROR_INIT;
    pe_checkpoint checkpoint = {0};
    ck_ok(pe_spill_list(spill, &checkpoint, &err), err);
    return checkpoint;
}

START_TEST(spill_gives_back_what_was_put_in_the_order_of_items)
{
    pe_error err = PE_ERROR_INIT;
    pe_spill *spill = NULL;
    enter();
    ck_ok(pe_spill_create("s", &spill, &err), err);
    ck_assert_int_ne(access("s.spill", F_OK), 0); /* made when it is needed */
    ck_assert(is_empty(spill));
    put(spill, 100, 10, "second");
    put(spill, 10, 5, "first");
    put(spill, 110, 20, "third");
    put(spill, 15, 1, "after first");
    expect(spill, 10, 5, "first");
    expect(spill, 15, 1, "after first");
    expect(spill, 100, 10, "second");
    expect(spill, 110, 20, "third");
    ck_assert(is_empty(spill));
    pe_spill_trim(spill);
    put(spill, 7, 2, "anew");
    expect(spill, 7, 2, "anew");
    pe_spill_close(spill, true);
    ck_assert_int_ne(access("s.spill", F_OK), 0);
    ck_assert_int_eq(rmdir(folder), 0);
}
END_TEST

START_TEST(spill_results_in_a_row_are_one_range)
{
    pe_error err = PE_ERROR_INIT;
    pe_spill *spill = NULL;
    enter();
    ck_ok(pe_spill_create("s", &spill, &err), err);
    for (uint64_t i = 0; i < 1000; i++)
        put(spill, 50 + 3 * i, 3, "x");
    pe_checkpoint checkpoint = named(spill);
    ck_assert_uint_eq(checkpoint.spilled_count, 1);
    ck_assert_uint_eq(checkpoint.spilled[0].items.count, 3000);
    pe_checkpoint_fini(&checkpoint);
    pe_spill_close(spill, true);
    ck_assert_int_eq(rmdir(folder), 0);
}
END_TEST

START_TEST(spill_reopened_has_what_the_checkpoint_names)
{
    pe_error err = PE_ERROR_INIT;
    pe_spill *spill = NULL;
    enter();
    ck_ok(pe_spill_create("s", &spill, &err), err);
    put(spill, 100, 10, "kept");
    put(spill, 110, 10, "damaged");
    put(spill, 120, 10, "kept, too");
    put(spill, 300, 10, "also damaged");
    pe_checkpoint checkpoint = named(spill);
    ck_assert_uint_eq(checkpoint.spilled_count, 2);
    put(spill, 500, 10, "not named");
    pe_spill_close(spill, false);
    const int fd = open("s.spill", O_WRONLY);
    const off_t second = (off_t)(checkpoint.spilled[0].offset + 64 + strlen("kept") + 3);
    ck_assert_int_eq(pwrite(fd, "D", 1, second + 64 + 3), 1);
    ck_assert_int_eq(pwrite(fd, "D", 1, (off_t)checkpoint.spilled[1].offset + 3), 1); /* in the head */
    ck_assert_int_eq(close(fd), 0);

    ck_ok(pe_spill_reopen("s", &checkpoint, &spill, &err), err);
    put(spill, 700, 4, "later");
    expect(spill, 100, 10, "kept");
    expect(spill, 120, 10, "kept, too");
    expect(spill, 700, 4, "later");
    ck_assert(is_empty(spill));
    pe_spill_close(spill, true);
    pe_checkpoint_fini(&checkpoint);
    ck_assert_int_eq(rmdir(folder), 0);
}
END_TEST

START_TEST(spill_file_that_is_gone_has_nothing)
{
    pe_error err = PE_ERROR_INIT;
    pe_spill *spill = NULL;
    pe_checkpoint checkpoint = {0};
    enter();
    ck_ok(pe_checkpoint_add_spilled(&checkpoint, &(pe_spilled_range){{5, 1}, 1, 0, 100, 0}, &err), err);
    ck_ok(pe_spill_reopen("s", &checkpoint, &spill, &err), err);
    ck_assert(is_empty(spill));
    pe_spill_close(spill, false);
    pe_checkpoint_fini(&checkpoint);
    ck_assert_int_eq(rmdir(folder), 0);
}
END_TEST

START_TEST(spill_file_of_an_earlier_run_gives_way_and_another_is_refused)
{
    pe_error err = PE_ERROR_INIT;
    pe_spill *spill = NULL;
    enter();
    ck_ok(pe_spill_create("s", &spill, &err), err);
    put(spill, 3, 1, "left behind");
    pe_spill_close(spill, false);
    ck_ok(pe_spill_create("s", &spill, &err), err);
    ck_assert_int_ne(access("s.spill", F_OK), 0);
    pe_spill_close(spill, true);
    const int fd = open("s.spill", O_CREAT | O_WRONLY, 0644);
    ck_assert_int_eq(write(fd, "mine", 4), 4);
    ck_assert_int_eq(close(fd), 0);
    ck_assert_int_eq(pe_spill_create("s", &spill, &err), PE_EOUTPUT);
    ck_assert_int_eq(unlink("s.spill"), 0);
    ck_assert_int_eq(rmdir(folder), 0);
}
END_TEST

/* Puts results while no file may become longer than this. Nothing is asserted meanwhile, since Check writes a file, too. */
static bool put_below(pe_spill *spill, rlim_t most_bytes, uint64_t first, const char *text)
{
    pe_error err = PE_ERROR_INIT;
    pe_chunk_result result = {.items = 1, .rows = 0};
    bool is_spilled = false;
    ck_ok(pe_buffer_append(&result.bytes, text, strlen(text), &err), err);
    ck_ok(pe_buffer_append(&result.log, "log", 3, &err), err);
    (void)setrlimit(RLIMIT_FSIZE, &(struct rlimit){.rlim_cur = most_bytes, .rlim_max = RLIM_INFINITY});
    const pe_status status = pe_spill_put(spill, (pe_block){first, 1}, 0, &result, &is_spilled, &err);
    (void)setrlimit(RLIMIT_FSIZE, &(struct rlimit){.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY});
    pe_buffer_fini(&result.bytes);
    pe_buffer_fini(&result.log);
    ck_ok(status, err);
    return is_spilled;
}

START_TEST(spill_that_cannot_grow_spills_nothing_until_it_is_empty)
{
    pe_error err = PE_ERROR_INIT;
    pe_spill *spill = NULL;
    enter();
    (void)signal(SIGXFSZ, SIG_IGN);
    ck_ok(pe_spill_create("s", &spill, &err), err);
    ck_assert(put_below(spill, 200, 0, "fits"));
    ck_assert(!put_below(spill, 200, 1, "the limit comes before the end of this text, in the middle of its frame"));
    ck_assert(!put_below(spill, 4000, 1, "too late"));
    expect(spill, 0, 1, "fits");
    ck_assert(put_below(spill, 4000, 1, "again"));
    expect(spill, 1, 1, "again");
    pe_spill_close(spill, true);
    ck_assert_int_eq(rmdir(folder), 0);
}
END_TEST

UNIT_MAIN("spill", spill_gives_back_what_was_put_in_the_order_of_items, spill_results_in_a_row_are_one_range,
          spill_reopened_has_what_the_checkpoint_names, spill_file_that_is_gone_has_nothing,
          spill_file_of_an_earlier_run_gives_way_and_another_is_refused,
          spill_that_cannot_grow_spills_nothing_until_it_is_empty)

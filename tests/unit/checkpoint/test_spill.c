/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_spill.c - results that wait in a file: they come back as they were, in whatever order they were stored.
 */
#include <fcntl.h>
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
    ck_ok(pe_buffer_append(&result.bytes, text, strlen(text), &err), err);
    ck_ok(pe_buffer_append(&result.log, "log", 3, &err), err);
    ck_ok(pe_spill_put(spill, (pe_block){first, count}, &result, &err), err);
    pe_buffer_fini(&result.bytes);
    pe_buffer_fini(&result.log);
}

static void expect(pe_spill *spill, uint64_t first, uint64_t count, const char *text)
{
    pe_error err = PE_ERROR_INIT;
    pe_chunk_result result = {.items = 0};
    pe_block block;
    ck_assert(pe_spill_has(spill, first));
    ck_ok(pe_spill_get(spill, first, &block, &result, &err), err);
    ck_assert_uint_eq(block.count, count);
    ck_assert_uint_eq(result.rows, count - 1);
    ck_assert_uint_eq(result.bytes.size, strlen(text));
    ck_assert_mem_eq(result.bytes.data, text, strlen(text));
    ck_assert_mem_eq(result.log.data, "log", 3);
    pe_buffer_fini(&result.bytes);
    pe_buffer_fini(&result.log);
}

static pe_checkpoint named(const pe_spill *spill)
{
    pe_error err = PE_ERROR_INIT;
    pe_checkpoint checkpoint = {0};
    ck_ok(pe_spill_list(spill, &checkpoint, &err), err);
    return checkpoint;
}

START_TEST(spill_gives_back_what_was_put_in_any_order)
{
    pe_error err = PE_ERROR_INIT;
    pe_spill *spill = NULL;
    enter();
    ck_ok(pe_spill_create("s", &spill, &err), err);
    ck_assert_int_ne(access("s", F_OK), 0); /* made when it is needed */
    put(spill, 100, 10, "second");
    put(spill, 10, 5, "first");
    put(spill, 110, 20, "third");
    put(spill, 15, 1, "after first");
    ck_assert(!pe_spill_has(spill, 105));
    ck_assert_uint_eq(pe_spill_items(spill), 36);
    expect(spill, 10, 5, "first");
    expect(spill, 15, 1, "after first");
    expect(spill, 100, 10, "second");
    expect(spill, 110, 20, "third");
    ck_assert_uint_eq(pe_spill_items(spill), 0);
    ck_ok(pe_spill_trim(spill, &err), err);
    put(spill, 7, 2, "anew");
    expect(spill, 7, 2, "anew");
    pe_spill_close(spill, true);
    ck_assert_int_ne(access("s", F_OK), 0);
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
    ck_assert_uint_eq(checkpoint.stored_count, 1);
    ck_assert_uint_eq(checkpoint.stored[0].items.count, 3000);
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
    put(spill, 300, 10, "damaged");
    pe_checkpoint checkpoint = named(spill);
    put(spill, 500, 10, "not named");
    pe_spill_close(spill, false);
    const int fd = open("s", O_WRONLY);
    ck_assert_int_eq(pwrite(fd, "D", 1, (off_t)(checkpoint.stored[1].offset + 64 + 3)), 1);
    ck_assert_int_eq(close(fd), 0);

    ck_ok(pe_spill_reopen("s", &checkpoint, &spill, &err), err);
    ck_assert_uint_eq(pe_spill_items(spill), 10);
    put(spill, 700, 4, "later");
    expect(spill, 100, 10, "kept");
    expect(spill, 700, 4, "later");
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
    ck_ok(pe_checkpoint_add_stored(&checkpoint, &(pe_stored_range){{5, 1}, 1, 0, 100}, &err), err);
    ck_ok(pe_spill_reopen("s", &checkpoint, &spill, &err), err);
    ck_assert(!pe_spill_has(spill, 5));
    pe_spill_close(spill, false);
    pe_checkpoint_fini(&checkpoint);
    ck_assert_int_eq(rmdir(folder), 0);
}
END_TEST

START_TEST(spill_file_of_somebody_else_is_refused)
{
    pe_error err = PE_ERROR_INIT;
    pe_spill *spill = NULL;
    pe_chunk_result result = {.items = 1, .rows = 1};
    enter();
    ck_assert_int_ge(open("s", O_CREAT | O_WRONLY, 0644), 0);
    ck_ok(pe_spill_create("s", &spill, &err), err);
    ck_assert_int_eq(pe_spill_put(spill, (pe_block){3, 1}, &result, &err), PE_EOUTPUT);
    pe_spill_close(spill, true);
    ck_assert_int_eq(unlink("s"), 0);
    ck_assert_int_eq(rmdir(folder), 0);
}
END_TEST

UNIT_MAIN("spill", spill_gives_back_what_was_put_in_any_order, spill_results_in_a_row_are_one_range,
          spill_reopened_has_what_the_checkpoint_names, spill_file_that_is_gone_has_nothing,
          spill_file_of_somebody_else_is_refused)

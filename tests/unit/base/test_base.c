/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_base.c - errors, memory, buffers, words, suggestions, clock, log lines.
 */
#include <check.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/enum_names.h"
#include "base/suggest.h"
#include "os/log.h"
#include "unit.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

START_TEST(fail_first_text_wins)
{
    pe_error err = PE_ERROR_INIT;
    ck_assert_int_eq(pe_fail(&err, PE_EDATA, "%s: row %d", "a.csv", 3), PE_EDATA);
    ck_assert_int_eq(pe_fail(&err, PE_EIO, "later"), PE_EDATA);
    ck_assert_str_eq(err.text, "a.csv: row 3");
    ck_assert_uint_eq(err.item, PE_NO_ITEM);
}
END_TEST

START_TEST(fail_text_that_does_not_fit_is_cut_at_a_character)
{
    pe_error err = PE_ERROR_INIT;
    char text[2 * sizeof err.text];
    for (size_t i = 0; i + 1 < sizeof text; i += 2)
        memcpy(text + i, "\xc3\xa9", 2); /* U+00E9 */
    text[sizeof text - 2] = '\0';
    ck_assert_int_eq(pe_fail(&err, PE_EDATA, "%s", text), PE_EDATA);
    const size_t size = strlen(err.text);
    ck_assert_uint_ge(size, sizeof err.text - 4);
    ck_assert_uint_eq(size % 2, 0);
    ck_assert_mem_eq(err.text, text, size);
}
END_TEST

START_TEST(merge_tells_the_lowest_item)
{
    pe_error into = PE_ERROR_INIT, none = PE_ERROR_INIT, general = PE_ERROR_INIT, late = PE_ERROR_INIT,
             early = PE_ERROR_INIT;
    pe_fail(&general, PE_EIO, "general");
    pe_fail_item(&late, PE_EITEM, 9, "late");
    pe_fail_item(&early, PE_EITEM, 2, "early");
    pe_error_merge(&into, &none);
    ck_assert_int_eq(into.status, PE_OK);
    pe_error_merge(&into, &general);
    ck_assert_str_eq(into.text, "general");
    pe_error_merge(&into, &none);
    ck_assert_str_eq(into.text, "general");
    pe_error_merge(&into, &late);
    ck_assert_str_eq(into.text, "late");
    pe_error_merge(&into, &early);
    ck_assert_str_eq(into.text, "early");
    pe_error_merge(&into, &late);
    pe_error_merge(&into, &general);
    ck_assert_str_eq(into.text, "early");
}
END_TEST

START_TEST(status_codes_are_the_contract)
{
    static const struct {
        pe_status status;
        int exit_code;
    } rows[] = {{PE_OK, 0},        {PE_EITEM, 1},     {PE_EUSAGE, 64},  {PE_EDATA, 65},
                {PE_ENOINPUT, 66}, {PE_EKERNEL, 69},  {PE_EBUG, 70},    {PE_EOUTPUT, 73},
                {PE_EIO, 74},      {PE_ESTOPPED, 75}, {PE_ECONFIG, 78}, {PE_ECLOSED, 0}};
    for (size_t i = 0; i < COUNT(rows); i++)
        ck_assert_int_eq(pe_status_exit(rows[i].status), rows[i].exit_code);
    ck_assert_str_eq(pe_status_sentence(PE_ECONFIG), "wrong job file");
}
END_TEST

START_TEST(mul_size_overflow_is_seen)
{
    size_t out = 7;
    ck_assert(!pe_mul_size(SIZE_MAX, 2, &out));
    ck_assert(!pe_mul_size(SIZE_MAX / 2 + 1, 2, &out));
    ck_assert_uint_eq(out, 7);
    ck_assert(pe_mul_size(SIZE_MAX, 1, &out) && out == SIZE_MAX);
    ck_assert(pe_mul_size(SIZE_MAX, 0, &out) && out == 0);
    ck_assert(pe_mul_size(6, 7, &out) && out == 42);
}
END_TEST

START_TEST(make_array_too_large_is_out_of_memory)
{
    pe_error err = PE_ERROR_INIT, again = PE_ERROR_INIT;
    char *data = NULL;
    ck_assert_int_eq(pe_make_array(&data, SIZE_MAX / 2, 3, &err), PE_ENOMEM);
    ck_assert_ptr_nonnull(strstr(err.text, "out of memory"));
    ck_assert_int_eq(pe_make_array(&data, SIZE_MAX, 1, &again), PE_ENOMEM);
    ck_assert_ptr_null(data);
}
END_TEST

START_TEST(make_array_any_size_is_aligned_and_zero)
{
    static const size_t counts[] = {0, 1, 63, 64, 65, 1000};
    for (size_t i = 0; i < COUNT(counts); i++) {
        pe_error err = PE_ERROR_INIT;
        unsigned char *data = NULL;
        ck_ok(pe_make_array(&data, counts[i], 3, &err), err);
        ck_assert_ptr_nonnull(data);
        ck_assert_uint_eq((uintptr_t)data % PE_CACHE_LINE, 0);
        size_t set = 0;
        for (size_t b = 0; b < 3 * counts[i]; b++)
            set += data[b] != 0;
        ck_assert_uint_eq(set, 0);
        free(data);
    }
}
END_TEST

START_TEST(grow_array_full_keeps_its_elements_and_doubles)
{
    int *list = NULL;
    size_t room = 0;
    pe_error err = PE_ERROR_INIT;
    const size_t rooms[] = {3, 3, 3, 6, 6, 6, 12};
    for (int i = 0; i < 7; i++) {
        ck_ok(pe_grow_array(&list, (size_t)i, &room, sizeof *list, 3, &err), err);
        ck_assert_uint_eq(room, rooms[i]);
        list[i] = i;
    }
    for (int i = 0; i < 7; i++)
        ck_assert_int_eq(list[i], i);
    int *const before = list;
    room = SIZE_MAX / 4;
    ck_assert_int_eq(pe_grow_array(&list, SIZE_MAX / 4, &room, sizeof *list, 3, &err), PE_ENOMEM);
    ck_assert_uint_eq(room, SIZE_MAX / 4);
    ck_assert_ptr_eq(list, before);
    free(list);
}
END_TEST

START_TEST(copy_string_null_empty_and_text)
{
    pe_error err = PE_ERROR_INIT;
    char *out = NULL;
    ck_ok(pe_copy_string(&out, NULL, &err), err);
    ck_assert_ptr_null(out);
    ck_ok(pe_copy_string(&out, "", &err), err);
    ck_assert_str_eq(out, "");
    free(out);
    ck_ok(pe_copy_string(&out, "text", &err), err);
    ck_assert_str_eq(out, "text");
    free(out);
}
END_TEST

START_TEST(buffer_too_large_is_refused_and_unchanged)
{
    pe_error err = PE_ERROR_INIT;
    pe_buffer buffer = {0};
    ck_ok(pe_buffer_append(&buffer, "abc", 3, &err), err);
    ck_assert_int_eq(pe_buffer_reserve(&buffer, SIZE_MAX - 1, &err), PE_ENOMEM);
    ck_assert_uint_eq(buffer.size, 3);
    ck_assert_mem_eq(buffer.data, "abc", 3);
    pe_buffer_fini(&buffer);
    ck_assert(buffer.data == NULL && buffer.size == 0 && buffer.capacity == 0);
    pe_buffer_fini(&buffer);
}
END_TEST

START_TEST(buffer_many_appends_keep_bytes_and_move_seldom)
{
    pe_error err = PE_ERROR_INIT;
    pe_buffer buffer = {0};
    size_t moves = 0, wrong = 0;
    ck_ok(pe_buffer_append(&buffer, NULL, 0, &err), err);
    for (unsigned i = 0; i < 100000; i++) {
        const unsigned char *const before = buffer.data;
        const unsigned char byte = (unsigned char)i;
        wrong += pe_buffer_append(&buffer, &byte, 1, &err) != PE_OK;
        moves += buffer.data != before;
    }
    ck_assert_uint_eq(wrong, 0);
    ck_assert_uint_eq(buffer.size, 100000);
    for (unsigned i = 0; i < 100000; i++)
        wrong += buffer.data[i] != (unsigned char)i;
    ck_assert_uint_eq(wrong, 0);
    ck_assert_uint_le(moves, 25); /* log(100000 / 64) / log(1.5) is 18.1 */
    ck_assert_uint_eq((uintptr_t)buffer.data % PE_CACHE_LINE, 0);
    pe_buffer_fini(&buffer);
}
END_TEST

START_TEST(buffer_printf_appends_at_any_length)
{
    pe_error err = PE_ERROR_INIT;
    pe_buffer buffer = {0};
    ck_ok(pe_buffer_printf(&buffer, &err, "%s", ""), err);
    ck_assert_uint_eq(buffer.size, 0);
    ck_ok(pe_buffer_printf(&buffer, &err, "%d,", 7), err);
    ck_ok(pe_buffer_printf(&buffer, &err, "%0*d", 1000, 5), err);
    ck_assert_uint_eq(buffer.size, 1002);
    ck_assert_mem_eq(buffer.data, "7,000", 5);
    ck_assert_int_eq(buffer.data[1001], '5');
    pe_buffer_fini(&buffer);
}
END_TEST

START_TEST(format_by_suffix_follows_the_last_dot)
{
    static const struct {
        const char *path;
        pe_format format;
    } rows[] = {{"", PE_FORMAT_AUTO},         {"-", PE_FORMAT_AUTO},          {"npy", PE_FORMAT_AUTO},
                {"a.b/c", PE_FORMAT_AUTO},    {"a.npy", PE_FORMAT_NPY},       {"A.NPY", PE_FORMAT_NPY},
                {"a.npy.csv", PE_FORMAT_CSV}, {"d.csv/x.tsv", PE_FORMAT_TSV}, {"a.txt", PE_FORMAT_TXT},
                {"a.raw", PE_FORMAT_RAW},     {"a.bin", PE_FORMAT_RAW},       {"a.digest", PE_FORMAT_DIGEST},
                {"a.npyz", PE_FORMAT_AUTO},   {"a.np", PE_FORMAT_AUTO},       {"a.", PE_FORMAT_AUTO}};
    for (size_t i = 0; i < COUNT(rows); i++)
        ck_assert_msg(pe_format_by_suffix(rows[i].path) == rows[i].format, "%s", rows[i].path);
    ck_assert_str_eq(pe_format_name(PE_FORMAT_DIGEST), "digest");
    ck_assert_str_eq(pe_format_name(PE_FORMAT_NULL), "null");
    ck_assert_str_eq(pe_schedule_name(PE_SCHEDULE_DYNAMIC), "dynamic");
}
END_TEST

START_TEST(nearest_is_the_word_meant_or_none)
{
    static const char *const words[] = {"square", "sum_of_squares", "cube", "hypot", "is_prime", "x"};
    static const struct {
        const char *typed, *meant;
    } rows[] = {{"", NULL},
                {"sqare", "square"},
                {"sqaure", "square"},
                {"SQUARE", "square"},
                {"quare", "square"},
                {"sum", "sum_of_squares"},
                {"hypto", "hypot"},
                {"qub", NULL},
                {"cub", "cube"},
                {"mandelbrot", NULL},
                {"isprime", "is_prime"},
                {"y", NULL},
                {"s", "square"},
                {"is_rpime", "is_prime"},
                {"sum_of_sqares", "sum_of_squares"}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *const got = pe_suggest(rows[i].typed, words, COUNT(words));
        if (rows[i].meant == NULL)
            ck_assert_msg(got == NULL, "%s gave %s", rows[i].typed, got == NULL ? "" : got);
        else
            ck_assert_msg(got != NULL && strcmp(got, rows[i].meant) == 0, "%s gave %s", rows[i].typed,
                          got == NULL ? "none" : got);
    }
    ck_assert_ptr_null(pe_suggest("square", NULL, 0));
}
END_TEST

START_TEST(nearest_long_names_are_cut)
{
    char typed[5001], other[5001];
    memset(typed, 'a', 5000);
    memset(other, 'b', 5000);
    typed[5000] = other[5000] = '\0';
    const char *const words[] = {other, typed};
    ck_assert_ptr_eq(pe_suggest(typed, words, 2), typed);
    ck_assert_ptr_null(pe_suggest(typed, words, 1));
}
END_TEST

START_TEST(clock_goes_forward_by_the_sleep)
{
    const uint64_t before = pe_clock_ns();
    pe_sleep_ns(2000000);
    ck_assert_uint_ge(pe_clock_ns() - before, 2000000);
}
END_TEST

/* What the calls between redirect and collect wrote to stderr. */
static int redirect(FILE *file)
{
    fflush(stderr);
    const int saved = dup(STDERR_FILENO);
    ck_assert_int_ge(saved, 0);
    ck_assert_int_ge(dup2(fileno(file), STDERR_FILENO), 0);
    return saved;
}

static void collect(FILE *file, int saved, const char *expected)
{
    char got[8192] = "";
    ck_assert_int_ge(dup2(saved, STDERR_FILENO), 0);
    close(saved);
    rewind(file);
    got[fread(got, 1, sizeof got - 1, file)] = '\0';
    fclose(file);
    ck_assert_str_eq(got, expected);
}

START_TEST(log_lines_up_to_the_level)
{
    FILE *const file = tmpfile();
    const int saved = redirect(file);
    pe_log_init(1, PE_LOG_WARN);
    pe_log(PE_LOG_ERROR, "a %d", 1);
    pe_log(PE_LOG_WARN, "b");
    pe_log(PE_LOG_INFO, "c");
    collect(file, saved, "pengine: a 1\npengine: b\n");
}
END_TEST

START_TEST(log_silent_rank_says_nothing)
{
    FILE *const file = tmpfile();
    const int saved = redirect(file);
    pe_log_init(0, PE_LOG_DEBUG);
    pe_log(PE_LOG_ERROR, "a");
    pe_log_progress("b", 1);
    pe_log_progress("c", 0);
    collect(file, saved, "");
}
END_TEST

START_TEST(log_progress_is_redrawn_and_cleared_by_a_line)
{
    FILE *const file = tmpfile();
    const int saved = redirect(file);
    pe_log_init(1, PE_LOG_INFO);
    pe_log_progress(NULL, 1);
    pe_log_progress("10 %", 1);
    pe_log_progress("20 %", 1);
    pe_log(PE_LOG_INFO, "note");
    pe_log(PE_LOG_INFO, "more");
    pe_log_progress("30 %", 1);
    pe_log_progress(NULL, 1);
    pe_log_progress(NULL, 1);
    collect(file, saved, "\r\033[K10 %\r\033[K20 %\r\033[Kpengine: note\npengine: more\n\r\033[K30 %\r\033[K");
}
END_TEST

START_TEST(log_progress_in_a_file_is_a_line)
{
    FILE *const file = tmpfile();
    const int saved = redirect(file);
    pe_log_init(1, PE_LOG_ERROR);
    pe_log_progress("10 %", 0);
    pe_log_progress(NULL, 0);
    collect(file, saved, "pengine: 10 %\n");
}
END_TEST

START_TEST(log_long_line_is_cut_and_ends)
{
    FILE *const file = tmpfile();
    const int saved = redirect(file);
    pe_log_init(1, PE_LOG_INFO);
    pe_log(PE_LOG_INFO, "%0*d", 5000, 1);
    char expected[2049] = "pengine: ";
    memset(expected + 9, '0', 2047 - 9);
    memcpy(expected + 2047, "\n", 2);
    collect(file, saved, expected);
}
END_TEST

UNIT_MAIN("base", fail_first_text_wins, fail_text_that_does_not_fit_is_cut_at_a_character, merge_tells_the_lowest_item,
          status_codes_are_the_contract, mul_size_overflow_is_seen, make_array_too_large_is_out_of_memory,
          make_array_any_size_is_aligned_and_zero, grow_array_full_keeps_its_elements_and_doubles,
          copy_string_null_empty_and_text, buffer_too_large_is_refused_and_unchanged,
          buffer_many_appends_keep_bytes_and_move_seldom, buffer_printf_appends_at_any_length,
          format_by_suffix_follows_the_last_dot, nearest_is_the_word_meant_or_none, nearest_long_names_are_cut,
          clock_goes_forward_by_the_sleep, log_lines_up_to_the_level, log_silent_rank_says_nothing,
          log_progress_is_redrawn_and_cleared_by_a_line, log_progress_in_a_file_is_a_line,
          log_long_line_is_cut_and_ends)

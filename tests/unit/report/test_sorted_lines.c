/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_sorted_lines.c - lines in any order come out by item, in bounded memory; numbers as Python's f"{value:.3f}" prints them.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fixed_point.h"
#include "report/sorted_lines.h"

#include "scratch_folder.h"
#include "unit.h"

/* Item i of n comes as number i * STEP % n: each once, where STEP and n have no common divisor. */
#define STEP 7919u

static FILE *sorted(uint64_t count, size_t width)
{
    pe_sorted_lines lines;
    pe_error err = PE_ERROR_INIT;
    char text[2000];
    const int fd = open("x", O_RDWR | O_CREAT | O_TRUNC, 0600);
    pe_sorted_lines_init(&lines, "x");
    for (uint64_t i = 0; i < count; i++) {
        const uint64_t item = i * STEP % count;
        const int size = snprintf(text, sizeof text, "%llu,%0*d\n", (unsigned long long)item, (int)width, 0);
        ck_ok(pe_sorted_lines_add(&lines, item, text, (size_t)size, &err), err);
        ck_assert_uint_le(lines.pending.capacity, PE_SORTED_LINES_BYTES);
    }
    ck_ok(pe_sorted_lines_write(&lines, fd, "x", &err), err);
    pe_sorted_lines_fini(&lines);
    ck_assert_int_eq(close(fd), 0);
    return fopen("x", "r");
}

static void check(uint64_t count, size_t width)
{
    char text[2000];
    enter();
    FILE *file = sorted(count, width);
    for (uint64_t i = 0; i < count; i++) {
        ck_assert_ptr_nonnull(fgets(text, sizeof text, file));
        ck_assert_uint_eq(strtoull(text, NULL, 10), i);
    }
    ck_assert_ptr_null(fgets(text, sizeof text, file));
    ck_assert_int_eq(fclose(file), 0);
    leave();
}

START_TEST(no_line_is_an_empty_file)
{
    check(0, 1);
}
END_TEST

START_TEST(few_lines_need_no_file)
{
    check(5, 1);
}
END_TEST

START_TEST(several_runs_are_merged)
{
    check(100000, 60);
}
END_TEST

START_TEST(more_runs_than_are_merged_at_once)
{
    check(70000, 1000); /* 35 parts of 2 MiB */
}
END_TEST

START_TEST(fixed_decimals_are_pythons)
{
    static const struct {
        double value;
        int decimals;
        const char *text;
    } rows[] = {{0.0, 3, "0.000"},         {1.2345678, 3, "1.235"},          {59.96, 1, "60.0"},
                {999.9996, 3, "1000.000"}, {123456.789, 6, "123456.789000"}, {1e18, 0, "1000000000000000000"},
                {-2.5, 1, "-2.5"}};
    char text[PE_FIXED_ROOM];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        ck_assert_str_eq(pe_print_fixed(text, rows[i].value, rows[i].decimals), rows[i].text);
}
END_TEST

START_TEST(three_digits_are_pythons)
{
    static const struct {
        double value;
        const char *text;
    } rows[] = {{0.5, "0.5"},    {1.0, "1"},     {1.234, "1.23"}, {12.34, "12.3"},  {123.4, "123"},
                {99.94, "99.9"}, {99.96, "100"}, {9.996, "10"},   {0.123, "0.123"}, {0.0123, "0.0123"},
                {5.61, "5.61"},  {312.0, "312"}, {100.0, "100"},  {10.0, "10"}};
    char text[PE_FIXED_ROOM];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        ck_assert_str_eq(pe_print_three_digits(text, rows[i].value), rows[i].text);
}
END_TEST

UNIT_MAIN("sorted_lines", no_line_is_an_empty_file, few_lines_need_no_file, several_runs_are_merged,
          more_runs_than_are_merged_at_once, fixed_decimals_are_pythons, three_digits_are_pythons)

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_linspace.c - linspace against numpy.linspace bit for bit, and the one-value source.
 *
 * Design:   hashes (FNV-1a of the items' bytes) were computed from numpy 1.24's linspace.
 * Threads:  one.
 * Not here: ranges (test_range.c).
 */
#include <math.h>

#include "source_helpers.h"

START_TEST(linspace_not_finite_is_refused)
{
    refused(linspace(0, (double)INFINITY, 3), PE_ECONFIG, "not finite", NULL);
    refused(linspace((double)NAN, 1, 3), PE_ECONFIG, "not finite", NULL);
    refused(linspace(-1.7e308, 1.7e308, 3), PE_ECONFIG, "not finite", NULL);
}
END_TEST

START_TEST(linspace_as_another_type_is_refused)
{
    refused(as(linspace(0, 1, 3), PE_FLOAT32), PE_ECONFIG, "float32", NULL);
    bind_refused(linspace(0, 1, 3), (pe_type){PE_INT64, 0}, "int64");
    bind_refused(linspace(0, 1, 3), (pe_type){PE_FLOAT64, 2}, "float64[2]");
}
END_TEST

START_TEST(linspace_too_long_is_refused)
{
    refused(linspace(0, 1, (UINT64_C(1) << 63) + 1), PE_ECONFIG, "9223372036854775809", "2^63");
}
END_TEST

START_TEST(linspace_of_no_points_is_empty)
{
    const pe_source_info info = facts(linspace(0, 1, 0));
    ck_assert_uint_eq(info.count, 0);
    ck_assert_int_eq(info.columns, 1);
    ck_assert_int_eq(info.types[0].dtype, PE_FLOAT64);
}
END_TEST

START_TEST(linspace_of_one_point_is_the_first)
{
    double item = 0;
    read_items(linspace(-1.5, 1.5, 1), PE_FLOAT64, (pe_block){0, 1}, &item);
    ck_assert(item == -1.5);
}
END_TEST

START_TEST(linspace_has_the_bits_of_numpy_in_any_pieces)
{
    static const struct {
        double first, last;
        uint64_t points, hash;
    } table[] = {
        {0, 1, 10001, UINT64_C(0xd3e56d9e67a7654c)},     {-2.5, 1, 10001, UINT64_C(0xc64933119518510c)},
        {1e-3, 7.7, 4097, UINT64_C(0x28abe33f95865c42)}, {0, 1, 3, UINT64_C(0x7a922c293bc723d5)},
        {1, 0, 7, UINT64_C(0xe463e9dc46071400)},         {3, 3, 5, UINT64_C(0x4577cf57bdc13dbd)},
        {0, 5e-324, 4, UINT64_C(0xdc7ec1b945652785)},    {1e300, -1e300, 1000, UINT64_C(0xdec7e8d24c7e2461)},
        {0.1, 0.7, 38, UINT64_C(0xfbb6860e24143287)}, /* the last one is not first + 37 * step */
        {-2.0, 1.3, 3, UINT64_C(0xae455ee0ab6be730)},    {0.1, 0.7, 50000, UINT64_C(0xe0ac2d52a77bb7d)},
    };
    static double items[50000];
    static const uint64_t pieces[] = {13, 5000, 100000};
    for (size_t t = 0; t < sizeof table / sizeof *table; t++)
        for (size_t p = 0; p < sizeof pieces / sizeof *pieces; p++) {
            memset(items, 0, sizeof items);
            read_pieces(linspace(table[t].first, table[t].last, table[t].points), PE_FLOAT64,
                        (pe_block){0, table[t].points}, pieces[p], items);
            ck_assert_uint_eq(hash(items, (size_t)table[t].points * sizeof *items), table[t].hash);
        }
}
END_TEST

START_TEST(linspace_cut_keeps_its_step)
{
    double items[2];
    read_items(only(from(linspace(0, 1, 5), 2), 2), PE_FLOAT64, (pe_block){0, 2}, items);
    ck_assert(items[0] == 0.5 && items[1] == 0.75);
    read_items(from(linspace(0, 0.3, 38), 36), PE_FLOAT64, (pe_block){0, 2}, items);
    ck_assert(items[1] == 0.3); /* still exactly the last */
}
END_TEST

START_TEST(value_that_would_change_is_refused)
{
    refused(as(integer_value(300), PE_UINT8), PE_ECONFIG, "300", "uint8");
    refused(as(integer_value(3), PE_TEXT), PE_ECONFIG, "text", NULL);
    refused(as(text_value("3"), PE_INT64), PE_ECONFIG, "text", "int64");
    bind_refused(real_value(0.1), (pe_type){PE_FLOAT32, 0}, "0.1");
    bind_refused(real_value(0.5), (pe_type){PE_INT64, 0}, "0.5");
    bind_refused(integer_value((INT64_C(1) << 53) + 1), (pe_type){PE_FLOAT64, 0}, "9007199254740993");
    bind_refused(integer_value(1), (pe_type){PE_INT64, 2}, "int64[2]");
}
END_TEST

START_TEST(value_fills_whatever_holds_it)
{
    uint8_t bytes[5];
    read_items(integer_value(200), PE_UINT8, (pe_block){7, 5}, bytes);
    ck_assert_mem_eq(bytes, ((uint8_t[]){200, 200, 200, 200, 200}), 5);
    pe_int128 wide[3];
    read_items(integer_value(-4), PE_INT128, (pe_block){0, 3}, wide);
    ck_assert(wide[0] == -4 && wide[1] == -4 && wide[2] == -4);
    float reals[2];
    read_items(real_value(0.5), PE_FLOAT32, (pe_block){0, 2}, reals);
    ck_assert(reals[0] == 0.5f && reals[1] == 0.5f);
    pe_text texts[3];
    read_items(text_value("abc"), PE_TEXT, (pe_block){0, 3}, texts);
    for (int k = 0; k < 3; k++)
        ck_assert(texts[k].size == 3 && memcmp(texts[k].data, "abc", 3) == 0);
}
END_TEST

START_TEST(value_has_any_length_or_the_one_given)
{
    ck_assert_uint_eq(facts(real_value(1)).count, PE_COUNT_ANY);
    ck_assert_uint_eq(facts(only(real_value(1), 12)).count, 12);
    ck_assert_int_eq(facts(integer_value(1)).types[0].dtype, PE_INT64);
    ck_assert_int_eq(facts(real_value(1)).types[0].dtype, PE_FLOAT64);
    ck_assert_int_eq(facts(text_value("")).types[0].dtype, PE_TEXT);
    ck_assert_int_eq(facts(as(integer_value(1), PE_FLOAT32)).types[0].dtype, PE_FLOAT32);
}
END_TEST

UNIT_MAIN("linspace", linspace_not_finite_is_refused, linspace_as_another_type_is_refused, linspace_too_long_is_refused,
          linspace_of_no_points_is_empty, linspace_of_one_point_is_the_first,
          linspace_has_the_bits_of_numpy_in_any_pieces, linspace_cut_keeps_its_step, value_that_would_change_is_refused,
          value_fills_whatever_holds_it, value_has_any_length_or_the_one_given)

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_range.c - ranges against Python's range and numpy.arange.
 *
 * Design:   expected counts, items and hashes (FNV-1a of the items' bytes) were computed by Python's integers and
 *           numpy 1.24; a float range's items by Python's start + float(i) * step.
 * Threads:  one.
 * Not here: ranges among other inputs (test_inputs.c).
 */
#include <math.h>

#include "source_helpers.h"

#define TWO_63 ((pe_int128)1 << 63)
#define TWO_53 ((pe_int128)1 << 53)
#define TEN_15 ((pe_int128)1000000000000000)
#define TEN_30 (TEN_15 * TEN_15)

START_TEST(range_with_step_zero_is_refused)
{
    refused(integer_range(0, 10, 0), PE_ECONFIG, "step is 0", NULL);
    refused(real_range(0, 10, 0), PE_ECONFIG, "step is 0", NULL);
}
END_TEST

START_TEST(range_with_wrong_sign_is_refused)
{
    refused(integer_range(10, 0, 1), PE_ECONFIG, "from 10 by steps of 1 never reaches 0", "negative");
    refused(integer_range(0, 10, -2), PE_ECONFIG, "from 0 by steps of -2 never reaches 10", "positive");
    refused(real_range(0, 1, -0.5), PE_ECONFIG, "never reaches", "positive");
}
END_TEST

START_TEST(range_of_floats_not_finite_is_refused)
{
    refused(real_range(0, (double)INFINITY, 1), PE_ECONFIG, "not finite", NULL);
    refused(real_range(-1.7e308, 1.7e308, 1e300), PE_ECONFIG, "not finite", NULL);
    refused(real_range(0, 1e300, 1e-3), PE_ECONFIG, "at most 2^63", NULL);
}
END_TEST

START_TEST(range_beyond_two_to_63_items_is_refused_by_its_count)
{
    refused(integer_range(0, TWO_63 + 1, 1), PE_ECONFIG, "9223372036854775809 items", "2^63");
    refused(integer_range(PE_INT128_MIN, PE_INT128_MAX, 1), PE_ECONFIG, "340282366920938463463374607431768211455 items",
            NULL);
    refused(integer_range(PE_INT128_MAX, PE_INT128_MIN, -1), PE_ECONFIG,
            "340282366920938463463374607431768211455 items", NULL);
}
END_TEST

START_TEST(range_empty_has_no_items)
{
    ck_assert_uint_eq(facts(integer_range(5, 5, 1)).count, 0);
    ck_assert_uint_eq(facts(integer_range(5, 5, -3)).count, 0);
    ck_assert_uint_eq(facts(real_range(0.5, 0.5, 1)).count, 0);
    ck_assert_uint_eq(facts(from(integer_range(0, 10, 1), 10)).count, 0);
}
END_TEST

START_TEST(range_counts_as_python_does)
{
    ck_assert_uint_eq(facts(integer_range(0, 1, 1)).count, 1);
    ck_assert_uint_eq(facts(integer_range(0, 10, 3)).count, 4);
    ck_assert_uint_eq(facts(integer_range(10, 0, -3)).count, 4);
    ck_assert_uint_eq(facts(integer_range(0, 9, 3)).count, 3);
    ck_assert_uint_eq(facts(integer_range(0, TWO_63, 1)).count, UINT64_C(9223372036854775808));
    ck_assert_uint_eq(facts(integer_range(PE_INT128_MIN, PE_INT128_MAX, PE_INT128_MAX)).count, 3);
    ck_assert_uint_eq(facts(integer_range(PE_INT128_MAX, PE_INT128_MIN, PE_INT128_MIN)).count, 2);
    ck_assert_uint_eq(facts(integer_range(0, 100000000000, 1)).count, UINT64_C(100000000000));
}
END_TEST

START_TEST(range_type_follows_its_items)
{
    ck_assert_int_eq(facts(integer_range(0, 10, 1)).types[0].dtype, PE_INT64);
    ck_assert_int_eq(facts(integer_range(0, TWO_63, 1)).types[0].dtype, PE_INT64);
    ck_assert_int_eq(facts(integer_range(TWO_63 - 2, TWO_63 + 1, 1)).types[0].dtype, PE_INT128);
    ck_assert_int_eq(facts(integer_range(-TWO_63, 0, 1)).types[0].dtype, PE_INT64);
    ck_assert_int_eq(facts(integer_range(0, -TWO_63 - 2, -TWO_63 - 1)).types[0].dtype, PE_INT128);
    ck_assert_int_eq(facts(only(integer_range(0, TEN_30, TEN_15), 9000)).types[0].dtype, PE_INT64);
    ck_assert_int_eq(facts(real_range(0, 1, 0.1)).types[0].dtype, PE_FLOAT64);
    ck_assert_int_eq(facts(as(integer_range(0, 10, 1), PE_FLOAT64)).types[0].dtype, PE_FLOAT64);
}
END_TEST

START_TEST(range_dtype_that_loses_value_is_refused_by_the_bound)
{
    refused(as(integer_range(0, 300, 1), PE_UINT8), PE_ECONFIG, "range [0, 300] holds 299",
            "uint8 reaches from 0 to 255");
    refused(as(integer_range(-1, 3, 1), PE_UINT64), PE_ECONFIG, "holds -1", "uint64");
    refused(as(integer_range(0, TWO_53 + 2, 1), PE_FLOAT64), PE_ECONFIG, "holds 9007199254740993", "float64");
    refused(as(integer_range(0, 16777218, 1), PE_FLOAT32), PE_ECONFIG, "holds 16777217", "float32");
    refused(as(integer_range(0, 3, 1), PE_TEXT), PE_ECONFIG, "text", NULL);
    refused(as(real_range(0, 1, 0.5), PE_FLOAT32), PE_ECONFIG, "float32", NULL);
    refused(as(real_range(0, 1, 0.5), PE_INT64), PE_ECONFIG, "int64", NULL);
}
END_TEST

START_TEST(range_bind_is_judged_by_the_items)
{
    bind_refused(integer_range(0, 300, 1), (pe_type){PE_UINT8, 0}, "299");
    bind_refused(integer_range(0, 300, 1), (pe_type){PE_INT64, 3}, "int64[3]");
    bind_refused(integer_range(0, TWO_63 + 1, TWO_63), (pe_type){PE_INT64, 0}, "9223372036854775808");
    uint8_t bytes[3];
    read_items(only(from(integer_range(0, 300, 1), 253), 3), PE_UINT8, (pe_block){0, 3}, bytes);
    ck_assert_mem_eq(bytes, ((uint8_t[]){253, 254, 255}), 3);
    double last = 0;
    read_items(integer_range(0, TWO_53 + 1, 1), PE_FLOAT64, (pe_block){UINT64_C(1) << 53, 1}, &last);
    ck_assert(last == 9007199254740992.0);
}
END_TEST

START_TEST(range_items_arrive_in_every_dtype)
{
    const pe_source_spec spec = integer_range(3, 120, 13);
    const pe_block block = {1, 4}; /* 16, 29, 42, 55 */
    int8_t i8[4];
    uint16_t u16[4];
    int32_t i32[4];
    uint64_t u64[4];
    pe_int128 i128[4];
    float f32[4];
    double f64[4];
    read_items(spec, PE_INT8, block, i8);
    read_items(spec, PE_UINT16, block, u16);
    read_items(spec, PE_INT32, block, i32);
    read_items(spec, PE_UINT64, block, u64);
    read_items(spec, PE_INT128, block, i128);
    read_items(spec, PE_FLOAT32, block, f32);
    read_items(spec, PE_FLOAT64, block, f64);
    const int expected[] = {16, 29, 42, 55};
    for (int k = 0; k < 4; k++) {
        ck_assert_int_eq(i8[k], expected[k]);
        ck_assert_uint_eq(u16[k], (unsigned)expected[k]);
        ck_assert_int_eq(i32[k], expected[k]);
        ck_assert_uint_eq(u64[k], (unsigned)expected[k]);
        ck_assert(i128[k] == expected[k]);
        ck_assert(f32[k] == (float)expected[k]);
        ck_assert(f64[k] == expected[k]);
    }
    uint8_t bits[2];
    read_items(integer_range(0, 2, 1), PE_BOOL, (pe_block){0, 2}, bits);
    ck_assert_mem_eq(bits, ((uint8_t[]){0, 1}), 2);
    uint64_t greatest = 0;
    read_items(integer_range(0, 2 * TWO_63, 2 * TWO_63 - 1), PE_UINT64, (pe_block){1, 1}, &greatest);
    ck_assert_uint_eq(greatest, UINT64_MAX);
}
END_TEST

/* Any cut into pieces gives the bytes that Python gave. */
static void check_hash(pe_source_spec spec, pe_dtype dtype, uint64_t count, uint64_t expected)
{
    const size_t size = (size_t)count * pe_dtype_bytes(dtype);
    void *const items = aligned_alloc(64, (size + 63) / 64 * 64);
    ck_assert_ptr_nonnull(items);
    static const uint64_t pieces[] = {1, 7, 100000};
    for (size_t p = 0; p < sizeof pieces / sizeof *pieces; p++) {
        memset(items, 0, size);
        read_pieces(spec, dtype, (pe_block){0, count}, pieces[p], items);
        ck_assert_uint_eq(hash(items, size), expected);
    }
    free(items);
}

START_TEST(range_integers_are_those_of_python)
{
    check_hash(integer_range(-5000, 5000, 7), PE_INT64, 1429, UINT64_C(0xdb7bf6ed5c533ebe));
    check_hash(integer_range(-1000, 1000, 3), PE_INT128, 667, UINT64_C(0xc0c19b5da01674c7));
    check_hash(integer_range(TWO_63 - 1500, TWO_63 + 1500, 3), PE_INT128, 1000, UINT64_C(0xc94d9a00180f6619));
    const pe_int128 ten_28 = TEN_30 / 100;
    check_hash(integer_range(TEN_30, TEN_30 - ten_28 * 100, -ten_28), PE_INT128, 100, UINT64_C(0x2854fed6d0407fc5));
}
END_TEST

START_TEST(range_floats_end_before_their_stop)
{
    static const struct {
        double start, stop, step;
        uint64_t count, hash;
    } table[] = {
        {0, 1, 0.1, 10, UINT64_C(0xd29d6271a1a107ea)},      {0, 1, 0.3, 4, UINT64_C(0xfa49b6556306b2ac)},
        {1, 1.3, 0.1, 3, UINT64_C(0xfafc45f20127b7a1)}, /* numpy.arange gives 1.3 too */
        {5, 0, -0.7, 8, UINT64_C(0xdf5a9b0393d0d5a0)},      {0, 1e-300, 1e300, 1, UINT64_C(0xa8c7f832281a39c5)},
        {0, 10, 0.001, 10000, UINT64_C(0xb8206cf9bdce3a5)}, {-3.3, 8.1, 0.0123, 927, UINT64_C(0x926597a5884ef0c8)},
    };
    for (size_t t = 0; t < sizeof table / sizeof *table; t++) {
        const pe_source_spec spec = real_range(table[t].start, table[t].stop, table[t].step);
        ck_assert_uint_eq(facts(spec).count, table[t].count);
        check_hash(spec, PE_FLOAT64, table[t].count, table[t].hash);
    }
}
END_TEST

/* Random decimals, up and down, at the start, with first and count: every item lies before the stop, and one more would
 * not. Python's start + float(n) * step is the same expression. */
START_TEST(range_floats_never_reach_their_stop)
{
    uint64_t state = 3;
    for (int round = 0; round < 100000; round++) {
        double decimal[3];
        for (int d = 0; d < 3; d++) {
            state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            const int digits = (int)(state >> 60) % 4;
            decimal[d] = (double)(int64_t)(state >> 33 & 0x3FFF) / (digits == 0 ? 1 : digits == 1 ? 10 : 100);
        }
        const double start = decimal[0], step = (decimal[1] + 0.01) / 10 * (round % 2 == 0 ? 1 : -1);
        const double stop = start + (round % 2 == 0 ? decimal[2] : -decimal[2]);
        const uint64_t count = facts(real_range(start, stop, step)).count;
        const double behind = (double)count * step, last = (double)(count - 1) * step;
        ck_assert_msg(step > 0 ? start + behind >= stop : start + behind <= stop, "[%.17g, %.17g, %.17g]", start, stop,
                      step);
        ck_assert_msg(count == 0 || (step > 0 ? start + last < stop : start + last > stop), "[%.17g, %.17g, %.17g]",
                      start, stop, step);
        if (count < 3 || round % 100 >= 2)
            continue;
        double item = 0;
        const pe_source_spec part = only(from(real_range(start, stop, step), count - 2), 2);
        read_items(part, PE_FLOAT64, (pe_block){1, 1}, &item);
        ck_assert(item == start + last);
    }
}
END_TEST

START_TEST(range_integers_are_floats_where_each_is_exact)
{
    /* numpy.float32(n) == n for every item of the first four, and for not one of the others as a whole */
    ck_assert_uint_eq(facts(as(integer_range(16777214, 16777224, 2), PE_FLOAT32)).count, 5);
    ck_assert_uint_eq(facts(as(integer_range(-(1 << 26), (1 << 26) + 1, 8), PE_FLOAT32)).count, 16777217);
    ck_assert_uint_eq(facts(as(integer_range(PE_INT128_MIN, PE_INT128_MIN + 1, 1), PE_FLOAT32)).count, 1);
    ck_assert_uint_eq(facts(as(integer_range(TWO_53, TWO_53 + 64, 32), PE_FLOAT64)).count, 2);
    refused(as(integer_range(16777214, 16777226, 3), PE_FLOAT32), PE_ECONFIG, "holds 16777217", "not exact as float32");
    refused(as(integer_range(1 << 26, -(1 << 26), -6), PE_FLOAT32), PE_ECONFIG, "holds 67108858", "not exact");
    refused(as(integer_range(0, 2 * TWO_53 + 4, TWO_53 + 1), PE_FLOAT64), PE_ECONFIG, "holds 9007199254740993", NULL);
    float single = 0;
    double item = 0;
    read_items(integer_range(0, TWO_63 * 4, TWO_63), PE_FLOAT64, (pe_block){3, 1}, &item);
    ck_assert(item == 0x1.8p64);
    read_items(integer_range(16777216, 16777300, 2), PE_FLOAT32, (pe_block){2, 1}, &single);
    ck_assert(single == 16777220.0f);
}
END_TEST

START_TEST(range_of_floats_takes_a_step_left_at_one)
{
    pe_source_spec spec = real_range(0.5, 3, 0);
    spec.step = (pe_scalar){.dtype = PE_INT64, .integer = 1};
    double items[3];
    ck_assert_uint_eq(facts(spec).count, 3);
    read_items(spec, PE_FLOAT64, (pe_block){0, 3}, items);
    ck_assert(items[0] == 0.5 && items[1] == 1.5 && items[2] == 2.5);
}
END_TEST

/* Expects a ramp from `first` by `step` for the block, or none (step 0). */
static void ramps(pe_source_spec spec, pe_dtype want, pe_block block, int64_t first, int64_t step)
{
    pe_error err = PE_ERROR_INIT;
    pe_source *source = NULL;
    const pe_type type = {want, 0};
    int64_t seen_first = 0, seen_step = 0;
    ck_ok(pe_source_open(&spec, &source, &err), err);
    ck_ok(pe_source_bind(source, &type, 1, &err), err);
    ck_assert_int_eq(pe_source_ramp(source, block, &seen_first, &seen_step), step != 0);
    if (step != 0) {
        ck_assert_int_eq(seen_first, first);
        ck_assert_int_eq(seen_step, step);
    }
    pe_source_close(source);
}

START_TEST(range_is_a_ramp_where_it_is_within_int64)
{
    const pe_block all = {0, 100}, part = {90, 10};
    ramps(integer_range(-50, 250, 3), PE_INT64, part, -50 + 270, 3);
    ramps(integer_range(250, -50, -3), PE_INT128, part, 250 - 270, -3);
    ramps(from(integer_range(0, 1000, 1), 500), PE_INT64, part, 590, 1);
    ramps(integer_range(TWO_63 - 95, TWO_63 + 5, 1), PE_INT128, (pe_block){0, 95}, INT64_MAX - 94, 1);
    ramps(integer_range(TWO_63 - 95, TWO_63 + 5, 1), PE_INT128, all, 0, 0);
    ramps(integer_range(0, 2 * TWO_63, TWO_63), PE_INT128, (pe_block){0, 1}, 0, 0);
    ramps(integer_range(0, 100, 1), PE_INT32, all, 0, 0);
    ramps(integer_range(0, 100, 1), PE_FLOAT64, all, 0, 0);
    ramps(real_range(0, 100, 1), PE_FLOAT64, all, 0, 0);
    ramps(integer_value(5), PE_INT64, all, 0, 0);
}
END_TEST

START_TEST(range_first_and_count_cut)
{
    int64_t items[3];
    const pe_source_spec spec = only(from(integer_range(100, 200, 10), 2), 3);
    ck_assert_uint_eq(facts(spec).count, 3);
    read_items(spec, PE_INT64, (pe_block){0, 3}, items);
    ck_assert_mem_eq(items, ((int64_t[]){120, 130, 140}), sizeof items);
    refused(from(integer_range(0, 10, 1), 11), PE_EDATA, "first = 11", "10 items");
    refused(only(from(integer_range(0, 10, 1), 8), 3), PE_EDATA, "3 items from item 8", "10 items");
    refused(only(from(integer_range(0, 10, 1), 1), UINT64_MAX), PE_EDATA, "18446744073709551615", "10 items");
}
END_TEST

UNIT_MAIN("range", range_with_step_zero_is_refused, range_with_wrong_sign_is_refused,
          range_of_floats_not_finite_is_refused, range_beyond_two_to_63_items_is_refused_by_its_count,
          range_empty_has_no_items, range_counts_as_python_does, range_type_follows_its_items,
          range_dtype_that_loses_value_is_refused_by_the_bound, range_bind_is_judged_by_the_items,
          range_items_arrive_in_every_dtype, range_integers_are_those_of_python, range_floats_end_before_their_stop,
          range_floats_never_reach_their_stop, range_integers_are_floats_where_each_is_exact,
          range_of_floats_takes_a_step_left_at_one, range_is_a_ramp_where_it_is_within_int64, range_first_and_count_cut)

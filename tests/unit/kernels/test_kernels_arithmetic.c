/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_kernels_arithmetic.c - the built-in kernels of plain arithmetic against values from Python and numpy.
 *
 * Design: each table is run as one batch and compared item by item: the result where it fits, a failure where not.
 */
#include <check.h>
#include <math.h>
#include <string.h>

#include "kernel_helpers.h"
#include "kernel_tables.h"

static void check_int128(const char *name, const int128_row *rows, size_t count)
{
    bench b = open_named(name, "(int128) -> int128");
    words *x = b.args[0];
    const words *y = b.results[0];
    for (size_t i = 0; i < count; i++)
        x[i] = rows[i].x;
    run(&b, count);
    for (size_t i = 0; i < count; i++)
        if (succeeds(&b, i, rows[i].fits, "result does not fit int128"))
            ck_assert_msg(memcmp(&y[i], &rows[i].y, sizeof y[i]) == 0, "%s row %zu", name, i);
    close_kernel(&b);
}

START_TEST(square_int64_equals_python)
{
    check_int64("square", square_int64, COUNT(square_int64));
}
END_TEST

START_TEST(cube_int64_equals_python)
{
    check_int64("cube", cube_int64, COUNT(cube_int64));
}
END_TEST

START_TEST(square_int128_equals_python)
{
    check_int128("square", square_int128, COUNT(square_int128));
}
END_TEST

START_TEST(cube_int128_equals_python)
{
    check_int128("cube", cube_int128, COUNT(cube_int128));
}
END_TEST

START_TEST(sum_of_squares_int64_equals_python)
{
    bench b = open_named("sum_of_squares", "(int64, int64) -> int64");
    int64_t *x = b.args[0], *y = b.args[1];
    const int64_t *z = b.results[0];
    for (size_t i = 0; i < COUNT(sum_int64); i++) {
        x[i] = sum_int64[i].x;
        y[i] = sum_int64[i].y;
    }
    run(&b, COUNT(sum_int64));
    for (size_t i = 0; i < COUNT(sum_int64); i++)
        if (succeeds(&b, i, sum_int64[i].fits, "result does not fit int64"))
            ck_assert_int_eq(z[i], sum_int64[i].z);
    close_kernel(&b);
}
END_TEST

START_TEST(sum_of_squares_int128_equals_python)
{
    bench b = open_named("sum_of_squares", "(int128, int128) -> int128");
    words *x = b.args[0], *y = b.args[1];
    const words *z = b.results[0];
    for (size_t i = 0; i < COUNT(sum_int128); i++) {
        x[i] = sum_int128[i].x;
        y[i] = sum_int128[i].y;
    }
    run(&b, COUNT(sum_int128));
    for (size_t i = 0; i < COUNT(sum_int128); i++)
        if (succeeds(&b, i, sum_int128[i].fits, "result does not fit int128"))
            ck_assert_msg(memcmp(&z[i], &sum_int128[i].z, sizeof z[i]) == 0, "row %zu", i);
    close_kernel(&b);
}
END_TEST

/* The first failing item alone: a batch where all else fits must not hide it, wherever it stands. */
START_TEST(square_one_too_large_fails_alone)
{
    bench b = open_named("square", "(int64) -> int64");
    int64_t *x = b.args[0];
    const int64_t *y = b.results[0];
    for (size_t at = 0; at < 70; at++) {
        for (size_t i = 0; i < 70; i++)
            x[i] = 3037000499;
        x[at] = at % 2 == 0 ? 3037000500 : -3037000500;
        run(&b, 70);
        ck_assert_uint_eq(b.failed, 1);
        ck_assert_uint_eq(b.failures[0].item, at);
        ck_assert_int_eq(y[at == 0 ? 1 : 0], INT64_C(9223372030926249001));
    }
    close_kernel(&b);
}
END_TEST

static bool same_bits(double a, double b)
{
    uint64_t x, y;
    memcpy(&x, &a, sizeof x);
    memcpy(&y, &b, sizeof y);
    return x == y;
}

START_TEST(powers_float64_equal_python)
{
    bench square = open_named("square", "(float64) -> float64");
    bench cube = open_named("cube", "(float64) -> float64");
    bench sum = open_named("sum_of_squares", "(float64, float64) -> float64");
    for (size_t i = 0; i < COUNT(powers_float64); i++) {
        ((double *)square.args[0])[i] = powers_float64[i].x;
        ((double *)cube.args[0])[i] = powers_float64[i].x;
        ((double *)sum.args[0])[i] = powers_float64[i].x;
        ((double *)sum.args[1])[i] = powers_float64[i].y;
    }
    run(&square, COUNT(powers_float64));
    run(&cube, COUNT(powers_float64));
    run(&sum, COUNT(powers_float64));
    for (size_t i = 0; i < COUNT(powers_float64); i++) {
        ck_assert(same_bits(((double *)square.results[0])[i], powers_float64[i].square));
        ck_assert(same_bits(((double *)cube.results[0])[i], powers_float64[i].cube));
        ck_assert(same_bits(((double *)sum.results[0])[i], powers_float64[i].sum));
    }
    ck_assert_uint_eq(square.failed + cube.failed + sum.failed, 0);
    close_kernel(&square);
    close_kernel(&cube);
    close_kernel(&sum);
}
END_TEST

static bool within_one_ulp(double a, double b)
{
    return a == b || nextafter(a, b) == b;
}

START_TEST(hypot_float64_is_exact_to_one_ulp)
{
    bench b = open_named("hypot", "(float64, float64) -> float64");
    for (size_t i = 0; i < COUNT(hypot_float64); i++) {
        ((double *)b.args[0])[i] = hypot_float64[i].x;
        ((double *)b.args[1])[i] = hypot_float64[i].y;
    }
    run(&b, COUNT(hypot_float64));
    for (size_t i = 0; i < COUNT(hypot_float64); i++)
        ck_assert_msg(within_one_ulp(((double *)b.results[0])[i], hypot_float64[i].length), "row %zu", i);
    close_kernel(&b);
}
END_TEST

START_TEST(norm3_float64_equals_formula_and_numpy)
{
    bench b = open_named("norm3", "(float64[3]) -> float64");
    for (size_t i = 0; i < COUNT(norm3_float64); i++) {
        const double v[] = {norm3_float64[i].x, norm3_float64[i].y, norm3_float64[i].z};
        memcpy((double *)b.args[0] + 3 * i, v, sizeof v);
    }
    run(&b, COUNT(norm3_float64));
    for (size_t i = 0; i < COUNT(norm3_float64); i++) {
        const double norm = ((double *)b.results[0])[i];
        ck_assert(same_bits(norm, norm3_float64[i].formula));
        ck_assert_msg(within_one_ulp(norm, norm3_float64[i].numpy), "row %zu: %.17g", i, norm);
    }
    close_kernel(&b);
}
END_TEST

START_TEST(divmod_equals_python)
{
    bench b = open_named("divmod", "(int64, int64) -> (int64, int64)");
    for (size_t i = 0; i < COUNT(quotients); i++) {
        ((int64_t *)b.args[0])[i] = quotients[i].x;
        ((int64_t *)b.args[1])[i] = quotients[i].y;
    }
    run(&b, COUNT(quotients));
    ck_assert_uint_eq(b.failed, 0);
    for (size_t i = 0; i < COUNT(quotients); i++) {
        ck_assert_int_eq(((int64_t *)b.results[0])[i], quotients[i].quotient);
        ck_assert_int_eq(((int64_t *)b.results[1])[i], quotients[i].remainder);
    }
    close_kernel(&b);
}
END_TEST

START_TEST(divmod_by_zero_or_too_large_fails)
{
    static const int64_t x[] = {0, 7, INT64_MIN, INT64_MIN, INT64_MIN};
    static const int64_t y[] = {0, 0, 0, -1, 1};
    bench b = open_named("divmod", "(int64, int64) -> (int64, int64)");
    memcpy(b.args[0], x, sizeof x);
    memcpy(b.args[1], y, sizeof y);
    run(&b, COUNT(x));
    for (size_t i = 0; i < 3; i++)
        ck_assert_str_eq(reason_of(&b, i), "integer division or modulo by zero"); /* Python's words */
    ck_assert_str_eq(reason_of(&b, 3), "result does not fit int64");
    ck_assert_ptr_null(reason_of(&b, 4));
    close_kernel(&b);
}
END_TEST

typedef struct ramp_row {
    int64_t first, step;
    size_t count;
} ramp_row;

/* Across zero, across both bounds of what can be squared, up to the ends of int64. */
static const ramp_row ramp_rows[] = {{-700, 1, 1501},
                                     {3037000490, 1, 20},
                                     {-3037000490, -1, 20},
                                     {3037000510, -1, 3072},
                                     {0, 0, 5},
                                     {INT64_MAX - 40, 10, 5},
                                     {INT64_MIN, INT64_MAX, 3},
                                     {-3037000499 * 2, 3037000499, 5},
                                     {5, 7, 1},
                                     {700, -1, 1501},
                                     {-700, 7, 300},
                                     {699, -7, 300},
                                     {-1, 1, 3},
                                     {INT64_MAX, INT64_MIN, 2}};

/* Runs the kernel on the row's ramp, with nothing in args. */
static void run_ramp(bench *b, const ramp_row *row)
{
    static const void *const nothing[1] = {NULL};
    const pe_ramp ramp = {row->first, row->step};
    pe_error err = PE_ERROR_INIT;
    pe_call_set_ramps(b->call, &ramp);
    ck_ok(pe_call_run(b->call, 0, row->count, nothing, b->results, &err), err);
    b->failures = pe_call_failures(b->call, &b->failed);
}

START_TEST(square_of_a_ramp_is_exact_or_fails)
{
    bench narrow = open_named("square", "(int64) -> int64"), wide = open_named("square", "(int128) -> int128");
    for (size_t r = 0; r < COUNT(ramp_rows); r++) {
        run_ramp(&narrow, &ramp_rows[r]);
        run_ramp(&wide, &ramp_rows[r]);
        ck_assert_uint_eq(wide.failed, 0);
        for (size_t i = 0; i < ramp_rows[r].count; i++) {
            const pe_int128 x = (pe_int128)ramp_rows[r].first + (pe_int128)i * ramp_rows[r].step;
            ck_assert(((pe_int128 *)wide.results[0])[i] == x * x);
            if (succeeds(&narrow, i, x * x <= INT64_MAX, "result does not fit int64"))
                ck_assert_int_eq(((int64_t *)narrow.results[0])[i], (int64_t)(x * x));
        }
    }
    close_kernel(&narrow);
    close_kernel(&wide);
}
END_TEST

UNIT_MAIN("kernels_arithmetic", square_of_a_ramp_is_exact_or_fails, square_int64_equals_python,
          cube_int64_equals_python, square_int128_equals_python, cube_int128_equals_python,
          sum_of_squares_int64_equals_python, sum_of_squares_int128_equals_python, square_one_too_large_fails_alone,
          powers_float64_equal_python, hypot_float64_is_exact_to_one_ulp, norm3_float64_equals_formula_and_numpy,
          divmod_equals_python, divmod_by_zero_or_too_large_fails)

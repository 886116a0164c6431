/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_exact.c - sums without rounding, against values that can be written down.
 *
 * Design: large sets of numbers are compared with Python's math.fsum and Fraction from outside (tests/cli/test_reduce.py);
 *         here are the edges: ties, carries, subnormals, cancellation, what is not finite, and the order.
 */
#include <float.h>
#include <math.h>
#include <stdio.h>

#include "base/alloc.h"
#include "reduce/exact/exact.h"
#include "unit.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static double quotient_of(const double *terms, size_t count, uint64_t divisor)
{
    pe_exact_float sum = {.pending = 0};
    pe_exact_add_float64(&sum, terms, count);
    return pe_exact_float_quotient(&sum, divisor);
}

static void check(double seen, double expected, const char *what)
{
    const bool is_same = isnan(expected) ? isnan(seen) : seen == expected && signbit(seen) == signbit(expected);
    ck_assert_msg(is_same, "%s: %a, expected %a", what, seen, expected);
}

#define SUM(expected, ...)                                                                                             \
    do {                                                                                                               \
        const double terms[] = {__VA_ARGS__};                                                                          \
        check(quotient_of(terms, COUNT(terms), 1), expected, #__VA_ARGS__);                                            \
    } while (0)

START_TEST(float_sum_of_none_is_zero)
{
    check(quotient_of(NULL, 0, 1), 0.0, "none");
    SUM(0.0, -0.0);
    SUM(0.0, 1e300, -1e300);
}
END_TEST

START_TEST(float_sum_is_rounded_once_ties_to_even)
{
    SUM(0x1p53, 0x1p53, 1.0);                /* half a place: to even, down */
    SUM(0x1p53 + 4, 0x1p53, 3.0);            /* half a place: to even, up */
    SUM(0x1p53 + 2, 0x1p53, 1.0, 0x1p-1074); /* a little more than half */
    SUM(0x1p53, 0x1p53, 1.0, -0x1p-1074);    /* a little less */
    SUM(-0x1p53, -0x1p53, -1.0);
    SUM(0x1p54, 0x1p54 - 2, 1.0);                    /* carries into the next binade */
    SUM(1.0, 1e100, 1.0, -1e100);                    /* what plain summing loses */
    SUM(0x1p-1074, DBL_MAX, 0x1p-1074, -DBL_MAX);    /* both ends of the range at once */
    SUM(0x1.0000000000001p0, 1.0, 0x1p-53, 0x1p-54); /* twice below half, together above */
}
END_TEST

START_TEST(float_sum_of_subnormals_is_exact)
{
    SUM(0x1p-1073, 0x1p-1074, 0x1p-1074);
    SUM(DBL_MIN, DBL_MIN - 0x1p-1074, 0x1p-1074);
    SUM(-0x1p-1074, DBL_MIN - 0x1p-1074, -DBL_MIN);
}
END_TEST

START_TEST(float_sum_beyond_the_range_is_inf_unless_it_comes_back)
{
    SUM(INFINITY, DBL_MAX, DBL_MAX);
    SUM(-INFINITY, -DBL_MAX, -0x1p970);           /* half a place beyond */
    SUM(DBL_MAX, DBL_MAX, 0x1.fffffffffffffp969); /* less than that */
    SUM(DBL_MAX, DBL_MAX, DBL_MAX, DBL_MAX, -DBL_MAX, -DBL_MAX);
}
END_TEST

START_TEST(float_sum_with_inf_or_nan_has_no_order)
{
    SUM(INFINITY, 1.0, INFINITY, -DBL_MAX);
    SUM(-INFINITY, -INFINITY, DBL_MAX);
    SUM(NAN, INFINITY, -INFINITY);
    SUM(NAN, -INFINITY, 1.0, INFINITY);
    SUM(NAN, NAN, INFINITY);
}
END_TEST

START_TEST(float_quotient_is_rounded_once)
{
    const double one[] = {1.0}, tiny[] = {0x1p-1074}, three[] = {0x3p-1074}, minus[] = {-1.0};
    check(quotient_of(one, 1, 3), 1.0 / 3.0, "1 / 3");
    check(quotient_of(minus, 1, 10), -0.1, "-1 / 10");
    check(quotient_of(one, 1, UINT64_MAX), 0x1p-64, "1 / (2^64 - 1)");
    check(quotient_of(tiny, 1, 2), 0.0, "half the least: to even");
    check(quotient_of(three, 1, 2), 0x1p-1073, "one and a half: to even");
    check(quotient_of(tiny, 1, UINT64_MAX), 0.0, "nearly nothing");
    const double huge[] = {DBL_MAX, DBL_MAX, DBL_MAX, DBL_MAX};
    check(quotient_of(huge, 4, 4), DBL_MAX, "the sum is beyond the range, the mean is not");
}
END_TEST

/* Terms of either sign and exponents `spread` apart, drawn by a linear congruence. */
static void draw(double *terms, size_t count, int spread)
{
    uint64_t state = 7;
    for (size_t i = 0; i < count; i++) {
        state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        const int exponent = spread == 0 ? 0 : (int)(state >> 40) % spread;
        terms[i] = ldexp((double)(int64_t)(state ^ state << 13), exponent - spread / 2);
    }
}

#define TERMS 5000

/* Runs of one length against term by term; the second are so few that they are never cut into parts. */
START_TEST(float_runs_equal_terms_one_by_one)
{
    static const int spreads[] = {0, 10, 30, 44, 60, 500, 1900};
    static double terms[TERMS];
    for (size_t s = 0; s < COUNT(spreads); s++) {
        pe_exact_float one = {.pending = 0}, all = {.pending = 0}, back = {.pending = 0}, merged = {.pending = 0};
        draw(terms, TERMS, spreads[s]);
        pe_exact_add_float64(&all, terms, TERMS);
        for (size_t i = 0; i < TERMS; i++) {
            pe_exact_float part = {.pending = 0};
            pe_exact_add_float64(&one, &terms[i], 1);
            pe_exact_add_float64(&back, &terms[TERMS - 1 - i], 1);
            pe_exact_add_float64(&part, &terms[i], 1);
            pe_exact_settle(&part);
            pe_exact_merge_float(&merged, &part);
        }
        const double expected = pe_exact_float_quotient(&one, 1);
        check(pe_exact_float_quotient(&all, 1), expected, "runs");
        check(pe_exact_float_quotient(&back, 1), expected, "the other way round");
        check(pe_exact_float_quotient(&merged, 1), expected, "merged");
        for (size_t i = 0; i < TERMS; i++) { /* taking them away again leaves nothing at all */
            const double minus = -terms[i];
            pe_exact_add_float64(&all, &minus, 1);
        }
        check(pe_exact_float_quotient(&all, 1), 0.0, "minus itself");
    }
}
END_TEST

/* The exponents that put the most of a term into one chunk. */
START_TEST(float_terms_of_one_sign_carry_for_long)
{
    static double terms[TERMS];
    pe_exact_float sum = {.pending = 0};
    for (size_t i = 0; i < TERMS; i++)
        terms[i] = i % 64 == 63 ? 0x1p-900 : 0x1.fffffffffffffp64; /* so far apart that no run is cut */
    for (int round = 0; round < 20; round++)
        pe_exact_add_float64(&sum, terms, TERMS);
    const double many = 20.0 * (TERMS - TERMS / 64);
    check(pe_exact_float_quotient(&sum, 1), (many * 0x1p53 - many) * 0x1p12, "all ones"); /* rounded once here too */
}
END_TEST

/* Too large to be cut, and what cannot be: among so many others that they would be a run. */
START_TEST(float_runs_at_the_end_of_the_range_are_exact)
{
    double terms[200];
    for (size_t i = 0; i < COUNT(terms); i++)
        terms[i] = i % 2 == 0 ? DBL_MAX : i == 1 ? 1.0 : -DBL_MAX;
    check(quotient_of(terms, COUNT(terms), 1), DBL_MAX, "one more than of the other sign");
    terms[7] = -INFINITY;
    check(quotient_of(terms, COUNT(terms), 1), -INFINITY, "an inf among them");
    for (size_t i = 0; i < COUNT(terms); i++)
        terms[i] = i == 150 ? NAN : (double)i;
    check(quotient_of(terms, COUNT(terms), 1), NAN, "a nan among small ones");
    terms[150] = INFINITY;
    check(quotient_of(terms, COUNT(terms), 1), INFINITY, "an inf among small ones");
}
END_TEST

START_TEST(int_sum_need_fit_only_in_the_end)
{
    pe_exact_int sum = {0, 0};
    pe_int128 value = 1;
    ck_assert(pe_exact_int_value(&sum, &value));
    ck_assert(value == 0);
    const pe_int128 most[] = {PE_INT128_MAX, PE_INT128_MAX, PE_INT128_MIN, 3};
    pe_exact_add_int128(&sum, most, 2);
    ck_assert(!pe_exact_int_value(&sum, &value));
    check(pe_exact_int_quotient(&sum, 1), 0x1p128, "2^128 - 2");
    pe_exact_add_int128(&sum, most + 2, 2);
    ck_assert(!pe_exact_int_value(&sum, &value)); /* 2^127 + 1 */
    const pe_int128 minus[] = {-2};
    pe_exact_add_int128(&sum, minus, 1);
    ck_assert(pe_exact_int_value(&sum, &value));
    ck_assert(value == PE_INT128_MAX);
}
END_TEST

START_TEST(int_sums_of_words_are_whole)
{
    static int64_t terms[3000];
    static uint64_t words[3000];
    pe_exact_int sum = {0, 0}, wide = {0, 0};
    pe_int128 value = 0;
    for (size_t i = 0; i < COUNT(terms); i++) {
        terms[i] = i % 3 == 2 ? INT64_MAX : INT64_MIN;
        words[i] = UINT64_MAX;
    }
    pe_exact_add_int64(&sum, terms, COUNT(terms));
    ck_assert(pe_exact_int_value(&sum, &value));
    ck_assert(value == (pe_int128)1000 * INT64_MAX + (pe_int128)2000 * INT64_MIN);
    pe_exact_add_uint64(&wide, words, COUNT(words));
    pe_exact_merge_int(&sum, &wide);
    ck_assert(pe_exact_int_value(&sum, &value));
    ck_assert(value == (pe_int128)3000 * UINT64_MAX + (pe_int128)1000 * INT64_MAX + (pe_int128)2000 * INT64_MIN);
}
END_TEST

START_TEST(int_quotients_are_rounded_once)
{
    const int64_t terms[] = {-7, 2, INT64_MIN};
    pe_exact_int sum = {0, 0};
    check(pe_exact_int_quotient(&sum, 3), 0.0, "0 / 3");
    pe_exact_add_int64(&sum, terms, 2);
    check(pe_exact_int_quotient(&sum, 3), -5.0 / 3.0, "-5 / 3");
    check(pe_exact_int_quotient(&sum, UINT64_MAX), -0x5p-64, "-5 / (2^64 - 1)");
    /* by Fraction: a tie except for a remainder 10 digits on; the even neighbour ends in 8 */
    pe_exact_int one = {.low = 1};
    check(pe_exact_int_quotient(&one, UINT64_C(13099150223147995613)), 0x1.68826683b8149p-64, "nearly a tie");
    pe_exact_add_int64(&sum, terms + 2, 1);
    check(pe_exact_int_quotient(&sum, 1), -0x1p63, "-2^63 - 5");
    check(pe_exact_int_quotient(&sum, 10), -922337203685477581.3, "-2^63 - 5, a tenth");
}
END_TEST

UNIT_MAIN("exact", float_sum_of_none_is_zero, float_sum_is_rounded_once_ties_to_even, float_sum_of_subnormals_is_exact,
          float_sum_beyond_the_range_is_inf_unless_it_comes_back, float_sum_with_inf_or_nan_has_no_order,
          float_quotient_is_rounded_once, float_runs_equal_terms_one_by_one, float_terms_of_one_sign_carry_for_long,
          float_runs_at_the_end_of_the_range_are_exact, int_sum_need_fit_only_in_the_end, int_sums_of_words_are_whole,
          int_quotients_are_rounded_once)

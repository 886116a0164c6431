/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* exact_variance.c - the variance from exact sums, rounded once.
 *
 * Design:   with s the sum of n terms and q that of their squares, the variance is (n q - s s) / (n (n - ddof)): whole
 *           numbers of one unit, which is subtracted without rounding and divided digit by digit. The root is that of the
 *           quotient's leading 126 or 127 bits, whose whole root has 63 or 64 bits: more than a double's 53, with what is left
 *           over kept as one bit.
 * Threads:  no state.
 */
#include <math.h>

#include "reduce/exact/exact_internal.h"

#define GUARDS 10 /* digits below: 128 bits go with the divisors, and the root needs 127 more */

/* into -= term; the difference is not negative. Both begin at digit 0 with one unit. */
static void subtract(pe_exact_number *into, const pe_exact_number *term)
{
    int64_t borrow = 0;
    for (int d = 0; d < into->count; d++) {
        const int64_t digit = (int64_t)into->digits[d] - (d < term->count ? (int64_t)term->digits[d] : 0) + borrow;
        into->digits[d] = (uint32_t)digit;
        borrow = digit < 0 ? -1 : 0;
    }
}

/* GUARDS digits below n * q. */
static void scale_squares(const pe_exact_square *squares, uint64_t n, pe_exact_number *out)
{
    pe_exact_square settled = {.pending = 0};
    pe_exact_square_merge(&settled, squares);
    *out = (pe_exact_number){.count = GUARDS + PE_EXACT_SQUARE_CHUNKS + 3};
    pe_uint128 rest = 0;
    for (int d = 0; d < PE_EXACT_SQUARE_CHUNKS + 3; d++) {
        rest += d < PE_EXACT_SQUARE_CHUNKS ? (pe_uint128)settled.chunks[d] * n : 0;
        out->digits[GUARDS + d] = (uint32_t)rest;
        rest >>= 32;
    }
}

/* GUARDS digits below s * s. */
static void square_sum(const pe_exact_number *sum, pe_exact_number *out)
{
    *out = (pe_exact_number){.count = GUARDS + 2 * sum->count};
    for (int a = 0; a < sum->count; a++) {
        uint64_t rest = 0;
        for (int b = 0; b < sum->count; b++) {
            rest += (uint64_t)sum->digits[a] * sum->digits[b] + out->digits[GUARDS + a + b];
            out->digits[GUARDS + a + b] = (uint32_t)rest;
            rest >>= 32;
        }
        out->digits[GUARDS + a + sum->count] = (uint32_t)rest;
    }
}

/* The largest number whose square is not above value. */
static uint64_t whole_root(pe_uint128 value)
{
    pe_uint128 root = 0;
    for (int place = 63; place >= 0; place--) {
        const pe_uint128 more = root | (pe_uint128)1 << place;
        if (more * more <= value)
            root = more;
    }
    return (uint64_t)root;
}

/* The root of a number, as a number of two digits with what is left over. */
static double root_of(const pe_exact_number *value)
{
    const int top = pe_exact_number_top(value);
    int last = top - 125; /* the lowest place that is taken: its power of two must be even */
    if (top < 0)
        return 0;
    last -= (last + value->unit) % 2 == 0 ? 0 : 1;
    pe_uint128 taken = 0;
    bool has_more = value->has_more;
    for (int place = top; place >= last; place--)
        taken = (taken << 1) | (place >= 0 && pe_exact_number_has(value, place) ? 1u : 0u);
    for (int place = last - 1; place >= 0 && !has_more; place--)
        has_more = pe_exact_number_has(value, place);
    const uint64_t root = whole_root(taken);
    const pe_exact_number out = {.digits = {0, 0, (uint32_t)root, (uint32_t)(root >> 32)},
                                 .count = 4,
                                 .unit = (last + value->unit) / 2 - 64,
                                 .has_more = has_more || (pe_uint128)root * root != taken};
    return pe_exact_number_nearest(&out);
}

double pe_exact_variance(const pe_exact_float *reals, const pe_exact_int *integers, const pe_exact_square *squares,
                         uint64_t count, uint64_t ddof, bool is_root)
{
    pe_exact_number sum, value, square;
    if (count == 0 || count <= ddof || squares->has_special != 0)
        return NAN;
    (void)(reals != NULL ? pe_exact_float_size(reals, 0, &sum) : pe_exact_int_size(integers, 0, &sum));
    scale_squares(squares, count, &value);
    square_sum(&sum, &square);
    subtract(&value, &square);
    value.unit = 2 * sum.unit - 32 * GUARDS;
    pe_exact_number_divide(&value, count);
    pe_exact_number_divide(&value, count - ddof);
    return is_root ? root_of(&value) : pe_exact_number_nearest(&value);
}

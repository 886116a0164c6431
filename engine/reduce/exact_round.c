/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* exact_round.c - rounds the quotient of an exact sum and a count to the nearest double, once.
 *
 * Design:   both kinds of sum become a sign and 32-bit digits, are divided by long division, and rounded to 53 bits
 *           (fewer for subnormals). A remainder is kept as one bit below the last digit, so that ties are recognised
 *           exactly.
 * Threads:  no state.
 */
#include <assert.h>
#include <math.h>

#include "reduce/exact.h"

#define GUARDS                                                                                                         \
    4 /* digits below those of the sum: they hold 64 bits of quotient for any count below 2^64; 53 are needed */
#define DIGITS_MOST (PE_EXACT_CHUNKS + 2 + GUARDS)
#define FLOAT_UNIT (-1075) /* chunk 0 counts 2^-1075 */
#define LEAST_PLACE (-1074)

/* The number sum over d of digits[d] * 2^(32 d + unit); not negative. */
typedef struct number {
    uint32_t digits[DIGITS_MOST];
    int count;
    int unit;
    bool has_more; /* there are nonzero bits below the last digit */
} number;

static bool bit(const number *of, int place)
{
    return ((of->digits[place / 32] >> (place % 32)) & 1u) != 0;
}

static void divide(number *value, uint64_t count)
{
    pe_uint128 rest = 0;
    for (int d = value->count - 1; d >= 0; d--) {
        rest = (rest << 32) | value->digits[d]; /* below count * 2^32 */
        value->digits[d] = (uint32_t)(rest / count);
        rest %= count;
    }
    value->has_more = rest != 0;
}

static int highest_bit(const number *of)
{
    int place = of->count * 32 - 1;
    while (place >= 0 && !bit(of, place))
        place--;
    return place;
}

/* Whether the number rounds up at place last: above half, or at half when the kept part is odd. */
static bool rounds_up(const number *of, int last)
{
    bool has_more = of->has_more;
    if (!bit(of, last - 1))
        return false;
    for (int place = last - 2; place >= 0 && !has_more; place--)
        has_more = bit(of, place);
    return has_more || bit(of, last);
}

static double nearest(const number *of)
{
    const int top = highest_bit(of);
    const int least = LEAST_PLACE - of->unit;             /* the lowest place of a double */
    const int last = top - 52 > least ? top - 52 : least; /* the lowest place that is kept */
    uint64_t kept = 0;
    if (top < 0)
        return 0;
    assert(last >= 1);
    for (int place = top; place >= last; place--)
        kept = (kept << 1) | bit(of, place);
    return ldexp((double)(kept + rounds_up(of, last)), last + of->unit);
}

static double quotient(number *value, bool is_negative, uint64_t count)
{
    assert(count > 0);
    divide(value, count);
    const double size = nearest(value);
    return is_negative && size > 0 ? -size : size;
}

double pe_exact_float_quotient(const pe_exact_float *sum, uint64_t count)
{
    if (sum->has_nan || (sum->has_inf && sum->has_minus_inf))
        return NAN;
    if (sum->has_inf || sum->has_minus_inf)
        return sum->has_inf ? INFINITY : -INFINITY;
    pe_exact_float size = *sum;
    pe_exact_settle(&size);
    const bool is_negative = size.chunks[PE_EXACT_CHUNKS - 1] < 0; /* after settling the others are not negative */
    for (int c = 0; c < PE_EXACT_CHUNKS && is_negative; c++)
        size.chunks[c] = -size.chunks[c];
    if (is_negative)
        pe_exact_settle(&size);
    number value = {.count = GUARDS + PE_EXACT_CHUNKS + 1, .unit = FLOAT_UNIT - 32 * GUARDS};
    for (int c = 0; c < PE_EXACT_CHUNKS; c++)
        value.digits[GUARDS + c] = (uint32_t)size.chunks[c];
    value.digits[GUARDS + PE_EXACT_CHUNKS] =
        (uint32_t)(size.chunks[PE_EXACT_CHUNKS - 1] >> 32); /* the last chunk may exceed 32 bits */
    return quotient(&value, is_negative, count);
}

double pe_exact_int_quotient(const pe_exact_int *sum, uint64_t count)
{
    pe_int128 high = sum->high + (pe_int128)(sum->low >> 64);
    uint64_t low = (uint64_t)sum->low;
    const bool is_negative = high < 0;
    if (is_negative) { /* two's complement: all bits flipped, plus one */
        low = 0 - low;
        high = ~high + (low == 0);
    }
    number value = {.count = GUARDS + 6, .unit = -32 * GUARDS};
    for (int d = 0; d < 2; d++)
        value.digits[GUARDS + d] = (uint32_t)(low >> (32 * d));
    for (int d = 0; d < 4; d++)
        value.digits[GUARDS + 2 + d] = (uint32_t)(high >> (32 * d));
    return quotient(&value, is_negative, count);
}

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

#include "reduce/exact/exact_internal.h"

#define GUARDS                                                                                                         \
    4 /* digits below those of the sum: they hold 64 bits of quotient for any count below 2^64; 53 are needed */
#define LEAST_PLACE (-1074)

void pe_exact_number_divide(pe_exact_number *value, uint64_t divisor)
{
    pe_uint128 rest = 0;
    for (int d = value->count - 1; d >= 0; d--) {
        rest = (rest << 32) | value->digits[d]; /* below divisor * 2^32 */
        value->digits[d] = (uint32_t)(rest / divisor);
        rest %= divisor;
    }
    value->has_more = value->has_more || rest != 0;
}

int pe_exact_number_top(const pe_exact_number *of)
{
    int place = of->count * 32 - 1;
    while (place >= 0 && !pe_exact_number_has(of, place))
        place--;
    return place;
}

/* Whether the number rounds up at place last: above half, or at half when the kept part is odd. */
static bool rounds_up(const pe_exact_number *of, int last)
{
    bool has_more = of->has_more;
    if (!pe_exact_number_has(of, last - 1))
        return false;
    for (int place = last - 2; place >= 0 && !has_more; place--)
        has_more = pe_exact_number_has(of, place);
    return has_more || pe_exact_number_has(of, last);
}

double pe_exact_number_nearest(const pe_exact_number *of)
{
    const int top = pe_exact_number_top(of);
    const int least = LEAST_PLACE - of->unit;             /* the lowest place of a double */
    const int last = top - 52 > least ? top - 52 : least; /* the lowest place that is kept */
    uint64_t kept = 0;
    if (top < 0)
        return 0;
    assert(last >= 1);
    for (int place = top; place >= last; place--)
        kept = (kept << 1) | pe_exact_number_has(of, place);
    return ldexp((double)(kept + rounds_up(of, last)), last + of->unit);
}

static double quotient(pe_exact_number *value, bool is_negative, uint64_t count)
{
    assert(count > 0);
    pe_exact_number_divide(value, count);
    const double size = pe_exact_number_nearest(value);
    return is_negative && size > 0 ? -size : size;
}

bool pe_exact_float_size(const pe_exact_float *sum, int from, pe_exact_number *out)
{
    pe_exact_float size = *sum;
    pe_exact_settle(&size);
    const bool is_negative = size.chunks[PE_EXACT_CHUNKS - 1] < 0; /* after settling the others are not negative */
    for (int c = 0; c < PE_EXACT_CHUNKS && is_negative; c++)
        size.chunks[c] = -size.chunks[c];
    if (is_negative)
        pe_exact_settle(&size);
    *out = (pe_exact_number){.count = from + PE_EXACT_CHUNKS + 1, .unit = PE_EXACT_FLOAT_UNIT - 32 * from};
    for (int c = 0; c < PE_EXACT_CHUNKS; c++)
        out->digits[from + c] = (uint32_t)size.chunks[c];
    out->digits[from + PE_EXACT_CHUNKS] =
        (uint32_t)(size.chunks[PE_EXACT_CHUNKS - 1] >> 32); /* the last chunk may exceed 32 bits */
    return is_negative;
}

bool pe_exact_int_size(const pe_exact_int *sum, int from, pe_exact_number *out)
{
    pe_int128 high = sum->high + (pe_int128)(sum->low >> 64);
    uint64_t low = (uint64_t)sum->low;
    const bool is_negative = high < 0;
    if (is_negative) { /* two's complement: all bits flipped, plus one */
        low = 0 - low;
        high = ~high + (low == 0);
    }
    *out = (pe_exact_number){.count = from + 6, .unit = -32 * from};
    for (int d = 0; d < 2; d++)
        out->digits[from + d] = (uint32_t)(low >> (32 * d));
    for (int d = 0; d < 4; d++)
        out->digits[from + 2 + d] = (uint32_t)(high >> (32 * d));
    return is_negative;
}

double pe_exact_float_quotient(const pe_exact_float *sum, uint64_t count)
{
    pe_exact_number value;
    if (sum->has_nan || (sum->has_inf && sum->has_minus_inf))
        return NAN;
    if (sum->has_inf || sum->has_minus_inf)
        return sum->has_inf ? INFINITY : -INFINITY;
    const bool is_negative = pe_exact_float_size(sum, GUARDS, &value);
    return quotient(&value, is_negative, count);
}

double pe_exact_int_quotient(const pe_exact_int *sum, uint64_t count)
{
    pe_exact_number value;
    const bool is_negative = pe_exact_int_size(sum, GUARDS, &value);
    return quotient(&value, is_negative, count);
}

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* exact_internal.h - long numbers that are rounded once; the exact sums' own.
 */
#ifndef PE_EXACT_INTERNAL_H
#define PE_EXACT_INTERNAL_H

#include <stdbool.h>

#include "reduce/exact/exact.h"

#define PE_EXACT_FLOAT_UNIT (-1075) /* chunk 0 of a float's sum counts 2^-1075 */

/* The number sum over d of digits[d] * 2^(32 d + unit); not negative. */
#define PE_EXACT_DIGITS_MOST 168
typedef struct pe_exact_number {
    uint32_t digits[PE_EXACT_DIGITS_MOST];
    int count;
    int unit;
    bool has_more; /* there are nonzero bits below the last digit */
} pe_exact_number;

/* pe_exact_number_divide - divide by a divisor of 1 or more; what is left sets has_more. */
void pe_exact_number_divide(pe_exact_number *value, uint64_t divisor);
/* pe_exact_number_nearest - the nearest double, ties to even. The lowest digit must be below what a double can hold. */
double pe_exact_number_nearest(const pe_exact_number *value);
/* pe_exact_number_top - the place of the highest bit; -1: the number is 0. */
int pe_exact_number_top(const pe_exact_number *value);
/* pe_exact_number_has - is the bit at this place set? */
static inline bool pe_exact_number_has(const pe_exact_number *value, int place)
{
    return ((value->digits[place / 32] >> (place % 32)) & 1u) != 0;
}

/* pe_exact_*_size - the absolute value of a finite sum, from digit `from` on; returns whether the sum is negative. */
bool pe_exact_float_size(const pe_exact_float *sum, int from, pe_exact_number *out);
bool pe_exact_int_size(const pe_exact_int *sum, int from, pe_exact_number *out);

#endif

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* half.c - IEEE binary16 to and from double, without a compiler's _Float16.
 *
 * Design:   clang 14 has no _Float16 for x86, and C++ has none before 23, so the bits are taken apart here. A double is
 *           rounded once: from 53 bits to the 11 of a float16, or fewer below 2^-14.
 * Threads:  no state.
 */
#include "types/half.h"

#include <math.h>

#define SIGN 0x8000u
#define INFINITE 0x7c00u
#define LEAST_EXPONENT (-24) /* the least subnormal is 2^-24 */

double pe_half_widen(uint16_t bits)
{
    const int exponent = bits >> 10 & 31;
    const int fraction = bits & 1023;
    double value = ldexp(exponent == 0 ? fraction : fraction + 1024, (exponent == 0 ? 1 : exponent) - 25);
    if (exponent == 31)
        value = fraction == 0 ? (double)INFINITY : (double)NAN;
    return (bits & SIGN) != 0 ? -value : value;
}

uint16_t pe_half_round(double value)
{
    const unsigned sign = signbit(value) ? SIGN : 0;
    const double size = fabs(value);
    if (isnan(value))
        return (uint16_t)(sign | INFINITE | 0x200u);
    if (size >= 65520.0) /* halfway to 65536, which rounds up */
        return (uint16_t)(sign | INFINITE);
    int exponent = 0;
    (void)frexp(size, &exponent); /* size < 2^exponent */
    const int unit = size > 0 && exponent - 11 > LEAST_EXPONENT ? exponent - 11 : LEAST_EXPONENT;
    const unsigned steps = (unsigned)nearbyint(ldexp(size, -unit)); /* exact scaling; ties to even; at most 2048 */
    const unsigned base = (unsigned)(unit - LEAST_EXPONENT) << 10;  /* the carry of steps counts the exponent up */
    return (uint16_t)(sign | (base + steps));
}

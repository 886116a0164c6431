/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* saturate.h - sums and products of sizes that end at SIZE_MAX instead of wrapping around.
 *
 * Design: an estimate made of many of them is checked once, at its end: SIZE_MAX stays SIZE_MAX and means "more than 64
 *         bits can count", which no memory holds. A product with 0 is 0.
 */
#ifndef PE_SATURATE_H
#define PE_SATURATE_H

#include <stddef.h>
#include <stdint.h>

static inline size_t pe_add_most(size_t a, size_t b)
{
    return a > SIZE_MAX - b ? SIZE_MAX : a + b;
}

static inline size_t pe_mul_most(size_t a, size_t b)
{
    return b != 0 && a > SIZE_MAX / b ? SIZE_MAX : a * b;
}

#endif

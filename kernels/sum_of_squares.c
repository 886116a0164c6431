/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* sum_of_squares.c - kernel: x * x + y * y.
 *
 * Design: as square.c: the loop computes modulo 2^64 and records whether any item was out of range; only then are the items
 *         searched. Two squares that fit have a sum below 2^64 (2^128), so the top bit of the sum says whether it fits too.
 * Threads: no state.
 * Not here: overflow = "wrap".
 */
#include "builtin.h"

/* The sum with wrap; the top bit of *beyond is set where it does not fit. */
static inline uint64_t sum_int64(uint64_t x, uint64_t y, uint64_t *beyond)
{
    const uint64_t sum = x * x + y * y;
    *beyond = sum | pe_beyond_int64(x) | pe_beyond_int64(y);
    return sum;
}

PE_CLONES static uint64_t sum_all_int64(const int64_t *restrict x, const int64_t *restrict y, int64_t *restrict z,
                                        size_t count)
{
    uint64_t outside = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t beyond;
        z[i] = (int64_t)sum_int64((uint64_t)x[i], (uint64_t)y[i], &beyond);
        outside |= beyond;
    }
    return outside >> 63;
}

static int map_int64(pe_batch *batch)
{
    const int64_t *x = batch->args[0];
    const int64_t *y = batch->args[1];
    if (sum_all_int64(x, y, batch->results[0], batch->count) == 0)
        return 0;
    for (size_t i = 0; i < batch->count; i++) {
        uint64_t beyond;
        (void)sum_int64((uint64_t)x[i], (uint64_t)y[i], &beyond);
        if (beyond >> 63 != 0)
            batch->fail(batch, i, PE_NO_INT64);
    }
    return 0;
}

/* The sum with wrap, beyond as in pe_square. */
static inline pe_square sum_int128(const pe_word *x, const pe_word *y)
{
    const pe_square across = pe_square_int128(x[0], x[1]);
    const pe_square up = pe_square_int128(y[0], y[1]);
    const uint64_t low = across.low + up.low;
    const uint64_t high = across.high + up.high + (low < up.low);
    return (pe_square){.low = low, .high = high, .beyond = across.beyond | up.beyond | high >> 63};
}

PE_CLONES static uint64_t sum_all_int128(const pe_word *restrict x, const pe_word *restrict y, pe_word *restrict z,
                                         size_t count)
{
    uint64_t outside = 0;
    for (size_t i = 0; i < count; i++) {
        const pe_square sum = sum_int128(x + 2 * i, y + 2 * i);
        z[2 * i] = sum.low;
        z[2 * i + 1] = sum.high;
        outside |= sum.beyond;
    }
    return outside;
}

static int map_int128(pe_batch *batch)
{
    const pe_word *x = batch->args[0];
    const pe_word *y = batch->args[1];
    if (sum_all_int128(x, y, batch->results[0], batch->count) == 0)
        return 0;
    for (size_t i = 0; i < batch->count; i++)
        if (sum_int128(x + 2 * i, y + 2 * i).beyond != 0)
            batch->fail(batch, i, PE_NO_INT128);
    return 0;
}

PE_CLONES static void sum_all_float64(const double *restrict x, const double *restrict y, double *restrict z,
                                      size_t count)
{
    for (size_t i = 0; i < count; i++)
        z[i] = x[i] * x[i] + y[i] * y[i];
}

static int map_float64(pe_batch *batch)
{
    sum_all_float64(batch->args[0], batch->args[1], batch->results[0], batch->count);
    return 0;
}

const pe_kernel pe_kernel_sum_of_squares_int64 = {
    .abi = PE_KERNEL_ABI,
    .size = sizeof(pe_kernel),
    .name = "sum_of_squares",
    .signature = "(int64, int64) -> int64",
    .summary = "x * x + y * y; an item whose sum does not fit fails",
    .map = map_int64,
};
const pe_kernel pe_kernel_sum_of_squares_int128 = {
    .abi = PE_KERNEL_ABI,
    .size = sizeof(pe_kernel),
    .name = "sum_of_squares",
    .signature = "(int128, int128) -> int128",
    .summary = "x * x + y * y, exact up to 38 digits",
    .map = map_int128,
};
const pe_kernel pe_kernel_sum_of_squares_float64 = {
    .abi = PE_KERNEL_ABI,
    .size = sizeof(pe_kernel),
    .name = "sum_of_squares",
    .signature = "(float64, float64) -> float64",
    .summary = "x * x + y * y, each step rounded; too large is inf",
    .map = map_float64,
};

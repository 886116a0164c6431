/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* square.c - kernel: x * x.
 *
 * Design: the loop multiplies modulo 2^64 and records, without a branch, whether any x was too large. Only then is the
 *         batch searched for the items that fail. So exactness costs an addition, a subtraction and two ors beside the
 *         multiplication, all vectorised.
 *         The values of a range are computed in the loop and not read from memory: a loop as cheap as this one takes as
 *         long as its memory accesses.
 * Threads: no state.
 * Not here: overflow = "wrap".
 */
#include "builtin.h"

PE_CLONES static uint64_t square_int64(const int64_t *restrict x, int64_t *restrict y, size_t count)
{
    uint64_t outside = 0;
    for (size_t i = 0; i < count; i++) {
        const uint64_t value = (uint64_t)x[i];
        y[i] = (int64_t)(value * value);
        outside |= pe_beyond_int64(value);
    }
    return outside >> 63;
}

PE_CLONES static void square_ramp_int64(pe_ramp ramp, int64_t *restrict y, size_t count)
{
    uint64_t value = (uint64_t)ramp.first;
    for (size_t i = 0; i < count; i++) {
        y[i] = (int64_t)(value * value);
        value += (uint64_t)ramp.step;
    }
}

/* Of a ramp the ends are the largest. */
static int map_ramp_int64(pe_batch *batch)
{
    const pe_ramp ramp = batch->ramps[0];
    square_ramp_int64(ramp, batch->results[0], batch->count);
    uint64_t value = (uint64_t)ramp.first;
    const uint64_t last = value + (uint64_t)(batch->count - 1) * (uint64_t)ramp.step;
    if ((pe_beyond_int64(value) | pe_beyond_int64(last)) >> 63 == 0)
        return 0;
    for (size_t i = 0; i < batch->count; i++) {
        if (pe_beyond_int64(value) >> 63 != 0)
            batch->fail(batch, i, PE_NO_INT64);
        value += (uint64_t)ramp.step;
    }
    return 0;
}

static int map_int64(pe_batch *batch)
{
    const int64_t *x = batch->args[0];
    if (x == NULL)
        return map_ramp_int64(batch);
    if (square_int64(x, batch->results[0], batch->count) == 0)
        return 0;
    for (size_t i = 0; i < batch->count; i++)
        if (pe_beyond_int64((uint64_t)x[i]) >> 63 != 0)
            batch->fail(batch, i, PE_NO_INT64);
    return 0;
}

PE_CLONES static uint64_t square_int128(const pe_word *restrict x, pe_word *restrict y, size_t count)
{
    uint64_t outside = 0;
    for (size_t i = 0; i < count; i++) {
        const pe_square square = pe_square_int128(x[2 * i], x[2 * i + 1]);
        y[2 * i] = square.low;
        y[2 * i + 1] = square.high;
        outside |= square.beyond;
    }
    return outside;
}

/* No value within int64 is too large. */
PE_CLONES static void square_ramp_int128(pe_ramp ramp, pe_word *restrict y, size_t count)
{
    int64_t value = ramp.first;
    for (size_t i = 0; i < count; i++) {
        const uint64_t size = value < 0 ? -(uint64_t)value : (uint64_t)value;
        const uint64_t upper = size >> 32;
        const uint64_t lower = size & UINT32_MAX;
        const uint64_t across = upper * lower; /* twice in the square, at bit 32 */
        const uint64_t sum = lower * lower + (across << 33);
        y[2 * i] = sum;
        y[2 * i + 1] = upper * upper + (across >> 31) + (sum < (across << 33));
        value = (int64_t)((uint64_t)value + (uint64_t)ramp.step);
    }
}

static int map_int128(pe_batch *batch)
{
    const pe_word *x = batch->args[0];
    if (x == NULL) {
        square_ramp_int128(batch->ramps[0], batch->results[0], batch->count);
        return 0;
    }
    if (square_int128(x, batch->results[0], batch->count) == 0)
        return 0;
    for (size_t i = 0; i < batch->count; i++)
        if (pe_square_int128(x[2 * i], x[2 * i + 1]).beyond != 0)
            batch->fail(batch, i, PE_NO_INT128);
    return 0;
}

PE_CLONES static void square_float64(const double *restrict x, double *restrict y, size_t count)
{
    for (size_t i = 0; i < count; i++)
        y[i] = x[i] * x[i];
}

static int map_float64(pe_batch *batch)
{
    square_float64(batch->args[0], batch->results[0], batch->count);
    return 0;
}

const pe_kernel pe_kernel_square_int64 = {
    .abi = PE_KERNEL_ABI,
    .size = sizeof(pe_kernel),
    .name = "square",
    .signature = "(int64) -> int64",
    .summary = "x * x; an item whose square does not fit fails",
    .map = map_int64,
    .takes_ramps = 1,
};
const pe_kernel pe_kernel_square_int128 = {
    .abi = PE_KERNEL_ABI,
    .size = sizeof(pe_kernel),
    .name = "square",
    .signature = "(int128) -> int128",
    .summary = "x * x, exact up to 38 digits",
    .map = map_int128,
    .takes_ramps = 1,
};
const pe_kernel pe_kernel_square_float64 = {
    .abi = PE_KERNEL_ABI,
    .size = sizeof(pe_kernel),
    .name = "square",
    .signature = "(float64) -> float64",
    .summary = "x * x, rounded once; too large is inf",
    .map = map_float64,
};

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* cube.c - kernel: x * x * x.
 *
 * Design: as square.c: the loop multiplies modulo 2^64 and records whether any x was out of range; only then are the items
 *         searched.
 * Threads: no state.
 * Not here: overflow = "wrap".
 */
#include "builtin.h"

#define ROOT_INT64 (UINT64_C(1) << 21)      /* (-2^21)^3 is INT64_MIN, (2^21)^3 one too many */
#define ROOT_INT128 UINT64_C(5541191377756) /* floor(cbrt(2^127)); no cube is 2^127 itself */

/* Zero where -2^21 <= x < 2^21, else bits above the 21st. */
static inline uint64_t beyond_int64(uint64_t x)
{
    return (x + ROOT_INT64) >> 22;
}

PE_CLONES static uint64_t cube_int64(const int64_t *restrict x, int64_t *restrict y, size_t count)
{
    uint64_t outside = 0;
    for (size_t i = 0; i < count; i++) {
        const uint64_t value = (uint64_t)x[i];
        y[i] = (int64_t)(value * value * value);
        outside |= beyond_int64(value);
    }
    return outside;
}

static int map_int64(pe_batch *batch)
{
    const int64_t *x = batch->args[0];
    if (cube_int64(x, batch->results[0], batch->count) == 0)
        return 0;
    for (size_t i = 0; i < batch->count; i++)
        if (beyond_int64((uint64_t)x[i]) != 0)
            batch->fail(batch, i, PE_NO_INT64);
    return 0;
}

static inline uint64_t beyond_int128(pe_int128 x)
{
    const pe_uint128 shifted = (pe_uint128)x + ROOT_INT128;
    return (uint64_t)(shifted >> 64) | ((uint64_t)shifted > 2 * ROOT_INT128);
}

static uint64_t cube_int128(const pe_int128 *restrict x, pe_int128 *restrict y, size_t count)
{
    uint64_t outside = 0;
    for (size_t i = 0; i < count; i++) {
        const int64_t low = (int64_t)x[i]; /* the whole value, where it is in range: 43 bits and the sign */
        y[i] = (pe_int128)((pe_uint128)((pe_int128)low * low) * (pe_uint128)(pe_int128)low);
        outside |= beyond_int128(x[i]);
    }
    return outside;
}

static int map_int128(pe_batch *batch)
{
    const pe_int128 *x = batch->args[0];
    if (cube_int128(x, batch->results[0], batch->count) == 0)
        return 0;
    for (size_t i = 0; i < batch->count; i++)
        if (beyond_int128(x[i]) != 0)
            batch->fail(batch, i, PE_NO_INT128);
    return 0;
}

PE_CLONES static void cube_float64(const double *restrict x, double *restrict y, size_t count)
{
    for (size_t i = 0; i < count; i++)
        y[i] = x[i] * x[i] * x[i];
}

static int map_float64(pe_batch *batch)
{
    cube_float64(batch->args[0], batch->results[0], batch->count);
    return 0;
}

const pe_kernel pe_kernel_cube_int64 = {
    .abi = PE_KERNEL_ABI,
    .size = sizeof(pe_kernel),
    .name = "cube",
    .signature = "(int64) -> int64",
    .summary = "x * x * x; an item whose cube does not fit fails",
    .map = map_int64,
};
const pe_kernel pe_kernel_cube_int128 = {
    .abi = PE_KERNEL_ABI,
    .size = sizeof(pe_kernel),
    .name = "cube",
    .signature = "(int128) -> int128",
    .summary = "x * x * x, exact up to 38 digits",
    .map = map_int128,
};
const pe_kernel pe_kernel_cube_float64 = {
    .abi = PE_KERNEL_ABI,
    .size = sizeof(pe_kernel),
    .name = "cube",
    .signature = "(float64) -> float64",
    .summary = "x * x * x, from left to right; too large is inf",
    .map = map_float64,
};

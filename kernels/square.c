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
#include <stdbool.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

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

/* The largest square of a ramp is at one of its ends. */
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

#if defined(__x86_64__)
/* Four at once, as long as there are four. Compilers do not know that the factors are halves of 32 bits: they multiply 64 by
 * 64 bits, in several steps, and take twice as long in all. Returns how many are done. */
__attribute__((target("avx2"))) static size_t square_fours_int128(uint64_t size, uint64_t step, pe_word *y,
                                                                  size_t count)
{
    const __m256i four_steps = _mm256_set1_epi64x((int64_t)(4 * step));
    __m256i sizes = _mm256_set_epi64x((int64_t)(size + 3 * step), (int64_t)(size + 2 * step), (int64_t)(size + step),
                                      (int64_t)size);
    size_t done = 0;
    for (; done + 4 <= count; done += 4) {
        const __m256i upper = _mm256_srli_epi64(sizes, 32);
        const __m256i across = _mm256_mul_epu32(upper, sizes), least = _mm256_mul_epu32(sizes, sizes);
        const __m256i carried = _mm256_srli_epi64(_mm256_add_epi64(across, _mm256_srli_epi64(least, 33)), 31);
        const __m256i low = _mm256_add_epi64(_mm256_slli_epi64(across, 33), least); /* as pe_square_low */
        const __m256i high = _mm256_add_epi64(_mm256_mul_epu32(upper, upper), carried);
        const __m256i even = _mm256_unpacklo_epi64(low, high), odd = _mm256_unpackhi_epi64(low, high);
        _mm256_storeu_si256((__m256i *)(y + 2 * done), _mm256_permute2x128_si256(even, odd, 0x20));
        _mm256_storeu_si256((__m256i *)(y + 2 * done + 4), _mm256_permute2x128_si256(even, odd, 0x31));
        sizes = _mm256_add_epi64(sizes, four_steps);
    }
    return done;
}
#endif

PE_CLONES static void square_each_int128(uint64_t size, uint64_t step, pe_word *restrict y, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const uint64_t upper = size >> 32, lower = size & UINT32_MAX;
        const uint64_t across = upper * lower, least = lower * lower;
        y[2 * i] = pe_square_low(across, least);
        y[2 * i + 1] = pe_square_high(upper * upper, across, least);
        size += step;
    }
}

/* Squares of values from 0 to 2^63: none is too large. */
static void square_sizes_int128(uint64_t size, uint64_t step, pe_word *y, size_t count)
{
    size_t done = 0;
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2"))
        done = square_fours_int128(size, step, y, count);
#endif
    square_each_int128(size + done * step, step, y + 2 * done, count - done);
}

/* How many items of a ramp have the sign of the first one. */
static size_t count_of_one_sign(pe_ramp ramp, size_t count)
{
    const bool is_negative = ramp.first < 0;
    const uint64_t to_zero = (uint64_t)(is_negative ? ~ramp.first : ramp.first);
    const uint64_t step = ramp.step < 0 ? -(uint64_t)ramp.step : (uint64_t)ramp.step;
    if (step == 0 || is_negative == (ramp.step < 0) || to_zero / step >= count)
        return count;
    return (size_t)(to_zero / step) + 1;
}

/* The sizes of the values are a ramp as long as their sign is the same: without the sign there is less to compute. */
static void square_ramp_int128(pe_ramp ramp, pe_word *y, size_t count)
{
    for (size_t done = 0, now = 0; done < count; done += now) {
        const uint64_t value = (uint64_t)ramp.first + done * (uint64_t)ramp.step, step = (uint64_t)ramp.step;
        const bool is_negative = (int64_t)value < 0;
        now = count_of_one_sign((pe_ramp){.first = (int64_t)value, .step = ramp.step}, count - done);
        square_sizes_int128(is_negative ? -value : value, is_negative ? -step : step, y + 2 * done, now);
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

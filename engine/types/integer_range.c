/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* integer_range.c - which integers of a range a dtype holds exactly.
 *
 * Design:  an integer dtype is judged by the range's first and last item. A float holds every integer up to 2^bits, and
 *          beyond that every second, fourth, ... one: items are looked at one by one until all the rest have one spacing.
 * Threads: no state.
 */
#include "types/integer_range.h"

bool pe_exact_limits(pe_dtype dtype, pe_int128 *low, pe_int128 *high)
{
    static const struct {
        int64_t low;
        uint64_t high;
    } table[] = {
        [PE_BOOL] = {0, 1},
        [PE_INT8] = {INT8_MIN, INT8_MAX},
        [PE_INT16] = {INT16_MIN, INT16_MAX},
        [PE_INT32] = {INT32_MIN, INT32_MAX},
        [PE_INT64] = {INT64_MIN, INT64_MAX},
        [PE_UINT8] = {0, UINT8_MAX},
        [PE_UINT16] = {0, UINT16_MAX},
        [PE_UINT32] = {0, UINT32_MAX},
        [PE_UINT64] = {0, UINT64_MAX},
        [PE_INT128] = {0, 0},
        [PE_FLOAT32] = {-(INT64_C(1) << 24), UINT64_C(1) << 24},
        [PE_FLOAT64] = {-(INT64_C(1) << 53), UINT64_C(1) << 53},
        [PE_FLOAT16] = {-(INT64_C(1) << 11), UINT64_C(1) << 11},
        [PE_COMPLEX64] = {-(INT64_C(1) << 24), UINT64_C(1) << 24},
        [PE_COMPLEX128] = {-(INT64_C(1) << 53), UINT64_C(1) << 53},
    };
    if (dtype == PE_TEXT)
        return false;
    *low = dtype == PE_INT128 ? PE_INT128_MIN : (pe_int128)table[dtype].low;
    *high = dtype == PE_INT128 ? PE_INT128_MAX : (pe_int128)table[dtype].high;
    return true;
}

static pe_uint128 size_of(pe_int128 value)
{
    return value < 0 ? -(pe_uint128)value : (pe_uint128)value;
}

/* The greatest power of two that a float of this many bits may not resolve at this size: its neighbours there are 2^k
 * apart. */
static int spacing_bits(pe_uint128 size, int bits)
{
    int k = 0;
    while (size >> k >> bits != 0)
        k++;
    return k;
}

/* The number of the first item beyond i whose spacing may be another one than item i's, at least i + 1. */
static uint64_t next_spacing(const pe_integer_range *range, uint64_t i, uint64_t end, int k, int bits)
{
    const pe_int128 value = pe_integer_range_at(range, i);
    const bool grows = k == 0 || (value < 0) == (range->step < 0);
    if (grows && bits + k >= 128)
        return end; /* no int128 is larger */
    const pe_uint128 limit = (pe_uint128)1 << (bits + k - (grows ? 0 : 1)), stride = size_of(range->step);
    pe_uint128 distance = 0;
    if (k == 0) /* from anywhere below 2^bits to 2^bits, on the side that the step leads to */
        distance = range->step < 0 ? limit + (pe_uint128)value : limit - (pe_uint128)value;
    else
        distance = grows ? limit - size_of(value) : size_of(value) - limit + 1;
    const pe_uint128 steps = distance / stride + (distance % stride != 0);
    return steps < end - i ? i + (steps > 0 ? (uint64_t)steps : 1) : end;
}

/* The first item that a float of this many bits cannot hold exactly: item after item, but where all items have one
 * spacing, the first two stand for all. */
static bool find_inexact(const pe_integer_range *range, pe_block block, int bits, pe_int128 *misfit)
{
    const uint64_t end = block.first + block.count;
    for (uint64_t i = block.first; i < end;) {
        const int k = spacing_bits(size_of(pe_integer_range_at(range, i)), bits);
        const uint64_t next = next_spacing(range, i, end, k, bits);
        const pe_uint128 below = ((pe_uint128)1 << k) - 1;
        for (uint64_t j = i; j < next && j < i + 2; j++)
            if ((size_of(pe_integer_range_at(range, j)) & below) != 0) {
                *misfit = pe_integer_range_at(range, j);
                return true;
            }
        i = next;
    }
    return false;
}

int pe_exact_bits(pe_dtype dtype)
{
    const pe_dtype part = pe_dtype_part(dtype);
    return part == PE_FLOAT16 ? 11 : part == PE_FLOAT32 ? 24 : part == PE_FLOAT64 ? 53 : 0;
}

static bool beyond_half(pe_dtype dtype, pe_int128 value)
{
    return dtype == PE_FLOAT16 && (value > 65504 || value < -65504);
}

bool pe_integer_range_find_misfit(const pe_integer_range *range, pe_block block, pe_dtype dtype, pe_int128 *misfit)
{
    pe_int128 low = 0, high = 0;
    if (block.count == 0 || !pe_exact_limits(dtype, &low, &high))
        return false;
    const pe_int128 ends[] = {pe_integer_range_at(range, block.first),
                              pe_integer_range_at(range, block.first + block.count - 1)};
    for (int e = 0; e < 2; e++)
        if (ends[e] < low || ends[e] > high) {
            *misfit = ends[e];
            return pe_exact_bits(dtype) == 0 || beyond_half(dtype, ends[e]) ||
                   find_inexact(range, block, pe_exact_bits(dtype), misfit);
        }
    return false;
}

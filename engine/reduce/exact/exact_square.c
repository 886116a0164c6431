/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* exact_square.c - the exact sum of squares.
 *
 * Design:   as exact_float.c: chunks of 64 bits that stand for 32 bits each, and carries that wait. The square of a double
 *           has 106 bits at twice its exponent, that of an int128 254 bits; both are cut into 32 bits per chunk. The squares
 *           of a run of 64-bit integers are first summed in their two halves.
 * Threads:  exact.h.
 * Not here: the variance (exact_variance.c).
 */
#include <string.h>

#include "reduce/exact/exact.h"

#define PENDING_MOST (UINT64_C(1) << 30)
#define FRACTION ((UINT64_C(1) << 52) - 1)
#define BEYOND 0x7ff /* the exponent of inf and nan */
#define RUN_MOST ((size_t)1 << 20)

static void carry(pe_exact_square *sum)
{
    for (size_t c = 0; c + 1 < PE_EXACT_SQUARE_CHUNKS; c++) {
        sum->chunks[c + 1] += sum->chunks[c] >> 32;
        sum->chunks[c] &= UINT32_MAX;
    }
    sum->pending = 0;
}

/* Adds value * 2^place; the 32 bits below the chunk's beginning move it by up to 31 places. */
static void add_at(pe_exact_square *sum, pe_uint128 value, unsigned place)
{
    uint64_t *const chunk = &sum->chunks[place / 32];
    const unsigned shift = place % 32;
    const uint64_t low = (uint64_t)value, high = (uint64_t)(value >> 64);
    const uint64_t parts[] = {low & UINT32_MAX, low >> 32, high & UINT32_MAX, high >> 32};
    if (sum->pending++ == PENDING_MOST)
        carry(sum);
    for (size_t p = 0; p < 4; p++) {
        const uint64_t moved = parts[p] << shift;
        chunk[p] += moved & UINT32_MAX;
        chunk[p + 1] += moved >> 32;
    }
}

void pe_exact_square_add_float64(pe_exact_square *sum, const double *terms, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint64_t bits = 0;
        memcpy(&bits, &terms[i], sizeof bits);
        const unsigned exponent = (unsigned)(bits >> 52) & BEYOND;
        const uint64_t digits = (bits & FRACTION) | (exponent == 0 ? 0 : FRACTION + 1);
        if (exponent == BEYOND)
            sum->has_special = 1;
        else
            add_at(sum, (pe_uint128)digits * digits, 2 * (exponent + (exponent == 0)));
    }
}

/* The squares of a run as sums of their low and high words, which 2^20 of them do not outgrow. */
static void add_words(pe_exact_square *sum, pe_uint128 low, pe_uint128 high)
{
    add_at(sum, low, 0);
    add_at(sum, high, 64);
}

void pe_exact_square_add_int64(pe_exact_square *sum, const int64_t *terms, size_t count)
{
    for (size_t done = 0; done < count; done += RUN_MOST) {
        const size_t end = count - done < RUN_MOST ? count : done + RUN_MOST;
        pe_uint128 low = 0, high = 0;
        for (size_t i = done; i < end; i++) {
            const pe_uint128 square = (pe_uint128)((pe_int128)terms[i] * terms[i]);
            low += (uint64_t)square;
            high += square >> 64;
        }
        add_words(sum, low, high);
    }
}

void pe_exact_square_add_uint64(pe_exact_square *sum, const uint64_t *terms, size_t count)
{
    for (size_t done = 0; done < count; done += RUN_MOST) {
        const size_t end = count - done < RUN_MOST ? count : done + RUN_MOST;
        pe_uint128 low = 0, high = 0;
        for (size_t i = done; i < end; i++) {
            const pe_uint128 square = (pe_uint128)terms[i] * terms[i];
            low += (uint64_t)square;
            high += square >> 64;
        }
        add_words(sum, low, high);
    }
}

void pe_exact_square_add_int128(pe_exact_square *sum, const pe_int128 *terms, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const pe_uint128 size = terms[i] < 0 ? 0 - (pe_uint128)terms[i] : (pe_uint128)terms[i];
        const uint64_t low = (uint64_t)size, high = (uint64_t)(size >> 64);
        const pe_uint128 middle = (pe_uint128)low * high;
        add_at(sum, (pe_uint128)low * low, 0);
        add_at(sum, middle, 64);
        add_at(sum, middle, 64);
        add_at(sum, (pe_uint128)high * high, 128);
    }
}

void pe_exact_square_merge(pe_exact_square *into, const pe_exact_square *from)
{
    pe_exact_square other = *from;
    carry(into);
    carry(&other);
    for (size_t c = 0; c < PE_EXACT_SQUARE_CHUNKS; c++)
        into->chunks[c] += other.chunks[c];
    into->has_special |= other.has_special;
    carry(into);
}

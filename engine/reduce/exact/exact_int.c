/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* exact_int.c - the exact sum of integers.
 *
 * Design:   64-bit terms are summed as two halves of 32 bits, which vectorises; 2^31 terms fit. The sum keeps its high
 *           and low words in 128 bits each, so that partial sums never overflow in any order; only the final value has
 *           to fit.
 * Threads:  exact.h.
 * Not here: rounding (exact_round.c).
 */
#include <pengine/clones.h>

#include "reduce/exact/exact.h"

#define RUN_MOST ((size_t)1 << 31)
#define SIGN_BIT (UINT64_C(1) << 63)

static void add(pe_exact_int *sum, pe_int128 value)
{
    sum->low += (uint64_t)value;
    sum->high += value >> 64; /* gcc and clang keep the sign */
}

/* flip is SIGN_BIT for signed terms: adding 2^63 to each makes them unsigned. */
PE_CLONES static pe_uint128 sum_halves(const uint64_t *terms, size_t count, uint64_t flip)
{
    uint64_t high = 0, low = 0;
    for (size_t i = 0; i < count; i++) {
        const uint64_t term = terms[i] ^ flip;
        high += term >> 32;
        low += term & UINT32_MAX;
    }
    return ((pe_uint128)high << 32) + low;
}

static void add_words(pe_exact_int *sum, const uint64_t *terms, size_t count, uint64_t flip)
{
    for (size_t done = 0; done < count;) {
        const size_t run = count - done < RUN_MOST ? count - done : RUN_MOST;
        const pe_int128 extra = (pe_int128)run * (pe_int128)flip;
        add(sum, (pe_int128)sum_halves(terms + done, run, flip) - extra);
        done += run;
    }
}

void pe_exact_add_int64(pe_exact_int *sum, const int64_t *terms, size_t count)
{
    add_words(sum, (const uint64_t *)terms, count, SIGN_BIT); /* a type and its unsigned counterpart may alias */
}

void pe_exact_add_uint64(pe_exact_int *sum, const uint64_t *terms, size_t count)
{
    add_words(sum, terms, count, 0);
}

void pe_exact_add_int128(pe_exact_int *sum, const pe_int128 *terms, size_t count)
{
    for (size_t i = 0; i < count; i++)
        add(sum, terms[i]);
}

void pe_exact_merge_int(pe_exact_int *into, const pe_exact_int *from)
{
    into->low += from->low;
    into->high += from->high;
}

bool pe_exact_int_value(const pe_exact_int *sum, pe_int128 *out)
{
    const pe_int128 high = sum->high + (pe_int128)(sum->low >> 64);
    if (high < INT64_MIN || high > INT64_MAX)
        return false;
    *out = (pe_int128)(((pe_uint128)high << 64) | (uint64_t)sum->low);
    return true;
}

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* exact_float.c - the exact sum of doubles.
 *
 * Design:   a small superaccumulator (R. M. Neal, Fast exact summation using small and large superaccumulators,
 *           arXiv 1505.05571): 67 chunks of 64 bits, each standing for 32 bits of a number that spans all exponents; a
 *           term is added to two of them as integers, and carries are propagated every thousand terms. That costs 2 ns
 *           per term, so the terms of a run are first split into two parts each by error-free transformations (S. M.
 *           Rump, T. Ogita, S. Oishi, Accurate floating-point summation, SIAM J. Sci. Comput. 31, 2008: ExtractVector).
 *           The sum of each part over a run is exact too, and vectorises. A run whose terms two parts do not represent
 *           (exponents far apart, inf, nan) is added term by term. Debian has no library for this.
 * Threads:  exact.h.
 * Not here: rounding (exact_round.c).
 */
#include <math.h>
#include <string.h>

#include <pengine/clones.h>

#include "reduce/exact/exact.h"

#define PENDING_MOST 1000u /* 2^10 terms below 2^53 each fit a chunk after a carry */
#define FRACTION ((UINT64_C(1) << 52) - 1)
#define EXPONENT_OF(bits) (((bits) >> 52) & 0x7ff)
#define EXPONENT_BIAS 1023
#define BEYOND 0x7ff /* the exponent of inf and nan */

#define LANES 16
#define RUN_MOST 1024 /* 64 terms per lane: 6 bits */
#define PART_BITS 47  /* of a term in one part: with those 6 the sum of a lane fits 53 */
#define LEAST_EXPONENT 200
#define MOST_EXPONENT (BEYOND - 16)

static uint64_t bits_of(double value)
{
    uint64_t bits = 0;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* ---- term by term ---- */

void pe_exact_settle(pe_exact_float *sum)
{
    for (size_t c = 0; c + 1 < PE_EXACT_CHUNKS; c++) {
        const int64_t low = sum->chunks[c] & UINT32_MAX;
        sum->chunks[c + 1] +=
            (sum->chunks[c] - low) / (INT64_C(1) << 32); /* exact, so the direction of rounding does not matter */
        sum->chunks[c] = low;
    }
    sum->pending = 0;
}

static void add_special(pe_exact_float *sum, double term)
{
    if (isnan(term))
        sum->has_nan = 1;
    else if (term > 0)
        sum->has_inf = 1;
    else
        sum->has_minus_inf = 1;
}

static void add_term(pe_exact_float *sum, double term)
{
    const uint64_t bits = bits_of(term);
    const uint64_t exponent = EXPONENT_OF(bits) + (EXPONENT_OF(bits) == 0); /* subnormals have the smallest exponent */
    const uint64_t digits = (bits & FRACTION) | (EXPONENT_OF(bits) == 0 ? 0 : FRACTION + 1);
    const uint64_t shift = exponent % 32;
    if (exponent == BEYOND) {
        add_special(sum, term);
        return;
    }
    if (sum->pending++ == PENDING_MOST) {
        pe_exact_settle(sum);
        sum->pending = 1;
    }
    int64_t *const chunk = &sum->chunks[exponent / 32];
    const int64_t low = (int64_t)((digits << shift) & UINT32_MAX);
    const int64_t high = (int64_t)(digits >> (32 - shift));
    const int64_t sign = (bits >> 63) != 0 ? -1 : 1;
    chunk[0] += sign * low;
    chunk[1] += sign * high;
}

/* ---- runs ---- */

/* The largest exponent field of a run. */
PE_CLONES static uint64_t top_exponent(const double *terms, size_t count)
{
    int64_t top = 0;
    for (size_t i = 0; i < count; i++) {
        int64_t bits = 0;
        memcpy(&bits, &terms[i], sizeof bits);
        bits &= INT64_MAX;
        top = bits > top ? bits : top;
    }
    return EXPONENT_OF((uint64_t)top);
}

/* Adding and subtracting a large number rounds a term to a multiple of that number's last place; the difference to the
 * term is exact. Returns whether two such parts represent every term completely. */
PE_CLONES static bool sum_parts(const double *restrict terms, size_t count, double first, double second,
                                double high[restrict LANES], double low[restrict LANES])
{
    uint64_t left[LANES] = {0};
    for (size_t i = 0; i < count; i += LANES) {
        for (size_t l = 0; l < LANES; l++) {
            const double term = terms[i + l];
            const double part = (term + first) - first;
            const double rest = term - part;
            const double rest_part = (rest + second) - second;
            const double leftover = rest - rest_part;
            uint64_t bits = 0;
            memcpy(&bits, &leftover, sizeof bits);
            high[l] += part;
            low[l] += rest_part;
            left[l] |= bits << 1; /* -0.0 counts as zero */
        }
    }
    uint64_t any = 0;
    for (size_t l = 0; l < LANES; l++)
        any |= left[l];
    return any == 0;
}

/* 2^exponent; the result must be a normal number. */
static double power(int exponent)
{
    const uint64_t bits = (uint64_t)(exponent + EXPONENT_BIAS) << 52;
    double value = 0;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* The number to add and subtract, so that the part of a term below 2^exponent has PART_BITS bits. The factor 1.5 keeps
 * the sum with a term of either sign in the same binade. */
static double splitter(int exponent)
{
    return 1.5 * power(exponent + 52 - PART_BITS);
}

/* Each lane is an integer of at most 2^53 times 2^unit. So the sum of the lanes fits int64_t, and its upper and lower
 * half are doubles. */
static void add_lanes(pe_exact_float *sum, const double lanes[LANES], int unit)
{
    const int64_t half = INT64_C(1) << 32;
    int64_t all = 0;
    for (size_t l = 0; l < LANES; l++)
        all += (int64_t)(lanes[l] * power(-unit));
    const int64_t upper = all / half;
    add_term(sum, (double)upper * power(unit + 32));
    add_term(sum, (double)(all - upper * half) * power(unit));
}

/* Adds a run; count is a multiple of LANES. False when the run has to be added term by term. */
static bool add_run(pe_exact_float *sum, const double *terms, size_t count)
{
    double high[LANES] = {0}, low[LANES] = {0};
    const uint64_t top = top_exponent(terms, count);
    if (top < LEAST_EXPONENT || top > MOST_EXPONENT)
        return false;
    const int exponent = (int)top - EXPONENT_BIAS + 1; /* every term is below 2^exponent */
    if (!sum_parts(terms, count, splitter(exponent), splitter(exponent - PART_BITS - 1), high, low))
        return false;
    add_lanes(sum, high, exponent - PART_BITS);
    add_lanes(sum, low, exponent - 2 * PART_BITS - 1);
    return true;
}

void pe_exact_add_float64(pe_exact_float *sum, const double *terms, size_t count)
{
    for (size_t done = 0; done < count;) {
        const size_t left = count - done < RUN_MOST ? count - done : RUN_MOST;
        const size_t whole = left - left % LANES;
        const bool is_run = whole > 4 * (size_t)LANES && add_run(sum, terms + done, whole);
        for (size_t i = is_run ? whole : 0; i < left; i++)
            add_term(sum, terms[done + i]);
        done += left;
    }
}

void pe_exact_merge_float(pe_exact_float *into, const pe_exact_float *from)
{
    pe_exact_settle(into);
    for (size_t c = 0; c < PE_EXACT_CHUNKS; c++)
        into->chunks[c] += from->chunks[c];
    into->has_nan |= from->has_nan;
    into->has_inf |= from->has_inf;
    into->has_minus_inf |= from->has_minus_inf;
    pe_exact_settle(into);
}

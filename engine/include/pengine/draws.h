/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* draws.h - uniform, normal and integer random numbers from the words of pe_random_philox; include random.h.
 *
 * Design: draws 2n and 2n + 1 of one distribution share a block of four words, so that a compiler computes the block once.
 *         Each distribution has its own blocks, so uniform 0 and normal 0 are independent.
 * Threads: any.
 */
#ifndef PENGINE_DRAWS_H
#define PENGINE_DRAWS_H

#define PE_RANDOM_UNIFORM 0u
#define PE_RANDOM_NORMAL 1u
#define PE_RANDOM_INTEGER 2u /* 3, 4 ...: the second, third ... try */

static inline uint64_t pe_random_bits(pe_random_words words, uint32_t draw)
{
    return draw % 2 == 0 ? words.word[0] | (uint64_t)words.word[1] << 32
                         : words.word[2] | (uint64_t)words.word[3] << 32;
}

/* pe_random_uniform - draw a float64 in [0, 1): a multiple of 2^-53. */
static inline double pe_random_uniform(uint64_t seed, uint64_t item, uint32_t draw)
{
    const pe_random_words words = pe_random_philox(seed, item, draw / 2, PE_RANDOM_UNIFORM);
    return (double)(int64_t)(pe_random_bits(words, draw) >> 11) * 0x1p-53;
}

/* pe_random_normal - draw a float64 of mean 0 and variance 1 (Box and Muller); its absolute value is below 8.6. */
static inline double pe_random_normal(uint64_t seed, uint64_t item, uint32_t draw)
{
    const pe_random_words words = pe_random_philox(seed, item, draw / 2, PE_RANDOM_NORMAL);
    const double share = (double)(int64_t)((pe_random_bits(words, 0) >> 11) + 1) * 0x1p-53; /* in (0, 1] */
    const double angle = (double)(int64_t)(pe_random_bits(words, 1) >> 11) * (0x1p-53 * 6.283185307179586);
    const double radius = sqrt(-2.0 * log(share));
    return radius * (draw % 2 == 0 ? cos(angle) : sin(angle));
}

/* pe_random_integer - draw a uniform int64 in [low, high), or low when the range is empty. Lemire's method: multiply, and
 * reject the draws that would make some numbers more likely. */
static inline int64_t pe_random_integer(uint64_t seed, uint64_t item, uint32_t draw, int64_t low, int64_t high)
{
    const uint64_t range = (uint64_t)high - (uint64_t)low;
    if (high <= low)
        return low;
    uint32_t kind = PE_RANDOM_INTEGER;
    for (;; kind++) {
        const uint64_t bits = pe_random_bits(pe_random_philox(seed, item, draw / 2, kind), draw);
        const uint64_t a = bits >> 32, b = bits & UINT32_MAX, c = range >> 32, d = range & UINT32_MAX;
        const uint64_t middle = a * d + (b * d >> 32), other = b * c + (middle & UINT32_MAX);
        const uint64_t lower = bits * range; /* the product's low word; its high word is the number */
        if (lower >= range || lower >= (0 - range) % range)
            return (int64_t)((uint64_t)low + (a * c + (middle >> 32) + (other >> 32)));
    }
}

#endif

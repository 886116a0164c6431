/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* builtin.h - what the built-in kernels share beside the public header.
 */
#ifndef PE_BUILTIN_H
#define PE_BUILTIN_H

#include <pengine/clones.h>
#include <pengine/kernel.h>

/* An int128 read as two words, low first: the compiler vectorises loops over words, none over int128. */
typedef uint64_t __attribute__((may_alias)) pe_word;

typedef struct pe_square {
    uint64_t low, high;
    uint64_t beyond; /* not 0: |x| > floor(sqrt(2^127 - 1)), and the words are wrong */
} pe_square;

#define PE_ROOT_INT64 UINT64_C(3037000499)            /* floor(sqrt(2^63 - 1)) */
#define PE_ROOT_INT128 UINT64_C(13043817825332782212) /* floor(sqrt(2^127 - 1)) */

/* pe_beyond_int64 - the top bit is set where x as int64 has |x| > PE_ROOT_INT64: one of the two goes below zero, at
 * INT64_MIN too. */
static inline uint64_t pe_beyond_int64(uint64_t x)
{
    return (PE_ROOT_INT64 - x) | (PE_ROOT_INT64 + x);
}

/* The words of u^2 * 2^64 + across * 2^33 + least, where across = u * l and least = l^2 with halves of 32 bits. The upper
 * bits of least join across before both are shifted, so that no carry has to be found by a comparison. */
static inline uint64_t pe_square_low(uint64_t across, uint64_t least)
{
    return (across << 33) + least;
}

static inline uint64_t pe_square_high(uint64_t most, uint64_t across, uint64_t least)
{
    return most + ((across + (least >> 33)) >> 31);
}

/* pe_square_int128 - x * x from the words of x, by halves of 32 bits: a vector unit multiplies nothing wider. */
static inline pe_square pe_square_int128(uint64_t low, uint64_t high)
{
    const uint64_t sign = high >> 63 != 0 ? UINT64_MAX : 0;
    const uint64_t flipped = low ^ sign;
    const uint64_t value = flipped - sign; /* |x|, where that fits a word */
    const uint64_t upper = value >> 32;
    const uint64_t lower = value & UINT32_MAX;
    const uint64_t across = upper * lower, least = lower * lower;
    return (pe_square){.low = pe_square_low(across, least),
                       .high = pe_square_high(upper * upper, across, least),
                       .beyond = (high ^ sign) | (flipped > PE_ROOT_INT128 + sign)};
}

#define PE_NO_INT64 "result does not fit int64"
#define PE_NO_INT128 "result does not fit int128"

#endif

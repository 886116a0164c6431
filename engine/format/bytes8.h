/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* bytes8.h - finds and counts one byte value, eight bytes at a time, in plain C (private to this folder).
 *
 * Design: a word of eight bytes is compared with eight copies of the wanted byte; the test is exact in every lane (no
 *         carry runs from one byte to the next), so that counts and positions can be taken from it. Little-endian, as
 *         the whole engine is. Compilers turn the loops over 64 bytes into vector code.
 */
#ifndef PE_BYTES8_H
#define PE_BYTES8_H

#include <stdint.h>
#include <string.h>

#define BYTES8_ONES UINT64_C(0x0101010101010101)

/* 1 in the low bit of every byte of the eight at p that equals byte, else 0. */
static inline uint64_t bytes8_equal(const unsigned char *p, unsigned char byte)
{
    const uint64_t low7 = BYTES8_ONES * 0x7F;
    uint64_t word;
    memcpy(&word, p, sizeof word);
    word ^= BYTES8_ONES * byte;
    return (~(((word & low7) + low7) | word | low7)) >> 7;
}

/* The number of the first of the eight bytes at p that equals a or b; 8 where none does. */
static inline unsigned bytes8_find(const unsigned char *p, unsigned char a, unsigned char b)
{
    uint64_t word;
    memcpy(&word, p, sizeof word);
    const uint64_t one = word ^ (BYTES8_ONES * a), other = word ^ (BYTES8_ONES * b);
    /* the borrow makes wrong marks only after the first right one */
    const uint64_t marks = (((one - BYTES8_ONES) & ~one) | ((other - BYTES8_ONES) & ~other)) & (BYTES8_ONES * 0x80);
    return marks == 0 ? 8 : (unsigned)__builtin_ctzll(marks) / 8;
}

/* How many of the eight bytes at p are digits, up to the first that is none. */
static inline unsigned bytes8_digits(const char *p)
{
    uint64_t word;
    memcpy(&word, p, sizeof word);
    word ^= BYTES8_ONES * '0';
    /* the carry makes wrong marks only after the first right one */
    const uint64_t marks = ((word + BYTES8_ONES * 0x76) | word) & (BYTES8_ONES * 0x80);
    return marks == 0 ? 8 : (unsigned)__builtin_ctzll(marks) / 8;
}

/* How many of the 64 bytes at p equal byte. */
static inline unsigned bytes8_count64(const unsigned char *p, unsigned char byte)
{
    uint64_t lanes = 0; /* each at most 8 */
    for (unsigned i = 0; i < 64; i += 8)
        lanes += bytes8_equal(p + i, byte);
    return (unsigned)((lanes * BYTES8_ONES) >> 56);
}

/* Bit i is set where p[i] equals byte, for the 64 bytes at p. */
static inline uint64_t bytes8_mask64(const unsigned char *p, unsigned char byte)
{
    uint64_t mask = 0;
    for (unsigned i = 0; i < 64; i += 8) /* the product gathers the eight low bits in its top byte */
        mask |= ((bytes8_equal(p + i, byte) * UINT64_C(0x0102040810204080)) >> 56) << i;
    return mask;
}

/* The number of set bits of a mask. */
static inline unsigned bytes8_bits(uint64_t mask)
{
    mask -= (mask >> 1) & UINT64_C(0x5555555555555555);
    mask = (mask & UINT64_C(0x3333333333333333)) + ((mask >> 2) & UINT64_C(0x3333333333333333));
    mask = (mask + (mask >> 4)) & UINT64_C(0x0F0F0F0F0F0F0F0F);
    return (unsigned)((mask * BYTES8_ONES) >> 56);
}

/* Bit i of the result is the parity of the bits 0 .. i of mask. */
static inline uint64_t bytes8_parity(uint64_t mask)
{
    for (unsigned shift = 1; shift < 64; shift *= 2)
        mask ^= mask << shift;
    return mask;
}

#endif

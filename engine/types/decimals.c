/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* decimals.c - the digits of decimal numbers as integers, eight at a time, in plain C.
 *
 * Design:   digits are taken as they are before the point and before the end, with '0' put in place of what is
 *           before them; so every number has as many words of eight digits as every other.
 * Threads:  no state.
 * Not here: AVX2 (decimals_x86.c), rounding (number_run_cxx.cc).
 */
#include "types/decimal_text.h"

#include <string.h>

#include "base/attr.h"

#define ZEROS UINT64_C(0x3030303030303030)
#define ONES UINT64_C(0x0101010101010101)

const uint64_t pe_powers_of_ten[PE_DECIMAL_PLACES + 1] = {1,
                                                          10,
                                                          100,
                                                          1000,
                                                          10000,
                                                          100000,
                                                          1000000,
                                                          10000000,
                                                          100000000,
                                                          1000000000,
                                                          10000000000,
                                                          100000000000,
                                                          1000000000000,
                                                          10000000000000,
                                                          100000000000000,
                                                          1000000000000000,
                                                          10000000000000000,
                                                          100000000000000000,
                                                          1000000000000000000};

PE_INLINE uint64_t load8(const void *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

/* The bits that are set where a byte is no digit. */
PE_INLINE uint64_t not_digits(uint64_t word)
{
    return ((word + ONES * 0x46) | (word - ZEROS)) & (ONES * 0x80);
}

/* Eight digits, the first one in the lowest byte. */
PE_INLINE uint64_t value_of(uint64_t word)
{
    const uint64_t mask = UINT64_C(0x000000FF000000FF);
    word -= ZEROS;
    word = word * 10 + (word >> 8);
    return ((word & mask) * UINT64_C(0x000F424000000064) + ((word >> 16) & mask) * UINT64_C(0x0000271000000001)) >> 32;
}

/* Word k of the 24 bytes in front of end, of which the last `count` count. */
PE_INLINE uint64_t word_before(const char *end, size_t count, size_t k)
{
    static const unsigned char keep[48] = {[24] = 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
                                           255,        255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255};
    const uint64_t mask = load8(keep + count + 8 * k);
    return (load8(end - 24 + 8 * k) & mask) | (ZEROS & ~mask);
}

/* The offset of the first point in a word, 8 where there is none. */
PE_INLINE size_t find_point(uint64_t word)
{
    const uint64_t other = word ^ (ONES * '.');
    const uint64_t points = (other - ONES) & ~other & (ONES * 0x80); /* the first mark is right */
    return points == 0 ? 8 : (size_t)__builtin_ctzll(points) / 8;
}

/* Up to seven digits, a point and up to 18 digits, 19 of both; or up to 16 digits. */
PE_INLINE pe_decimal read_one(const pe_decimal_text *text)
{
    const size_t size = (size_t)(text->end - text->begin);
    if (!text->has_room || size == 0)
        return (pe_decimal){0};
    const size_t point = find_point(load8(text->begin));
    const bool has_point = point < 8 && point < size;
    const size_t whole = has_point ? point : 0, places = has_point ? size - point - 1 : 0;
    const size_t digits = has_point ? places : size; /* at the end */
    if (digits > (has_point ? PE_DECIMAL_PLACES : 16) || whole + places > 19 || (has_point && whole == 0))
        return (pe_decimal){0};
    const uint64_t low = word_before(text->end, digits, 2), middle = word_before(text->end, digits, 1);
    const uint64_t high = word_before(text->end, digits, 0), front = word_before(text->begin + whole, whole, 2);
    const uint64_t bad = not_digits(low) | not_digits(middle) | not_digits(high) | not_digits(front);
    const uint64_t mantissa = value_of(front) * pe_powers_of_ten[places] + value_of(high) * pe_powers_of_ten[16] +
                              value_of(middle) * pe_powers_of_ten[8] + value_of(low);
    return (pe_decimal){mantissa, (uint32_t)places, text->is_negative, has_point, bad == 0};
}

static void read_plain(const pe_number_run *run, size_t from, size_t count, pe_decimal *out)
{
    for (size_t i = 0; i < count; i++) {
        const pe_decimal_text text = pe_decimal_text_at(run, from + i);
        out[i] = read_one(&text);
    }
}

#if defined(__x86_64__)
static const pe_decimals_way ways[] = {{"avx2", pe_read_decimals_avx2}, {"plain C", read_plain}};
#else
static const pe_decimals_way ways[] = {{"plain C", read_plain}};
#endif

const pe_decimals_way *pe_decimals_ways(size_t *count)
{
    size_t first = 0;
#if defined(__x86_64__)
    first = pe_decimals_have_avx2() ? 0 : 1;
#endif
    *count = sizeof ways / sizeof *ways - first;
    return ways + first;
}

void pe_read_decimals(const pe_number_run *run, size_t from, size_t count, pe_decimal *out)
{
    size_t ignored;
    pe_decimals_ways(&ignored)->read(run, from, count, out);
}

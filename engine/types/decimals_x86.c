/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* decimals_x86.c - the digits of decimal numbers as integers with AVX2: those before the point in one half of a register,
 * those after it in the other.
 *
 * Design:   pairs of digits are added up to numbers of two, four and eight digits, 32 digits at once.
 * Threads:  no state.
 * Not here: the same in plain C, and which is taken (decimals.c).
 */
#include "types/decimal_text.h"

#if defined(__x86_64__)
#include <immintrin.h>

#include "base/attr.h"

/* Sixteen bytes from the one at 16 - n on keep the last n of sixteen. */
static const unsigned char keep[32] = {[16] = 255, 255, 255, 255, 255, 255, 255, 255,
                                       255,        255, 255, 255, 255, 255, 255, 255};

bool pe_decimals_have_avx2(void)
{
    return PE_HAS_AVX2();
}

/* Two numbers of 16 digits; *bad is not 0 where a byte that counts is no digit. */
PE_TARGET_AVX2 PE_INLINE void convert(const char *first_end, size_t first, const char *second_end, size_t second,
                                      uint64_t values[2], int *bad)
{
    const __m256i bytes = _mm256_set_m128i(_mm_loadu_si128((const void *)(second_end - 16)),
                                           _mm_loadu_si128((const void *)(first_end - 16)));
    const __m256i mask =
        _mm256_set_m128i(_mm_loadu_si128((const void *)(keep + second)), _mm_loadu_si128((const void *)(keep + first)));
    const __m256i digits = _mm256_and_si256(_mm256_sub_epi8(bytes, _mm256_set1_epi8('0')), mask);
    *bad = _mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_max_epu8(digits, _mm256_set1_epi8(10)), digits));
    const __m256i two = _mm256_maddubs_epi16(digits, _mm256_set1_epi16(0x010A)); /* 10 and 1 */
    const __m256i four = _mm256_madd_epi16(two, _mm256_set1_epi32(0x00010064));  /* 100 and 1 */
    const __m256i eight =
        _mm256_madd_epi16(_mm256_packus_epi32(four, four), _mm256_set1_epi32(0x00012710)); /* 10^4 and 1 */
    const uint64_t one = (uint64_t)_mm_cvtsi128_si64(_mm256_castsi256_si128(eight));
    const uint64_t other = (uint64_t)_mm_cvtsi128_si64(_mm256_extracti128_si256(eight, 1));
    values[0] = (one & UINT32_MAX) * pe_powers_of_ten[8] + (one >> 32);
    values[1] = (other & UINT32_MAX) * pe_powers_of_ten[8] + (other >> 32);
}

/* Digits 17 and 18 from the end on, of which there are `count`. */
PE_INLINE uint64_t beyond_sixteen(const char *end, size_t count, int *bad)
{
    uint64_t value = 0;
    for (size_t i = count; i > 16; i--) {
        const unsigned digit = (unsigned)(unsigned char)end[-(ptrdiff_t)i] - '0';
        *bad |= digit > 9;
        value = value * 10 + digit;
    }
    return value;
}

/* Up to 16 digits, perhaps a point and up to 18 digits; 19 of both. */
PE_TARGET_AVX2 PE_INLINE pe_decimal read_one(const pe_decimal_text *text)
{
    const size_t size = (size_t)(text->end - text->begin);
    if (!text->has_room || size == 0)
        return (pe_decimal){0};
    const __m128i head = _mm_loadu_si128((const void *)text->begin);
    const unsigned points = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(head, _mm_set1_epi8('.')));
    const size_t point = (size_t)__builtin_ctz(points | 1u << 16);
    const size_t whole = point < size ? point : size;
    const bool has_point = whole < size;
    const size_t places = has_point ? size - whole - 1 : 0;
    if (whole == 0 || (has_point && point == 16) || places > PE_DECIMAL_PLACES || whole + places > 19)
        return (pe_decimal){0};
    uint64_t values[2];
    int bad;
    convert(text->begin + whole, whole, text->end, places < 16 ? places : 16, values, &bad);
    uint64_t mantissa = values[0] * pe_powers_of_ten[places] + values[1];
    if (places > 16)
        mantissa += beyond_sixteen(text->end, places, &bad) * pe_powers_of_ten[16];
    return (pe_decimal){mantissa, (uint32_t)places, text->is_negative, has_point, bad == 0};
}

PE_TARGET_AVX2 void pe_read_decimals_avx2(const pe_number_run *run, size_t from, size_t count, pe_decimal *out)
{
    for (size_t i = 0; i < count; i++) {
        const pe_decimal_text text = pe_decimal_text_at(run, from + i);
        out[i] = read_one(&text);
    }
}

#else
typedef int pe_no_x86_decimals; /* a source must hold something */
#endif

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* byte_masks_x86.c - byte masks with SSE2 and AVX2.
 *
 * Design:   the number of byte values is a constant in each loop, so that the compiler keeps the wanted bytes in registers.
 * Threads:  no state.
 * Not here: which of them is taken (byte_masks.c).
 */
#include "format/masks/byte_masks_x86.h"

#if PE_HAS_X86_MASKS
#include <immintrin.h>

#include "base/attr.h"
#include "format/masks/byte_masks.h"

bool pe_has_avx2(void)
{
    return PE_HAS_AVX2();
}

PE_TARGET_AVX2 PE_INLINE void make_avx2(const unsigned char *data, size_t blocks, const unsigned char *wanted,
                                        unsigned kinds, uint64_t *masks)
{
    __m256i bytes[PE_MASK_KINDS];
    for (unsigned k = 0; k < kinds; k++)
        bytes[k] = _mm256_set1_epi8((char)wanted[k]);
    for (size_t b = 0; b < blocks; b++, data += PE_MASK_BLOCK, masks += kinds) {
        const __m256i low = _mm256_loadu_si256((const void *)data),
                      high = _mm256_loadu_si256((const void *)(data + 32));
        for (unsigned k = 0; k < kinds; k++) {
            const uint32_t first = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(low, bytes[k]));
            const uint32_t second = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(high, bytes[k]));
            masks[k] = first | (uint64_t)second << 32;
        }
    }
}

PE_INLINE void make_sse2(const unsigned char *data, size_t blocks, const unsigned char *wanted, unsigned kinds,
                         uint64_t *masks)
{
    __m128i bytes[PE_MASK_KINDS];
    for (unsigned k = 0; k < kinds; k++)
        bytes[k] = _mm_set1_epi8((char)wanted[k]);
    for (size_t b = 0; b < blocks; b++, data += PE_MASK_BLOCK, masks += kinds)
        for (unsigned k = 0; k < kinds; k++) {
            uint64_t mask = 0;
            for (unsigned part = 0; part < 4; part++) {
                const __m128i these = _mm_loadu_si128((const void *)(data + (size_t)16 * part));
                mask |= (uint64_t)(unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(these, bytes[k])) << (16 * part);
            }
            masks[k] = mask;
        }
}

/* One loop for each number of kinds. */
#define BY_KINDS(make)                                                                                                 \
    if (kinds == 1)                                                                                                    \
        make(data, blocks, wanted, 1, masks);                                                                          \
    else if (kinds == 2)                                                                                               \
        make(data, blocks, wanted, 2, masks);                                                                          \
    else if (kinds == 3)                                                                                               \
        make(data, blocks, wanted, 3, masks);                                                                          \
    else                                                                                                               \
        make(data, blocks, wanted, PE_MASK_KINDS, masks);

PE_TARGET_AVX2 void pe_byte_masks_avx2(const unsigned char *data, size_t blocks, const unsigned char *wanted,
                                       unsigned kinds, uint64_t *masks)
{
    BY_KINDS(make_avx2)
}

void pe_byte_masks_sse2(const unsigned char *data, size_t blocks, const unsigned char *wanted, unsigned kinds,
                        uint64_t *masks)
{
    BY_KINDS(make_sse2)
}

#else
typedef int pe_no_x86_masks; /* a source must hold something */
#endif

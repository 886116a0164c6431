/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* byte_masks.c - chooses how byte masks are made, by what the processor can do.
 *
 * Threads:  no state.
 * Not here: vector instructions (byte_masks_x86.c).
 */
#include "format/masks/byte_masks.h"

#include "format/bytes8.h"
#include "format/masks/byte_masks_x86.h"

static void make_plain(const unsigned char *data, size_t blocks, const unsigned char *wanted, unsigned kinds,
                       uint64_t *masks)
{
    for (size_t b = 0; b < blocks; b++)
        for (unsigned k = 0; k < kinds; k++)
            *masks++ = bytes8_mask64(data + b * PE_MASK_BLOCK, wanted[k]);
}

#if PE_HAS_X86_MASKS
static const pe_mask_way ways[] = {{"avx2", pe_byte_masks_avx2}, {"sse2", pe_byte_masks_sse2}, {"plain C", make_plain}};
#else
static const pe_mask_way ways[] = {{"plain C", make_plain}};
#endif

const pe_mask_way *pe_mask_ways(size_t *count)
{
    const size_t first = PE_HAS_X86_MASKS && !pe_has_avx2() ? 1 : 0;
    *count = sizeof ways / sizeof *ways - first;
    return ways + first;
}

void pe_byte_masks(const unsigned char *data, size_t blocks, const unsigned char *wanted, unsigned kinds,
                   uint64_t *masks)
{
    size_t count;
    pe_mask_ways(&count)->make(data, blocks, wanted, kinds, masks);
}

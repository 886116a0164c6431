/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* byte_masks.h - where some byte values stand, as one bit per byte.
 *
 * Design: the vector unit makes the masks of many blocks at once, so that the code that walks over the bits needs no vector
 *         code and the choice of the processor's instructions is made once per call. The masks are the same on every
 *         processor.
 */
#ifndef PE_BYTE_MASKS_H
#define PE_BYTE_MASKS_H

#include <stddef.h>
#include <stdint.h>

#define PE_MASK_BLOCK ((size_t)64) /* bytes of a mask */
#define PE_MASK_KINDS 4            /* byte values that are looked for at once */

/* pe_byte_masks - make the masks of `blocks` blocks of 64 bytes each.
 *
 * Shape:   bit i of masks[b * kinds + k] is set where data[64 * b + i] equals wanted[k]
 * Params:  kinds: 1 to PE_MASK_KINDS
 * Speed:   10 to 20 GB/s from cache with AVX2 or SSE2, 1 to 2 without
 */
void pe_byte_masks(const unsigned char *data, size_t blocks, const unsigned char *wanted, unsigned kinds,
                   uint64_t *masks);

/* What pe_byte_masks chooses from, for the test that compares them. */
typedef struct pe_mask_way {
    const char *name;
    void (*make)(const unsigned char *data, size_t blocks, const unsigned char *wanted, unsigned kinds,
                 uint64_t *masks);
} pe_mask_way;

/* pe_mask_ways - those that this processor can run, the best one first; the last one is plain C. */
const pe_mask_way *pe_mask_ways(size_t *count);

#endif

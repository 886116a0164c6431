/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* byte_masks_x86.h - byte masks with the vector instructions of x86-64 (private to this folder).
 */
#ifndef PE_BYTE_MASKS_X86_H
#define PE_BYTE_MASKS_X86_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__x86_64__)
#define PE_HAS_X86_MASKS 1
/* Can this processor run pe_byte_masks_avx2? Every x86-64 has SSE2. */
bool pe_has_avx2(void);
/* As pe_byte_masks. */
void pe_byte_masks_avx2(const unsigned char *data, size_t blocks, const unsigned char *wanted, unsigned kinds,
                        uint64_t *masks);
void pe_byte_masks_sse2(const unsigned char *data, size_t blocks, const unsigned char *wanted, unsigned kinds,
                        uint64_t *masks);
#else
#define PE_HAS_X86_MASKS 0
#define pe_has_avx2() false
#endif

#endif

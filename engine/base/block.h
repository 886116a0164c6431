/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* block.h - a range of consecutive items, the unit that the stages pass on.
 */
#ifndef PE_BLOCK_H
#define PE_BLOCK_H

#include <stdint.h>

typedef struct pe_block {
    uint64_t first; /* index of the first item in the complete input */
    uint64_t count;
} pe_block;

#endif

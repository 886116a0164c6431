/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* text_scratch.h - bytes that stay where they are until all of them are given back at once.
 *
 * Design: a chain of blocks. A rewind of several blocks trades them for one as large as what was used, so a worker soon
 *         has one block for its largest chunk, and never more than twice that.
 */
#ifndef PE_TEXT_SCRATCH_H
#define PE_TEXT_SCRATCH_H

#include <stddef.h>

#include "base/error.h"

typedef struct pe_scratch_block pe_scratch_block;

/* Zero-initialise. */
typedef struct pe_scratch {
    pe_scratch_block *newest;
    size_t least; /* bytes of the next block */
} pe_scratch;

/* pe_scratch_get - size bytes that do not move; NULL when memory is out. */
char *pe_scratch_get(pe_scratch *scratch, size_t size);
void pe_scratch_rewind(pe_scratch *scratch);
void pe_scratch_fini(pe_scratch *scratch);

#endif

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* arena.h - bytes that stay where they are until all of them are given back at once.
 *
 * Design: a chain of blocks. A rewind of several blocks trades them for one as large as what was used, so a worker soon
 *         has one block for its largest chunk, and never more than twice that.
 */
#ifndef PE_ARENA_H
#define PE_ARENA_H

#include <stddef.h>

#include "base/error.h"

typedef struct pe_arena_block pe_arena_block;

/* Zero-initialise. */
typedef struct pe_arena {
    pe_arena_block *newest;
    size_t least; /* bytes of the next block */
} pe_arena;

/* pe_arena_get - size bytes that do not move; NULL when memory is out. */
char *pe_arena_get(pe_arena *arena, size_t size);
void pe_arena_reset(pe_arena *arena);
/* pe_arena_trim - as reset, and memory of more than `most` bytes is freed. */
void pe_arena_trim(pe_arena *arena, size_t most);
void pe_arena_fini(pe_arena *arena);

#endif

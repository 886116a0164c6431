/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* arena.c - bytes that stay where they are until all of them are given back at once.
 *
 * Design:   only the newest block is filled; what is left of the older ones is lost until the rewind.
 * Threads:  one owner.
 * Not here: growable runs of bytes (base/buffer.c).
 */
#include "base/arena.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#define LEAST_BYTES ((size_t)16 << 10)

struct pe_arena_block {
    pe_arena_block *next;
    size_t used, room;
    char bytes[];
};

static bool add_block(pe_arena *arena, size_t size)
{
    const size_t least = arena->least > LEAST_BYTES ? arena->least : LEAST_BYTES;
    const size_t room = size > least ? size : least;
    if (room > PTRDIFF_MAX / 2)
        return false;
    pe_arena_block *const block = malloc(sizeof *block + room);
    if (block == NULL)
        return false;
    *block = (pe_arena_block){.next = arena->newest, .room = room};
    arena->newest = block;
    return true;
}

char *pe_arena_get(pe_arena *arena, size_t size)
{
    if ((arena->newest == NULL || arena->newest->room - arena->newest->used < size) && !add_block(arena, size))
        return NULL;
    char *const bytes = arena->newest->bytes + arena->newest->used;
    arena->newest->used += size;
    return bytes;
}

void pe_arena_reset(pe_arena *arena)
{
    if (arena->newest == NULL)
        return;
    size_t used = arena->newest->used;
    arena->newest->used = 0;
    if (arena->newest->next == NULL)
        return;
    for (const pe_arena_block *block = arena->newest->next; block != NULL; block = block->next)
        used += block->used;
    pe_arena_fini(arena);
    arena->least = used;
}

void pe_arena_fini(pe_arena *arena)
{
    pe_arena_block *block = arena->newest;
    while (block != NULL) {
        pe_arena_block *const next = block->next;
        free(block);
        block = next;
    }
    *arena = (pe_arena){.newest = NULL};
}

void pe_arena_trim(pe_arena *arena, size_t most)
{
    pe_arena_reset(arena);
    arena->least = arena->least < most ? arena->least : most;
    if (arena->newest != NULL && arena->newest->room > most)
        pe_arena_fini(arena);
}

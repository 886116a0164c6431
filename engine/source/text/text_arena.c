/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* text_arena.c - bytes that stay where they are until all of them are given back at once.
 *
 * Design:   only the newest block is filled; what is left of the older ones is lost until the rewind.
 * Threads:  one owner.
 * Not here: growable runs of bytes (base/buffer.c).
 */
#include "source/text/text_arena.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#define LEAST_BYTES ((size_t)16 << 10)

struct pe_arena_block {
    pe_arena_block *next;
    size_t used, room;
    char bytes[];
};

static bool add_block(pe_arena *scratch, size_t size)
{
    const size_t least = scratch->least > LEAST_BYTES ? scratch->least : LEAST_BYTES;
    const size_t room = size > least ? size : least;
    if (room > PTRDIFF_MAX / 2)
        return false;
    pe_arena_block *const block = malloc(sizeof *block + room);
    if (block == NULL)
        return false;
    *block = (pe_arena_block){.next = scratch->newest, .room = room};
    scratch->newest = block;
    return true;
}

char *pe_arena_get(pe_arena *scratch, size_t size)
{
    if ((scratch->newest == NULL || scratch->newest->room - scratch->newest->used < size) && !add_block(scratch, size))
        return NULL;
    char *const bytes = scratch->newest->bytes + scratch->newest->used;
    scratch->newest->used += size;
    return bytes;
}

void pe_arena_reset(pe_arena *scratch)
{
    if (scratch->newest == NULL)
        return;
    size_t used = scratch->newest->used;
    scratch->newest->used = 0;
    if (scratch->newest->next == NULL)
        return;
    for (const pe_arena_block *block = scratch->newest->next; block != NULL; block = block->next)
        used += block->used;
    pe_arena_fini(scratch);
    scratch->least = used;
}

void pe_arena_fini(pe_arena *scratch)
{
    pe_arena_block *block = scratch->newest;
    while (block != NULL) {
        pe_arena_block *const next = block->next;
        free(block);
        block = next;
    }
    *scratch = (pe_arena){.newest = NULL};
}

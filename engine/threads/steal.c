/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* steal.c - a worker without work of its own takes a part of another worker's chunk.
 *
 * Threads: steal.h.
 */
#include "threads/steal.h"

static uint64_t spare_of(const pe_chunk *chunk)
{
    return chunk == NULL ? 0 : pe_split_range_spare(&chunk->range);
}

static pe_chunk *fullest(pe_chunk *const *running, int workers)
{
    pe_chunk *most = NULL;
    for (int w = 0; w < workers; w++)
        if (spare_of(running[w]) > spare_of(most))
            most = running[w];
    return most;
}

bool pe_steal_is_possible(pe_chunk *const *running, int workers)
{
    return fullest(running, workers) != NULL;
}

typedef struct split {
    pe_split_range *from;
    pe_block block;
} split;

static bool take_half(void *context)
{
    split *self = context;
    return pe_split_range_split(self->from, &self->block);
}

bool pe_steal(pe_chunk *const *running, int workers, pe_reorder *reorder, pe_chunk *thief)
{
    pe_chunk *owner = fullest(running, workers);
    if (owner == NULL)
        return false;
    split half = {.from = &owner->range};
    if (!pe_reorder_insert_behind(reorder, &thief->entry, &owner->entry, take_half, &half))
        return false;
    thief->slice = owner->slice;
    pe_split_range_set(&thief->range, half.block, owner->range.grain);
    return true;
}

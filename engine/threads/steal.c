/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* steal.c - work stealing: an idle worker takes half of what is left of another worker's chunk.
 *
 * Threads: steal.h.
 */
#include "threads/steal.h"

static uint64_t stealable_grains(const pe_chunk *chunk)
{
    return chunk == NULL ? 0 : pe_split_range_stealable(&chunk->range);
}

static pe_chunk *longest_chunk(pe_chunk *const *running, int workers)
{
    pe_chunk *most = NULL;
    for (int w = 0; w < workers; w++)
        if (stealable_grains(running[w]) > stealable_grains(most))
            most = running[w];
    return most;
}

bool pe_steal_is_possible(pe_chunk *const *running, int workers)
{
    return longest_chunk(running, workers) != NULL;
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
    pe_chunk *victim = longest_chunk(running, workers);
    if (victim == NULL)
        return false;
    split half = {.from = &victim->range};
    if (!pe_reorder_insert_after(reorder, &thief->entry, &victim->entry, take_half, &half))
        return false;
    thief->slice = victim->slice;
    pe_split_range_set(&thief->range, half.block, victim->range.grain);
    return true;
}

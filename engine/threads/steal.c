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
    return chunk == NULL ? 0 : pe_portion_spare(&chunk->portion);
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
    pe_portion *from;
    pe_block block;
} split;

static bool take_half(void *context)
{
    split *self = context;
    return pe_portion_split(self->from, &self->block);
}

bool pe_steal(pe_chunk *const *running, int workers, pe_line *line, pe_chunk *thief)
{
    pe_chunk *owner = fullest(running, workers);
    if (owner == NULL)
        return false;
    split half = {.from = &owner->portion};
    if (!pe_line_join_behind(line, &thief->place, &owner->place, take_half, &half))
        return false;
    thief->task = owner->task;
    pe_portion_set(&thief->portion, half.block, owner->portion.grain);
    return true;
}

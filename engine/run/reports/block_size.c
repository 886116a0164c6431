/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* block_size.c - how many items a sampled block has. Design: block_size.h.
 *
 * Threads: none.
 */
#include "run/reports/block_size.h"

#define BLOCK_NS 10000000.0
#define GROWTH 8.0
#define CHEAPER 0.85 /* an item in a larger block must cost less than this much of one in a smaller block */
#define TRIAL_GROWTH 4.0
#define TRIAL_NS 250000000.0 /* the longest block that is tried */
#define TRIALS_MISSED 2

static bool set(pe_block_size *size, double items)
{
    const uint64_t before = size->items;
    size->items = items < (double)size->most ? (uint64_t)items : size->most;
    size->long_blocks = 0;
    return size->items != before;
}

/* Two blocks of this size took long enough: goes on to a larger size, or back to the best one. */
static bool try_larger(pe_block_size *size)
{
    const double each = (double)size->long_ns / (double)size->items;
    const bool is_better = size->best_items == 0 || each < CHEAPER * (double)size->best_ns / (double)size->best_items;
    size->missed = is_better ? 0 : size->missed + 1;
    if (is_better) {
        size->best_items = size->items;
        size->best_ns = size->long_ns;
    }
    size->is_growing = size->has_round_trip && size->missed < TRIALS_MISSED && size->items < size->most &&
                       (double)size->long_ns * TRIAL_GROWTH < TRIAL_NS;
    return set(size, size->is_growing ? (double)size->items * TRIAL_GROWTH : (double)size->best_items);
}

bool pe_block_size_learn(pe_block_size *size, uint64_t ns)
{
    if (!size->is_growing)
        return false;
    if ((double)ns < BLOCK_NS / 2 && size->items < size->most) {
        const double wanted = BLOCK_NS / ((double)ns + 1);
        return set(size, (double)size->items * (wanted < GROWTH ? wanted : GROWTH) + 1);
    }
    size->long_ns = size->long_blocks == 0 || ns < size->long_ns ? ns : size->long_ns;
    return ++size->long_blocks == 2 && try_larger(size);
}

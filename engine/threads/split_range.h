/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* split_range.h - a chunk's range of items: its owner computes it grain by grain, and thieves may split off its tail.
 *
 * Invariant: each grain of the block is returned by exactly one call, either to the owner or to one thief.
 * Design:  one word holds the owner's next grain and the end of the range. The owner advances the first, a thief lowers
 *          the second, both by compare-and-swap of the whole word. A thief takes the later half of what is left. The
 *          owner keeps the grain that it computes, and at least one grain of the block is always its own.
 *          This is the only place that decides how much is stolen; adaptive_chunk.h decides how much is claimed. The
 *          two differ: a claim needs a guess of the cost of items, a steal corrects a guess that was wrong.
 * Threads: block and grain are set before the range is shared; span is written by the owner and by thieves. All that
 *          they share is in that word, so relaxed order suffices.
 */
#ifndef PE_SPLIT_RANGE_H
#define PE_SPLIT_RANGE_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/block.h"

#define PE_SPLIT_RANGE_MAX_GRAINS UINT32_MAX

typedef struct pe_split_range {
    pe_block block;            /* as claimed; a split does not change it */
    uint64_t grain;            /* items; the last grain of the block may have fewer */
    atomic_uint_fast64_t span; /* next << 32 | end, in grains */
} pe_split_range;

static inline uint64_t pe_split_range_span(uint64_t next, uint64_t end)
{
    return next << 32 | end;
}

/* pe_split_range_set - set the block, which is at most PE_SPLIT_RANGE_MAX_GRAINS grains long. */
static inline void pe_split_range_set(pe_split_range *range, pe_block block, uint64_t grain)
{
    range->block = block;
    range->grain = grain;
    const uint64_t grains = block.count / grain + (block.count % grain != 0 ? 1 : 0);
    atomic_store_explicit(&range->span, pe_split_range_span(0, grains), memory_order_relaxed);
}

/* The items of grains begin to end - 1. */
static inline pe_block pe_split_range_block(const pe_split_range *range, uint64_t begin, uint64_t end)
{
    const uint64_t skip = begin * range->grain;
    const uint64_t left = range->block.count - skip, wanted = (end - begin) * range->grain;
    return (pe_block){.first = range->block.first + skip, .count = left < wanted ? left : wanted};
}

/* pe_split_range_next - the owner's next grain; false when none is left. After false every later call returns false. */
static inline bool pe_split_range_next(pe_split_range *range, pe_block *out)
{
    uint64_t span = atomic_load_explicit(&range->span, memory_order_relaxed);
    do {
        if (span >> 32 == (span & UINT32_MAX))
            return false;
    } while (!atomic_compare_exchange_weak_explicit(&range->span, &span, span + pe_split_range_span(1, 0),
                                                    memory_order_relaxed, memory_order_relaxed));
    *out = pe_split_range_block(range, span >> 32, (span >> 32) + 1);
    return true;
}

/* The grains that a split takes: the larger half of what is left. Of a range that its owner has not begun it takes the
 * smaller half, so that the owner keeps at least one grain. */
static inline uint64_t pe_split_range_half(uint64_t span)
{
    const uint64_t next = span >> 32, left = (span & UINT32_MAX) - next;
    return next == 0 ? left / 2 : (left + 1) / 2;
}

/* pe_split_range_stealable - the grains that a split would take. The value may be out of date when the call returns,
 * but once it is 0 it stays 0 until pe_split_range_set. */
static inline uint64_t pe_split_range_stealable(const pe_split_range *range)
{
    return pe_split_range_half(atomic_load_explicit(&range->span, memory_order_relaxed));
}

/* pe_split_range_split - take the later half of what is left from the owner; false when it has too few grains. */
static inline bool pe_split_range_split(pe_split_range *range, pe_block *out)
{
    uint64_t span = atomic_load_explicit(&range->span, memory_order_relaxed);
    uint64_t taken = 0;
    do {
        taken = pe_split_range_half(span);
        if (taken == 0)
            return false;
    } while (!atomic_compare_exchange_weak_explicit(&range->span, &span, span - taken, memory_order_relaxed,
                                                    memory_order_relaxed));
    const uint64_t end = span & UINT32_MAX;
    *out = pe_split_range_block(range, end - taken, end);
    return true;
}

#endif

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* split_range.h - a block of items that its owner computes grain by grain, and whose end others may take away.
 *
 * Design:  one word holds the grain that is next and the one before which the range ends: the owner moves the one, a
 *          thief moves the other, each by a compare-and-swap, so no grain is computed twice or forgotten. A thief takes
 *          half of what is left. The owner keeps the grain that it works on, and gets at least one.
 * Threads: block and grain are set before the range is shared; span is moved by the owner and by thieves. What they
 *          tell each other lies in the word itself, so no order with other memory is needed.
 */
#ifndef PE_SPLIT_RANGE_H
#define PE_SPLIT_RANGE_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/block.h"

#define PE_SPLIT_RANGE_MAX_GRAINS UINT32_MAX

typedef struct pe_split_range {
    pe_block block;            /* as claimed: whoever takes away the end leaves this as it is */
    uint64_t grain;            /* items; the last grain of the block may have fewer */
    atomic_uint_fast64_t span; /* next << 32 | end, in grains */
} pe_split_range;

static inline uint64_t pe_split_range_span(uint64_t next, uint64_t end)
{
    return next << 32 | end;
}

/* pe_split_range_set - the block in grains, of which it may have PE_SPLIT_RANGE_MAX_GRAINS. */
static inline void pe_split_range_set(pe_split_range *range, pe_block block, uint64_t grain)
{
    range->block = block;
    range->grain = grain;
    const uint64_t grains = block.count / grain + (block.count % grain != 0 ? 1 : 0);
    atomic_store_explicit(&range->span, pe_split_range_span(0, grains), memory_order_relaxed);
}

/* Items of the grains from `begin` to before `end`. */
static inline pe_block pe_split_range_block(const pe_split_range *range, uint64_t begin, uint64_t end)
{
    const uint64_t skip = begin * range->grain;
    const uint64_t left = range->block.count - skip, wanted = (end - begin) * range->grain;
    return (pe_block){.first = range->block.first + skip, .count = left < wanted ? left : wanted};
}

/* pe_split_range_next - the owner's next grain; false when none is left, which is final. */
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

/* Half of what nobody has begun; the owner of a range that is yet untouched keeps the larger half, and one at least. */
static inline uint64_t pe_split_range_half(uint64_t span)
{
    const uint64_t next = span >> 32, left = (span & UINT32_MAX) - next;
    return next == 0 ? left / 2 : (left + 1) / 2;
}

/* pe_split_range_spare - grains that a split would take; a hint by the time it returns, but once 0 it stays 0 while the
 * range has its owner. */
static inline uint64_t pe_split_range_spare(const pe_split_range *range)
{
    return pe_split_range_half(atomic_load_explicit(&range->span, memory_order_relaxed));
}

/* pe_split_range_split - take the later half of what is left away from the owner; false when there is nothing to spare. */
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

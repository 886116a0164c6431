/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* spilled_ranges.c - the list of what is in the spill file: ranges of items, with their places.
 *
 * Design:  a sorted array. Ranges that follow each other in items and in the file are one.
 * Threads: one at a time.
 */
#include "checkpoint/spilled_ranges.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "plan/plan.h"

#define LEAST_ROOM 64
#define MOST (PE_PLAN_SPILL_BYTES / 6 / sizeof(pe_spilled_range)) /* arrays that grow, here and in a checkpoint */

/* The index of the first range that begins at or after item. */
static size_t find(const pe_spilled_ranges *set, uint64_t item)
{
    size_t low = 0, high = set->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (set->ranges[middle].items.first < item)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool follows(const pe_spilled_range *range, const pe_spilled_range *next)
{
    return range->items.first + range->items.count == next->items.first && range->offset + range->bytes == next->offset;
}

static void extend(pe_spilled_range *range, const pe_spilled_range *by)
{
    range->items.count += by->items.count;
    range->rows += by->rows;
    range->bytes += by->bytes;
    range->placed_end = by->placed_end > range->placed_end ? by->placed_end : range->placed_end;
}

bool pe_spilled_ranges_have_place(const pe_spilled_ranges *set, const pe_spilled_range *range)
{
    const size_t at = find(set, range->items.first);
    return set->count < MOST || (at > 0 && follows(&set->ranges[at - 1], range));
}

pe_status pe_spilled_ranges_add(pe_spilled_ranges *set, const pe_spilled_range *range, pe_error *err)
{
    const size_t at = find(set, range->items.first);
    if (at > 0 && follows(&set->ranges[at - 1], range)) {
        extend(&set->ranges[at - 1], range);
        return PE_OK;
    }
    const pe_status status = pe_grow_array(&set->ranges, set->count, &set->room, sizeof *range, LEAST_ROOM, err);
    if (status != PE_OK)
        return status;
    memmove(set->ranges + at + 1, set->ranges + at, (set->count - at) * sizeof *set->ranges);
    set->ranges[at] = *range;
    set->count++;
    return PE_OK;
}

void pe_spilled_ranges_remove_first(pe_spilled_ranges *set)
{
    set->count--;
    memmove(set->ranges, set->ranges + 1, set->count * sizeof *set->ranges);
}

void pe_spilled_ranges_fini(pe_spilled_ranges *set)
{
    free(set->ranges);
    *set = (pe_spilled_ranges){.ranges = NULL};
}

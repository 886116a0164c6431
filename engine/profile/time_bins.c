/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* time_bins.c - how much of each phase, and how many items, fell into each stretch of a run.
 *
 * Threads: time_bins.h.
 */
#include "profile/time_bins.h"

#include <stdbool.h>

#define SHIFT_MOST 56 /* 128 bins of 2^56 ns are 292 years */

void pe_time_bins_init(pe_time_bins *bins)
{
    *bins = (pe_time_bins){.shift = PE_TIME_BIN_SHIFT};
}

/* Bin `to` becomes the sum of bins 2 * to and 2 * to + 1. */
static void fold(pe_time_bins *bins)
{
    for (int to = 0; to < PE_TIME_BINS; to++) {
        const int from = 2 * to;
        const bool has_two = from + 1 < PE_TIME_BINS;
        for (int phase = 0; phase < PE_PHASES; phase++)
            bins->ns[to][phase] = has_two ? bins->ns[from][phase] + bins->ns[from + 1][phase] : 0;
        bins->items[to] = has_two ? bins->items[from] + bins->items[from + 1] : 0;
    }
    bins->shift++;
}

static void grow(pe_time_bins *bins, uint64_t end_ns)
{
    while (end_ns >> bins->shift >= PE_TIME_BINS && bins->shift < SHIFT_MOST)
        fold(bins);
}

void pe_time_bins_add(pe_time_bins *bins, pe_phase phase, uint64_t begin_ns, uint64_t end_ns, uint64_t items)
{
    if (end_ns <= begin_ns)
        return;
    if (end_ns >> bins->shift >= PE_TIME_BINS)
        grow(bins, end_ns);
    const uint64_t first = begin_ns >> bins->shift, last = end_ns >> bins->shift;
    if (first == last) {
        bins->ns[first][phase] += (float)(end_ns - begin_ns);
        bins->items[first] += (float)items;
        return;
    }
    const double rate = (double)items / (double)(end_ns - begin_ns);
    for (uint64_t bin = first; bin <= last; bin++) {
        const uint64_t from = bin == first ? begin_ns : bin << bins->shift;
        const uint64_t to = bin == last ? end_ns : (bin + 1) << bins->shift;
        bins->ns[bin][phase] += (float)(to - from);
        bins->items[bin] += (float)(rate * (double)(to - from));
    }
}

void pe_time_bins_widen(pe_time_bins *bins, uint32_t shift)
{
    while (bins->shift < shift)
        fold(bins);
}

void pe_time_bins_merge(pe_time_bins *into, const pe_time_bins *other)
{
    pe_time_bins same = *other;
    pe_time_bins_widen(&same, into->shift);
    pe_time_bins_widen(into, same.shift);
    for (int bin = 0; bin < PE_TIME_BINS; bin++) {
        for (int phase = 0; phase < PE_PHASES; phase++)
            into->ns[bin][phase] += same.ns[bin][phase];
        into->items[bin] += same.items[bin];
    }
}

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* time_bins.h - how much of each phase, and how many items, fell into each stretch of a run.
 *
 * Invariant: the number of bins is fixed. A bin is 2^shift ns wide; when the run is longer than all bins, pairs of bins
 *         become one and shift grows by 1. So two sets of bins with the same origin can be added.
 * Threads: one thread at a time.
 */
#ifndef PE_TIME_BINS_H
#define PE_TIME_BINS_H

#include <stdint.h>

#include "profile/phase.h"

#define PE_TIME_BINS 128
#define PE_TIME_BIN_SHIFT 20 /* at first: about 1 ms */

typedef struct pe_time_bins {
    uint32_t shift;
    float ns[PE_TIME_BINS][PE_PHASES];
    float items[PE_TIME_BINS];
} pe_time_bins;

void pe_time_bins_init(pe_time_bins *bins);

/* pe_time_bins_add - add time: the phase lasted from begin_ns to end_ns, counted from the origin, and completed this many
 * items. */
void pe_time_bins_add(pe_time_bins *bins, pe_phase phase, uint64_t begin_ns, uint64_t end_ns, uint64_t items);

/* pe_time_bins_widen - bins of at least 2^shift ns. */
void pe_time_bins_widen(pe_time_bins *bins, uint32_t shift);

/* pe_time_bins_merge - add the bins of another thread or rank. */
void pe_time_bins_merge(pe_time_bins *into, const pe_time_bins *other);

#endif

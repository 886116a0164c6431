/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* fold_counts.c - counts of values in the bins of a histogram.
 *
 * Design:   a histogram's edges are numpy's, and a value is compared with them.
 * Threads:  fold.h.
 * Not here: counts for quantiles (bins/bins.c), the lines that are printed (fold_print_counts.c).
 */
#include "base/alloc.h"
#include "reduce/fold_internal.h"

pe_status pe_counts_make_edges(pe_fold *fold, pe_error *err)
{
    const uint64_t bins = fold->spec.bins;
    const double first = fold->spec.first, last = fold->spec.last;
    if (bins == 0)
        return PE_OK;
    const pe_status status = pe_make_array(&fold->edges, bins + 1, sizeof *fold->edges, err);
    if (status != PE_OK)
        return status;
    const double step = (last - first) / (double)bins; /* as numpy.linspace */
    for (uint64_t b = 0; b < bins; b++)
        fold->edges[b] = (double)b * step + first;
    fold->edges[bins] = last;
    return PE_OK;
}

/* bins: below, the bins, above. A nan is in none. */
static void count_in_histogram(const pe_fold *fold, uint64_t *counts, double value)
{
    const uint64_t bins = fold->spec.bins;
    const double *const edges = fold->edges;
    if (!(value >= edges[0] && value <= edges[bins])) {
        counts[0] += value < edges[0];
        counts[bins + 1] += value > edges[bins];
        return;
    }
    const double guess = (value - edges[0]) / (edges[bins] - edges[0]) * (double)bins;
    uint64_t bin = guess < (double)bins ? (uint64_t)guess : bins - 1;
    while (bin > 0 && value < edges[bin])
        bin--;
    while (bin + 1 < bins && value >= edges[bin + 1])
        bin++;
    counts[1 + bin]++;
}

void pe_counts_add_run(const pe_fold *fold, uint64_t *histogram, pe_dtype dtype, const void *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        count_in_histogram(fold, histogram, pe_value_at(dtype, values, i));
}

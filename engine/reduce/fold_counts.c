/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* fold_counts.c - counts of values: by their leading 22 bits for quantiles, and in the bins of a histogram.
 *
 * Design:   a value is rounded to 10 bits behind its leading one: 2^-11 of it at most, nothing for integers below 2,048.
 *           So the counts of two parts add up to those of the whole, whatever the parts are. The array is zeroed memory
 *           that the system gives page by page where it is written. A histogram's edges are numpy's, and a value is
 *           compared with them.
 * Threads:  fold.h.
 * Not here: the values that are printed from counts (fold_print_counts.c).
 */
#include <math.h>
#include <string.h>

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

static double value_at(pe_dtype dtype, const void *values, size_t i)
{
    if (pe_dtype_is_float(dtype))
        return ((const double *)values)[i];
    if (dtype == PE_INT128)
        return (double)((const pe_int128 *)values)[i];
    if (dtype == PE_UINT64)
        return (double)((const uint64_t *)values)[i];
    return (double)((const int64_t *)values)[i];
}

static size_t bin_of(double value)
{
    int64_t bits = 0;
    memcpy(&bits, &value, sizeof bits);
    if (isnan(value))
        return PE_BINS - 1;
    int64_t size = bits & INT64_MAX;
    size = (size + (INT64_C(1) << (PE_BIN_SHIFT - 1))) >> PE_BIN_SHIFT;
    if (size == PE_BIN_INF && !isinf(value)) /* the largest numbers are not rounded up to inf */
        size--;
    return (size_t)(bits < 0 ? PE_BIN_INF - size : PE_BIN_INF + size);
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

void pe_counts_add_run(const pe_fold *fold, uint64_t *bins, uint64_t *histogram, pe_dtype dtype, const void *values,
                       size_t count)
{
    for (size_t i = 0; i < count && bins != NULL; i++)
        bins[bin_of(value_at(dtype, values, i))]++;
    for (size_t i = 0; i < count && histogram != NULL; i++)
        count_in_histogram(fold, histogram, value_at(dtype, values, i));
}

void pe_counts_merge(uint64_t *into, const uint64_t *from, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (from[i] != 0) /* a page that is only read takes no memory */
            into[i] += from[i];
}

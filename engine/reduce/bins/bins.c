/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* bins.c - counts of values by their leading 22 bits: all bins of a rank, and the small tally of a worker.
 *
 * Threads:  bins.h.
 * Not here: the bytes of a checkpoint (bins_saved.c), the quantiles (fold_print_counts.c).
 */
#include "reduce/bins/bins.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

pe_status pe_bins_make(size_t elements, uint64_t **out, pe_error *err)
{
    const size_t each = PE_BINS * sizeof **out;
    *out = calloc(elements > 0 ? elements : 1, each); /* not pe_make_array, which touches every page */
    return *out != NULL ? PE_OK
                        : pe_fail(err, PE_ENOMEM, "out of memory: %zu times %zu bytes were requested", elements, each);
}

double pe_value_at(pe_dtype dtype, const void *values, size_t i)
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

void pe_bins_add(uint64_t *bins, pe_dtype dtype, const void *values, size_t count, uint64_t step)
{
    for (size_t i = 0; i < count; i++)
        bins[bin_of(pe_value_at(dtype, values, i))] += step;
}

void pe_bins_merge(uint64_t *into, const uint64_t *from, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (from[i] != 0) /* a page that is only read takes no memory */
            into[i] += from[i];
}

/* ---- tallies ---- */

bool pe_tally_has_room(const pe_tally *tally)
{
    return tally->log_count <= PE_TALLY_LOG - PE_TALLY_RUN && tally->items <= UINT32_MAX - PE_TALLY_RUN;
}

/* A bin whose exponent has no counts yet. */
static void add_new(pe_tally *tally, uint32_t bin)
{
    if (tally->page_count == PE_TALLY_PAGES) {
        tally->log[tally->log_count++] = bin;
        return;
    }
    const uint32_t at = tally->page_count++;
    tally->page[at] = (uint16_t)(bin / PE_BIN_PAGE);
    tally->slot[bin / PE_BIN_PAGE] = (uint8_t)(at + 1);
    tally->counts[at][bin % PE_BIN_PAGE] = 1;
}

void pe_tally_add(pe_tally *tally, pe_dtype dtype, const void *values, size_t count)
{
    tally->items += count;
    for (size_t i = 0; i < count; i++) {
        const uint32_t bin = (uint32_t)bin_of(pe_value_at(dtype, values, i));
        const uint8_t slot = tally->slot[bin / PE_BIN_PAGE];
        if (slot > 0)
            tally->counts[slot - 1][bin % PE_BIN_PAGE]++;
        else
            add_new(tally, bin);
    }
}

void pe_tally_move(pe_tally *tally, uint64_t *bins)
{
    for (uint32_t p = 0; p < tally->page_count; p++) {
        uint64_t *const to = bins + (size_t)tally->page[p] * PE_BIN_PAGE;
        for (uint32_t b = 0; b < PE_BIN_PAGE; b++)
            if (tally->counts[p][b] != 0) /* the last page may end after the bins */
                to[b] += tally->counts[p][b];
        memset(tally->counts[p], 0, sizeof tally->counts[p]);
        tally->slot[tally->page[p]] = 0;
    }
    for (uint32_t i = 0; i < tally->log_count; i++)
        bins[tally->log[i]]++;
    tally->page_count = tally->log_count = 0;
    tally->items = 0;
}

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* fold_print_counts.c - prints the quantiles and the histogram of a fold.
 *
 * Threads:  fold.h.
 * Not here: counting (fold_counts.c), the other operations (fold_print.c).
 */
#include <math.h>
#include <string.h>

#include "reduce/fold_internal.h"
#include "types/number.h"

static double value_of_bin(size_t bin)
{
    const int64_t at = (int64_t)bin - PE_BIN_INF;
    const int64_t bits = (at < 0 ? -at : at) << PE_BIN_SHIFT;
    double value = 0;
    memcpy(&value, &bits, sizeof value);
    return at < 0 ? -value : value;
}

/* The value at place `rank` of the sorted items, from 0. */
static double value_at_rank(const uint64_t *bins, uint64_t rank)
{
    uint64_t before = 0;
    size_t bin = 0;
    while (bin < PE_BINS - 2 && before + bins[bin] <= rank)
        before += bins[bin++];
    return value_of_bin(bin);
}

/* As numpy.quantile: between two neighbours in proportion. */
static double quantile(const uint64_t *bins, uint64_t items, double share)
{
    if (items == 0 || bins[PE_BINS - 1] > 0)
        return NAN;
    const double at = share * (double)(items - 1);
    const uint64_t lower = (uint64_t)at;
    const double part = at - (double)lower;
    const double a = value_at_rank(bins, lower);
    const double b = part > 0 && lower + 1 < items ? value_at_rank(bins, lower + 1) : a;
    return a == b ? a : part < 0.5 ? a + (b - a) * part : b - (b - a) * (1 - part);
}

static pe_status append_number(pe_buffer *out, char before, double value, pe_error *err)
{
    char text[PE_NUMBER_ROOM + 1] = {before};
    const char *const end = pe_print_float64(text + 1, value);
    return pe_buffer_append(out, text, (size_t)(end - text), err);
}

pe_status pe_fold_print_quantile(pe_fold *fold, double share, char separator, pe_buffer *out, pe_error *err)
{
    pe_status status = pe_buffer_append(out, "quantile", strlen("quantile"), err);
    if (status == PE_OK)
        status = append_number(out, ' ', share, err);
    for (int r = 0; r < fold->result_count; r++)
        for (size_t e = 0; e < pe_type_elements(fold->results[r]) && status == PE_OK; e++)
            status =
                append_number(out, separator, quantile(pe_fold_bins(fold, r, e), *pe_fold_items(fold), share), err);
    return status == PE_OK ? pe_buffer_append(out, "\n", 1, err) : status;
}

/* The counts of one bin; the line has its name already. */
static pe_status append_counts(pe_fold *fold, uint64_t bin, char separator, pe_buffer *out, pe_error *err)
{
    pe_status status = PE_OK;
    for (int r = 0; r < fold->result_count; r++)
        for (size_t e = 0; e < pe_type_elements(fold->results[r]) && status == PE_OK; e++) {
            char text[PE_NUMBER_ROOM + 1] = {separator};
            const char *const end = pe_print_uint64(text + 1, pe_fold_histogram(fold, r, e)[bin]);
            status = pe_buffer_append(out, text, (size_t)(end - text), err);
        }
    return status == PE_OK ? pe_buffer_append(out, "\n", 1, err) : status;
}

pe_status pe_fold_print_histogram(pe_fold *fold, char separator, pe_buffer *out, pe_error *err)
{
    static const char *const rest[] = {"below", "above"};
    pe_status status = PE_OK;
    for (uint64_t b = 0; b < fold->spec.bins && status == PE_OK; b++) {
        status = pe_buffer_append(out, "histogram", strlen("histogram"), err);
        if (status == PE_OK)
            status = append_number(out, ' ', fold->edges[b], err);
        if (status == PE_OK)
            status = append_number(out, ' ', fold->edges[b + 1], err);
        if (status == PE_OK)
            status = append_counts(fold, b + 1, separator, out, err);
    }
    for (uint64_t r = 0; r < 2 && status == PE_OK; r++) {
        status = pe_buffer_append(out, rest[r], strlen(rest[r]), err);
        if (status == PE_OK)
            status = append_counts(fold, r * (fold->spec.bins + 1), separator, out, err);
    }
    return status;
}

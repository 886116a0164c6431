/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* fold.c - the state of a reduction over columns: the number of items, and per element sum, minimum and maximum.
 *
 * Design:   a column is processed in runs that fit the first-level cache. Each run is first widened. Minimum and maximum are
 *           kept as integers; floats as their bits, mapped so that the integers have the order of the values.
 * Threads:  fold.h.
 * Not here: widening (fold_widen.c), exact sums (exact.h), argmin and argmax (fold_places.c), quantiles (bins/bins.h),
 *           histograms (fold_counts.c), printing (fold_print.c).
 */
#include "reduce/fold.h"

#include <stdlib.h>
#include <string.h>

#include <pengine/clones.h>

#include "base/alloc.h"
#include "reduce/fold_internal.h"

static void begin_state(pe_fold *fold)
{
    memset(fold->state, 0, fold->size);
    for (int r = 0; r < fold->result_count && fold->has_bounds; r++)
        for (size_t e = 0; e < pe_type_elements(fold->results[r]) && fold->results[r].dtype != PE_TEXT; e++)
            *pe_fold_bounds(fold, r, e) = (pe_bounds){.least = PE_INT128_MAX, .most = PE_INT128_MIN};
}

static pe_status make_quantiles(pe_fold *fold, pe_error *err)
{
    fold->quantile_step = 1;
    if (!fold->spec.has_quantiles)
        return PE_OK;
    if (fold->spec.is_part)
        return pe_make_array(&fold->tallies, fold->elements, sizeof *fold->tallies, err);
    if (fold->spec.bins_of == NULL)
        return pe_bins_make(fold->elements, &fold->quantiles, err);
    fold->quantiles = fold->spec.bins_of->quantiles;
    return PE_OK;
}

pe_status pe_fold_make(const pe_fold_spec *spec, pe_fold **out, pe_error *err)
{
    pe_fold *fold = NULL;
    pe_status status = pe_make_array(&fold, 1, sizeof *fold, err);
    if (status != PE_OK)
        return status;
    pe_fold_lay_out(fold, spec);
    status = pe_make_array(&fold->state, fold->size, 1, err);
    if (status == PE_OK)
        status = pe_counts_make_edges(fold, err);
    if (status == PE_OK)
        status = make_quantiles(fold, err);
    if (status != PE_OK) {
        pe_fold_free(fold);
        return status;
    }
    begin_state(fold);
    *out = fold;
    return PE_OK;
}

void pe_fold_free(pe_fold *fold)
{
    if (fold == NULL)
        return;
    if (fold->spec.bins_of == NULL)
        free(fold->quantiles);
    free(fold->tallies);
    free(fold->edges);
    free(fold->state);
    free(fold);
}

/* ---- runs ---- */

PE_CLONES static void bound_ints(const int64_t *values, size_t count, int64_t flip, int64_t bounds[2])
{
    int64_t least = INT64_MAX, most = INT64_MIN;
    for (size_t i = 0; i < count; i++) {
        const int64_t value = values[i] ^ flip;
        least = value < least ? value : least;
        most = value > most ? value : most;
    }
    bounds[0] = least;
    bounds[1] = most;
}

PE_CLONES static void bound_reals(const double *values, size_t count, int64_t bounds[2])
{
    int64_t least = INT64_MAX, most = INT64_MIN;
    for (size_t i = 0; i < count; i++) {
        int64_t bits = 0;
        memcpy(&bits, &values[i], sizeof bits);
        const int64_t key = pe_key_of_float64(bits);
        least = key < least ? key : least;
        most = key > most ? key : most;
    }
    bounds[0] = least;
    bounds[1] = most;
}

static void widen_bounds(pe_bounds *bounds, pe_int128 least, pe_int128 most)
{
    bounds->least = least < bounds->least ? least : bounds->least;
    bounds->most = most > bounds->most ? most : bounds->most;
}

static void bound_run(pe_bounds *bounds, pe_dtype dtype, const void *values, size_t count)
{
    int64_t seen[2];
    if (dtype == PE_INT128) {
        for (size_t i = 0; i < count; i++)
            widen_bounds(bounds, ((const pe_int128 *)values)[i], ((const pe_int128 *)values)[i]);
        return;
    }
    if (pe_dtype_is_float(dtype)) {
        bound_reals(values, count, seen);
        widen_bounds(bounds, seen[0], seen[1]);
    } else if (dtype == PE_UINT64) { /* flipping the top bit subtracts 2^63 and gives a signed value */
        bound_ints(values, count, INT64_MIN, seen);
        widen_bounds(bounds, (pe_int128)seen[0] - INT64_MIN, (pe_int128)seen[1] - INT64_MIN);
    } else {
        bound_ints(values, count, 0, seen);
        widen_bounds(bounds, seen[0], seen[1]);
    }
}

static void sum_run(pe_exact_int *sum, pe_dtype dtype, const void *values, size_t count)
{
    if (dtype == PE_INT128)
        pe_exact_add_int128(sum, values, count);
    else if (dtype == PE_UINT64)
        pe_exact_add_uint64(sum, values, count);
    else
        pe_exact_add_int64(sum, values, count);
}

static void square_run(pe_exact_square *sum, pe_dtype dtype, const void *values, size_t count)
{
    if (pe_dtype_is_float(dtype))
        pe_exact_square_add_float64(sum, values, count);
    else if (dtype == PE_INT128)
        pe_exact_square_add_int128(sum, values, count);
    else if (dtype == PE_UINT64)
        pe_exact_square_add_uint64(sum, values, count);
    else
        pe_exact_square_add_int64(sum, values, count);
}

/* What is kept beside sums and bounds. */
static void add_more(pe_fold *fold, int result, size_t element, const void *values, uint64_t first, size_t count)
{
    const pe_dtype dtype = fold->results[result].dtype;
    pe_exact_square *const square = pe_fold_square(fold, result, element);
    uint64_t *const bins = pe_fold_bins(fold, result, element);
    pe_tally *const tally = pe_fold_tally(fold, result, element);
    uint64_t *const histogram = pe_fold_histogram(fold, result, element);
    if (square != NULL)
        square_run(square, dtype, values, count);
    if (fold->spec.has_places &&
        pe_place_add_run(pe_fold_place(fold, result, element, false), pe_fold_place(fold, result, element, true), dtype,
                         values, first, count))
        fold->has_new_place = true;
    if (bins != NULL)
        pe_bins_add(bins, dtype, values, count, fold->quantile_step);
    if (tally != NULL)
        pe_tally_add(tally, dtype, values, count);
    if (histogram != NULL)
        pe_counts_add_run(fold, histogram, dtype, values, count);
}

static void add_element(pe_fold *fold, int result, size_t element, uint64_t first, const unsigned char *column,
                        size_t count)
{
    pe_run room;
    const pe_type type = fold->results[result];
    const size_t stride = pe_type_bytes(type);
    pe_bounds *const bounds = pe_fold_bounds(fold, result, element);
    pe_exact_float *const real = pe_fold_float(fold, result, element);
    pe_exact_int *const integer = pe_fold_int(fold, result, element);
    column += element * pe_dtype_bytes(type.dtype);
    for (size_t done = 0; done < count;) {
        const size_t left = count - done < PE_RUN_MOST ? count - done : PE_RUN_MOST;
        const void *const values = pe_widen(type.dtype, column + done * stride, stride, left, &room);
        if (bounds != NULL)
            bound_run(bounds, type.dtype, values, left);
        if (real != NULL)
            pe_exact_add_float64(real, values, left);
        if (integer != NULL)
            sum_run(integer, type.dtype, values, left);
        add_more(fold, result, element, values, first + done, left);
        done += left;
    }
}

size_t pe_fold_run(const pe_fold *fold)
{
    return fold->tallies != NULL ? PE_TALLY_RUN : SIZE_MAX;
}

bool pe_fold_has_room(const pe_fold *fold)
{
    bool has_room = true;
    for (size_t e = 0; e < fold->elements && fold->tallies != NULL && has_room; e++)
        has_room = pe_tally_has_room(&fold->tallies[e]);
    return has_room;
}

void pe_fold_count_down(pe_fold *fold)
{
    fold->quantile_step = UINT64_MAX;
}

bool pe_fold_add(pe_fold *fold, uint64_t first, const void *const *columns, size_t count)
{
    *pe_fold_items(fold) += count;
    fold->has_new_place = false;
    for (int r = 0; r < fold->result_count && (fold->size > PE_FOLD_HEAD || fold->spec.has_quantiles); r++)
        for (size_t e = 0; e < pe_type_elements(fold->results[r]) && fold->results[r].dtype != PE_TEXT; e++)
            add_element(fold, r, e, first, columns[r], count);
    return fold->has_new_place;
}

/* ---- merge ---- */

void *pe_fold_state(pe_fold *fold, size_t *size)
{
    for (int r = 0; r < fold->result_count && fold->has_sums; r++)
        for (size_t e = 0; e < pe_type_elements(fold->results[r]) && pe_dtype_is_float(fold->results[r].dtype); e++)
            pe_exact_settle(pe_fold_float(fold, r, e));
    *size = fold->size;
    return fold->state;
}

static void merge_element(pe_fold *fold, const pe_fold *from, int result, size_t element)
{
    pe_bounds *const bounds = pe_fold_bounds(fold, result, element);
    pe_exact_float *const real = pe_fold_float(fold, result, element);
    pe_exact_int *const integer = pe_fold_int(fold, result, element);
    if (bounds != NULL) {
        const pe_bounds *const other = pe_fold_bounds(from, result, element);
        widen_bounds(bounds, other->least, other->most);
    }
    if (real != NULL)
        pe_exact_merge_float(real, pe_fold_float(from, result, element));
    if (integer != NULL)
        pe_exact_merge_int(integer, pe_fold_int(from, result, element));
    if (fold->spec.has_squares)
        pe_exact_square_merge(pe_fold_square(fold, result, element), pe_fold_square(from, result, element));
    for (int most = 0; most < 2 && fold->spec.has_places; most++)
        pe_place_merge(pe_fold_place(fold, result, element, most != 0), pe_fold_place(from, result, element, most != 0),
                       fold->place_bytes, most != 0);
    if (fold->spec.bins > 0)
        pe_bins_merge(pe_fold_histogram(fold, result, element), pe_fold_histogram(from, result, element),
                      fold->spec.bins + 2);
}

void pe_fold_merge(pe_fold *fold, void *state)
{
    pe_fold from = *fold;
    from.state = state;
    *pe_fold_items(fold) += *pe_fold_items(&from);
    for (int r = 0; r < fold->result_count; r++)
        for (size_t e = 0; e < pe_type_elements(fold->results[r]) && fold->results[r].dtype != PE_TEXT; e++)
            merge_element(fold, &from, r, e);
}

void pe_fold_take(pe_fold *fold, pe_fold *part)
{
    size_t size = 0;
    pe_fold_merge(fold, pe_fold_state(part, &size));
    for (size_t e = 0; e < part->elements && part->tallies != NULL; e++)
        pe_tally_move(&part->tallies[e], fold->quantiles + e * PE_BINS);
    begin_state(part);
}

void pe_fold_clear(pe_fold *fold)
{
    begin_state(fold);
    for (size_t b = 0; b < fold->elements * PE_BINS && fold->quantiles != NULL; b++)
        if (fold->quantiles[b] != 0) /* a page that is only read takes no memory */
            fold->quantiles[b] = 0;
}

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* fold_cells.c - where the state of a fold has its parts: the count of items, then a cell for each element.
 *
 * Design:   the state is one piece of plain bytes, so that it can be sent and saved as it is. A cell has the parts that the
 *           job's operations need, one after the other.
 * Threads:  fold.h.
 * Not here: what is put into the parts (fold.c).
 */
#include <string.h>

#include "reduce/fold_internal.h"

static size_t round_up(size_t bytes)
{
    return (bytes + 15) / 16 * 16;
}

static size_t arg_bytes(pe_type type)
{
    return type.dtype == PE_TEXT ? sizeof(pe_place_text) : (pe_type_bytes(type) + 15) / 16 * 16;
}

size_t pe_place_arg_offset(const pe_type *args, int arg)
{
    size_t at = (sizeof(pe_place) + 15) / 16 * 16;
    for (int a = 0; a < arg; a++)
        at += arg_bytes(args[a]);
    return at;
}

static pe_cell_layout lay_cell(const pe_fold_spec *spec, bool is_float)
{
    pe_cell_layout at = {.sum = spec->has_bounds ? sizeof(pe_bounds) : 0};
    const size_t sum = is_float ? sizeof(pe_exact_float) : sizeof(pe_exact_int);
    const size_t place = spec->has_places ? round_up(pe_place_arg_offset(spec->args, spec->arg_count)) : 0;
    at.square = at.sum + (spec->has_sums ? round_up(sum) : 0);
    at.least = at.square + (spec->has_squares ? round_up(sizeof(pe_exact_square)) : 0);
    at.most = at.least + place;
    at.histogram = at.most + place;
    at.bytes = round_up(at.histogram + (spec->bins > 0 ? (spec->bins + 2) * sizeof(uint64_t) : 0));
    return at;
}

static size_t cell_bytes(const pe_fold_spec *spec, pe_dtype dtype)
{
    return dtype == PE_TEXT ? 0 : lay_cell(spec, pe_dtype_is_float(dtype)).bytes;
}

/* A complex number is folded as its parts. */
static pe_type parts_of(pe_type type)
{
    return pe_dtype_is_complex(type.dtype) ? (pe_type){pe_dtype_part(type.dtype), 2 * pe_type_elements(type)} : type;
}

static size_t state_bytes(const pe_fold_spec *spec, size_t cells[PE_MAX_COLUMNS])
{
    size_t size = PE_FOLD_HEAD;
    for (int r = 0; r < spec->result_count; r++) {
        const pe_type type = parts_of(spec->results[r]);
        cells[r] = size;
        size += pe_type_elements(type) * cell_bytes(spec, type.dtype);
    }
    return size;
}

size_t pe_fold_bytes(const pe_fold_spec *spec)
{
    size_t cells[PE_MAX_COLUMNS];
    const size_t each = spec->is_part ? sizeof(pe_tally) : PE_BINS * sizeof(uint64_t);
    const size_t bytes =
        sizeof(pe_fold) + state_bytes(spec, cells) + (spec->bins > 0 ? (spec->bins + 1) * sizeof(double) : 0);
    return spec->has_quantiles && spec->bins_of == NULL ? bytes + pe_fold_elements(spec) * each : bytes;
}

size_t pe_fold_elements(const pe_fold_spec *spec)
{
    size_t elements = 0;
    for (int r = 0; r < spec->result_count; r++)
        elements += pe_type_elements(parts_of(spec->results[r]));
    return elements;
}

size_t pe_fold_state_bytes(const pe_fold_spec *spec)
{
    size_t cells[PE_MAX_COLUMNS];
    return state_bytes(spec, cells);
}

static const pe_cell_layout *layout_of(const pe_fold *fold, int result)
{
    return pe_dtype_is_float(fold->results[result].dtype) ? &fold->floats : &fold->integers;
}

static unsigned char *cell(const pe_fold *fold, int result, size_t element)
{
    return fold->state + fold->cells[result] + element * layout_of(fold, result)->bytes;
}

static bool is_number(const pe_fold *fold, int result)
{
    return fold->results[result].dtype != PE_TEXT;
}

uint64_t *pe_fold_items(const pe_fold *fold)
{
    return (uint64_t *)(void *)fold->state;
}

pe_bounds *pe_fold_bounds(const pe_fold *fold, int result, size_t element)
{
    return fold->has_bounds && is_number(fold, result) ? (void *)cell(fold, result, element) : NULL;
}

static void *sum_of(const pe_fold *fold, int result, size_t element)
{
    return cell(fold, result, element) + layout_of(fold, result)->sum;
}

pe_exact_float *pe_fold_float(const pe_fold *fold, int result, size_t element)
{
    const bool has = fold->has_sums && pe_dtype_is_float(fold->results[result].dtype);
    return has ? sum_of(fold, result, element) : NULL;
}

pe_exact_int *pe_fold_int(const pe_fold *fold, int result, size_t element)
{
    const pe_dtype dtype = fold->results[result].dtype;
    const bool has = fold->has_sums && dtype != PE_TEXT && !pe_dtype_is_float(dtype);
    return has ? sum_of(fold, result, element) : NULL;
}

pe_exact_square *pe_fold_square(const pe_fold *fold, int result, size_t element)
{
    const bool has = fold->spec.has_squares && is_number(fold, result);
    return has ? (void *)(cell(fold, result, element) + layout_of(fold, result)->square) : NULL;
}

pe_place *pe_fold_place(const pe_fold *fold, int result, size_t element, bool is_most)
{
    const pe_cell_layout *const at = layout_of(fold, result);
    const bool has = fold->spec.has_places && is_number(fold, result);
    return has ? (void *)(cell(fold, result, element) + (is_most ? at->most : at->least)) : NULL;
}

uint64_t *pe_fold_bins(const pe_fold *fold, int result, size_t element)
{
    const bool has = fold->quantiles != NULL && is_number(fold, result);
    return has ? fold->quantiles + (fold->first_element[result] + element) * PE_BINS : NULL;
}

pe_tally *pe_fold_tally(const pe_fold *fold, int result, size_t element)
{
    const bool has = fold->tallies != NULL && is_number(fold, result);
    return has ? fold->tallies + fold->first_element[result] + element : NULL;
}

uint64_t *pe_fold_counts(const pe_fold *fold, size_t *count)
{
    *count = fold->quantiles != NULL ? fold->elements * PE_BINS : 0;
    return fold->quantiles;
}

uint64_t *pe_fold_histogram(const pe_fold *fold, int result, size_t element)
{
    const bool has = fold->spec.bins > 0 && is_number(fold, result);
    return has ? (void *)(cell(fold, result, element) + layout_of(fold, result)->histogram) : NULL;
}

void pe_fold_lay_out(pe_fold *fold, const pe_fold_spec *spec)
{
    fold->spec = *spec;
    for (int r = 0; r < spec->result_count; r++) {
        fold->results[r] = parts_of(spec->results[r]);
        fold->is_complex[r] = pe_dtype_is_complex(spec->results[r].dtype);
        fold->first_element[r] = fold->elements;
        fold->elements += pe_type_elements(fold->results[r]);
    }
    if (spec->has_places && spec->arg_count > 0)
        memcpy(fold->args, spec->args, (size_t)spec->arg_count * sizeof *spec->args);
    fold->spec.results = fold->results;
    fold->spec.args = fold->args;
    fold->result_count = spec->result_count;
    fold->has_sums = spec->has_sums;
    fold->has_bounds = spec->has_bounds;
    fold->floats = lay_cell(spec, true);
    fold->integers = lay_cell(spec, false);
    fold->place_bytes = spec->has_places ? pe_place_arg_offset(spec->args, spec->arg_count) : 0;
    fold->size = state_bytes(spec, fold->cells);
}

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* fold_internal.h - what fold.c and fold_print.c share.
 */
#ifndef PE_FOLD_INTERNAL_H
#define PE_FOLD_INTERNAL_H

#include "reduce/bins/bins.h"
#include "reduce/exact/exact.h"
#include "reduce/fold.h"

/* Minimum and maximum as integers in the order of the values; floats by pe_key_of_float64. */
typedef struct pe_bounds {
    pe_int128 least, most;
} pe_bounds;

/* The first item that has the least or the greatest value. Its arguments follow: numbers as they are, a text as a
 * pe_kept_text. */
typedef struct pe_place {
    pe_int128 key;
    uint64_t item;
    uint32_t is_set, wants_args;
} pe_place;

#define PE_PLACE_TEXT_BYTES 1000
typedef struct pe_place_text {
    uint64_t size; /* of the whole text; what is longer than bytes is cut */
    char bytes[PE_PLACE_TEXT_BYTES];
} pe_place_text;

/* Where the parts of an element's cell are; a part that the fold does not keep has the place of the next. */
typedef struct pe_cell_layout {
    size_t sum, square, least, most, histogram, bytes;
} pe_cell_layout;

struct pe_fold {
    pe_fold_spec spec; /* its pointers point to the arrays here */
    pe_type results[PE_MAX_COLUMNS], args[PE_MAX_COLUMNS];
    int result_count;
    bool is_complex[PE_MAX_COLUMNS]; /* the result is kept as its parts: two floats per element */
    bool has_sums, has_bounds;
    pe_cell_layout floats, integers; /* of cells of floats, and of all other numbers */
    size_t place_bytes;
    size_t cells[PE_MAX_COLUMNS]; /* offset of a result's cells in state: one per element, bounds before sum */
    size_t size;
    double *edges;                                  /* of the histogram: bins + 1 */
    size_t first_element[PE_MAX_COLUMNS], elements; /* of the results one after the other, with quantiles */
    uint64_t *quantiles, quantile_step;             /* PE_BINS an element; what a value adds */
    pe_tally *tallies;                              /* one per element, of a part */
    bool has_new_place;
    unsigned char *state; /* begins with the count of items */
};

#define PE_FOLD_HEAD 16 /* bytes of the state in front of the cells */

/* pe_fold_lay_out - set the spec of a zeroed fold, and the places of its parts. */
void pe_fold_lay_out(pe_fold *fold, const pe_fold_spec *spec);

/* The parts of one element's cell; NULL when the fold does not keep them. */
pe_bounds *pe_fold_bounds(const pe_fold *fold, int result, size_t element);
pe_exact_float *pe_fold_float(const pe_fold *fold, int result, size_t element);
pe_exact_int *pe_fold_int(const pe_fold *fold, int result, size_t element);
pe_exact_square *pe_fold_square(const pe_fold *fold, int result, size_t element);
pe_place *pe_fold_place(const pe_fold *fold, int result, size_t element, bool is_most);
uint64_t *pe_fold_bins(const pe_fold *fold, int result, size_t element);
pe_tally *pe_fold_tally(const pe_fold *fold, int result, size_t element);
uint64_t *pe_fold_histogram(const pe_fold *fold, int result, size_t element);
uint64_t *pe_fold_items(const pe_fold *fold);

/* pe_place_arg_offset - where an argument begins in a place; of the number of arguments: the size of a place. */
size_t pe_place_arg_offset(const pe_type *args, int arg);

/* ---- fold_widen.c ---- */

#define PE_RUN_MOST 1024
typedef union pe_run {
    int64_t ints[PE_RUN_MOST];
    double reals[PE_RUN_MOST];
    pe_int128 wide[PE_RUN_MOST];
} pe_run;

/* pe_widen - count elements that are `stride` bytes apart, as int64 (uint64 too, by its bits), float64 or int128: the run
 * itself if it is so already, else a copy in room. */
const void *pe_widen(pe_dtype dtype, const unsigned char *from, size_t stride, size_t count, pe_run *room);

/* ---- fold_places.c ---- */

/* pe_place_add_run - add a run of widened values of the items from `first` on; returns whether a place changed. */
bool pe_place_add_run(pe_place *least, pe_place *most, pe_dtype dtype, const void *values, uint64_t first,
                      size_t count);
void pe_place_merge(pe_place *into, const pe_place *from, size_t bytes, bool is_most);

/* ---- fold_counts.c: histograms ---- */

/* pe_counts_add_run - count a run of widened values in a histogram. */
void pe_counts_add_run(const pe_fold *fold, uint64_t *histogram, pe_dtype dtype, const void *values, size_t count);
pe_status pe_counts_make_edges(pe_fold *fold, pe_error *err);

/* pe_key_of_float64 - the bits of a double as an integer with the order of the doubles: -0.0 is below 0.0, a nan is
 * below -inf or above inf. The function is its own inverse. */
static inline int64_t pe_key_of_float64(int64_t bits)
{
    return bits ^ ((bits < 0 ? -1 : 0) & INT64_MAX);
}

#define PE_KEY_INF INT64_C(0x7ff0000000000000)
#define PE_KEY_MINUS_INF (-PE_KEY_INF - 1)

#endif

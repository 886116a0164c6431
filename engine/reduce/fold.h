/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* fold.h - the state of a reduction over columns: the number of items, and per element sum, minimum and maximum.
 *
 * Invariant: a fold has the same value for any order of its items and of its merges, so a job has the same result with
 *          any number of ranks and threads.
 * Design:  each element of a vector result is reduced separately.
 * Threads: a fold belongs to one thread at a time.
 */
#ifndef PE_FOLD_H
#define PE_FOLD_H

#include "base/buffer.h"
#include "base/enum_names.h"
#include "types/dtype.h"

typedef struct pe_fold_spec {
    const pe_type *results; /* texts are only counted */
    int result_count;
    bool has_sums, has_bounds; /* which values are kept beside the count */
    bool has_squares;          /* for var and std */
    bool has_places;           /* for argmin and argmax: index and arguments of the least and the greatest */
    const pe_type *args;       /* with has_places */
    int arg_count;
    bool has_quantiles; /* counts of values by their leading 22 bits: 32 MiB per element at most, touched where used */
    bool is_part;       /* of a worker: a small tally instead of these counts, for pe_fold_take */
    struct pe_fold *bins_of; /* a fold whose counts of quantiles are used in place of own ones; NULL: none */
    uint64_t bins;           /* of the histogram; 0: none */
    double first, last;      /* its range */
    uint64_t ddof;           /* of var and std */
} pe_fold_spec;

typedef struct pe_fold pe_fold;

/* pe_fold_bytes - the memory of a fold. pe_fold_state_bytes - the size of its state. */
size_t pe_fold_bytes(const pe_fold_spec *spec);
size_t pe_fold_state_bytes(const pe_fold_spec *spec);
/* pe_fold_elements - the number of elements of all results; a complex number is two. */
size_t pe_fold_elements(const pe_fold_spec *spec);

/* pe_fold_make - make a fold without items. Owns: results are copied. */
pe_status pe_fold_make(const pe_fold_spec *spec, pe_fold **out, pe_error *err);
void pe_fold_free(pe_fold *fold); /* NULL is fine */

/* pe_fold_run - how many items pe_fold_add takes at once after pe_fold_has_room: with tallies not more than these. */
size_t pe_fold_run(const pe_fold *fold);
bool pe_fold_has_room(const pe_fold *fold);

/* pe_fold_add - add the items from number `first` on. Shape: columns[r] is an array of count items of results[r].
 * Returns: whether one of them is the least or the greatest so far, so that pe_fold_put_arguments is wanted */
bool pe_fold_add(pe_fold *fold, uint64_t first, const void *const *columns, size_t count);
/* pe_fold_put_arguments - store the arguments of the items from number `first` on, for those that were added last. */
void pe_fold_put_arguments(pe_fold *fold, uint64_t first, const void *const *args, size_t count);

/* pe_fold_take - add all of a worker's part, and empty it. pe_fold_clear - empty a fold that is no part. */
void pe_fold_take(pe_fold *fold, pe_fold *part);
void pe_fold_clear(pe_fold *fold);

/* pe_fold_state - the state except for the counts of quantiles, as plain bytes, owned by the fold; the next pe_fold_add
 * changes them. pe_fold_merge - add a state of a fold with the same spec, of this or another rank. The state is only read.
 * pe_fold_counts - the counts of quantiles of all elements, and how many they are. Not of a part. */
void *pe_fold_state(pe_fold *fold, size_t *size);
void pe_fold_merge(pe_fold *fold, void *state);
uint64_t *pe_fold_counts(const pe_fold *fold, size_t *count);

/* pe_fold_count_down - from now on pe_fold_add takes values out of the counts of quantiles. */
void pe_fold_count_down(pe_fold *fold);

/* pe_fold_print - append one line: the operation's name, then one value per column (count: the same in each).
 *
 * Shape:   sums of integers and bool are int128, of floats float64; mean is float64; min and max have the result's
 *          dtype. If any item is nan, min and max are nan; -0.0 is less than 0.0. Without items sum and count are 0,
 *          mean is nan. var and std are float64, rounded once; nan without enough items. argmin and argmax have a
 *          further line for each argument, called by arg_names.
 * Returns: PE_OK; PE_EDATA for a sum that does not fit int128, and for min, max, argmin or argmax without items
 */
pe_status pe_fold_print(pe_fold *fold, pe_reduce_op op, char separator, const char *const *arg_names, pe_buffer *out,
                        pe_error *err);
/* pe_fold_print_quantile - "quantile 0.5" and its values, as numpy.quantile, each within 2^-11 of itself. nan with a nan
 * and without items. pe_fold_print_histogram - a line for each bin, then "below" and "above". */
pe_status pe_fold_print_quantile(pe_fold *fold, double share, char separator, pe_buffer *out, pe_error *err);
pe_status pe_fold_print_histogram(pe_fold *fold, char separator, pe_buffer *out, pe_error *err);

#endif

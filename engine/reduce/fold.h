/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* fold.h - what the items of some columns come to: how many, their sums, least and most.
 *
 * Design:  a fold is the same bytes for any order of its items and of its merges, so that a job has the same result on
 *          any number of ranks and threads. Each element of a vector result folds by itself.
 * Threads: a fold belongs to one thread at a time.
 */
#ifndef PE_FOLD_H
#define PE_FOLD_H

#include "base/buffer.h"
#include "base/enum_names.h"
#include "types/dtype.h"

typedef struct pe_fold_spec {
    const pe_type *results; /* a text is counted, no more */
    int result_count;
    bool has_sums, has_bounds; /* what is to be kept beside the count */
} pe_fold_spec;

typedef struct pe_fold pe_fold;

/* pe_fold_bytes - what a fold of this spec takes of memory. */
size_t pe_fold_bytes(const pe_fold_spec *spec);

/* pe_fold_make - of no items yet. Owns: results are copied. */
pe_status pe_fold_make(const pe_fold_spec *spec, pe_fold **out, pe_error *err);
void pe_fold_free(pe_fold *fold); /* NULL is fine */

/* pe_fold_add - count more items. Shape: columns[r] is an array of count items of results[r]. */
void pe_fold_add(pe_fold *fold, const void *const *columns, size_t count);

/* pe_fold_state - the fold as plain bytes, which pe_fold_merge adds to another fold of the same spec, here or on another
 * rank; it only reads them. They are the fold's own: the next add changes them. */
void *pe_fold_state(pe_fold *fold, size_t *size);
void pe_fold_merge(pe_fold *fold, void *state);

/* pe_fold_print - append one line: the operation's name, then one value a column (count: the same for each).
 *
 * Shape:   sums of integers and bool are int128, of floats float64; mean is float64; min and max have the result's dtype.
 *          With nan anywhere min and max are nan; -0.0 is less than 0.0. Of no items sum and count are 0, mean is nan.
 * Returns: PE_OK; PE_EDATA for a sum that int128 does not hold, and for min or max of no items
 */
pe_status pe_fold_print(pe_fold *fold, pe_reduce_op op, char separator, pe_buffer *out, pe_error *err);

#endif

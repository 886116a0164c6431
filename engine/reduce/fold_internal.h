/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* fold_internal.h - what fold.c and fold_print.c share.
 */
#ifndef PE_FOLD_INTERNAL_H
#define PE_FOLD_INTERNAL_H

#include "reduce/exact.h"
#include "reduce/fold.h"

/* Minimum and maximum as integers in the order of the values; floats by pe_key_of_float64. */
typedef struct pe_bounds {
    pe_int128 least, most;
} pe_bounds;

struct pe_fold {
    pe_type results[PE_MAX_COLUMNS];
    int result_count;
    bool is_complex[PE_MAX_COLUMNS]; /* the result stands in results as its parts: two floats an element */
    bool has_sums, has_bounds;
    size_t cells[PE_MAX_COLUMNS]; /* offset of a result's cells in state: one per element, bounds before sum */
    size_t size;
    unsigned char *state; /* begins with the count of items */
};

/* The parts of one element's cell; NULL when the fold does not keep them. */
pe_bounds *pe_fold_bounds(const pe_fold *fold, int result, size_t element);
pe_exact_float *pe_fold_float(const pe_fold *fold, int result, size_t element);
pe_exact_int *pe_fold_int(const pe_fold *fold, int result, size_t element);
uint64_t *pe_fold_items(const pe_fold *fold);

/* pe_key_of_float64 - the bits of a double as an integer with the order of the doubles: -0.0 is below 0.0, a nan is
 * below -inf or above inf. The function is its own inverse. */
static inline int64_t pe_key_of_float64(int64_t bits)
{
    return bits ^ ((bits < 0 ? -1 : 0) & INT64_MAX);
}

#define PE_KEY_INF INT64_C(0x7ff0000000000000)
#define PE_KEY_MINUS_INF (-PE_KEY_INF - 1)

#endif

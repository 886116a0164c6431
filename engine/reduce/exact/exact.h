/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* exact.h - exact sums: no addition rounds; the result is rounded once, when it is read.
 *
 * Invariant: a sum has the same value for any order of its terms and of its merges.
 * Threads: a sum belongs to one thread at a time.
 */
#ifndef PE_EXACT_H
#define PE_EXACT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

#define PE_EXACT_CHUNKS 67

/* A sum of doubles: the sum over c of chunks[c] * 2^(32 c - 1075). Zero-initialise; plain data, may be sent to another
 * rank. */
typedef struct pe_exact_float {
    int64_t chunks[PE_EXACT_CHUNKS];
    uint32_t pending; /* terms since the last carry; each adds less than 2^53 to a chunk */
    uint8_t has_nan, has_inf, has_minus_inf;
} pe_exact_float;

/* A sum of integers: high * 2^64 + low. It cannot overflow with up to 2^63 terms. Zero-initialise; plain data. */
typedef struct pe_exact_int {
    pe_int128 high;
    pe_uint128 low;
} pe_exact_int;

/* A sum of squares: the sum over c of chunks[c] * 2^(32 c), for floats times 2^-2150. Zero-initialise; plain data. */
#define PE_EXACT_SQUARE_CHUNKS 138
typedef struct pe_exact_square {
    uint64_t chunks[PE_EXACT_SQUARE_CHUNKS];
    uint64_t pending;     /* terms since the last carry; each adds less than 2^32 to a chunk */
    uint64_t has_special; /* a term is nan or an infinity */
} pe_exact_square;

/* pe_exact_square_add_* - add the squares of terms. pe_exact_square_merge: the state of `from` is only read. */
void pe_exact_square_add_float64(pe_exact_square *sum, const double *terms, size_t count);
void pe_exact_square_add_int64(pe_exact_square *sum, const int64_t *terms, size_t count);
void pe_exact_square_add_uint64(pe_exact_square *sum, const uint64_t *terms, size_t count);
void pe_exact_square_add_int128(pe_exact_square *sum, const pe_int128 *terms, size_t count);
void pe_exact_square_merge(pe_exact_square *into, const pe_exact_square *from);

/* pe_exact_variance - compute the variance of count terms with this sum (the one that is not NULL) and this sum of squares,
 * divided by count - ddof; is_root: its square root. Rounded once, to nearest, ties to even. nan without a positive divisor,
 * and with a term that is nan or an infinity. */
double pe_exact_variance(const pe_exact_float *reals, const pe_exact_int *integers, const pe_exact_square *squares,
                         uint64_t count, uint64_t ddof, bool is_root);

/* pe_exact_add_* - add terms. */
void pe_exact_add_float64(pe_exact_float *sum, const double *terms, size_t count);
void pe_exact_add_int64(pe_exact_int *sum, const int64_t *terms, size_t count);
void pe_exact_add_uint64(pe_exact_int *sum, const uint64_t *terms, size_t count);
void pe_exact_add_int128(pe_exact_int *sum, const pe_int128 *terms, size_t count);

/* pe_exact_settle - propagate carries. Needed before the sum is `from` of pe_exact_merge_float. */
void pe_exact_settle(pe_exact_float *sum);
void pe_exact_merge_float(pe_exact_float *into, const pe_exact_float *from);
void pe_exact_merge_int(pe_exact_int *into, const pe_exact_int *from);

/* pe_exact_*_quotient - the sum divided by a count of 1 or more, to the nearest double, ties to even; rounded once.
 * Overflow gives inf. As in IEEE addition any nan, and inf - inf, give nan. A sum of 0 is 0.0. */
double pe_exact_float_quotient(const pe_exact_float *sum, uint64_t count);
double pe_exact_int_quotient(const pe_exact_int *sum, uint64_t count);

/* pe_exact_int_value - the sum; false when it does not fit pe_int128. */
bool pe_exact_int_value(const pe_exact_int *sum, pe_int128 *out);

#endif

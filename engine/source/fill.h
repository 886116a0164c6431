/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* fill.h - fills columns whose values follow from the item's number: constant, periodic, linear.
 *
 * Threads: pure functions.
 */
#ifndef PE_FILL_H
#define PE_FILL_H

#include <stddef.h>
#include <stdint.h>

/* pe_fill - count copies of one item of item_bytes at out; fast for a few as for many. */
void pe_fill(void *out, size_t count, const void *item, size_t item_bytes);

/* pe_fill_runs - write runs of equal items: the first of `left` items, the others of `stride` (both at least 1), count items
 * in all; items holds one item a run. Made for short runs too. */
void pe_fill_runs(void *out, size_t count, size_t left, size_t stride, const void *items, size_t item_bytes);

/* pe_repeat - the first period_bytes at out (at least 1) over and over, until total_bytes are filled. */
void pe_repeat(void *out, size_t period_bytes, size_t total_bytes);

/* pe_fill_line - out[k] = start + i * step for i = first + k: one multiplication and one addition, each rounded, from i
 * itself, so that no value depends on the block it came in. */
void pe_fill_line(double *out, uint64_t first, size_t count, double start, double step);

#endif

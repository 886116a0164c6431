/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* bins.h - counts of values by their leading 22 bits, for quantiles: all bins of a rank, and the small tally of a worker.
 *
 * Design:  a value is rounded to 10 bits after its leading one: 2^-11 of it at most, nothing for integers below 2,048.
 *          So the counts of two parts add up to those of the whole, whatever the parts are. The bins of a rank are zeroed
 *          memory that the system gives page by page where it is written, 32 MiB at most. A tally has room for the
 *          binary exponents that come first and a log for the values of all others; once its log is full it is merged.
 * Threads: bins and a tally belong to one thread at a time.
 */
#ifndef PE_BINS_H
#define PE_BINS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "types/dtype.h"

#define PE_BIN_SHIFT 42 /* of a float64: 22 bits are left */
#define PE_BIN_INF (INT64_C(0x7ff0000000000000) >> PE_BIN_SHIFT)
#define PE_BINS ((size_t)(2 * PE_BIN_INF + 2)) /* from -inf to inf, and after them nan */

#define PE_BIN_PAGE 1024U /* the bins of one exponent */
#define PE_TALLY_PAGES 32
#define PE_TALLY_LOG 8192
#define PE_TALLY_RUN ((size_t)4096) /* what a tally with room takes at least */

/* Zero-initialise. */
typedef struct pe_tally {
    uint8_t slot[PE_BINS / PE_BIN_PAGE + 1]; /* 1 + the place in pages of an exponent's counts; 0: it has none */
    uint16_t page[PE_TALLY_PAGES];           /* which exponent a place has */
    uint32_t page_count, log_count;
    uint64_t items;
    uint32_t log[PE_TALLY_LOG]; /* bins */
    uint32_t counts[PE_TALLY_PAGES][PE_BIN_PAGE];
} pe_tally;

/* pe_value_at - one of a run of widened values as float64. */
double pe_value_at(pe_dtype dtype, const void *values, size_t i);

/* pe_bins_make - make zeroed bins for some elements, PE_BINS each; free with free(). PE_ENOMEM. */
pe_status pe_bins_make(size_t elements, uint64_t **out, pe_error *err);
/* pe_bins_add - count a run of widened values; step: 1, or UINT64_MAX to take them out again. */
void pe_bins_add(uint64_t *bins, pe_dtype dtype, const void *values, size_t count, uint64_t step);
void pe_bins_merge(uint64_t *into, const uint64_t *from, size_t count);

/* pe_tally_add - count a run of widened values; the caller asks for room before every PE_TALLY_RUN of them.
 * pe_tally_move - add the tally to bins, and empty it. */
bool pe_tally_has_room(const pe_tally *tally);
void pe_tally_add(pe_tally *tally, pe_dtype dtype, const void *values, size_t count);
void pe_tally_move(pe_tally *tally, uint64_t *bins);

/* ---- bins_saved.c ---- */

/* pe_bins_save - append the counts as bytes that are few where few bins are used. PE_ENOMEM.
 * pe_bins_saved_most - how many these are at most, an element with up to 2^43 items.
 * pe_bins_check - PE_EDATA when bytes are not of `count` bins. pe_bins_load - add such bytes to bins. */
pe_status pe_bins_save(const uint64_t *bins, size_t count, pe_buffer *out, pe_error *err);
size_t pe_bins_saved_most(uint64_t items);
pe_status pe_bins_check(size_t count, const unsigned char *data, size_t size, pe_error *err);
void pe_bins_load(uint64_t *bins, size_t count, const unsigned char *data, size_t size);

#endif

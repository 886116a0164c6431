/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* failed_items.h - what becomes of the failed items of a batch: fill values, records for the log, the end of the run.
 *
 * Params:  failures is settled; first is the batch's first item; args are the columns of its arguments,
 *          or NULL where they could not be read.
 * Threads: one worker's own.
 */
#ifndef PE_FAILED_ITEMS_H
#define PE_FAILED_ITEMS_H

#include "kernel/failures.h"
#include "worker/worker.h"

/* Where the failed items of some consecutive items go. */
typedef struct pe_failed_items_logs {
    uint64_t first;    /* of these items */
    uint64_t rows;     /* of the results before them, in the same buffer */
    pe_buffer *counts; /* records that count */
    pe_buffer *log;    /* records with a line each, where the spec has a log */
    pe_buffer *places; /* else, where the spec lists failed items: a pe_failure_place each */
} pe_failed_items_logs;

/* pe_failed_items_log - append each to these buffers. PE_ENOMEM. */
pe_status pe_failed_items_log(const pe_failures *failures, const pe_work_kernel *kernel, const pe_work_errors *errors,
                              uint64_t first, const void *const *args, const pe_failed_items_logs *to, pe_error *err);

/* pe_failed_items_line_bytes - about what a failed item takes in the log of a chunk, for the plan. */
size_t pe_failed_items_line_bytes(const pe_signature *signature);

/* pe_failed_items_stop - make the first of them the error that ends the run, and its record the spec's stop record, if it
 * is the first so far. Returns: PE_EITEM with err->item in the whole job; PE_ENOMEM. */
pe_status pe_failed_items_stop(const pe_failures *failures, const pe_work_kernel *kernel, const pe_work_errors *errors,
                               uint64_t first, const void *const *args, pe_error *err);

/* pe_failed_items_fill - write the fill values into the failed items' rows of the written columns. */
void pe_failed_items_fill(const pe_failures *failures, const pe_work_errors *errors, const pe_type *types, int count,
                          uint64_t first, void *const *written);

#endif

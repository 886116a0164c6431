/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* batch_failures.h - the failed items of one batch: who, why, and what becomes of their rows.
 *
 * Threads: one worker's own.
 */
#ifndef PE_BATCH_FAILURES_H
#define PE_BATCH_FAILURES_H

#include "kernel/call.h"
#include "worker/worker.h"

typedef struct pe_batch_failure {
    size_t item; /* in the batch */
    uint32_t attempts;
    double seconds;
    char reason[PE_REASON_ROOM];
} pe_batch_failure;

/* In item order, each item once. Zero-initialise. */
typedef struct pe_batch_failures {
    pe_batch_failure *failures;
    size_t count, room;
} pe_batch_failures;

void pe_batch_failures_fini(pe_batch_failures *failures);

/* pe_batch_failures_add - item fails; one that has failed before keeps its first reason. */
pe_status pe_batch_failures_add(pe_batch_failures *failures, size_t item, uint32_t attempts, double seconds,
                                const char *reason, pe_error *err);
void pe_batch_failures_remove(pe_batch_failures *failures, size_t at);

/* pe_batch_failures_log - a record of each behind the others in log. */
pe_status pe_batch_failures_log(const pe_batch_failures *failures, const pe_work_spec *spec, uint64_t first,
                                const void *const *args, pe_buffer *log, pe_error *err);

/* pe_batch_failures_stop - the first of them as the error that ends the run; its err->item is as the pool counts. */
pe_status pe_batch_failures_stop(const pe_batch_failures *failures, const pe_work_spec *spec, uint64_t first,
                                 const void *const *args, pe_error *err);

/* pe_batch_failures_fill - the fill values into the failed items' row_file of the written columns. */
void pe_batch_failures_fill(const pe_batch_failures *failures, const pe_work_spec *spec, void *const *written);

/* pe_batch_failures_next_run - the items between two failed ones: *begin is where to look from and becomes the run's first item;
 * returns its length, 0 when there is none left of `count`. */
size_t pe_batch_failures_next_run(const pe_batch_failures *failures, size_t count, size_t *begin);

#endif

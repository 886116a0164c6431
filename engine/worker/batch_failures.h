/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* losses.h - the failed items of one batch: who, why, and what becomes of their rows.
 *
 * Threads: one worker's own.
 */
#ifndef PE_LOSSES_H
#define PE_LOSSES_H

#include "kernel/call.h"
#include "worker/worker.h"

typedef struct pe_loss {
    size_t item; /* in the batch */
    uint32_t attempts;
    double seconds;
    char reason[PE_REASON_ROOM];
} pe_loss;

/* In item order, each item once. Zero-initialise. */
typedef struct pe_losses {
    pe_loss *losses;
    size_t count, room;
} pe_losses;

void pe_losses_fini(pe_losses *losses);

/* pe_losses_add - item fails; one that has failed before keeps its first reason. */
pe_status pe_losses_add(pe_losses *losses, size_t item, uint32_t attempts, double seconds, const char *reason,
                        pe_error *err);
void pe_losses_remove(pe_losses *losses, size_t at);

/* pe_losses_log - a record of each behind the others in log. */
pe_status pe_losses_log(const pe_losses *losses, const pe_recipe *recipe, uint64_t first, const void *const *args,
                        pe_buffer *log, pe_error *err);

/* pe_losses_stop - the first of them as the error that ends the run; its err->item is as the crew counts. */
pe_status pe_losses_stop(const pe_losses *losses, const pe_recipe *recipe, uint64_t first, const void *const *args,
                         pe_error *err);

/* pe_losses_fill - the fill values into the failed items' places of the written columns. */
void pe_losses_fill(const pe_losses *losses, const pe_recipe *recipe, void *const *written);

/* pe_losses_next_run - the items between two failed ones: *begin is where to look from and becomes the run's first item;
 * returns its length, 0 when there is none left of `count`. */
size_t pe_losses_next_run(const pe_losses *losses, size_t count, size_t *begin);

#endif

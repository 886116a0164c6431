/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* failures.h - the failed items of one batch: in item order, each once, with the reason given first.
 *
 * Threads: one worker's own.
 */
#ifndef PE_FAILURES_H
#define PE_FAILURES_H

#include <stdbool.h>

#include "base/arena.h"

#define PE_REASON_ROOM 4096 /* of a reason with its end; what is longer is cut, which bounds the memory of a batch */

typedef struct pe_failure {
    uint64_t item;      /* number in the whole job */
    const char *reason; /* whole; stays until the list is cleared */
    double seconds;     /* that the last attempt took: of the whole batch at the first attempt */
    uint32_t attempts;
    uint32_t order; /* of the additions to the list */
} pe_failure;

/* Zero-initialise. */
typedef struct pe_failures {
    pe_failure *list;
    size_t count, room;
    bool is_settled;
    pe_arena reasons;
} pe_failures;

/* pe_failures_clear - remove all failures; the memory is kept. */
void pe_failures_clear(pe_failures *failures);
void pe_failures_fini(pe_failures *failures); /* back to all zero */

/* pe_failures_add - add an item that failed; the reason is copied. Items may come in any order and more than once.
 * PE_ENOMEM. */
pe_status pe_failures_add(pe_failures *failures, uint64_t item, double seconds, const char *reason, pe_error *err);

/* pe_failures_add_unread - add an item whose arguments could not be read, for this reason. PE_ENOMEM. */
pe_status pe_failures_add_unread(pe_failures *failures, uint64_t item, const char *reason, pe_error *err);

/* pe_failures_set_reason - replace the reason: the item failed again, for another reason. PE_ENOMEM. */
pe_status pe_failures_set_reason(pe_failures *failures, pe_failure *failure, const char *reason, pe_error *err);

/* pe_failures_settle - brings the list into item order; of an item that was added more than once the first stays. */
void pe_failures_settle(pe_failures *failures);

/* The items between two failed ones. Zero-initialise. */
typedef struct pe_good_run {
    uint64_t first, count;
    size_t next_failure; /* the first one after the run, as an index of the list */
} pe_good_run;

/* pe_failures_next_run - the next run of items that did not fail, of a settled list of the batch's; false: no more. */
bool pe_failures_next_run(const pe_failures *failures, uint64_t batch_first, uint64_t batch_count, pe_good_run *run);

#endif

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* retry.h - further attempts at the failed items of a batch.
 */
#ifndef PE_RETRY_H
#define PE_RETRY_H

#include "base/arena.h"
#include "kernel/call.h"

/* A batch that the kernel has computed. All pointers are the caller's. */
typedef struct pe_retry {
    const pe_signature *signature;
    pe_call *call;
    uint32_t retries;
    uint64_t first;
    size_t count;
    const void *const *args;
    void *const *results;
    pe_failures *failures;    /* of the batch; what succeeds leaves the list */
    const pe_failures *unfit; /* of these, items that no attempt can repair; NULL: none */
    pe_arena *kept_texts;     /* where result texts move to, since the next run of the kernel takes them back */
} pe_retry;

/* pe_retry_run - try each failed item again, alone, up to retries times; one that succeeds leaves the failures. PE_ENOMEM. */
pe_status pe_retry_run(const pe_retry *self, pe_error *err);

#endif

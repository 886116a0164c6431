/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* worker_internal.h - what the files of a worker share.
 */
#ifndef PE_WORKER_INTERNAL_H
#define PE_WORKER_INTERNAL_H

#include "kernel/call.h"
#include "reduce/reduction.h"
#include "sink/digest.h"
#include "worker/arguments.h"
#include "worker/failed_items.h"
#include "worker/worker.h"

typedef struct pe_worker {
    const pe_work_spec *spec;
    pe_arguments args;
    pe_call *call;
    void *results[PE_MAX_COLUMNS]; /* NULL for a plain result: the rows take its place */
    void *written[PE_MAX_COLUMNS]; /* converted results, or the same pointer as results */
    pe_buffer *rows;          /* encoded: the chunk's buffer, or the one of this worker that a piece takes them from */
    void *plain;              /* the place in there where a plain result goes next */
    pe_digest_partial piece;  /* of the range at hand */
    pe_buffer unsummed;       /* its rows that it has not taken yet */
    pe_fold *fold;            /* of a reduction: this worker's items */
    pe_failures failures;     /* of the batch at hand */
    pe_buffer failure_counts; /* of the chunk at hand: records that go to its log at its end */
    pe_arena kept_texts;      /* result texts of a batch whose failed items are tried again */
    pe_block unreleased;      /* mapped input that was read */
    uint64_t unreleased_items;
} pe_worker;

/* One batch on its way through the stages. */
typedef struct pe_worker_batch {
    pe_block block;
    void *const *results; /* where the kernel writes */
    void *const *written; /* what the encoder reads */
    double seconds;
} pe_worker_batch;

/* pe_worker_convert - the batch's results into its written columns; an item whose result does not fit its type fails.
 * PE_ENOMEM. */
pe_status pe_worker_convert(pe_worker *worker, const pe_worker_batch *at, pe_error *err);

/* pe_worker_retry - each failed item of a batch alone, up to retries times; who succeeds is no failure any more. */
pe_status pe_worker_retry(pe_worker *worker, const pe_worker_batch *at, pe_error *err);

#endif

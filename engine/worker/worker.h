/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* worker.h - what one worker does with one chunk: read, compute, deal with failed items, encode.
 */
#ifndef PE_WORKER_H
#define PE_WORKER_H

#include <stdatomic.h>

#include "inputs/inputs.h"
#include "kernel/signature.h"
#include "plan/plan.h"
#include "sink/encode.h"
#include "threads/chunk_result.h"
#include "threads/split_range.h"
#include <pengine/kernel.h>

/* What becomes of a failed item. */
typedef enum pe_error_policy {
    PE_ERROR_POLICY_STOP, /* the run ends */
    PE_ERROR_POLICY_SKIP, /* its row is left out */
    PE_ERROR_POLICY_FILL  /* its row has the fill values */
} pe_error_policy;

/* The same for all workers and chunks; constant during the run. */
typedef struct pe_work_spec {
    const pe_plan *plan;
    const pe_inputs *inputs;
    uint64_t first; /* item of the job: the one that the pool counts as 0 */
    const pe_kernel *kernel;
    pe_signature signature;
    const pe_setup *setup;
    pe_type written[PE_MAX_COLUMNS]; /* the results' types after [output] dtype */
    bool has_conversion;             /* written differs from the signature somewhere */
    pe_encoder encoder;
    pe_error_policy policy;
    uint32_t retries;               /* further attempts at a failed item */
    void *fill[PE_MAX_COLUMNS];     /* PE_ERROR_POLICY_FILL: one element of written[r] each */
    pe_row_file row_file;           /* open: rows go straight there, and chunks come out without bytes */
    bool makes_pieces;              /* rows become pieces of the digest (sink/digest.h) */
    struct pe_reduction *reduction; /* not NULL: rows are folded into this instead of being encoded */
    int rank;                       /* named in the records of failed items */
} pe_work_spec;

typedef struct pe_worker pe_worker;

/* pe_worker_open - one worker's readers, kernel state and columns; call it on the worker's own thread, which touches the
 * memory first. */
pe_status pe_worker_open(const pe_work_spec *spec, pe_worker **out, pe_error *err);
void pe_worker_close(pe_worker *worker); /* NULL is fine */

/* pe_worker_run - compute a range to its end, which others may bring nearer meanwhile: append the encoded results to out,
 * and a record of each failed item to its log.
 *
 * Params:  payload holds the slice's input bytes, or is empty when this rank reads its own files; returns early, with
 *          part of the chunk done, when *stop becomes set.
 * Returns: PE_OK; PE_EITEM under PE_ERROR_POLICY_STOP, naming the first failed item, its arguments and the reason, with err->item
 *          as the pool counts; errors of the input. One that names an item leaves in out what comes before that item
 */
pe_status pe_worker_run(pe_worker *worker, pe_split_range *range, const pe_buffer *payload, pe_chunk_result *out,
                        const atomic_bool *stop, pe_error *err);

#endif

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* step_parts.h - what the files of a step share.
 */
#ifndef PE_STEP_PARTS_H
#define PE_STEP_PARTS_H

#include "kernel/call.h"
#include "reduce/reduction.h"
#include "sink/digest.h"
#include "worker/arguments.h"
#include "worker/batch_failures.h"
#include "worker/worker.h"

struct pe_step {
    const pe_recipe *recipe;
    pe_arguments args;
    pe_call *call;
    void *results[PE_MAX_COLUMNS]; /* NULL for a plain result: the rows take its place */
    void *written[PE_MAX_COLUMNS]; /* converted results, or the same pointer as results */
    pe_buffer *rows;       /* encoded: the chunk's buffer, or the one of this step that a piece takes them from */
    void *plain;           /* the place in there where a plain result goes next */
    pe_digest_piece piece; /* of the portion at hand */
    pe_buffer unsummed;    /* its rows that it has not taken yet */
    pe_fold *fold;         /* of a reduction: this worker's items */
    pe_losses losses;      /* of the batch at hand */
    pe_buffer kept[2];     /* result texts of a batch whose failed items are tried again; one is copied to the other */
    int kept_turn;
    pe_block unreleased; /* mapped input that was read */
    uint64_t unreleased_items;
};

/* One batch on its way through the stages. */
typedef struct pe_step_batch {
    pe_block block;
    void *const *results; /* where the kernel writes */
    void *const *written; /* what the encoder reads */
    double seconds;
} pe_step_batch;

/* pe_step_try_again - each failed item of a batch alone, up to retries times; who succeeds is no loss any more. */
pe_status pe_step_try_again(pe_step *step, const pe_step_batch *at, pe_error *err);

#endif

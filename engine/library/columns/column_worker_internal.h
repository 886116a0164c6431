/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* column_worker_internal.h - what the files of a column worker share.
 */
#ifndef PE_COLUMN_WORKER_INTERNAL_H
#define PE_COLUMN_WORKER_INTERNAL_H

#include "base/arena.h"
#include "library/columns/column_worker.h"

typedef struct pe_column_worker_state {
    const pe_column_work *work;
    pe_call *call;
    bool has_text;                  /* among the results */
    void *scratch[PE_MAX_COLUMNS];  /* arguments that do not lie ready: converted, or texts of a payload; else NULL */
    pe_failures failures;           /* of the current batch */
    pe_failures unfit;              /* of these, items with an argument that does not fit its type */
    pe_arena kept_texts;            /* result texts of a batch whose failed items are tried again */
    bool has_payload, makes_blocks; /* of the current slice: where arguments are, and where results go */
    pe_column_block payload;
    pe_column_block block;          /* of the current batch, where results go to blocks */
    pe_buffer outcomes;             /* of that block */
    pe_buffer notes, counts, lines; /* of the current chunk, until its next section */
} pe_column_worker_state;

/* Some items on their way through a worker. */
typedef struct pe_column_batch {
    uint64_t first, count;
    const void *args[PE_MAX_COLUMNS]; /* as the signature says */
    void *results[PE_MAX_COLUMNS];
} pe_column_batch;

/* pe_column_arguments_open - room for the arguments that have to be made. PE_ENOMEM. */
pe_status pe_column_arguments_open(pe_column_worker_state *self, pe_error *err);
/* pe_column_arguments_take - set batch->args; items that do not fit go to self->unfit. PE_ENOMEM. */
pe_status pe_column_arguments_take(pe_column_worker_state *self, pe_column_batch *batch, pe_error *err);
/* pe_column_arguments_add_unfit - make the unfit items failures, whatever the kernel said of them. PE_ENOMEM. */
pe_status pe_column_arguments_add_unfit(pe_column_worker_state *self, pe_error *err);

#endif

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* worker.h - what one worker does with one chunk: read, compute, deal with failed items, encode.
 */
#ifndef PE_WORKER_H
#define PE_WORKER_H

#include "inputs/inputs.h"
#include "kernel/signature.h"
#include "plan/item_set.h"
#include "plan/plan.h"
#include "sink/encode/encode.h"
#include "threads/worker_vtable.h"
#include <pengine/kernel.h>

/* A column of the input that the output has in front of the results. */
typedef struct pe_work_kept {
    int column; /* its number among those that the inputs deliver */
    pe_type type;
    pe_text blank; /* a text column: its value for an item that cannot be read */
} pe_work_kept;

/* Reading. */
typedef struct pe_work_input {
    const pe_inputs *inputs;
    const pe_item_set *todo;        /* the items of the job that are computed; the pool counts them from 0 */
    pe_type hidden[PE_MAX_COLUMNS]; /* columns that the inputs deliver after the arguments, for the output */
    int hidden_count;
    bool reads_alone; /* columns of the output can be read without the arguments: the inputs are not a product */
} pe_work_input;

/* Computing. */
typedef struct pe_work_kernel {
    const pe_kernel *descriptor;
    pe_signature signature;
    const pe_setup *setup;
    bool is_in_processes; /* the kernel is in another process: a batch costs a round trip */
    bool gives_in_order;  /* the kernel says how far it is in a batch (pe_call_advance) */
} pe_work_kernel;

/* Which items are computed: [kernel] where. */
typedef struct pe_work_where {
    const pe_kernel *descriptor; /* gives a bool for each item; NULL: all are computed */
    const bool *mentions;        /* the arguments that the expression names */
    const bool *reads;           /* arguments that must not be nan */
    const char *const *names;    /* of the arguments, as the expression calls them */
} pe_work_where;

/* Failed items and logs: [errors]. */
typedef struct pe_work_errors {
    pe_on_error policy;
    uint32_t retries;           /* further attempts at a failed item */
    void *fill[PE_MAX_COLUMNS]; /* PE_ON_ERROR_FILL: one element of each written result */
    bool keeps_fill_out;        /* a reduction does not fold failed items; their fill values are added at the end */
    int rank;                   /* named in the lines of the log of failed items */
    bool lists_failed;          /* rank 0 gets the number and the row of each failed item */
    bool has_log;               /* [errors] log: each failed item has a line */
    bool has_joblog;            /* --joblog: each item has a line */
    struct pe_stop_record *stop_record; /* with one of these logs and PE_ON_ERROR_STOP: of this rank */
} pe_work_errors;

/* Writing. */
typedef struct pe_work_output {
    uint64_t first_row;                /* the item whose row is the first of the output */
    pe_type written[PE_MAX_COLUMNS];   /* the results' types after [output] dtype */
    bool has_conversion;               /* written differs from the signature somewhere */
    pe_work_kept kept[PE_MAX_COLUMNS]; /* the columns in front of the results */
    int kept_count;
    pe_encoder encoder;
    bool makes_partials;  /* rows become pieces of the digest (sink/digest.h) */
    pe_row_file row_file; /* open: workers write rows there, and chunks are delivered without bytes */
    struct pe_item_files
        *item_files;                /* not NULL: each item has a file of its own, whose name takes the place of a row */
    struct pe_reduction *reduction; /* not NULL: rows are folded into this instead of being encoded */
} pe_work_output;

/* The work on an item, stage by stage. The same for all workers and chunks; constant during the run. */
typedef struct pe_work_spec {
    const pe_plan *plan;
    pe_work_input input;
    pe_work_where where;
    pe_work_kernel kernel;
    pe_work_errors errors;
    pe_work_output output;
} pe_work_spec;

/* pe_job_worker - the worker of a job; its work_spec is a pe_work_spec.
 *
 * open:    a reader, the kernel's state and columns of this worker's own, on its own thread, which touches the memory
 *          first. A crash of the kernel is reported from then on until close (crash.h).
 * run:     appends a record of each failed item to out's log.
 *          Returns PE_OK; PE_EITEM under PE_ON_ERROR_STOP, naming the first failed item, its arguments and the
 *          reason; errors of the input. err->item is counted as the pool counts
 */
extern const pe_worker_vtable pe_job_worker;

#endif

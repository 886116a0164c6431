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

/* A column in front of the results. */
typedef struct pe_work_kept {
    int column; /* among those that the inputs deliver */
    pe_type type;
    pe_text blank; /* of a text: for an item that cannot be read */
} pe_work_kept;

/* The same for all workers and chunks; constant during the run. */
typedef struct pe_work_spec {
    const pe_plan *plan;
    const pe_inputs *inputs;
    const pe_item_set *todo; /* the items of the job that are computed; the pool counts them from 0 */
    uint64_t first_row;      /* the item whose row is the first of the output */
    const pe_kernel *kernel;
    bool is_in_processes; /* the kernel is in another process: a batch costs a round trip */
    bool gives_in_order;  /* the kernel says how far it is in a batch (pe_call_advance) */
    pe_signature signature;
    const pe_setup *setup;
    const pe_kernel *where;          /* gives a bool for each item: which are computed; NULL: all */
    const bool *where_mentions;      /* arguments that where names */
    const bool *where_reads;         /* arguments of where that must not be nan */
    const char *const *where_names;  /* what it calls the arguments */
    pe_type written[PE_MAX_COLUMNS]; /* the results' types after [output] dtype */
    bool has_conversion;             /* written differs from the signature somewhere */
    pe_encoder encoder;
    pe_type hidden[PE_MAX_COLUMNS]; /* columns that the inputs deliver behind the arguments, to be kept */
    int hidden_count;
    pe_work_kept kept[PE_MAX_COLUMNS]; /* the columns in front of the results */
    int kept_count;
    bool reads_alone; /* kept fields can be read without the arguments: the inputs are no product */
    pe_on_error policy;
    uint32_t retries;           /* further attempts at a failed item */
    void *fill[PE_MAX_COLUMNS]; /* PE_ON_ERROR_FILL: one element of written[r] each */
    pe_row_file row_file;       /* open: rows go straight there, and chunks come out without bytes */
    bool keeps_fill_out; /* of a reduction: failed items are not folded, what they count for is added at the end */
    struct pe_item_files *item_files;   /* not NULL: each item has a file of its own, and rows are told names */
    bool makes_partials;                /* rows become pieces of the digest (sink/digest.h) */
    struct pe_reduction *reduction;     /* not NULL: rows are folded into this instead of being encoded */
    int rank;                           /* named in the lines of the log of failed items */
    bool lists_failed;                  /* rank 0 is told the number and the row of each failed item */
    bool has_log;                       /* [errors] log: each failed item has a line */
    bool has_joblog;                    /* --joblog: each item has a line */
    struct pe_stop_record *stop_record; /* with one of these and PE_ON_ERROR_STOP: of this rank */
} pe_work_spec;

/* pe_job_worker - the worker of a job; its work_spec is a pe_work_spec.
 *
 * open:    a reader, the kernel's state and columns of this worker's own, on its own thread, which touches the memory
 *          first. A crash of the kernel is told from then on until close (crash.h).
 * run:     appends a record of each failed item to out's log.
 *          Returns PE_OK; PE_EITEM under PE_ON_ERROR_STOP, naming the first failed item, its arguments and the
 *          reason; errors of the input. err->item is counted as the pool counts
 */
extern const pe_worker_vtable pe_job_worker;

#endif

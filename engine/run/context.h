/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* context.h - one run, as its stages see it.
 *
 * Call:    every stage is called by every rank, in the order of run.c, and ends at a meeting point.
 * Returns: a stage returns what the meeting agreed on: PE_OK on every rank, or the same error on every rank, which is
 *          in self->err
 */
#ifndef PE_CONTEXT_H
#define PE_CONTEXT_H

#include "kernel/form.h"
#include "reduce/reduction.h"
#include "report/progress.h"
#include "run/job_to_specs.h"
#include "run/options.h"
#include "run/output.h"
#include "threads/rank_pool.h"
#include "threads/thread_placement.h"
#include "worker/worker.h"

typedef struct pe_run_context {
    const pe_run_options *options;
    pe_comm *comm;
    bool is_root;
    pe_job *job;
    pe_specs specs;
    pe_inputs *inputs;
    pe_block items; /* of the job's: those of this run; the plan and the pool count them from 0 */
    pe_type column_types[PE_MAX_COLUMNS];
    bool untyped[PE_MAX_COLUMNS];
    pe_form_spec form_spec;
    pe_form *form;
    atomic_bool stop; /* the pool sets it; kernels with processes of their own look at it */
    pe_work_spec spec;
    pe_format format;
    pe_thread_placement placement;
    pe_plan plan;
    pe_reduction *reduction; /* of a reduction, else NULL */
    pe_output results;
    pe_progress progress;
    pe_execution_stats stats;
    uint64_t busy_ns; /* of all ranks (rank 0) */
    pe_error err;
} pe_run_context;

/* pe_run_agree - the end of every stage: afterwards all ranks hold the same error, or none. */
static inline pe_status pe_run_agree(pe_run_context *self)
{
    return pe_comm_agree(self->comm, &self->err);
}

/* From a job file to a plan: prepare.c. */
pe_status pe_run_read_job(pe_run_context *self);
pe_status pe_run_open_inputs(pe_run_context *self);
pe_status pe_run_choose_kernel(pe_run_context *self);
pe_status pe_run_make_plan(pe_run_context *self);
void pe_run_show_plan(const pe_run_context *self, FILE *out);

/* From a plan to a committed output: perform.c. */
pe_status pe_run_execute(pe_run_context *self);

#endif

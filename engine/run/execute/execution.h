/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* execution.h - what is open while a run executes, and the steps from a plan to a committed output.
 *
 * Design:  execute.c calls the steps in their order: open, run, close. Each is collective: it ends at a meeting point of
 *          the ranks (pe_run_agree). Rank 0 has the sink and the failure log; every rank has workers, its part of a
 *          reduction, and perhaps the output file to write its own rows to.
 *          The pool counts the items of this run from 0; inputs, kernels, messages and outputs have the items' numbers in
 *          the whole job. The set of items to compute turns the one number into the other.
 * Threads: the main thread, except for the functions that the pool calls (execution_run.c).
 * Not here: what comes before (run/prepare/), what a worker does with a chunk (worker.c).
 */
#ifndef PE_EXECUTION_H
#define PE_EXECUTION_H

#include <stdatomic.h>

#include "ranks/execute_plan.h"
#include "reduce/reduction.h"
#include "report/progress.h"
#include "run/execute/time_limit.h"
#include "run/output/output.h"
#include "run/reports/profiling.h"
#include "run/resume/checkpointer.h"
#include "run/stages.h"
#include "worker/stop_record.h"

/* What is open while the pool runs. */
typedef struct pe_execution {
    const pe_run_context *run;
    const pe_job *job;
    const pe_run_inputs *inputs;
    const pe_plan *plan;
    pe_work_spec work; /* complete: with the plan, the reduction and the row file */
    pe_reduction *reduction;
    pe_stop_record stop_record;
    pe_run_resume *resume;
    const pe_run_facts *facts;
    pe_output output;              /* rank 0 */
    pe_checkpointer *checkpointer; /* NULL: no checkpoint is kept */
    pe_progress progress;
    pe_profiling profiling;
    /* On rank 0, of what was delivered; written by the deliverer, shown by the main thread. */
    atomic_uint_fast64_t items, rows, failed;
    pe_time_limit limit; /* rank 0 */
    atomic_uint_fast64_t deadline_ns;
    pe_block whole;    /* the items of the output, once their number is known */
    uint64_t streamed; /* items that were read of a stream */
    uint64_t begin_ns; /* when the output was opened */
    uint64_t sync_ns;  /* when it began to be closed */
} pe_execution;

/* pe_execution_open - open the output, the reduction and the checkpoint. Collective. */
pe_status pe_execution_open(pe_execution *self, const pe_output_spec *spec, pe_error *err);
/* pe_execution_run - compute and deliver all items. Collective.
 *
 * Owns: fills *stats
 */
pe_status pe_execution_run(pe_execution *self, const pe_output_spec *output, int threads, pe_execute_plan_stats *stats,
                           pe_error *err);
/* pe_execution_close - write the last checkpoint, then commit what every rank agrees is complete. Collective.
 *
 * Params: items: how many were delivered in this run
 */
pe_status pe_execution_close(pe_execution *self, uint64_t items, pe_error *err);
/* pe_execution_skipped - how many items have no row although they have not failed, with those of earlier runs. failed: the
 * number of items that have. */
uint64_t pe_execution_skipped(pe_execution *self, uint64_t failed);
/* pe_execution_all_items - `items` of this run with those of earlier runs; PE_ITEMS_UNKNOWN stays. */
uint64_t pe_execution_all_items(const pe_execution *self, uint64_t items);

#endif

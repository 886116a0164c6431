/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* execute.c - the stage from a plan to a committed output.
 *
 * Design:  open the output, run the pool, collect the reduction, commit, report (execution.h).
 * Threads: the main thread.
 */
#include <stdlib.h>

#include "base/clock.h"
#include "os/interrupt.h"
#include "os/log.h"
#include "run/execute/execution.h"
#include "run/execute/summary.h"
#include "run/reports/earlier_runs.h"
#include "run/reports/emergency.h"
#include "worker/crash/crash.h"

/* Merges the folds of all ranks; rank 0 writes the reduction's lines to the output. */
static pe_status collect_reduction(pe_execution *self, pe_format format, pe_error *err)
{
    const pe_run_context *run = self->run;
    pe_chunk_result lines = {.items = 0};
    if (self->reduction == NULL)
        return PE_OK;
    pe_status status = pe_reduction_collect(self->reduction, run->comm, err);
    const uint64_t filled = self->work.errors.keeps_fill_out ? self->output.failures.count : 0;
    const pe_reduction_fill fill = {.count = filled, .values = self->work.errors.fill};
    pe_argument_names names;
    pe_argument_names_of_inputs(self->job, self->inputs->inputs, self->work.kernel.signature.arg_count, &names);
    if (status == PE_OK && run->is_root)
        status = pe_reduction_print(self->reduction, self->job, &fill, names.names, format, &lines.bytes, err);
    if (status == PE_OK && run->is_root)
        (void)pe_output_take(&self->output, &lines, err);
    pe_buffer_fini(&lines.bytes);
    return pe_run_agree(run, err);
}

/* Fills in the facts for the reports. A profile that cannot be collected does not fail the run. */
static void note_end(pe_execution *self, const pe_execute_plan_stats *stats, pe_run_facts *facts)
{
    pe_error lost = PE_ERROR_INIT;
    pe_profiling_ending ending = {.sync_ns = self->sync_ns, .chunk_items = stats->chunk_items};
    ending.checkpoints = pe_checkpointer_spent(self->checkpointer, &ending.checkpoint_ns);
    pe_emergency_end();
    facts->wall_ns = stats->wall_ns;
    facts->before = self->resume->done.items;
    facts->done = stats->items;
    facts->rows = atomic_load_explicit(&self->rows, memory_order_relaxed);
    facts->failures = self->output.failures;
    facts->skipped = pe_execution_skipped(self, self->output.failures.count);
    facts->is_complete = self->output.is_complete;
    if (pe_profiling_end(self->run, &self->profiling, &ending, facts, &lost) != PE_OK && self->run->is_root)
        pe_log(PE_LOG_WARN, "the reports have no times: %s", lost.text);
    if (self->run->is_root) {
        pe_earlier_runs_load(self->resume, facts);
        pe_earlier_runs_save(self->resume, facts);
    }
}

static pe_status sum_over_ranks(const pe_run_context *run, uint64_t mine, uint64_t *sum, pe_error *err)
{
    const size_t ranks = (size_t)pe_comm_size(run->comm);
    uint64_t *all = calloc(ranks, sizeof *all);
    if (all == NULL)
        (void)pe_fail(err, PE_ENOMEM, "out of memory for %zu ranks", ranks);
    if (pe_run_agree(run, err) != PE_OK || all == NULL) {
        free(all);
        return err->status;
    }
    (void)pe_comm_gather(run->comm, &mine, sizeof *all, all, err);
    for (size_t rank = 0; rank < ranks && err->status == PE_OK; rank++)
        *sum += all[rank];
    free(all);
    return pe_run_agree(run, err);
}

static void log_plan(const pe_run_context *run, const pe_run_prepared *prepared, const pe_run_plan *plan)
{
    if (!run->is_root)
        return;
    if (run->options->verbosity == PE_VERBOSE)
        pe_run_print_plan(stderr, prepared, plan);
    if (plan->placement.warning[0] != '\0')
        pe_log(PE_LOG_WARN, "%s", plan->placement.warning);
}

pe_status pe_run_execute(const pe_run_context *run, const pe_run_prepared *prepared, const pe_run_plan *plan,
                         pe_run_resume *resume, pe_run_facts *facts, pe_error *err)
{
    const pe_job *const job = prepared->job;
    const pe_output_spec *const output = prepared->output;
    const pe_block items = prepared->inputs->items;
    pe_execution self = {.run = run,
                         .job = job,
                         .inputs = prepared->inputs,
                         .plan = &plan->plan,
                         .work = *prepared->work,
                         .resume = resume,
                         .facts = facts,
                         .streamed = items.first,
                         .whole = items,
                         .begin_ns = pe_clock_ns()};
    pe_execute_plan_stats stats = {0};
    uint64_t busy_ns = 0; /* of all ranks */
    self.work.plan = self.plan;
    self.work.errors.stop_record = &self.stop_record;
    pe_stop_record_init(&self.stop_record);
    log_plan(run, prepared, plan);
    if (run->is_root)
        pe_time_limit_begin(&self.limit, job);
    pe_interrupt_begin_run();
    pe_crash_begin(pe_comm_rank(run->comm), pe_comm_size(run->comm));
    pe_status status = pe_profiling_begin(run, &plan->placement, &self.profiling, err);
    pe_emergency_begin(run, facts, resume,
                       &(pe_emergency_counts){.items = &self.items, .rows = &self.rows, .failed = &self.failed});
    if (status == PE_OK)
        status = pe_execution_open(&self, output, err);
    if (status == PE_OK)
        status = pe_execution_run(&self, output, plan->placement.threads, &stats, err);
    if (status == PE_OK)
        status = sum_over_ranks(run, stats.busy_ns, &busy_ns, err);
    if (status == PE_OK)
        (void)collect_reduction(&self, output->format, err);
    (void)pe_execution_close(&self, stats.items, err);
    note_end(&self, &stats, facts);
    pe_crash_end();
    if (pe_comm_size(run->comm) > 1) /* a single rank ends with the run's own exit code, whatever signal still comes */
        pe_interrupt_end_run();
    if (self.output.is_complete)
        pe_summary_log(job, plan, &stats, resume->done.items, busy_ns,
                       pe_execution_skipped(&self, self.output.failures.count));
    pe_time_limit_end(&self.limit);
    pe_checkpointer_free(self.checkpointer);
    pe_stop_record_fini(&self.stop_record);
    pe_reduction_free(self.reduction);
    return err->status;
}

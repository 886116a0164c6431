/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* execute.c - the stage from a plan to a committed output.
 *
 * Design:  open the output, run the pool, collect the reduction, commit. Rank 0 has the sink and the failure log; every
 *          rank has workers, its part of a reduction, and perhaps the output file to write its own rows to.
 *          The pool counts the items of this run from 0; inputs, kernels, messages and outputs have the items' numbers in
 *          the whole job. The set of items to compute turns the one number into the other.
 * Threads: the main thread, but for the functions that the pool calls (rank_pool.h says which thread).
 * Not here: what comes before (prepare.c), what a worker does with a chunk (worker.c).
 */
#include <stdlib.h>

#include "base/clock.h"
#include "os/file/durable.h"
#include "os/interrupt.h"
#include "os/log.h"
#include "os/redirect_stdout.h"
#include "ranks/execute_plan.h"
#include "reduce/reduction.h"
#include "report/progress.h"
#include "run/output/output.h"
#include "run/output/shared_output.h"
#include "run/output/stored_results.h"
#include "run/reports/earlier_runs.h"
#include "run/reports/emergency.h"
#include "run/reports/recording.h"
#include "run/resume/checkpointer.h"
#include "run/resume/clean_up.h"
#include "run/stages.h"
#include "run/summary.h"
#include "run/time_limit.h"
#include "worker/crash/crash.h"
#include "worker/stop_record.h"

#define MERGES_PER_INTERVAL 4
#define STORES_PER_INTERVAL 4
#define STREAM_BLOCK_MIN_BYTES ((size_t)64 << 10)

/* What is open while the pool runs. */
typedef struct execution {
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
    pe_recording recording;
    /* On rank 0, of what was delivered; written by the deliverer, shown by the main thread. */
    atomic_uint_fast64_t items, rows, failed;
    pe_time_limit limit; /* rank 0 */
    atomic_uint_fast64_t deadline_ns;
    pe_block whole;    /* the items of the output, once their number is known */
    uint64_t streamed; /* items that were read of a stream */
    uint64_t begin_ns; /* when the output was opened */
    uint64_t sync_ns;  /* when it began to be closed */
} execution;

/* ---- what the pool calls ---- */

static pe_status pack(void *context, pe_block block, pe_buffer *payload, pe_error *err)
{
    const execution *self = context;
    block.first = pe_item_set_from(&self->inputs->todo, block.first).first;
    return pe_inputs_pack(self->inputs->inputs, block, payload, err);
}

/* The next items of a stream that are to be computed; those that an earlier run has done are read and dropped. */
static pe_status next(void *context, int timeout_ms, pe_buffer *payload, pe_block *block, bool *ended, pe_error *err)
{
    execution *self = context;
    const pe_plan *plan = self->plan;
    const pe_item_set *const todo = &self->inputs->todo;
    const size_t bytes = plan->payload_bytes > STREAM_BLOCK_MIN_BYTES ? plan->payload_bytes : STREAM_BLOCK_MIN_BYTES;
    const uint64_t rank = pe_item_set_rank(todo, self->streamed);
    const pe_block wanted = pe_item_set_from(todo, rank);
    const uint64_t most = self->streamed < wanted.first ? wanted.first - self->streamed : wanted.count;
    const pe_status status = pe_inputs_next(self->inputs->inputs, most < plan->chunk_items ? most : plan->chunk_items,
                                            bytes, timeout_ms, payload, block, ended, err);
    if (status != PE_OK || block->count == 0)
        return status;
    const bool is_done = self->streamed < wanted.first;
    self->streamed += block->count;
    *block = (pe_block){.first = rank, .count = is_done ? 0 : block->count};
    if (is_done)
        payload->size = 0;
    return PE_OK;
}

/* Notes what was delivered. */
static pe_status end_taking(execution *self, pe_status status, pe_error *err)
{
    atomic_store_explicit(&self->items, self->output.taken_items, memory_order_relaxed); /* relaxed: only shown */
    atomic_store_explicit(&self->rows, self->output.taken_rows, memory_order_relaxed);
    atomic_store_explicit(&self->failed, self->output.failures.count, memory_order_relaxed);
    if (status != PE_OK && err->item != PE_NO_ITEM)
        err->item = pe_item_set_rank(&self->inputs->todo, err->item);
    return status;
}

static pe_status take_results(void *context, const pe_chunk_result *out, pe_error *err)
{
    execution *self = context;
    return end_taking(self, pe_stored_take(&self->output, out, self->run->stop, err), err);
}

static pe_status store_results(void *context, const pe_chunk_result *out, bool *is_stored, pe_error *err)
{
    execution *self = context;
    return pe_output_store(&self->output, out, is_stored, err);
}

/* Items without a row that have not failed, in this run and in earlier ones. The counters are read one after another, while
 * they change: a difference that cannot be is 0. */
static uint64_t count_skipped(execution *self, uint64_t failed)
{
    const uint64_t rows = atomic_load_explicit(&self->rows, memory_order_relaxed);
    const uint64_t items = atomic_load_explicit(&self->items, memory_order_relaxed);
    const pe_checkpoint_progress *const earlier = &self->resume->from.progress;
    const uint64_t lost = self->work.policy == PE_ON_ERROR_SKIP ? failed - earlier->failed : 0;
    return earlier->left_out + (items > rows && items - rows > lost ? items - rows - lost : 0);
}

static pe_status tick(void *context, uint64_t items, pe_error *err)
{
    execution *self = context;
    const char *const signal = pe_interrupt_seen();
    const bool has_rows = self->run->is_root && self->resume->is_recorded && self->job->op_count == 0;
    if (signal != NULL && has_rows && self->output.sink != NULL) /* a retry has none yet */
        pe_sink_retain(self->output.sink);                       /* the last checkpoint is about to describe it */
    if (signal != NULL)
        return pe_fail(err, PE_ESTOPPED, "interrupted by %s", signal);
    if (!self->run->is_root)
        return PE_OK;
    pe_progress_counts counts = {.failed = atomic_load_explicit(&self->failed, memory_order_relaxed)};
    counts.skipped = count_skipped(self, counts.failed);
    counts.items = items;
    pe_progress_tick(&self->progress, &counts);
    if (self->checkpointer != NULL && pe_checkpointer_tick(self->checkpointer, err) != PE_OK)
        return err->status;
    atomic_store_explicit(&self->deadline_ns, self->limit.stop_ns, memory_order_relaxed);
    if (items >= self->plan->items) /* nothing is left to be stopped */
        return PE_OK;
    return pe_time_limit_check(&self->limit, pe_checkpointer_took_ns(self->checkpointer), err);
}

/* ---- the steps ---- */

/* What was folded for the last checkpoint of an earlier run: behind the counts of failed items. */
static pe_status add_earlier_folds(execution *self, pe_error *err)
{
    const pe_buffer *const state = &self->resume->from.progress.state;
    return state->size < PE_FAILURE_COUNTED_BYTES
               ? pe_fail(err, PE_EDATA, "%s: it has no state of the reduction", self->resume->path)
               : pe_reduction_add(self->reduction, state->data + PE_FAILURE_COUNTED_BYTES,
                                  state->size - PE_FAILURE_COUNTED_BYTES, err);
}

static void open_reduction(execution *self, pe_error *err)
{
    const pe_fold_spec spec = pe_reduction_spec(self->job, &self->work.signature);
    if (pe_reduction_make(&spec, &self->reduction, err) != PE_OK)
        return;
    self->work.reduction = self->reduction;
    if (self->resume->is_recorded)
        pe_reduction_merge_after(self->reduction, self->job->checkpoint.interval_ns / MERGES_PER_INTERVAL + 1);
    if (self->run->is_root && self->resume->is_resumed)
        (void)add_earlier_folds(self, err);
}

static pe_status open_checkpointer(execution *self, pe_error *err)
{
    const pe_checkpointer_spec spec = {.run = self->run,
                                       .job = self->job,
                                       .resume = self->resume,
                                       .output = &self->output,
                                       .reduction = self->reduction,
                                       .items = &self->whole,
                                       .rows = &self->work.row_file,
                                       .files = self->work.item_files,
                                       .begin_ns = self->begin_ns};
    return pe_checkpointer_make(&spec, &self->checkpointer, err);
}

/* With the items of earlier runs. */
static uint64_t all_items(const execution *self, uint64_t items)
{
    return items == PE_ITEMS_UNKNOWN ? items : self->resume->done.items + items;
}

static void begin_output(execution *self, const pe_output_spec *spec, pe_error *err)
{
    if (pe_output_begin(&self->output, self->job, &spec->sink, self->inputs, self->resume,
                        self->work.signature.arg_count, all_items(self, self->plan->items),
                        self->work.encoder.is_fixed ? self->work.encoder.row_bytes : 0, err) == PE_OK &&
        !self->resume->is_retry)
        (void)pe_stored_begin(&self->output, self->resume, err);
}

static pe_status open_output(execution *self, const pe_output_spec *spec, pe_error *err)
{
    const pe_run_context *run = self->run;
    if (run->is_root)
        begin_output(self, spec, err);
    if (pe_run_agree(run, err) == PE_OK && self->job->op_count > 0)
        open_reduction(self, err);
    else if (err->status == PE_OK && !self->resume->is_retry)
        (void)pe_shared_output_begin(run, self->job, self->plan, self->output.sink, &self->work, err);
    self->work.row_file.first_row = self->work.first_row;
    if (err->status == PE_OK)
        (void)open_checkpointer(self, err);
    return pe_run_agree(run, err);
}

/* Rank 0: what is still stored comes last. */
static pe_status deliver_stored(execution *self, uint64_t items, pe_error *err)
{
    pe_status status = PE_OK;
    for (bool has_more = true; has_more && status == PE_OK;) {
        status = pe_output_catch_up(&self->output, &has_more, err);
        if (status == PE_OK && has_more)
            status = tick(self, items, err);
    }
    return end_taking(self, status, err);
}

static pe_status run_pool(execution *self, const pe_output_spec *output, int threads, pe_execution_stats *stats,
                          pe_error *err)
{
    const pe_run_context *run = self->run;
    const pe_run_options *options = run->options;
    const bool stores = pe_run_stores_results(run, self->job, self->resume);
    const pe_execution_spec spec = {.pool = {.plan = self->plan,
                                             .threads = threads,
                                             .worker = &pe_job_worker,
                                             .work_spec = &self->work,
                                             .stop = run->stop,
                                             .deadline_ns = &self->deadline_ns,
                                             .record = self->recording.record,
                                             .context = self,
                                             .write = take_results,
                                             .store = stores ? store_results : NULL,
                                             .store_after_ns = self->job->checkpoint.interval_ns / STORES_PER_INTERVAL,
                                             .tick = tick},
                                    .comm = run->comm,
                                    .todo = &self->inputs->todo,
                                    .has_payload = pe_inputs_is_remote(self->inputs->inputs),
                                    .is_stream = pe_inputs_is_stream(self->inputs->inputs),
                                    .sync = pe_checkpointer_exchange(self->checkpointer),
                                    .pack = pack,
                                    .next = next};
    if (run->is_root)
        pe_progress_begin(&self->progress, self->job->name, self->plan->items, self->resume->done.items,
                          options->progress, options->verbosity == PE_QUIET);
    (void)pe_redirect_stdout_begin(err); /* what a kernel prints goes to stderr */
    if (pe_run_agree(run, err) == PE_OK)
        (void)pe_execute_plan(&spec, stats, err);
    if (run->is_root && err->status == PE_OK)
        (void)deliver_stored(self, stats->items, err);
    pe_redirect_stdout_end();
    if (run->is_root)
        pe_progress_end(&self->progress);
    (void)pe_run_agree(run, err);
    if (err->item != PE_NO_ITEM)
        err->item = pe_item_set_from(&self->inputs->todo, err->item).first;
    if (run->is_root && err->status == PE_ESTOPPED)
        pe_summary_interrupted(self->job, output, self->resume, self->plan, stats->items, pe_interrupt_seen() == NULL,
                               err);
    return err->status;
}

/* What the ranks have folded, and its lines as the output. */
static pe_status collect_reduction(execution *self, pe_format format, pe_error *err)
{
    const pe_run_context *run = self->run;
    pe_chunk_result lines = {.items = 0};
    if (self->reduction == NULL)
        return PE_OK;
    pe_status status = pe_reduction_collect(self->reduction, run->comm, err);
    const uint64_t filled = self->work.keeps_fill_out ? self->output.failures.count : 0;
    const pe_reduction_fill fill = {.count = filled, .values = self->work.fill};
    pe_argument_names names;
    pe_argument_names_of_inputs(self->job, self->inputs->inputs, self->work.signature.arg_count, &names);
    if (status == PE_OK && run->is_root)
        status = pe_reduction_print(self->reduction, self->job, &fill, names.names, format, &lines.bytes, err);
    if (status == PE_OK && run->is_root)
        (void)pe_output_take(&self->output, &lines, err);
    pe_buffer_fini(&lines.bytes);
    return pe_run_agree(run, err);
}

/* What became of the run, for the reports. A record that cannot be collected is no failure of the run. */
static void note_end(execution *self, const pe_execution_stats *stats, pe_run_facts *facts)
{
    pe_error lost = PE_ERROR_INIT;
    pe_recording_ending ending = {.sync_ns = self->sync_ns, .chunk_items = stats->chunk_items};
    ending.checkpoints = pe_checkpointer_spent(self->checkpointer, &ending.checkpoint_ns);
    pe_emergency_end();
    facts->wall_ns = stats->wall_ns;
    facts->before = self->resume->done.items;
    facts->done = stats->items;
    facts->rows = atomic_load_explicit(&self->rows, memory_order_relaxed);
    facts->failures = self->output.failures;
    facts->skipped = count_skipped(self, self->output.failures.count);
    facts->is_complete = self->output.is_complete;
    if (pe_recording_end(self->run, &self->recording, &ending, facts, &lost) != PE_OK && self->run->is_root)
        pe_log(PE_LOG_WARN, "the reports have no times: %s", lost.text);
    if (self->run->is_root) {
        pe_earlier_runs_load(self->resume, facts);
        pe_earlier_runs_save(self->resume, facts);
    }
}

/* The last checkpoint, on every rank. How the output then ends. */
static pe_output_ending end_checkpoints(execution *self, uint64_t items, const pe_buffer *stop_record, bool is_durable,
                                        const pe_error *err)
{
    const bool is_finished = err->status == PE_OK;
    const bool is_kept =
        self->resume->is_recorded && (self->job->checkpoint.is_kept || self->output.failures.count > 0);
    if (self->whole.count == PE_COUNT_UNKNOWN)
        self->whole.count = self->streamed - self->whole.first;
    const bool is_on_disk = pe_checkpointer_end(self->checkpointer, is_finished, is_kept);
    return (pe_output_ending){.items = items,
                              .is_durable = is_durable,
                              .is_kept = is_on_disk,
                              .keeps_checkpoint = is_finished && is_kept && is_on_disk,
                              .stop_record = stop_record};
}

/* What this rank wrote. After a failure that is the run's error, which is told. */
static void sync_files(const execution *self, pe_error *err)
{
    pe_error lost = PE_ERROR_INIT;
    if (pe_item_devices_sync(self->work.item_files->devices, &lost) != PE_OK)
        pe_error_merge(err, &lost);
}

/* Commits only what every rank agrees is complete. */
static pe_status close_output(execution *self, uint64_t items, pe_error *err)
{
    pe_buffer record = {0};
    pe_error lost = PE_ERROR_INIT; /* the run has failed already: then its item is missing in the log */
    self->sync_ns = pe_clock_ns();
    const uint64_t run_ns = self->sync_ns - self->begin_ns + self->resume->from.progress.wall_ns;
    const bool is_durable = pe_durable_is_due(self->job->output.sync, run_ns, self->job->checkpoint.interval_ns);
    const bool is_kept = self->resume->is_recorded && err->status != PE_OK;
    (void)pe_row_file_close(&self->work.row_file, (is_durable && err->status == PE_OK) || is_kept, err);
    if (self->work.item_files != NULL && (is_kept || (is_durable && err->status == PE_OK)))
        sync_files(self, err);
    (void)pe_run_agree(self->run, err);
    if ((self->work.has_log || self->work.has_joblog) && err->status == PE_EITEM && err->item != PE_NO_ITEM)
        (void)pe_stop_record_collect(&self->stop_record, self->run->comm, err->item, &record, &lost);
    if (self->run->is_root && self->resume->is_retry && err->status == PE_OK)
        (void)pe_output_retried(&self->output, self->inputs, self->work.signature.arg_count, err);
    (void)pe_run_agree(self->run, err);
    const pe_output_ending ending = end_checkpoints(self, all_items(self, items), &record, is_durable, err);
    if (self->run->is_root)
        (void)pe_output_end(&self->output, &ending, err);
    pe_stored_end(&self->output, self->output.is_complete || !(ending.is_kept || self->resume->is_resumed));
    if (self->run->is_root)
        pe_resume_clean_up(self->facts, self->job, self->output.is_complete, self->resume, &ending, run_ns, err);
    pe_buffer_fini(&record);
    return pe_run_agree(self->run, err);
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

static void tell_plan(const pe_run_context *run, const pe_job *job, const pe_run_inputs *inputs,
                      const pe_output_spec *output, const pe_work_spec *work, const pe_run_plan *plan)
{
    if (!run->is_root)
        return;
    if (run->options->verbosity == PE_VERBOSE)
        pe_run_print_plan(run, stderr, job, inputs, output, work, plan);
    if (plan->placement.warning[0] != '\0')
        pe_log(PE_LOG_WARN, "%s", plan->placement.warning);
}

pe_status pe_run_execute(const pe_run_context *run, const pe_job *job, const pe_run_inputs *inputs,
                         const pe_output_spec *output, const pe_work_spec *work, pe_run_resume *resume,
                         const pe_run_plan *plan, pe_run_facts *facts, pe_error *err)
{
    execution self = {.run = run,
                      .job = job,
                      .inputs = inputs,
                      .plan = &plan->plan,
                      .work = *work,
                      .resume = resume,
                      .facts = facts,
                      .streamed = inputs->items.first,
                      .whole = inputs->items,
                      .begin_ns = pe_clock_ns()};
    pe_execution_stats stats = {0};
    uint64_t busy_ns = 0; /* of all ranks */
    self.work.plan = self.plan;
    self.work.stop_record = &self.stop_record;
    pe_stop_record_init(&self.stop_record);
    tell_plan(run, job, inputs, output, work, plan);
    if (run->is_root)
        pe_time_limit_begin(&self.limit, job);
    pe_interrupt_begin_run();
    pe_crash_begin(pe_comm_rank(run->comm), pe_comm_size(run->comm));
    pe_status status = pe_recording_begin(run, &plan->placement, &self.recording, err);
    pe_emergency_begin(run, facts, resume,
                       &(pe_emergency_counts){.items = &self.items, .rows = &self.rows, .failed = &self.failed});
    if (status == PE_OK)
        status = open_output(&self, output, err);
    if (status == PE_OK)
        status = run_pool(&self, output, plan->placement.threads, &stats, err);
    if (status == PE_OK)
        status = sum_over_ranks(run, stats.busy_ns, &busy_ns, err);
    if (status == PE_OK)
        (void)collect_reduction(&self, output->format, err);
    (void)close_output(&self, stats.items, err);
    note_end(&self, &stats, facts);
    pe_crash_end();
    pe_interrupt_end_run();
    if (self.output.is_complete)
        pe_summary_log(job, plan, &stats, resume->done.items, busy_ns,
                       count_skipped(&self, self.output.failures.count));
    pe_time_limit_end(&self.limit);
    pe_checkpointer_free(self.checkpointer);
    pe_stop_record_fini(&self.stop_record);
    pe_reduction_free(self.reduction);
    return err->status;
}

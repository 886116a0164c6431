/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* execution_run.c - the pool of a run, and the functions that it calls.
 *
 * Threads: the main thread; pack, next and tick are called by it, take_results and spill_results by whichever thread delivers
 *          (rank_pool.h says which).
 */
#include "run/execute/execution.h"

#include "os/interrupt.h"
#include "os/redirect_stdout.h"
#include "run/execute/summary.h"
#include "run/output/spilled_results.h"

#define SPILLS_PER_INTERVAL 4
#define STREAM_BLOCK_MIN_BYTES ((size_t)64 << 10)

static pe_status pack(void *context, pe_block block, pe_buffer *payload, pe_error *err)
{
    const pe_execution *self = context;
    block.first = pe_item_set_from(&self->inputs->todo, block.first).first;
    return pe_inputs_pack(self->inputs->inputs, block, payload, err);
}

/* The next items of a stream that are to be computed; those that an earlier run has done are read and dropped. */
static pe_status next(void *context, int timeout_ms, pe_buffer *payload, pe_block *block, bool *ended, pe_error *err)
{
    pe_execution *self = context;
    const pe_plan *plan = self->plan;
    const pe_item_set *const todo = &self->inputs->todo;
    const uint64_t position = pe_item_set_position(todo, self->streamed);
    const pe_block wanted = pe_item_set_from(todo, position);
    const uint64_t most = self->streamed < wanted.first ? wanted.first - self->streamed : wanted.count;
    const pe_source_limits limits = {
        .items = most < plan->chunk_items ? most : plan->chunk_items,
        .bytes = plan->payload_bytes > STREAM_BLOCK_MIN_BYTES ? plan->payload_bytes : STREAM_BLOCK_MIN_BYTES,
        .timeout_ms = timeout_ms,
    };
    const pe_status status = pe_inputs_next(self->inputs->inputs, &limits, payload, block, ended, err);
    if (status != PE_OK || block->count == 0)
        return status;
    const bool is_done = self->streamed < wanted.first;
    self->streamed += block->count;
    *block = (pe_block){.first = position, .count = is_done ? 0 : block->count};
    if (is_done)
        payload->size = 0;
    return PE_OK;
}

/* Notes what was delivered. */
static pe_status end_taking(pe_execution *self, pe_status status, pe_error *err)
{
    atomic_store_explicit(&self->items, self->output.taken_items, memory_order_relaxed); /* relaxed: only shown */
    atomic_store_explicit(&self->rows, self->output.taken_rows, memory_order_relaxed);
    atomic_store_explicit(&self->failed, self->output.failures.count, memory_order_relaxed);
    if (status != PE_OK && err->item != PE_NO_ITEM)
        err->item = pe_item_set_position(&self->inputs->todo, err->item);
    return status;
}

static pe_status take_results(void *context, const pe_chunk_result *out, pe_error *err)
{
    pe_execution *self = context;
    return end_taking(self, pe_output_take_in_order(&self->output, out, self->run->stop, err), err);
}

/* With several ranks: catch_up writes spilled results between two calls of this. */
static pe_status take_next_results(void *context, const pe_chunk_result *out, pe_error *err)
{
    pe_execution *self = context;
    return end_taking(self, pe_output_take(&self->output, out, err), err);
}

static pe_status catch_up(void *context, uint64_t *next, bool *has_more, pe_error *err)
{
    pe_execution *self = context;
    const pe_status status = pe_output_catch_up(&self->output, has_more, err);
    *next = self->output.next;
    return *has_more ? end_taking(self, status, err) : status;
}

static pe_status spill_results(void *context, const pe_chunk_result *out, bool *is_spilled, pe_error *err)
{
    pe_execution *self = context;
    return pe_output_spill(&self->output, out, is_spilled, err);
}

/* Items without a row that have not failed, in this run and in earlier ones. The counters are read one after another, while
 * they change: a difference that cannot be is 0. */
uint64_t pe_execution_skipped(pe_execution *self, uint64_t failed)
{
    const uint64_t rows = atomic_load_explicit(&self->rows, memory_order_relaxed);
    const uint64_t items = atomic_load_explicit(&self->items, memory_order_relaxed);
    const pe_checkpoint_progress *const earlier = &self->resume->from.progress;
    const uint64_t lost = self->work.errors.policy == PE_ON_ERROR_SKIP ? failed - earlier->failed : 0;
    return earlier->left_out + (items > rows && items - rows > lost ? items - rows - lost : 0);
}

static pe_status tick(void *context, uint64_t items, pe_error *err)
{
    pe_execution *self = context;
    const char *const signal = pe_interrupt_seen();
    if (signal != NULL && self->run->is_root && self->resume->writes_checkpoints)
        (void)pe_output_stay_at_exit(&self->output); /* the last checkpoint is about to describe it */
    if (signal != NULL)
        return pe_fail(err, PE_ESTOPPED, "interrupted by %s", signal);
    if (!self->run->is_root)
        return PE_OK;
    pe_progress_counts counts = {.failed = atomic_load_explicit(&self->failed, memory_order_relaxed)};
    counts.skipped = pe_execution_skipped(self, counts.failed);
    counts.items = items;
    pe_progress_tick(&self->progress, &counts);
    if (self->checkpointer != NULL && pe_checkpointer_tick(self->checkpointer, err) != PE_OK)
        return err->status;
    atomic_store_explicit(&self->deadline_ns, self->limit.stop_ns, memory_order_relaxed);
    if (items >= self->plan->items) /* nothing is left to be stopped */
        return PE_OK;
    return pe_time_limit_check(&self->limit, pe_checkpointer_took_ns(self->checkpointer), err);
}

/* Rank 0: delivers what is still spilled at the end. */
static pe_status deliver_spilled(pe_execution *self, uint64_t items, pe_error *err)
{
    pe_status status = PE_OK;
    for (bool has_more = true; has_more && status == PE_OK;) {
        status = pe_output_catch_up(&self->output, &has_more, err);
        if (status == PE_OK && has_more)
            status = tick(self, items, err);
    }
    return end_taking(self, status, err);
}

pe_status pe_execution_run(pe_execution *self, const pe_output_spec *output, int threads, pe_execute_plan_stats *stats,
                           pe_error *err)
{
    const pe_run_context *run = self->run;
    const pe_run_options *options = run->options;
    const pe_spill_functions spill = {.put = pe_run_spills_results(self->job, self->resume) ? spill_results : NULL,
                                      .catch_up = catch_up,
                                      .after_ns = self->job->checkpoint.interval_ns / SPILLS_PER_INTERVAL};
    const bool is_alone = pe_comm_size(run->comm) == 1;
    const pe_execute_plan_spec spec = {.pool = {.plan = self->plan,
                                                .threads = threads,
                                                .worker = &pe_job_worker,
                                                .work_spec = &self->work,
                                                .stop = run->stop,
                                                .deadline_ns = &self->deadline_ns,
                                                .profile = self->profiling.profile,
                                                .context = self,
                                                .write = is_alone ? take_results : take_next_results,
                                                .spill = spill,
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
        (void)deliver_spilled(self, stats->items, err);
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

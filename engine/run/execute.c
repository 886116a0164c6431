/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* execute.c - from a plan to a committed output.
 *
 * Threads: the main thread, but for the functions that the pool calls (step.h says which thread).
 * Not here: what comes before (prepare.c), what a worker does with a chunk (step.c).
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/enum_names.h"
#include "os/interrupt.h"
#include "os/log.h"
#include "os/redirect_stdout.h"
#include "run/context.h"
#include "run/shared_output.h"
#include "worker/crash.h"

#define STREAM_BLOCK_LEAST ((size_t)64 << 10)
#define NS_PER_MS ((uint64_t)1000000)
#define SHORT_RUN_NS (200 * NS_PER_MS) /* over before chunks had the size that suits their items */

/* What ended a run is told by its number in the job; the pool compares it with its own numbers. */
static void to_pool(pe_error *err, uint64_t first)
{
    if (err->status == PE_EITEM && err->item != PE_NO_ITEM)
        err->item -= first;
}

static void to_job(pe_error *err, uint64_t first)
{
    if (err->status == PE_EITEM && err->item != PE_NO_ITEM)
        err->item += first;
}

static pe_status pack(void *context, pe_block block, pe_buffer *payload, pe_error *err)
{
    pe_run_context *self = context;
    block.first += self->items.first;
    return pe_inputs_pack(self->inputs, block, payload, err);
}

static pe_status next(void *context, int timeout_ms, pe_buffer *payload, pe_block *block, bool *ended, pe_error *err)
{
    pe_run_context *self = context;
    const size_t bytes = self->plan.payload_bytes > STREAM_BLOCK_LEAST ? self->plan.payload_bytes : STREAM_BLOCK_LEAST;
    return pe_inputs_next(self->inputs, self->plan.chunk_items, bytes, timeout_ms, payload, block, ended, err);
}

static pe_status take_results(void *context, const pe_chunk_result *out, pe_error *err)
{
    pe_run_context *self = context;
    const pe_status status = pe_output_take(&self->results, out, err);
    to_pool(err, self->items.first);
    return status;
}

static pe_status tick(void *context, uint64_t items, pe_error *err)
{
    pe_run_context *self = context;
    const char *const signal = pe_interrupt_seen();
    if (signal != NULL)
        return pe_fail(err, PE_ESTOPPED, "interrupted by %s", signal);
    if (self->is_root)
        pe_progress_tick(&self->progress, items);
    return PE_OK;
}

/* Or only when all is known, or not at all. */
static bool is_written_as_it_comes(const pe_run_context *self)
{
    return self->job->order != PE_ORDER_WHOLE && self->reduction == NULL && self->format != PE_FORMAT_DIGEST &&
           self->format != PE_FORMAT_NULL;
}

/* Can another run go on behind what was written? */
static bool is_resumable(const pe_run_context *self)
{
    const bool has_axes = self->specs.output.axes != NULL && self->format == PE_FORMAT_NPY;
    return self->job->order == PE_ORDER_STREAM && self->plan.items != PE_ITEMS_UNKNOWN && self->stats.items > 0 &&
           !has_axes && is_written_as_it_comes(self);
}

/* Rank 0 adds how far the run came, which is known when it has ended, and how to go on. */
static void tell_interrupt(pe_run_context *self)
{
    char done[32], all[32], cause[80], advice[80] = "";
    const uint64_t there = self->job->skip + self->stats.items;
    const bool is_known = self->plan.items != PE_ITEMS_UNKNOWN;
    if (!self->is_root || self->err.status != PE_ESTOPPED)
        return;
    (void)snprintf(cause, sizeof cause, "%.79s", self->err.text);
    if (is_resumable(self))
        (void)snprintf(advice, sizeof advice, "; --skip %llu with another output goes on", (unsigned long long)there);
    pe_error_clear(&self->err);
    (void)pe_fail(&self->err, PE_ESTOPPED, "%s after %s%s%s items%s%s", cause, pe_print_count(done, self->stats.items),
                  is_known ? " of " : "", is_known ? pe_print_count(all, self->plan.items) : "",
                  is_written_as_it_comes(self) ? ", which were written" : "; nothing was written", advice);
}

static void open_reduction(pe_run_context *self)
{
    const pe_fold_spec spec = pe_reduction_spec(self->job, &self->spec.signature);
    (void)pe_reduction_make(&spec, &self->reduction, &self->err);
    self->spec.reduction = self->reduction;
}

static pe_status open_output(pe_run_context *self)
{
    if (self->is_root)
        (void)pe_output_begin(&self->results, self->job, &self->specs.output, self->plan.items, &self->err);
    if (pe_run_agree(self) == PE_OK && self->job->op_count > 0)
        open_reduction(self);
    else if (self->err.status == PE_OK)
        (void)pe_shared_output_begin(self, &self->err);
    self->spec.row_file.first_row = self->items.first;
    return pe_run_agree(self);
}

static pe_status run_pool(pe_run_context *self)
{
    const pe_execution_spec spec = {.plan = &self->plan,
                                    .comm = self->comm,
                                    .threads = self->placement.threads,
                                    .has_payload = pe_inputs_is_remote(self->inputs),
                                    .is_stream = pe_inputs_is_stream(self->inputs),
                                    .worker = &pe_job_worker,
                                    .work_spec = &self->spec,
                                    .stop = &self->stop,
                                    .context = self,
                                    .pack = pack,
                                    .next = next,
                                    .write = take_results,
                                    .tick = tick};
    if (self->is_root)
        pe_progress_begin(&self->progress, self->job->name, self->plan.items, self->options->progress,
                          self->options->verbosity == PE_QUIET);
    pe_redirect_stdout_begin(); /* what a kernel prints goes to stderr */
    (void)pe_execute_plan(&spec, &self->stats, &self->err);
    pe_redirect_stdout_end();
    if (self->is_root)
        pe_progress_end(&self->progress);
    (void)pe_run_agree(self);
    to_job(&self->err, self->items.first);
    tell_interrupt(self);
    return self->err.status;
}

/* What the ranks have folded, and its lines as the output. */
static pe_status collect_reduction(pe_run_context *self)
{
    pe_chunk_result lines = {.items = 0};
    if (self->reduction == NULL)
        return PE_OK;
    pe_status status = pe_reduction_collect(self->reduction, self->comm, &self->err);
    if (status == PE_OK && self->is_root)
        status = pe_reduction_print(self->reduction, self->job, self->format, &lines.bytes, &self->err);
    if (status == PE_OK && self->is_root)
        (void)pe_output_take(&self->results, &lines, &self->err);
    pe_buffer_fini(&lines.bytes);
    return pe_run_agree(self);
}

/* Commit only what every rank agrees is complete; the summary comes after, when the result is there. */
static pe_status close_output(pe_run_context *self)
{
    (void)pe_row_file_close(&self->spec.row_file, &self->err);
    (void)pe_run_agree(self);
    if (self->is_root)
        (void)pe_output_end(&self->results, self->stats.items, &self->err);
    return pe_run_agree(self);
}

/* The size of a chunk and what decided it: the user, the plan, or what the items were seen to cost. */
static const char *describe_chunks(const pe_run_context *self, char out[96])
{
    char items[32], cost[32];
    const pe_plan *plan = &self->plan;
    const uint64_t chunk_items = plan->is_fixed ? plan->grain_items : self->stats.chunk_items;
    const double all = (double)(self->stats.items > 0 ? self->stats.items : 1);
    const double chunk_ms = (double)self->busy_ns * 1e-6 * (double)chunk_items / all;
    const bool is_planned = plan->is_fixed || chunk_items == plan->chunk_items;
    if (self->stats.wall_ns < SHORT_RUN_NS)
        (void)snprintf(cost, sizeof cost, "a short run");
    else
        (void)snprintf(cost, sizeof cost, "%.*f ms each", chunk_ms < 1 ? 3 : 1, chunk_ms);
    (void)snprintf(out, 96, "chunks of %s (%s)", pe_print_count(items, chunk_items), is_planned ? plan->why : cost);
    return out;
}

static void summarise(pe_run_context *self)
{
    char items[32], rate[32], time[32], chunks[96];
    const double seconds = (double)self->stats.wall_ns * 1e-9;
    const double all_ns = (double)self->stats.wall_ns * self->placement.all_threads;
    pe_log(PE_LOG_INFO, "%s: %s item%s in %s, %s items/s, %d rank%s x %d thread%s, %.0f %% busy, %s", self->job->name,
           pe_print_count(items, self->stats.items), pe_plural(self->stats.items), pe_print_seconds(time, seconds),
           pe_print_rate(rate, seconds > 0 ? (double)self->stats.items / seconds : 0), self->plan.ranks,
           self->plan.ranks == 1 ? "" : "s", self->plan.threads, self->plan.threads == 1 ? "" : "s",
           all_ns > 0 ? (double)self->busy_ns / all_ns * 100 : 0, describe_chunks(self, chunks));
}

static pe_status sum_busy(pe_run_context *self)
{
    const size_t ranks = (size_t)pe_comm_size(self->comm);
    uint64_t *all = calloc(ranks, sizeof *all);
    if (all == NULL)
        (void)pe_fail(&self->err, PE_ENOMEM, "out of memory for %zu ranks", ranks);
    if (pe_run_agree(self) != PE_OK || all == NULL) {
        free(all);
        return self->err.status;
    }
    (void)pe_comm_gather(self->comm, &self->stats.busy_ns, sizeof *all, all, &self->err);
    for (size_t rank = 0; rank < ranks && self->err.status == PE_OK; rank++)
        self->busy_ns += all[rank];
    free(all);
    return pe_run_agree(self);
}

pe_status pe_run_execute(pe_run_context *self)
{
    if (self->is_root && self->options->verbosity == PE_VERBOSE)
        pe_run_show_plan(self, stderr);
    if (self->is_root && self->placement.warning[0] != '\0')
        pe_log(PE_LOG_WARN, "%s", self->placement.warning);
    pe_interrupt_begin();
    pe_crash_begin(pe_comm_rank(self->comm), pe_comm_size(self->comm));
    pe_status status = open_output(self);
    if (status == PE_OK)
        status = run_pool(self);
    if (status == PE_OK)
        status = sum_busy(self);
    if (status == PE_OK)
        (void)collect_reduction(self);
    (void)close_output(self);
    pe_crash_end();
    pe_interrupt_end();
    if (self->results.is_complete)
        summarise(self);
    return self->err.status;
}

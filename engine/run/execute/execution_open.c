/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* execution_open.c - open what a run writes to: output, reduction, checkpoint.
 *
 * Design:  what an earlier run had folded is added to the reduction here, so that the rest of the run does not know of it.
 * Threads: the main thread.
 */
#include "run/execute/execution.h"

#include "run/output/shared_output.h"
#include "run/output/spilled_results.h"

#define MERGES_PER_INTERVAL 4

/* Adds what an earlier run had folded at its last checkpoint, whose state begins with the counts of failed items. */
static pe_status add_earlier_folds(pe_execution *self, pe_error *err)
{
    const pe_buffer *const state = &self->resume->from.progress.state;
    return state->size < PE_FAILURE_COUNTED_BYTES
               ? pe_fail(err, PE_EDATA, "%s: it has no state of the reduction", self->resume->path)
               : pe_reduction_add(self->reduction, state->data + PE_FAILURE_COUNTED_BYTES,
                                  state->size - PE_FAILURE_COUNTED_BYTES, err);
}

static void open_reduction(pe_execution *self, pe_error *err)
{
    const pe_fold_spec spec = pe_reduction_spec(self->job, &self->work.kernel.signature);
    if (pe_reduction_make(&spec, &self->reduction, err) != PE_OK)
        return;
    self->work.output.reduction = self->reduction;
    if (self->resume->writes_checkpoints)
        pe_reduction_merge_after(self->reduction, self->job->checkpoint.interval_ns / MERGES_PER_INTERVAL + 1);
    if (self->run->is_root && self->resume->is_resumed)
        (void)add_earlier_folds(self, err);
}

static pe_status open_checkpointer(pe_execution *self, pe_error *err)
{
    const pe_checkpointer_spec spec = {.run = self->run,
                                       .job = self->job,
                                       .resume = self->resume,
                                       .output = &self->output,
                                       .reduction = self->reduction,
                                       .items = &self->whole,
                                       .rows = &self->work.output.row_file,
                                       .files = self->work.output.item_files,
                                       .begin_ns = self->begin_ns};
    return pe_checkpointer_make(&spec, &self->checkpointer, err);
}

/* With the items of earlier runs. */
uint64_t pe_execution_all_items(const pe_execution *self, uint64_t items)
{
    return items == PE_ITEMS_UNKNOWN ? items : self->resume->done.items + items;
}

/* No record of an earlier run outlives its rows, which the new output has replaced. */
static pe_status discard_checkpoint(const pe_output_spec *spec, pe_run_resume *resume, pe_error *err)
{
    const bool is_new = !resume->is_resumed && !resume->is_retry;
    return is_new && spec->sink.is_marker_held ? pe_checkpoint_discard(&resume->lock, err) : PE_OK;
}

static void begin_output(pe_execution *self, const pe_output_spec *spec, pe_error *err)
{
    const pe_encoder *const encoder = &self->work.output.encoder;
    const pe_output_setup setup = {.job = self->job,
                                   .sink = &spec->sink,
                                   .inputs = self->inputs,
                                   .resume = self->resume,
                                   .arg_count = self->work.kernel.signature.arg_count,
                                   .items = pe_execution_all_items(self, self->plan->items),
                                   .row_bytes = encoder->is_fixed ? encoder->row_bytes : 0};
    if (pe_output_begin(&self->output, &setup, err) == PE_OK && discard_checkpoint(spec, self->resume, err) == PE_OK &&
        !self->resume->is_retry)
        (void)pe_output_open_spill(&self->output, self->resume, err);
}

pe_status pe_execution_open(pe_execution *self, const pe_output_spec *spec, pe_error *err)
{
    const pe_run_context *run = self->run;
    if (run->is_root)
        begin_output(self, spec, err);
    if (pe_run_agree(run, err) == PE_OK && self->job->op_count > 0)
        open_reduction(self, err);
    else if (err->status == PE_OK && !self->resume->is_retry)
        (void)pe_shared_output_begin(run, self->job, self->plan, self->output.sink, &self->work, err);
    self->work.output.row_file.first_row = self->work.output.first_row;
    if (err->status == PE_OK)
        (void)open_checkpointer(self, err);
    return pe_run_agree(run, err);
}

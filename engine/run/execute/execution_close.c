/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* execution_close.c - the end of a run's output: sync, last checkpoint, commit.
 *
 * Design:  rows first, then the record that names them, then the output's final name. Nothing is committed before every rank
 *          agrees that it is complete.
 * Threads: the main thread.
 */
#include "run/execute/execution.h"

#include "base/clock.h"
#include "os/file/durable.h"
#include "run/output/spilled_results.h"
#include "run/resume/clean_up.h"

/* Writes the last checkpoint, on every rank. Returns how the output is to end. */
static pe_output_ending end_checkpoints(pe_execution *self, uint64_t items, const pe_buffer *stop_record,
                                        bool is_durable, const pe_error *err)
{
    const bool is_finished = err->status == PE_OK;
    const bool stays =
        self->resume->writes_checkpoints && (self->job->checkpoint.is_kept || self->output.failures.count > 0);
    if (self->whole.count == PE_COUNT_UNKNOWN)
        self->whole.count = self->streamed - self->whole.first;
    const bool is_on_disk = pe_checkpointer_end(self->checkpointer, is_finished, stays);
    return (pe_output_ending){.items = items,
                              .is_durable = is_durable,
                              .is_resumable = is_on_disk,
                              .keeps_checkpoint = is_finished && stays && is_on_disk,
                              .stop_record = stop_record};
}

/* Syncs the files that this rank wrote; an earlier error of the run stays the one that is reported. */
static void sync_files(const pe_execution *self, pe_error *err)
{
    pe_error lost = PE_ERROR_INIT;
    if (pe_item_devices_sync(self->work.output.item_files->devices, &lost) != PE_OK)
        pe_error_merge(err, &lost);
}

/* Commits only what every rank agrees is complete. */
pe_status pe_execution_close(pe_execution *self, uint64_t items, pe_error *err)
{
    pe_buffer record = {0};
    pe_error lost = PE_ERROR_INIT; /* the run has failed already: then its item is missing in the log */
    self->sync_ns = pe_clock_ns();
    const uint64_t run_ns = self->sync_ns - self->begin_ns + self->resume->from.progress.wall_ns;
    const bool is_durable = pe_durable_is_due(self->job->output.sync, run_ns, self->job->checkpoint.interval_ns);
    const bool is_suspended = self->resume->writes_checkpoints && err->status != PE_OK;
    (void)pe_row_file_close(&self->work.output.row_file, (is_durable && err->status == PE_OK) || is_suspended, err);
    if (self->work.output.item_files != NULL && (is_suspended || (is_durable && err->status == PE_OK)))
        sync_files(self, err);
    (void)pe_run_agree(self->run, err);
    if ((self->work.errors.has_log || self->work.errors.has_joblog) && err->status == PE_EITEM &&
        err->item != PE_NO_ITEM)
        (void)pe_stop_record_collect(&self->stop_record, self->run->comm, err->item, &record, &lost);
    if (self->run->is_root && self->resume->is_retry && err->status == PE_OK)
        (void)pe_output_retried(&self->output, self->inputs, self->work.kernel.signature.arg_count, err);
    (void)pe_run_agree(self->run, err);
    const pe_output_ending ending =
        end_checkpoints(self, pe_execution_all_items(self, items), &record, is_durable, err);
    if (self->run->is_root)
        (void)pe_output_end(&self->output, &ending, err);
    pe_output_close_spill(&self->output,
                          self->output.is_complete || !(ending.is_resumable || self->resume->is_resumed));
    if (self->run->is_root)
        pe_resume_clean_up(self->facts, self->job, self->output.is_complete, self->resume, &ending, run_ns, err);
    pe_buffer_fini(&record);
    return pe_run_agree(self->run, err);
}

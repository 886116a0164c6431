/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* resume.c - the stage that decides whether a run goes on where an earlier one ended.
 *
 * Invariant: a run goes on only if its manifest is that of the checkpoint, and never discards more than one interval of
 *           work unless it is asked to.
 * Design:   rank 0 reads the checkpoint and decides; the other ranks get the items that are left. Without an option an
 *           unfinished run of less than checkpoint.interval begins anew, so that a user who repeats a short run need not know
 *           of checkpoints.
 * Threads:  the main thread.
 * Not here: what is written while the run lasts (checkpointer.c), the manifest (job_manifest.c).
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/file/out_file.h"
#include "os/file/out_lock.h"
#include "os/file/out_marker.h"
#include "os/log.h"
#include "report/failure_log.h"
#include "report/progress.h"
#include "run/resume/checkpoint_path.h"
#include "run/resume/finished.h"
#include "run/resume/growth.h"
#include "run/resume/job_manifest.h"
#include "run/resume/last_record.h"
#include "run/resume/retry_items.h"
#include "run/stages.h"
#include "sink/output_stream.h"
#include "worker/item_files/item_files.h"

/* The items of the output; of a stream their number is unknown. */
static pe_block output_items(const pe_run_inputs *inputs)
{
    const uint64_t most = UINT64_MAX - 1 - inputs->items.first;
    return (pe_block){.first = inputs->items.first, .count = inputs->items.count < most ? inputs->items.count : most};
}

/* ---- what is there ---- */

typedef enum found_state { FOUND_NOTHING, FOUND_UNFINISHED, FOUND_COMPLETE, FOUND_DAMAGED } found_state;

static found_state read_checkpoint(const char *path, pe_checkpoint *out, pe_error *why)
{
    struct stat info;
    if (stat(path, &info) != 0 || pe_out_marker_is_bare(path))
        return FOUND_NOTHING;
    if (!S_ISREG(info.st_mode)) { /* a pipe would be waited for */
        (void)pe_fail(why, PE_EDATA, "%s: this is no file", path);
        return FOUND_DAMAGED;
    }
    if (pe_checkpoint_read(out, path, why) != PE_OK)
        return FOUND_DAMAGED;
    return out->progress.is_complete != 0 ? FOUND_COMPLETE : FOUND_UNFINISHED;
}

static pe_status refuse_unfinished(const pe_run_resume *resume, const pe_run_inputs *inputs, pe_error *err)
{
    char done[32], all[32], time[32];
    const bool is_known = inputs->items.count != PE_COUNT_UNKNOWN;
    return pe_fail(err, PE_EOUTPUT,
                   "%s holds an unfinished run: %s%s%s items in %s: --resume goes on, --restart begins anew",
                   resume->path, pe_print_count(done, resume->done.items), is_known ? " of " : "",
                   is_known ? pe_print_count(all, inputs->items.count) : "",
                   pe_print_seconds(time, (double)resume->from.progress.wall_ns * 1e-9));
}

/* ---- is it this job? ---- */

/* --retry-failed allows another kernel, and says so in one line. */
static pe_status accept_changed_kernel(const pe_manifest *was, pe_manifest *is, pe_error *err)
{
    pe_manifest adapted = {0};
    pe_status status = PE_OK;
    bool has_changed = false;
    for (size_t e = 0; e < was->count && status == PE_OK; e++) {
        const char *const key = was->entries[e].key;
        const bool is_kernel = pe_job_manifest_is_of_kernel(key);
        const char *const now = pe_manifest_find(is, key);
        has_changed = has_changed || (is_kernel && (now == NULL || strcmp(now, was->entries[e].value) != 0));
        if (is_kernel)
            status = pe_manifest_add(&adapted, key, was->entries[e].value, err);
    }
    for (size_t e = 0; e < is->count && status == PE_OK; e++) {
        const bool is_kernel = pe_job_manifest_is_of_kernel(is->entries[e].key);
        has_changed = has_changed || (is_kernel && pe_manifest_find(was, is->entries[e].key) == NULL);
        if (!is_kernel)
            status = pe_manifest_add(&adapted, is->entries[e].key, is->entries[e].value, err);
    }
    if (has_changed)
        pe_log(PE_LOG_INFO, "the kernel has changed: only the items that failed are computed with it");
    pe_manifest_fini(is);
    *is = adapted;
    return status;
}

static pe_status check_manifest(const pe_run_context *run, const pe_job *job, const char *path, const pe_manifest *was,
                                pe_manifest *is, pe_error *err)
{
    pe_buffer text = {0};
    size_t count = 0;
    pe_status status = PE_OK;
    if (run->options->resume == PE_RESUME_RETRY)
        status = accept_changed_kernel(was, is, err);
    if (status == PE_OK)
        status = pe_manifest_differences(was, is, &text, &count, err);
    if (status == PE_OK && count > 0)
        status = pe_fail(err, PE_ECONFIG, "%s: this is not the job of %s: %s; --restart begins anew", job->file, path,
                         (const char *)text.data);
    pe_buffer_fini(&text);
    return status;
}

/* ---- the decision ---- */

static void discard_progress(pe_run_resume *resume)
{
    pe_manifest manifest = resume->from.manifest;
    resume->from.manifest = (pe_manifest){0};
    pe_checkpoint_fini(&resume->from);
    pe_item_set_fini(&resume->done);
    resume->from.manifest = manifest;
}

/* The results that an earlier run has spilled, and what is done with them: damaged ones are computed again. */
static pe_status reopen_spill(pe_run_resume *resume, pe_error *err)
{
    pe_checkpoint *const from = &resume->from, whole = {.spilled_count = 0};
    const uint64_t before = resume->done.items;
    if (from->spilled_count == 0)
        return PE_OK;
    pe_status status = pe_spill_reopen(resume->path, from, &resume->spill, err);
    if (status == PE_OK)
        status = pe_spill_list(resume->spill, &whole, err);
    pe_item_set_fini(&resume->done);
    if (status == PE_OK)
        status = pe_item_set_add_all(&resume->done, &from->progress.done, err);
    for (size_t s = 0; s < whole.spilled_count && status == PE_OK; s++) {
        const pe_spilled_range *const range = &whole.spilled[s];
        status = pe_item_set_add(&resume->done, range->items, err);
        if (range->placed_end > resume->mark.ahead_end)
            resume->mark.ahead_end = range->placed_end;
    }
    if (status == PE_OK && resume->done.items < before)
        pe_log(PE_LOG_WARN, "%s.spill: %" PRIu64 " items are damaged or missing: they are computed again", resume->path,
               before - resume->done.items);
    pe_checkpoint_fini(&whole);
    return status;
}

static pe_status continue_run(pe_run_resume *resume, const pe_run_inputs *inputs, pe_error *err)
{
    const pe_checkpoint_progress *const progress = &resume->from.progress;
    char done[32], all[32];
    resume->mark = (pe_sink_mark){.inode = progress->inode, .bytes = progress->output_bytes, .items = progress->rows};
    if (reopen_spill(resume, err) != PE_OK)
        return err->status;
    const bool is_known = inputs->items.count != PE_COUNT_UNKNOWN;
    if (resume->from.damaged > 0)
        pe_log(PE_LOG_WARN, "%s: %" PRIu64 " records are damaged: what they list is computed again", resume->path,
               resume->from.damaged);
    resume->is_resumed = resume->done.items > 0;
    if (!resume->is_resumed)
        return PE_OK;
    if (progress->state.size > PE_FAILURE_COUNTED_BYTES) {
        resume->mark.state = progress->state.data + PE_FAILURE_COUNTED_BYTES;
        resume->mark.state_bytes = progress->state.size - PE_FAILURE_COUNTED_BYTES;
    }
    pe_log(PE_LOG_INFO, "%s: goes on after %s%s%s items", resume->path, pe_print_count(done, resume->done.items),
           is_known ? " of " : "", is_known ? pe_print_count(all, inputs->items.count) : "");
    return PE_OK;
}

/* The job is done, and its checkpoint was kept: nothing is left but to say so, with the exit code of the whole job. */
static pe_status report_complete(const pe_job *job, pe_run_resume *resume, pe_error *err)
{
    const pe_buffer *const state = &resume->from.progress.state;
    pe_failure_log failures = {.count = 0};
    char done[32], text[PE_FAILURE_TEXT_ROOM];
    pe_status status = pe_failure_log_load(
        &failures, state->data, state->size < PE_FAILURE_COUNTED_BYTES ? state->size : PE_FAILURE_COUNTED_BYTES, err);
    if (status != PE_OK)
        return status;
    if (failures.count == 0 && !job->checkpoint.is_kept) /* the run was killed just before it removed this */
        (void)unlink(resume->path);
    resume->is_over = true;
    pe_log(PE_LOG_INFO, "%s: the job is complete, all of its %s items are done", resume->path,
           pe_print_count(done, resume->done.items));
    return failures.count == 0 ? PE_OK
                               : pe_fail_item(err, PE_EITEM, failures.first_item, "%s",
                                              pe_failure_log_describe(&failures, resume->done.items, text));
}

/* Without an option, a checkpoint with less work than one interval is discarded; one with more is refused. */
static pe_status discard_or_refuse(const pe_job *job, const pe_run_inputs *inputs, found_state found,
                                   pe_run_resume *resume, pe_error *err)
{
    if (found == FOUND_UNFINISHED && resume->from.progress.wall_ns > job->checkpoint.interval_ns)
        return refuse_unfinished(resume, inputs, err);
    if (found == FOUND_UNFINISHED && resume->done.items > 0)
        pe_log(PE_LOG_INFO, "%s: a short unfinished run gives way", resume->path);
    pe_item_set_fini(&resume->done);
    return PE_OK;
}

/* Is the checkpoint that of this job, and its output as the earlier run left it? Items that an input has gained at its end
 * since then are accepted. */
static pe_status match_job(const pe_run_context *run, const pe_job *job, const pe_run_inputs *inputs,
                           const pe_output_spec *output, pe_run_resume *resume, pe_manifest *manifest, pe_error *err)
{
    const pe_checkpoint_progress *const progress = &resume->from.progress;
    pe_growth growth = {.path = NULL};
    pe_status status = PE_OK;
    if (run->options->resume == PE_RESUME_GO_ON)
        status = pe_growth_adapt(job, inputs, &resume->from, manifest, &growth, err);
    if (status == PE_OK)
        status = check_manifest(run, job, resume->path, &resume->from.manifest, manifest, err);
    if (status == PE_OK && progress->is_complete != 0)
        status = pe_finished_check_length(job, progress, resume->path, err);
    if (status == PE_OK)
        status = pe_retry_check_list(resume, err);
    if (status != PE_OK || growth.path == NULL || growth.items_before == 0)
        return status;
    return pe_last_record_take_back(job, output, &growth, inputs->items.first + growth.items_before - 1, resume, err);
}

/* The checkpoint is that of this job: the run goes on, or tries the failed items of a complete run again, or is over. A retry
 * that was killed when no item failed any more may lack its output, and is completed as --resume completes a run. */
static pe_status choose_items(const pe_run_context *run, const pe_job *job, const pe_run_inputs *inputs,
                              pe_run_resume *resume, pe_error *err)
{
    const pe_resume_choice choice = run->options->resume;
    const pe_checkpoint_progress *const progress = &resume->from.progress;
    const bool is_complete = progress->is_complete != 0; /* a complete job that has grown since is not */
    /* a retry that was killed when its output was complete, and had not got its name, is completed first */
    const bool is_committed =
        progress->inode == 0 || pe_path_is_stdout(job->output.path) || pe_finished_is_named(job, progress);
    if (choice == PE_RESUME_RETRY && is_complete && is_committed && progress->failed > 0)
        return pe_retry_items(job, output_items(inputs), resume, err);
    const bool is_over = is_complete && pe_finished_has_nothing_left(job, progress);
    return is_over ? report_complete(job, resume, err) : continue_run(resume, inputs, err);
}

static pe_status decide(const pe_run_context *run, const pe_job *job, const pe_run_inputs *inputs,
                        const pe_output_spec *output, pe_run_resume *resume, pe_manifest *manifest, pe_error *err)
{
    const pe_resume_choice choice = run->options->resume;
    pe_error why = PE_ERROR_INIT;
    const found_state found = read_checkpoint(resume->path, &resume->from, &why);
    if (choice == PE_RESUME_RESTART || found == FOUND_NOTHING)
        return choice == PE_RESUME_RETRY
                   ? pe_fail(err, PE_ENOINPUT, "--retry-failed: there is no checkpoint %s", resume->path)
                   : PE_OK;
    if (found == FOUND_DAMAGED)
        return pe_fail(err, PE_EOUTPUT, "%s; --restart begins anew", why.text);
    if (pe_checkpoint_done(&resume->from, &resume->done, err) != PE_OK)
        return err->status;
    if (choice == PE_RESUME_NONE)
        return discard_or_refuse(job, inputs, found, resume, err);
    if (match_job(run, job, inputs, output, resume, manifest, err) != PE_OK)
        return err->status;
    return choose_items(run, job, inputs, resume, err);
}

/* The checkpoint of a reduction may have the name of the marker beside the output, which goes with the output. */
static pe_status name_marker(const pe_job *job, pe_run_resume *out, pe_error *err)
{
    struct stat own, other;
    pe_buffer name = {0};
    char *beside = NULL;
    pe_status status = pe_out_marker_path(job->output.path, &beside, err);
    const bool is_same = status == PE_OK && stat(out->path, &own) == 0 && stat(beside, &other) == 0 &&
                         own.st_ino == other.st_ino && own.st_dev == other.st_dev;
    if (is_same)
        status = pe_buffer_printf(&name, err, "%s.marker", job->output.path);
    out->marker = (char *)name.data;
    free(beside);
    return status;
}

/* A run that was killed a moment ago may still be writing its checkpoint. One beside its output is recognised by the output's
 * lock; one of a name of its own, which may be another job's too, is locked here, before anything is read or written. */
static pe_status wait_for_other_run(const pe_job *job, const pe_output_spec *output, pe_run_resume *out, pe_error *err)
{
    const bool is_beside = pe_checkpoint_path_is_beside(job, output);
    pe_status status = is_beside ? pe_out_check_idle(job->output.path, err) : PE_OK;
    if (status == PE_OK && is_beside && job->checkpoint.path == NULL)
        return pe_out_check_unused(job->output.path, out->path, err);
    if (status == PE_OK && is_beside)
        status = pe_out_check_own(job->output.path, out->path, err);
    return status == PE_OK ? pe_checkpoint_lock_take(&out->lock, out->path, err) : status;
}

/* Rank 0: fills *out. */
static void find_checkpoint(const pe_run_context *run, const pe_job *job, const pe_run_inputs *inputs,
                            const pe_run_kernel *kernel, const pe_output_spec *output, pe_run_resume *out,
                            pe_error *err)
{
    pe_manifest manifest = {0};
    pe_status status = pe_checkpoint_path_find(run, job, inputs, output, &out->path, err);
    if (status == PE_OK && out->path == NULL && run->options->resume == PE_RESUME_RETRY)
        status = pe_fail(err, PE_ENOINPUT, "--retry-failed: a run of this job keeps no checkpoint");
    if (status != PE_OK || out->path == NULL)
        return;
    if (output->has_item_files)
        status = pe_item_files_begin(job->output.path, err); /* its folder has the checkpoint */
    if (status == PE_OK)
        status = wait_for_other_run(job, output, out, err);
    if (status == PE_OK && job->op_count > 0 && !pe_path_is_stdout(job->output.path))
        status = name_marker(job, out, err);
    if (status == PE_OK)
        status = pe_job_manifest_make(job, inputs, kernel, output, &manifest, err);
    if (status == PE_OK)
        status = decide(run, job, inputs, output, out, &manifest, err);
    out->writes_checkpoints = status == PE_OK;
    if (status == PE_OK && !out->is_resumed && !out->is_retry && !out->is_over)
        discard_progress(out);
    pe_manifest_fini(&out->from.manifest);
    out->from.manifest = manifest;
}

/* ---- the other ranks ---- */

typedef struct facts {
    uint8_t writes_checkpoints, is_resumed, is_retry, forgets_failures, is_over;
} facts;

/* Collective: the decision and the items that are left. */
static pe_status share(const pe_run_context *run, pe_run_inputs *inputs, pe_run_resume *out, pe_error *err)
{
    pe_buffer message = {0};
    pe_item_set todo = {0};
    const bool has_done = out->is_resumed || out->is_retry;
    facts sent = {.writes_checkpoints = out->writes_checkpoints,
                  .is_resumed = out->is_resumed,
                  .is_retry = out->is_retry,
                  .forgets_failures = out->forgets_failures,
                  .is_over = out->is_over};
    if (run->is_root && pe_buffer_append(&message, &sent, sizeof sent, err) == PE_OK && has_done &&
        pe_item_set_missing(&out->done, output_items(inputs), &todo, err) == PE_OK)
        (void)pe_item_set_save(&todo, &message, err);
    pe_item_set_fini(&todo);
    if (pe_run_agree(run, err) == PE_OK && pe_comm_bcast_buffer(run->comm, &message, err) == PE_OK) {
        memcpy(&sent, message.data, sizeof sent);
        out->writes_checkpoints = sent.writes_checkpoints != 0;
        out->is_resumed = sent.is_resumed != 0;
        out->is_retry = sent.is_retry != 0;
        out->forgets_failures = sent.forgets_failures != 0;
        out->is_over = sent.is_over != 0;
        if ((out->is_resumed || out->is_retry) && !out->is_over) {
            pe_item_set_fini(&inputs->todo);
            (void)pe_item_set_load(&inputs->todo, message.data + sizeof sent, message.size - sizeof sent, err);
        }
    }
    pe_buffer_fini(&message);
    return pe_run_agree(run, err);
}

pe_status pe_run_resume_work(const pe_run_context *run, const pe_job *job, pe_run_inputs *inputs,
                             const pe_run_kernel *kernel, pe_output_spec *output, pe_run_resume *out, pe_error *err)
{
    if (run->is_root)
        find_checkpoint(run, job, inputs, kernel, output, out, err);
    if (share(run, inputs, out, err) != PE_OK)
        return err->status;
    output->sink.marker = pe_checkpoint_path_is_beside(job, output) ? out->path : out->marker;
    output->sink.is_marker_held = pe_checkpoint_path_is_beside(job, output) && out->lock.path != NULL;
    output->sink.is_recorded_stdout = out->path != NULL && pe_checkpoint_path_is_stdout(job, output);
    output->sink.resumed = out->is_resumed ? &out->mark : NULL;
    return PE_OK;
}

bool pe_run_spills_results(const pe_job *job, const pe_run_resume *resume)
{
    return resume->writes_checkpoints && !resume->is_retry && job->op_count == 0 && job->order != PE_ORDER_UNORDERED;
}

void pe_run_resume_fini(pe_run_resume *resume)
{
    pe_spill_close(resume->spill, false);
    resume->spill = NULL;
    pe_checkpoint_fini(&resume->from);
    pe_item_set_fini(&resume->done);
    pe_checkpoint_lock_release(&resume->lock);
    free(resume->path);
    free(resume->marker);
    resume->path = resume->marker = NULL;
}

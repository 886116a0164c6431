/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* output.c - what rank 0 does with the results: rows to the sink, failed items to their log.
 *
 * Threads:  output.h.
 * Not here: formats (sink), the form of the log (report/failure_log.c), how many may fail (failure_limit.c).
 */
#include "run/output/output.h"

#include <string.h>
#include <sys/stat.h>

#include "base/lock.h"
#include "run/expression/argument_names.h"
#include "run/output/axis_values.h"
#include "run/output/failure_limit.h"
#include "run/output/retried_rows.h"
#include "run/prepare/job_to_specs.h"

static pe_status begin_log(pe_output *output, const pe_job *job, const pe_inputs *inputs, int arg_count, pe_error *err)
{
    pe_argument_names arguments;
    pe_buffer header = {0};
    pe_argument_names_find(job, inputs, arg_count, &arguments);
    pe_status status = pe_failure_log_header(arguments.names, arg_count, &header, err);
    if (status == PE_OK)
        status =
            pe_failure_log_begin(&output->failures, job->errors.log, &header, job->order != PE_ORDER_UNORDERED, err);
    pe_buffer_fini(&header);
    return status;
}

/* Refuses to replace a file that may hold the skipped items. */
static pe_status check_skip(const pe_job *job, pe_error *err)
{
    const char *const paths[] = {job->output.path, job->errors.log};
    struct stat facts;
    for (size_t p = 0; p < 2; p++) {
        if (paths[p] != NULL && stat(paths[p], &facts) == 0 && S_ISREG(facts.st_mode))
            return pe_fail(err, PE_EOUTPUT,
                           "%s: skip: %s exists and would lose the items that are skipped: write to another file",
                           job->file, paths[p]);
    }
    return PE_OK;
}

/* ---- what an earlier run has left ---- */

/* Writes the lines of the list's first `bytes` bytes to the log. */
static pe_status write_lines(pe_output *output, uint64_t bytes, pe_error *err)
{
    pe_failed_reader reader = {0};
    pe_failed_entry entry;
    bool has = output->failures.has_file;
    pe_status status = pe_failed_reader_open(&reader, output->resume->path, output->failed_list, has ? bytes : 0, err);
    while (status == PE_OK && has) {
        status = pe_failed_reader_next(&reader, &entry, &has, err);
        if (status == PE_OK && has)
            status = pe_failure_log_write(&output->failures, entry.item, entry.line, entry.line_bytes, err);
    }
    pe_failed_reader_close(&reader);
    return status;
}

static pe_status take_earlier(pe_output *output, const pe_run_resume *resume, pe_error *err)
{
    const pe_checkpoint_progress *const progress = &resume->from.progress;
    const pe_item_set *const delivered =
        resume->spill != NULL ? &progress->done : &resume->done; /* without what is spilled */
    pe_status status = pe_item_set_add_all(&output->done, delivered, err);
    if (status == PE_OK && output->has_item_files)
        status = pe_item_file_names_load(&output->names, resume->path, progress->names_bytes, output->items,
                                         output->job->output.where, err);
    if (status != PE_OK || resume->is_retry) /* the rows are put together at the end */
        return status;
    output->rows = progress->rows;
    if (resume->forgets_failures) { /* they are tried again, with the rows that they have where they were filled */
        const uint64_t failed = progress->done.items - resume->done.items;
        output->rows -= output->job->errors.policy == PE_ON_ERROR_FILL && failed <= output->rows ? failed : 0;
        return status;
    }
    if (progress->state.size < PE_FAILURE_COUNTED_BYTES) /* the record is damaged: its items are computed again */
        return status;
    return pe_failure_log_load(&output->failures, progress->state.data, PE_FAILURE_COUNTED_BYTES, err);
}

/* The spec of the sink, with the values of the inputs where it wants them; the caller frees them. */
static pe_status add_axis_values(const pe_output *output, const pe_inputs *inputs, int arg_count, pe_sink_spec *spec,
                                 pe_axis_values *values, pe_error *err)
{
    *spec = *output->spec;
    const pe_status status = pe_axis_values_take(output->job, inputs, spec, arg_count, values, err);
    spec->axis_values = values->count > 0 ? values->axes : NULL;
    return status;
}

static pe_status begin_sink(pe_output *output, const pe_inputs *inputs, int arg_count, pe_error *err)
{
    pe_axis_values values;
    pe_sink_spec spec;
    pe_status status = add_axis_values(output, inputs, arg_count, &spec, &values, err);
    if (status == PE_OK)
        status = pe_sink_begin(&spec, &output->sink, err);
    pe_axis_values_free(&values);
    return status;
}

pe_status pe_output_begin(pe_output *output, const pe_output_setup *setup, pe_error *err)
{
    const pe_job *const job = setup->job;
    const pe_inputs *const inputs = setup->inputs->inputs;
    const pe_run_resume *const resume = setup->resume;
    *output = (pe_output){.job = job,
                          .todo = &setup->inputs->todo,
                          .items = setup->items,
                          .writes_checkpoints = resume->writes_checkpoints,
                          .resume = resume,
                          .spec = setup->sink,
                          .row_bytes = setup->row_bytes,
                          .first_item = setup->inputs->items.first,
                          .scratch_fd = -1};
    const bool has_failed = resume->is_resumed && !resume->forgets_failures;
    const uint64_t failed_bytes = has_failed ? resume->from.progress.failed_bytes : 0;
    const uint64_t names_bytes = resume->is_resumed ? resume->from.progress.names_bytes : 0;
    /* where they are tried again, the list that the checkpoint on disk names stays as it is */
    output->failed_list = has_failed || resume->is_retry ? resume->from.progress.failed_list
                          : resume->forgets_failures     ? 1 - resume->from.progress.failed_list
                                                         : 0;
    pe_lock_init(&output->mutex);
    output->has_item_files = pe_specs_has_item_files(job);
    pe_status status = job->skip > 0 ? check_skip(job, err) : PE_OK;
    if (status == PE_OK && output->has_item_files)
        status = pe_item_files_begin(job->output.path, err);
    if (status == PE_OK && (resume->is_resumed || resume->is_retry))
        status = take_earlier(output, resume, err);
    if (status == PE_OK && resume->is_retry)
        return pe_retry_begin(output, err);
    if (status == PE_OK)
        status = begin_sink(output, inputs, setup->arg_count, err);
    if (status == PE_OK && resume->writes_checkpoints)
        status = pe_failed_file_begin(&output->failed, resume->path, output->failed_list, failed_bytes, err);
    if (status == PE_OK && resume->writes_checkpoints && output->has_item_files)
        status = pe_failed_file_begin(&output->names_list, resume->path, PE_NAMES_LIST, names_bytes, err);
    if (status == PE_OK)
        status = begin_log(output, job, inputs, setup->arg_count, err);
    if (status == PE_OK)
        status = pe_joblog_file_begin(&output->jobs, job->reports.joblog, err);
    return status == PE_OK ? write_lines(output, failed_bytes, err) : status;
}

/* ---- results ---- */

/* Lists the failed items of these results, whose first row has the number first_row in the output. */
static pe_status list_failed(pe_output *output, const pe_buffer *log, uint64_t first_row, pe_error *err)
{
    pe_failure_record record;
    pe_status status = PE_OK;
    for (size_t at = 0; at < log->size && status == PE_OK;) {
        at = pe_failure_record_read(log, at, &record);
        if (record.count > 0 || record.is_job)
            continue;
        const size_t entries = record.is_list ? record.line_bytes / sizeof(pe_failure_place) : 1;
        for (size_t e = 0; e < entries && status == PE_OK; e++) {
            pe_failure_place place = {.item = record.item, .row = record.row};
            if (record.is_list)
                memcpy(&place, record.line + e * sizeof place, sizeof place);
            status = pe_failed_file_add(&output->failed,
                                        &(pe_failed_entry){.item = place.item,
                                                           .row = first_row + place.row,
                                                           .line = record.is_list ? "" : record.line,
                                                           .line_bytes = record.is_list ? 0 : record.line_bytes},
                                        err);
            if (status == PE_OK && output->job->op_count > 0)
                status = pe_item_set_add(&output->done, (pe_block){.first = place.item, .count = 1}, err);
        }
    }
    return status;
}

/* In a reduction the workers list the items that they have folded. */
static pe_status list_done(pe_output *output, const pe_chunk_result *out, pe_block block, uint64_t first_row,
                           pe_error *err)
{
    pe_status status = out->log.size > 0 ? list_failed(output, &out->log, first_row, err) : PE_OK;
    if (status == PE_OK && output->job->op_count == 0)
        status = pe_item_set_add(&output->done, block, err);
    return status;
}

static pe_status take_names(pe_output *output, const pe_buffer *names, pe_error *err)
{
    const pe_status status =
        pe_item_file_names_take(&output->names, names, NULL, output->items, output->job->output.where, err);
    return status == PE_OK && output->writes_checkpoints ? pe_item_file_names_save(names, &output->names_list, err)
                                                         : status;
}

static pe_status take_rows(pe_output *output, const pe_chunk_result *out, pe_error *err)
{
    if (output->resume->is_retry)
        return pe_retry_take(output, out, err);
    if (output->has_item_files)
        return take_names(output, &out->bytes, err);
    return out->placed > 0 ? pe_sink_advance(output->sink, out->placed, out->rows, err)
                           : pe_sink_write(output->sink, out->bytes.data, out->bytes.size, out->rows, err);
}

pe_status pe_output_take_block(pe_output *output, const pe_chunk_result *out, pe_block block, pe_error *err)
{
    const uint64_t first_row = output->rows;
    pe_status status = take_rows(output, out, err);
    if (status != PE_OK)
        return status;
    output->rows += out->rows;
    output->taken_rows += out->rows;
    output->taken_items += block.count;
    if (out->log.size > 0)
        status = pe_failure_log_take(&output->failures, &out->log, err);
    if (status == PE_OK)
        status = pe_joblog_file_take(&output->jobs, &out->log, err);
    return status == PE_OK && output->writes_checkpoints ? list_done(output, out, block, first_row, err) : status;
}

pe_status pe_output_take(pe_output *output, const pe_chunk_result *out, pe_error *err)
{
    (void)pthread_mutex_lock(&output->mutex);
    const uint64_t rows = output->rows;
    const pe_block block = {.first = pe_item_set_from(output->todo, out->first).first, .count = out->items};
    const pe_status status = pe_output_take_block(output, out, block, err);
    output->next += out->items;
    output->is_torn = output->is_torn || (status != PE_OK && output->rows != rows);
    (void)pthread_mutex_unlock(&output->mutex);
    return status == PE_OK && out->log.size > 0
               ? pe_failure_limit_check(&output->failures, output->job, output->items, false, err)
               : status;
}

/* The log is begun only now, so that an interrupted retry leaves the log of the run before it. */
pe_status pe_output_retried(pe_output *output, const pe_run_inputs *inputs, int arg_count, pe_error *err)
{
    pe_axis_values values;
    pe_sink_spec spec;
    pe_status status = add_axis_values(output, inputs->inputs, arg_count, &spec, &values, err);
    if (status == PE_OK)
        status = pe_retry_finish(output, &spec, err);
    pe_axis_values_free(&values);
    if (status == PE_OK)
        status = begin_log(output, output->job, inputs->inputs, arg_count, err);
    return status == PE_OK ? write_lines(output, output->failed.bytes, err) : status;
}

/* ---- for a checkpoint ---- */

static pe_status list(pe_output *output, pe_checkpoint *checkpoint, pe_error *err)
{
    pe_checkpoint_progress *const out = &checkpoint->progress;
    pe_sink_mark mark = {0};
    if (output->is_torn)
        return pe_fail(err, PE_EIO, "the last results could not be listed");
    pe_status status = pe_failure_log_save(&output->failures, &out->state, err);
    if (status == PE_OK)
        status = pe_sink_mark_now(output->sink, &mark, &out->state, err);
    if (status == PE_OK)
        status = pe_failed_file_flush(&output->failed, err);
    if (status == PE_OK)
        status = pe_failed_file_flush(&output->names_list, err);
    if (status == PE_OK)
        status = pe_item_set_add_all(&out->done, &output->done, err);
    if (status == PE_OK && output->spill != NULL)
        status = pe_spill_list(output->spill, checkpoint, err);
    const bool has_rows = output->job->op_count == 0; /* the lines of a reduction are written at the end */
    out->output_bytes = has_rows ? mark.bytes : 0;
    out->inode = has_rows ? mark.inode : 0;
    out->rows = has_rows ? output->rows : 0;
    const uint64_t failed = output->job->errors.policy == PE_ON_ERROR_SKIP ? output->failures.count : 0;
    out->left_out = has_rows ? output->done.items - output->rows - failed : 0;
    out->failed = output->failures.count;
    out->failed_list = output->failed_list;
    out->failed_bytes = output->failed.bytes;
    out->names_bytes = output->names_list.bytes;
    return status;
}

pe_status pe_output_list(pe_output *output, pe_checkpoint *out, pe_error *err)
{
    (void)pthread_mutex_lock(&output->mutex);
    const pe_status status = list(output, out, err);
    (void)pthread_mutex_unlock(&output->mutex);
    return status;
}

bool pe_output_stay_at_exit(pe_output *output)
{
    if (output->job->op_count > 0 || output->sink == NULL)
        return true;
    (void)pthread_mutex_lock(&output->mutex); /* the file may get its final name meanwhile */
    const bool is_there = pe_sink_stay_at_exit(output->sink);
    (void)pthread_mutex_unlock(&output->mutex);
    return is_there;
}

pe_status pe_output_sync(const pe_output *output, pe_error *err)
{
    pe_status status = pe_sink_sync(output->sink, err);
    if (status == PE_OK && output->spill != NULL)
        status = pe_spill_sync(output->spill, err);
    if (status == PE_OK)
        status = pe_failed_file_sync(&output->failed, err);
    return status == PE_OK ? pe_failed_file_sync(&output->names_list, err) : status;
}

/* ---- the end ---- */

/* The file of the output's name, when an earlier run made it. */
static bool find_earlier(const pe_output *output, struct stat *facts)
{
    return output->sink != NULL && !pe_sink_is_visible(output->sink) && stat(output->job->output.path, facts) == 0 &&
           S_ISREG(facts->st_mode);
}

/* Appends to the error of a failed run that the file under the output's name is still that of an earlier run. */
static void name_earlier(const pe_output *output, const struct stat *earlier, pe_error *err)
{
    struct stat now;
    const char *const path = output->job->output.path;
    if (stat(path, &now) == 0 && now.st_ino == earlier->st_ino && now.st_dev == earlier->st_dev)
        pe_error_append(err, "; %s is still the file of an earlier run", path);
}

static void end_sink(pe_output *output, const pe_output_ending *ending, pe_error *err)
{
    struct stat earlier;
    const bool has_earlier = find_earlier(output, &earlier);
    const bool is_described = output->job->op_count == 0; /* by the checkpoint, which is beside it */
    if (output->sink != NULL && ending->keeps_checkpoint && is_described)
        pe_sink_leave_marker(output->sink);
    if (output->sink != NULL && err->status == PE_OK)
        output->is_complete = pe_sink_commit(output->sink, ending->is_durable, err) == PE_OK;
    else if (output->sink != NULL && ending->is_resumable && is_described)
        pe_sink_suspend(output->sink);
    else if (output->sink != NULL)
        pe_sink_abort(output->sink);
    pe_sink_free(output->sink);
    output->sink = NULL;
    if (err->status != PE_OK && has_earlier)
        name_earlier(output, &earlier, err);
}

/* The log is closed first, so that all that can fail has failed before the output gets its name. */
pe_status pe_output_end(pe_output *output, const pe_output_ending *ending, pe_error *err)
{
    char text[PE_FAILURE_TEXT_ROOM];
    pe_error ignored = PE_ERROR_INIT; /* the run has failed already, for the reason that is logged here */
    pe_failure_log *failures = &output->failures;
    if (ending->stop_record->size > 0)
        (void)pe_failure_log_take(failures, ending->stop_record, &ignored);
    (void)pe_joblog_file_take(&output->jobs, ending->stop_record, &ignored);
    if (err->status == PE_OK)
        (void)pe_failure_limit_check(failures, output->job, ending->items, true, err);
    (void)pe_failure_log_end(failures, ending->is_durable, err);
    (void)pe_joblog_file_end(&output->jobs, err);
    end_sink(output, ending, err);
    pe_retry_end(output);
    const bool removes_lists = output->is_complete ? !ending->keeps_checkpoint : !ending->is_resumable;
    pe_failed_file_end(&output->failed, removes_lists);
    pe_failed_file_end(&output->names_list, removes_lists);
    if (output->is_complete && output->writes_checkpoints)
        pe_failed_file_drop(output->resume->path, 1 - output->failed_list);
    pe_item_set_fini(&output->done);
    pe_item_file_names_fini(&output->names);
    (void)pthread_mutex_destroy(&output->mutex);
    if (err->status == PE_OK && failures->count > 0)
        (void)pe_fail_item(err, PE_EITEM, failures->first_item, "%s",
                           pe_failure_log_describe(failures, ending->items, text));
    return err->status;
}

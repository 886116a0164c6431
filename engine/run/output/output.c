/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* output.c - what rank 0 does with the results: rows to the sink, failed items to their log.
 *
 * Threads:  output.h.
 * Not here: formats (sink), the form of the log (report/failure_log.c), what is allowed (error_policy.c).
 */
#include "run/output/output.h"

#include <sys/stat.h>

#include "run/error_policy.h"
#include "run/output/argument_names.h"

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

/* Files that hold the items which are skipped are not replaced by the rest. */
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

pe_status pe_output_begin(pe_output *output, const pe_job *job, const pe_sink_spec *spec, const pe_inputs *inputs,
                          int arg_count, uint64_t items, pe_error *err)
{
    *output = (pe_output){.job = job, .items = items};
    pe_status status = job->skip > 0 ? check_skip(job, err) : PE_OK;
    if (status == PE_OK)
        status = pe_sink_begin(spec, &output->sink, err);
    return status == PE_OK ? begin_log(output, job, inputs, arg_count, err) : status;
}

pe_status pe_output_take(pe_output *output, const pe_chunk_result *out, pe_error *err)
{
    pe_status status = out->placed > 0 ? pe_sink_advance(output->sink, out->placed, out->rows, err)
                                       : pe_sink_write(output->sink, out->bytes.data, out->bytes.size, out->rows, err);
    if (status != PE_OK || out->log.size == 0)
        return status;
    status = pe_failure_log_take(&output->failures, &out->log, err);
    return status == PE_OK ? pe_error_policy_check(&output->failures, output->job, output->items, false, err) : status;
}

/* The file of the output's name, when an earlier run made it. */
static bool find_earlier(const pe_output *output, struct stat *facts)
{
    return output->sink != NULL && !pe_sink_is_visible(output->sink) && stat(output->job->output.path, facts) == 0 &&
           S_ISREG(facts->st_mode);
}

/* A failed run says so when the file of the output's name is not its own. */
static void tell_earlier(const pe_output *output, const struct stat *earlier, pe_error *err)
{
    struct stat now;
    const char *const path = output->job->output.path;
    if (stat(path, &now) == 0 && now.st_ino == earlier->st_ino && now.st_dev == earlier->st_dev)
        pe_error_append(err, "; %s is still the file of an earlier run", path);
}

static void end_sink(pe_output *output, bool is_durable, pe_error *err)
{
    struct stat earlier;
    const bool has_earlier = find_earlier(output, &earlier);
    if (output->sink != NULL && err->status == PE_OK)
        output->is_complete = pe_sink_commit(output->sink, is_durable, err) == PE_OK;
    if (output->sink != NULL && err->status != PE_OK)
        pe_sink_abort(output->sink);
    pe_sink_free(output->sink);
    output->sink = NULL;
    if (err->status != PE_OK && has_earlier)
        tell_earlier(output, &earlier, err);
}

/* The log is closed first: what can fail has failed before the result appears. */
pe_status pe_output_end(pe_output *output, uint64_t items, const pe_buffer *stop_record, bool is_durable, pe_error *err)
{
    char text[PE_FAILURE_TEXT_ROOM];
    pe_error ignored = PE_ERROR_INIT; /* the run has failed already, for the reason that is logged here */
    pe_failure_log *failures = &output->failures;
    if (stop_record->size > 0)
        (void)pe_failure_log_take(failures, stop_record, &ignored);
    if (err->status == PE_OK)
        (void)pe_error_policy_check(failures, output->job, items, true, err);
    (void)pe_failure_log_end(failures, is_durable, err);
    end_sink(output, is_durable, err);
    if (err->status == PE_OK && failures->count > 0)
        (void)pe_fail_item(err, PE_EITEM, failures->first_item, "%s", pe_failure_log_describe(failures, items, text));
    return err->status;
}

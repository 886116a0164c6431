/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* output.c - what rank 0 does with the results: rows to the sink, failed items to their log.
 *
 * Threads:  output.h.
 * Not here: formats (sink), the form of the log (report/failure_log.c), what is allowed (error_policy.c).
 */
#include "run/output.h"

#include "run/argument_names.h"
#include "run/error_policy.h"

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

pe_status pe_output_begin(pe_output *output, const pe_job *job, const pe_sink_spec *spec, const pe_inputs *inputs,
                          int arg_count, uint64_t items, pe_error *err)
{
    *output = (pe_output){.job = job, .items = items};
    pe_status status = pe_sink_begin(spec, &output->sink, err);
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

pe_status pe_output_end(pe_output *output, uint64_t items, const pe_buffer *stop_record, pe_error *err)
{
    char text[PE_FAILURE_TEXT_ROOM];
    pe_error ignored = PE_ERROR_INIT; /* the run has failed already, for the reason that is logged here */
    pe_failure_log *failures = &output->failures;
    if (stop_record->size > 0)
        (void)pe_failure_log_take(failures, stop_record, &ignored);
    if (err->status == PE_OK)
        (void)pe_error_policy_check(failures, output->job, items, true, err);
    if (output->sink != NULL && err->status == PE_OK)
        output->is_complete = pe_sink_commit(output->sink, err) == PE_OK;
    if (output->sink != NULL && err->status != PE_OK)
        pe_sink_abort(output->sink);
    pe_sink_free(output->sink);
    output->sink = NULL;
    (void)pe_failure_log_end(failures, err);
    if (err->status == PE_OK && failures->count > 0)
        (void)pe_fail_item(err, PE_EITEM, failures->first_item, "%s", pe_failure_log_describe(failures, items, text));
    return err->status;
}

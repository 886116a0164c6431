/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* output.c - what rank 0 does with the results: rows to the sink, failed items to their log.
 *
 * Threads:  output.h.
 * Not here: formats (sink), the form of the log (report/failure_log.c), what is allowed (error_policy.c).
 */
#include "run/output.h"

#include "run/error_policy.h"

pe_status pe_output_begin(pe_output *results, const pe_job *job, const pe_sink_spec *spec, uint64_t items,
                          pe_error *err)
{
    *results = (pe_output){.job = job, .items = items};
    pe_status status = pe_sink_begin(spec, &results->sink, err);
    if (status == PE_OK)
        status = pe_failure_log_begin(&results->failures, job->errors.log, job->order != PE_ORDER_UNORDERED, err);
    return status;
}

pe_status pe_output_take(pe_output *results, const pe_chunk_result *out, pe_error *err)
{
    pe_status status = out->placed > 0 ? pe_sink_advance(results->sink, out->placed, out->rows, err)
                                       : pe_sink_write(results->sink, out->bytes.data, out->bytes.size, out->rows, err);
    if (status != PE_OK || out->log.size == 0)
        return status;
    status = pe_failure_log_take(&results->failures, &out->log, err);
    return status == PE_OK ? pe_error_policy_check(&results->failures, results->job, results->items, false, err)
                           : status;
}

/* The item that stopped the run is in no chunk that was delivered. */
static void log_last(pe_output *results, const pe_error *err)
{
    pe_buffer log = {0};
    pe_error ignored = PE_ERROR_INIT; /* the run has failed already, for the reason that is written here */
    const pe_failure_record record = {.item = err->item, .arguments = "", .reason = err->text, .attempts = 1};
    if (err->status != PE_EITEM || err->item == PE_NO_ITEM || results->job->errors.policy != PE_ON_ERROR_STOP)
        return;
    if (pe_failure_log_append(&log, &record, &ignored) == PE_OK)
        (void)pe_failure_log_take(&results->failures, &log, &ignored);
    pe_buffer_fini(&log);
}

pe_status pe_output_end(pe_output *results, uint64_t items, pe_error *err)
{
    char text[sizeof err->text];
    pe_failure_log *failures = &results->failures;
    log_last(results, err);
    if (err->status == PE_OK)
        (void)pe_error_policy_check(failures, results->job, items, true, err);
    if (results->sink != NULL && err->status == PE_OK)
        results->is_complete = pe_sink_commit(results->sink, err) == PE_OK;
    if (results->sink != NULL && err->status != PE_OK)
        pe_sink_abort(results->sink);
    pe_sink_free(results->sink);
    results->sink = NULL;
    (void)pe_failure_log_end(failures, err);
    if (err->status == PE_OK && failures->count > 0)
        (void)pe_fail_item(err, PE_EITEM, failures->first_item, "%s", pe_failure_log_describe(failures, items, text));
    return err->status;
}

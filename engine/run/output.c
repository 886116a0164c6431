/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* results.c - what rank 0 does with the results: rows to the sink, failed items to their log.
 *
 * Threads:  results.h.
 * Not here: formats (sink), the form of the log (state/faults.c), what is allowed (policy.c).
 */
#include "run/output.h"

#include "run/error_policy.h"

pe_status pe_results_begin(pe_results *results, const pe_job *job, const pe_sink_spec *spec, uint64_t items,
                           pe_error *err)
{
    *results = (pe_results){.job = job, .items = items};
    pe_status status = pe_sink_begin(spec, &results->sink, err);
    if (status == PE_OK)
        status = pe_faults_begin(&results->faults, job->errors.log, job->order != PE_ORDER_UNORDERED, err);
    return status;
}

pe_status pe_results_take(pe_results *results, const pe_outcome *out, pe_error *err)
{
    pe_status status = out->placed > 0 ? pe_sink_write(results->sink, NULL, out->placed, out->rows, err)
                                       : pe_sink_write(results->sink, out->bytes.data, out->bytes.size, out->rows, err);
    if (status != PE_OK || out->log.size == 0)
        return status;
    status = pe_faults_take(&results->faults, &out->log, err);
    return status == PE_OK ? pe_policy_check(&results->faults, results->job, results->items, false, err) : status;
}

/* The item that stopped the run is in no chunk that was delivered. */
static void log_last(pe_results *results, const pe_error *err)
{
    pe_buffer log = {0};
    pe_error ignored = PE_ERROR_INIT; /* the run has failed already, for the reason that is written here */
    const pe_fault_record record = {.item = err->item, .arguments = "", .reason = err->text, .attempts = 1};
    if (err->status != PE_EITEM || err->item == PE_NO_ITEM || results->job->errors.policy != PE_ON_ERROR_STOP)
        return;
    if (pe_fault_append(&log, &record, &ignored) == PE_OK)
        (void)pe_faults_take(&results->faults, &log, &ignored);
    pe_buffer_fini(&log);
}

pe_status pe_results_end(pe_results *results, uint64_t items, pe_error *err)
{
    char text[sizeof err->text];
    pe_faults *faults = &results->faults;
    log_last(results, err);
    if (err->status == PE_OK)
        (void)pe_policy_check(faults, results->job, items, true, err);
    if (results->sink != NULL && err->status == PE_OK)
        results->is_complete = pe_sink_commit(results->sink, err) == PE_OK;
    if (results->sink != NULL && err->status != PE_OK)
        pe_sink_abort(results->sink);
    pe_sink_free(results->sink);
    results->sink = NULL;
    (void)pe_faults_end(faults, err);
    if (err->status == PE_OK && faults->count > 0)
        (void)pe_fail_item(err, PE_EITEM, faults->first_item, "%s", pe_faults_describe(faults, items, text));
    return err->status;
}

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* retry_items.c - --retry-failed of a complete run: which items are computed again.
 *
 * Threads:  the main thread of rank 0.
 * Not here: where new rows go (run/output/retried_rows.c).
 */
#include "run/resume/retry_items.h"

#include "checkpoint/failed_file.h"
#include "os/log.h"
#include "reduce/reduction.h"
#include "report/progress.h"
#include "sink/output_stream.h"

/* The items that failed; out NULL: only whether their list is whole. */
static pe_status list_failed(const pe_run_resume *resume, pe_item_set *out, pe_error *err)
{
    pe_failed_reader reader = {0};
    pe_failed_entry entry;
    bool has = true;
    pe_status status = pe_failed_reader_open(&reader, resume->path, resume->from.progress.failed_list,
                                             resume->from.progress.failed_bytes, err);
    while (status == PE_OK && has) {
        status = pe_failed_reader_next(&reader, &entry, &has, err);
        if (status == PE_OK && has && out != NULL)
            status = pe_item_set_add(out, (pe_block){.first = entry.item, .count = 1}, err);
    }
    pe_failed_reader_close(&reader);
    return status;
}

pe_status pe_retry_check_list(const pe_run_resume *resume, pe_error *err)
{
    pe_error why = PE_ERROR_INIT;
    return list_failed(resume, NULL, &why) == PE_OK ? PE_OK
                                                    : pe_fail(err, PE_EOUTPUT, "%s; --restart begins anew", why.text);
}

/* Refuses where results cannot be taken back: rows on stdout, and fill values in argmin or argmax. */
static pe_status check_results(const pe_job *job, const pe_checkpoint_progress *progress, pe_error *err)
{
    const bool is_reduction = job->op_count > 0;
    if (is_reduction && job->errors.policy == PE_ON_ERROR_FILL && !pe_reduction_keeps_fill_out(job))
        return pe_fail(err, PE_ECONFIG,
                       "%s: --retry-failed: with argmin or argmax the fill values of failed items are in the reduction "
                       "and cannot be taken out: --restart begins anew, or use on_error = \"skip\"",
                       job->file);
    if (!is_reduction && progress->inode != 0 && pe_path_is_stdout(job->output.path))
        return pe_fail(err, PE_ECONFIG, "%s: --retry-failed: rows on stdout cannot be replaced: --restart begins anew",
                       job->file);
    return PE_OK;
}

pe_status pe_retry_items(const pe_job *job, pe_block whole, pe_run_resume *resume, pe_error *err)
{
    pe_item_set failed = {0}, done = {0};
    char count[32];
    const bool goes_on = job->op_count > 0 || pe_specs_has_item_files(job);
    pe_status status = check_results(job, &resume->from.progress, err);
    if (status == PE_OK)
        status = list_failed(resume, &failed, err);
    if (status == PE_OK)
        status = pe_item_set_missing(&failed, whole, &done, err);
    if (status == PE_OK)
        pe_log(PE_LOG_INFO, "%s: tries %s failed item%s again", resume->path, pe_print_count(count, failed.items),
               pe_plural(failed.items));
    pe_item_set_fini(&failed);
    pe_item_set_fini(&resume->done);
    resume->done = done;
    resume->forgets_failures = true;
    resume->is_retry = !goes_on;
    resume->is_resumed = goes_on;
    resume->from.progress.failed = 0;
    return status;
}

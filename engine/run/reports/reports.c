/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* reports.c - the files that tell of a run: written at its end, well or not.
 *
 * Threads:  the main thread; rank 0 writes.
 * Not here: what stands in them (report/).
 */
#include "run/reports/reports.h"

#include <string.h>
#include <time.h>

#include "os/file/file.h"
#include "os/file/out_file.h"
#include "os/log.h"
#include "report/stats.h"

void pe_reports_begin(const pe_run_context *run, pe_run_facts *facts)
{
    *facts = (pe_run_facts){.job_path = run->options->job_path,
                            .argv = run->options->argv,
                            .ranks = pe_comm_size(run->comm),
                            .started_s = (uint64_t)time(NULL),
                            .items = PE_ITEMS_UNKNOWN,
                            .failed_item = PE_NO_ITEM};
}

/* A whole file, under its name at once. */
static pe_status write_file(const char *path, const pe_buffer *text, pe_error *err)
{
    pe_out_file file = {.fd = -1};
    pe_status status = pe_out_begin(path, PE_OUT_LOG, &file, err);
    if (status != PE_OK)
        return status;
    status = pe_write_full(file.fd, text->data, text->size, path, err);
    if (status != PE_OK) {
        pe_out_abort(&file);
        return status;
    }
    return pe_out_commit(&file, false, err);
}

static pe_status write_stats(const pe_run_facts *facts, const char *path, pe_error *err)
{
    pe_json json = {.err = err, .is_spread = true};
    pe_stats_write(facts, &json);
    pe_json_put(&json, "\n");
    const pe_status status = err->status == PE_OK ? write_file(path, &json.text, err) : err->status;
    pe_buffer_fini(&json.text);
    return status;
}

static void take_end(const pe_error *err, pe_run_facts *facts)
{
    facts->status = err->status;
    facts->failed_item = err->item;
    memcpy(facts->message, err->text, sizeof facts->message);
    if (facts->failures.count > 0)
        facts->failed = facts->failures.count;
    else if (err->status == PE_EITEM)
        facts->failed = 1;
}

static void write_all(const pe_run_context *run, const pe_run_facts *facts, pe_error *err)
{
    const pe_job_reports *const reports = &run->options->reports;
    if (reports->stats != NULL)
        (void)write_stats(facts, reports->stats, err);
}

pe_status pe_reports_end(const pe_run_context *run, pe_run_facts *facts, pe_error *err)
{
    pe_error late = PE_ERROR_INIT;
    if (run->options->action != PE_ACTION_RUN)
        return err->status;
    take_end(err, facts);
    if (run->is_root)
        write_all(run, facts, &late);
    pe_collected_fini(&facts->collected);
    if (pe_run_agree(run, &late) == PE_OK)
        return err->status;
    if (err->status == PE_OK)
        *err = late;
    else
        pe_log(PE_LOG_ERROR, "%s", late.text);
    return err->status;
}

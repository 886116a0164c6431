/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* reports.c - the files that describe a run: written at its end, well or not.
 *
 * Threads:  the main thread; rank 0 writes.
 * Not here: their content (report/).
 */
#include "run/reports/reports.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "os/log.h"
#include "report/gzip_file.h"
#include "report/html/html_report.h"
#include "report/stats.h"
#include "report/trace.h"

/* What each of the files begins with. */
#define STATS_OPENING "{\n  \"pengine\": "
#define TRACE_OPENING "{\n  \"displayTimeUnit\": "
#define OPENING_ROOM 64

void pe_reports_begin(const pe_run_context *run, pe_run_facts *facts)
{
    *facts = (pe_run_facts){.job_path = run->options->job_path,
                            .argv = run->options->argv,
                            .ranks = pe_comm_size(run->comm),
                            .started_s = (uint64_t)time(NULL),
                            .items = PE_ITEMS_UNKNOWN};
}

/* A whole file, under its name at once. */
static pe_status write_file(const char *path, const pe_buffer *text, pe_error *err)
{
    pe_gzip_file file;
    if (pe_gzip_file_begin(&file, path, err) != PE_OK)
        return err->status;
    (void)pe_gzip_file_write(&file, text->data, text->size, err);
    return pe_gzip_file_end(&file, err);
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

static pe_status write_html(const pe_run_facts *facts, const char *path, pe_error *err)
{
    pe_buffer text = {0};
    const pe_status status = pe_html_report(facts, &text, err) == PE_OK ? write_file(path, &text, err) : err->status;
    pe_buffer_fini(&text);
    return status;
}

bool pe_reports_are_wanted(const pe_run_context *run)
{
    const pe_job_reports *const reports = &run->options->reports;
    return reports->stats != NULL || reports->html != NULL || reports->trace != NULL ||
           run->options->progress == PE_PROGRESS_JSON;
}

void pe_reports_take_end(pe_run_facts *facts, const pe_error *err)
{
    facts->status = err->status;
    memcpy(facts->message, err->text, sizeof facts->message);
    const pe_failure_record last = {
        .item = err->item, .count = 1, .message = err->text, .reason_at = (size_t)err->reason_at};
    if (facts->failures.count == 0 && err->status == PE_EITEM && err->item != PE_NO_ITEM)
        pe_failure_log_count(&facts->failures, &last); /* the item that ended the run */
    facts->failed = facts->failures.count;
}

/* The last line of --progress json. */
static void write_line(const pe_run_facts *facts)
{
    pe_error ignored = PE_ERROR_INIT;
    pe_json json = {.err = &ignored};
    pe_stats_write(facts, &json);
    if (ignored.status == PE_OK)
        pe_log_line(json.text.data, json.text.size);
    pe_buffer_fini(&json.text);
}

/* May the file be replaced? A job that could not be read may use it for something else. */
static bool may_write(const pe_run_facts *facts, const char *path, const char *opening)
{
    char bytes[OPENING_ROOM] = "";
    struct stat file;
    if (path == NULL || facts->has_checked_paths)
        return path != NULL;
    if (stat(path, &file) != 0 || !S_ISREG(file.st_mode))
        return errno == ENOENT || !S_ISREG(file.st_mode);
    FILE *const stream = fopen(path, "rb");
    if (stream == NULL)
        return false;
    const size_t size = fread(bytes, 1, sizeof bytes, stream);
    (void)fclose(stream);
    return size >= strlen(opening) && memcmp(bytes, opening, strlen(opening)) == 0;
}

void pe_reports_write(const pe_run_context *run, const pe_run_facts *facts, pe_error *err)
{
    const pe_job_reports *const reports = &run->options->reports;
    if (may_write(facts, reports->stats, STATS_OPENING))
        (void)write_stats(facts, reports->stats, err);
    if (may_write(facts, reports->html, PE_HTML_OPENING))
        (void)write_html(facts, reports->html, err);
    if (may_write(facts, reports->trace, TRACE_OPENING))
        (void)pe_trace_write(facts, reports->trace, err);
    if (run->options->progress == PE_PROGRESS_JSON)
        write_line(facts);
}

pe_status pe_reports_end(const pe_run_context *run, pe_run_facts *facts, pe_error *err)
{
    pe_error late = PE_ERROR_INIT;
    if (run->options->action != PE_ACTION_RUN)
        return err->status;
    pe_reports_take_end(facts, err);
    if (run->is_root)
        pe_reports_write(run, facts, &late);
    pe_collected_fini(&facts->collected);
    free(facts->earlier);
    facts->earlier = NULL;
    if (pe_run_agree(run, &late) == PE_OK)
        return err->status;
    const bool is_logged = err->status == PE_EOUTPUT && late.status == PE_EOUTPUT; /* by the check of paths */
    if (!is_logged)
        pe_log(PE_LOG_ERROR, "%s", late.text);
    if (err->status == PE_OK)
        *err = late;
    return err->status;
}

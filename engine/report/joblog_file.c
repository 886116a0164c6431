/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* joblog_file.c - the file of --joblog: one line per item, as its items are delivered.
 *
 * Threads:  joblog_file.h.
 * Not here: the content of a line (worker/joblog_line.c).
 */
#include "report/joblog_file.h"

#include "os/file/file.h"
#include "report/failure_record.h"

static const char columns[] = "Seq\tHost\tStarttime\tJobRuntime\tSend\tReceive\tExitval\tSignal\tCommand\n";

pe_status pe_joblog_file_begin(pe_joblog_file *log, const char *path, pe_error *err)
{
    if (path == NULL)
        return PE_OK;
    pe_status status = pe_out_begin(path, PE_OUT_LOG, NULL, &log->file, err);
    if (status == PE_OK)
        status = pe_write_full(log->file.fd, columns, sizeof columns - 1, path, err);
    if (status == PE_OK)
        status = pe_out_publish(&log->file, err); /* it grows under its name */
    if (status != PE_OK)
        pe_out_abort(&log->file);
    log->has_file = status == PE_OK;
    return status;
}

pe_status pe_joblog_file_take(pe_joblog_file *log, const pe_buffer *records, pe_error *err)
{
    pe_buffer lines = {0};
    pe_failure_record record;
    pe_status status = PE_OK;
    for (size_t at = 0; log->has_file && at < records->size && status == PE_OK;) {
        at = pe_failure_record_read(records, at, &record);
        if (record.is_job)
            status = pe_buffer_append(&lines, record.line, record.line_bytes, err);
    }
    if (status == PE_OK && lines.size > 0)
        status = pe_write_full(log->file.fd, lines.data, lines.size, log->file.path, err);
    pe_buffer_fini(&lines);
    return status;
}

pe_status pe_joblog_file_end(pe_joblog_file *log, pe_error *err)
{
    if (!log->has_file)
        return PE_OK;
    log->has_file = false;
    return pe_out_commit(&log->file, false, err);
}

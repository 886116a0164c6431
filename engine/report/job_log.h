/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* job_log.h - the file of --joblog: a line an item, as its items are delivered.
 *
 * Threads: one thread of rank 0 at a time.
 */
#ifndef PE_JOB_LOG_H
#define PE_JOB_LOG_H

#include "base/buffer.h"
#include "os/file/out_file.h"

/* Zero-initialise. */
typedef struct pe_job_log {
    pe_out_file file;
    bool has_file;
} pe_job_log;

/* pe_job_log_begin - path NULL: there is none; else the file is made anew, with its line of columns. PE_EOUTPUT, PE_EIO. */
pe_status pe_job_log_begin(pe_job_log *log, const char *path, pe_error *err);
/* pe_job_log_take - write the lines of jobs among the records (failure_record.h). PE_EIO. */
pe_status pe_job_log_take(pe_job_log *log, const pe_buffer *records, pe_error *err);
pe_status pe_job_log_end(pe_job_log *log, pe_error *err);

#endif

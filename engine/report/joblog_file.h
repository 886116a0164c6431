/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* joblog_file.h - the file of --joblog: one line per item, as its items are delivered.
 *
 * Threads: one thread of rank 0 at a time.
 */
#ifndef PE_JOBLOG_FILE_H
#define PE_JOBLOG_FILE_H

#include "base/buffer.h"
#include "os/file/out_file.h"

/* Zero-initialise. */
typedef struct pe_joblog_file {
    pe_out_file file;
    bool has_file;
} pe_joblog_file;

/* pe_joblog_file_begin - create the file; path NULL: there is none; else the file is made anew, with its line of columns.
 * PE_EOUTPUT, PE_EIO. */
pe_status pe_joblog_file_begin(pe_joblog_file *log, const char *path, pe_error *err);
/* pe_joblog_file_take - write the lines of jobs among the records (failure_record.h). PE_EIO. */
pe_status pe_joblog_file_take(pe_joblog_file *log, const pe_buffer *records, pe_error *err);
pe_status pe_joblog_file_end(pe_joblog_file *log, pe_error *err);

#endif

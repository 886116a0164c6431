/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* failure_log.h - what rank 0 knows of the failed items: how many for which reason, and the csv of all of them.
 *
 * Design:  records (failure_record.h) come to rank 0 in the order of the results, so in the ordered modes the csv is written
 *          in item order as they come. In the unordered modes the lines are sorted before the csv is closed.
 * Threads: one thread of rank 0 at a time.
 */
#ifndef PE_FAILURE_LOG_H
#define PE_FAILURE_LOG_H

#include <stddef.h>

#include "os/file/out_file.h"
#include "report/failure_record.h"
#include "report/sorted_lines.h"

#define PE_FAILURE_REASONS 8
#define PE_FAILURE_REASON_ROOM 160
#define PE_FAILURE_TEXT_ROOM 1008

/* Zero-initialise. */
typedef struct pe_failure_log {
    uint64_t count;
    uint64_t first_item;                      /* of those known */
    char first_text[PE_FAILURE_MESSAGE_ROOM]; /* "square(3037000500): result does not fit int64" */
    struct {
        char name[PE_FAILURE_REASON_ROOM]; /* the reason up to its first colon */
        uint64_t count;
        uint64_t first_item;     /* of those known */
    } kinds[PE_FAILURE_REASONS]; /* the last one takes all further kinds: "other reasons" */
    int kind_count;
    /* What follows is not part of what is counted. */
    pe_out_file file; /* the csv, when there is one */
    bool has_file;
    bool is_sorted_late; /* unordered: lines wait in `late` until the end */
    pe_sorted_lines late;
} pe_failure_log;

#define PE_FAILURE_COUNTED_BYTES offsetof(pe_failure_log, file) /* of pe_failure_log_save */

/* pe_failure_log_header - make the csv's first line: index, a column for each argument, reason, attempts, rank, seconds. A name
 * that would stand there twice gets underscores after it. PE_ENOMEM. */
pe_status pe_failure_log_header(const char *const *arguments, int count, pe_buffer *out, pe_error *err);

/* pe_failure_log_begin - open the log; path NULL: count only; else the csv is made anew, with its header line. Owns: path is
 * borrowed. PE_EOUTPUT, PE_EIO. */
pe_status pe_failure_log_begin(pe_failure_log *failures, const char *path, const pe_buffer *header, bool is_ordered,
                               pe_error *err);
/* pe_failure_log_count - count one record. */
void pe_failure_log_count(pe_failure_log *failures, const pe_failure_record *record);
/* pe_failure_log_take - count the records of a log, and write their lines. PE_EIO. */
pe_status pe_failure_log_take(pe_failure_log *failures, const pe_buffer *log, pe_error *err);
/* pe_failure_log_end - write what waits and close; is_durable: with a sync. PE_EIO. */
pe_status pe_failure_log_end(pe_failure_log *failures, bool is_durable, pe_error *err);
/* pe_failure_log_save - append what is counted, for a later run. pe_failure_log_load - count on from there; PE_EDATA when
 * these are no such bytes. */
pe_status pe_failure_log_save(const pe_failure_log *failures, pe_buffer *out, pe_error *err);
pe_status pe_failure_log_load(pe_failure_log *failures, const void *data, size_t size, pe_error *err);
/* pe_failure_log_write - write a line of an earlier run, which is counted already. PE_EIO. */
pe_status pe_failure_log_write(pe_failure_log *failures, uint64_t item, const char *line, size_t bytes, pe_error *err);
/* pe_failure_log_describe - "3 of 100 items failed: 2 result does not fit int64, 1 division by zero"; returns out. */
const char *pe_failure_log_describe(const pe_failure_log *failures, uint64_t items, char out[PE_FAILURE_TEXT_ROOM]);

#endif

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* failure_log.h - failed items: as records that travel with the results, as a csv, as counts by kind.
 *
 * Design: a worker appends one record for each failed item to its chunk's log; the records come to rank 0 in the order of
 *         the results, so in the ordered modes the csv is in item order as it is written. In the unordered ones it is
 *         sorted before it is closed.
 * Threads: append: any, each on its own buffer. Everything else: one thread of rank 0 at a time.
 */
#ifndef PE_FAILURE_LOG_H
#define PE_FAILURE_LOG_H

#include "base/buffer.h"
#include "os/file.h"

#define PE_FAILURE_REASONS 8
#define PE_FAILURE_REASON_ROOM 64

/* One failed item. Texts are terminated; in a record they are cut to 64 KiB each. */
typedef struct pe_failure_record {
    uint64_t item;
    const char *arguments; /* "square(3037000500)" */
    const char *reason;
    uint32_t attempts;
    int32_t rank;
    double seconds; /* the worker spent on the batch's last attempt at it */
} pe_failure_record;

/* pe_failure_log_append - put one record behind the others. */
pe_status pe_failure_log_append(pe_buffer *log, const pe_failure_record *record, pe_error *err);

/* What rank 0 knows of the failed items. Zero-initialise. */
typedef struct pe_failure_log {
    uint64_t count;
    uint64_t first_item;  /* of those known */
    char first_text[512]; /* "square(3037000500): result does not fit int64" */
    struct {
        char name[PE_FAILURE_REASON_ROOM]; /* the reason up to its first colon */
        uint64_t count;
    } kinds[PE_FAILURE_REASONS]; /* the last one takes all further kinds: "other reasons" */
    int kind_count;
    pe_out_file file; /* the csv, when there is one */
    bool has_file;
    bool is_sorted_late; /* unordered: records wait in `late` until the end */
    pe_buffer late;
} pe_failure_log;

/* pe_failure_log_begin - path NULL: count only; else the csv is made anew, with its header line. PE_EOUTPUT. */
pe_status pe_failure_log_begin(pe_failure_log *failures, const char *path, bool is_ordered, pe_error *err);
/* pe_failure_log_take - count the records of a log, and write them. PE_EIO. */
pe_status pe_failure_log_take(pe_failure_log *failures, const pe_buffer *log, pe_error *err);
/* pe_failure_log_end - write what waits and close. PE_EIO. */
pe_status pe_failure_log_end(pe_failure_log *failures, pe_error *err);
/* pe_failure_log_describe - "3 of 100 items failed: 2 result does not fit int64, 1 division by zero"; returns out. */
const char *pe_failure_log_describe(const pe_failure_log *failures, uint64_t items, char out[1008]);

#endif

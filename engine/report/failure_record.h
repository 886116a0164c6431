/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* failure_record.h - what is known of failed items, on its way from a worker to rank 0 beside the results.
 *
 * Design: records lie one after the other in the log buffer of a chunk. The failed items of a chunk that have one kind of
 *         reason share a record, which counts them. With a log file each failed item has a record of its own beside, which
 *         holds its line and counts nothing. Without a log, where the failed items are to be known later, one record lists
 *         their numbers. Both say in which row of these results the item is, or would be if it were not left out.
 * Threads: each worker writes to the buffer of its own chunk.
 */
#ifndef PE_FAILURE_RECORD_H
#define PE_FAILURE_RECORD_H

#include <stdbool.h>

#include "base/buffer.h"

#define PE_FAILURE_MESSAGE_ROOM 1000

typedef struct pe_failure_record {
    uint64_t item;       /* the first of those that are counted here */
    uint64_t count;      /* of failed items; 0: a line */
    const char *message; /* "square(3037000500): result does not fit int64"; cut to PE_FAILURE_MESSAGE_ROOM */
    size_t reason_at;    /* where in the message the reason begins */
    uint64_t row;        /* of a line: the number of rows before it in these results */
    const char *line;    /* of the log file; it has no terminator. Of a list: its places */
    size_t line_bytes;
    bool is_job;  /* the line is one of the log of jobs, and says nothing of a failure */
    bool is_list; /* line holds pe_failure_place after pe_failure_place, unaligned */
} pe_failure_record;

typedef struct pe_failure_place {
    uint64_t item, row;
} pe_failure_place;

/* pe_failure_record_append - append a record. PE_ENOMEM. */
pe_status pe_failure_record_append(pe_buffer *log, const pe_failure_record *record, pe_error *err);

/* pe_failure_is_same_kind - are two reasons, up to their first colon, the same except for numbers in them? */
bool pe_failure_is_same_kind(const char *a, const char *b);

/* pe_failure_record_count - counts one more item in the record that has this kind of reason; false when there is none. All
 * records of counts count items. */
bool pe_failure_record_count(pe_buffer *counts, const char *reason);

/* pe_failure_record_read - read the record at an offset of a log; returns the offset of the next. Pointers borrow from log. */
size_t pe_failure_record_read(const pe_buffer *log, size_t at, pe_failure_record *out);

/* pe_failure_record_join - append the records of results that follow `rows` rows of the earlier ones. PE_ENOMEM. */
pe_status pe_failure_record_join(pe_buffer *log, uint64_t rows, const pe_buffer *following, pe_error *err);

/* pe_failure_kind_bytes - the kind of a reason is its text before the first colon: the size of that in bytes. */
size_t pe_failure_kind_bytes(const char *reason);

#endif

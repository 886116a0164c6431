/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* line_index.h - an index of record offsets: the position of every n-th record of a text, to read a record without a
 * scan.
 *
 * Invariant: from one position to the next there are at most stride records, and the table never exceeds its bound, for any
 *            file size.
 * Design: when the table is full, every second position is removed and the stride doubles, so the table stays at least
 *         half full. The indexes of two pieces of a text, which two threads can make, are joined to one.
 *         Records are lines, or csv records with newlines inside quotes.
 * Threads: made by one thread; then constant.
 */
#ifndef PE_LINE_INDEX_H
#define PE_LINE_INDEX_H

#include "base/buffer.h"
#include "format/record_scan.h"

#define PE_LINE_INDEX_ENTRIES ((size_t)65536) /* 1.5 MiB */

typedef struct pe_line_position {
    uint64_t offset; /* of the record's first byte */
    uint64_t line;   /* its line number */
} pe_line_position;

typedef struct pe_line_entry {
    pe_line_position at;
    uint64_t record; /* that begins there; entry 0 has record 0 */
} pe_line_entry;

/* Zero-initialise. */
typedef struct pe_line_index {
    pe_line_entry *entries;
    size_t count;
    size_t most; /* even */
    uint64_t stride;
    uint64_t next;    /* the record that gets the next entry */
    uint64_t records; /* the number of records; final after pe_line_index_end */
    uint64_t end;     /* offset after the last byte added */
    pe_line_position start;
    pe_record_scan scan;
    unsigned char last; /* the last byte added */
} pe_line_index;

/* pe_line_index_begin - start an index of text that begins at `start`. PE_ENOMEM. */
pe_status pe_line_index_begin(pe_line_index *index, pe_dialect dialect, pe_line_position start, size_t most_entries,
                              pe_error *err);

/* pe_line_index_add - the next bytes, in pieces of any size. */
void pe_line_index_add(pe_line_index *index, const unsigned char *data, size_t size);

/* pe_line_index_join - appends the index of the bytes after this one's, where this one ends after a newline. `next` was begun
 * there, at line 1, as if no quote were open.
 * Returns: PE_OK; *is_joined false: a quote was open, so that those bytes have to be added here. PE_ENOMEM */
pe_status pe_line_index_join(pe_line_index *index, const pe_line_index *next, bool *is_joined, pe_error *err);

/* pe_line_index_end - end of the text; a last record without a newline counts.
 * Returns: false when the text ends inside quotes; the records before that one are indexed */
bool pe_line_index_end(pe_line_index *index);

/* pe_line_index_find - the last position at or before a record; *first is the number of the record at that position.
 * For a record after the last one, the result is that of the last record; for an empty text, its start. */
pe_line_position pe_line_index_find(const pe_line_index *index, uint64_t record, uint64_t *first);

/* pe_line_index_after - the offset of the first position at or after the beginning of a record, or the text's end. */
uint64_t pe_line_index_after(const pe_line_index *index, uint64_t record);

/* pe_line_index_most_bytes - the most bytes from pe_line_index_find's position of a run's first record to
 * pe_line_index_after its end, over all runs of `records` records. */
uint64_t pe_line_index_most_bytes(const pe_line_index *index, uint64_t records);

/* pe_line_index_write, pe_line_index_read - export and import the index as bytes. Padding after the bytes is ignored.
 * PE_EBUG when the bytes are not an index. */
pe_status pe_line_index_write(const pe_line_index *index, pe_buffer *out, pe_error *err);
pe_status pe_line_index_read(const unsigned char *data, size_t size, pe_line_index *index, pe_error *err);

void pe_line_index_fini(pe_line_index *index);

#endif

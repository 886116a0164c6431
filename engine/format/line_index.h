/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* line_index.h - where every n-th record of a text begins: a bounded table for a file of any size.
 *
 * Design: position i is the beginning of record i * stride. When the table is full, every second position goes and the
 *         stride doubles, so it is never less than half full once it was full, and never larger than its bound.
 *         Records are lines, or csv records with newlines inside quotes.
 * Threads: made by one thread; then constant.
 */
#ifndef PE_LINE_INDEX_H
#define PE_LINE_INDEX_H

#include "base/buffer.h"
#include "format/record_scan.h"

#define PE_LINE_INDEX_ENTRIES ((size_t)65536) /* 1 MiB */

typedef struct pe_line_position {
    uint64_t offset; /* of the record's first byte */
    uint64_t line;   /* its line number */
} pe_line_position;

/* Zero-initialise. */
typedef struct pe_line_index {
    pe_line_position *entries;
    size_t count;
    size_t most; /* even */
    uint64_t stride;
    uint64_t records; /* complete once ended */
    uint64_t end;     /* offset behind the last byte added */
    pe_line_position start;
    pe_record_scan scan;
    unsigned char last; /* byte added */
} pe_line_index;

/* pe_line_index_begin - start an index of text that begins at `start`; delimiter 0 is plain lines. PE_ENOMEM. */
pe_status pe_line_index_begin(pe_line_index *index, char delimiter, pe_line_position start, size_t most_entries,
                              pe_error *err);

/* pe_line_index_add - the next bytes, in pieces of any size. */
void pe_line_index_add(pe_line_index *index, const unsigned char *data, size_t size);

/* pe_line_index_end - no more bytes come: a last record without newline counts.
 * Returns: false when the bytes end inside quotes; the records before that one are indexed nevertheless */
bool pe_line_index_end(pe_line_index *index);

/* pe_line_index_find - the last position at or before a record; *first is the record that begins there. A record beyond
 * the last one is taken for the last one; an empty text has the one position where it begins. */
pe_line_position pe_line_index_find(const pe_line_index *index, uint64_t record, uint64_t *first);

/* pe_line_index_behind - the offset of the first position at or behind the beginning of a record, or the text's end. */
uint64_t pe_line_index_behind(const pe_line_index *index, uint64_t record);

/* pe_line_index_most_bytes - the most bytes from pe_line_index_find's position of a run's first record to
 * pe_line_index_behind its end, over all runs of `records` records. */
uint64_t pe_line_index_most_bytes(const pe_line_index *index, uint64_t records);

/* pe_line_index_write, pe_line_index_read - the index as bytes. read takes what write made, padding behind it too:
 * PE_EBUG when the bytes are no index. */
pe_status pe_line_index_write(const pe_line_index *index, pe_buffer *out, pe_error *err);
pe_status pe_line_index_read(const unsigned char *data, size_t size, pe_line_index *index, pe_error *err);

void pe_line_index_fini(pe_line_index *index);

#endif

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* binary_rows.h - rows of binary elements of one dtype, without padding: what npy and raw files hold.
 *
 * Design: an item is a row of elements; the columns are elements of it, all in order or some chosen by number. The rows
 *         lie one after the other from data_offset on, without padding or alignment.
 */
#ifndef PE_BINARY_ROWS_H
#define PE_BINARY_ROWS_H

#include "source/source_vtable.h"
#include "source/stream.h"

/* What another rank has to know: plain data. */
typedef struct pe_binary_layout {
    pe_dtype dtype; /* in the file */
    bool is_big_endian;
    bool has_choice; /* the arguments are elements of the row: chosen[0 .. chosen_count - 1]; else the row is one */
    uint32_t elements;
    uint32_t chosen_count;
    uint32_t chosen[PE_MAX_COLUMNS];
    size_t row_bytes;
    uint64_t data_offset;
} pe_binary_layout;

/* The struct behind a source of format npy or raw. */
typedef struct pe_binary_source {
    pe_source base;
    pe_binary_layout layout;
    uint64_t declared_rows; /* rows that a stream's header speaks of, or PE_COUNT_UNKNOWN */
    uint64_t consumed;      /* rows of a stream handed out so far */
    pe_stream stream;
} pe_binary_source;

typedef struct pe_binary_reader {
    pe_reader base;
    unsigned char *scratch; /* elements as they are in the file, aligned, before they are converted */
} pe_binary_reader;

/* What npy and raw put in their vtables. */
pe_status pe_binary_save(const pe_source *source, pe_buffer *out, pe_error *err);
pe_status pe_binary_load(pe_source *source, const unsigned char *data, size_t size, pe_error *err);
void pe_binary_close(pe_source *source);
pe_status pe_binary_bind(pe_source *source, const pe_type *want, pe_error *err);
pe_byte_range pe_binary_byte_range(const pe_source *source, pe_block block);
pe_status pe_binary_next(pe_source *source, uint64_t most_items, size_t most_bytes, int timeout_ms, pe_buffer *out,
                         pe_byte_range *byte_range, uint64_t *count, bool *ended, pe_error *err);
pe_status pe_binary_reader_open(pe_reader *reader, pe_error *err);
void pe_binary_reader_close(pe_reader *reader);
pe_status pe_binary_read(pe_reader *reader, pe_block block, const pe_byte_range *byte_range, const unsigned char *bytes,
                         void *const *columns, pe_error *err);
size_t pe_binary_memory(const pe_source *source, uint64_t chunk_items, size_t *reader_bytes);
size_t pe_binary_chunk_bytes(const pe_source *source, uint64_t chunk_items);

#endif

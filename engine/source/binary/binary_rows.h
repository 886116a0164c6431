/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* binary_rows.h - what npy, npz, hdf5 and raw share: items of fixed size, given by columns that are fields of a row.
 *
 * Design: a row is the bytes of one item; a field is some consecutive elements of it. The rows lie one after the other from
 *         data_offset on, without padding or alignment. Where a file keeps them otherwise (Fortran order, chunks of
 *         hdf5), its kind fetches them into such rows, and everything after that is the same.
 */
#ifndef PE_BINARY_ROWS_H
#define PE_BINARY_ROWS_H

#include "base/arena.h"
#include "source/source_vtable.h"
#include "source/stream.h"

#define PE_BINARY_DIMS PE_SOURCE_DIMS
#define PE_BINARY_NAME_ROOM 128
#define PE_BINARY_MAX_WIDTH (UINT64_C(1) << 20)

/* Where the bytes of a text of fixed length end. */
typedef enum pe_text_end {
    PE_TEXT_PADDED_NUL, /* before the NULs at its end, as in numpy */
    PE_TEXT_FIRST_NUL,
    PE_TEXT_PADDED_SPACE
} pe_text_end;

typedef struct pe_binary_field {
    pe_dtype dtype; /* in the file; PE_TEXT: of fixed length */
    bool is_big_endian;
    bool is_utf32;
    pe_text_end text_end;
    uint32_t elements;
    size_t element_bytes;           /* in the file */
    size_t offset;                  /* in the row */
    uint32_t number;                /* for messages: its number among the columns of the file */
    char name[PE_BINARY_NAME_ROOM]; /* by the file; empty: none */
} pe_binary_field;

/* What another rank has to know: plain data. */
typedef struct pe_binary_layout {
    int field_count;
    pe_binary_field fields[PE_MAX_COLUMNS];
    bool has_choice; /* the fields are columns, of which a vector takes as many as it has elements; else there is one */
    size_t row_bytes;
    uint64_t data_offset;
    bool is_fetched;  /* the file does not hold the rows as they are */
    bool is_unpacked; /* npz: rank 0 alone has the rows, in a scratch file */
    bool is_fortran;  /* rows are fetched: of an array of `dims` dimensions, first index fastest */
    bool is_by_element;
    int dims;
    uint64_t shape[PE_BINARY_DIMS];
} pe_binary_layout;

/* The state of a source of format npy, npz or raw. */
typedef struct pe_binary_source {
    pe_source base;
    pe_binary_layout layout;
    uint64_t declared_rows; /* rows that a stream's header has, or PE_COUNT_UNKNOWN */
    uint64_t consumed;      /* rows of a stream handed out so far */
    pe_stream stream;
    int file; /* open for rows that are fetched, or 0 */
} pe_binary_source;

typedef struct pe_binary_reader {
    pe_reader base;
    unsigned char *landed;    /* elements as they are in the file, aligned, before they are converted */
    unsigned char *converted; /* of one column of several that become a vector */
    unsigned char *rows;      /* that were fetched */
    pe_arena texts;
} pe_binary_reader;

/* What the kinds put in their vtables. */
pe_status pe_binary_save(const pe_source *source, pe_buffer *out, pe_error *err);
pe_status pe_binary_load(pe_source *source, const unsigned char *data, size_t size, pe_error *err);
void pe_binary_close(pe_source *source);
pe_status pe_binary_bind(pe_source *source, const pe_type *want, pe_error *err);
pe_byte_range pe_binary_byte_range(const pe_source *source, pe_block block);
pe_status pe_binary_next(pe_source *source, const pe_source_limits *limits, pe_buffer *bytes, pe_source_taken *taken,
                         pe_error *err);
pe_status pe_binary_reader_open(pe_reader *reader, pe_error *err);
void pe_binary_reader_close(pe_reader *reader);
void pe_binary_reader_rewind(pe_reader *reader);
pe_status pe_binary_read(pe_reader *reader, pe_block block, const pe_byte_range *byte_range, const unsigned char *bytes,
                         void *const *columns, pe_error *err);
size_t pe_binary_memory(const pe_source *source, uint64_t chunk_items, size_t *reader_bytes);
size_t pe_binary_chunk_bytes(const pe_source *source, uint64_t chunk_items);

/* pe_binary_open_fortran - open the file once more, for reads in pieces.
 * pe_binary_fetch_fortran - the vtable's fetch for layouts with is_fortran: the rows of a block, from the file. */
pe_status pe_binary_open_fortran(pe_binary_source *binary, pe_error *err);
pe_status pe_binary_fetch_fortran(const pe_source *source, pe_block block, unsigned char *out, pe_error *err);

/* pe_binary_declare - after the kind filled the layout: info.columns and info.types, with the spec's dtype.
 * Returns: PE_OK, PE_ECONFIG naming both types */
pe_status pe_binary_declare(pe_source *source, pe_error *err);

/* pe_binary_name - info.names from the layout's. */
void pe_binary_name(pe_source *source);

/* pe_binary_shape - find how many items an array of this shape has and how wide they are, by the spec's `each`, and
 * what info.shape and info.item are. *width is the elements of one item.
 * Returns: PE_OK; PE_EDATA for a shape that cannot be an input */
pe_status pe_binary_shape(pe_source *source, const uint64_t *shape, int dims, uint64_t *items, uint32_t *width,
                          pe_error *err);

/* pe_binary_choose - choose one column of `width` for each of the spec's columns, which are numbers; element is the field that
 * they share.
 * Returns: PE_OK, PE_ECONFIG */
pe_status pe_binary_choose(pe_binary_source *binary, int dims, uint32_t width, const pe_binary_field *element,
                           pe_error *err);

#endif

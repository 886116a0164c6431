/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* source.h - where items come from, whatever the kind: range, linspace, value, file, glob.
 *
 * Design: a source is opened by rank 0, exported as bytes and imported by the other ranks, so that a csv is scanned
 *         once, a glob lists once and every rank works on the same facts. After bind it is constant. Workers read
 *         through a reader of their own, which keeps the cursor and the scratch memory.
 *         A file-backed source gives the place of its items as a byte range, a run of bytes of its file. A rank that can
 *         open the file reads the range from its own mapping; another gets the bytes of the range as a payload
 *         from rank 0. A stream (stdin, a pipe) has no mapping: rank 0 cuts it into payloads. Parsing is the same in
 *         all three.
 * Threads: open, export, import, bind, next: the main thread. Everything on a pe_reader: the one worker that owns it.
 *          pe_source_byte_range and pe_source_bytes: any thread after bind.
 * Not here: how several inputs go together (inputs.h).
 */
#ifndef PE_SOURCE_H
#define PE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/block.h"
#include "base/buffer.h"
#include "job/source_spec.h"

#define PE_COUNT_UNKNOWN UINT64_MAX   /* a stream: known when it has ended */
#define PE_COUNT_ANY (UINT64_MAX - 1) /* value: as many as the other inputs have */
#define PE_SOURCE_DIMS 8

/* What a source turned out to be. */
typedef struct pe_source_info {
    uint64_t count;                /* items after first/count, or PE_COUNT_UNKNOWN, or PE_COUNT_ANY */
    int columns;                   /* arguments it gives */
    pe_type types[PE_MAX_COLUMNS]; /* their native types; where untyped, what the first records are (or text) */
    bool untyped
        [PE_MAX_COLUMNS]; /* of csv, tsv, txt, jsonl without dtype: parses as the type of the kernel's argument */
    pe_dtype numbers[PE_MAX_COLUMNS]; /* where untyped: the number type that fits what of the first records is one */
    bool is_stream;
    bool is_file;                      /* a mapped file: may be invisible to other ranks */
    const char *names[PE_MAX_COLUMNS]; /* the columns' own, by the file; NULL: a column has none */
    int dims; /* where the items are the elements of an array of several dimensions, in C order; else 0 */
    uint64_t shape[PE_SOURCE_DIMS];
    pe_item_shape item; /* of the only column of an array whose items have several dimensions */
    const char *name;   /* for messages: "range", "x.csv", "stdin" */
} pe_source_info;

/* Consecutive bytes of a file or stream that hold some complete items. */
typedef struct pe_byte_range {
    uint64_t offset; /* of its first byte in the file */
    uint64_t bytes;
    uint64_t first; /* the first item that begins in it, counted after first/count; may lie before the one asked for */
    uint64_t line;  /* line number of its first byte, 1-based; 0 where lines mean nothing */
} pe_byte_range;

/* One field of a text file's records, chosen as an argument or not. */
typedef struct pe_source_field {
    const char *name; /* by the header; NULL without one */
    pe_text label;    /* the name in the file's own bytes, with its quotes */
    pe_dtype type;    /* where spec.infers_fields: what the first records are; rank 0 only */
} pe_source_field;

/* Fields that are delivered as one further column, whatever the arguments are (pe_source_keep). */
typedef struct pe_kept_fields {
    pe_dtype type; /* PE_TEXT: of all fields together; else the number type of the only field */
    const uint64_t *fields;
    size_t count;
    bool is_whole;        /* all fields of the record, in their order */
    bool is_as_it_stands; /* text: the file's own bytes, with quotes and the file's delimiter */
    /* text: else each field is printed so, with separators between; out has 2 * size + 2 bytes. Returns the end. */
    char *(*print)(char *out, const char *text, size_t size, const void *context);
    const void *print_context;
    char separator;
    char decimal; /* text: not 0: numbers get this point, and no thousands' separators */
} pe_kept_fields;

typedef struct pe_source pe_source;
typedef struct pe_reader pe_reader;

/* pe_source_open - open and check one input (rank 0 only).
 * Reads headers, counts the records of txt and csv (one pass; a bounded index of record offsets stays), lists a glob,
 * checks a range. A path of "-" or one that is not a regular file is a stream.
 * Returns: PE_OK; PE_ECONFIG (step 0, format unknown, columns that do not exist, dtype that loses value or makes no
 *          sense here); PE_EDATA (not such a file: magic, truncated, Fortran order, object dtype, quote never closed);
 *          PE_ENOINPUT (missing, unreadable, a directory) */
pe_status pe_source_open(const pe_source_spec *spec, pe_source **out, pe_error *err);
void pe_source_close(pe_source *source);

/* pe_source_export, pe_source_import - the facts of an opened source as bytes, and the same source on another rank.
 * import opens the file itself when it can and its fingerprint is the one that rank 0 took; is_local says whether it did.
 * Streams never are local. Computed sources and globs always are. */
pe_status pe_source_export(const pe_source *source, pe_buffer *out, pe_error *err);
pe_status pe_source_import(const pe_source_spec *spec, const void *data, size_t size, pe_source **out, pe_error *err);
bool pe_source_is_local(const pe_source *source);

/* pe_source_get_info - name, columns, types and count; valid until close. */
const pe_source_info *pe_source_get_info(const pe_source *source);

/* pe_source_bind - say as what types the columns are to be delivered.
 * Returns: PE_OK, or PE_ECONFIG when a column's type could lose value in the wanted one (naming input, both types); a
 *          range or value is judged by its real bounds, so range [0, 1000] fits uint16 and float64. */
pe_status pe_source_bind(pe_source *source, const pe_type *want, int count, pe_error *err);

/* pe_source_field_at - field `number` of a text's records; false: there is none (other sources have none at all). What
 * *out points to is the source's. */
bool pe_source_field_at(const pe_source *source, uint64_t number, pe_source_field *out);
/* pe_source_column_name - what a text calls its column `number`, an argument or not, for messages; NULL: it has no more
 * names. Rank 0. */
const char *pe_source_column_name(const pe_source *source, uint64_t number);

/* pe_source_keep - deliver these, each as a column after those of the arguments. Before bind, the same on every rank.
 * Owns: kept is borrowed until close. */
void pe_source_keep(pe_source *source, const pe_kept_fields *kept, int count);

/* pe_source_bound_type - as what the first column is delivered; after bind. */
pe_type pe_source_bound_type(const pe_source *source);

/* pe_source_byte_range - where the items of block lie; bytes 0 for sources without bytes. Exact or a little larger. */
pe_byte_range pe_source_byte_range(const pe_source *source, pe_block block);

/* pe_source_bytes - the bytes of a byte range in this rank's own mapping. */
const unsigned char *pe_source_bytes(const pe_source *source, const pe_byte_range *byte_range);

/* pe_source_append - append the bytes of the byte range of a block, from the mapping or fetched from the file.
 * Returns: PE_OK, PE_ENOMEM, PE_EIO, PE_EDATA */
pe_status pe_source_append(const pe_source *source, pe_block block, const pe_byte_range *byte_range, pe_buffer *out,
                           pe_error *err);

/* pe_source_release - the byte range will not be read again here: its pages may leave memory. */
void pe_source_release(const pe_source *source, const pe_byte_range *byte_range);

/* The most that one call takes from a stream. */
typedef struct pe_source_limits {
    uint64_t items; /* at least 1 */
    size_t bytes;   /* about as many; one item is taken whole, however long it is */
    int timeout_ms; /* how long it waits for more bytes; 0: not at all */
} pe_source_limits;

/* What one call has taken from a stream. */
typedef struct pe_source_taken {
    uint64_t count;           /* whole items; 0: there is no complete item yet, call again */
    pe_byte_range byte_range; /* theirs, where count > 0 */
    bool ended;               /* the stream is over, and all its items were taken */
} pe_source_taken;

/* pe_source_next - take the next items of a stream (rank 0).
 *
 * Call:    main thread
 * Owns:    the items' bytes are appended to bytes.
 * Returns: PE_OK with *taken; PE_EDATA (quote never closed, an element cut short); PE_EIO
 */
pe_status pe_source_next(pe_source *source, const pe_source_limits *limits, pe_buffer *bytes, pe_source_taken *taken,
                         pe_error *err);

/* pe_reader_open - open a worker's own reader of a bound source. */
pe_status pe_reader_open(const pe_source *source, pe_reader **out, pe_error *err);
void pe_reader_close(pe_reader *reader);

/* pe_reader_read - deliver the items of block as columns of the bound types.
 *
 * Shape:   columns[c] has room for block.count items, or is NULL where several are there and this one is not wanted;
 *          texts point into the mapping, the payload or the reader's scratch and live until the next read after a
 *          pe_reader_rewind, or until the payload goes.
 * Speed:   reading blocks one after the other goes on from the cursor; anything else seeks from the start of the byte range.
 * Params:  byte_range, bytes: the payload that holds the block, or NULL, NULL to read the rank's own mapping.
 * Returns: PE_OK; PE_EDATA naming file, line and column (csv), or file and item (npy, raw), and the value seen;
 *          PE_ENOMEM
 */
pe_status pe_reader_read(pe_reader *reader, pe_block block, const pe_byte_range *byte_range, const unsigned char *bytes,
                         void *const *columns, pe_error *err);

/* pe_source_ramp - the block's only column is *first + k * *step, an int64 or int128 that is within int64: it need not be
 * read. */
bool pe_source_ramp(const pe_source *source, pe_block block, int64_t *first, int64_t *step);

/* pe_reader_rewind - texts delivered so far are no longer needed: reuse the scratch. */
void pe_reader_rewind(pe_reader *reader);

/* pe_source_memory - bytes this rank keeps for the source beside readers (index, glob list); reader_bytes: what one
 * reader keeps for chunks of chunk_items. */
size_t pe_source_memory(const pe_source *source, uint64_t chunk_items, size_t *reader_bytes);

/* pe_source_chunk_bytes - the most bytes any aligned run of chunk_items items takes in the file (0 for computed ones;
 * an estimate for streams). */
size_t pe_source_chunk_bytes(const pe_source *source, uint64_t chunk_items);

#endif

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* source_vtable.h - the vtable that each kind of source fills in; source.h is the face for callers.
 *
 * Design: a kind's own struct begins with a pe_source, its reader with a pe_reader; source.c allocates both (zeroed,
 *         of the sizes that the kind gives), and does all that kinds share: it opens and maps the file, tells a stream
 *         from a file, settles the format, cuts to first/count, compares fingerprints, keeps the bound types. A kind
 *         therefore counts items as its file does, from 0 and without first/count: source.c shifts blocks and byte ranges
 *         on the way in, byte ranges and pe_error.item on the way out.
 *         A read always gets a byte range and its bytes, be they the mapping, a payload or a stream's piece.
 * Threads: byte_range, read, rewind, reader_open, reader_close: any worker after bind; the rest: the main thread.
 * Not here: which formats exist (source.c has the one table).
 */
#ifndef PE_SOURCE_VTABLE_H
#define PE_SOURCE_VTABLE_H

#include "source/fingerprint.h"
#include "source/source.h"

typedef struct pe_source_vtable {
    const char *name;    /* "range", "npy": for messages */
    size_t source_bytes; /* sizeof of the kind's struct that begins with a pe_source */
    size_t reader_bytes; /* sizeof of its reader that begins with a pe_reader */

    /* open (rank 0) - check the spec and, for files, the bytes; everything in pe_source but `total` and `info` is set.
     * Fills:   source->total (PE_COUNT_UNKNOWN for a stream, PE_COUNT_ANY), info.columns, info.types,
     *          info.untyped. info.types are the types after [input] dtype, which the kind checks.
     * A stream (info.is_stream, source->fd) may read as much as it needs here, such as a csv's header. */
    pe_status (*open)(pe_source *source, pe_error *err);

    /* save - append what load needs on another rank (an index, columns); NULL: total and info are all there is.
     * load - instead of open on the other ranks: total and info are set already, source->map is set or (source not
     * local) empty, and then file_bytes still holds the size of the file. NULL: nothing to do. data is aligned to 16.
     * Sources without a file (has no map, is no stream) get the spec as open does. */
    pe_status (*save)(const pe_source *source, pe_buffer *out, pe_error *err);
    pe_status (*load)(pe_source *source, const unsigned char *data, size_t size, pe_error *err);
    void (*close)(pe_source *source); /* frees what is inside, also after a failed open; NULL: nothing is */

    /* bind - may source->info.types turn into want? PE_ECONFIG when not. NULL: pe_source_vtable_bind. Afterwards source.c sets
     * source->want, which is what read delivers. */
    pe_status (*bind)(pe_source *source, const pe_type *want, pe_error *err);
    bool can_group; /* bind may get fewer types than info.columns: a vector takes as many columns as elements */

    /* byte_range - the run of bytes that holds the items of block; block.count is at least 1 and inside total. byte_range.first
     * may lie before block.first. NULL: no bytes. */
    pe_byte_range (*byte_range)(const pe_source *source, pe_block block);

    /* next - as pe_source_next, in the file's numbering; *taken is zero. NULL: this format cannot be a stream (source.c
     * refuses it). Successive byte ranges are adjacent in offset and first. */
    pe_status (*next)(pe_source *source, const pe_source_limits *limits, pe_buffer *bytes, pe_source_taken *taken,
                      pe_error *err);

    /* fetch - where source->is_fetched: the file does not hold the items as rows, so their bytes are put together at out,
     * which has room for those of the block's byte range (of which only first and bytes mean something). read gets bytes
     * of NULL where they come from no payload. Any thread. NULL: the bytes are the mapping's. */
    pe_status (*fetch)(const pe_source *source, pe_block block, unsigned char *out, pe_error *err);

    /* reader_open, reader_close, rewind may be NULL. reader->source is set before reader_open. */
    pe_status (*reader_open)(pe_reader *reader, pe_error *err);
    void (*reader_close)(pe_reader *reader); /* also after a failed reader_open */
    void (*rewind)(pe_reader *reader);

    /* read - deliver block (block.count at least 1) as columns of source->want.
     * Params:  byte_range and bytes (NULL for kinds without byte_range) hold the block, perhaps much more, such as a whole
     *          slice of which this is a chunk; bytes[0] is the file's byte byte_range->offset and has no alignment.
     * Speed:   a cursor (file offset, item, line) kept in the reader is good as long as it is inside the byte range and
     *          not beyond block.first, whichever memory the bytes are in this time.
     * Errors:  pe_fail_item with the item in the file's numbering. */
    pe_status (*read)(pe_reader *reader, pe_block block, const pe_byte_range *byte_range, const unsigned char *bytes,
                      void *const *columns, pe_error *err);

    /* field - as pe_source_field_at; NULL: there are none. The fields that pe_source_keep was given are in source->kept. */
    bool (*field)(const pe_source *source, uint64_t number, pe_source_field *out);
    /* column_name - as pe_source_column_name; NULL: the file names none */
    const char *(*column_name)(const pe_source *source, uint64_t number);

    /* ramp - is column 0 of this block *first + k * *step, all of it within int64? NULL: never. */
    bool (*ramp)(const pe_source *source, pe_block block, int64_t *first, int64_t *step);

    /* memory - bytes kept beside the structs themselves, by the source and (*reader_bytes) by one reader. NULL: none.
     * chunk_bytes - the most bytes a byte range of chunk_items items takes, wherever it begins. NULL: none. */
    size_t (*memory)(const pe_source *source, uint64_t chunk_items, size_t *reader_bytes);
    size_t (*chunk_bytes)(const pe_source *source, uint64_t chunk_items);
} pe_source_vtable;

struct pe_source {
    const pe_source_vtable *kind;
    const pe_source_spec *spec;
    pe_format format; /* settled: never PE_FORMAT_AUTO for a file */
    pe_source_info info;
    uint64_t total; /* items before first/count; info.count is after */
    uint64_t first; /* of the file's items: what item 0 of this source is */
    pe_type want[PE_MAX_COLUMNS];
    int want_count; /* set before kind->bind; other than info.columns only where the kind can_group */
    bool is_bound;
    const pe_kept_fields *kept; /* their columns follow those of want, and want has their types too */
    int kept_count;
    bool is_local;
    bool is_fetched;            /* set by open and load */
    pe_map map;                 /* of a regular file that this rank can read; else empty */
    uint64_t file_bytes;        /* of a regular file, mapped here or not */
    pe_fingerprint fingerprint; /* as rank 0 opened it */
    int fd;                     /* of a stream on rank 0; else -1 */
    uint64_t consumed;          /* items of a stream taken from the kind so far, those before first included */
};

struct pe_reader {
    const pe_source *source;
};

/* pe_source_vtable_bind - the common judgement: a typed column casts as pe_dtype_cast allows (checked casts are judged
 * item by item in read), with the same width; an untyped one can be any scalar. */
pe_status pe_source_vtable_bind(const pe_source *source, const pe_type *want, pe_error *err);

/* pe_spec_packing - how the file is packed, by its name. */
pe_packing pe_spec_packing(const pe_source_spec *spec);

/* pe_spec_is_stream - will this be opened as a stream? A packed file is one; a file that is not there is none. */
bool pe_spec_is_stream(const pe_source_spec *spec);

extern const pe_source_vtable pe_kind_range, pe_kind_linspace, pe_kind_logspace, pe_kind_list, pe_kind_value,
    pe_kind_glob;
extern const pe_source_vtable pe_kind_npy, pe_kind_npz, pe_kind_hdf5, pe_kind_raw;
extern const pe_source_vtable pe_kind_text; /* csv, tsv and txt, by source->format */

#endif

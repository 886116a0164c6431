/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* inputs_internal.h - the structs and functions that the files of this folder share.
 *
 * Threads: all of pe_inputs is constant after bind and set_remote, except for what only pe_inputs_next touches; a reader
 *          and its axes belong to one worker.
 */
#ifndef PE_INPUTS_INTERNAL_H
#define PE_INPUTS_INTERNAL_H

#include "inputs/inputs.h"

/* In an export (product) and in a payload, a source's bytes follow their pe_byte_range and are padded to this. */
#define PE_PAYLOAD_ALIGN ((size_t)16)

/* The items of one stream that have arrived and are not yet in a payload. Only the main thread touches it. */
typedef struct pe_buffered_items {
    pe_buffer bytes;
    pe_byte_range byte_range;
    uint64_t count;
    bool ended;
} pe_buffered_items;

/* A product's file that this rank cannot open: all of its items, as received from rank 0. */
typedef struct pe_received_file {
    pe_buffer bytes;
    pe_byte_range byte_range;
    bool is_here;
} pe_received_file;

struct pe_inputs {
    const pe_source_spec *specs;
    pe_combine combine;
    int count;                                 /* of sources */
    pe_source *sources[PE_MAX_COLUMNS];        /* each gives a column at least */
    pe_source_info infos[PE_MAX_COLUMNS];      /* as theirs, with the count of a value settled */
    int first_column[PE_MAX_COLUMNS + 1];      /* of each source among all the arguments; the last: how many in all */
    int kept_count[PE_MAX_COLUMNS];            /* further columns of each source, after those of all arguments */
    uint64_t strides[PE_MAX_COLUMNS];          /* product: items between two items of this source */
    pe_received_file received[PE_MAX_COLUMNS]; /* product */
    int payload_order[PE_MAX_COLUMNS];         /* the order of the sources in a payload: streams, then files */
    int payload_count, stream_count;           /* the first stream_count of order are streams */
    uint64_t items;
    bool has_remote_files; /* set by pe_inputs_set_remote: payloads hold the items of files too */
    uint64_t delivered;    /* next: items handed out so far */
    pe_buffered_items buffered[PE_MAX_COLUMNS];
};

/* One axis of a product in one worker's reader: a cache of the items read last. */
typedef struct pe_axis {
    pe_block cached;
    uint64_t room; /* of the cache, in items; 0 for the last axis, which needs none */
    bool has_text; /* the cached items are lost at the next rewind */
    void *columns[PE_MAX_COLUMNS];
} pe_axis;

struct pe_inputs_reader {
    const pe_inputs *inputs;
    pe_reader *readers[PE_MAX_COLUMNS];
    pe_axis *axes; /* product: one per source; else NULL */
};

static inline bool pe_count_is_known(uint64_t count)
{
    return count != PE_COUNT_ANY && count != PE_COUNT_UNKNOWN;
}

/* The first source whose length is known, or -1. */
int pe_inputs_known(const pe_inputs *inputs);

/* Does the payload of a block hold this source's items? */
bool pe_inputs_is_in_payload(const pe_inputs *inputs, int source);

/* pe_inputs_section - append a section: a byte range, its bytes and padding. pe_inputs_file_section - the section of a
 * file's items. */
pe_status pe_inputs_file_section(const pe_source *source, pe_block block, pe_buffer *out, pe_error *err);
pe_status pe_inputs_section(pe_buffer *out, const pe_byte_range *byte_range, const void *bytes, pe_error *err);

/* pe_inputs_unpack - find where the items of each source begin in a payload; NULL for a source that the payload does not
 * hold. */
void pe_inputs_unpack(const pe_inputs *inputs, const void *payload, size_t payload_bytes,
                      const pe_byte_range *byte_ranges[PE_MAX_COLUMNS]);

static inline const unsigned char *pe_section_bytes(const pe_byte_range *byte_range)
{
    return (const unsigned char *)(byte_range + 1);
}

static inline size_t pe_section_size(const pe_byte_range *byte_range)
{
    return sizeof *byte_range +
           ((size_t)byte_range->bytes + PE_PAYLOAD_ALIGN - 1) / PE_PAYLOAD_ALIGN * PE_PAYLOAD_ALIGN;
}

/* pe_inputs_width - the columns that a source delivers: its arguments, then its kept ones. */
int pe_inputs_width(const pe_inputs *inputs, int source);
/* pe_inputs_columns_of - the columns of one source, out of those of all. Returns whether one of them is not NULL. */
bool pe_inputs_columns_of(const pe_inputs *inputs, int source, void *const *columns, void *out[PE_MAX_COLUMNS]);

/* The product's part of a reader. */
pe_status pe_product_open(pe_inputs_reader *reader, pe_error *err);
void pe_product_close(pe_inputs_reader *reader);
pe_status pe_product_read(pe_inputs_reader *reader, pe_block block, void *const *columns, pe_error *err);
void pe_product_rewind(pe_inputs_reader *reader);
size_t pe_product_reader_bytes(const pe_inputs *inputs);

#endif

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* inputs_internal.h - what inputs.c, payload.c and product.c share behind inputs.h.
 *
 * Threads: all of pe_inputs is constant after bind and set_remote, but for what only pe_inputs_next touches; a reader
 *          and its axes belong to one worker.
 */
#ifndef PE_INPUTS_INTERNAL_H
#define PE_INPUTS_INTERNAL_H

#include "inputs/inputs.h"

/* A source's bytes inside an export (product) or a payload begin with its extent; the bytes are padded to this. */
#define PE_PAYLOAD_ALIGN ((size_t)16)

/* One stream of several: what arrived before the others had as much. The main thread's. */
typedef struct pe_pending {
    pe_buffer bytes;
    pe_extent extent;
    uint64_t count;
    bool ended;
} pe_pending;

/* The items of a product's file that this rank cannot read, whole. */
typedef struct pe_whole {
    pe_buffer bytes;
    pe_extent extent;
    bool is_here;
} pe_whole;

struct pe_inputs {
    const pe_source_spec *specs;
    pe_combine combine;
    int count;                            /* of sources */
    pe_source *sources[PE_MAX_COLUMNS];   /* each gives a column at least */
    pe_source_info infos[PE_MAX_COLUMNS]; /* as theirs, with the count of a value settled */
    int first_column[PE_MAX_COLUMNS + 1]; /* of each source among all the arguments; the last: how many in all */
    uint64_t strides[PE_MAX_COLUMNS];     /* product: items between two items of this source */
    pe_whole wholes[PE_MAX_COLUMNS];      /* product */
    int order[PE_MAX_COLUMNS];            /* sources by their place in a payload: streams, then files */
    int order_count, stream_count;        /* the first stream_count of order are streams */
    uint64_t items;
    bool has_remote_files; /* set_remote: the files travel too */
    uint64_t delivered;    /* next: items handed out so far */
    pe_pending pending[PE_MAX_COLUMNS];
};

/* One axis of a product, as one worker sees it: the items last read that it repeats. */
typedef struct pe_axis {
    pe_block held;
    uint64_t room; /* items; 0 for the last axis, which is read in place */
    bool has_text; /* the held items go with the next rewind */
    void *columns[PE_MAX_COLUMNS];
} pe_axis;

struct pe_inputs_reader {
    const pe_inputs *inputs;
    pe_reader *readers[PE_MAX_COLUMNS];
    pe_axis *axes; /* product: one a source; else NULL */
};

/* The first source whose length is known, or -1. */
int pe_inputs_known(const pe_inputs *inputs);

/* Does this source's part of a block travel with it? */
bool pe_inputs_travels(const pe_inputs *inputs, int source);

/* pe_inputs_section - append extent, bytes and padding. */
pe_status pe_inputs_section(pe_buffer *out, const pe_extent *extent, const void *bytes, pe_error *err);

/* pe_inputs_unpack - where each travelling source's part of a payload lies; NULL for the others. */
void pe_inputs_unpack(const pe_inputs *inputs, const void *payload, size_t payload_bytes,
                      const pe_extent *extents[PE_MAX_COLUMNS]);

static inline const unsigned char *pe_section_bytes(const pe_extent *extent)
{
    return (const unsigned char *)(extent + 1);
}

static inline size_t pe_section_size(const pe_extent *extent)
{
    return sizeof *extent + ((size_t)extent->bytes + PE_PAYLOAD_ALIGN - 1) / PE_PAYLOAD_ALIGN * PE_PAYLOAD_ALIGN;
}

/* The product's part of a reader. */
pe_status pe_product_open(pe_inputs_reader *reader, pe_error *err);
void pe_product_close(pe_inputs_reader *reader);
pe_status pe_product_read(pe_inputs_reader *reader, pe_block block, void *const *columns, pe_error *err);
void pe_product_rewind(pe_inputs_reader *reader);
size_t pe_product_reader_bytes(const pe_inputs *inputs);

#endif

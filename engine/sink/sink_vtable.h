/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* sink_vtable.h - the functions of one kind of sink; for the files of this folder.
 *
 * Design: `state` belongs to the kind. begin is called first and fini last; fini frees what begin made, also when begin
 *         failed.
 */
#ifndef PE_SINK_VTABLE_H
#define PE_SINK_VTABLE_H

#include "sink/sink.h"

typedef struct pe_sink_vtable {
    pe_status (*begin)(pe_sink *sink, const pe_sink_spec *spec, pe_error *err);
    pe_status (*write)(pe_sink *sink, const void *data, size_t bytes, uint64_t items, pe_error *err);
    pe_status (*advance)(pe_sink *sink, size_t bytes, uint64_t items, pe_error *err); /* NULL: no row file */
    pe_status (*commit)(pe_sink *sink, pe_error *err);
    void (*abort)(pe_sink *sink);
    pe_status (*save)(pe_sink *sink, pe_buffer *state, pe_error *err); /* what a mark needs beside; NULL: nothing */
    void (*fini)(pe_sink *sink);
} pe_sink_vtable;

struct pe_sink {
    const pe_sink_vtable *kind;
    pe_format format;
    uint64_t items;                      /* of the writes that succeeded */
    bool is_durable;                     /* commit waits for stable storage */
    bool is_finished;                    /* committed or aborted */
    bool is_packed;                      /* set by begin */
    struct pe_output_stream *stream;     /* NULL: none; set by begin */
    struct pe_output_stream *row_stream; /* where ranks may write rows at their offsets, or NULL; set by begin */
    uint64_t first_row_offset;
    pe_error failure; /* of the first write that failed; later writes and commit return it again */
    void *state;
};

/* pe_sink_packing - how the file is packed, by its name. */
pe_packing pe_sink_packing(const pe_sink_spec *spec);

extern const pe_sink_vtable pe_file_sink;   /* txt, csv, tsv, jsonl, raw, bytes */
extern const pe_sink_vtable pe_npy_sink;    /* npy */
extern const pe_sink_vtable pe_hdf5_sink;   /* hdf5 */
extern const pe_sink_vtable pe_digest_sink; /* digest */
extern const pe_sink_vtable pe_null_sink;   /* null */

#endif

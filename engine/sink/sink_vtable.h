/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* sink_vtable.h - the vtable that each kind of sink fills; the sinks' own.
 *
 * Design: a kind keeps what it needs in `state`. Every function gets a sink on which begin was called; fini comes last
 *         and takes back whatever begin made, also when begin failed half-way.
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
    void (*fini)(pe_sink *sink);
} pe_sink_vtable;

struct pe_sink {
    const pe_sink_vtable *kind;
    pe_format format;
    uint64_t items;                    /* written in full, before the write that is under way */
    bool is_over;                      /* committed or aborted */
    struct pe_output_stream *row_file; /* where rows may be written at their row_file, or NULL; begin sets it */
    uint64_t first_place;              /* offset of the first row */
    pe_error failure;                  /* of the first write that failed: it is the answer to all later ones */
    void *state;
};

extern const pe_sink_vtable pe_file_sink;   /* txt, csv, tsv, raw */
extern const pe_sink_vtable pe_npy_sink;    /* npy */
extern const pe_sink_vtable pe_digest_sink; /* digest */
extern const pe_sink_vtable pe_null_sink;   /* null */

#endif

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* file_sink.c - txt, csv, tsv and raw: the encoded bytes as they come.
 *
 * Design: csv and tsv begin with the line of names. When the run fails, a growing output that has items stays, truncated
 *         to the last complete write; every other output is removed.
 * Threads: one at a time.
 * Not here: files, stdout and pipes (output_stream.c); the format (encode_text.c, columns.c).
 */
#include <stdlib.h>

#include "base/alloc.h"
#include "sink/columns.h"
#include "sink/output_stream.h"
#include "sink/sink_vtable.h"

static pe_status begin(pe_sink *sink, const pe_sink_spec *spec, pe_error *err)
{
    pe_status status = pe_make_array(&sink->state, 1, sizeof(pe_output_stream), err);
    if (status != PE_OK)
        return status;
    pe_output_stream *stream = sink->state;
    sink->stream = stream;
    status = pe_output_stream_begin(stream, spec, spec->order, err);
    const bool is_whole = spec->order == PE_ORDER_WHOLE; /* a growing file must have no hole */
    if (status == PE_OK && sink->format == PE_FORMAT_RAW && is_whole && stream->can_rewrite && !stream->is_buffered)
        sink->row_stream = stream;
    if (status != PE_OK || (sink->format != PE_FORMAT_CSV && sink->format != PE_FORMAT_TSV))
        return status;
    pe_buffer line = {NULL, 0, 0};
    status = pe_columns_print_line(spec, sink->format, &line, err);
    if (status == PE_OK)
        status = pe_output_stream_start(stream, line.data, line.size, err);
    pe_buffer_fini(&line);
    return status;
}

static pe_status take(pe_sink *sink, const void *data, size_t bytes, uint64_t items, pe_error *err)
{
    (void)items;
    return pe_output_stream_write(sink->state, data, bytes, err);
}

static pe_status advance(pe_sink *sink, size_t bytes, uint64_t items, pe_error *err)
{
    (void)items;
    return pe_output_stream_advance(sink->state, bytes, err);
}

static pe_status commit(pe_sink *sink, pe_error *err)
{
    return pe_output_stream_commit(sink->state, sink->is_durable, err);
}

static void abort_file(pe_sink *sink)
{
    pe_output_stream_abort(sink->state);
}

static void fini(pe_sink *sink)
{
    pe_output_stream_fini(sink->state);
    free(sink->state);
}

const pe_sink_vtable pe_file_sink = {begin, take, advance, commit, abort_file, NULL, fini};

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* file_sink.c - txt, csv, tsv, jsonl, raw and bytes: the encoded bytes as they come.
 *
 * Design: csv and tsv begin with the line of names. When the run fails, a growing output that has items stays, truncated
 *         to the last complete write; every other output is removed.
 * Threads: one at a time.
 * Not here: files, stdout and pipes (output_stream.c); packing (packer.c); the format (encode_text.c, columns.c).
 */
#include <stdlib.h>

#include "base/alloc.h"
#include "sink/encode/columns.h"
#include "sink/encode/encode_text.h"
#include "sink/packed/packed_mark.h"
#include "sink/sink_vtable.h"

typedef struct file_state {
    pe_output_stream stream;
    pe_packer *packer; /* NULL: the rows are written as they are */
} file_state;

/* The characters that end the output's records: the packer counts records. */
static pe_dialect dialect_of(const pe_sink_spec *spec, pe_format format)
{
    const pe_text_style style = pe_text_style_of(spec, format);
    if (format != PE_FORMAT_CSV && format != PE_FORMAT_TSV)
        return pe_dialect_of(0);
    return (pe_dialect){(unsigned char)style.separator, (unsigned char)style.quote, PE_CHAR_NONE};
}

/* A file that is continued has the line of names. */
static pe_status start(file_state *file, const pe_sink_spec *spec, const pe_buffer *names, pe_error *err)
{
    if (file->packer == NULL && names->size == 0)
        return PE_OK;
    if (file->packer == NULL)
        return pe_output_stream_start(&file->stream, names->data, names->size, err);
    if (!file->stream.is_resumed)
        return pe_packer_start(file->packer, names->data, names->size, err);
    return pe_packed_mark_resume(file->packer, pe_sink_packing(spec), &file->stream, spec->resumed, names->size, err);
}

static pe_status write_names(file_state *file, const pe_sink_spec *spec, pe_format format, pe_error *err)
{
    const bool has_names = format == PE_FORMAT_CSV || format == PE_FORMAT_TSV;
    pe_buffer line = {NULL, 0, 0};
    pe_status status = has_names ? pe_columns_print_line(spec, format, &line, err) : PE_OK;
    if (status == PE_OK)
        status = start(file, spec, &line, err);
    pe_buffer_fini(&line);
    return status;
}

static pe_status begin(pe_sink *sink, const pe_sink_spec *spec, pe_error *err)
{
    pe_status status = pe_make_array(&sink->state, 1, sizeof(file_state), err);
    if (status != PE_OK)
        return status;
    file_state *const file = sink->state;
    pe_output_stream *const stream = &file->stream;
    sink->stream = stream;
    status = pe_output_stream_begin(stream, spec, spec->order, err);
    const pe_packing packing = pe_sink_packing(spec);
    sink->is_packed = packing != PE_PACKING_NONE;
    if (status == PE_OK && sink->is_packed)
        status = pe_packer_open(packing, dialect_of(spec, sink->format), stream, &file->packer, err);
    const bool is_whole = spec->order == PE_ORDER_WHOLE; /* a growing file must have no hole */
    if (status == PE_OK && sink->format == PE_FORMAT_RAW && is_whole && stream->can_rewrite && !stream->is_buffered)
        sink->row_stream = stream;
    return status == PE_OK ? write_names(file, spec, sink->format, err) : status;
}

static pe_status take(pe_sink *sink, const void *data, size_t bytes, uint64_t items, pe_error *err)
{
    (void)items;
    file_state *const file = sink->state;
    return file->packer != NULL ? pe_packer_write(file->packer, data, bytes, err)
                                : pe_output_stream_write(&file->stream, data, bytes, err);
}

static pe_status advance(pe_sink *sink, size_t bytes, uint64_t items, pe_error *err)
{
    (void)items;
    return pe_output_stream_advance(sink->stream, bytes, err);
}

static pe_status commit(pe_sink *sink, pe_error *err)
{
    file_state *const file = sink->state;
    if (file->packer == NULL || pe_packer_end(file->packer, err) == PE_OK)
        return pe_output_stream_commit(&file->stream, sink->is_durable, err);
    pe_packer_cut(file->packer);
    pe_output_stream_abort(&file->stream);
    return err->status;
}

/* A growing file keeps its rows up to the last one; the last packed member is ended early for that. A file that a later run
 * continues is left as it is: that run cuts it where the checkpoint says. */
static void abort_file(pe_sink *sink)
{
    file_state *const file = sink->state;
    pe_error ignored = PE_ERROR_INIT;
    const bool stays = file->stream.is_growing && sink->items > 0 && sink->failure.status == PE_OK;
    const bool is_ended = file->packer != NULL && stays && pe_packer_end(file->packer, &ignored) == PE_OK;
    if (file->packer != NULL && !is_ended && !file->stream.is_suspended)
        pe_packer_cut(file->packer);
    pe_output_stream_abort(&file->stream);
}

static pe_status save(pe_sink *sink, pe_buffer *state, pe_error *err)
{
    file_state *const file = sink->state;
    return file->packer == NULL ? PE_OK : pe_packed_mark_save(file->packer, state, err);
}

static void fini(pe_sink *sink)
{
    file_state *const file = sink->state;
    pe_packer_close(file->packer);
    pe_output_stream_fini(&file->stream);
    free(file);
}

const pe_sink_vtable pe_file_sink = {begin, take, advance, commit, abort_file, save, fini};

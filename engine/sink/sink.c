/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* sink.c - the public functions of a sink, which call those of its kind.
 *
 * Invariant: sink->items counts the items of successful writes, before commit and abort read it.
 * Design: one table of kinds; a new kind is one file and one row.
 * Threads: one at a time.
 * Not here: what each format accepts (sink_check.c).
 */
#include <assert.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "sink/output_stream.h"
#include "sink/sink_vtable.h"

static const pe_sink_vtable *const kinds[] = {
    [PE_FORMAT_AUTO] = NULL,
    [PE_FORMAT_NPY] = &pe_npy_sink,
    [PE_FORMAT_CSV] = &pe_file_sink,
    [PE_FORMAT_TSV] = &pe_file_sink,
    [PE_FORMAT_TXT] = &pe_file_sink,
    [PE_FORMAT_RAW] = &pe_file_sink,
    [PE_FORMAT_DIGEST] = &pe_digest_sink,
    [PE_FORMAT_NULL] = &pe_null_sink,
    [PE_FORMAT_BYTES] = &pe_file_sink,
};

static void release(pe_sink *sink)
{
    if (sink->state != NULL)
        sink->kind->fini(sink);
    free(sink);
}

/* Under mpirun every rank's stdout is a terminal of mpirun's own. So stderr must be a terminal too. */
static pe_status check_terminal(const pe_sink_spec *spec, pe_format format, pe_error *err)
{
    const bool is_binary = format == PE_FORMAT_NPY || format == PE_FORMAT_RAW;
    if (!is_binary || !pe_path_is_stdout(spec->path) || !isatty(STDOUT_FILENO) || !isatty(STDERR_FILENO))
        return PE_OK;
    return pe_fail(err, PE_ECONFIG,
                   "%s: %s is binary and stdout is a terminal: redirect it, write to a file (--output PATH), or use "
                   "format txt or csv",
                   spec->where, pe_format_name(format));
}

pe_status pe_sink_begin(const pe_sink_spec *spec, pe_sink **out, pe_error *err)
{
    pe_format format = PE_FORMAT_AUTO;
    pe_sink *sink = NULL;
    pe_status status = pe_sink_check(spec, &format, err);
    if (status == PE_OK)
        status = check_terminal(spec, format, err);
    if (status == PE_OK)
        status = pe_make_array(&sink, 1, sizeof *sink, err);
    if (status != PE_OK)
        return status;
    sink->kind = kinds[format];
    sink->format = format;
    sink->failure = (pe_error)PE_ERROR_INIT;
    status = sink->kind->begin(sink, spec, err);
    if (status != PE_OK) {
        release(sink);
        return status;
    }
    *out = sink;
    return PE_OK;
}

/* A write after a failed one would follow half a record: it gets the same error and writes nothing. */
static pe_status repeat_failure(const pe_sink *sink, pe_error *err)
{
    if (err->status == PE_OK)
        *err = sink->failure;
    return err->status;
}

pe_status pe_sink_write(pe_sink *sink, const void *data, size_t bytes, uint64_t items, pe_error *err)
{
    assert(!sink->is_finished);
    if (sink->failure.status != PE_OK || sink->kind->write(sink, data, bytes, items, &sink->failure) != PE_OK)
        return repeat_failure(sink, err);
    sink->items += items;
    return PE_OK;
}

pe_status pe_sink_advance(pe_sink *sink, size_t bytes, uint64_t items, pe_error *err)
{
    assert(!sink->is_finished && sink->row_stream != NULL);
    if (sink->failure.status != PE_OK || sink->kind->advance(sink, bytes, items, &sink->failure) != PE_OK)
        return repeat_failure(sink, err);
    sink->items += items;
    return PE_OK;
}

pe_status pe_sink_open_row_file(const pe_sink *sink, size_t row_bytes, pe_row_file *out, pe_error *err)
{
    *out = (pe_row_file){0};
    if (sink->row_stream == NULL)
        return PE_OK;
    return pe_row_file_open(pe_output_stream_file(sink->row_stream), sink->first_row_offset, row_bytes, out, err);
}

bool pe_sink_is_visible(const pe_sink *sink)
{
    return sink->stream == NULL || sink->stream->file.part == NULL;
}

pe_status pe_sink_commit(pe_sink *sink, bool is_durable, pe_error *err)
{
    assert(!sink->is_finished);
    if (sink->failure.status != PE_OK) {
        pe_sink_abort(sink);
        return repeat_failure(sink, err);
    }
    sink->is_finished = true;
    sink->is_durable = is_durable;
    return sink->kind->commit(sink, err);
}

void pe_sink_abort(pe_sink *sink)
{
    if (sink->is_finished)
        return;
    sink->is_finished = true;
    if (sink->row_stream != NULL)
        sink->row_stream->is_torn = true;
    sink->kind->abort(sink);
}

void pe_sink_free(pe_sink *sink)
{
    if (sink == NULL)
        return;
    pe_sink_abort(sink);
    release(sink);
}

size_t pe_sink_memory(const pe_sink_spec *spec, size_t row_bytes)
{
    pe_error ignored = PE_ERROR_INIT;
    pe_format format = PE_FORMAT_AUTO;
    size_t bytes = 0;
    if (pe_sink_check(spec, &format, &ignored) != PE_OK || format == PE_FORMAT_NULL || format == PE_FORMAT_DIGEST ||
        !pe_path_is_buffered(spec->path, spec->order))
        return 0;
    if (spec->items == UINT64_MAX)
        return PE_SEGMENT_BYTES;
    if (!pe_mul_size(spec->items, row_bytes, &bytes) || bytes > SIZE_MAX / 2)
        return SIZE_MAX;
    /* the head of a segment is less than an 8192nd part of it; the last segment is not full, the first has the header */
    return bytes + bytes / 8192 + 2 * PE_SEGMENT_BYTES;
}

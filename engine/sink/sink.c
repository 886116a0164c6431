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
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "format/packed/pack.h"
#include "os/file/durable.h"
#include "sink/packed/packer.h"
#include "sink/sink_vtable.h"

static const pe_sink_vtable *const kinds[] = {
    [PE_FORMAT_AUTO] = NULL,           [PE_FORMAT_NPY] = &pe_npy_sink,    [PE_FORMAT_HDF5] = &pe_hdf5_sink,
    [PE_FORMAT_CSV] = &pe_file_sink,   [PE_FORMAT_TSV] = &pe_file_sink,   [PE_FORMAT_TXT] = &pe_file_sink,
    [PE_FORMAT_JSONL] = &pe_file_sink, [PE_FORMAT_RAW] = &pe_file_sink,   [PE_FORMAT_DIGEST] = &pe_digest_sink,
    [PE_FORMAT_NULL] = &pe_null_sink,  [PE_FORMAT_BYTES] = &pe_file_sink,
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
        if (sink->stream != NULL && sink->stream->is_resumed) /* what the checkpoint describes stays */
            sink->stream->is_suspended = true;
        release(sink);
        return status;
    }
    sink->items = spec->resumed == NULL ? 0 : spec->resumed->items;
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

/* Counts the items of a write. One that fails after its bytes are in the file (its rename, a header) counts none of them: a
 * checkpoint would list bytes of items that are computed again. A packer's bytes are not those of one write; no checkpoint
 * follows its failure. */
static pe_status end_write(pe_sink *sink, pe_status status, uint64_t bytes_before, uint64_t items, pe_error *err)
{
    if (status == PE_OK) {
        sink->items += items;
        return PE_OK;
    }
    if (sink->stream != NULL && !sink->is_packed) {
        sink->stream->is_torn = sink->stream->is_torn || sink->stream->bytes > bytes_before;
        sink->stream->bytes = bytes_before;
    }
    return repeat_failure(sink, err);
}

pe_status pe_sink_write(pe_sink *sink, const void *data, size_t bytes, uint64_t items, pe_error *err)
{
    assert(!sink->is_finished);
    if (sink->failure.status != PE_OK)
        return repeat_failure(sink, err);
    const uint64_t before = sink->stream != NULL ? sink->stream->bytes : 0;
    return end_write(sink, sink->kind->write(sink, data, bytes, items, &sink->failure), before, items, err);
}

pe_status pe_sink_advance(pe_sink *sink, size_t bytes, uint64_t items, pe_error *err)
{
    assert(!sink->is_finished && sink->row_stream != NULL);
    if (sink->failure.status != PE_OK)
        return repeat_failure(sink, err);
    const uint64_t before = sink->row_stream->bytes;
    return end_write(sink, sink->kind->advance(sink, bytes, items, &sink->failure), before, items, err);
}

pe_status pe_sink_open_row_file(const pe_sink *sink, size_t row_bytes, pe_row_file *out, pe_error *err)
{
    *out = (pe_row_file){0};
    if (sink->row_stream == NULL)
        return PE_OK;
    const pe_status status =
        pe_row_file_open(pe_output_stream_file(sink->row_stream), sink->first_row_offset, row_bytes, out, err);
    const pe_output_stream *const stream = sink->row_stream;
    out->probe =
        stream->ahead_end > stream->bytes ? stream->ahead_end : stream->bytes; /* after the rows of an earlier run */
    return status;
}

void pe_sink_end_probes(const pe_sink *sink)
{
    const pe_output_stream *const stream = sink->row_stream;
    if (stream != NULL && stream->ahead_end > stream->bytes)
        (void)!ftruncate(stream->fd,
                         (off_t)stream->ahead_end); /* else it ends in probes, which --resume finds too long */
}

uint64_t pe_sink_rows_end(const pe_sink *sink, uint64_t rows, size_t row_bytes)
{
    return sink->first_row_offset + rows * row_bytes;
}

bool pe_sink_can_write_ahead(const pe_sink *sink)
{
    return sink->row_stream != NULL && !(sink->format == PE_FORMAT_RAW && sink->row_stream->is_growing);
}

void pe_sink_set_ahead_end(pe_sink *sink, uint64_t end)
{
    if (sink->row_stream != NULL && end > sink->row_stream->ahead_end)
        sink->row_stream->ahead_end = end;
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

/* ---- going on in a later run ---- */

pe_status pe_sink_mark_now(pe_sink *sink, pe_sink_mark *mark, pe_buffer *state, pe_error *err)
{
    const size_t before = state->size;
    struct stat facts = {.st_ino = 0};
    const bool has_rows = sink->format != PE_FORMAT_DIGEST && sink->stream != NULL; /* else a line at the end */
    if (sink->is_packed && sink->failure.status != PE_OK) /* the rows that the packer holds are not whole */
        return repeat_failure(sink, err);
    pe_status status = sink->kind->save == NULL ? PE_OK : sink->kind->save(sink, state, &sink->failure);
    if (status != PE_OK)
        return repeat_failure(sink, err);
    if (has_rows && fstat(sink->stream->fd, &facts) != 0)
        return pe_fail(err, PE_EIO, "%s: the inode of the output file cannot be read", sink->stream->name);
    *mark = (pe_sink_mark){.inode = has_rows ? facts.st_ino : 0,
                           .bytes = has_rows ? sink->stream->bytes : 0,
                           .items = sink->items,
                           .state = state->data + before,
                           .state_bytes = state->size - before};
    return status;
}

pe_status pe_sink_sync(const pe_sink *sink, pe_error *err)
{
    const pe_output_stream *const stream = sink->stream;
    const bool is_open = stream != NULL && stream->fd >= 0;
    const bool is_file = is_open && stream->file.is_regular;
    const pe_status status =
        is_file || (is_open && stream->is_recorded_stdout) ? pe_durable_data(stream->fd, stream->name, err) : PE_OK;
    /* the directory, too: the checkpoint may lie in another one. The temporary name may change meanwhile, the path does not */
    return is_file && status == PE_OK ? pe_durable_name(stream->file.path, stream->fd, err) : status;
}

bool pe_sink_stay_at_exit(pe_sink *sink)
{
    return sink->stream == NULL || pe_out_stay_at_exit(&sink->stream->file);
}

void pe_sink_trim(pe_sink *sink)
{
    if (sink->row_stream != NULL)
        sink->row_stream->is_torn = true;
    if (sink->stream != NULL)
        pe_output_stream_trim(sink->stream);
}

void pe_sink_leave_marker(pe_sink *sink)
{
    if (sink->stream != NULL)
        sink->stream->file.leaves_marker = true;
}

void pe_sink_suspend(pe_sink *sink)
{
    if (sink->is_finished)
        return;
    if (sink->stream != NULL && sink->stream->file.is_regular)
        sink->stream->is_suspended = true;
    pe_sink_abort(sink);
}

void pe_sink_free(pe_sink *sink)
{
    if (sink == NULL)
        return;
    pe_sink_abort(sink);
    release(sink);
}

pe_status pe_sink_library(const pe_sink_spec *spec, pe_buffer *out, pe_error *err)
{
    return pe_pack_library(pe_sink_packing(spec), out, err);
}

size_t pe_sink_memory(const pe_sink_spec *spec, size_t row_bytes)
{
    pe_error ignored = PE_ERROR_INIT;
    pe_format format = PE_FORMAT_AUTO;
    size_t bytes = 0;
    if (pe_sink_check(spec, &format, &ignored) != PE_OK || format == PE_FORMAT_NULL || format == PE_FORMAT_DIGEST)
        return 0;
    if (!pe_path_is_buffered(spec->path, spec->order))
        return pe_packer_memory(pe_sink_packing(spec));
    if (spec->items == UINT64_MAX)
        return PE_SEGMENT_BYTES;
    if (!pe_mul_size(spec->items, row_bytes, &bytes) || bytes > SIZE_MAX / 2)
        return SIZE_MAX;
    /* the head of a segment is less than an 8192nd part of it; the last segment is not full, the first has the header */
    return bytes + bytes / 8192 + 2 * PE_SEGMENT_BYTES;
}

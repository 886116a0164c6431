/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* binary_rows.c - rows of fixed size in a file or a stream: where they lie, and as what types their fields may be taken.
 *
 * Threads:  see source_vtable.h.
 * Not here: headers and sizes of files (npy_source.c, raw_source.c), the reading (binary_read.c).
 */
#include "source/binary/binary_rows.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"

static const pe_binary_source *binary_of(const pe_source *source)
{
    return (const pe_binary_source *)source;
}

/* ---- open on another rank, bind, byte ranges ---- */

pe_status pe_binary_save(const pe_source *source, pe_buffer *out, pe_error *err)
{
    return pe_buffer_append(out, &binary_of(source)->layout, sizeof(pe_binary_layout), err);
}

pe_status pe_binary_load(pe_source *source, const unsigned char *data, size_t size, pe_error *err)
{
    pe_binary_source *const binary = (pe_binary_source *)source;
    if (size < sizeof binary->layout)
        return pe_fail(err, PE_EBUG, "%s came with %zu bytes about its rows", source->info.name, size);
    memcpy(&binary->layout, data, sizeof binary->layout);
    pe_binary_name(source);
    source->is_fetched = binary->layout.is_fetched;
    return binary->layout.is_fortran && source->is_local ? pe_binary_open_fortran(binary, err) : PE_OK;
}

void pe_binary_close(pe_source *source)
{
    pe_binary_source *const binary = (pe_binary_source *)source;
    pe_stream_fini(&binary->stream);
    if (binary->file > 0)
        (void)close(binary->file); /* only read from: nothing can be lost */
}

static pe_status refuse_cast(const pe_source *source, pe_dtype have, pe_dtype want, pe_error *err)
{
    return pe_fail(err, PE_ECONFIG, "%s: %s is %s here and could lose value as %s", source->spec->where,
                   source->info.name, pe_dtype_name(have), pe_dtype_name(want));
}

/* Fewer arguments than columns: a vector takes as many as it has elements. */
static pe_status bind_vectors(const pe_source *source, const pe_type *want, pe_error *err)
{
    const pe_binary_layout *const rows = &binary_of(source)->layout;
    uint64_t taken = 0;
    bool are_single = true;
    for (int f = 0; f < rows->field_count; f++)
        are_single = are_single && rows->fields[f].elements == 1;
    for (int c = 0; c < source->want_count; c++)
        taken += pe_type_elements(want[c]);
    if (taken != (uint64_t)rows->field_count || !are_single)
        return pe_fail(err, PE_ECONFIG,
                       "%s: %s gives %d columns, but the arguments take %" PRIu64 ": select them with columns = [...]",
                       source->spec->where, source->info.name, rows->field_count, taken);
    int f = 0;
    for (int c = 0; c < source->want_count; c++)
        for (uint32_t e = 0; e < pe_type_elements(want[c]); e++, f++)
            if (pe_dtype_cast(source->info.types[f].dtype, want[c].dtype) == PE_CAST_REFUSED)
                return refuse_cast(source, source->info.types[f].dtype, want[c].dtype, err);
    return PE_OK;
}

pe_status pe_binary_bind(pe_source *source, const pe_type *want, pe_error *err)
{
    const pe_binary_layout *const rows = &binary_of(source)->layout;
    if (rows->has_choice && source->want_count != rows->field_count)
        return bind_vectors(source, want, err);
    return source->want_count == rows->field_count
               ? pe_source_vtable_bind(source, want, err)
               : pe_fail(err, PE_ECONFIG,
                         "%s: %s gives one argument of %" PRIu32 " elements, but the kernel takes "
                         "%d: columns = [0, 1, ...] makes an argument of each",
                         source->spec->where, source->info.name, rows->fields[0].elements, source->want_count);
}

pe_byte_range pe_binary_byte_range(const pe_source *source, pe_block block)
{
    const pe_binary_layout *const rows = &binary_of(source)->layout;
    return (pe_byte_range){.offset = rows->data_offset + block.first * rows->row_bytes,
                           .bytes = block.count * rows->row_bytes,
                           .first = block.first};
}

size_t pe_binary_chunk_bytes(const pe_source *source, uint64_t chunk_items)
{
    size_t bytes;
    if (source->info.count < chunk_items)
        chunk_items = source->info.count;
    return pe_mul_size(chunk_items, binary_of(source)->layout.row_bytes, &bytes) ? bytes : SIZE_MAX;
}

/* ---- stream ---- */

/* The stream is over, and less than a row is left. */
static pe_status check_end(const pe_binary_source *binary, pe_error *err)
{
    const size_t left = pe_stream_size(&binary->stream);
    const char *const name = binary->base.info.name;
    if (binary->declared_rows != PE_COUNT_UNKNOWN && binary->consumed < binary->declared_rows)
        return pe_fail(err, PE_EDATA,
                       "%s: truncated: its header has %" PRIu64 " items of %zu bytes, but it ended within item "
                       "%" PRIu64 " (%zu bytes of it)",
                       name, binary->declared_rows, binary->layout.row_bytes, binary->consumed, left);
    if (left > 0 && binary->declared_rows == PE_COUNT_UNKNOWN)
        return pe_fail(err, PE_EDATA,
                       "%s: ends within item %" PRIu64 ": %zu bytes are left where an item takes %zu: is the dtype "
                       "right?",
                       name, binary->consumed, left, binary->layout.row_bytes);
    return PE_OK;
}

/* Is the stream over? Rows already in hand go out before a wrong end is reported. */
static pe_status finish(const pe_binary_source *binary, uint64_t count, bool *ended, pe_error *err)
{
    *ended = binary->consumed == binary->declared_rows;
    if (*ended || !binary->stream.has_ended || pe_stream_size(&binary->stream) >= binary->layout.row_bytes)
        return PE_OK;
    pe_error inner = PE_ERROR_INIT;
    const pe_status status = check_end(binary, &inner);
    *ended = status == PE_OK;
    return status == PE_OK || count > 0 ? PE_OK : pe_fail(err, status, "%s", inner.text);
}

/* How many rows the next block may have. */
static uint64_t most_rows(const pe_binary_source *binary, const pe_source_limits *limits)
{
    const uint64_t fit = limits->bytes / binary->layout.row_bytes > 0 ? limits->bytes / binary->layout.row_bytes : 1;
    const uint64_t most = fit < limits->items ? fit : limits->items;
    const uint64_t left = binary->declared_rows == PE_COUNT_UNKNOWN ? most : binary->declared_rows - binary->consumed;
    return left < most ? left : most;
}

pe_status pe_binary_next(pe_source *source, const pe_source_limits *limits, pe_buffer *bytes, pe_source_taken *taken,
                         pe_error *err)
{
    pe_binary_source *const binary = (pe_binary_source *)source;
    pe_stream *const stream = &binary->stream;
    const pe_deadline deadline = pe_deadline_in(limits->timeout_ms);
    const size_t row = binary->layout.row_bytes;
    const uint64_t most = most_rows(binary, limits);
    bool arrived = true;
    while (arrived && !stream->has_ended && pe_stream_size(stream) / row < most) {
        const pe_status status = pe_stream_fill(stream, source->fd, source->info.name, deadline, &arrived, err);
        if (status != PE_OK)
            return status;
    }
    const uint64_t whole = pe_stream_size(stream) / row;
    taken->count = whole < most ? whole : most;
    const size_t size = (size_t)taken->count * row;
    taken->byte_range = (pe_byte_range){.offset = stream->offset, .bytes = size, .first = binary->consumed};
    const pe_status status = pe_buffer_append(bytes, pe_stream_data(stream), size, err);
    if (status != PE_OK)
        return status;
    pe_stream_take(stream, size);
    binary->consumed += taken->count;
    return finish(binary, taken->count, &taken->ended, err);
}

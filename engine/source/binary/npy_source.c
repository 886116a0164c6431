/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* npy_source.c - numpy arrays of one or two dimensions.
 *
 * Design:   (n,) and (n, 1) give n scalars; (n, k) gives n items of shape [k], or with columns = [0, 2] one argument each. Both
 *           byte orders are read; big-endian elements are swapped as they are delivered. Fortran order is refused where
 *           it would matter, since a row is not in one piece there. As numpy.load does, bytes behind the array are left
 *           alone; missing ones are an error. From a stream the header is read first, and the rest is rows.
 * Threads:  see source_vtable.h.
 * Not here: the header's grammar (format/npy.c), the rows (binary_rows.c).
 */
#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"
#include "format/npy.h"
#include "source/binary/binary_rows.h"

#define VALID_DTYPES "bool, int8 to int64, uint8 to uint64, float32 or float64"
#define MAX_WIDTH (UINT64_C(1) << 20)
#define STREAM_HEADER_MAX ((size_t)1 << 20)

/* ---- what the header says against what can be done ---- */

static pe_status check_order(const char *name, const pe_npy_header *header, pe_error *err)
{
    if (!header->is_ours)
        return pe_fail(err, PE_EDATA, "%s: dtype %s (%s) cannot be an input: expected " VALID_DTYPES, name,
                       header->descr, header->kind);
    if (header->dims < 1 || header->dims > 2)
        return pe_fail(err, PE_EDATA, "%s: has %d dimensions: expected one, or two (items of a vector each)", name,
                       header->dims);
    /* Where at most one index moves, both orders are the same bytes. */
    if (header->is_fortran && header->dims == 2 && header->shape[0] > 1 && header->shape[1] > 1)
        return pe_fail(err, PE_EDATA,
                       "%s: is in Fortran order (column by column): expected C order; numpy.save(path, "
                       "numpy.ascontiguousarray(a)) writes it so",
                       name);
    if (header->dims == 2 && (header->shape[1] == 0 || header->shape[1] > MAX_WIDTH))
        return pe_fail(err, PE_EDATA,
                       "%s: shape (%" PRIu64 ", %" PRIu64 "): the items of a vector have 1 to 2^20 elements", name,
                       header->shape[0], header->shape[1]);
    return PE_OK;
}

/* Every argument of the input is to be of `type`, which is what the spec declares. */
static pe_status declare(pe_source *source, pe_type have, pe_type *type, pe_error *err)
{
    const pe_source_spec *const spec = source->spec;
    *type = have;
    if (!spec->has_dtype)
        return PE_OK;
    char have_name[PE_TYPE_NAME_ROOM], want_name[PE_TYPE_NAME_ROOM];
    type->dtype = spec->dtype.dtype;
    if (spec->dtype.width == 1 && have.width == 0)
        type->width = 1;
    else if (spec->dtype.width != 0 && spec->dtype.width != have.width)
        return pe_fail(err, PE_ECONFIG, "%s: dtype: %s has items of %s, which is no %s", spec->where, source->info.name,
                       pe_type_print(have, have_name), pe_type_print(spec->dtype, want_name));
    if (pe_dtype_cast(have.dtype, type->dtype) == PE_CAST_REFUSED)
        return pe_fail(err, PE_ECONFIG, "%s: dtype: %s holds %s, which could lose value as %s", spec->where,
                       source->info.name, pe_dtype_name(have.dtype), pe_dtype_name(type->dtype));
    return PE_OK;
}

static pe_status choose(pe_binary_source *binary, const pe_npy_header *header, pe_error *err)
{
    const pe_source_spec *const spec = binary->base.spec;
    const char *const name = binary->base.info.name;
    if (header->dims != 2)
        return pe_fail(err, PE_ECONFIG, "%s: columns: %s has one dimension, so there are none to select", spec->where,
                       name);
    if (spec->column_count > PE_MAX_COLUMNS)
        return pe_fail(err, PE_ECONFIG, "%s: columns: expected at most %d, got %d", spec->where, PE_MAX_COLUMNS,
                       spec->column_count);
    for (int i = 0; i < spec->column_count; i++) {
        const pe_column_choice *const column = &spec->columns[i];
        if (column->name != NULL)
            return pe_fail(err, PE_ECONFIG,
                           "%s: columns: \"%s\": the columns of an npy have no names: expected numbers from 0 to "
                           "%" PRIu64,
                           spec->where, column->name, header->shape[1] - 1);
        if (column->number >= header->shape[1])
            return pe_fail(err, PE_ECONFIG, "%s: columns: there is no column %" PRIu64 ": %s has %" PRIu64 " (from 0)",
                           spec->where, column->number, name, header->shape[1]);
        binary->layout.chosen[i] = (uint32_t)column->number;
    }
    binary->layout.has_choice = true;
    binary->layout.chosen_count = (uint32_t)spec->column_count;
    return PE_OK;
}

static pe_status take_header(pe_binary_source *binary, const pe_npy_header *header, pe_error *err)
{
    pe_source *const source = &binary->base;
    pe_status status = check_order(source->info.name, header, err);
    if (status != PE_OK)
        return status;
    const uint32_t elements = header->dims == 2 ? (uint32_t)header->shape[1] : 1;
    binary->layout = (pe_binary_layout){.dtype = header->dtype,
                                        .is_big_endian = header->is_big_endian,
                                        .elements = elements,
                                        .row_bytes = elements * pe_dtype_bytes(header->dtype),
                                        .data_offset = header->data_offset};
    if (source->spec->columns != NULL)
        status = choose(binary, header, err);
    const bool is_scalar = elements == 1 || binary->layout.has_choice;
    const pe_type have = {header->dtype, is_scalar ? 0 : elements};
    pe_type type = have;
    if (status == PE_OK)
        status = declare(source, have, &type, err);
    source->info.columns = binary->layout.has_choice ? (int)binary->layout.chosen_count : 1;
    for (int c = 0; c < source->info.columns; c++)
        source->info.types[c] = type;
    return status;
}

/* ---- file ---- */

static pe_status open_file(pe_binary_source *binary, pe_error *err)
{
    pe_source *const source = &binary->base;
    pe_npy_header header;
    pe_status status = pe_npy_parse(source->map.data, source->map.size, source->info.name, &header, err);
    if (status == PE_OK)
        status = take_header(binary, &header, err);
    if (status != PE_OK)
        return status;
    const uint64_t there = source->map.size - header.data_offset;
    size_t needed;
    if (!pe_mul_size(header.shape[0], binary->layout.row_bytes, &needed) || needed > there)
        return pe_fail(err, PE_EDATA,
                       "%s: truncated: its header promises %" PRIu64 " items of %zu bytes, but %" PRIu64
                       " bytes of data are there, enough for %" PRIu64,
                       source->info.name, header.shape[0], binary->layout.row_bytes, there,
                       there / binary->layout.row_bytes);
    source->total = header.shape[0];
    return PE_OK;
}

/* ---- stream ---- */

/* The bytes that a header takes in all, from its first twelve; 12 for what is no npy (the parser will say so). */
static size_t header_bytes(const unsigned char *data)
{
    if (memcmp(data, "\x93NUMPY", 6) != 0)
        return 12;
    const size_t low = (size_t)data[8] | (size_t)data[9] << 8;
    return data[6] == 1 ? 10 + low : 12 + (low | (size_t)data[10] << 16 | (size_t)data[11] << 24);
}

static pe_status fill_to(pe_binary_source *binary, size_t size, pe_error *err)
{
    const pe_source *const source = &binary->base;
    while (pe_stream_size(&binary->stream) < size && !binary->stream.has_ended) {
        bool arrived = false;
        const pe_status status = pe_stream_fill(&binary->stream, source->fd, source->info.name,
                                                pe_deadline_in(PE_STREAM_FOREVER), &arrived, err);
        if (status != PE_OK)
            return status;
    }
    return PE_OK;
}

static pe_status open_stream(pe_binary_source *binary, pe_error *err)
{
    const char *const name = binary->base.info.name;
    pe_stream *const stream = &binary->stream;
    pe_status status = fill_to(binary, 12, err);
    if (status != PE_OK)
        return status;
    const size_t needed = pe_stream_size(stream) < 12 ? 0 : header_bytes(pe_stream_data(stream));
    if (needed > STREAM_HEADER_MAX)
        return pe_fail(err, PE_EDATA, "%s: npy header of %zu bytes: expected at most %zu", name, needed,
                       STREAM_HEADER_MAX);
    status = fill_to(binary, needed, err);
    pe_npy_header header;
    if (status == PE_OK)
        status = pe_npy_parse(pe_stream_data(stream), pe_stream_size(stream), name, &header, err);
    if (status == PE_OK)
        status = take_header(binary, &header, err);
    if (status != PE_OK)
        return status;
    pe_stream_take(stream, header.data_offset);
    binary->declared_rows = header.shape[0];
    binary->base.total = PE_COUNT_UNKNOWN;
    return PE_OK;
}

static pe_status open_npy(pe_source *source, pe_error *err)
{
    pe_binary_source *const binary = (pe_binary_source *)source;
    binary->declared_rows = PE_COUNT_UNKNOWN;
    return source->info.is_stream ? open_stream(binary, err) : open_file(binary, err);
}

const pe_source_vtable pe_kind_npy = {
    .name = "npy",
    .source_bytes = sizeof(pe_binary_source),
    .reader_bytes = sizeof(pe_binary_reader),
    .open = open_npy,
    .save = pe_binary_save,
    .load = pe_binary_load,
    .close = pe_binary_close,
    .bind = pe_binary_bind,
    .can_group = true,
    .byte_range = pe_binary_byte_range,
    .next = pe_binary_next,
    .reader_open = pe_binary_reader_open,
    .reader_close = pe_binary_reader_close,
    .read = pe_binary_read,
    .memory = pe_binary_memory,
    .chunk_bytes = pe_binary_chunk_bytes,
};

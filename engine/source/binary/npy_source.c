/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* npy_source.c - numpy arrays.
 *
 * Design:   the first axis counts the items, and the others make each a vector; with each = "element" every element is an
 *           item. columns select elements of a row of two dimensions, or the fields of a structured array. Both byte
 *           orders are read. As numpy.load does, bytes after the array are left alone; missing ones are an error.
 *           From a stream the header is read first, and the rest is rows.
 * Threads:  see source_vtable.h.
 * Not here: the header's grammar (format/npy.c), the rows (binary_rows.c), fields (npy_columns.c), Fortran order
 *           (binary_fortran.c).
 */
#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"
#include "source/binary/npy_source.h"

#define VALID_DTYPES                                                                                                   \
    "bool, int8 to int64, uint8 to uint64, float16 to float64, complex64, complex128, dates, text (U, S), or fields "  \
    "of "                                                                                                              \
    "these"
#define STREAM_HEADER_MAX ((size_t)1 << 20)

/* ---- what the header says against what can be done ---- */

static pe_binary_field field_of(const pe_npy_element *element)
{
    return (pe_binary_field){.dtype = element->dtype,
                             .is_big_endian = element->is_big_endian,
                             .is_utf32 = element->is_utf32,
                             .elements = 1,
                             .element_bytes = element->bytes};
}

/* Where at most one index moves, both orders are the same bytes. */
static bool is_column_by_column(const pe_npy_header *header)
{
    int moving = 0;
    for (int d = 0; d < header->dims; d++)
        moving += header->shape[d] > 1;
    return header->is_fortran && moving > 1;
}

static pe_status take_order(pe_binary_source *binary, const pe_npy_header *header, pe_error *err)
{
    pe_binary_layout *const rows = &binary->layout;
    if (!is_column_by_column(header) || header->count == 0)
        return PE_OK;
    if (binary->base.info.is_stream)
        return pe_fail(
            err, PE_EDATA,
            "%s: is in Fortran order (column by column), which cannot be read from a stream: expected a file, "
            "or C order; numpy.save(path, numpy.ascontiguousarray(a)) writes it so",
            binary->base.info.name);
    rows->is_fortran = true;
    rows->is_fetched = true;
    rows->is_by_element = binary->base.spec->each == PE_EACH_ELEMENT;
    rows->dims = header->dims;
    memcpy(rows->shape, header->shape, sizeof rows->shape);
    binary->base.is_fetched = true;
    return PE_OK;
}

/* An array of one plain dtype. */
static pe_status take_plain(pe_binary_source *binary, const pe_npy_header *header, uint32_t width, pe_error *err)
{
    pe_source *const source = &binary->base;
    pe_binary_layout *const rows = &binary->layout;
    if (!header->element.is_ours)
        return pe_fail(err, PE_EDATA, "%s: dtype %s (%s) cannot be an input: expected " VALID_DTYPES, source->info.name,
                       header->descr, header->element.kind);
    rows->field_count = 1;
    rows->fields[0] = field_of(&header->element);
    rows->fields[0].elements = width;
    rows->row_bytes = width * header->element.bytes;
    const pe_binary_field element = rows->fields[0];
    pe_status status = PE_OK;
    if (source->spec->columns != NULL)
        status = pe_binary_choose(binary, header->dims, width, &element, err);
    return status == PE_OK ? take_order(binary, header, err) : status;
}

static pe_status take_header(pe_binary_source *binary, const pe_npy_header *header, uint64_t *items, pe_error *err)
{
    pe_source *const source = &binary->base;
    uint32_t width = 1;
    binary->layout = (pe_binary_layout){.data_offset = header->data_offset, .is_unpacked = binary->layout.is_unpacked};
    pe_status status = pe_binary_shape(source, header->shape, header->dims, items, &width, err);
    if (status == PE_OK && header->is_structured)
        status = pe_npy_take_fields(binary, header, width, err);
    else if (status == PE_OK)
        status = take_plain(binary, header, width, err);
    return status == PE_OK ? pe_binary_declare(source, err) : status;
}

/* ---- file ---- */

pe_status pe_npy_open_at(pe_binary_source *binary, uint64_t begin, size_t size, pe_error *err)
{
    pe_source *const source = &binary->base;
    const unsigned char *const data = size > 0 ? source->map.data + begin : NULL;
    pe_npy_header header;
    uint64_t items = 0;
    pe_status status = pe_npy_parse(data, size, source->info.name, &header, err);
    if (status == PE_OK)
        status = take_header(binary, &header, &items, err);
    if (status != PE_OK)
        return status;
    const uint64_t there = size - header.data_offset;
    size_t needed;
    if (!pe_mul_size(items, binary->layout.row_bytes, &needed) || needed > there)
        return pe_fail(err, PE_EDATA,
                       "%s: truncated: its header has %" PRIu64 " items of %zu bytes, but %" PRIu64
                       " bytes of data are there, enough for %" PRIu64,
                       source->info.name, items, binary->layout.row_bytes, there, there / binary->layout.row_bytes);
    source->total = items;
    binary->layout.data_offset += begin;
    return binary->layout.is_fortran ? pe_binary_open_fortran(binary, err) : PE_OK;
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
    uint64_t items = 0;
    if (status == PE_OK)
        status = pe_npy_parse(pe_stream_data(stream), pe_stream_size(stream), name, &header, err);
    if (status == PE_OK)
        status = take_header(binary, &header, &items, err);
    if (status != PE_OK)
        return status;
    pe_stream_take(stream, header.data_offset);
    binary->declared_rows = items;
    binary->base.total = PE_COUNT_UNKNOWN;
    return PE_OK;
}

static pe_status open_npy(pe_source *source, pe_error *err)
{
    pe_binary_source *const binary = (pe_binary_source *)source;
    binary->declared_rows = PE_COUNT_UNKNOWN;
    return source->info.is_stream ? open_stream(binary, err) : pe_npy_open_at(binary, 0, source->map.size, err);
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
    .fetch = pe_binary_fetch_fortran,
    .reader_open = pe_binary_reader_open,
    .reader_close = pe_binary_reader_close,
    .rewind = pe_binary_reader_rewind,
    .read = pe_binary_read,
    .memory = pe_binary_memory,
    .chunk_bytes = pe_binary_chunk_bytes,
};

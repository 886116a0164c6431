/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* binary_rows.c - reads rows of binary elements into columns, from a file or a stream.
 *
 * Design:   a column that needs no conversion is copied straight from the file's bytes. Any other is copied in batches
 *           to an aligned scratch buffer, because the file's bytes have no alignment, and converted from there. Big-endian elements are swapped where they landed.
 * Threads:  see source_vtable.h.
 * Not here: headers and sizes of files (npy_source.c, raw_source.c).
 */
#include "source/binary/binary_rows.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "source/bind_columns.h"

#define SCRATCH_BYTES ((size_t)32 << 10)

static const pe_binary_source *binary_of(const pe_source *source)
{
    return (const pe_binary_source *)source;
}

/* ---- open elsewhere, bind, byte_ranges ---- */

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
    return PE_OK;
}

void pe_binary_close(pe_source *source)
{
    pe_stream_fini(&((pe_binary_source *)source)->stream);
}

pe_status pe_binary_bind(pe_source *source, const pe_type *want, pe_error *err)
{
    const pe_binary_layout *const rows = &binary_of(source)->layout;
    if (rows->has_choice)
        return pe_bind_columns(source, want, rows->chosen_count, err);
    return source->want_count == 1
               ? pe_source_vtable_bind(source, want, err)
               : pe_fail(err, PE_ECONFIG,
                         "%s: %s gives one argument of %" PRIu32 " elements, but the kernel takes "
                         "%d: columns = [0, 1, ...] makes an argument of each",
                         source->spec->where, source->info.name, rows->elements, source->want_count);
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
                       "%s: truncated: its header promises %" PRIu64 " items of %zu bytes, but it ended within item "
                       "%" PRIu64 " (%zu bytes of it)",
                       name, binary->declared_rows, binary->layout.row_bytes, binary->consumed, left);
    if (left > 0 && binary->declared_rows == PE_COUNT_UNKNOWN)
        return pe_fail(err, PE_EDATA,
                       "%s: ends within item %" PRIu64 ": %zu bytes are left where an item takes %zu: is the dtype "
                       "right?",
                       name, binary->consumed, left, binary->layout.row_bytes);
    return PE_OK;
}

/* Is the stream over? Rows already in hand go out before an end that is wrong is told. */
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
static uint64_t most_rows(const pe_binary_source *binary, uint64_t most_items, size_t most_bytes)
{
    const uint64_t fit = most_bytes / binary->layout.row_bytes > 0 ? most_bytes / binary->layout.row_bytes : 1;
    const uint64_t most = fit < most_items ? fit : most_items;
    const uint64_t left = binary->declared_rows == PE_COUNT_UNKNOWN ? most : binary->declared_rows - binary->consumed;
    return left < most ? left : most;
}

pe_status pe_binary_next(pe_source *source, uint64_t most_items, size_t most_bytes, int timeout_ms, pe_buffer *out,
                         pe_byte_range *byte_range, uint64_t *count, bool *ended, pe_error *err)
{
    pe_binary_source *const binary = (pe_binary_source *)source;
    pe_stream *const stream = &binary->stream;
    const pe_deadline deadline = pe_deadline_in(timeout_ms);
    const size_t row = binary->layout.row_bytes;
    const uint64_t most = most_rows(binary, most_items, most_bytes);
    bool arrived = true;
    while (arrived && !stream->has_ended && pe_stream_size(stream) / row < most) {
        const pe_status status = pe_stream_fill(stream, source->fd, source->info.name, deadline, &arrived, err);
        if (status != PE_OK)
            return status;
    }
    const uint64_t whole = pe_stream_size(stream) / row;
    *count = whole < most ? whole : most;
    *byte_range = (pe_byte_range){.offset = stream->offset, .bytes = *count * row, .first = binary->consumed};
    const pe_status status = pe_buffer_append(out, pe_stream_data(stream), byte_range->bytes, err);
    if (status != PE_OK)
        return status;
    pe_stream_take(stream, byte_range->bytes);
    binary->consumed += *count;
    return finish(binary, *count, ended, err);
}

/* ---- reading ---- */

/* One element of every row, each `step` bytes after the other in out. */
static void gather(const unsigned char *from, size_t row, unsigned char *out, size_t step, size_t bytes, size_t count)
{
    switch (bytes) { /* sizes that the compiler knows are moved as one word */
    case 4:
        for (size_t i = 0; i < count; i++)
            memcpy(out + i * step, from + i * row, 4);
        break;
    case 8:
        for (size_t i = 0; i < count; i++)
            memcpy(out + i * step, from + i * row, 8);
        break;
    default:
        for (size_t i = 0; i < count; i++)
            memcpy(out + i * step, from + i * row, bytes);
        break;
    }
}

static void swap_bytes(unsigned char *data, size_t bytes, size_t count)
{
    for (size_t i = 0; i < count; i++, data += bytes)
        for (size_t low = 0, high = bytes - 1; low < high; low++, high--) {
            const unsigned char kept = data[low];
            data[low] = data[high];
            data[high] = kept;
        }
}

/* One column of a read: `elements` of each row, the j-th at number[j], or all in order. */
typedef struct column {
    const pe_binary_source *binary;
    const uint32_t *number; /* NULL: all of the row */
    uint32_t elements;
    pe_dtype want;
} column;

static void gather_rows(const column *c, const unsigned char *from, unsigned char *out, size_t count)
{
    const pe_binary_layout *const rows = &c->binary->layout;
    const size_t bytes = pe_dtype_bytes(rows->dtype);
    if (c->number == NULL)
        memcpy(out, from, count * rows->row_bytes);
    for (uint32_t j = 0; c->number != NULL && j < c->elements; j++)
        gather(from + c->number[j] * bytes, rows->row_bytes, out + j * bytes, c->elements * bytes, bytes, count);
    if (rows->is_big_endian)
        swap_bytes(out, bytes, count * c->elements);
}

/* Element number `bad` of the rows from item first on is wrong for the reason in inner. */
static pe_status refuse(const column *c, uint64_t first, size_t bad, const pe_error *inner, pe_error *err)
{
    const uint64_t item = first + bad / c->elements;
    const uint32_t element = (uint32_t)(bad % c->elements);
    const char *const name = c->binary->base.info.name;
    if (c->number != NULL)
        return pe_fail_item(err, inner->status, item, "%s: item %" PRIu64 ", column %" PRIu32 ": %s", name, item,
                            c->number[element], inner->text);
    if (c->elements > 1)
        return pe_fail_item(err, inner->status, item, "%s: item %" PRIu64 ", element %" PRIu32 ": %s", name, item,
                            element, inner->text);
    return pe_fail_item(err, inner->status, item, "%s: item %" PRIu64 ": %s", name, item, inner->text);
}

static pe_status check_bools(const unsigned char *data, size_t count, size_t *bad, pe_error *err)
{
    for (size_t i = 0; i < count; i++)
        if (data[i] > 1) {
            *bad = i;
            return pe_fail(err, PE_EDATA, "the byte %u is no bool: expected 0 or 1", data[i]);
        }
    return PE_OK;
}

/* `count` rows into out, through scratch when they have to be converted. */
static pe_status read_rows(const column *c, uint64_t first, const unsigned char *from, size_t count, void *out,
                           unsigned char *scratch, pe_error *err)
{
    const pe_dtype dtype = c->binary->layout.dtype;
    unsigned char *const landed = dtype == c->want ? out : scratch;
    pe_error inner = PE_ERROR_INIT;
    size_t bad = 0;
    pe_status status = PE_OK;
    gather_rows(c, from, landed, count);
    if (dtype == PE_BOOL)
        status = check_bools(landed, count * c->elements, &bad, &inner);
    if (status == PE_OK && dtype != c->want)
        status = pe_convert(dtype, scratch, c->want, out, count * c->elements, &bad, &inner);
    return status == PE_OK ? PE_OK : refuse(c, first, bad, &inner, err);
}

static pe_status read_column(const column *c, pe_block block, const unsigned char *from, unsigned char *out,
                             unsigned char *scratch, pe_error *err)
{
    const size_t row_out = c->elements * pe_dtype_bytes(c->want);
    const size_t row_scratch = c->elements * pe_dtype_bytes(c->binary->layout.dtype);
    const size_t fit = c->want == c->binary->layout.dtype ? block.count : SCRATCH_BYTES / row_scratch;
    const size_t batch = fit > 0 ? fit : 1;
    for (uint64_t done = 0; done < block.count; done += batch) {
        const size_t count = block.count - done < batch ? (size_t)(block.count - done) : batch;
        const pe_status status = read_rows(c, block.first + done, from + done * c->binary->layout.row_bytes, count,
                                           out + done * row_out, scratch, err);
        if (status != PE_OK)
            return status;
    }
    return PE_OK;
}

static size_t scratch_bytes(const pe_binary_source *binary)
{
    return binary->layout.row_bytes > SCRATCH_BYTES ? binary->layout.row_bytes : SCRATCH_BYTES;
}

pe_status pe_binary_reader_open(pe_reader *reader, pe_error *err)
{
    pe_binary_reader *const own = (pe_binary_reader *)reader;
    return pe_make_array(&own->scratch, scratch_bytes(binary_of(reader->source)), 1, err);
}

void pe_binary_reader_close(pe_reader *reader)
{
    free(((pe_binary_reader *)reader)->scratch);
}

size_t pe_binary_memory(const pe_source *source, uint64_t chunk_items, size_t *reader_bytes)
{
    (void)chunk_items;
    *reader_bytes = scratch_bytes(binary_of(source));
    return 0;
}

pe_status pe_binary_read(pe_reader *reader, pe_block block, const pe_byte_range *byte_range, const unsigned char *bytes,
                         void *const *columns, pe_error *err)
{
    const pe_source *const source = reader->source;
    const pe_binary_source *const binary = binary_of(source);
    const size_t row = binary->layout.row_bytes;
    assert(block.first >= byte_range->first &&
           (block.first - byte_range->first + block.count) * row <= byte_range->bytes);
    const unsigned char *const from = bytes + (block.first - byte_range->first) * row;
    const uint32_t *number = binary->layout.has_choice ? binary->layout.chosen : NULL;
    for (int c = 0; c < source->want_count; c++) {
        const column one = {binary, number, pe_type_elements(source->want[c]), source->want[c].dtype};
        const pe_status status = read_column(&one, block, from, columns[c], ((pe_binary_reader *)reader)->scratch, err);
        if (status != PE_OK)
            return status;
        if (number != NULL)
            number += one.elements;
    }
    return PE_OK;
}

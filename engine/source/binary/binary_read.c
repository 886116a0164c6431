/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* binary_read.c - reads the fields of rows into columns.
 *
 * Design:   a field that needs no conversion is copied straight from the row's bytes. Any other is copied in batches to an
 *           aligned buffer, because the file's bytes have no alignment, and converted from there. Big-endian elements
 *           are swapped where they landed. Bytes of a text are pointed to where they stay; what was fetched or decoded
 *           is copied to the reader's arena.
 * Threads:  see source_vtable.h.
 * Not here: what is where (binary_rows.c).
 */
#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/saturate.h"
#include "source/binary/binary_rows.h"

#define LANDED_BYTES ((size_t)32 << 10)
#define FETCH_BYTES ((size_t)1 << 20)
#define KEPT_TEXT_BYTES ((size_t)1 << 20)

static const pe_binary_source *binary_of(const pe_source *source)
{
    return (const pe_binary_source *)source;
}

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

/* Rows that lie one after the other in memory. */
typedef struct rows {
    pe_binary_reader *reader;
    const unsigned char *from;
    uint64_t first; /* the item of the first row */
    size_t count;
    bool is_stable; /* the bytes stay until the reader is rewound */
} rows;

static const pe_binary_layout *layout_of(const rows *in)
{
    return &binary_of(in->reader->base.source)->layout;
}

/* Element number `bad` of a field's elements from item first on is wrong for the reason in inner. */
static pe_status refuse(const rows *in, const pe_binary_field *field, size_t bad, const pe_error *inner, pe_error *err)
{
    const uint64_t item = in->first + bad / field->elements;
    const uint32_t element = (uint32_t)(bad % field->elements);
    const char *const name = in->reader->base.source->info.name;
    if (field->name[0] != '\0')
        return pe_fail_item(err, inner->status, item, "%s: item %" PRIu64 ", field \"%s\": %s", name, item, field->name,
                            inner->text);
    if (layout_of(in)->has_choice)
        return pe_fail_item(err, inner->status, item, "%s: item %" PRIu64 ", column %" PRIu32 ": %s", name, item,
                            field->number, inner->text);
    if (field->elements > 1)
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

/* The field of all rows, one after the other, in our byte order. */
static void land(const rows *in, const pe_binary_field *field, unsigned char *out)
{
    const size_t row = layout_of(in)->row_bytes, bytes = field->elements * field->element_bytes;
    const pe_dtype part = pe_dtype_part(field->dtype);
    if (bytes == row)
        memcpy(out, in->from, in->count * bytes);
    else
        gather(in->from + field->offset, row, out, bytes, bytes, in->count);
    if (field->is_big_endian)
        swap_bytes(out, pe_dtype_bytes(part), in->count * bytes / pe_dtype_bytes(part));
}

/* The field as elements of `want` at out. */
static pe_status convert(const rows *in, const pe_binary_field *field, pe_dtype want, unsigned char *out, pe_error *err)
{
    unsigned char *const landed = field->dtype == want ? out : in->reader->landed;
    const size_t count = in->count * field->elements;
    pe_error inner = PE_ERROR_INIT;
    size_t bad = 0;
    pe_status status = PE_OK;
    land(in, field, landed);
    if (field->dtype == PE_BOOL)
        status = check_bools(landed, count, &bad, &inner);
    if (status == PE_OK && landed != out)
        status = pe_convert(field->dtype, landed, want, out, count, &bad, &inner);
    return status == PE_OK ? PE_OK : refuse(in, field, bad, &inner, err);
}

/* ---- texts ---- */

/* One code point as UTF-8; returns the end, or NULL when it is none. */
static char *put_utf8(char *out, uint32_t point)
{
    if (point > 0x10ffff || (point >= 0xd800 && point < 0xe000))
        return NULL;
    if (point < 0x80) {
        *out++ = (char)point;
        return out;
    }
    const int more = point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
    static const unsigned char heads[] = {0, 0xc0, 0xe0, 0xf0};
    *out++ = (char)(heads[more] | point >> (6 * more));
    for (int k = more - 1; k >= 0; k--)
        *out++ = (char)(0x80 | (point >> (6 * k) & 63));
    return out;
}

static pe_status out_of_memory(const rows *in, pe_error *err)
{
    return pe_fail(err, PE_ENOMEM, "%s: out of memory for texts", in->reader->base.source->info.name);
}

/* The code points up to the zeros at the end, as UTF-8. */
static pe_status decode_points(const rows *in, const pe_binary_field *field, size_t row, const unsigned char *from,
                               pe_text *out, pe_error *err)
{
    size_t points = field->element_bytes / 4;
    char *const text = pe_arena_get(&in->reader->texts, field->element_bytes);
    char *at = text;
    if (text == NULL)
        return out_of_memory(in, err);
    while (points > 0 && memcmp(from + 4 * (points - 1), "\0\0\0", 4) == 0)
        points--;
    for (size_t p = 0; p < points; p++) {
        const unsigned char *const b = from + 4 * p;
        const uint32_t low = (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
        const uint32_t point = field->is_big_endian ? __builtin_bswap32(low) : low;
        at = put_utf8(at, point);
        if (at == NULL) {
            pe_error inner = PE_ERROR_INIT;
            (void)pe_fail(&inner, PE_EDATA, "U+%04" PRIX32 " is no character", point);
            return refuse(in, field, row, &inner, err);
        }
    }
    *out = (pe_text){text, (size_t)(at - text)};
    return PE_OK;
}

static size_t text_size(const pe_binary_field *field, const unsigned char *from)
{
    size_t size = field->element_bytes;
    const unsigned char pad = field->text_end == PE_TEXT_PADDED_SPACE ? ' ' : 0;
    const unsigned char *const end = field->text_end == PE_TEXT_FIRST_NUL ? memchr(from, 0, size) : NULL;
    if (end != NULL)
        return (size_t)(end - from);
    while (size > 0 && from[size - 1] == pad && field->text_end != PE_TEXT_FIRST_NUL)
        size--;
    return size;
}

static pe_status keep_bytes(const rows *in, const pe_binary_field *field, const unsigned char *from, pe_text *out,
                            pe_error *err)
{
    const size_t size = text_size(field, from);
    *out = (pe_text){(const char *)from, size};
    if (in->is_stable || size == 0)
        return PE_OK;
    char *const kept = pe_arena_get(&in->reader->texts, size);
    if (kept == NULL)
        return out_of_memory(in, err);
    memcpy(kept, from, size);
    out->data = kept;
    return PE_OK;
}

static pe_status read_texts(const rows *in, const pe_binary_field *field, pe_text *out, pe_error *err)
{
    const size_t row = layout_of(in)->row_bytes;
    pe_status status = PE_OK;
    for (size_t i = 0; i < in->count && status == PE_OK; i++) {
        const unsigned char *const from = in->from + i * row + field->offset;
        status = field->is_utf32 ? decode_points(in, field, i, from, out + i, err)
                                 : keep_bytes(in, field, from, out + i, err);
    }
    return status;
}

/* ---- columns ---- */

/* One of the columns that become a vector of `width` elements. */
static pe_status read_element(const rows *in, const pe_binary_field *field, pe_type want, uint32_t element,
                              unsigned char *out, pe_error *err)
{
    const size_t bytes = pe_dtype_bytes(want.dtype);
    const pe_status status = convert(in, field, want.dtype, in->reader->converted, err);
    if (status == PE_OK)
        gather(in->reader->converted, bytes, out + element * bytes, pe_type_bytes(want), bytes, in->count);
    return status;
}

/* The argument of type want from the field, or from as many fields as it has elements. */
static pe_status read_argument(const rows *in, const pe_binary_field *field, int fields, pe_type want,
                               unsigned char *out, pe_error *err)
{
    if (want.dtype == PE_TEXT)
        return read_texts(in, field, (void *)out, err);
    if (fields == 1)
        return convert(in, field, want.dtype, out, err);
    pe_status status = PE_OK;
    for (int f = 0; f < fields && status == PE_OK; f++)
        status = read_element(in, field + f, want, (uint32_t)f, out, err);
    return status;
}

/* How many rows of an argument may be read at once: what goes through a buffer has to fit it. */
static size_t most_rows(const pe_binary_field *field, int fields, pe_type want)
{
    size_t most = SIZE_MAX;
    if (field->dtype != want.dtype || fields > 1)
        most = LANDED_BYTES / (field->elements * field->element_bytes);
    if (fields > 1 && most > LANDED_BYTES / 16)
        most = LANDED_BYTES / 16;
    return most > 0 ? most : 1;
}

static pe_status read_column(const rows *in, const pe_binary_field *field, int fields, pe_type want, unsigned char *out,
                             pe_error *err)
{
    const size_t most = want.dtype == PE_TEXT ? in->count : most_rows(field, fields, want);
    pe_status status = PE_OK;
    for (size_t done = 0; done < in->count && status == PE_OK;) {
        rows some = *in;
        some.from += done * layout_of(in)->row_bytes;
        some.first += done;
        some.count = in->count - done < most ? in->count - done : most;
        status = read_argument(&some, field, fields, want, out + done * pe_type_bytes(want), err);
        done += some.count;
    }
    return status;
}

/* All arguments of the rows, from item number `done` of the columns on. */
static pe_status read_rows(const rows *in, void *const *columns, uint64_t done, pe_error *err)
{
    const pe_source *const source = in->reader->base.source;
    const pe_binary_layout *const layout = layout_of(in);
    const bool has_vectors = source->want_count != layout->field_count;
    const pe_binary_field *field = layout->fields;
    pe_status status = PE_OK;
    for (int c = 0; c < source->want_count && status == PE_OK; c++) {
        const pe_type want = source->want[c];
        const int fields = has_vectors ? (int)pe_type_elements(want) : 1;
        if (columns[c] != NULL)
            status =
                read_column(in, field, fields, want, (unsigned char *)columns[c] + done * pe_type_bytes(want), err);
        field += fields;
    }
    return status;
}

static size_t fetched_rows(const pe_binary_source *binary)
{
    const size_t fit = FETCH_BYTES / binary->layout.row_bytes;
    return fit > 0 ? fit : 1;
}

/* Rows that are fetched piece by piece. */
static pe_status read_fetched(pe_binary_reader *reader, pe_block block, void *const *columns, pe_error *err)
{
    const pe_source *const source = reader->base.source;
    const uint64_t most = fetched_rows(binary_of(source));
    pe_status status = PE_OK;
    for (uint64_t done = 0; done < block.count && status == PE_OK;) {
        const uint64_t count = block.count - done < most ? block.count - done : most;
        const rows in = {reader, reader->rows, block.first + done, (size_t)count, false};
        status = source->kind->fetch(source, (pe_block){in.first, count}, reader->rows, err);
        if (status == PE_OK)
            status = read_rows(&in, columns, done, err);
        done += count;
    }
    return status;
}

pe_status pe_binary_read(pe_reader *reader, pe_block block, const pe_byte_range *byte_range, const unsigned char *bytes,
                         void *const *columns, pe_error *err)
{
    const size_t row = binary_of(reader->source)->layout.row_bytes;
    pe_binary_reader *const own = (pe_binary_reader *)reader;
    if (bytes == NULL && reader->source->is_fetched)
        return read_fetched(own, block, columns, err);
    assert(block.first >= byte_range->first &&
           (block.first - byte_range->first + block.count) * row <= byte_range->bytes);
    const rows in = {own, bytes + (block.first - byte_range->first) * row, block.first, (size_t)block.count, true};
    return read_rows(&in, columns, 0, err);
}

/* ---- readers ---- */

static size_t landed_bytes(const pe_binary_source *binary)
{
    return binary->layout.row_bytes > LANDED_BYTES ? binary->layout.row_bytes : LANDED_BYTES;
}

pe_status pe_binary_reader_open(pe_reader *reader, pe_error *err)
{
    pe_binary_reader *const own = (pe_binary_reader *)reader;
    const pe_binary_source *const binary = binary_of(reader->source);
    pe_status status = pe_make_array(&own->landed, landed_bytes(binary), 1, err);
    if (status == PE_OK && binary->base.want_count != binary->layout.field_count)
        status = pe_make_array(&own->converted, LANDED_BYTES, 1, err);
    if (status == PE_OK && binary->base.is_fetched && binary->base.is_local)
        status = pe_make_array(&own->rows, fetched_rows(binary), binary->layout.row_bytes, err);
    return status;
}

void pe_binary_reader_close(pe_reader *reader)
{
    pe_binary_reader *const own = (pe_binary_reader *)reader;
    free(own->landed);
    free(own->converted);
    free(own->rows);
    pe_arena_fini(&own->texts);
}

void pe_binary_reader_rewind(pe_reader *reader)
{
    pe_arena_trim(&((pe_binary_reader *)reader)->texts, KEPT_TEXT_BYTES);
}

/* Texts that are copied: at most the bytes of their fields. An arena's block may be half empty. */
static size_t text_bytes(const pe_binary_source *binary, uint64_t chunk_items)
{
    size_t row = 0, all = 0;
    for (int f = 0; f < binary->layout.field_count; f++) {
        const pe_binary_field *const field = binary->layout.fields + f;
        if (field->dtype == PE_TEXT && (field->is_utf32 || binary->base.is_fetched))
            row += field->element_bytes;
    }
    if (row == 0)
        return 0;
    return pe_mul_size(chunk_items, row, &all) ? pe_add_most(all, pe_add_most(all, KEPT_TEXT_BYTES)) : SIZE_MAX;
}

size_t pe_binary_memory(const pe_source *source, uint64_t chunk_items, size_t *reader_bytes)
{
    const pe_binary_source *const binary = binary_of(source);
    *reader_bytes = pe_add_most(landed_bytes(binary) + LANDED_BYTES, text_bytes(binary, chunk_items));
    if (source->is_fetched)
        *reader_bytes = pe_add_most(*reader_bytes, fetched_rows(binary) * binary->layout.row_bytes);
    return 0;
}

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* encode.c - columns of results into packed binary rows.
 *
 * Design: the buffer is grown once per batch. Then the columns are copied with a stride, one after the other, in blocks of
 *         rows that stay in the first-level cache until all their columns are filled in.
 * Threads: the encoder is only read.
 * Not here: text rows (encode_text.c).
 */
#include "sink/encode/encode.h"

#include <assert.h>
#include <string.h>

#include "base/alloc.h"
#include "sink/encode/encode_json.h"
#include "sink/encode/encode_text.h"

#define BLOCK_BYTES 8192u

static bool is_text_format(pe_format format)
{
    return format == PE_FORMAT_TXT || format == PE_FORMAT_CSV || format == PE_FORMAT_TSV;
}

void pe_encoder_init(pe_encoder *encoder, const pe_sink_spec *spec, pe_format format)
{
    assert(spec->result_count >= 1 && spec->result_count <= PE_MAX_COLUMNS);
    memset(encoder, 0, sizeof *encoder);
    encoder->format = format;
    encoder->style = pe_text_style_of(spec, format);
    encoder->has_index = spec->has_index;
    encoder->kept_count = spec->kept_count;
    encoder->column_count = spec->kept_count + spec->result_count;
    assert(encoder->column_count <= PE_MAX_COLUMNS);
    encoder->float_format = spec->float_format;
    for (int k = 0; k < spec->kept_count; k++) {
        encoder->columns[k] = spec->kept[k].type;
        encoder->is_as_it_stands[k] = spec->kept[k].is_as_it_stands;
    }
    memcpy(encoder->columns + spec->kept_count, spec->results, (size_t)spec->result_count * sizeof *spec->results);
    size_t packed = spec->has_index ? sizeof(int64_t) : 0;
    for (int c = 0; c < encoder->column_count; c++) {
        const bool is_text = encoder->columns[c].dtype == PE_TEXT;
        encoder->has_text = encoder->has_text || is_text;
        encoder->has_text_result = encoder->has_text_result || (is_text && c >= spec->kept_count);
        packed += pe_type_bytes(encoder->columns[c]);
    }
    encoder->gives_json = spec->gives_json;
    if (format == PE_FORMAT_NULL) {
        encoder->is_fixed = true;
    } else if (format == PE_FORMAT_JSONL) {
        encoder->row_bytes = pe_json_row_bytes(encoder);
    } else if (is_text_format(format)) {
        encoder->row_bytes = pe_text_row_bytes(encoder);
    } else {
        encoder->row_bytes = encoder->has_text ? 1 : packed;
        encoder->is_fixed = !encoder->has_text;
        encoder->is_plain = encoder->is_fixed && !spec->has_index && encoder->column_count == 1;
    }
}

/* Each call below passes a constant size, so that memcpy compiles to a load and a store. */
static inline void scatter_each(unsigned char *out, size_t stride, const unsigned char *in, size_t size, size_t count)
{
    for (size_t i = 0; i < count; i++)
        memcpy(out + i * stride, in + i * size, size);
}

static void scatter(unsigned char *out, size_t stride, const unsigned char *in, size_t item_bytes, size_t count)
{
    switch (item_bytes) {
    case 1:
        scatter_each(out, stride, in, 1, count);
        break;
    case 2:
        scatter_each(out, stride, in, 2, count);
        break;
    case 4:
        scatter_each(out, stride, in, 4, count);
        break;
    case 8:
        scatter_each(out, stride, in, 8, count);
        break;
    case 16:
        scatter_each(out, stride, in, 16, count);
        break;
    default:
        scatter_each(out, stride, in, item_bytes, count);
        break;
    }
}

static void scatter_index(unsigned char *out, size_t stride, uint64_t first, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const uint64_t index = first + i;
        memcpy(out + i * stride, &index, sizeof index);
    }
}

static void encode_rows(const pe_encoder *encoder, uint64_t first, size_t count, const void *const *columns,
                        unsigned char *out)
{
    const size_t stride = encoder->row_bytes;
    const size_t rows = stride < BLOCK_BYTES ? BLOCK_BYTES / stride : 1;
    for (size_t from = 0; from < count; from += rows) {
        const size_t block = count - from < rows ? count - from : rows;
        unsigned char *at = out + from * stride;
        if (encoder->has_index) {
            scatter_index(at, stride, first + from, block);
            at += sizeof(int64_t);
        }
        for (int c = 0; c < encoder->column_count; c++) {
            const size_t bytes = pe_type_bytes(encoder->columns[c]);
            scatter(at, stride, (const unsigned char *)columns[c] + from * bytes, bytes, block);
            at += bytes;
        }
    }
}

static pe_status too_large(size_t count, pe_error *err)
{
    return pe_fail(err, PE_ENOMEM, "out of memory: the rows of %zu items are larger than memory can be", count);
}

/* raw and digest of one text result: its bytes and a newline. bytes: without it. */
static pe_status encode_texts(const pe_text *texts, size_t count, bool has_newline, pe_buffer *out, pe_error *err)
{
    size_t bytes = 0;
    if (!pe_text_total(texts, count, has_newline ? 1 : 0, &bytes))
        return too_large(count, err);
    const pe_status status = pe_buffer_reserve(out, bytes, err);
    if (status != PE_OK)
        return status;
    unsigned char *at = out->data + out->size;
    for (size_t i = 0; i < count; i++) {
        if (texts[i].size > 0)
            memcpy(at, texts[i].data, texts[i].size);
        at += texts[i].size;
        if (has_newline)
            *at++ = '\n';
    }
    out->size += bytes;
    return PE_OK;
}

/* Rows of text, as json or not. */
static pe_status encode_lines(const pe_encoder *encoder, uint64_t first, size_t count, const void *const *columns,
                              pe_buffer *out, pe_error *err)
{
    const bool is_json = encoder->format == PE_FORMAT_JSONL;
    size_t most = 0;
    if (!(is_json ? pe_json_most : pe_text_most)(encoder, count, columns, &most))
        return too_large(count, err);
    const pe_status status = pe_buffer_reserve(out, most, err);
    if (status != PE_OK)
        return status;
    char *const at = (char *)out->data + out->size;
    out->size += (size_t)((is_json ? pe_json_print : pe_text_print)(encoder, first, count, columns, at) - at);
    return PE_OK;
}

pe_status pe_encode(const pe_encoder *encoder, uint64_t first, size_t count, const void *const *columns, pe_buffer *out,
                    pe_error *err)
{
    size_t bytes = 0;
    if (count == 0 || encoder->format == PE_FORMAT_NULL)
        return PE_OK;
    if (encoder->format == PE_FORMAT_JSONL || is_text_format(encoder->format))
        return encode_lines(encoder, first, count, columns, out, err);
    if (encoder->has_text)
        return encode_texts(columns[0], count, encoder->format != PE_FORMAT_BYTES, out, err);
    if (!pe_mul_size(count, encoder->row_bytes, &bytes))
        return too_large(count, err);
    if (encoder->is_plain)
        return pe_buffer_append(out, columns[0], bytes, err);
    const pe_status status = pe_buffer_reserve(out, bytes, err);
    if (status != PE_OK)
        return status;
    encode_rows(encoder, first, count, columns, out->data + out->size);
    out->size += bytes;
    return PE_OK;
}

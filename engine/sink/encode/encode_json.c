/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* encode_json.c - columns of results into objects, one per line.
 *
 * Design: the text before each value, such as `,"x":`, is made once (pe_encoder_name). nan and the infinities, which JSON
 *         has not, are null; a complex number is a string. Where a result is JSON itself (a Python function without
 *         signature) an object is the line, after the other columns, of which it replaces those with its keys; anything
 *         else is the value of its name.
 * Threads: the encoder is only read.
 * Not here: printing a number (types/number.h) or a string (format/json/json_text.h).
 */
#include "sink/encode/encode_json.h"

#include <string.h>

#include "base/alloc.h"
#include "format/json/json_text.h"
#include "sink/encode/columns.h"
#include "sink/encode/json_members.h"
#include "types/number.h"

static pe_status append_key(const char *name, size_t size, bool is_first, pe_buffer *out, pe_error *err)
{
    const size_t bytes = pe_json_text_size(name, size) + 3;
    const pe_status status = pe_buffer_reserve(out, bytes, err);
    if (status != PE_OK)
        return status;
    char *at = (char *)out->data + out->size;
    *at++ = is_first ? '{' : ',';
    at = pe_json_text_print(at, name, size);
    *at++ = ':';
    *at++ = '\0';
    out->size += bytes;
    return PE_OK;
}

pe_status pe_encoder_name(pe_encoder *encoder, const pe_sink_spec *spec, pe_error *err)
{
    pe_buffer name = {0};
    pe_buffer *const keys = &encoder->keys;
    bool is_first = true;
    pe_status status = PE_OK;
    if (encoder->format != PE_FORMAT_JSONL)
        return PE_OK;
    if (spec->has_index) {
        status = append_key("index", 5, true, keys, err);
        is_first = false;
    }
    for (int k = 0; k < spec->kept_count && status == PE_OK; k++, is_first = false)
        if (!spec->kept[k].is_as_it_stands)
            status = append_key(spec->kept[k].names[0].name, strlen(spec->kept[k].names[0].name), is_first, keys, err);
    for (int r = 0; r < spec->result_count && status == PE_OK; r++, is_first = false) {
        name.size = 0;
        status = pe_columns_field_name(spec, r, &name, err);
        if (status == PE_OK)
            status = append_key((const char *)name.data, name.size, is_first, keys, err);
    }
    pe_buffer_fini(&name);
    encoder->row_bytes = pe_json_row_bytes(encoder);
    return status;
}

void pe_encoder_fini(pe_encoder *encoder)
{
    pe_buffer_fini(&encoder->keys);
}

size_t pe_json_row_bytes(const pe_encoder *encoder)
{
    size_t bytes = encoder->keys.size + pe_number_room(PE_INT64) + 4; /* null, the brace and the newline */
    for (int c = 0; c < encoder->column_count; c++) {
        const pe_type type = encoder->columns[c];
        const size_t room = pe_number_room(type.dtype) + 2; /* a complex one has quotes */
        bytes += type.dtype == PE_TEXT ? 2 : 2 + pe_type_elements(type) * ((room > 5 ? room : 5) + 1);
    }
    return bytes;
}

static bool is_finite(pe_dtype dtype, const char *text, size_t size)
{
    /* nan, inf, -inf: no other float has an n */
    return !pe_dtype_is_float(dtype) || size == 0 || memchr(text, 'n', size) == NULL;
}

static char *copy(char *out, const char *text, size_t size)
{
    if (size > 0)
        memcpy(out, text, size);
    return out + size;
}

static char *print_value(char *out, pe_dtype dtype, const unsigned char *element)
{
    if (dtype == PE_BOOL) {
        const char *const word = *element != 0 ? "true" : "false";
        return copy(out, word, strlen(word));
    }
    if (pe_dtype_is_complex(dtype)) {
        *out = '"';
        char *const end = pe_print_element(out + 1, dtype, element);
        *end = '"';
        return end + 1;
    }
    char *const end = pe_print_element(out, dtype, element);
    if (is_finite(dtype, out, (size_t)(end - out)))
        return end;
    return copy(out, "null", 4);
}

static char *print_numbers(char *out, pe_type type, const unsigned char *item)
{
    if (type.width == 0)
        return print_value(out, type.dtype, item);
    *out++ = '[';
    for (uint32_t e = 0; e < type.width; e++) {
        if (e > 0)
            *out++ = ',';
        out = print_value(out, type.dtype, item + e * pe_dtype_bytes(type.dtype));
    }
    *out++ = ']';
    return out;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static pe_text trim(pe_text text)
{
    while (text.size > 0 && is_blank(text.data[0]))
        text = (pe_text){text.data + 1, text.size - 1};
    while (text.size > 0 && is_blank(text.data[text.size - 1]))
        text.size--;
    return text;
}

/* The text between the braces of an object, without the blanks around it; members without braces unchanged. */
static pe_text members_of(pe_text json)
{
    const pe_text object = trim(json);
    const bool has_braces = object.size >= 2 && object.data[0] == '{';
    return has_braces ? trim((pe_text){object.data + 1, object.size - 2}) : object;
}

/* Kept members of a line of the input, which may be none. */
static char *print_members(char *out, const char *begin, pe_text json)
{
    const pe_text members = members_of(json);
    if (members.size == 0)
        return out;
    *out = out == begin ? '{' : ',';
    return copy(out + 1, members.data, members.size);
}

/* A key of the row, after a brace or a comma: the first one that is printed has the brace. */
static char *put_key(char *out, const char *begin, const char *key)
{
    *out = out == begin ? '{' : ',';
    return copy(out + 1, key + 1, strlen(key) - 1);
}

/* A result that is JSON; begin is where the line begins. An object goes on where the other columns end. */
static char *print_json(char *out, char *begin, const char *key, pe_text json)
{
    if (json.size < 2 || json.data[0] != '{')
        return copy(put_key(out, begin, key), json.data, json.size);
    out = pe_json_drop_members(begin, out, json);
    if (out == begin)
        return copy(out, json.data, json.size - 1); /* the brace at the end is that of the line */
    if (json.size > 2)
        *out++ = ',';
    return copy(out, json.data + 1, json.size - 2);
}

static char *print_row(const pe_encoder *encoder, uint64_t index, size_t item, const void *const *columns, char *out)
{
    const char *key = (const char *)encoder->keys.data;
    char *const begin = out;
    if (encoder->has_index) {
        out = copy(out, key, strlen(key));
        out = pe_print_uint64(out, index);
        key += strlen(key) + 1;
    }
    for (int c = 0; c < encoder->column_count; c++) {
        const pe_type type = encoder->columns[c];
        const unsigned char *const value = (const unsigned char *)columns[c] + item * pe_type_bytes(type);
        pe_text text = {0};
        if (type.dtype == PE_TEXT)
            memcpy(&text, value, sizeof text);
        if (c < encoder->kept_count && encoder->is_as_it_stands[c]) {
            out = print_members(out, begin, text);
            continue;
        }
        if (type.dtype != PE_TEXT)
            out = print_numbers(put_key(out, begin, key), type, value);
        else if (encoder->gives_json && c >= encoder->kept_count)
            out = print_json(out, begin, key, text);
        else
            out = pe_json_text_print(put_key(out, begin, key), text.data, text.size);
        key += strlen(key) + 1;
    }
    *out++ = '}';
    *out++ = '\n';
    return out;
}

bool pe_json_most(const pe_encoder *encoder, size_t count, const void *const *columns, size_t *most)
{
    size_t sum = 0;
    if (!pe_mul_size(count, encoder->row_bytes, &sum))
        return false;
    for (int c = 0; c < encoder->column_count; c++) {
        const pe_text *const texts = columns[c];
        for (size_t i = 0; i < count && encoder->columns[c].dtype == PE_TEXT; i++)
            if (__builtin_add_overflow(sum, pe_json_text_size(texts[i].data, texts[i].size), &sum))
                return false;
    }
    *most = sum;
    return true;
}

char *pe_json_print(const pe_encoder *encoder, uint64_t first, size_t count, const void *const *columns, char *at)
{
    for (size_t i = 0; i < count; i++)
        at = print_row(encoder, first + i, i, columns, at);
    return at;
}

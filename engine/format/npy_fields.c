/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* npy_fields.c - reads the fields of a structured dtype: [('x', '<f8'), ('v', '<i8', (3,))].
 *
 * Design: one field per call, so that nothing has to be stored. A field that is structured itself is measured: the sum of
 *         its own fields, which are found the same way.
 * Threads: any; nothing is shared.
 * Not here: what may be read of them (source/binary).
 */
#include <string.h>

#include "format/npy_cursor.h"

#define MOST_DEPTH 8
#define MOST_ROW_BYTES ((size_t)1 << 40)

/* A Python string without its quotes; a field's name of numpy has escapes only where it is strange. */
static bool keep_name(pe_npy_cursor *in, const unsigned char *text, size_t size, pe_npy_field *out)
{
    size_t n = 0;
    for (size_t i = 0; i < size; i++) {
        i += text[i] == '\\' && i + 1 < size && (text[i + 1] == '\\' || text[i + 1] == '\'' || text[i + 1] == '"');
        if (n == sizeof out->name - 1)
            return pe_npy_refuse(in, "a name of at most 127 bytes before this");
        out->name[n++] = (char)text[i];
    }
    out->name[n] = '\0';
    return true;
}

/* 'name', or ('title', 'name'). */
static bool take_name(pe_npy_cursor *in, pe_npy_field *out)
{
    const unsigned char *text = NULL;
    size_t size = 0;
    const bool has_title = pe_npy_take(in, '(');
    if (!pe_npy_take_string(in, "the name of a field", &text, &size))
        return false;
    if (has_title && (!(pe_npy_take(in, ',') || pe_npy_refuse(in, "a comma after the title")) ||
                      !pe_npy_take_string(in, "the name of a field", &text, &size) ||
                      !(pe_npy_take(in, ')') || pe_npy_refuse(in, "the closing bracket of title and name"))))
        return false;
    return keep_name(in, text, size, out);
}

static bool take_field(pe_npy_cursor *in, int depth, pe_npy_field *out);

/* The bytes of a row of a nested list of fields. */
static bool measure(pe_npy_cursor *in, const unsigned char *text, size_t size, int depth, pe_npy_field *out)
{
    pe_npy_cursor inner = {in->begin, text + 1, text + size, in->name, in->err};
    pe_npy_field field;
    out->element = (pe_npy_element){.kind = "structured"};
    if (depth == MOST_DEPTH)
        return pe_npy_refuse(in, "fields in at most 8 layers");
    while (pe_npy_peek(&inner) != ']') {
        if (!take_field(&inner, depth + 1, &field))
            return false;
        out->element.bytes += field.bytes;
        (void)pe_npy_take(&inner, ',');
    }
    return true;
}

static bool take_element(pe_npy_cursor *in, int depth, pe_npy_field *out)
{
    const unsigned char *text = NULL;
    size_t size = 0;
    if (pe_npy_peek(in) == '[') {
        out->descr[0] = '\0';
        return pe_npy_skip_brackets(in, &text, &size) && measure(in, text, size, depth, out);
    }
    if (!pe_npy_take_string(in, "the descr of a field, such as '<f8'", &text, &size))
        return false;
    if (size >= sizeof out->descr)
        return pe_npy_refuse(in, "a shorter descr before this");
    memcpy(out->descr, text, size);
    out->descr[size] = '\0';
    pe_npy_decode(out->descr, &out->element);
    return out->element.bytes > 0 || pe_npy_refuse(in, "a dtype of known size before this");
}

/* (3,), (3, 4), or 3. */
static bool take_shape(pe_npy_cursor *in, pe_npy_field *out)
{
    const bool has_brackets = pe_npy_take(in, '(');
    bool more = true;
    while (more && !(has_brackets && pe_npy_peek(in) == ')')) {
        uint64_t dim = 0;
        pe_npy_skip_space(in);
        if (!pe_npy_take_dim(in, &dim))
            return false;
        if (__builtin_mul_overflow(out->elements, dim, &out->elements))
            return pe_npy_refuse(in, "a smaller shape before this");
        more = has_brackets && pe_npy_take(in, ',');
    }
    return !has_brackets || pe_npy_take(in, ')') || pe_npy_refuse(in, "the closing bracket of the shape");
}

static bool take_field(pe_npy_cursor *in, int depth, pe_npy_field *out)
{
    *out = (pe_npy_field){.elements = 1};
    if (!(pe_npy_take(in, '(') || pe_npy_refuse(in, "a field such as ('x', '<f8')")) || !take_name(in, out) ||
        !(pe_npy_take(in, ',') || pe_npy_refuse(in, "a comma after the name")) || !take_element(in, depth, out))
        return false;
    if (pe_npy_take(in, ',') && pe_npy_peek(in) != ')' && !take_shape(in, out))
        return false;
    if (__builtin_mul_overflow(out->element.bytes, out->elements, &out->bytes) || out->bytes > MOST_ROW_BYTES)
        return pe_npy_refuse(in, "a smaller field before this");
    return pe_npy_take(in, ')') || pe_npy_refuse(in, "the closing bracket of a field");
}

pe_status pe_npy_next_field(const pe_npy_header *header, const char *name, size_t *at, pe_npy_field *out,
                            bool *is_there, pe_error *err)
{
    const unsigned char *const text = header->fields;
    pe_npy_cursor in = {text, text + *at, text + header->fields_size, name, err};
    *is_there = false;
    if (*at == 0 && !pe_npy_take(&in, '['))
        return pe_npy_refuse(&in, "a list of fields [...]") ? PE_OK : err->status;
    if (pe_npy_peek(&in) == ']')
        return PE_OK;
    if (!take_field(&in, 0, out))
        return err->status;
    if (!pe_npy_take(&in, ',') && pe_npy_peek(&in) != ']')
        return pe_npy_refuse(&in, "a comma or ] after a field") ? PE_OK : err->status;
    *is_there = true;
    *at = (size_t)(in.at - text);
    return PE_OK;
}

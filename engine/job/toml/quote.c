/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* quote.c - prints values as TOML, with escapes.
 *
 * Invariant: TOML reads the text back as the same value.
 * Design:   strings are written as basic strings only: these can hold any UTF-8, so one set of escapes is enough. Runs
 *           of bytes without escapes are appended at once.
 * Threads:  no state.
 * Not here: whole jobs (job_print.c); reading (toml.h).
 */
#include "job/toml/quote.h"

#include <inttypes.h>
#include <stdint.h>
#include <string.h>

#include "types/number.h"

static bool needs_escape(unsigned char byte)
{
    return byte < 0x20u || byte == 0x7Fu || byte == '"' || byte == '\\';
}

static pe_status escape(pe_buffer *out, unsigned char byte, pe_error *err)
{
    static const char letters[] = "\"\"\\\\\bb\tt\nn\ff\rr"; /* pairs: the byte, its letter */
    for (size_t i = 0; i + 1 < sizeof letters; i += 2)
        if ((unsigned char)letters[i] == byte)
            return pe_buffer_printf(out, err, "\\%c", letters[i + 1]);
    return pe_buffer_printf(out, err, "\\u%04X", (unsigned)byte);
}

pe_status pe_quote_string(pe_buffer *out, const char *text, size_t size, pe_error *err)
{
    pe_status status = pe_buffer_append(out, "\"", 1, err);
    size_t plain = 0; /* start of the current run of bytes that need no escape */
    for (size_t i = 0; i < size && status == PE_OK; i++) {
        if (!needs_escape((unsigned char)text[i]))
            continue;
        status = pe_buffer_append(out, text + plain, i - plain, err);
        if (status == PE_OK)
            status = escape(out, (unsigned char)text[i], err);
        plain = i + 1;
    }
    if (status == PE_OK)
        status = pe_buffer_append(out, text + plain, size - plain, err);
    return status == PE_OK ? pe_buffer_append(out, "\"", 1, err) : status;
}

pe_status pe_quote_int128(pe_buffer *out, pe_int128 value, pe_error *err)
{
    char text[PE_NUMBER_ROOM];
    const size_t size = (size_t)(pe_print_int128(text, value) - text);
    if (value >= INT64_MIN && value <= INT64_MAX)
        return pe_buffer_append(out, text, size, err);
    return pe_quote_string(out, text, size, err);
}

pe_status pe_quote_float64(pe_buffer *out, double value, pe_error *err)
{
    char text[PE_NUMBER_ROOM];
    return pe_buffer_append(out, text, (size_t)(pe_print_float64(text, value) - text), err);
}

static pe_status quote(pe_buffer *out, const pe_toml *node, pe_error *err);

static pe_status quote_array(pe_buffer *out, const pe_toml *node, pe_error *err)
{
    pe_status status = pe_buffer_append(out, "[", 1, err);
    /* A long array is written only as far as a message shows it. */
    for (size_t i = 0; i < node->count && status == PE_OK && out->size < PE_QUOTE_ROOM; i++) {
        if (i > 0)
            status = pe_buffer_append(out, ", ", 2, err);
        if (status == PE_OK)
            status = quote(out, &node->children[i], err);
    }
    return status == PE_OK ? pe_buffer_append(out, "]", 1, err) : status;
}

static pe_status quote(pe_buffer *out, const pe_toml *node, pe_error *err)
{
    const size_t most = node->string_size < PE_QUOTE_ROOM ? node->string_size : PE_QUOTE_ROOM;
    switch (node->kind) {
    case PE_TOML_TABLE:
        return pe_buffer_printf(out, err, "a table");
    case PE_TOML_ARRAY:
        return quote_array(out, node, err);
    case PE_TOML_STRING:
        return pe_quote_string(out, node->string, most, err);
    case PE_TOML_INT:
        return pe_buffer_printf(out, err, "%" PRId64, node->integer);
    case PE_TOML_FLOAT:
        return pe_quote_float64(out, node->real, err);
    case PE_TOML_BOOL:
        return pe_buffer_printf(out, err, "%s", node->boolean ? "true" : "false");
    case PE_TOML_DATE:
        break;
    }
    return pe_buffer_printf(out, err, "a date or time");
}

const char *pe_quote_node(const pe_toml *node, char out[PE_QUOTE_ROOM])
{
    pe_error ignored = PE_ERROR_INIT; /* when out of memory the message shows less of the value */
    pe_buffer text = {0};
    (void)quote(&text, node, &ignored);
    const bool is_cut = text.size >= PE_QUOTE_ROOM;
    size_t size = is_cut ? PE_QUOTE_ROOM - 4 : text.size;
    while (is_cut && size > 0 && (text.data[size] & 0xC0u) == 0x80u) /* cut between two UTF-8 characters */
        size--;
    if (size > 0)
        memcpy(out, text.data, size);
    memcpy(out + size, is_cut ? "..." : "", is_cut ? 4 : 1);
    pe_buffer_fini(&text);
    return out;
}

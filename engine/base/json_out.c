/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* json_out.c - writes JSON into a buffer: objects, arrays, strings, numbers.
 *
 * Threads: json_out.h.
 */
#include "base/json_out.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/fixed_point.h"
#include "base/utf8.h"

#define SPREAD_DEPTH 2

static void put(pe_json *json, const char *bytes, size_t size)
{
    (void)pe_buffer_append(&json->text, bytes, size, json->err);
}

void pe_json_put(pe_json *json, const char *bytes)
{
    put(json, bytes, strlen(bytes));
}

static void put_line(pe_json *json)
{
    static const char spaces[] = "\n        ";
    if (json->is_spread && json->depth <= SPREAD_DEPTH)
        put(json, spaces, 1 + 2 * (size_t)json->depth);
}

static void put_character(pe_json *json, const unsigned char *at, size_t size)
{
    if (size == 0)
        pe_json_put(json, "\xEF\xBF\xBD");
    else if (*at == '"' || *at == '\\')
        (void)pe_buffer_printf(&json->text, json->err, "\\%c", *at);
    else if (*at < 0x20 || *at == 0x7F || *at == '<') /* "<" so that the text may stand in an HTML script */
        (void)pe_buffer_printf(&json->text, json->err, "\\u%04x", *at);
    else
        put(json, (const char *)at, size);
}

static void put_string(pe_json *json, const char *value)
{
    const unsigned char *at = (const unsigned char *)value;
    put(json, "\"", 1);
    while (*at != '\0') {
        const size_t size = pe_utf8_size(at);
        put_character(json, at, size);
        at += size == 0 ? 1 : size;
    }
    put(json, "\"", 1);
}

static void begin(pe_json *json, const char *key)
{
    if (json->has_element)
        put(json, ", ", json->is_spread && json->depth > SPREAD_DEPTH ? 2 : 1);
    if (json->depth > 0)
        put_line(json);
    json->has_element = true;
    if (key == NULL)
        return;
    put_string(json, key);
    pe_json_put(json, json->is_spread ? ": " : ":");
}

void pe_json_open(pe_json *json, const char *key, char bracket)
{
    begin(json, key);
    put(json, &bracket, 1);
    json->depth++;
    json->has_element = false;
}

void pe_json_close(pe_json *json, char bracket)
{
    const bool had_lines = json->depth <= SPREAD_DEPTH;
    json->depth--;
    if (json->has_element && had_lines)
        put_line(json);
    put(json, &bracket, 1);
    json->has_element = true;
}

void pe_json_null(pe_json *json, const char *key)
{
    begin(json, key);
    pe_json_put(json, "null");
}

void pe_json_text(pe_json *json, const char *key, const char *value)
{
    if (value == NULL) {
        pe_json_null(json, key);
        return;
    }
    begin(json, key);
    put_string(json, value);
}

void pe_json_count(pe_json *json, const char *key, uint64_t value)
{
    if (value == UINT64_MAX) {
        pe_json_null(json, key);
        return;
    }
    begin(json, key);
    (void)pe_buffer_printf(&json->text, json->err, "%" PRIu64, value);
}

void pe_json_number(pe_json *json, const char *key, double value, int decimals)
{
    char digits[PE_FIXED_ROOM];
    if (!isfinite(value)) {
        pe_json_null(json, key);
        return;
    }
    begin(json, key);
    pe_json_put(json, pe_print_fixed(digits, value, decimals));
}

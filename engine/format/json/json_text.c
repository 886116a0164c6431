/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* json_text.c - prints texts as strings of JSON.
 *
 * Threads: no state.
 * Not here: reading them (jsonl_cxx.cc).
 */
#include "format/json/json_text.h"

#include <stdbool.h>
#include <string.h>

#include "format/json/json_token.h"

#define REPLACEMENT "\xEF\xBF\xBD" /* U+FFFD */

/* The letter after the backslash of a short escape, or 0. */
static char short_escape(unsigned char byte)
{
    switch (byte) {
    case '"':
    case '\\':
        return (char)byte;
    case '\n':
        return 'n';
    case '\r':
        return 'r';
    case '\t':
        return 't';
    case '\b':
        return 'b';
    case '\f':
        return 'f';
    default:
        return '\0';
    }
}

static bool is_plain(unsigned char byte)
{
    return byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
}

/* Prints the character at p, or only counts where out is NULL; *used is how many bytes it had. */
static size_t put(char *out, const unsigned char *p, size_t left, size_t *used)
{
    static const char hex[] = "0123456789abcdef";
    char text[6];
    size_t size = pe_json_character((const char *)p, left);
    const char letter = short_escape(*p);
    *used = size == 0 ? 1 : size;
    if (size == 0) {
        size = sizeof REPLACEMENT - 1;
        memcpy(text, REPLACEMENT, size);
    } else if (letter != '\0') {
        memcpy(text, (char[]){'\\', letter}, size = 2);
    } else if (*p < 0x20) {
        memcpy(text, (char[]){'\\', 'u', '0', '0', hex[*p >> 4], hex[*p & 15]}, size = 6);
    } else {
        memcpy(text, p, size);
    }
    if (out != NULL)
        memcpy(out, text, size);
    return size;
}

size_t pe_json_text_size(const char *text, size_t size)
{
    const unsigned char *const p = (const unsigned char *)text;
    size_t bytes = 2, used = 0;
    for (size_t at = 0; at < size; at += used) {
        used = 1;
        bytes += is_plain(p[at]) ? 1 : put(NULL, p + at, size - at, &used);
    }
    return bytes;
}

char *pe_json_text_print(char *out, const char *text, size_t size)
{
    const unsigned char *const p = (const unsigned char *)text;
    size_t used = 0;
    *out++ = '"';
    for (size_t at = 0; at < size; at += used) {
        used = 1;
        if (is_plain(p[at]))
            *out++ = (char)p[at];
        else
            out += put(out, p + at, size - at, &used);
    }
    *out++ = '"';
    return out;
}

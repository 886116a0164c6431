/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* json_token.c - small pieces of JSON: numbers, characters, where an object ends.
 *
 * Threads: no state.
 * Not here: whole lines (jsonl_cxx.cc).
 */
#include "format/json/json_token.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* One or more digits. */
static bool take_digits(const char **at, const char *end)
{
    const char *const first = *at;
    while (*at != end && is_digit(**at))
        ++*at;
    return *at != first;
}

static bool is_next(const char *at, const char *end, char c)
{
    return at != end && *at == c;
}

bool pe_json_is_number(const char *text, size_t size)
{
    const char *at = text, *const end = text + size;
    at += is_next(at, end, '-');
    const char *const first = at;
    const bool has_zero = is_next(at, end, '0');
    if (!take_digits(&at, end) || (has_zero && at - first > 1))
        return false;
    if (is_next(at, end, '.')) {
        at++;
        if (!take_digits(&at, end))
            return false;
    }
    if (is_next(at, end, 'e') || is_next(at, end, 'E')) {
        at++;
        at += is_next(at, end, '+') || is_next(at, end, '-');
        if (!take_digits(&at, end))
            return false;
    }
    return at == end;
}

size_t pe_json_tree_bytes(const char *text, size_t size)
{
    size_t depth = 0;
    bool is_inside = false; /* of a string */
    for (size_t at = 0; at < size; at++) {
        const char c = text[at];
        if (is_inside && c == '\\')
            at++;
        else if (c == '"')
            is_inside = !is_inside;
        else if (!is_inside && (c == '{' || c == '['))
            depth++;
        else if (!is_inside && (c == '}' || c == ']') && --depth == 0)
            return at + 1;
    }
    return size;
}

size_t pe_json_character(const char *text, size_t size)
{
    const unsigned char *const p = (const unsigned char *)text;
    const unsigned char lead = p[0];
    const size_t bytes = lead < 0x80 ? 1 : lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 0;
    if (bytes == 0 || bytes > size)
        return 0;
    for (size_t i = 1; i < bytes; i++)
        if ((p[i] & 0xC0u) != 0x80u)
            return 0;
    const bool is_long = (lead == 0xE0 && p[1] < 0xA0) || (lead == 0xF0 && p[1] < 0x90);
    const bool is_surrogate = lead == 0xED && p[1] >= 0xA0;
    return is_long || is_surrogate || (lead == 0xF4 && p[1] >= 0x90) ? 0 : bytes;
}

size_t pe_json_bad_byte(const char *text, size_t size)
{
    size_t at = 0;
    for (size_t bytes = 1; at < size && bytes > 0; at += bytes)
        bytes = pe_json_character(text + at, size - at);
    return at;
}

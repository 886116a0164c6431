/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* json_members.c - takes out of an object of JSON what another object replaces.
 *
 * Design: readers of JSON disagree about a key that comes twice, so a line of the output has each key once.
 * Threads: no state.
 */
#include "sink/encode/json_members.h"

#include <stdbool.h>
#include <string.h>

#include "format/json/json_token.h"

/* The end of the string whose opening quote is at `at`. */
static const char *string_end(const char *at, const char *end)
{
    for (at++; at < end && *at != '"'; at++)
        at += *at == '\\';
    return at < end ? at + 1 : end;
}

/* The comma or brace after the next value. */
static const char *value_end(const char *at, const char *end)
{
    while (at < end && *at != ',' && *at != '}') {
        if (*at == '"')
            at = string_end(at, end);
        else if (*at == '{' || *at == '[')
            at += pe_json_tree_bytes(at, (size_t)(end - at));
        else
            at++;
    }
    return at;
}

/* The key of the next member, with its quotes; *at moves from the brace or comma before the member to the one after it. */
static bool take_member(const char **at, const char *end, pe_text *key)
{
    const char *const quote = memchr(*at, '"', (size_t)(end - *at));
    if (quote == NULL)
        return false;
    const char *const colon = string_end(quote, end);
    *key = (pe_text){quote, (size_t)(colon - quote)};
    *at = value_end(colon, end);
    return true;
}

static bool has_key(pe_text object, pe_text key)
{
    const char *at = object.data, *const end = object.data + object.size;
    pe_text other;
    while (take_member(&at, end, &other))
        if (other.size == key.size && memcmp(other.data, key.data, key.size) == 0)
            return true;
    return false;
}

char *pe_json_drop_members(char *line, const char *end, pe_text object)
{
    const char *at = line, *begin = line;
    char *out = line;
    pe_text key;
    for (; take_member(&at, end, &key); begin = at) {
        const size_t size = (size_t)(at - begin);
        if (has_key(object, key))
            continue;
        memmove(out, begin, size);
        *out = out == line ? '{' : ',';
        out += size;
    }
    return out;
}

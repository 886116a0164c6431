/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* csv.c - delimited records cut into fields.
 *
 * Design:   one pass over the record's bytes. record_scan.c finds the same record ends without cutting; whatever is
 *           changed here about quotes is to be changed there (test_line_index.c and fuzz_csv.c hold them together).
 * Threads:  no state.
 * Not here: header, names, types (source/text_source.c).
 */
#include "format/csv.h"

#include <string.h>

typedef struct cursor {
    const unsigned char *at;
    const unsigned char *end;
    unsigned char delimiter;
} cursor;

/* From behind the opening quote to behind the closing one; false when there is none. */
static bool take_quoted(cursor *p, pe_csv_field *field)
{
    const unsigned char *const begin = p->at;
    bool has_escapes = false;
    for (;;) {
        const unsigned char *const quote = memchr(p->at, '"', (size_t)(p->end - p->at));
        if (quote == NULL)
            return false;
        p->at = quote + 1;
        if (p->at == p->end || *p->at != '"') {
            *field = (pe_csv_field){(const char *)begin, (size_t)(quote - begin), has_escapes};
            return true;
        }
        has_escapes = true;
        p->at++;
    }
}

/* Up to the delimiter or the record's end; the CR of a CRLF stays for whoever asks for the end. */
static void take_plain(cursor *p, pe_csv_field *field)
{
    const unsigned char *const begin = p->at;
    const unsigned char *at = begin;
    while (at != p->end && *at != p->delimiter && *at != '\n')
        at++;
    if (at != p->end && *at == '\n' && at != begin && at[-1] == '\r')
        at--;
    *field = (pe_csv_field){(const char *)begin, (size_t)(at - begin), false};
    p->at = at;
}

/* Moves behind the record's end when it stands here (the end of the bytes is one). */
static bool take_end(cursor *p)
{
    if (p->at == p->end)
        return true;
    const size_t left = (size_t)(p->end - p->at);
    const size_t bytes = *p->at == '\n' ? 1 : *p->at == '\r' && left > 1 && p->at[1] == '\n' ? 2 : 0;
    p->at += bytes;
    return bytes > 0;
}

pe_csv_verdict pe_csv_next(const unsigned char *data, size_t size, char delimiter, size_t *at, pe_csv_field *fields,
                           size_t room, size_t *count, size_t *bad)
{
    *count = 0;
    if (*at >= size)
        return PE_CSV_END;
    cursor p = {data + *at, data + size, (unsigned char)delimiter};
    for (;;) {
        pe_csv_field field;
        const unsigned char *const begin = p.at;
        const bool is_quoted = p.at != p.end && *p.at == '"';
        if (is_quoted) {
            p.at++;
            if (!take_quoted(&p, &field)) {
                *bad = (size_t)(begin - data);
                return PE_CSV_OPEN_QUOTE;
            }
        } else {
            take_plain(&p, &field);
        }
        if (*count < room)
            fields[*count] = field;
        ++*count;
        if (take_end(&p))
            break;
        if (*p.at != p.delimiter) {
            *bad = (size_t)(p.at - data);
            return PE_CSV_AFTER_QUOTE;
        }
        p.at++;
    }
    *at = (size_t)(p.at - data);
    return PE_CSV_RECORD;
}

size_t pe_csv_unescape(const pe_csv_field *field, char *out)
{
    size_t size = 0;
    for (size_t i = 0; i < field->size; i++) {
        out[size++] = field->data[i];
        if (field->data[i] == '"')
            i++; /* the second quote of the pair */
    }
    return size;
}

size_t pe_csv_blank_end(const unsigned char *data, size_t size)
{
    if (size == 0 || data[size - 1] != '\n')
        return 0;
    const size_t bytes = size > 1 && data[size - 2] == '\r' ? 2 : 1;
    return size == bytes || data[size - bytes - 1] == '\n' ? bytes : 0;
}

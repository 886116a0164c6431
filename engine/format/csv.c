/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* csv.c - splits delimited records (RFC 4180) into fields.
 *
 * Invariant: record_scan.c finds the same record ends without splitting, so a change to the rules of quotes must be
 *            made in both files; test_line_index.c and fuzz_csv.c compare them.
 * Design:   one pass over the record's bytes, then a search for CR, which is far faster than the pass.
 * Threads:  no state.
 * Not here: dialects with comments or blanks (csv_commented.c); header, names, types (source/text/).
 */
#include "format/csv.h"

#include <string.h>

#include "base/attr.h"
#include "format/bytes8.h"

typedef struct cursor {
    const unsigned char *at;
    const unsigned char *end;
    int delimiter, quote;
} cursor;

/* Takes a quoted field, from after the opening quote to after the closing one; false: there is no closing quote. */
static bool take_quoted(cursor *p, pe_csv_field *field)
{
    const unsigned char *const begin = p->at;
    bool has_escapes = false;
    for (;;) {
        const unsigned char *const quote = memchr(p->at, p->quote, (size_t)(p->end - p->at));
        if (quote == NULL)
            return false;
        p->at = quote + 1;
        if (p->at == p->end || *p->at != p->quote) {
            *field = (pe_csv_field){(const char *)begin, (size_t)(quote - begin), has_escapes, true, PE_FIELD_PLAIN};
            return true;
        }
        has_escapes = true;
        p->at++;
    }
}

/* Takes an unquoted field, up to the delimiter or the record's end; the CR of a CRLF is left for take_end. */
PE_INLINE void take_plain(cursor *p, pe_csv_field *field)
{
    const unsigned char *const begin = p->at;
    const unsigned char *at = begin;
    const unsigned char delimiter = (unsigned char)p->delimiter;
    for (unsigned passed = 8; passed == 8 && p->end - at >= 8; at += passed)
        passed = bytes8_find(at, delimiter, '\n');
    while (at != p->end && *at != delimiter && *at != '\n')
        at++;
    if (at != p->end && *at == '\n' && at != begin && at[-1] == '\r')
        at--;
    *field = (pe_csv_field){(const char *)begin, (size_t)(at - begin), false, false, PE_FIELD_PLAIN};
    p->at = at;
}

/* Moves past the record's end if it is the next thing (the end of the bytes counts as one). */
static bool take_end(cursor *p)
{
    if (p->at == p->end)
        return true;
    const size_t left = (size_t)(p->end - p->at);
    const size_t bytes = *p->at == '\n' ? 1 : *p->at == '\r' && left > 1 && p->at[1] == '\n' ? 2 : 0;
    p->at += bytes;
    return bytes > 0;
}

/* Takes the next field with its delimiter; *is_last is set when the record ends after it. Returns PE_CSV_RECORD, or the
 * error, whose byte is *bad. */
PE_INLINE pe_csv_verdict take_field(cursor *p, pe_csv_field *field, bool *is_last, const unsigned char **bad)
{
    const unsigned char *const begin = p->at;
    if (p->at == p->end || *p->at != p->quote) {
        take_plain(p, field);
    } else {
        p->at++;
        if (!take_quoted(p, field)) {
            *bad = begin;
            return PE_CSV_OPEN_QUOTE;
        }
    }
    *is_last = take_end(p);
    if (*is_last)
        return PE_CSV_RECORD;
    if (*p->at != p->delimiter) {
        *bad = p->at;
        return PE_CSV_AFTER_QUOTE;
    }
    p->at++;
    return PE_CSV_RECORD;
}

/* The first CR of a record that is neither quoted nor part of the record's end, or NULL. The record has been split
 * without an error before. */
static const unsigned char *find_lone_cr(cursor p)
{
    const unsigned char *bad = NULL;
    for (bool is_last = false; !is_last;) {
        pe_csv_field field;
        const bool is_plain = p.at == p.end || *p.at != p.quote;
        (void)take_field(&p, &field, &is_last, &bad);
        const unsigned char *const cr = is_plain && field.size > 0 ? memchr(field.data, '\r', field.size) : NULL;
        if (cr != NULL)
            return cr;
    }
    return NULL;
}

pe_csv_verdict pe_csv_next(const unsigned char *data, size_t size, const pe_dialect *dialect, size_t *at,
                           pe_csv_field *fields, size_t room, size_t *count, size_t *bad)
{
    *count = 0;
    if (*at >= size)
        return PE_CSV_END;
    if (pe_dialect_skips_lines(dialect))
        return pe_csv_next_commented(data, size, dialect, at, fields, room, count, bad);
    const cursor begin = {data + *at, data + size, dialect->delimiter, dialect->quote};
    const unsigned char *wrong = NULL;
    cursor p = begin;
    for (bool is_last = false; !is_last;) {
        pe_csv_field field;
        const pe_csv_verdict verdict = take_field(&p, &field, &is_last, &wrong);
        if (verdict != PE_CSV_RECORD) {
            *bad = (size_t)(wrong - data);
            return verdict;
        }
        if (*count < room)
            fields[*count] = field;
        ++*count;
    }
    const size_t record = (size_t)(p.at - begin.at);
    const size_t end = record > 1 && p.at[-1] == '\n' && p.at[-2] == '\r' ? 2 : 0;
    wrong = memchr(begin.at, '\r', record - end) == NULL ? NULL : find_lone_cr(begin);
    if (wrong != NULL) {
        *bad = (size_t)(wrong - data);
        return PE_CSV_LONE_CR;
    }
    *at += record;
    return PE_CSV_RECORD;
}

size_t pe_csv_unescape(const pe_csv_field *field, int quote, char *out)
{
    size_t size = 0;
    for (size_t i = 0; i < field->size; i++) {
        out[size++] = field->data[i];
        if ((unsigned char)field->data[i] == quote)
            i++; /* the second quote of the pair */
    }
    return size;
}

size_t pe_csv_blank_end(const unsigned char *data, size_t size, uint64_t *lines)
{
    size_t end = size;
    *lines = 0;
    while (end > 0 && data[end - 1] == '\n') {
        const size_t begin = end > 1 && data[end - 2] == '\r' ? end - 2 : end - 1;
        if (begin > 0 && data[begin - 1] != '\n')
            break; /* this newline ends a line with something in it */
        end = begin;
        ++*lines;
    }
    return size - end;
}

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* csv_commented.c - records of dialects with comments, or with blanks between the fields.
 *
 * Invariant: pe_record_scan_commented finds the ends of the same records that pe_csv_next_commented cuts; fuzz_csv.c
 *            compares them.
 * Design:   byte by byte: these dialects are rare, and the fast loops of csv.c and record_scan.c know nothing of them.
 * Threads:  no state.
 * Not here: every other dialect (csv.c, record_scan.c).
 */
#include <string.h>

#include "format/csv.h"
#include "format/record_scan.h"

static bool is_blank(int byte)
{
    return byte == ' ' || byte == '\t';
}

/* ---- the scan ---- */

/* The state after a byte that is neither a newline nor inside quotes nor in a comment. */
static pe_scan_state step_outside(pe_scan_state state, int byte, const pe_dialect *dialect)
{
    const bool has_blanks = dialect->delimiter == PE_CHAR_BLANKS;
    const bool is_first = state == PE_SCAN_RECORD || state == PE_SCAN_BLANK;
    if (byte == dialect->comment)
        return is_first ? PE_SCAN_COMMENT_LINE : PE_SCAN_COMMENT;
    if (byte == dialect->delimiter)
        return PE_SCAN_FIELD;
    if (is_first && (is_blank(byte) || byte == '\r'))
        return PE_SCAN_BLANK;
    if (has_blanks && is_blank(byte))
        return PE_SCAN_FIELD;
    if (byte != dialect->quote)
        return PE_SCAN_PLAIN;
    return state == PE_SCAN_PLAIN || (state == PE_SCAN_BLANK && !has_blanks) ? PE_SCAN_PLAIN : PE_SCAN_QUOTED;
}

static bool is_in_comment(pe_scan_state state)
{
    return state == PE_SCAN_COMMENT || state == PE_SCAN_COMMENT_LINE;
}

/* Is what was scanned since the last line end a record? */
static bool has_data(const pe_record_scan *scan)
{
    const bool has_blanks = scan->dialect.delimiter == PE_CHAR_BLANKS;
    const bool is_empty = scan->state == PE_SCAN_RECORD || scan->state == PE_SCAN_BLANK;
    return scan->state != PE_SCAN_COMMENT_LINE && !(has_blanks && is_empty);
}

size_t pe_record_scan_commented(pe_record_scan *scan, const unsigned char *data, size_t size, uint64_t most)
{
    size_t at = 0;
    while (at < size && scan->records < most) {
        const int byte = data[at++];
        const bool is_line_end = byte == '\n';
        scan->lines += is_line_end;
        if (scan->state == PE_SCAN_QUOTED) {
            scan->state = byte == scan->dialect.quote ? PE_SCAN_CLOSED : PE_SCAN_QUOTED;
        } else if (is_line_end) {
            scan->records += has_data(scan);
            scan->state = PE_SCAN_RECORD;
        } else if (!is_in_comment(scan->state)) {
            scan->state = step_outside(scan->state, byte, &scan->dialect);
        }
    }
    return at;
}

bool pe_record_scan_has_tail(const pe_record_scan *scan, unsigned char last)
{
    if (!pe_dialect_skips_lines(&scan->dialect))
        return last != '\n';
    return scan->state != PE_SCAN_RECORD && has_data(scan);
}

/* ---- cutting ---- */

typedef struct cursor {
    const unsigned char *at, *end;
    const pe_dialect *dialect;
} cursor;

/* The bytes of the line end at p: 0 where there is none; the end of the data is one of 0 bytes, see is_end. */
static size_t line_end(const cursor *p, const unsigned char *at)
{
    if (at == p->end)
        return 0;
    return *at == '\n' ? 1 : *at == '\r' && p->end - at > 1 && at[1] == '\n' ? 2 : 0;
}

static bool is_end(const cursor *p, const unsigned char *at)
{
    return at == p->end || *at == p->dialect->comment || line_end(p, at) > 0;
}

static bool is_delimiter(const cursor *p, int byte)
{
    return p->dialect->delimiter == PE_CHAR_BLANKS ? is_blank(byte) : byte == p->dialect->delimiter;
}

static void pass_blanks(cursor *p)
{
    while (p->at != p->end && is_blank(*p->at) && *p->at != p->dialect->delimiter)
        p->at++;
}

/* The blanks that a line begins with, and a CR among them, which the scan cannot tell from that of a CRLF. */
static void pass_margin(cursor *p)
{
    while (p->at != p->end && (is_blank(*p->at) || *p->at == '\r') && *p->at != p->dialect->delimiter)
        p->at++;
}

/* After the newline of the current line. */
static void pass_line(cursor *p)
{
    const unsigned char *const end = memchr(p->at, '\n', (size_t)(p->end - p->at));
    p->at = end == NULL ? p->end : end + 1;
}

/* Passes lines without data; false where nothing else is left. */
static bool pass_empty_lines(cursor *p)
{
    const bool has_blanks = p->dialect->delimiter == PE_CHAR_BLANKS;
    while (p->at != p->end) {
        const unsigned char *const begin = p->at;
        pass_margin(p);
        const bool is_comment = p->at != p->end && *p->at == p->dialect->comment;
        if (!is_comment && !(has_blanks && is_end(p, p->at))) {
            p->at = has_blanks ? p->at : begin;
            return true;
        }
        pass_line(p);
    }
    return false;
}

/* Takes a quoted field, from its opening quote on; false: there is no closing quote. */
static bool take_quoted(cursor *p, pe_csv_field *field)
{
    const unsigned char *const begin = ++p->at;
    bool has_escapes = false;
    for (;;) {
        const unsigned char *const quote = memchr(p->at, p->dialect->quote, (size_t)(p->end - p->at));
        if (quote == NULL)
            return false;
        p->at = quote + 1;
        if (p->at == p->end || *p->at != p->dialect->quote) {
            *field = (pe_csv_field){(const char *)begin, (size_t)(quote - begin), has_escapes, true, PE_FIELD_PLAIN};
            return true;
        }
        has_escapes = true;
        p->at++;
    }
}

/* Takes one field and the bytes between it and the next one. *bad is the byte of an error. */
static pe_csv_verdict take_field(cursor *p, pe_csv_field *field, bool *is_last, const unsigned char **bad,
                                 const unsigned char **lone_cr)
{
    const unsigned char *const begin = p->at;
    if (p->at != p->end && *p->at == p->dialect->quote) {
        *bad = begin;
        if (!take_quoted(p, field))
            return PE_CSV_OPEN_QUOTE;
        *bad = p->at;
        if (!is_end(p, p->at) && !is_delimiter(p, *p->at))
            return PE_CSV_AFTER_QUOTE;
    } else {
        while (!is_end(p, p->at) && !is_delimiter(p, *p->at)) {
            if (*p->at == '\r' && *lone_cr == NULL)
                *lone_cr = p->at;
            p->at++;
        }
        *field = (pe_csv_field){(const char *)begin, (size_t)(p->at - begin), false, false, PE_FIELD_PLAIN};
    }
    *is_last = is_end(p, p->at);
    if (!*is_last)
        p->at++;
    if (!*is_last && p->dialect->delimiter == PE_CHAR_BLANKS) {
        pass_blanks(p);
        *is_last = is_end(p, p->at);
    }
    return PE_CSV_RECORD;
}

pe_csv_verdict pe_csv_next_commented(const unsigned char *data, size_t size, const pe_dialect *dialect, size_t *at,
                                     pe_csv_field *fields, size_t room, size_t *count, size_t *bad)
{
    cursor p = {data + *at, data + size, dialect};
    const unsigned char *wrong = NULL, *lone_cr = NULL;
    *count = 0;
    if (!pass_empty_lines(&p))
        return PE_CSV_END;
    for (bool is_last = false; !is_last; ++*count) {
        pe_csv_field field;
        const pe_csv_verdict verdict = take_field(&p, &field, &is_last, &wrong, &lone_cr);
        *bad = (size_t)(wrong == NULL ? 0 : wrong - data);
        if (verdict != PE_CSV_RECORD)
            return verdict;
        if (*count < room)
            fields[*count] = field;
    }
    if (lone_cr != NULL) {
        *bad = (size_t)(lone_cr - data);
        return PE_CSV_LONE_CR;
    }
    pass_line(&p);
    *at = (size_t)(p.at - data);
    return PE_CSV_RECORD;
}

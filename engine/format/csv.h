/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* csv.h - splits delimited records (RFC 4180) into fields, without copying.
 *
 * Design: a field that begins with a quote ends with the next quote that is not doubled, and holds delimiters and
 *         newlines as data; right after it comes a delimiter or the record's end, anything else is malformed. A quote
 *         elsewhere is data (5" pipe). A record ends with LF or CRLF; the last one may end with the bytes. A CR without
 *         a LF after it is data inside quotes and malformed elsewhere: other programs take it for the end of a record.
 *         Spaces are data. Any other byte is allowed. Delimiter and quote are those of the dialect. A comment begins
 *         anywhere outside of quotes and ends with its line; a line of nothing but a comment, perhaps after blanks, is
 *         no record. Where blanks delimit, a line of blanks is none either.
 */
#ifndef PE_CSV_H
#define PE_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/dialect.h"

/* What the format says of a field's value beside its bytes; a csv says nothing. */
typedef enum pe_field_kind {
    PE_FIELD_PLAIN, /* a number, a word or a text */
    PE_FIELD_TEXT,  /* a text, also where it looks like a number */
    PE_FIELD_NONE   /* no value */
} pe_field_kind;

/* One field: the bytes between its quotes, or all of it when it has none. */
typedef struct pe_csv_field {
    const char *data;
    size_t size;
    bool has_escapes; /* holds "" that stand for one quote each: pe_csv_unescape */
    bool is_quoted;   /* there is a quote at each side of data */
    pe_field_kind kind;
} pe_csv_field;

typedef enum pe_csv_verdict {
    PE_CSV_RECORD,
    PE_CSV_END,         /* no record is left */
    PE_CSV_OPEN_QUOTE,  /* the bytes end inside the quoted field that opens at *bad */
    PE_CSV_AFTER_QUOTE, /* the byte at *bad must not follow a closing quote */
    PE_CSV_LONE_CR      /* the byte at *bad is a CR outside of quotes without a LF after it */
} pe_csv_verdict;

/* pe_csv_next - find the record that begins at data[*at].
 *
 * Shape:   up to room fields are written; *count is the number that the record has (a blank line has one, empty).
 * Owns:    fields point into data.
 * Returns: PE_CSV_RECORD with *at after the record's end; else *at is unchanged (see above for *bad). A record with a
 *          lone CR has its *count nevertheless, as if the CR were data.
 */
pe_csv_verdict pe_csv_next(const unsigned char *data, size_t size, const pe_dialect *dialect, size_t *at,
                           pe_csv_field *fields, size_t room, size_t *count, size_t *bad);

/* pe_csv_next_commented - pe_csv_next for a dialect of which pe_dialect_skips_lines is true. Lines without data in front
 * of the record are passed over; PE_CSV_END where nothing else is left. */
pe_csv_verdict pe_csv_next_commented(const unsigned char *data, size_t size, const pe_dialect *dialect, size_t *at,
                                     pe_csv_field *fields, size_t room, size_t *count, size_t *bad);

/* pe_csv_blank_end - the bytes of the empty lines that end the data, which ends outside of quotes; *lines is how many.
 */
size_t pe_csv_blank_end(const unsigned char *data, size_t size, uint64_t *lines);

/* pe_csv_unescape - copy the field's bytes with each doubled quote as one; out has room for field->size. Returns the bytes
 * written. */
size_t pe_csv_unescape(const pe_csv_field *field, int quote, char *out);

#endif

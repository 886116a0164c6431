/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* dialect.h - the characters that cut a text into records and fields.
 *
 * Design: a value without pointers. A character that the dialect has not is PE_CHAR_NONE, which no byte equals.
 */
#ifndef PE_DIALECT_H
#define PE_DIALECT_H

#include <stdbool.h>

#define PE_CHAR_NONE 256   /* this dialect has no such character */
#define PE_CHAR_BLANKS 257 /* as a delimiter: any number of spaces and tabs, also around the record */

typedef struct pe_dialect {
    int delimiter; /* a byte or PE_CHAR_BLANKS; 0: a record is a line and has one field */
    int quote;     /* a byte or PE_CHAR_NONE */
    int comment;   /* a byte or PE_CHAR_NONE: outside of quotes, this byte and the rest of its line are no data */
} pe_dialect;

/* pe_dialect_of - the dialect of RFC 4180 with this delimiter; 0: plain lines. */
static inline pe_dialect pe_dialect_of(int delimiter)
{
    return (pe_dialect){delimiter, delimiter == 0 ? PE_CHAR_NONE : '"', PE_CHAR_NONE};
}

/* Lines without any data are no records: comments, and where blanks delimit also empty lines. */
static inline bool pe_dialect_skips_lines(const pe_dialect *dialect)
{
    return dialect->delimiter == PE_CHAR_BLANKS || dialect->comment != PE_CHAR_NONE;
}

#endif

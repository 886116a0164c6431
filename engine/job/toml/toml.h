/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* toml.h - a TOML document as a tree of plain C nodes with their places.
 *
 * Design: toml++ parses, behind this C face (toml.cc); the tree is copied out, so nothing of toml++ leaks.
 */
#ifndef PE_TOML_H
#define PE_TOML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum pe_toml_kind {
    PE_TOML_TABLE,
    PE_TOML_ARRAY,
    PE_TOML_STRING,
    PE_TOML_INT,
    PE_TOML_FLOAT,
    PE_TOML_BOOL,
    PE_TOML_DATE /* any date or time: no key takes one */
} pe_toml_kind;

typedef struct pe_toml {
    pe_toml_kind kind;
    char *key;             /* within a table, else NULL */
    const char *origin;    /* "job.toml" or "--set pool.threads=8"; borrowed from whoever parsed */
    uint32_t line, column; /* of the value, 1-based; 0 when it came from --set */
    uint32_t key_line, key_column;
    char *string;
    size_t string_size;
    int64_t integer;
    double real;
    bool boolean;
    struct pe_toml *children; /* of a table (in the file's order where toml++ allows) or an array */
    size_t count;
} pe_toml;

/* pe_toml_parse - the whole text as one document; a byte order mark and CRLF are fine.
 *
 * Returns: PE_OK with *out, a table; PE_ECONFIG with "origin:line:column: reason" (also for keys or values nested
 * deeper than any job can mean), PE_ENOMEM
 */
pe_status pe_toml_parse(const char *text, size_t size, const char *origin, pe_toml **out, pe_error *err);
void pe_toml_free(pe_toml *root);
pe_toml *pe_toml_get(pe_toml *table, const char *key); /* NULL when there is none */

/* pe_toml_set - put a value at a dotted path, creating tables on the way; what was there before goes.
 *
 * Params:  path as in "pool.threads": bare keys. "input.1.range" reaches the second [[input]], "input.range" the single
 *          one; where `input` is absent, a table is made.
 * Owns:    the contents of `value` move into the tree, and it is left an empty table that is still its owner's to free:
 *          `pe_toml_parse("value = 8")`, set with &doc->children[0], `pe_toml_free(doc)`.
 * Returns: PE_OK, PE_ENOMEM, or PE_ECONFIG: no such path can be made (an empty or too deep path, a part of it is no
 *          table, several [[input]] and no number); the message opens with value->origin
 */
pe_status pe_toml_set(pe_toml *root, const char *path, pe_toml *value, pe_error *err);

#ifdef __cplusplus
}
#endif
#endif

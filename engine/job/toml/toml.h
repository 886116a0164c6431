/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* toml.h - a TOML document as a tree of C nodes, each with its line and column in the file.
 *
 * Design: toml++ parses the text (toml.cc). Its tree is copied into C nodes, so no other file depends on toml++.
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
    PE_TOML_DATE /* any date or time; not valid for any key */
} pe_toml_kind;

typedef struct pe_toml {
    pe_toml_kind kind;
    char *key;             /* for a child of a table, else NULL */
    const char *origin;    /* "job.toml" or "--set pool.threads=8"; borrowed from the caller of pe_toml_parse */
    uint32_t line, column; /* of the value, 1-based; 0 for a value of --set */
    uint32_t key_line, key_column;
    char *string;
    size_t string_size;
    int64_t integer;
    double real;
    bool boolean;
    struct pe_toml *children; /* of a table (in the file's order where toml++ allows) or an array */
    size_t count;
} pe_toml;

/* pe_toml_parse - parse the whole text as one document; a byte order mark and CRLF are fine.
 *
 * Returns: PE_OK with *out, a table; PE_ECONFIG with "origin:line:column: reason", also for nesting that is too deep;
 * PE_ENOMEM
 */
pe_status pe_toml_parse(const char *text, size_t size, const char *origin, pe_toml **out, pe_error *err);
void pe_toml_free(pe_toml *root);
pe_toml *pe_toml_get(pe_toml *table, const char *key); /* NULL when there is none */

/* pe_toml_set - set the value at a dotted path, and free the old value. Missing tables of the path are created.
 *
 * Params:  path: bare keys, as in "pool.threads". "input.1.range" selects the second [[input]], and "input.range" the
 *          only one. Without any `input`, a table is created.
 * Owns:    the contents of `value` move into the tree; `value` becomes an empty table, which the caller still frees:
 *          `pe_toml_parse("value = 8")`, set with &doc->children[0], `pe_toml_free(doc)`.
 * Returns: PE_OK, PE_ENOMEM, or PE_ECONFIG for an invalid path (empty or too deep, a part that is not a table, several
 *          [[input]] and no number); the message begins with value->origin
 */
pe_status pe_toml_set(pe_toml *root, const char *path, pe_toml *value, pe_error *err);

#ifdef __cplusplus
}
#endif
#endif

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* toml.h - a TOML document as a tree of plain C nodes with their places.
 *
 * Design: toml++ parses, behind this C face (cxx.cc); the tree is copied out, so nothing of toml++ leaks.
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

/* pe_toml_parse - the whole text as one document. Returns PE_ECONFIG with "origin:line:column: reason". */
pe_status pe_toml_parse(const char *text, size_t size, const char *origin, pe_toml **out, pe_error *err);
void pe_toml_free(pe_toml *root);
pe_toml *pe_toml_get(pe_toml *table, const char *key); /* NULL when there is none */

/* pe_toml_set - put `value` (a tree made by pe_toml_parse; ownership moves) at a dotted path, creating tables on the
 * way; "input.range" reaches the single [[input]] table too and "input.1.range" the second. */
pe_status pe_toml_set(pe_toml *root, const char *path, pe_toml *value, pe_error *err);

#ifdef __cplusplus
}
#endif
#endif

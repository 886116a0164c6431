/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* json_out.h - writes JSON into a buffer: objects, arrays, strings, numbers.
 *
 * Design: the writer puts the commas. An error (only PE_ENOMEM) is kept, and nothing more is written after it.
 * Threads: one at a time.
 */
#ifndef PE_JSON_OUT_H
#define PE_JSON_OUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"

/* {.err = err}, with is_spread where people read it too: an element of the outer two levels then has a line of its own. */
typedef struct pe_json {
    pe_buffer text;
    pe_error *err;
    bool is_spread;
    bool has_element; /* of the object or array that is open */
    int depth;
} pe_json;

/* In all of these `key` is the name in an object, or NULL in an array and outside. */
void pe_json_open(pe_json *json, const char *key, char bracket); /* '{' or '[' */
void pe_json_close(pe_json *json, char bracket);                 /* '}' or ']' */
void pe_json_text(pe_json *json, const char *key,
                  const char *value); /* NULL: null; bytes that are not UTF-8 become U+FFFD */
void pe_json_count(pe_json *json, const char *key, uint64_t value);              /* UINT64_MAX: null */
void pe_json_number(pe_json *json, const char *key, double value, int decimals); /* not finite: null */
void pe_json_null(pe_json *json, const char *key);

/* pe_json_put - append bytes as they are. */
void pe_json_put(pe_json *json, const char *bytes);

#endif

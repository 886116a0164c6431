/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* jsonl.h - the values that a line of JSON has under some paths.
 *
 * Design: a line is one JSON object (RFC 8259), and all of it is checked: whatever is not JSON or not UTF-8 is an error, also
 *         where no path asks for it. Of a key that comes twice the last counts.
 *         A path is keys with dots between them, "a.b"; in an array a number is an element, "a.0"; a dot of a key is written
 *         "\.". A path that leads to nothing, or through something that is no object, has no value.
 * Threads: a reader is one thread's.
 */
#ifndef PE_JSONL_H
#define PE_JSONL_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum pe_json_kind {
    PE_JSON_MISSING, /* or null */
    PE_JSON_NUMBER,  /* its own digits */
    PE_JSON_BOOL,    /* true or false */
    PE_JSON_STRING,  /* without quotes and escapes */
    PE_JSON_TREE     /* an object or array, unchanged */
} pe_json_kind;

typedef struct pe_json_value {
    pe_json_kind kind;
    const char *data; /* points into the line, except for an unescaped string */
    size_t size;
    int is_copy;     /* data is the reader's, until the next line */
    const char *own; /* the value's bytes in the line, a string with its quotes; NULL: there is none */
    size_t own_size;
} pe_json_value;

typedef struct pe_jsonl pe_jsonl;

#define PE_JSONL_PATHS 64
#define PE_JSONL_BYTES ((size_t)256 << 10) /* of memory that a reader of many short lines takes */

/* pe_jsonl_open - make a reader of these paths, at most PE_JSONL_PATHS. PE_ECONFIG: a path with an empty key; PE_ENOMEM. */
pe_status pe_jsonl_open(const char *const *paths, size_t count, pe_jsonl **out, pe_error *err);
void pe_jsonl_close(pe_jsonl *reader); /* NULL is allowed */

/* pe_jsonl_start - expect about this many lines to be read, one after the other in one piece of memory: the tokens of many
 * lines are then found at once. To be called before any line in memory that was written anew is read; 0: they come alone. */
void pe_jsonl_start(pe_jsonl *reader, uint64_t lines);

/* pe_jsonl_read - the values of one line, one per path.
 *
 * Params:  readable: bytes from data on that may be read, at least size; where they are not some more than size the line is
 *          copied first. *bad is the offset of what is wrong, on failure.
 * Returns: PE_OK; PE_EDATA with the reason alone; PE_ENOMEM
 */
pe_status pe_jsonl_read(pe_jsonl *reader, const char *data, size_t size, size_t readable, pe_json_value *values,
                        size_t *bad, pe_error *err);

/* pe_jsonl_find - the values of whole lines from data[0] on, where all are numbers or missing.
 *
 * Shape:   value p of line i lies between ends[1 + 2 * p] + 1 (modulo 2^32) and ends[2 + 2 * p] of the line's `ends`, which
 *          has one element more than two a path; a missing value is empty. Its ends[0] + 1 (modulo 2^32) is where the line
 *          begins, and the next line's ends[0] is its newline; so ends has one element after those of `most` lines.
 * Returns: how many lines were found, at most `most`: 0 as well where pe_jsonl_read has not yet seen one like it
 */
uint64_t pe_jsonl_find(pe_jsonl *reader, const char *data, size_t size, uint64_t most, uint32_t *ends);

/* pe_jsonl_keys - list the keys of the line's object, in their order, each once; take is called for each. Returns as
 * pe_jsonl_read. */
pe_status pe_jsonl_keys(pe_jsonl *reader, const char *data, size_t size,
                        pe_status (*take)(void *context, const char *key, size_t size, pe_error *err), void *context,
                        size_t *bad, pe_error *err);

#ifdef __cplusplus
}
#endif
#endif

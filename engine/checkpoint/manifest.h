/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* manifest.h - what decides the bytes of an output, key by key, as text that a person can read.
 *
 * Design: a checkpoint belongs to the job whose manifest is the same. Keys are those of the job file where there is one
 *         for it; values are TOML, or facts such as the size of an input.
 */
#ifndef PE_MANIFEST_H
#define PE_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"

typedef struct pe_manifest_entry {
    char *key, *value;
} pe_manifest_entry;

/* Zero-initialise: empty. */
typedef struct pe_manifest {
    pe_manifest_entry *entries;
    size_t count, room;
} pe_manifest;

void pe_manifest_fini(pe_manifest *manifest);

/* pe_manifest_add - one more entry; both texts are copied. The key has neither '=' nor a line end, and is new. */
pe_status pe_manifest_add(pe_manifest *manifest, const char *key, const char *value, pe_error *err);

/* pe_manifest_find - the value of a key, or NULL. */
const char *pe_manifest_find(const pe_manifest *manifest, const char *key);

/* pe_manifest_print - one line "key = value" an entry; line ends and backslashes in a value are escaped.
 * pe_manifest_parse - what print wrote; PE_EDATA for anything else. */
pe_status pe_manifest_print(const pe_manifest *manifest, pe_buffer *out, pe_error *err);
pe_status pe_manifest_parse(pe_manifest *manifest, const char *text, size_t size, pe_error *err);

/* pe_manifest_differences - append a part "key: was V, is W" for each key whose value differs or that one of them lacks
 * ("nothing"), separated by "; ". Returns how many there are; `out` ends with a terminator that is not counted. */
pe_status pe_manifest_differences(const pe_manifest *was, const pe_manifest *is, pe_buffer *out, size_t *count,
                                  pe_error *err);

#endif

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* manifest.h - the manifest of a checkpoint: the keys and values that determine the bytes of the output, as readable
 * text.
 *
 * Invariant: keys are unique.
 * Design: a run may resume from a checkpoint only if its own manifest is equal. Keys are those of the job file, with
 *         values in TOML; facts such as the size of an input have keys of their own.
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

/* pe_manifest_add - add an entry; both texts are copied. The key contains neither '=' nor a line end, and is new. */
pe_status pe_manifest_add(pe_manifest *manifest, const char *key, const char *value, pe_error *err);

/* pe_manifest_find - the value of a key, or NULL. */
const char *pe_manifest_find(const pe_manifest *manifest, const char *key);

/* pe_manifest_print - append one line "key = value" per entry; line ends and backslashes in a value are escaped.
 * pe_manifest_parse - read what print wrote; PE_EDATA for anything else. */
pe_status pe_manifest_print(const pe_manifest *manifest, pe_buffer *out, pe_error *err);
pe_status pe_manifest_parse(pe_manifest *manifest, const char *text, size_t size, pe_error *err);

/* pe_manifest_differences - append "key: was V, is W" for each key whose value differs, separated by "; "; a missing
 * value is "nothing". *count: how many there are. A NUL that out->size does not count follows the text. */
pe_status pe_manifest_differences(const pe_manifest *was, const pe_manifest *is, pe_buffer *out, size_t *count,
                                  pe_error *err);

#endif

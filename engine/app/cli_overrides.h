/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* cli_overrides.h - a growing list of overrides of a job, which owns their strings.
 */
#ifndef PE_CLI_OVERRIDES_H
#define PE_CLI_OVERRIDES_H

#include "base/buffer.h"
#include "job/job.h"

/* Zero-initialise. */
typedef struct pe_overrides {
    pe_override *list; /* with all their strings */
    size_t count;
} pe_overrides;

/* pe_overrides_add - key, of key_size bytes, becomes value, which is TOML. origin opens messages about it: "-t 8".
 * pe_overrides_add_string - do the same for a text that is not TOML yet. PE_ENOMEM is the only failure of both. */
pe_status pe_overrides_add(pe_overrides *self, const char *origin, const char *key, size_t key_size, const char *value,
                           size_t value_size, pe_error *err);
pe_status pe_overrides_add_string(pe_overrides *self, const char *origin, const char *key, const char *text,
                                  pe_error *err);

/* pe_overrides_has - is the key, or one below it, among them? */
bool pe_overrides_has(const pe_overrides *self, const char *key);

/* pe_overrides_append - append all of `more`; `more` is empty afterwards. */
pe_status pe_overrides_append(pe_overrides *self, pe_overrides *more, pe_error *err);
void pe_overrides_fini(pe_overrides *self);

#endif

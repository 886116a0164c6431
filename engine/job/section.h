/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* section.h - typed values out of one table of a job file, as the schema allows them.
 *
 * Design: every reader does the same: the key as given, else its default, else *out stays as it is. What the schema
 * does not allow is refused with place, key, what is valid and what was seen.
 */
#ifndef PE_SECTION_H
#define PE_SECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "job/toml/toml.h"
#include "types/dtype.h"

typedef struct pe_section {
    const char *name;   /* as in the schema; "" is the top level */
    const char *file;   /* the origin of nodes that came from the job file */
    pe_toml *table;     /* NULL when the file has none */
    pe_toml *fallbacks; /* the table of defaults, or NULL */
} pe_section;

/* pe_section_given - the node of a key that was written, or NULL. */
pe_toml *pe_section_given(const pe_section *section, const char *key);
/* pe_section_get - the same, or the default's node. */
pe_toml *pe_section_get(const pe_section *section, const char *key);

/* Each returns PE_OK; PE_ECONFIG, or PE_EUSAGE for a value that came from --set; PE_ENOMEM. What they make is the
 * caller's: free with free(). */
pe_status pe_section_word(const pe_section *section, const char *key, size_t *index, pe_error *err);
/* One word or an array of them; out has room for all words of the key. */
pe_status pe_section_words(const pe_section *section, const char *key, size_t *out, int *count, pe_error *err);
pe_status pe_section_string(const pe_section *section, const char *key, char **out, pe_error *err);
pe_status pe_section_integer(const pe_section *section, const char *key, uint64_t *out, pe_error *err); /* auto is 0 */
pe_status pe_section_bool(const pe_section *section, const char *key, bool *out, pe_error *err);
pe_status pe_section_bytes(const pe_section *section, const char *key, uint64_t *out, pe_error *err);
pe_status pe_section_type(const pe_section *section, const char *key, bool *is_given, pe_type *out, pe_error *err);
/* The strings of an array, none empty; names and identifiers each once. */
pe_status pe_section_strings(const pe_section *section, const char *key, char ***out, int *count, pe_error *err);
/* A length of time in nanoseconds, from "200 ms" or a number of seconds. */
pe_status pe_section_time(const pe_section *section, const char *key, uint64_t *out, pe_error *err);
/* A count, or with *is_share a share of 0 to 1, from "1 %". */
pe_status pe_section_portion(const pe_section *section, const char *key, bool *is_share, uint64_t *count, double *share,
                             pe_error *err);
/* "3/16": a number from 1 to the other one. */
pe_status pe_section_part(const pe_section *section, const char *key, uint64_t *number, uint64_t *of, pe_error *err);
/* What C takes for a name; keywords too, since they may be names elsewhere. */
bool pe_section_is_identifier(const char *text, size_t size);
/* A string that C can hold: TOML allows "\u0000". Not empty. */
bool pe_section_is_text(const pe_toml *node);

/* pe_section_refuse - "job.toml:12:5: pool.threads: " and the text; key NULL speaks of the table as a whole. */
pe_status pe_section_refuse(const pe_section *section, const char *key, const pe_toml *node, pe_error *err,
                            const char *format, ...) PE_PRINTF(5, 6);

/* pe_section_expected - refuse a node with what its key takes, and what was seen. */
pe_status pe_section_expected(const pe_section *section, const char *key, const pe_toml *node, pe_error *err);

/* pe_section_where - "job.toml:7:1: input" as a string of the caller's, for later messages. */
pe_status pe_section_where(const pe_section *section, const char *what, const pe_toml *node, char **out, pe_error *err);

#endif

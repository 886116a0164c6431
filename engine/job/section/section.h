/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* section.h - one table of a job file: read into a struct, printed from it, freed, as the schema's rows say.
 *
 * Design: a row of the schema names the field that holds its key. So reading and printing are loops over the rows, and a
 *         key needs no code of its own (how one is added: schema/schema.c). What one key alone cannot tell (this key
 *         beside that one) is checked by the file that reads the table.
 */
#ifndef PE_SECTION_H
#define PE_SECTION_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/enum_names.h"
#include "job/schema/schema.h"
#include "job/toml/toml.h"
#include "job/toml/writer.h"

typedef struct pe_section {
    const char *name;   /* as in the schema; "" is the top level */
    const char *file;   /* the origin of nodes that came from the job file */
    pe_toml *table;     /* NULL when the file has none */
    pe_toml *fallbacks; /* the table of defaults, or NULL */
} pe_section;

/* pe_section_given - the node of a key that was written, or NULL. */
pe_toml *pe_section_given(const pe_section *section, const char *key);

/* pe_section_read - each key as it was written, else its default, else its field stays as it is.
 *
 * Params:  kind is a bit of pe_key.kinds, or 0 for a table that has no kinds: keys of other kinds are left out; base is
 *          the struct that the rows' offsets count from.
 * Owns:    what was made before a failure is in base all the same; pe_section_free takes it back.
 * Returns: PE_OK; PE_ECONFIG with place, key, what is valid and what was seen, or PE_EUSAGE for a value that came from
 *          --set; PE_ENOMEM
 */
pe_status pe_section_read(const pe_section *section, unsigned kind, void *base, pe_error *err);

/* pe_section_print - the table's lines as they read back: what is not given and has no default has none. */
void pe_section_print(pe_writer *to, const char *name, unsigned kind, pe_format format, const void *base);

/* pe_section_free - what the table's fields own; they become empty. */
void pe_section_free(const char *name, void *base);

/* pe_section_check_kind - every key written in the table goes with a kind, which messages call "an input of kind range".
 */
pe_status pe_section_check_kind(const pe_section *section, unsigned kind, const char *what, pe_error *err);

/* pe_section_check_format - every key written goes with this format; an unknown one is judged when the file is open. */
pe_status pe_section_check_format(const pe_section *section, pe_format format, pe_error *err);

/* pe_section_refuse - "job.toml:12:5: pool.threads: " and the text; key NULL speaks of the table as a whole. */
pe_status pe_section_refuse(const pe_section *section, const char *key, const pe_toml *node, pe_error *err,
                            const char *format, ...) PE_PRINTF(5, 6);

/* pe_section_expected - refuse a node with what its key takes, and what was seen. */
pe_status pe_section_expected(const pe_section *section, const char *key, const pe_toml *node, pe_error *err);

/* pe_section_where - "job.toml:7:1: input" as a string of the caller's, for later messages. */
pe_status pe_section_where(const pe_section *section, const char *what, const pe_toml *node, const char **out,
                           pe_error *err);

#endif

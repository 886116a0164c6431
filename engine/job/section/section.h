/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* section.h - one table of a job file: reads it into a struct, prints it from the struct, and frees the struct's
 * fields.
 *
 * Design: each row of the schema gives the offset of the field that holds the key's value. So reading and printing are
 *         loops over the rows, and a new key needs no new code (schema/schema.c says how to add one). Rules about
 *         several keys at once are checked by the file that reads the table.
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
    const char *name;   /* the table's name in the schema; "" is the top level */
    const char *file;   /* the origin of nodes of the job file; other nodes come from --set */
    pe_toml *table;     /* NULL when the file has none */
    pe_toml *fallbacks; /* the table of defaults, or NULL */
} pe_section;

/* pe_section_given - the node of a key that the job gives, or NULL. */
pe_toml *pe_section_given(const pe_section *section, const char *key);

/* pe_section_read - set the field of each key to the given value, or else to the default; without either, the field
 * stays unchanged.
 *
 * Params:  kind is a bit of pe_key.kinds, or 0 for a table that has no kinds; keys of other kinds are skipped. base is
 *          the struct that the rows' offsets refer to.
 * Owns:    the fields of base, also those set before a failure; free them with pe_section_free.
 * Returns: PE_OK; PE_ECONFIG with place, key, what is valid and what was seen, or PE_EUSAGE for a value of --set;
 *          PE_ENOMEM
 */
pe_status pe_section_read(const pe_section *section, unsigned kind, void *base, pe_error *err);

/* pe_section_print - print the table as TOML that reads back as the same values. A key that is not given and has no
 * default is left out. */
void pe_section_print(pe_writer *to, const char *name, unsigned kind, pe_format format, const void *base);

/* pe_section_print_decisive - the same without the keys that may change between a run and its --resume. */
void pe_section_print_decisive(pe_writer *to, const char *name, unsigned kind, pe_format format, const void *base);

/* pe_section_free - free what the fields of the table own, and set them to empty. */
void pe_section_free(const char *name, void *base);

/* pe_section_check_kind - check that every given key is valid for a kind; `what` names the kind in messages, as in "an
 * input of kind range".
 */
pe_status pe_section_check_kind(const pe_section *section, unsigned kind, const char *what, pe_error *err);

/* pe_section_check_format - check that every given key is valid for this format. A format that is not known yet is
 * checked once the file is open. */
pe_status pe_section_check_format(const pe_section *section, pe_format format, pe_error *err);

/* pe_section_refuse - fail with "job.toml:12:5: pool.threads: " and the text; without a key, the message names the
 * table.
 */
pe_status pe_section_refuse(const pe_section *section, const char *key, const pe_toml *node, pe_error *err,
                            const char *format, ...) PE_PRINTF(5, 6);

/* pe_section_expected - refuse a node with "expected ..., got ...", from the key's valid values and the node. */
pe_status pe_section_expected(const pe_section *section, const char *key, const pe_toml *node, pe_error *err);

/* pe_section_where - make "job.toml:7:1: input" for later messages; the caller frees the string. */
pe_status pe_section_where(const pe_section *section, const char *what, const pe_toml *node, const char **out,
                           pe_error *err);

#endif

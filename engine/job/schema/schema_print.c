/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* schema_print.c - prints the schema as the list of keys in --help.
 *
 * Design:   two columns within 80 characters: the key, and its valid values, default and meaning. Long texts are
 *           wrapped at spaces; a key that is wider than its column gets a separate line.
 * Threads:  no state.
 * Not here: the table itself (schema.c).
 */
#include <stdio.h>
#include <string.h>

#include "base/wrap_text.h"
#include "job/job.h"
#include "job/schema/schema.h"

#define KEY_COLUMNS 22
#define TEXT_ROOM 400

static void print_key(FILE *out, const char *table, const pe_key *key)
{
    char name[64], valid[PE_VALID_ROOM], text[TEXT_ROOM];
    const char *const fallback = key->fallback != NULL ? key->fallback : key->unset;
    snprintf(name, sizeof name, "%s%s%s", table, *table == '\0' ? "" : ".", key->name);
    pe_schema_valid(key, valid);
    if (fallback == NULL)
        snprintf(text, sizeof text, "%s", valid);
    else
        snprintf(text, sizeof text, "%s (default: %s)", valid, fallback);
    fprintf(out, "  %-*s", KEY_COLUMNS - 2, name);
    if (strlen(name) >= KEY_COLUMNS - 2)
        fprintf(out, "\n%*s", KEY_COLUMNS, "");
    pe_wrap_text(out, text, KEY_COLUMNS);
    fprintf(out, "%*s", KEY_COLUMNS, "");
    pe_wrap_text(out, key->help, KEY_COLUMNS);
}

static const char *title_of(const char *table)
{
    if (*table == '\0')
        return "top level";
    if (strcmp(table, "input") == 0)
        return "[input], or one [[input]] an argument; each has one of the first seven keys";
    if (strcmp(table, "kernel") == 0)
        return "[kernel], which has one of the first six keys";
    if (strcmp(table, "reduce") == 0)
        return "[reduce], in place of [output]";
    return NULL;
}

static void print_title(FILE *out, const char *table)
{
    if (title_of(table) != NULL)
        fprintf(out, "%s%s\n", *table == '\0' ? "" : "\n", title_of(table));
    else
        fprintf(out, "\n[%s]\n", table);
}

void pe_job_print_keys(FILE *out)
{
    size_t count = 0;
    const pe_key_table *const *const tables = pe_schema_tables(&count);
    for (size_t t = 0; t < count; t++) {
        print_title(out, tables[t]->name);
        for (size_t i = 0; i < tables[t]->count; i++)
            print_key(out, tables[t]->name, &tables[t]->keys[i]);
    }
}

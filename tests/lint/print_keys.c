/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* print_keys.c - the schema as the table of docs/jobs.md; keys.py compares it with the page.
 */
#include <stdio.h>

#include "job/schema/schema.h"

static void print_default(const pe_key *key)
{
    if (key->fallback != NULL)
        (void)printf("`%s`", key->fallback);
    else if (key->unset != NULL)
        (void)fputs(key->unset, stdout);
}

static void print_key(const char *table, const pe_key *key)
{
    char valid[PE_VALID_ROOM];
    (void)printf("| `%s%s%s` | ", table, *table == '\0' ? "" : ".", key->name);
    print_default(key);
    (void)printf(" | %s | %s |\n", pe_schema_valid(key, valid), key->help);
}

int main(void)
{
    size_t count = 0;
    const pe_key_table *const *const tables = pe_schema_tables(&count);
    (void)puts("| key | default | takes | meaning |\n|---|---|---|---|");
    for (size_t t = 0; t < count; t++)
        for (size_t k = 0; k < tables[t]->count; k++)
            print_key(tables[t]->name, &tables[t]->keys[k]);
    return fflush(stdout) == 0 ? 0 : 1;
}

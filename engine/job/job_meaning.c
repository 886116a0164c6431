/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* job_meaning.c - which kind of input or kernel a table gives, with the keys that mean something for it.
 *
 * Design:   a key that is silently ignored is a mistake not told, so what the schema's bits do not allow is refused.
 * Threads:  no state.
 * Not here: keys that no table has (schema_check.c).
 */
#include <stdio.h>
#include <string.h>

#include "job/job_internal.h"
#include "job/schema/schema.h"

#define LIST_ROOM 200

static void list_keys(const char *table, unsigned bit, char out[LIST_ROOM])
{
    size_t count = 0, size = 0;
    const pe_key *const keys = pe_schema_all(&count);
    for (size_t i = 0; i < count && size < LIST_ROOM; i++)
        if (strcmp(keys[i].table, table) == 0 && (keys[i].kinds & bit) != 0)
            size += (size_t)snprintf(out + size, LIST_ROOM - size, "%s%s", size == 0 ? "" : ", ", keys[i].name);
}

pe_status pe_job_check_meaning(const pe_section *section, unsigned bit, const char *what, pe_error *err)
{
    char valid[LIST_ROOM] = "";
    for (size_t i = 0; i < section->table->count; i++) {
        const pe_toml *const node = &section->table->children[i];
        if ((pe_schema_find(section->name, node->key)->kinds & bit) != 0)
            continue;
        list_keys(section->name, bit, valid);
        return pe_section_refuse(section, node->key, node, err, "means nothing for %s; valid there: %s", what, valid);
    }
    return PE_OK;
}

pe_status pe_job_find_kind(const pe_section *section, const pe_job_kinds *kinds, size_t *out, pe_error *err)
{
    bool is_found = false;
    for (size_t i = kinds->from; i < kinds->count; i++) {
        const pe_toml *const node = pe_section_given(section, kinds->names[i]);
        if (node != NULL && is_found)
            return pe_section_refuse(section, NULL, node, err, "expected one kind of %s, got both %s and %s",
                                     kinds->noun, kinds->names[*out], kinds->names[i]);
        if (node != NULL) {
            *out = i;
            is_found = true;
        }
    }
    return is_found ? PE_OK : pe_section_refuse(section, NULL, section->table, err, "%s", kinds->nothing);
}

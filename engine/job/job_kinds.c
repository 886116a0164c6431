/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* job_kinds.c - which kind of input or kernel a table gives, and which format a path's suffix says.
 *
 * Threads:  no state.
 * Not here: which keys go with a kind or a format (section.c, by the schema's bits).
 */
#include "job/job_internal.h"

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

pe_format pe_job_format(const pe_section *section, const char *path)
{
    const pe_format format = pe_format_by_suffix(path);
    for (const pe_word *word = pe_schema_find(section->name, "format")->words; word->name != NULL; word++)
        if (word->value == (unsigned)format)
            return format;
    return PE_FORMAT_AUTO;
}

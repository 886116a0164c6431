/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* job_input.c - one [input] table as a validated value.
 *
 * Design:   the kind is found first; then every other key must mean something for that kind and for the format (the
 *           schema's bits say), since a key that is silently ignored hides a mistake.
 * Threads:  no state.
 * Not here: how values are read (section/section.c); opening anything (source).
 */
#include <stdio.h>
#include <string.h>

#include "job/job_internal.h"
#include "job/schema/schema_internal.h"
#include "job/section/values.h"

static pe_status find_kind(const pe_section *section, pe_source_kind *out, pe_error *err)
{
    const pe_job_kinds all = {.names = pe_keys_input.kinds,
                              .count = pe_keys_input.kind_count,
                              .noun = "input",
                              .nothing = "says not where the items come from; expected one of range, linspace, "
                                         "logspace, values, path, glob, value, such as range = [0, 10]"};
    size_t kind = 0;
    const pe_status status = pe_job_find_kind(section, &all, &kind, err);
    *out = (pe_source_kind)kind;
    return status;
}

/* Where a message finds the input: its table, or, of a job of one line, what was typed for it. */
static const pe_toml *place_of(const pe_section *section)
{
    const bool is_typed = section->table != NULL && section->table->count > 0 && section->table->origin != NULL &&
                          strcmp(section->table->origin, PE_JOB_COMMAND_LINE) == 0;
    return is_typed ? &section->table->children[0] : section->table;
}

pe_status pe_job_read_input(const pe_section *section, int number, pe_source_spec *out, pe_error *err)
{
    char what[32] = "input", kind[40];
    if (number > 0)
        snprintf(what, sizeof what, "input %d", number);
    pe_status status = pe_section_where(section, what, place_of(section), &out->where, err);
    if (status == PE_OK)
        status = find_kind(section, &out->kind, err);
    if (status != PE_OK)
        return status;
    snprintf(kind, sizeof kind, "an input of kind %s", pe_keys_input.kinds[out->kind]);
    status = pe_section_check_kind(section, 1u << out->kind, kind, err);
    if (status == PE_OK)
        status = pe_section_read(section, 1u << out->kind, out, err);
    if (status == PE_OK && out->kind == PE_SOURCE_FILE && out->format == PE_FORMAT_AUTO)
        out->format = pe_job_format(section, out->path);
    return status == PE_OK ? pe_section_check_format(section, out->format, err) : status;
}

void pe_job_free_input(pe_source_spec *input)
{
    pe_section_free("input", input);
    pe_value_drop(&input->where);
}

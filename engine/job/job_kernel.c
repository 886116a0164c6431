/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* job_kernel.c - the [kernel] table as a validated value.
 *
 * Design:   as with inputs, the form is found first, then every other key must mean something for that form. `name` is
 *           a form of its own except beside plugin, where it picks one of the plugin's kernels.
 * Threads:  no state.
 * Not here: whether there is such a kernel, and whether it fits the inputs (kernel/form.h).
 */
#include <stdio.h>

#include "job/job_internal.h"
#include "job/schema/schema_internal.h"

static pe_status find_kind(const pe_section *section, pe_form_kind *out, pe_error *err)
{
    const bool is_plugin = pe_section_given(section, "plugin") != NULL;
    const pe_job_kinds all = {.names = pe_keys_kernel.kinds,
                              .from = is_plugin ? PE_FORM_EXPR : PE_FORM_NAME,
                              .count = pe_keys_kernel.kind_count,
                              .noun = "kernel",
                              .nothing = "says not what is computed; expected one of name, expr, source, plugin, "
                                         "python, command, such as name = \"square\""};
    size_t kind = 0;
    const pe_status status = pe_job_find_kind(section, &all, &kind, err);
    *out = (pe_form_kind)kind;
    return status;
}

/* A C function is found by its name and called by its type: neither can be guessed. */
static pe_status check_needs(const pe_section *section, pe_form_kind kind, pe_error *err)
{
    static const char *const needs[][2] = {{"function", "function = \"f\""},
                                           {"signature", "signature = \"(float64) -> float64\""}};
    for (size_t i = 0; kind == PE_FORM_SOURCE && i < sizeof needs / sizeof *needs; i++)
        if (pe_section_given(section, needs[i][0]) == NULL)
            return pe_section_refuse(section, "source", pe_section_given(section, "source"), err,
                                     "needs a %s beside it, such as %s", needs[i][0], needs[i][1]);
    return PE_OK;
}

pe_status pe_job_read_kernel(const pe_section *section, pe_job *job, pe_error *err)
{
    char where[24], what[40];
    pe_form_kind kind = PE_FORM_NAME;
    pe_status status = find_kind(section, &kind, err);
    if (status != PE_OK)
        return status;
    const char *const name = pe_keys_kernel.kinds[kind];
    job->kernel.kind = kind;
    snprintf(where, sizeof where, "kernel.%s", name);
    status = pe_section_where(section, where, pe_section_given(section, name), &job->kernel.where, err);
    snprintf(what, sizeof what, "a kernel of kind %s", name);
    if (status == PE_OK)
        status = pe_section_check_kind(section, 1u << kind, what, err);
    if (status == PE_OK)
        status = check_needs(section, kind, err);
    const pe_toml *const condition = pe_section_given(section, "where");
    if (status == PE_OK && condition != NULL)
        status = pe_section_where(section, "kernel.where", condition, &job->kernel.condition_where, err);
    const pe_toml *const signature = pe_section_given(section, "signature");
    if (status == PE_OK && signature != NULL)
        status = pe_section_where(section, "kernel.signature", signature, &job->kernel.signature_where, err);
    if (status == PE_OK)
        status = pe_section_read(section, 1u << kind, job, err);
    if (status == PE_OK && kind == PE_FORM_EXPR)
        job->kernel.expr = job->kernel.exprs[0];
    return status;
}

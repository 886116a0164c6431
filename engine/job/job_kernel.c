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
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "job/job_internal.h"
#include "job/toml/quote.h"

/* In the order of pe_job_kernel_kind. */
static const char *const kinds[] = {"name", "expr", "source", "plugin", "python", "command"};
#define KIND_COUNT (sizeof kinds / sizeof *kinds)

static pe_status find_kind(const pe_section *section, pe_job_kernel_kind *out, pe_error *err)
{
    const bool is_plugin = pe_section_given(section, "plugin") != NULL;
    const pe_job_kinds all = {.names = kinds,
                              .from = is_plugin ? PE_JOB_KERNEL_EXPR : PE_JOB_KERNEL_NAME,
                              .count = KIND_COUNT,
                              .noun = "kernel",
                              .nothing = "says not what is computed; expected one of name, expr, source, plugin, "
                                         "python, command, such as name = \"square\""};
    size_t kind = 0;
    const pe_status status = pe_job_find_kind(section, &all, &kind, err);
    *out = (pe_job_kernel_kind)kind;
    return status;
}

static pe_status check_meaning(const pe_section *section, pe_job_kernel_kind kind, pe_error *err)
{
    char what[40];
    snprintf(what, sizeof what, "a kernel of kind %s", kinds[kind]);
    return pe_job_check_meaning(section, 1u << kind, what, err);
}

/* A C function is found by its name and called by its type: neither can be guessed. */
static pe_status check_needs(const pe_section *section, pe_job_kernel_kind kind, pe_error *err)
{
    static const char *const needs[][2] = {{"function", "function = \"f\""},
                                           {"signature", "signature = \"(float64) -> float64\""}};
    for (size_t i = 0; kind == PE_JOB_KERNEL_SOURCE && i < sizeof needs / sizeof *needs; i++)
        if (pe_section_given(section, needs[i][0]) == NULL)
            return pe_section_refuse(section, "source", pe_section_given(section, "source"), err,
                                     "needs a %s beside it, such as %s", needs[i][0], needs[i][1]);
    return PE_OK;
}

static pe_status read_strings(const pe_section *section, pe_job_kernel *out, pe_error *err)
{
    const struct {
        const char *key;
        char **to;
    } all[] = {
        {"name", &out->name},
        {"expr", &out->expr},
        {"source", &out->source},
        {"function", &out->function},
        {"plugin", &out->plugin},
        {"python", &out->python},
        {"initializer", &out->initializer},
        {"signature", &out->signature},
    };
    pe_status status = PE_OK;
    for (size_t i = 0; i < sizeof all / sizeof *all && status == PE_OK; i++)
        status = pe_section_string(section, all[i].key, all[i].to, err);
    return status;
}

static pe_status read_arrays(const pe_section *section, pe_job_kernel *out, pe_error *err)
{
    pe_status status = pe_section_strings(section, "args", &out->args, &out->arg_count, err);
    if (status == PE_OK && out->arg_count > PE_MAX_COLUMNS)
        status = pe_section_refuse(section, "args", pe_section_given(section, "args"), err,
                                   "expected at most %d arguments, got %d", PE_MAX_COLUMNS, out->arg_count);
    if (status == PE_OK)
        status = pe_section_strings(section, "cflags", &out->cflags, &out->cflag_count, err);
    if (status == PE_OK)
        status = pe_section_strings(section, "libs", &out->libs, &out->lib_count, err);
    return status == PE_OK ? pe_section_strings(section, "command", &out->command, &out->command_count, err) : status;
}

/* "f.py:do_something": a file, and a name in it. */
static pe_status check_function(const pe_section *section, const char *key, const char *text, pe_error *err)
{
    const char *const colon = text == NULL ? NULL : strrchr(text, ':');
    if (text == NULL || (colon != NULL && colon != text && colon[1] != '\0'))
        return PE_OK;
    return pe_section_expected(section, key, pe_section_given(section, key), err);
}

static pe_status read_param(const pe_section *section, const pe_toml *node, pe_job_param *out, pe_error *err)
{
    const pe_toml name = {.kind = PE_TOML_STRING, .string = node->key, .string_size = strlen(node->key)};
    char seen[PE_QUOTE_ROOM];
    if (!pe_section_is_identifier(name.string, name.string_size))
        return pe_section_refuse(section, "params", node, err, "expected names that are C identifiers, got %s",
                                 pe_quote_node(&name, seen));
    if (node->kind == PE_TOML_TABLE || node->kind == PE_TOML_ARRAY || node->kind == PE_TOML_DATE)
        return pe_section_refuse(section, "params", node, err,
                                 "expected %s to be a number, true, false or a string, "
                                 "got %s",
                                 node->key, pe_quote_node(node, seen));
    const pe_status status = pe_copy_string(&out->name, node->key, err);
    return status == PE_OK ? pe_job_read_scalar(section, "params", node, &out->value, err) : status;
}

static pe_status read_params(const pe_section *section, pe_job_kernel *out, pe_error *err)
{
    const pe_toml *const node = pe_section_get(section, "params");
    if (node == NULL)
        return PE_OK;
    if (node->kind != PE_TOML_TABLE)
        return pe_section_expected(section, "params", node, err);
    pe_status status = pe_make_array(&out->params, node->count, sizeof *out->params, err);
    for (size_t i = 0; i < node->count && status == PE_OK; i++) {
        out->param_count++; /* counted first: a half read one is freed too */
        status = read_param(section, &node->children[i], &out->params[i], err);
    }
    return status;
}

static pe_status read_rest(const pe_section *section, pe_job_kernel *out, pe_error *err)
{
    size_t overflow = 0;
    pe_status status = pe_section_integer(section, "max_items_per_worker", &out->max_items_per_worker, err);
    if (status == PE_OK)
        status = pe_section_integer(section, "seed", &out->seed, err);
    if (status == PE_OK)
        status = pe_section_word(section, "overflow", &overflow, err);
    if (status == PE_OK)
        status = pe_section_bool(section, "isolate", &out->is_isolated, err);
    out->may_wrap = overflow == 1;
    return status;
}

pe_status pe_job_read_kernel(const pe_section *section, pe_job_kernel *out, pe_error *err)
{
    char what[24];
    pe_status status = find_kind(section, &out->kind, err);
    if (status != PE_OK)
        return status;
    snprintf(what, sizeof what, "kernel.%s", kinds[out->kind]);
    status = pe_section_where(section, what, pe_section_given(section, kinds[out->kind]), &out->where, err);
    if (status == PE_OK)
        status = check_meaning(section, out->kind, err);
    if (status == PE_OK)
        status = check_needs(section, out->kind, err);
    if (status == PE_OK)
        status = read_strings(section, out, err);
    if (status == PE_OK)
        status = check_function(section, "python", out->python, err);
    if (status == PE_OK)
        status = check_function(section, "initializer", out->initializer, err);
    if (status == PE_OK)
        status = read_arrays(section, out, err);
    if (status == PE_OK)
        status = read_params(section, out, err);
    return status == PE_OK ? read_rest(section, out, err) : status;
}

static void free_strings(char **strings, int count)
{
    for (int i = 0; i < count; i++)
        free(strings[i]);
    free(strings);
}

void pe_job_free_kernel(pe_job_kernel *kernel)
{
    char *const strings[] = {kernel->where,  kernel->name,   kernel->expr,        kernel->source,   kernel->function,
                             kernel->plugin, kernel->python, kernel->initializer, kernel->signature};
    for (size_t i = 0; i < sizeof strings / sizeof *strings; i++)
        free(strings[i]);
    for (size_t i = 0; i < kernel->param_count; i++) {
        free(kernel->params[i].name);
        free(kernel->params[i].value.text);
    }
    free(kernel->params);
    free_strings(kernel->args, kernel->arg_count);
    free_strings(kernel->cflags, kernel->cflag_count);
    free_strings(kernel->libs, kernel->lib_count);
    free_strings(kernel->command, kernel->command_count);
    *kernel = (pe_job_kernel){0};
}

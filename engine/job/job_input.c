/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* job_input.c - one [input] table as a validated value.
 *
 * Design:   the kind is found first; then every other key must mean something for that kind (the schema's bits tell),
 *           since a key that is silently ignored is a mistake not told.
 * Threads:  no state.
 * Not here: ranges and other kinds written as numbers (job_numbers.c); opening anything (source).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "job/job_internal.h"
#include "job/schema/schema.h"
#include "job/toml/quote.h"

/* In the order of pe_job_input_kind. */
static const char *const kinds[] = {"range", "linspace", "path", "glob", "value"};
#define KIND_COUNT (sizeof kinds / sizeof *kinds)

pe_format pe_job_input_format(const pe_job_input *input)
{
    if (input->kind != PE_INPUT_PATH || input->format != PE_FORMAT_AUTO)
        return input->format;
    const pe_format format = pe_format_by_suffix(input->path);
    return format == PE_FORMAT_DIGEST ? PE_FORMAT_AUTO : format; /* digest is for output only */
}

static pe_status find_kind(const pe_section *section, pe_job_input_kind *out, pe_error *err)
{
    const pe_job_kinds all = {.names = kinds,
                              .count = KIND_COUNT,
                              .noun = "input",
                              .nothing = "says not where the items come from; expected one of range, linspace, path, "
                                         "glob, value, such as range = [0, 10]"};
    size_t kind = 0;
    const pe_status status = pe_job_find_kind(section, &all, &kind, err);
    *out = (pe_job_input_kind)kind;
    return status;
}

static pe_status check_meaning(const pe_section *section, pe_job_input_kind kind, pe_error *err)
{
    char what[40];
    snprintf(what, sizeof what, "an input of kind %s", kinds[kind]);
    return pe_job_check_meaning(section, 1u << kind, what, err);
}

/* header and columns need a format that has such things; a format still unknown is judged when the file is open. */
static pe_status check_format(const pe_section *section, const pe_job_input *input, pe_error *err)
{
    const pe_format format = pe_job_input_format(input);
    const bool is_csv = format == PE_FORMAT_CSV || format == PE_FORMAT_TSV;
    const pe_toml *const header = pe_section_given(section, "header");
    const pe_toml *const columns = pe_section_given(section, "columns");
    if (format == PE_FORMAT_AUTO || is_csv)
        return PE_OK;
    if (header != NULL)
        return pe_section_refuse(section, "header", header, err,
                                 "means nothing for format %s; only csv and tsv have one", pe_format_name(format));
    if (columns != NULL && format != PE_FORMAT_NPY)
        return pe_section_refuse(section, "columns", columns, err,
                                 "means nothing for format %s; only csv, tsv and npy have columns",
                                 pe_format_name(format));
    return PE_OK;
}

static pe_status read_column(const pe_section *section, const pe_toml *node, pe_toml_kind kind, pe_job_column *out,
                             pe_error *err)
{
    char seen[PE_QUOTE_ROOM];
    const bool is_name =
        node->kind == PE_TOML_STRING && node->string_size > 0 && strlen(node->string) == node->string_size;
    const bool is_number = node->kind == PE_TOML_INT && node->integer >= 0;
    if (node->kind != kind && (is_name || is_number))
        return pe_section_refuse(section, "columns", node, err, "expected all names or all numbers, got both (%s)",
                                 pe_quote_node(node, seen));
    if (!is_name && !is_number)
        return pe_section_refuse(section, "columns", node, err, "expected a name or a number from 0, got %s",
                                 pe_quote_node(node, seen));
    out->number = is_number ? (uint64_t)node->integer : 0;
    return pe_copy_string(&out->name, is_name ? node->string : NULL, err);
}

static pe_status read_columns(const pe_section *section, pe_job_input *out, pe_error *err)
{
    const pe_toml *const node = pe_section_get(section, "columns");
    if (node == NULL)
        return PE_OK;
    if (node->kind != PE_TOML_ARRAY || node->count == 0)
        return pe_section_expected(section, "columns", node, err);
    if (node->count > PE_MAX_COLUMNS)
        return pe_section_refuse(section, "columns", node, err, "expected at most %d columns, got %zu", PE_MAX_COLUMNS,
                                 node->count);
    pe_status status = pe_make_array(&out->columns, node->count, sizeof *out->columns, err);
    for (size_t i = 0; i < node->count && status == PE_OK; i++) {
        status = read_column(section, &node->children[i], node->children[0].kind, &out->columns[i], err);
        out->column_count += status == PE_OK;
    }
    return status;
}

static pe_status read_kind(const pe_section *section, pe_job_input *out, pe_error *err)
{
    switch (out->kind) {
    case PE_INPUT_RANGE:
        return pe_job_read_range(section, out, err);
    case PE_INPUT_LINSPACE:
        return pe_job_read_linspace(section, out, err);
    case PE_INPUT_PATH:
        return pe_section_string(section, "path", &out->path, err);
    case PE_INPUT_GLOB:
        return pe_section_string(section, "glob", &out->pattern, err);
    case PE_INPUT_VALUE:
        return pe_job_read_scalar(section, "value", pe_section_get(section, "value"), &out->value, err);
    }
    return pe_fail(err, PE_EBUG, "an input of kind %d", (int)out->kind);
}

static pe_status read_rest(const pe_section *section, pe_job_input *out, pe_error *err)
{
    size_t format = 0;
    pe_status status = pe_section_word(section, "format", &format, err);
    if (status == PE_OK && pe_section_given(section, "format") != NULL)
        out->format = (pe_format)(PE_FORMAT_NPY + format);
    if (status == PE_OK)
        status = pe_section_type(section, "dtype", &out->has_dtype, &out->dtype, err);
    if (status == PE_OK)
        status = pe_section_bool(section, "header", &out->header, err);
    if (status == PE_OK)
        status = read_columns(section, out, err);
    if (status == PE_OK)
        status = pe_section_integer(section, "first", &out->first, err);
    if (status == PE_OK)
        status = pe_section_integer(section, "count", &out->count, err);
    out->has_header = pe_section_given(section, "header") != NULL;
    out->has_first = pe_section_given(section, "first") != NULL;
    out->has_count = pe_section_given(section, "count") != NULL;
    return status == PE_OK ? check_format(section, out, err) : status;
}

pe_status pe_job_read_input(const pe_section *section, int number, pe_job_input *out, pe_error *err)
{
    char what[32] = "input";
    if (number > 0)
        snprintf(what, sizeof what, "input %d", number);
    pe_status status = pe_section_where(section, what, section->table, &out->where, err);
    if (status == PE_OK)
        status = find_kind(section, &out->kind, err);
    if (status == PE_OK)
        status = check_meaning(section, out->kind, err);
    if (status == PE_OK)
        status = read_kind(section, out, err);
    return status == PE_OK ? read_rest(section, out, err) : status;
}

void pe_job_free_input(pe_job_input *input)
{
    for (int i = 0; i < input->column_count; i++)
        free(input->columns[i].name);
    free(input->columns);
    free(input->where);
    free(input->path);
    free(input->pattern);
    free(input->value.text);
    *input = (pe_job_input){0};
}

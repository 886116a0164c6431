/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* values_dtypes.c - reads, prints and frees [input] dtype: one dtype, or a table of them by the columns' names.
 *
 * Threads:  no state.
 * Not here: which columns there are (source).
 */
#include <string.h>

#include "base/alloc.h"
#include "job/section/values.h"
#include "job/toml/quote.h"

static pe_status read_one(const pe_place *to, const pe_toml *node, pe_column_dtype *out, pe_error *err)
{
    char seen[PE_QUOTE_ROOM];
    pe_type type = {PE_FLOAT64, 0};
    pe_error reason = PE_ERROR_INIT;
    if (!pe_value_is_text(node))
        return pe_section_refuse(to->section, to->key->name, node, err,
                                 "expected a dtype such as \"int64\" for %s, got %s", node->key,
                                 pe_quote_node(node, seen));
    if (pe_type_parse(node->string, &type, &reason) != PE_OK)
        return pe_section_refuse(to->section, to->key->name, node, err, "%s", reason.text);
    if (type.width != 0)
        return pe_section_refuse(to->section, to->key->name, node, err,
                                 "expected one element for the column %s, such as \"%s\", got %s", node->key,
                                 pe_dtype_name(type.dtype), pe_quote_node(node, seen));
    out->dtype = type.dtype;
    return pe_value_copy(&out->name, node->key, err);
}

static pe_status read_table(const pe_place *to, const pe_toml *node, pe_source_spec *spec, pe_error *err)
{
    pe_column_dtype *list = NULL;
    if (node->count == 0 || node->count > PE_MAX_COLUMNS)
        return pe_section_refuse(to->section, to->key->name, node, err, "expected 1 to %d columns, got %zu",
                                 PE_MAX_COLUMNS, node->count);
    pe_status status = pe_make_array(&list, node->count, sizeof *list, err);
    spec->dtypes = list;
    for (size_t i = 0; status == PE_OK && i < node->count; i++) {
        status = read_one(to, &node->children[i], &list[i], err);
        spec->dtype_count += status == PE_OK;
    }
    return status;
}

static pe_status read_types(const pe_place *to, const pe_toml *node, pe_error *err)
{
    pe_source_spec *const spec = to->base;
    if (node->kind == PE_TOML_TABLE)
        return read_table(to, node, spec, err);
    spec->has_dtype = true;
    return pe_value_type.read(to, node, err);
}

static void print_types(pe_writer *to, const pe_key *key, const void *base)
{
    const pe_source_spec *const spec = base;
    if (spec->has_dtype)
        pe_value_type.print(to, key, base);
    if (spec->dtype_count == 0)
        return;
    pe_writer_key(to, key->name);
    for (int i = 0; i < spec->dtype_count; i++) {
        pe_writer_put(to, i == 0 ? "{ " : ", ");
        pe_writer_string(to, spec->dtypes[i].name);
        pe_writer_put(to, " = ");
        pe_writer_string(to, pe_dtype_name(spec->dtypes[i].dtype));
    }
    pe_writer_put(to, " }\n");
}

static void free_types(const pe_key *key, void *base)
{
    pe_source_spec *const spec = base;
    (void)key;
    for (int i = 0; i < spec->dtype_count; i++) {
        pe_column_dtype one = spec->dtypes[i];
        pe_value_drop(&one.name);
    }
    spec->dtype_count = 0;
    pe_value_drop(&spec->dtypes);
}

const pe_value_ops pe_value_types = {read_types, print_types, free_types};

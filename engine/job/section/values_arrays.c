/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* values_arrays.c - reads, prints and frees arrays of strings, columns and params of a job file.
 *
 * Invariant: the count of an array is the number of elements that are set, so an array that was read only in part can
 *            be freed.
 * Threads:  no state.
 * Not here: arrays of numbers (values_numbers.c).
 */
#include <string.h>

#include "base/alloc.h"
#include "job/section/values.h"
#include "job/toml/quote.h"

/* Is the text a C identifier? Keywords of C are allowed, since kernels in other languages may use them. */
static bool is_identifier(const char *text, size_t size)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";
    return size > 0 && strspn(text, letters) == size && !(text[0] >= '0' && text[0] <= '9');
}

static pe_status check_count(const pe_place *to, const pe_toml *node, pe_error *err)
{
    const pe_key *const key = to->key;
    if (node->kind != PE_TOML_ARRAY || (int64_t)node->count < key->least || node->count > INT32_MAX)
        return pe_section_expected(to->section, key->name, node, err);
    if (key->most > 0 && (int64_t)node->count > key->most)
        return pe_section_refuse(to->section, key->name, node, err, "expected at most %d, got %zu", (int)key->most,
                                 node->count);
    return PE_OK;
}

static bool is_among(const pe_toml *array, size_t count, const char *text)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(array->children[i].string, text) == 0)
            return true;
    return false;
}

/* Checks one string of an array, after `before` valid ones. */
static pe_status check_string(const pe_place *to, const pe_toml *array, size_t before, pe_error *err)
{
    char seen[PE_QUOTE_ROOM];
    const pe_key *const key = to->key;
    const pe_toml *const node = &array->children[before];
    /* an argument of a program may be empty, the program's name must not be */
    const bool may_be_empty = (key->type == PE_KEY_COMMAND && before > 0) || key->type == PE_KEY_TEXTS;
    if (!pe_value_is_text(node) && !(may_be_empty && node->kind == PE_TOML_STRING && node->string_size == 0))
        return pe_section_refuse(to->section, key->name, node, err, "expected a string that is not empty, got %s",
                                 pe_quote_node(node, seen));
    if (key->type == PE_KEY_IDENTIFIERS && !is_identifier(node->string, node->string_size))
        return pe_section_refuse(to->section, key->name, node, err, "expected a C identifier such as \"x\", got %s",
                                 pe_quote_node(node, seen));
    const bool is_once = key->type == PE_KEY_NAMES || key->type == PE_KEY_IDENTIFIERS;
    if (is_once && is_among(array, before, node->string))
        return pe_section_refuse(to->section, key->name, node, err, "expected each name once, got %s again",
                                 pe_quote_node(node, seen));
    return PE_OK;
}

static pe_status read_strings(const pe_place *to, const pe_toml *node, pe_error *err)
{
    const char ***const field = pe_place_field(to->key, to->base);
    int *const count = pe_place_count(to->key, to->base);
    pe_status status = check_count(to, node, err);
    for (size_t i = 0; status == PE_OK && i < node->count; i++)
        status = check_string(to, node, i, err);
    if (status == PE_OK)
        status = pe_make_array(field, node->count, sizeof **field, err);
    for (size_t i = 0; status == PE_OK && i < node->count; i++) {
        status = pe_value_copy(&(*field)[i], node->children[i].string, err);
        *count += status == PE_OK;
    }
    return status;
}

/* One string, or an array of them. */
static pe_status read_expressions(const pe_place *to, const pe_toml *node, pe_error *err)
{
    if (node->kind == PE_TOML_ARRAY)
        return read_strings(to, node, err);
    const char ***const field = pe_place_field(to->key, to->base);
    if (!pe_value_is_text(node))
        return pe_section_expected(to->section, to->key->name, node, err);
    pe_status status = pe_make_array(field, 1, sizeof **field, err);
    if (status == PE_OK)
        status = pe_value_copy(&(*field)[0], node->string, err);
    *pe_place_count(to->key, to->base) = status == PE_OK;
    return status;
}

static void print_one_string(pe_writer *to, const pe_key *key, const void *list, int i)
{
    (void)key;
    pe_writer_string(to, ((const char *const *)list)[i]);
}

static void print_strings(pe_writer *to, const pe_key *key, const void *base)
{
    pe_value_print_list(to, key, *(const char *const *const *)pe_place_value(key, base), pe_place_counted(key, base),
                        print_one_string);
}

static void print_expressions(pe_writer *to, const pe_key *key, const void *base)
{
    const char *const *const strings = *(const char *const *const *)pe_place_value(key, base);
    if (pe_place_counted(key, base) == 1)
        pe_writer_pair(to, key->name, strings[0]);
    else
        print_strings(to, key, base);
}

static void free_strings(const pe_key *key, void *base)
{
    const char **const strings = *(const char ***)pe_place_field(key, base);
    int *const count = pe_place_count(key, base);
    for (int i = 0; i < *count; i++)
        pe_value_drop(&strings[i]);
    *count = 0;
    pe_value_drop(pe_place_field(key, base));
}

static pe_status read_column(const pe_place *to, const pe_toml *node, pe_toml_kind kind, pe_column_choice *out,
                             pe_error *err)
{
    char seen[PE_QUOTE_ROOM];
    const bool is_name = pe_value_is_text(node);
    const bool is_number = node->kind == PE_TOML_INT && node->integer >= 0;
    if (node->kind != kind && (is_name || is_number))
        return pe_section_refuse(to->section, to->key->name, node, err,
                                 "expected all names or all numbers, got both (%s)", pe_quote_node(node, seen));
    if (!is_name && !is_number)
        return pe_section_refuse(to->section, to->key->name, node, err, "expected a name or a number from 0, got %s",
                                 pe_quote_node(node, seen));
    out->number = is_number ? (uint64_t)node->integer : 0;
    return pe_value_copy(&out->name, is_name ? node->string : NULL, err);
}

static pe_status read_choices(const pe_place *to, const pe_toml *node, const pe_column_choice **out, int *count,
                              pe_error *err)
{
    pe_column_choice *columns = NULL;
    pe_status status = check_count(to, node, err);
    if (status == PE_OK)
        status = pe_make_array(&columns, node->count, sizeof *columns, err);
    *out = columns;
    for (size_t i = 0; status == PE_OK && i < node->count; i++) {
        status = read_column(to, &node->children[i], node->children[0].kind, &columns[i], err);
        *count += status == PE_OK;
    }
    return status;
}

static pe_status read_columns(const pe_place *to, const pe_toml *node, pe_error *err)
{
    return read_choices(to, node, pe_place_field(to->key, to->base), pe_place_count(to->key, to->base), err);
}

static void print_choice(pe_writer *to, const pe_key *key, const void *list, int i)
{
    const pe_column_choice *const column = (const pe_column_choice *)list + i;
    (void)key;
    if (column->name != NULL)
        pe_writer_string(to, column->name);
    else
        pe_writer_count(to, column->number);
}

static void print_columns(pe_writer *to, const pe_key *key, const void *base)
{
    pe_value_print_list(to, key, *(const pe_column_choice *const *)pe_place_value(key, base),
                        pe_place_counted(key, base), print_choice);
}

static void free_choices(const pe_column_choice **field, int *count)
{
    for (int i = 0; i < *count; i++) {
        pe_column_choice one = (*field)[i];
        pe_value_drop(&one.name);
    }
    *count = 0;
    pe_value_drop(field);
}

static void free_columns(const pe_key *key, void *base)
{
    free_choices(pe_place_field(key, base), pe_place_count(key, base));
}

/* ---- "all", or columns ---- */

static pe_status read_keep(const pe_place *to, const pe_toml *node, pe_error *err)
{
    char seen[PE_QUOTE_ROOM];
    pe_keep *const keep = pe_place_field(to->key, to->base);
    keep->is_all = node->kind == PE_TOML_STRING && strcmp(node->string, "all") == 0;
    if (!keep->is_all && pe_value_is_text(node))
        return pe_section_refuse(to->section, to->key->name, node, err,
                                 "expected \"all\" or an array of columns, got %s: one column is written [%s]",
                                 pe_quote_node(node, seen), seen);
    return keep->is_all ? PE_OK : read_choices(to, node, &keep->columns, &keep->count, err);
}

static void print_keep(pe_writer *to, const pe_key *key, const void *base)
{
    const pe_keep *const keep = pe_place_value(key, base);
    if (keep->is_all)
        pe_writer_pair(to, key->name, "all");
    else
        pe_value_print_list(to, key, keep->columns, keep->count, print_choice);
}

void pe_value_drop_keep(pe_keep *keep)
{
    free_choices(&keep->columns, &keep->count);
    keep->is_all = false;
}

static void free_keep(const pe_key *key, void *base)
{
    pe_value_drop_keep(pe_place_field(key, base));
}

static pe_status read_param_value(const pe_place *to, const pe_toml *node, pe_param *out, pe_error *err)
{
    char seen[PE_QUOTE_ROOM];
    pe_scalar value = {0};
    if (!pe_value_is_scalar(node))
        return pe_section_refuse(to->section, to->key->name, node, err,
                                 "expected %s to be a number, true, false or a string, got %s", node->key,
                                 pe_quote_node(node, seen));
    const pe_status status = pe_value_take_scalar(node, &value, err);
    *out = (pe_param){.name = out->name,
                      .dtype = value.dtype,
                      .integer = (int64_t)value.integer,
                      .real = value.real,
                      .text = value.text};
    return status;
}

static pe_status read_param(const pe_place *to, const pe_toml *node, pe_param *out, pe_error *err)
{
    const pe_toml name = {.kind = PE_TOML_STRING, .string = node->key, .string_size = strlen(node->key)};
    char seen[PE_QUOTE_ROOM];
    if (!is_identifier(name.string, name.string_size))
        return pe_section_refuse(to->section, to->key->name, node, err, "expected names that are C identifiers, got %s",
                                 pe_quote_node(&name, seen));
    const pe_status status = pe_value_copy(&out->name, node->key, err);
    return status == PE_OK ? read_param_value(to, node, out, err) : status;
}

/* Reads [kernel.params]; the field is the whole setup, with the params and their count. */
static pe_status read_params(const pe_place *to, const pe_toml *node, pe_error *err)
{
    pe_setup *const setup = pe_place_field(to->key, to->base);
    pe_param *params = NULL;
    if (node->kind != PE_TOML_TABLE)
        return pe_section_expected(to->section, to->key->name, node, err);
    pe_status status = pe_make_array(&params, node->count, sizeof *params, err);
    setup->params = params;
    for (size_t i = 0; i < node->count && status == PE_OK; i++) {
        setup->param_count++; /* counted first, so that a param read in part is freed too */
        status = read_param(to, &node->children[i], &params[i], err);
    }
    return status;
}

static void print_params(pe_writer *to, const pe_key *key, const void *base)
{
    const pe_setup *const setup = pe_place_value(key, base);
    if (setup->param_count == 0)
        return;
    pe_writer_key(to, key->name);
    for (size_t i = 0; i < setup->param_count; i++) {
        const pe_param *const param = &setup->params[i];
        const pe_scalar value = {
            .dtype = param->dtype, .integer = param->integer, .real = param->real, .text = param->text};
        pe_writer_put(to, i == 0 ? "{ " : ", ");
        pe_writer_key(to, param->name);
        pe_writer_scalar(to, &value);
    }
    pe_writer_put(to, " }\n");
}

static void free_params(const pe_key *key, void *base)
{
    pe_setup *const setup = pe_place_field(key, base);
    for (size_t i = 0; i < setup->param_count; i++) {
        pe_param param = setup->params[i];
        pe_value_drop(&param.name);
        pe_value_drop(&param.text.data);
    }
    setup->param_count = 0;
    pe_value_drop(&setup->params);
}

const pe_value_ops pe_value_strings = {read_strings, print_strings, free_strings};
const pe_value_ops pe_value_expressions = {read_expressions, print_expressions, free_strings};
const pe_value_ops pe_value_keep = {read_keep, print_keep, free_keep};
const pe_value_ops pe_value_columns = {read_columns, print_columns, free_columns};
const pe_value_ops pe_value_params = {read_params, print_params, free_params};

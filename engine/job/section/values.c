/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* values.c - the table of functions that read, print and free each type of key.
 *
 * Threads:  no state.
 * Not here: the keys (schema/schema.c); the text of what is valid (schema/schema_valid.c).
 */
#include "job/section/values.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

const pe_value_ops *pe_value_ops_of(pe_key_type type)
{
    static const pe_value_ops *const types[] = {
        [PE_KEY_WORD] = &pe_value_word,           [PE_KEY_EITHER] = &pe_value_either,
        [PE_KEY_WORDS] = &pe_value_words,         [PE_KEY_STRING] = &pe_value_string,
        [PE_KEY_INTEGER] = &pe_value_integer,     [PE_KEY_AUTO_INTEGER] = &pe_value_integer,
        [PE_KEY_BOOL] = &pe_value_bool,           [PE_KEY_BYTES] = &pe_value_bytes,
        [PE_KEY_TYPE] = &pe_value_type,           [PE_KEY_TYPES] = &pe_value_types,
        [PE_KEY_DTYPE] = &pe_value_dtype,         [PE_KEY_NAMES] = &pe_value_strings,
        [PE_KEY_IDENTIFIERS] = &pe_value_strings, [PE_KEY_STRINGS] = &pe_value_strings,
        [PE_KEY_COMMAND] = &pe_value_strings,     [PE_KEY_COLUMNS] = &pe_value_columns,
        [PE_KEY_RANGE] = &pe_value_range,         [PE_KEY_LINSPACE] = &pe_value_linspace,
        [PE_KEY_VALUES] = &pe_value_values,       [PE_KEY_INTEGERS] = &pe_value_integers,
        [PE_KEY_SCALAR] = &pe_value_scalar,       [PE_KEY_PARAMS] = &pe_value_params,
        [PE_KEY_FUNCTION] = &pe_value_function,   [PE_KEY_TIME] = &pe_value_time,
        [PE_KEY_TEXT] = &pe_value_string,         [PE_KEY_TEXTS] = &pe_value_strings,
        [PE_KEY_CHAR] = &pe_value_char,           [PE_KEY_PORTION] = &pe_value_portion,
        [PE_KEY_PART] = &pe_value_part,           [PE_KEY_LIMIT] = &pe_value_limit,
        [PE_KEY_FILL] = &pe_value_fill,           [PE_KEY_EXPRESSIONS] = &pe_value_expressions,
        [PE_KEY_KEEP] = &pe_value_keep,           [PE_KEY_FLOAT_FORMAT] = &pe_value_float_format,
        [PE_KEY_SHARES] = &pe_value_shares,       [PE_KEY_HISTOGRAM] = &pe_value_histogram,
    };
    return types[type];
}

bool pe_value_is_text(const pe_toml *node)
{
    return node->kind == PE_TOML_STRING && node->string_size > 0 && strlen(node->string) == node->string_size;
}

pe_status pe_value_copy(const char **out, const char *text, pe_error *err)
{
    char *copy = NULL;
    const pe_status status = pe_copy_string(&copy, text, err);
    *out = copy;
    return status;
}

/* As pe_value_copy, for a string of any bytes. */
static pe_status copy_text(pe_text *out, const pe_toml *node, pe_error *err)
{
    char *copy = NULL;
    if (pe_make_array(&copy, node->string_size + 1, 1, err) != PE_OK)
        return err->status;
    memcpy(copy, node->string, node->string_size);
    *out = (pe_text){.data = copy, .size = node->string_size};
    return PE_OK;
}

void pe_value_drop(void *field)
{
    void *owned = NULL; /* the field's type is a pointer to const */
    memcpy(&owned, field, sizeof owned);
    free(owned);
    owned = NULL;
    memcpy(field, &owned, sizeof owned);
}

bool pe_value_is_scalar(const pe_toml *node)
{
    return node->kind == PE_TOML_INT || node->kind == PE_TOML_FLOAT || node->kind == PE_TOML_BOOL ||
           node->kind == PE_TOML_STRING;
}

pe_status pe_value_take_scalar(const pe_toml *node, pe_scalar *out, pe_error *err)
{
    if (node->kind == PE_TOML_INT)
        *out = (pe_scalar){.dtype = PE_INT64, .integer = node->integer};
    else if (node->kind == PE_TOML_FLOAT)
        *out = (pe_scalar){.dtype = PE_FLOAT64, .real = node->real};
    else if (node->kind == PE_TOML_BOOL)
        *out = (pe_scalar){.dtype = PE_BOOL, .integer = node->boolean};
    else
        *out = (pe_scalar){.dtype = PE_TEXT};
    return out->dtype == PE_TEXT ? copy_text(&out->text, node, err) : PE_OK;
}

void pe_value_print_list(pe_writer *to, const pe_key *key, const void *list, int count, pe_element_printer print)
{
    if (count == 0)
        return;
    pe_writer_key(to, key->name);
    for (int i = 0; i < count; i++) {
        pe_writer_put(to, i == 0 ? "[" : ", ");
        print(to, key, list, i);
    }
    pe_writer_put(to, "]\n");
}

void pe_value_free_list(const pe_key *key, void *base)
{
    *pe_place_count(key, base) = 0;
    pe_value_drop(pe_place_field(key, base));
}

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* values_plain.c - reads and prints words, strings, integers, flags and dtypes of a job file.
 *
 * Design:   bounds and words come from the key's row in the schema.
 * Threads:  no state.
 * Not here: numbers with units (values_units.c); arrays (values_arrays.c); ranges (values_numbers.c).
 */
#include <assert.h>
#include <string.h>

#include "job/section/values.h"
#include "job/toml/quote.h"
#include "types/float_format.h"

static_assert(sizeof(pe_format) == sizeof(unsigned), "a word's field is an enum, which has the size of unsigned");

static const pe_word *find_word(const pe_key *key, const pe_toml *node)
{
    for (const pe_word *word = key->words; node->kind == PE_TOML_STRING && word->name != NULL; word++)
        if (strcmp(word->name, node->string) == 0)
            return word;
    return NULL;
}

static pe_status read_word(const pe_place *to, const pe_toml *node, pe_error *err)
{
    const pe_word *const word = find_word(to->key, node);
    if (word == NULL)
        return pe_section_expected(to->section, to->key->name, node, err);
    memcpy(pe_place_field(to->key, to->base), &word->value, sizeof word->value);
    return PE_OK;
}

static pe_status read_either(const pe_place *to, const pe_toml *node, pe_error *err)
{
    const pe_word *const word = find_word(to->key, node);
    if (word == NULL)
        return pe_section_expected(to->section, to->key->name, node, err);
    *(bool *)pe_place_field(to->key, to->base) = word->value != 0;
    return PE_OK;
}

/* Reads one or several words; the field is an array with room for all words. */
static pe_status read_words(const pe_place *to, const pe_toml *node, pe_error *err)
{
    char seen[PE_QUOTE_ROOM];
    unsigned *const values = pe_place_field(to->key, to->base);
    int *const count = pe_place_count(to->key, to->base);
    const bool is_array = node->kind == PE_TOML_ARRAY;
    const size_t given = is_array ? node->count : 1;
    for (size_t i = 0; i < given; i++) {
        const pe_toml *const one = is_array ? &node->children[i] : node;
        const pe_word *const word = find_word(to->key, one);
        if (word == NULL)
            return pe_section_expected(to->section, to->key->name, one, err);
        for (int before = 0; before < *count; before++)
            if (values[before] == word->value)
                return pe_section_refuse(to->section, to->key->name, one, err, "expected each once, got %s again",
                                         pe_quote_node(one, seen));
        values[(*count)++] = word->value;
    }
    return given > 0 ? PE_OK : pe_section_expected(to->section, to->key->name, node, err);
}

static const char *name_of(const pe_key *key, unsigned value)
{
    for (const pe_word *word = key->words; word->name != NULL; word++)
        if (word->value == value)
            return word->name;
    return NULL;
}

static void print_word(pe_writer *to, const pe_key *key, const void *base)
{
    unsigned value = 0;
    memcpy(&value, pe_place_value(key, base), sizeof value);
    pe_writer_pair(to, key->name, name_of(key, value));
}

static void print_either(pe_writer *to, const pe_key *key, const void *base)
{
    const bool value = *(const bool *)pe_place_value(key, base);
    pe_writer_pair(to, key->name, name_of(key, value ? 1 : 0));
}

static void print_name(pe_writer *to, const pe_key *key, const void *list, int i)
{
    pe_writer_string(to, name_of(key, ((const unsigned *)list)[i]));
}

static void print_words(pe_writer *to, const pe_key *key, const void *base)
{
    pe_value_print_list(to, key, pe_place_value(key, base), pe_place_counted(key, base), print_name);
}

static pe_status read_char(const pe_place *to, const pe_toml *node, pe_error *err)
{
    const pe_word *const word = to->key->words == NULL ? NULL : find_word(to->key, node);
    const bool is_char = pe_value_is_text(node) && node->string_size == 1 && (unsigned char)node->string[0] < 0x80;
    const bool is_end = is_char && (node->string[0] == '\n' || node->string[0] == '\r');
    if (word == NULL && (!is_char || is_end))
        return pe_section_expected(to->section, to->key->name, node, err);
    *(int *)pe_place_field(to->key, to->base) = word != NULL ? (int)word->value : node->string[0];
    return PE_OK;
}

static void print_char(pe_writer *to, const pe_key *key, const void *base)
{
    const int value = *(const int *)pe_place_value(key, base);
    const char text[2] = {(char)value, '\0'};
    if (value != 0)
        pe_writer_pair(to, key->name, value < 0x80 ? text : name_of(key, (unsigned)value));
}

static pe_status read_string(const pe_place *to, const pe_toml *node, pe_error *err)
{
    const bool is_empty = node->kind == PE_TOML_STRING && node->string_size == 0;
    if (!pe_value_is_text(node) && !(is_empty && to->key->type == PE_KEY_TEXT))
        return pe_section_expected(to->section, to->key->name, node, err);
    return pe_value_copy(pe_place_field(to->key, to->base), node->string, err);
}

/* Reads "f.py:do_something", a file and a function in it; for a C file, which has a key of its own, only the function.
 */
static pe_status read_function(const pe_place *to, const pe_toml *node, pe_error *err)
{
    const char *const colon = pe_value_is_text(node) ? strrchr(node->string, ':') : NULL;
    const bool is_name = pe_value_is_text(node) && colon == NULL && (to->key->kinds & (1u << PE_FORM_SOURCE)) != 0;
    if (!is_name && (colon == NULL || colon == node->string || colon[1] == '\0'))
        return pe_section_expected(to->section, to->key->name, node, err);
    return read_string(to, node, err);
}

static void print_string(pe_writer *to, const pe_key *key, const void *base)
{
    pe_writer_pair(to, key->name, *(const char *const *)pe_place_value(key, base));
}

static void free_string(const pe_key *key, void *base)
{
    pe_value_drop(pe_place_field(key, base));
}

static pe_status read_integer(const pe_place *to, const pe_toml *node, pe_error *err)
{
    const pe_key *const key = to->key;
    uint64_t *const out = pe_place_field(key, to->base);
    const bool is_auto = node->kind == PE_TOML_STRING && strcmp(node->string, "auto") == 0;
    assert(key->least >= 0);
    if (key->type == PE_KEY_AUTO_INTEGER && is_auto) {
        *out = 0;
        return PE_OK;
    }
    if (node->kind != PE_TOML_INT || node->integer < key->least || node->integer > key->most)
        return pe_section_expected(to->section, key->name, node, err);
    *out = (uint64_t)node->integer;
    return PE_OK;
}

/* Prints an integer. A field of 0 means "auto", or that the key was not given, unless 0 is a valid value with a default
 * or a bool records that the key was given. */
static void print_integer(pe_writer *to, const pe_key *key, const void *base)
{
    const uint64_t value = *(const uint64_t *)pe_place_value(key, base);
    if (value > 0 || key->given_at > 0 || (key->fallback != NULL && key->least == 0))
        pe_writer_number(to, key->name, value);
    else if (key->type == PE_KEY_AUTO_INTEGER)
        pe_writer_pair(to, key->name, "auto");
}

static pe_status read_bool(const pe_place *to, const pe_toml *node, pe_error *err)
{
    if (node->kind != PE_TOML_BOOL)
        return pe_section_expected(to->section, to->key->name, node, err);
    *(bool *)pe_place_field(to->key, to->base) = node->boolean;
    return PE_OK;
}

static void print_bool(pe_writer *to, const pe_key *key, const void *base)
{
    pe_writer_flag(to, key->name, *(const bool *)pe_place_value(key, base));
}

static pe_status parse_type(const pe_place *to, const pe_toml *node, pe_type *out, pe_error *err)
{
    pe_error reason = PE_ERROR_INIT;
    if (!pe_value_is_text(node))
        return pe_section_expected(to->section, to->key->name, node, err);
    if (pe_type_parse(node->string, out, &reason) != PE_OK)
        return pe_section_refuse(to->section, to->key->name, node, err, "%s", reason.text);
    return PE_OK;
}

static pe_status read_type(const pe_place *to, const pe_toml *node, pe_error *err)
{
    return parse_type(to, node, pe_place_field(to->key, to->base), err);
}

static pe_status read_dtype(const pe_place *to, const pe_toml *node, pe_error *err)
{
    pe_type type = {PE_FLOAT64, 0};
    const pe_status status = parse_type(to, node, &type, err);
    if (status == PE_OK && type.width != 0)
        return pe_section_expected(to->section, to->key->name, node, err);
    *(pe_dtype *)pe_place_field(to->key, to->base) = type.dtype;
    return status;
}

static void print_type(pe_writer *to, const pe_key *key, const void *base)
{
    char text[PE_TYPE_NAME_ROOM];
    pe_writer_pair(to, key->name, pe_type_print(*(const pe_type *)pe_place_value(key, base), text));
}

static void print_dtype(pe_writer *to, const pe_key *key, const void *base)
{
    pe_writer_pair(to, key->name, pe_dtype_name(*(const pe_dtype *)pe_place_value(key, base)));
}

static pe_status read_float_format(const pe_place *to, const pe_toml *node, pe_error *err)
{
    if (!pe_value_is_text(node) || !pe_float_format_is_valid(node->string))
        return pe_section_expected(to->section, to->key->name, node, err);
    return read_string(to, node, err);
}

const pe_value_ops pe_value_float_format = {read_float_format, print_string, free_string};
const pe_value_ops pe_value_word = {read_word, print_word, NULL};
const pe_value_ops pe_value_either = {read_either, print_either, NULL};
const pe_value_ops pe_value_words = {read_words, print_words, NULL};
const pe_value_ops pe_value_char = {read_char, print_char, NULL};
const pe_value_ops pe_value_string = {read_string, print_string, free_string};
const pe_value_ops pe_value_integer = {read_integer, print_integer, NULL};
const pe_value_ops pe_value_bool = {read_bool, print_bool, NULL};
const pe_value_ops pe_value_type = {read_type, print_type, NULL};
const pe_value_ops pe_value_dtype = {read_dtype, print_dtype, NULL};
const pe_value_ops pe_value_function = {read_function, print_string, free_string};

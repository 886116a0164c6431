/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* section.c - typed values out of one table of a job file.
 *
 * Design:   bounds, words and texts come from the key's row in the schema, so a reader knows only its C type. Asking
 *           for a key that has no row is a bug of ours (assert).
 * Threads:  no state.
 * Not here: numbers with units (section_units.c); ranges and scalars (job_numbers.c).
 */
#include "job/section.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "job/schema/schema.h"
#include "job/toml/quote.h"

#define TEXT_ROOM 700
#define KEY_ROOM 64

pe_toml *pe_section_given(const pe_section *section, const char *key)
{
    assert(pe_schema_find(section->name, key) != NULL);
    return section->table == NULL ? NULL : pe_toml_get(section->table, key);
}

pe_toml *pe_section_get(const pe_section *section, const char *key)
{
    pe_toml *const given = pe_section_given(section, key);
    if (given != NULL || section->fallbacks == NULL)
        return given;
    return pe_toml_get(section->fallbacks, key);
}

static const char *full_name(const pe_section *section, const char *key, char out[KEY_ROOM])
{
    const bool has_dot = key != NULL && *section->name != '\0';
    snprintf(out, KEY_ROOM, "%s%s%s", section->name, has_dot ? "." : "", key != NULL ? key : "");
    return out;
}

/* A table that nobody wrote has no place of its own. */
static const char *place_of(const pe_section *section, const pe_toml *node, char out[PE_PLACE_ROOM])
{
    if (node == NULL || node->origin == NULL)
        return pe_schema_place(section->file, 0, 0, out);
    return pe_schema_place(node->origin, node->line, node->column, out);
}

pe_status pe_section_refuse(const pe_section *section, const char *key, const pe_toml *node, pe_error *err,
                            const char *format, ...)
{
    char text[TEXT_ROOM], place[PE_PLACE_ROOM], name[KEY_ROOM];
    const bool is_override = node != NULL && node->origin != NULL && node->origin != section->file;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    full_name(section, key, name);
    return pe_fail(err, is_override ? PE_EUSAGE : PE_ECONFIG, "%s: %s%s%s", place_of(section, node, place), name,
                   *name == '\0' ? "" : ": ", text);
}

pe_status pe_section_expected(const pe_section *section, const char *key, const pe_toml *node, pe_error *err)
{
    char valid[PE_VALID_ROOM], seen[PE_QUOTE_ROOM];
    return pe_section_refuse(section, key, node, err, "expected %s, got %s",
                             pe_schema_valid(pe_schema_find(section->name, key), valid), pe_quote_node(node, seen));
}

pe_status pe_section_where(const pe_section *section, const char *what, const pe_toml *node, char **out, pe_error *err)
{
    char place[PE_PLACE_ROOM], text[PE_PLACE_ROOM + KEY_ROOM];
    snprintf(text, sizeof text, "%s: %s", place_of(section, node, place), what);
    return pe_copy_string(out, text, err);
}

static bool find_word(const pe_section *section, const char *key, const pe_toml *node, size_t *index)
{
    const char *const *const words = pe_schema_find(section->name, key)->words;
    for (size_t i = 0; node->kind == PE_TOML_STRING && words[i] != NULL; i++) {
        if (strcmp(words[i], node->string) == 0) {
            *index = i;
            return true;
        }
    }
    return false;
}

pe_status pe_section_word(const pe_section *section, const char *key, size_t *index, pe_error *err)
{
    const pe_toml *const node = pe_section_get(section, key);
    if (node == NULL || find_word(section, key, node, index))
        return PE_OK;
    return pe_section_expected(section, key, node, err);
}

pe_status pe_section_words(const pe_section *section, const char *key, size_t *out, int *count, pe_error *err)
{
    char seen[PE_QUOTE_ROOM];
    const pe_toml *const node = pe_section_get(section, key);
    if (node == NULL)
        return PE_OK;
    const bool is_array = node->kind == PE_TOML_ARRAY;
    const size_t given = is_array ? node->count : 1;
    for (size_t i = 0; i < given; i++) {
        const pe_toml *const one = is_array ? &node->children[i] : node;
        size_t word = 0;
        if (!find_word(section, key, one, &word))
            return pe_section_expected(section, key, one, err);
        for (int before = 0; before < *count; before++)
            if (out[before] == word)
                return pe_section_refuse(section, key, one, err, "expected each once, got %s again",
                                         pe_quote_node(one, seen));
        out[(*count)++] = word;
    }
    return given > 0 ? PE_OK : pe_section_expected(section, key, node, err);
}

bool pe_section_is_text(const pe_toml *node)
{
    return node->kind == PE_TOML_STRING && node->string_size > 0 && strlen(node->string) == node->string_size;
}

pe_status pe_section_string(const pe_section *section, const char *key, char **out, pe_error *err)
{
    const pe_toml *const node = pe_section_get(section, key);
    if (node == NULL)
        return PE_OK;
    if (!pe_section_is_text(node))
        return pe_section_expected(section, key, node, err);
    return pe_copy_string(out, node->string, err);
}

pe_status pe_section_integer(const pe_section *section, const char *key, uint64_t *out, pe_error *err)
{
    const pe_toml *const node = pe_section_get(section, key);
    if (node == NULL)
        return PE_OK;
    const pe_key *const row = pe_schema_find(section->name, key);
    assert(row->least >= 0);
    const bool is_auto = node->kind == PE_TOML_STRING && strcmp(node->string, "auto") == 0;
    if (row->type == PE_KEY_AUTO_INTEGER && is_auto) {
        *out = 0;
        return PE_OK;
    }
    if (node->kind != PE_TOML_INT || node->integer < row->least || node->integer > row->most)
        return pe_section_expected(section, key, node, err);
    *out = (uint64_t)node->integer;
    return PE_OK;
}

pe_status pe_section_bool(const pe_section *section, const char *key, bool *out, pe_error *err)
{
    const pe_toml *const node = pe_section_get(section, key);
    if (node == NULL)
        return PE_OK;
    if (node->kind != PE_TOML_BOOL)
        return pe_section_expected(section, key, node, err);
    *out = node->boolean;
    return PE_OK;
}

pe_status pe_section_type(const pe_section *section, const char *key, bool *is_given, pe_type *out, pe_error *err)
{
    const pe_toml *const node = pe_section_get(section, key);
    pe_error reason = PE_ERROR_INIT;
    if (node == NULL)
        return PE_OK;
    if (!pe_section_is_text(node))
        return pe_section_expected(section, key, node, err);
    if (pe_type_parse(node->string, out, &reason) != PE_OK)
        return pe_section_refuse(section, key, node, err, "%s", reason.text);
    if (pe_schema_find(section->name, key)->type == PE_KEY_DTYPE && out->width != 0)
        return pe_section_expected(section, key, node, err);
    *is_given = true;
    return PE_OK;
}

bool pe_section_is_identifier(const char *text, size_t size)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";
    return size > 0 && strspn(text, letters) == size && !(text[0] >= '0' && text[0] <= '9');
}

static bool is_among(const pe_toml *array, size_t count, const char *text)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(array->children[i].string, text) == 0)
            return true;
    return false;
}

/* One string of an array, whose first `before` are valid. */
static pe_status check_string(const pe_section *section, const pe_key *key, const pe_toml *array, size_t before,
                              pe_error *err)
{
    char seen[PE_QUOTE_ROOM];
    const pe_toml *const node = &array->children[before];
    /* an argument of a program may be empty, its name may not */
    const bool may_be_empty = key->type == PE_KEY_COMMAND && before > 0;
    if (!pe_section_is_text(node) && !(may_be_empty && node->kind == PE_TOML_STRING && node->string_size == 0))
        return pe_section_refuse(section, key->name, node, err, "expected a string that is not empty, got %s",
                                 pe_quote_node(node, seen));
    if (key->type == PE_KEY_IDENTIFIERS && !pe_section_is_identifier(node->string, node->string_size))
        return pe_section_refuse(section, key->name, node, err, "expected a C identifier such as \"x\", got %s",
                                 pe_quote_node(node, seen));
    const bool is_once = key->type == PE_KEY_NAMES || key->type == PE_KEY_IDENTIFIERS;
    if (is_once && is_among(array, before, node->string))
        return pe_section_refuse(section, key->name, node, err, "expected each name once, got %s again",
                                 pe_quote_node(node, seen));
    return PE_OK;
}

static pe_status check_strings(const pe_section *section, const pe_key *key, const pe_toml *node, pe_error *err)
{
    if (node->kind != PE_TOML_ARRAY || (int64_t)node->count < key->least || node->count > INT32_MAX)
        return pe_section_expected(section, key->name, node, err);
    pe_status status = PE_OK;
    for (size_t i = 0; i < node->count && status == PE_OK; i++)
        status = check_string(section, key, node, i, err);
    return status;
}

pe_status pe_section_strings(const pe_section *section, const char *key, char ***out, int *count, pe_error *err)
{
    const pe_toml *const node = pe_section_get(section, key);
    if (node == NULL)
        return PE_OK;
    pe_status status = check_strings(section, pe_schema_find(section->name, key), node, err);
    if (status == PE_OK)
        status = pe_make_array(out, node->count, sizeof **out, err);
    for (size_t i = 0; status == PE_OK && i < node->count; i++) {
        status = pe_copy_string(&(*out)[i], node->children[i].string, err);
        *count += status == PE_OK;
    }
    return status;
}

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* section.c - reads, prints and frees one table of a job file, by loops over the rows of the schema.
 *
 * Design:   section.h.
 * Threads:  no state.
 * Not here: reading a value of one type (values.h); unknown keys (schema/schema_check.c).
 */
#include "job/section/section.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "job/section/values.h"
#include "job/toml/quote.h"

#define TEXT_ROOM 700
#define KEY_ROOM 64
#define LIST_ROOM 400

pe_toml *pe_section_given(const pe_section *section, const char *key)
{
    assert(pe_schema_find(section->name, key) != NULL);
    return section->table == NULL ? NULL : pe_toml_get(section->table, key);
}

static const char *full_name(const pe_section *section, const char *key, char out[KEY_ROOM])
{
    const bool has_dot = key != NULL && *section->name != '\0';
    snprintf(out, KEY_ROOM, "%s%s%s", section->name, has_dot ? "." : "", key != NULL ? key : "");
    return out;
}

/* The place of a node in a message; without a node, or for a table that the file does not have, the name of the file.
 */
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

pe_status pe_section_where(const pe_section *section, const char *what, const pe_toml *node, const char **out,
                           pe_error *err)
{
    char place[PE_PLACE_ROOM], text[PE_PLACE_ROOM + KEY_ROOM];
    snprintf(text, sizeof text, "%s: %s", place_of(section, node, place), what);
    return pe_value_copy(out, text, err);
}

/* ---- the loops ---- */

static bool goes_with_kind(const pe_key *key, unsigned kind)
{
    return key->kinds == 0 || (key->kinds & kind) != 0;
}

static bool goes_with_format(const pe_key *key, pe_format format)
{
    return key->formats == 0 || format == PE_FORMAT_AUTO || (key->formats & (1u << format)) != 0;
}

static pe_status read_key(const pe_section *section, const pe_key *key, void *base, pe_error *err)
{
    const pe_place to = {section, key, base};
    const pe_toml *const given = pe_section_given(section, key->name);
    const pe_toml *node = given;
    if (node == NULL && section->fallbacks != NULL)
        node = pe_toml_get(section->fallbacks, key->name);
    if (key->given_at > 0)
        *(bool *)(void *)((char *)base + key->given_at) = given != NULL;
    return node == NULL ? PE_OK : pe_value_ops_of(key->type)->read(&to, node, err);
}

pe_status pe_section_read(const pe_section *section, unsigned kind, void *base, pe_error *err)
{
    const pe_key_table *const table = pe_schema_table(section->name);
    pe_status status = PE_OK;
    for (size_t i = 0; i < table->count && status == PE_OK; i++)
        if (goes_with_kind(&table->keys[i], kind))
            status = read_key(section, &table->keys[i], base, err);
    return status;
}

static bool is_printed(const pe_key *key, unsigned kind, pe_format format, const void *base)
{
    const bool *const given = (const bool *)(const void *)((const char *)base + key->given_at);
    return goes_with_kind(key, kind) && goes_with_format(key, format) && (key->given_at == 0 || *given);
}

void pe_section_print(pe_writer *to, const char *name, unsigned kind, pe_format format, const void *base)
{
    const pe_key_table *const table = pe_schema_table(name);
    for (size_t i = 0; i < table->count; i++)
        if (is_printed(&table->keys[i], kind, format, base))
            pe_value_ops_of(table->keys[i].type)->print(to, &table->keys[i], base);
}

void pe_section_print_decisive(pe_writer *to, const char *name, unsigned kind, pe_format format, const void *base)
{
    const pe_key_table *const table = pe_schema_table(name);
    for (size_t i = 0; i < table->count; i++)
        if (!table->keys[i].may_change && is_printed(&table->keys[i], kind, format, base))
            pe_value_ops_of(table->keys[i].type)->print(to, &table->keys[i], base);
}

void pe_section_free(const char *name, void *base)
{
    const pe_key_table *const table = pe_schema_table(name);
    for (size_t i = 0; i < table->count; i++)
        if (pe_value_ops_of(table->keys[i].type)->free != NULL)
            pe_value_ops_of(table->keys[i].type)->free(&table->keys[i], base);
}

/* ---- keys that are valid only with some kinds or formats ---- */

static void list_keys(const char *name, unsigned kind, char out[LIST_ROOM])
{
    size_t size = 0;
    const pe_key_table *const table = pe_schema_table(name);
    for (size_t i = 0; i < table->count && size < LIST_ROOM; i++)
        if (goes_with_kind(&table->keys[i], kind))
            size += (size_t)snprintf(out + size, LIST_ROOM - size, "%s%s", size == 0 ? "" : ", ", table->keys[i].name);
}

pe_status pe_section_check_kind(const pe_section *section, unsigned kind, const char *what, pe_error *err)
{
    char valid[LIST_ROOM] = "";
    for (size_t i = 0; i < section->table->count; i++) {
        const pe_toml *const node = &section->table->children[i];
        if (goes_with_kind(pe_schema_find(section->name, node->key), kind))
            continue;
        list_keys(section->name, kind, valid);
        return pe_section_refuse(section, node->key, node, err, "means nothing for %s; valid there: %s", what, valid);
    }
    return PE_OK;
}

static void list_formats(unsigned formats, char out[LIST_ROOM])
{
    size_t size = 0;
    for (unsigned format = 0; formats >> format != 0 && size < LIST_ROOM; format++) {
        const bool is_last = formats >> format == 1;
        const char *const before = size == 0 ? "" : is_last ? " and " : ", ";
        if ((formats & (1u << format)) != 0)
            size += (size_t)snprintf(out + size, LIST_ROOM - size, "%s%s", before, pe_format_name((pe_format)format));
    }
}

pe_status pe_section_check_format(const pe_section *section, pe_format format, pe_error *err)
{
    char formats[LIST_ROOM] = "";
    for (size_t i = 0; section->table != NULL && i < section->table->count; i++) {
        const pe_toml *const node = &section->table->children[i];
        const pe_key *const key = pe_schema_find(section->name, node->key);
        if (goes_with_format(key, format))
            continue;
        list_formats(key->formats, formats);
        return pe_section_refuse(section, node->key, node, err, "means nothing for format %s; it goes with %s",
                                 pe_format_name(format), formats);
    }
    return PE_OK;
}

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* schema_check.c - reports tables and keys of a job file that the schema does not know.
 *
 * Design:   the nodes of the tree may come in any order. So all unknown keys are visited, and the error names the one
 *           with the lowest line: users correct a file from the top.
 * Threads:  no state.
 * Not here: values (section.c).
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/suggest.h"
#include "job/schema/schema.h"
#include "job/toml/quote.h"

#define NAME_ROOM 128
#define HINT_ROOM 400
#define MOST_NAMES 64

typedef struct offence {
    const pe_toml *node;
    const char *table;
    bool is_table_expected;
} offence;

static bool is_table(const char *name)
{
    return *name != '\0' && pe_schema_table(name) != NULL;
}

static const char *join(const char *table, const char *name, char out[NAME_ROOM])
{
    snprintf(out, NAME_ROOM, "%s%s%s", table, *table == '\0' ? "" : ".", name);
    return out;
}

/* Lists the valid names in a table: its keys, and at the top level the tables too. */
static size_t list_names(const char *name, const char *names[MOST_NAMES])
{
    size_t all = 0, count = 0;
    const pe_key_table *const table = pe_schema_table(name);
    const pe_key_table *const *const tables = pe_schema_tables(&all);
    for (size_t i = 0; i < table->count && count < MOST_NAMES; i++)
        names[count++] = table->keys[i].name;
    for (size_t i = 1; *name == '\0' && i < all && count < MOST_NAMES; i++)
        names[count++] = tables[i]->name;
    return count;
}

/* Finds a key of that name in any table: "threads" at the top level gives pool.threads. */
static const char *find_elsewhere(const char *name, char out[NAME_ROOM])
{
    size_t count = 0;
    const pe_key_table *const *const tables = pe_schema_tables(&count);
    for (size_t i = 0; i < count; i++)
        if (pe_schema_find(tables[i]->name, name) != NULL)
            return join(tables[i]->name, name, out);
    return NULL;
}

static const char *find_nearest(const char *table, const char *name, char out[NAME_ROOM])
{
    const char *names[MOST_NAMES];
    const size_t count = list_names(table, names);
    const char *const nearest = pe_suggest(name, names, count);
    return nearest != NULL ? join(table, nearest, out) : find_elsewhere(name, out);
}

static void print_valid_names(const char *table, char out[HINT_ROOM])
{
    const char *names[MOST_NAMES];
    const size_t count = list_names(table, names);
    size_t size = 0;
    if (*table == '\0')
        size = (size_t)snprintf(out, HINT_ROOM, "; valid at the top level: ");
    else
        size = (size_t)snprintf(out, HINT_ROOM, "; valid in [%s]: ", table);
    for (size_t i = 0; i < count && size < HINT_ROOM; i++)
        size += (size_t)snprintf(out + size, HINT_ROOM - size, "%s%s", i == 0 ? "" : ", ", names[i]);
}

/* Fails with the message for an unknown key, of the file or of --set. */
static pe_status refuse_unknown(const char *place, pe_status status, const char *table, const char *name, pe_error *err)
{
    char full[NAME_ROOM], near[NAME_ROOM], hint[HINT_ROOM], seen[PE_QUOTE_ROOM];
    join(table, name, full);
    const pe_toml typed = {.kind = PE_TOML_STRING, .string = full, .string_size = strlen(full)};
    const char *const nearest = find_nearest(table, name, near);
    if (nearest != NULL)
        snprintf(hint, sizeof hint, "; did you mean \"%s\"?", nearest);
    else
        print_valid_names(table, hint);
    return pe_fail(err, status, "%s: unknown key %s%s", place, pe_quote_node(&typed, seen), hint);
}

static void keep_first(offence *first, offence other)
{
    const pe_toml *const a = first->node;
    const pe_toml *const b = other.node;
    if (a == NULL || b->key_line < a->key_line || (b->key_line == a->key_line && b->key_column < a->key_column))
        *first = other;
}

static void check_keys(const pe_toml *table, const char *name, offence *first)
{
    for (size_t i = 0; i < table->count; i++) {
        const pe_toml *const child = &table->children[i];
        if (pe_schema_find(name, child->key) == NULL)
            keep_first(first, (offence){child, name, false});
    }
}

/* Checks a table; [[input]] may also be an array of tables. */
static void check_table(const pe_toml *node, offence *first)
{
    const bool is_array = node->kind == PE_TOML_ARRAY && strcmp(node->key, "input") == 0;
    if (node->kind == PE_TOML_TABLE) {
        check_keys(node, node->key, first);
        return;
    }
    for (size_t i = 0; is_array && i < node->count; i++) {
        const pe_toml *const one = &node->children[i];
        if (one->kind != PE_TOML_TABLE) {
            keep_first(first, (offence){node, "", true});
            return;
        }
        check_keys(one, node->key, first);
    }
    if (!is_array)
        keep_first(first, (offence){node, "", true});
}

const char *pe_schema_place(const char *origin, uint32_t line, uint32_t column, char out[PE_PLACE_ROOM])
{
    if (line == 0)
        snprintf(out, PE_PLACE_ROOM, "%s", origin);
    else
        snprintf(out, PE_PLACE_ROOM, "%s:%u:%u", origin, (unsigned)line, (unsigned)column);
    return out;
}

pe_status pe_schema_check(pe_toml *root, pe_error *err)
{
    offence first = {NULL, NULL, false};
    for (size_t i = 0; i < root->count; i++) {
        const pe_toml *const child = &root->children[i];
        if (is_table(child->key))
            check_table(child, &first);
        else if (pe_schema_find("", child->key) == NULL)
            keep_first(&first, (offence){child, "", false});
    }
    if (first.node == NULL)
        return PE_OK;
    const pe_toml *const node = first.node;
    const pe_status status = node->origin == root->origin ? PE_ECONFIG : PE_EUSAGE;
    char place[PE_PLACE_ROOM], seen[PE_QUOTE_ROOM];
    pe_schema_place(node->origin, node->key_line, node->key_column, place);
    if (!first.is_table_expected)
        return refuse_unknown(place, status, first.table, node->key, err);
    return pe_fail(err, status, "%s: %s: expected a table, such as [%s], got %s", place, node->key, node->key,
                   pe_quote_node(node, seen));
}

/* Skips the number in "input.1.range". */
static const char *skip_number(const char *table, const char *rest)
{
    const size_t digits = strspn(rest, "0123456789");
    if (strcmp(table, "input") != 0 || digits == 0 || (rest[digits] != '.' && rest[digits] != '\0'))
        return rest;
    return rest + digits + (rest[digits] == '.');
}

pe_status pe_schema_check_path(const char *path, const char *origin, pe_error *err)
{
    char table[NAME_ROOM];
    const char *const dot = strchr(path, '.');
    const size_t size = dot == NULL ? 0 : (size_t)(dot - path);
    if (dot == NULL) {
        const bool is_known = is_table(path) || pe_schema_find("", path) != NULL;
        return is_known ? PE_OK : refuse_unknown(origin, PE_EUSAGE, "", path, err);
    }
    snprintf(table, sizeof table, "%.*s", (int)(size < NAME_ROOM ? size : NAME_ROOM - 1), path);
    if (!is_table(table))
        return refuse_unknown(origin, PE_EUSAGE, "", table, err);
    const char *const name = skip_number(table, dot + 1);
    const bool is_whole_table = *name == '\0' && name[-1] != '.';
    if (is_whole_table || pe_schema_find_path(table, name) != NULL)
        return PE_OK;
    return refuse_unknown(origin, PE_EUSAGE, table, name, err);
}

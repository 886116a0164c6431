/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* toml.c - operations on a tree of TOML nodes: find a child, set a value at a path, free the tree.
 *
 * Invariant: the depth of a tree is bounded, so freeing it by recursion is safe: the length of a path is checked first.
 * Design:   the children of a node are one array, so a node cannot be moved by its address: pe_toml_set moves the
 *           contents of the value.
 * Threads:  a tree belongs to one thread.
 * Not here: parsing (toml.cc); the valid keys (job/schema).
 */
#include "job/toml/toml.h"

#include <stdlib.h>
#include <string.h>

#define MOST_PARTS 32u /* parts of a path */
#define SHOWN 60       /* bytes of a bad path in a message */

static void free_contents(pe_toml *node)
{
    for (size_t i = 0; i < node->count; i++)
        free_contents(&node->children[i]);
    free(node->children);
    free(node->string);
    free(node->key);
}

void pe_toml_free(pe_toml *root)
{
    if (root == NULL)
        return;
    free_contents(root);
    free(root);
}

static pe_toml *find(pe_toml *table, const char *key, size_t size)
{
    if (table->kind != PE_TOML_TABLE)
        return NULL;
    for (size_t i = 0; i < table->count; i++) {
        const char *const name = table->children[i].key;
        if (strlen(name) == size && memcmp(name, key, size) == 0)
            return &table->children[i];
    }
    return NULL;
}

pe_toml *pe_toml_get(pe_toml *table, const char *key)
{
    return find(table, key, strlen(key));
}

/* One call of pe_toml_set: the path and the origin, for messages and for the tables that it creates. */
typedef struct setting {
    const char *path;
    const char *origin;
    pe_error *err;
} setting;

static pe_status refuse(const setting *set, const char *reason)
{
    return pe_fail(set->err, PE_ECONFIG, "%s: %.*s: %s", set->origin, SHOWN, set->path, reason);
}

static pe_status out_of_memory(const setting *set)
{
    return pe_fail(set->err, PE_ENOMEM, "%s: out of memory", set->origin);
}

static pe_status check_path(const setting *set)
{
    unsigned parts = 1;
    if (set->path[0] == '\0')
        return pe_fail(set->err, PE_ECONFIG, "%s: no key is named", set->origin);
    for (const char *c = set->path; *c != '\0'; c++) {
        const bool ends_empty = *c == '.' && (c == set->path || c[1] == '.' || c[1] == '\0');
        parts += *c == '.' ? 1 : 0;
        if (ends_empty)
            return refuse(set, "a part of the key is empty");
    }
    return parts > MOST_PARTS ? refuse(set, "the key has too many parts") : PE_OK;
}

static pe_status add_child(pe_toml *table, const char *key, size_t size, const setting *set, pe_toml **out)
{
    char *const name = malloc(size + 1);
    pe_toml *const children = realloc(table->children, (table->count + 1) * sizeof *children);
    if (children != NULL)
        table->children = children;
    if (name == NULL || children == NULL) {
        free(name);
        return out_of_memory(set);
    }
    memcpy(name, key, size);
    name[size] = '\0';
    *out = &children[table->count++];
    **out = (pe_toml){.kind = PE_TOML_TABLE, .key = name, .origin = set->origin};
    return PE_OK;
}

/* Parses "12" as an index; false when the text is not a number. A number that overflows becomes one that exceeds every
 * array. */
static bool parse_index(const char *text, size_t size, size_t *out)
{
    size_t index = 0;
    for (size_t i = 0; i < size; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        index = index < SIZE_MAX / 100 ? index * 10 + (size_t)(text[i] - '0') : index;
    }
    *out = index;
    return size > 0;
}

/* The element of an array that one part of the path selects. *used is false when the part is not an index but a key: it
 * then selects a key of the only element. */
static pe_status find_element(pe_toml *array, const char *part, size_t size, const setting *set, pe_toml **out,
                              bool *used)
{
    size_t index = 0;
    *used = parse_index(part, size, &index);
    const char *const key = array->key == NULL ? "" : array->key;
    if (!*used && array->count > 1)
        return pe_fail(set->err, PE_ECONFIG, "%s: %.*s: which %s? There are %s.0 to %s.%zu", set->origin, SHOWN,
                       set->path, key, key, key, array->count - 1);
    if (index >= array->count)
        return pe_fail(set->err, PE_ECONFIG, "%s: %.*s: there is no %s.%.*s: there %s %zu, counted from %s.0",
                       set->origin, SHOWN, set->path, key, (int)(size < SHOWN ? size : SHOWN), part,
                       array->count == 1 ? "is" : "are", array->count, key);
    *out = &array->children[index];
    return PE_OK;
}

/* Moves *at to the child that one part of the path names; a table creates a missing child. */
static pe_status descend(pe_toml **at, const char *part, size_t size, const setting *set)
{
    bool used = false;
    if ((*at)->kind == PE_TOML_ARRAY) {
        const pe_status status = find_element(*at, part, size, set, at, &used);
        if (status != PE_OK || used)
            return status;
    }
    if ((*at)->kind != PE_TOML_TABLE)
        return refuse(set, "a part of the key before the last is a value, not a table");
    pe_toml *const found = find(*at, part, size);
    if (found == NULL)
        return add_child(*at, part, size, set, at);
    *at = found;
    return PE_OK;
}

/* Moves the contents of `value` into `to`, which keeps its key. */
static void move(pe_toml *to, pe_toml *value)
{
    char *const key = to->key;
    const uint32_t key_line = to->key_line, key_column = to->key_column;
    to->key = NULL;
    free_contents(to);
    *to = *value;
    to->key = key;
    to->key_line = key_line;
    to->key_column = key_column;
    *value = (pe_toml){.kind = PE_TOML_TABLE, .key = value->key, .origin = value->origin};
}

pe_status pe_toml_set(pe_toml *root, const char *path, pe_toml *value, pe_error *err)
{
    const setting set = {path, value->origin == NULL ? "--set" : value->origin, err};
    pe_status status = check_path(&set);
    pe_toml *at = root;
    for (const char *part = path; status == PE_OK && part != NULL;) {
        const char *const dot = strchr(part, '.');
        status = descend(&at, part, dot == NULL ? strlen(part) : (size_t)(dot - part), &set);
        part = dot == NULL ? NULL : dot + 1;
    }
    if (status == PE_OK)
        move(at, value);
    return status;
}

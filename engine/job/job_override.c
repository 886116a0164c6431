/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* job_override.c - puts --set KEY=VALUE into the tree of a job file.
 *
 * Design:   the value is parsed as a TOML document of its own and moved over, so that it goes through the very same
 *           schema as the file. Its nodes have no place in a file: messages open with the option as it was typed.
 * Threads:  no state.
 * Not here: the command line (app/cli.c).
 */
#include <string.h>

#include "base/buffer.h"
#include "base/utf8.h"
#include "job/job_internal.h"
#include "job/schema/schema.h"

static void forget_places(pe_toml *node)
{
    node->line = node->column = node->key_line = node->key_column = 0;
    for (size_t i = 0; i < node->count; i++)
        forget_places(&node->children[i]);
}

/* "origin:1:9: reason" without what the user cannot see: the place in the text made here. */
static const char *reason_alone(const char *text, const char *origin)
{
    const size_t size = strlen(origin);
    if (strncmp(text, origin, size) != 0)
        return text;
    const char *const from = strstr(text + size, ": ");
    return from == NULL ? text : from + 2;
}

static bool takes_text(const char *path)
{
    char table[32] = "";
    const char *const dot = strchr(path, '.');
    const size_t size = dot == NULL ? 0 : (size_t)(dot - path);
    if (size >= sizeof table)
        return false;
    memcpy(table, path, size);
    const char *name = dot == NULL ? path : dot + 1;
    const size_t digits = strspn(name, "0123456789"); /* input.1.path */
    if (digits > 0 && name[digits] == '.')
        name += digits + 1;
    const pe_key *const key = pe_schema_find_path(table, name);
    return key != NULL && key->type != PE_KEY_INTEGER && key->type != PE_KEY_BOOL && key->type != PE_KEY_RANGE &&
           key->type != PE_KEY_LINSPACE && key->type != PE_KEY_VALUES && key->type != PE_KEY_INTEGERS;
}

static pe_status refuse_value(const pe_override *override, const pe_error *reason, pe_error *err)
{
    const char *const why = reason_alone(reason->text, override->origin);
    if (reason->status != PE_ECONFIG)
        return pe_fail(err, reason->status, "%s", reason->text);
    if (pe_utf8_stray(override->value) != NULL)
        return pe_fail(
            err, PE_EUSAGE,
            "%s: is not UTF-8, as each text of a job has to be; a file can be given a second name with ln -s",
            override->origin);
    if (!takes_text(override->key))
        return pe_fail(err, PE_EUSAGE, "%s: the value is not TOML: %s", override->origin, why);
    if (strchr("\"'[{", override->value[0]) != NULL) /* TOML was meant; an empty value is no word either */
        return pe_fail(err, PE_EUSAGE, "%s: the value is not TOML: %s", override->origin, why);
    return pe_fail(err, PE_EUSAGE, "%s: the value is not TOML: text stands in quotes: --set '%s=\"%s\"'",
                   override->origin, override->key, override->value);
}

static pe_status parse_value(const pe_override *override, pe_toml **out, pe_error *err)
{
    pe_buffer text = {0};
    pe_error reason = PE_ERROR_INIT;
    pe_status status = pe_buffer_printf(&text, err, "value = %s\n", override->value);
    if (status == PE_OK && pe_toml_parse((const char *)text.data, text.size, override->origin, out, &reason) != PE_OK)
        status = refuse_value(override, &reason, err);
    if (status == PE_OK && (*out)->count != 1) /* a line break would smuggle in more keys */
        status = pe_fail(err, PE_EUSAGE, "%s: expected one value", override->origin);
    pe_buffer_fini(&text);
    return status;
}

/* Where results go is said by [reduce] in a job that has one: so -o means that. */
static const char *key_of(pe_toml *root, const pe_override *override)
{
    const bool is_path = strcmp(override->key, "output.path") == 0;
    return is_path && pe_toml_get(root, "reduce") != NULL ? "reduce.path" : override->key;
}

static pe_status apply(pe_toml *root, const pe_override *override, pe_error *err)
{
    pe_toml *value = NULL;
    pe_error reason = PE_ERROR_INIT;
    pe_status status = pe_schema_check_path(override->key, override->origin, err);
    if (status == PE_OK)
        status = parse_value(override, &value, err);
    if (status != PE_OK)
        goto out;
    forget_places(value);
    if (pe_toml_set(root, key_of(root, override), &value->children[0], &reason) != PE_OK)
        status = pe_fail(err, reason.status == PE_ECONFIG ? PE_EUSAGE : reason.status, "%s", reason.text);
out:
    pe_toml_free(value);
    return status;
}

pe_status pe_job_override(pe_toml *root, const pe_override *overrides, size_t count, pe_error *err)
{
    pe_status status = PE_OK;
    for (size_t i = 0; i < count && status == PE_OK; i++)
        status = apply(root, &overrides[i], err);
    return status;
}

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* schema.c - every key of a job file, with type, default, valid values, field and help.
 *
 * Invariant: a key is defined only by its row in keys_*.c. Reading, --set, messages, --print-config, --help and
 *           docs/jobs.md are made from the rows.
 *
 *           To add a key: one field in the struct that uses it (source_spec.h, form_spec.h, sink_spec.h or job.h), and
 *           one row in keys_*.c that names it:
 *
 *               {.name = "time_limit",
 *                .type = PE_KEY_TIME,              which fixes the field's C type (pe_key_type in schema.h)
 *                .least = 1,
 *                .most = MOST_TIME,
 *                JOB(pool.time_limit_ns),          INPUT(field) in keys_input.c
 *                .unset = "none",                  or .fallback = "\"5 s\"", a default as TOML
 *                .help = "the run ends before this much time has passed"},
 *
 *           The key is then read into the field, checked, printed by --print-config and freed. An array also names the
 *           int beside it, COUNT_JOB(field) or COUNT_INPUT(field); GIVEN_JOB(field) or GIVEN_INPUT(field) names a bool
 *           that is set when the key is given. .kinds and .formats list the kinds of input or kernel and the formats
 *           that the key is valid for; it is refused for others. Rules about several keys at once are checked in
 *           job_input.c, job_kernel.c, job_output.c or job_errors.c. A new type of key needs a row in values.c and one
 *           in schema_valid.c.
 * Threads:  no state.
 * Not here: unknown keys (schema_check.c); reading values (values.h); the text of what is valid (schema_valid.c).
 */
#include "job/schema/schema.h"

#include <string.h>

#include "job/schema/schema_internal.h"

/* In the order in which --help prints them. */
static const pe_key_table *const tables[] = {&pe_keys_top,    &pe_keys_input, &pe_keys_kernel, &pe_keys_output,
                                             &pe_keys_reduce, &pe_keys_pool,  &pe_keys_errors, &pe_keys_checkpoint};

const pe_key_table *const *pe_schema_tables(size_t *count)
{
    *count = sizeof tables / sizeof *tables;
    return tables;
}

const pe_key_table *pe_schema_table(const char *name)
{
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        if (strcmp(tables[i]->name, name) == 0)
            return tables[i];
    return NULL;
}

const pe_key *pe_schema_find(const char *table, const char *name)
{
    const pe_key_table *const rows = pe_schema_table(table);
    for (size_t i = 0; rows != NULL && i < rows->count; i++)
        if (strcmp(rows->keys[i].name, name) == 0)
            return &rows->keys[i];
    return NULL;
}

const pe_key *pe_schema_find_path(const char *table, const char *path)
{
    char name[32];
    const size_t size = strcspn(path, ".");
    const pe_key *key = pe_schema_find(table, path);
    if (key != NULL || path[size] == '\0' || path[size + 1] == '\0' || size >= sizeof name)
        return key;
    memcpy(name, path, size);
    name[size] = '\0';
    key = pe_schema_find(table, name);
    return key != NULL && (key->type == PE_KEY_PARAMS || key->type == PE_KEY_TYPES) ? key : NULL;
}

/* Is the key one of those of which the table has exactly one? */
static bool is_kind(const pe_key_table *table, const pe_key *key)
{
    for (size_t i = 0; i < table->kind_count; i++)
        if (strcmp(table->kinds[i], key->name) == 0)
            return true;
    return false;
}

unsigned pe_schema_beside(const pe_key_table *table, const pe_key *key)
{
    const unsigned all = (1u << table->kind_count) - 1;
    return is_kind(table, key) || (key->kinds & all) == all ? 0 : key->kinds;
}

static pe_status put_fallbacks(const pe_key_table *table, pe_buffer *out, pe_error *err)
{
    const char *const dot = *table->name == '\0' ? "" : ".";
    pe_status status = PE_OK;
    for (size_t i = 0; i < table->count && status == PE_OK; i++) {
        const pe_key *const key = &table->keys[i];
        if (key->fallback != NULL)
            status = pe_buffer_printf(out, err, "%s%s%s = %s\n", table->name, dot, key->name, key->fallback);
    }
    return status;
}

pe_status pe_schema_fallbacks(pe_buffer *out, pe_error *err)
{
    pe_status status = PE_OK;
    for (size_t i = 0; i < sizeof tables / sizeof *tables && status == PE_OK; i++)
        status = put_fallbacks(tables[i], out, err);
    return status;
}

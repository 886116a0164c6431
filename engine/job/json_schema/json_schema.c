/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* json_schema.c - prints the schema as a JSON schema, by which an editor checks and completes a job file.
 *
 * Design:   draft 7, which the TOML extensions of editors read. Each table is an object with its keys; what the schema
 *           says of kinds becomes "exactly one of these keys" and, for a key of some kinds, "only beside one of these".
 * Threads:  no state.
 * Not here: the values of a key (json_type.c).
 */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "job/job.h"
#include "job/json_schema/json_schema_internal.h"

static void print_description(FILE *out, const pe_key *key)
{
    char valid[PE_VALID_ROOM], text[PE_KEY_TEXT_ROOM];
    snprintf(text, sizeof text, "%s. Takes %s.%s%s%s", key->help, pe_schema_valid(key, valid),
             key->unset == NULL ? "" : " Default: ", key->unset == NULL ? "" : key->unset,
             key->unset == NULL ? "" : ".");
    fprintf(out, "\"description\": ");
    pe_json_string(out, text);
}

static void print_key(FILE *out, const pe_key *key, int indent)
{
    fprintf(out, "%*s\"%s\": {", indent, "", key->name);
    print_description(out, key);
    pe_json_type(out, key);
    if (key->fallback != NULL) /* the TOML of every default is JSON too */
        fprintf(out, ", \"default\": %s", key->fallback);
    fprintf(out, "}");
}

/* The keys, separated by commas; the last line is not ended. */
static void print_keys(FILE *out, const pe_key_table *table, int indent)
{
    for (size_t i = 0; i < table->count; i++) {
        print_key(out, &table->keys[i], indent);
        fprintf(out, "%s", i + 1 < table->count ? ",\n" : "");
    }
}

static void print_required(FILE *out, const pe_key_table *table, unsigned kinds)
{
    bool is_first = true;
    for (size_t i = 0; i < table->kind_count; i++) {
        if ((kinds & 1u << i) == 0)
            continue;
        fprintf(out, "%s{\"required\": [\"%s\"]}", is_first ? "" : ", ", table->kinds[i]);
        is_first = false;
    }
}

/* Exactly one kind. A kind that is also a key of another one (name of a plugin) counts only where that one is absent. */
static void print_kinds(FILE *out, const pe_key_table *table)
{
    fprintf(out, ",\n      \"oneOf\": [");
    for (size_t i = 0; i < table->kind_count; i++) {
        const unsigned others = pe_schema_find(table->name, table->kinds[i])->kinds & ~(1u << i);
        fprintf(out, "%s\n        {\"required\": [\"%s\"]", i == 0 ? "" : ",", table->kinds[i]);
        if (others != 0) {
            fprintf(out, ", \"not\": {\"anyOf\": [");
            print_required(out, table, others);
            fprintf(out, "]}");
        }
        fprintf(out, "}");
    }
    fprintf(out, "\n      ]");
}

/* A key of some kinds is valid beside one of them only. */
static void print_dependencies(FILE *out, const pe_key_table *table)
{
    bool is_first = true;
    for (size_t i = 0; i < table->count; i++) {
        const pe_key *const key = &table->keys[i];
        const unsigned kinds = pe_schema_beside(table, key);
        if (kinds == 0)
            continue;
        fprintf(out, "%s\n        \"%s\": {\"anyOf\": [", is_first ? ",\n      \"dependencies\": {" : ",", key->name);
        print_required(out, table, kinds);
        fprintf(out, "]}");
        is_first = false;
    }
    fprintf(out, "%s", is_first ? "" : "\n      }");
}

/* At least one of some keys. */
static void print_any_of(FILE *out, const char *const *keys)
{
    fprintf(out, ",\n      \"anyOf\": [");
    for (size_t i = 0; keys[i] != NULL; i++)
        fprintf(out, "%s{\"required\": [\"%s\"]}", i == 0 ? "" : ", ", keys[i]);
    fprintf(out, "]");
}

/* In a table without kinds a key that has no default must be given. */
static void print_needed(FILE *out, const pe_key_table *table)
{
    bool is_first = true;
    for (size_t i = 0; i < table->count; i++) {
        if (table->keys[i].fallback != NULL || table->keys[i].unset != NULL)
            continue;
        fprintf(out, "%s\"%s\"", is_first ? ",\n      \"required\": [" : ", ", table->keys[i].name);
        is_first = false;
    }
    fprintf(out, "%s", is_first ? "" : "]");
}

static void print_table(FILE *out, const pe_key_table *table)
{
    fprintf(out, "    \"%s\": {\n      \"type\": \"object\",\n      \"properties\": {\n", table->name);
    print_keys(out, table, 8);
    fprintf(out, "\n      },\n      \"additionalProperties\": false");
    if (table->kind_count > 0) {
        print_kinds(out, table);
        print_dependencies(out, table);
    } else {
        print_needed(out, table);
    }
    if (table->needed != NULL)
        print_any_of(out, table->needed);
    fprintf(out, "\n    }");
}

/* A table as a property of the job: its definition, or for inputs an array of such. */
static void print_reference(FILE *out, const char *name)
{
    if (strcmp(name, "input") == 0)
        fprintf(out, ",\n    \"input\": {\"anyOf\": [{\"$ref\": \"#/definitions/input\"}, {\"type\": \"array\", "
                     "\"minItems\": 1, \"items\": {\"$ref\": \"#/definitions/input\"}}]}");
    else
        fprintf(out, ",\n    \"%s\": {\"$ref\": \"#/definitions/%s\"}", name, name);
}

void pe_job_print_schema(FILE *out)
{
    size_t count = 0;
    const pe_key_table *const *const tables = pe_schema_tables(&count);
    fprintf(out, "{\n  \"$schema\": \"http://json-schema.org/draft-07/schema#\",\n"
                 "  \"title\": \"pengine job\",\n"
                 "  \"description\": \"A job file of pengine " PENGINE_VERSION ".\",\n"
                 "  \"type\": \"object\",\n  \"properties\": {\n");
    print_keys(out, tables[0], 4);
    for (size_t t = 1; t < count; t++)
        print_reference(out, tables[t]->name);
    fprintf(out, "\n  },\n  \"additionalProperties\": false,\n  \"required\": [\"input\", \"kernel\"],\n"
                 "  \"not\": {\"required\": [\"output\", \"reduce\"]},\n"
                 "  \"definitions\": {\n");
    for (size_t t = 1; t < count; t++) {
        print_table(out, tables[t]);
        fprintf(out, "%s\n", t + 1 < count ? "," : "");
    }
    fprintf(out, "  }\n}\n");
}

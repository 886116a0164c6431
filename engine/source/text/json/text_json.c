/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* text_json.c - the values of a line of JSON as the fields of a record.
 *
 * Design:   the columns are paths, which the job gives, or those keys of the first line that its expressions mention. Without
 *           either a line is one text item, and nothing of it is parsed but what is kept beside the results. From here
 *           on a value is a field as that of a csv: numbers are parsed, types are found and failures reported by the same
 *           functions.
 * Threads:  see text_reader.c.
 * Not here: JSON itself (format/json/).
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buffer.h"
#include "format/json/json_text.h"
#include "format/lines.h"
#include "source/text/text_source.h"

bool pe_text_needs_keys(const pe_text_source *text)
{
    const pe_source_spec *const spec = text->base.spec;
    const bool is_mentioned = spec->columns == NULL && spec->is_mentioned != NULL;
    return text->base.format == PE_FORMAT_JSONL && (is_mentioned || spec->keeps_keys);
}

static pe_status copy_bytes(char **out, const char *text, size_t size, pe_error *err)
{
    const pe_status status = pe_make_array(out, size + 1, 1, err);
    if (status == PE_OK && size > 0)
        memcpy(*out, text, size);
    return status;
}

static pe_status add_column(pe_text_source *text, const char *name, size_t size, pe_error *err)
{
    return copy_bytes(&text->columns[text->column_count++].name, name, size, err);
}

static pe_status take_columns(pe_text_source *text, pe_error *err)
{
    const pe_source_spec *const spec = text->base.spec;
    pe_status status = pe_make_array(&text->columns, (size_t)spec->column_count, sizeof *text->columns, err);
    for (int c = 0; c < spec->column_count && status == PE_OK; c++) {
        const char *const name = spec->columns[c].name;
        status = name == NULL ? pe_fail(err, PE_ECONFIG,
                                        "%s: columns: those of jsonl are keys, such as \"a\" or \"a.b\"", spec->where)
                              : add_column(text, name, strlen(name), err);
    }
    return status;
}

/* Takes a key of the first line where an expression mentions it. */
static pe_status take_key(void *context, const char *key, size_t size, pe_error *err)
{
    pe_text_source *const text = context;
    const pe_source_spec *const spec = text->base.spec;
    char name[256];
    if (size >= sizeof name || text->column_count == PE_MAX_COLUMNS || memchr(key, '.', size) != NULL)
        return PE_OK; /* an expression cannot mention it */
    memcpy(name, key, size);
    name[size] = '\0';
    const pe_status status = pe_buffer_append(&text->keys, name, strlen(name) + 1, err);
    if (status != PE_OK)
        return status;
    return spec->is_mentioned(spec->mention_context, name) ? add_column(text, key, size, err) : PE_OK;
}

/* ---- kept values ---- */

/* One more field to be written beside the results. */
static pe_status keep_key(void *context, const char *key, size_t size, pe_error *err)
{
    pe_text_source *const text = context;
    if (size == 0) /* no path has an empty key */
        return PE_OK;
    pe_text_field *const grown = realloc(text->all, (size_t)(text->kept + 1) * sizeof *grown);
    if (grown == NULL)
        return pe_fail(err, PE_ENOMEM, "out of memory: the keys of %s", text->base.info.name);
    text->all = grown;
    pe_text_field *const field = &grown[text->kept++];
    *field = (pe_text_field){.type = PE_TEXT};
    text->fields = text->kept;
    pe_status status = copy_bytes(&field->name, key, size, err);
    if (status == PE_OK)
        status = pe_make_array(&field->label, pe_json_text_size(key, size), 1, err);
    if (status == PE_OK)
        field->label_size = (size_t)(pe_json_text_print(field->label, key, size) - field->label);
    return status;
}

static pe_status keep_paths(pe_text_source *text, pe_error *err)
{
    const pe_source_spec *const spec = text->base.spec;
    pe_status status = PE_OK;
    for (int k = 0; k < spec->kept_count && status == PE_OK; k++)
        status = keep_key(text, spec->kept[k].name, strlen(spec->kept[k].name), err);
    return status;
}

/* ---- the first line ---- */

bool pe_text_is_blank(pe_text text)
{
    size_t at = 0;
    while (at < text.size && strchr(" \t\r\n", text.data[at]) != NULL && text.data[at] != '\0')
        at++;
    return at == text.size;
}

pe_status pe_text_json_keys(const pe_text_source *text, const unsigned char *data, size_t size, size_t at,
                            pe_text_key_taker *take, void *context, pe_error *err)
{
    pe_jsonl *json = NULL;
    pe_text line = {0};
    size_t bad = 0;
    if (!pe_lines_next(data, size, &at, &line))
        return PE_OK;
    while (pe_text_is_blank(line) && pe_lines_next(data, size, &at, &line)) {
    }
    pe_status status = pe_jsonl_open(NULL, 0, &json, err);
    if (status != PE_OK)
        return status;
    pe_error reason = PE_ERROR_INIT;
    status = pe_jsonl_keys(json, line.data, line.size, take, context, &bad, &reason);
    pe_jsonl_close(json);
    const pe_text_place place = {text, (const unsigned char *)line.data, {0, 1}, PE_NO_ITEM};
    if (status == PE_EDATA)
        return pe_text_fail_json(place, bad, reason.text, err);
    if (status != PE_OK)
        *err = reason;
    return status;
}

/* The columns' fields stand after the kept ones; a line that is one text has one. */
static pe_status place_columns(pe_text_source *text, pe_error *err)
{
    pe_status status = PE_OK;
    if (text->columns == NULL)
        status = pe_make_array(&text->columns, 1, sizeof *text->columns, err);
    if (status == PE_OK && text->column_count == 0)
        text->column_count = 1;
    if (status != PE_OK)
        return status;
    pe_text_field *const all = realloc(text->all, (size_t)(text->kept + text->column_count) * sizeof *all);
    if (all == NULL)
        return pe_fail(err, PE_ENOMEM, "out of memory: the columns of %s", text->base.info.name);
    text->all = all;
    for (size_t c = 0; c < text->column_count && status == PE_OK; c++) {
        pe_text_column *const column = &text->columns[c];
        column->number = text->fields++;
        all[column->number] = (pe_text_field){.type = PE_TEXT};
        if (column->name != NULL)
            status = pe_copy_string(&all[column->number].name, column->name, err);
    }
    return status;
}

static pe_status take_kept(pe_text_source *text, const unsigned char *data, size_t size, size_t at, pe_error *err)
{
    text->fields = 0;
    return text->base.spec->keeps_keys ? pe_text_json_keys(text, data, size, at, keep_key, text, err)
                                       : keep_paths(text, err);
}

static pe_status choose_columns(pe_text_source *text, const unsigned char *data, size_t size, size_t at, pe_error *err)
{
    const pe_source_spec *const spec = text->base.spec;
    if (spec->columns != NULL)
        return take_columns(text, err);
    if (spec->is_mentioned == NULL)
        return PE_OK;
    const pe_status status = pe_make_array(&text->columns, PE_MAX_COLUMNS, sizeof *text->columns, err);
    return status == PE_OK ? pe_text_json_keys(text, data, size, at, take_key, text, err) : status;
}

pe_status pe_text_take_json(pe_text_source *text, const unsigned char *data, size_t size, size_t at, pe_error *err)
{
    pe_status status = take_kept(text, data, size, at, err);
    if (status == PE_OK)
        status = choose_columns(text, data, size, at, err);
    text->is_json = text->column_count > 0 || text->kept > 0;
    text->is_styled = text->is_json;
    if (status != PE_OK || !text->is_json)
        return status;
    status = place_columns(text, err);
    pe_jsonl *json = NULL;
    if (status == PE_OK)
        status = pe_text_open_json(text, &json, err); /* are the paths good? */
    pe_jsonl_close(json);
    return status;
}

/* ---- lines ---- */

/* The fields that are values of the object: of a line that is kept as it stands only the columns, and a column that is the
 * whole line is none. */
static uint64_t first_value(const pe_text_source *text)
{
    return text->base.spec->keeps_line ? text->kept : 0;
}

static uint64_t value_end(const pe_text_source *text)
{
    return text->columns[0].name == NULL ? text->kept : text->fields;
}

uint64_t pe_text_json_paths(const pe_text_source *text)
{
    return value_end(text) - first_value(text);
}

uint64_t pe_text_json_path(const pe_text_source *text, uint64_t field)
{
    return field - first_value(text);
}

/* The path of a field. A dot in a key of the first line is no step of it. */
static pe_status append_path(const pe_text_source *text, uint64_t number, pe_buffer *out, pe_error *err)
{
    const char *const name = text->all[number].name;
    const bool is_key = number < text->kept && text->base.spec->keeps_keys;
    pe_status status = PE_OK;
    for (const char *at = name; *at != '\0' && status == PE_OK; at++)
        status = pe_buffer_append(out, is_key && *at == '.' ? "\\." : at, is_key && *at == '.' ? 2 : 1, err);
    return status == PE_OK ? pe_buffer_append(out, "", 1, err) : status;
}

static pe_status open_paths(const pe_text_source *text, pe_buffer *texts, pe_jsonl **out, pe_error *err)
{
    const char *paths[PE_JSONL_PATHS];
    pe_error reason = PE_ERROR_INIT;
    const uint64_t first = first_value(text), end = value_end(text);
    pe_status status = PE_OK;
    if (end - first > PE_JSONL_PATHS)
        return pe_fail(err, PE_ECONFIG, "%s: at most %d values of a line are read, and %s has %llu",
                       text->base.spec->where, PE_JSONL_PATHS, text->base.info.name, (unsigned long long)(end - first));
    for (uint64_t f = first; f < end && status == PE_OK; f++)
        status = append_path(text, f, texts, err);
    const char *at = (const char *)texts->data;
    for (uint64_t f = first; f < end && status == PE_OK; f++, at += strlen(at) + 1)
        paths[f - first] = at;
    if (status != PE_OK)
        return status;
    status = pe_jsonl_open(paths, (size_t)(end - first), out, &reason);
    return status == PE_OK ? PE_OK : pe_fail(err, status, "%s: columns: %s", text->base.spec->where, reason.text);
}

pe_status pe_text_open_json(const pe_text_source *text, pe_jsonl **out, pe_error *err)
{
    pe_buffer texts = {0};
    const pe_status status = open_paths(text, &texts, out, err);
    pe_buffer_fini(&texts);
    return status;
}

static pe_status copy_text(pe_csv_field *field, pe_arena *scratch, pe_error *err)
{
    char *const copy = pe_arena_get(scratch, field->size);
    if (copy == NULL)
        return pe_fail(err, PE_ENOMEM, "out of memory: %zu bytes for a text", field->size);
    if (field->size > 0)
        memcpy(copy, field->data, field->size);
    field->data = copy;
    return PE_OK;
}

/* The bytes of a kept value as they stand. */
static pe_csv_field own_field(const pe_json_value *value)
{
    if (value->own == NULL)
        return (pe_csv_field){.data = "null", .size = 4, .kind = PE_FIELD_TEXT};
    return (pe_csv_field){.data = value->own, .size = value->own_size, .kind = PE_FIELD_TEXT};
}

static pe_status take_value(const pe_json_value *value, pe_csv_field *out, pe_arena *scratch, pe_error *err)
{
    const bool is_text = value->kind == PE_JSON_STRING || value->kind == PE_JSON_TREE;
    *out = (pe_csv_field){.data = value->data,
                          .size = value->size,
                          .kind = value->kind == PE_JSON_MISSING ? PE_FIELD_NONE
                                  : is_text                      ? PE_FIELD_TEXT
                                                                 : PE_FIELD_PLAIN};
    return value->is_copy != 0 ? copy_text(out, scratch, err) : PE_OK;
}

pe_status pe_text_cut_json(const pe_text_source *text, pe_jsonl *json, pe_text line, const unsigned char *data,
                           size_t size, pe_csv_field *fields, pe_arena *scratch, size_t *bad, pe_error *err)
{
    pe_json_value values[PE_JSONL_PATHS];
    const size_t readable = size - (size_t)((const unsigned char *)line.data - data);
    const uint64_t first = first_value(text), end = value_end(text);
    pe_status status = pe_jsonl_read(json, line.data, line.size, readable, values, bad, err);
    for (uint64_t f = first; f < end && status == PE_OK; f++) {
        if (f < text->kept && text->base.spec->keeps_own)
            fields[f] = own_field(&values[f - first]);
        else
            status = take_value(&values[f - first], &fields[f], scratch, err);
    }
    if (end == text->kept)
        fields[end] = (pe_csv_field){.data = line.data, .size = line.size, .kind = PE_FIELD_TEXT};
    return status;
}

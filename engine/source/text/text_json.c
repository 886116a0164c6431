/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* text_json.c - the values of a line of JSON as the fields of a record.
 *
 * Design:   the columns are paths, which the job gives, or those keys of the first line that its expressions mention. Without
 *           either a line is one text item, and nothing of it is parsed. From here on a value is a field as that of a csv:
 *           numbers are parsed, types are found and failures told by the same functions.
 * Threads:  see text_reader.c.
 * Not here: JSON itself (format/json/).
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "format/lines.h"
#include "source/text/text_source.h"

bool pe_text_needs_keys(const pe_text_source *text)
{
    const pe_source_spec *const spec = text->base.spec;
    return text->base.format == PE_FORMAT_JSONL && spec->columns == NULL && spec->is_mentioned != NULL;
}

static pe_status add_column(pe_text_source *text, const char *name, size_t size, pe_error *err)
{
    pe_text_column *const column = &text->columns[text->column_count];
    char *copy = NULL;
    const pe_status status = pe_make_array(&copy, size + 1, 1, err);
    if (status != PE_OK)
        return status;
    memcpy(copy, name, size);
    *column = (pe_text_column){.number = text->column_count++, .name = copy};
    return PE_OK;
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
    return spec->is_mentioned(spec->mention_context, name) ? add_column(text, key, size, err) : PE_OK;
}

static pe_status take_mentioned(pe_text_source *text, const unsigned char *data, size_t size, size_t at, pe_error *err)
{
    pe_jsonl *json = NULL;
    pe_text line = {0};
    size_t bad = 0;
    pe_status status = pe_make_array(&text->columns, PE_MAX_COLUMNS, sizeof *text->columns, err);
    if (status != PE_OK || !pe_lines_next(data, size, &at, &line))
        return status;
    status = pe_jsonl_open(NULL, 0, &json, err);
    if (status != PE_OK)
        return status;
    pe_error reason = PE_ERROR_INIT;
    status = pe_jsonl_keys(json, line.data, line.size, take_key, text, &bad, &reason);
    pe_jsonl_close(json);
    if (status == PE_EDATA)
        return pe_text_fail_json(text, (const unsigned char *)line.data, (pe_line_position){0, 1}, bad, reason.text,
                                 PE_NO_ITEM, err);
    if (status != PE_OK)
        *err = reason;
    return status;
}

static pe_status name_fields(pe_text_source *text, pe_error *err)
{
    text->fields = text->column_count;
    pe_status status = pe_text_name_fields(text, NULL, NULL, err);
    for (uint64_t f = 0; f < text->fields && status == PE_OK; f++)
        status = pe_copy_string(&text->all[f].name, text->columns[f].name, err);
    return status;
}

pe_status pe_text_take_json(pe_text_source *text, const unsigned char *data, size_t size, size_t at, pe_error *err)
{
    const pe_source_spec *const spec = text->base.spec;
    pe_status status = PE_OK;
    if (spec->columns != NULL)
        status = take_columns(text, err);
    else if (pe_text_needs_keys(text))
        status = take_mentioned(text, data, size, at, err);
    text->is_json = text->column_count > 0;
    text->is_styled = text->is_json;
    if (status != PE_OK || !text->is_json)
        return status;
    pe_jsonl *json = NULL;
    status = pe_text_open_json(text, &json, err); /* are the paths good? */
    pe_jsonl_close(json);
    return status == PE_OK ? name_fields(text, err) : status;
}

pe_status pe_text_open_json(const pe_text_source *text, pe_jsonl **out, pe_error *err)
{
    const char *paths[PE_MAX_COLUMNS];
    pe_error reason = PE_ERROR_INIT;
    if (text->column_count > PE_MAX_COLUMNS)
        return pe_fail(err, PE_ECONFIG, "%s: columns: at most %d", text->base.spec->where, PE_MAX_COLUMNS);
    for (size_t c = 0; c < text->column_count; c++)
        paths[c] = text->columns[c].name;
    const pe_status status = pe_jsonl_open(paths, text->column_count, out, &reason);
    return status == PE_OK ? PE_OK : pe_fail(err, status, "%s: columns: %s", text->base.spec->where, reason.text);
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

pe_status pe_text_cut_json(const pe_text_source *text, pe_jsonl *json, pe_text line, const unsigned char *data,
                           size_t size, pe_csv_field *fields, pe_arena *scratch, size_t *bad, pe_error *err)
{
    pe_json_value values[PE_MAX_COLUMNS];
    const size_t readable = size - (size_t)((const unsigned char *)line.data - data);
    pe_status status = pe_jsonl_read(json, line.data, line.size, readable, values, bad, err);
    for (size_t c = 0; c < text->column_count && status == PE_OK; c++) {
        const pe_json_kind kind = values[c].kind;
        const bool is_text = kind == PE_JSON_STRING || kind == PE_JSON_TREE;
        fields[c] = (pe_csv_field){.data = values[c].data,
                                   .size = values[c].size,
                                   .kind = kind == PE_JSON_MISSING ? PE_FIELD_NONE
                                           : is_text               ? PE_FIELD_TEXT
                                                                   : PE_FIELD_PLAIN};
        if (values[c].is_copy != 0)
            status = copy_text(&fields[c], scratch, err);
    }
    return status;
}

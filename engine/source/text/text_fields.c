/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* text_fields.c - all fields of a text's records: their names, and those that stand beside the results.
 *
 * Design:   kept fields become one text of a record. A whole record in the file's own bytes is a piece of the file, which
 *           nothing copies. Any other choice is put together in the reader's scratch.
 * Threads:  names: the main thread. pe_text_keep: any worker, with its own scratch.
 * Not here: which fields are arguments (text_header.c), what a field is called in the output (sink/encode/columns.c).
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "source/text/text_source.h"

static pe_text own_bytes(const pe_csv_field *field)
{
    return field->is_quoted ? (pe_text){field->data - 1, field->size + 2} : (pe_text){field->data, field->size};
}

static pe_status copy_label(pe_text_field *out, pe_text label, pe_error *err)
{
    const pe_status status = pe_make_array(&out->label, label.size + 1, 1, err);
    if (status != PE_OK)
        return status;
    if (label.size > 0)
        memcpy(out->label, label.data, label.size);
    out->label_size = label.size;
    return PE_OK;
}

pe_status pe_text_name_fields(pe_text_source *text, const pe_csv_field *fields, char *const *names, pe_error *err)
{
    pe_status status = pe_make_array(&text->all, text->fields, sizeof *text->all, err);
    for (uint64_t f = 0; f < text->fields && status == PE_OK; f++) {
        text->all[f].type = PE_TEXT;
        if (fields == NULL)
            continue;
        status = pe_copy_string(&text->all[f].name, names[f], err);
        if (status == PE_OK)
            status = copy_label(&text->all[f], own_bytes(&fields[f]), err);
    }
    return status;
}

/* ---- to other ranks ---- */

pe_status pe_text_save_fields(const pe_text_source *text, pe_buffer *out, pe_error *err)
{
    pe_status status = PE_OK;
    for (uint64_t f = 0; f < text->fields && status == PE_OK; f++) {
        const pe_text_field *const field = &text->all[f];
        const uint64_t sizes[] = {field->name == NULL ? 0 : strlen(field->name) + 1, field->label_size,
                                  (uint64_t)field->type};
        status = pe_buffer_append(out, sizes, sizeof sizes, err);
        if (status == PE_OK)
            status = pe_buffer_append(out, field->name, sizes[0], err);
        if (status == PE_OK)
            status = pe_buffer_append(out, field->label, sizes[1], err);
    }
    return status;
}

static pe_status load_field(pe_text_field *field, const unsigned char *data, size_t size, size_t *used, pe_error *err)
{
    uint64_t sizes[3];
    if (sizeof sizes > size - *used)
        return pe_fail(err, PE_EBUG, "the fields of a text came cut short");
    memcpy(sizes, data + *used, sizeof sizes);
    *used += sizeof sizes;
    if (sizes[0] > size - *used || sizes[1] > size - *used - sizes[0])
        return pe_fail(err, PE_EBUG, "the names of a text's fields came cut short");
    pe_status status = sizes[0] == 0 ? PE_OK : pe_make_array(&field->name, sizes[0], 1, err);
    if (status == PE_OK && sizes[0] > 0)
        memcpy(field->name, data + *used, sizes[0]);
    *used += sizes[0];
    if (status == PE_OK)
        status = copy_label(field, (pe_text){(const char *)data + *used, sizes[1]}, err);
    *used += sizes[1];
    field->type = (pe_dtype)sizes[2];
    return status;
}

pe_status pe_text_load_fields(pe_text_source *text, const unsigned char *data, size_t size, size_t *used, pe_error *err)
{
    pe_status status = pe_make_array(&text->all, text->fields, sizeof *text->all, err);
    for (uint64_t f = 0; f < text->fields && status == PE_OK; f++)
        status = load_field(&text->all[f], data, size, used, err);
    return status;
}

bool pe_text_field_at(const pe_source *source, uint64_t number, pe_source_field *out)
{
    const pe_text_source *const text = (const pe_text_source *)source;
    if (number >= (text->base.format == PE_FORMAT_JSONL ? text->kept : text->fields))
        return false;
    const pe_text_field *const field = &text->all[number];
    *out = (pe_source_field){.name = field->name, .label = {field->label, field->label_size}, .type = field->type};
    return true;
}

const char *pe_text_column_name(const pe_source *source, uint64_t number)
{
    const pe_text_source *const text = (const pe_text_source *)source;
    const char *key = (const char *)text->keys.data;
    if (source->format != PE_FORMAT_JSONL)
        return number < text->fields ? text->all[number].name : NULL;
    const char *const end = key == NULL ? NULL : key + text->keys.size;
    for (; key != end && number > 0; number--)
        key += strlen(key) + 1;
    return key == end ? NULL : key;
}

void pe_text_free_fields(pe_text_source *text)
{
    for (uint64_t f = 0; f < text->fields && text->all != NULL; f++) {
        free(text->all[f].name);
        free(text->all[f].label);
    }
    free(text->all);
    text->all = NULL;
}

/* ---- kept fields ---- */

bool pe_text_is_kept_in_place(const pe_kept_fields *kept)
{
    return kept->is_whole && kept->is_as_it_stands;
}

/* Prints one field; out has 2 * size + 2 bytes. A text with "" inside is unescaped after them first. */
static char *print_field(const pe_text_source *text, const pe_kept_fields *kept, uint64_t number,
                         const pe_csv_field *field, char *out, char *room)
{
    char styled[PE_STYLED_NUMBER_MOST];
    size_t size = 0;
    const bool is_number = kept->decimal != 0 && (text->is_json || text->all[number].type != PE_TEXT);
    if (is_number && pe_text_restyle(text, field, kept->decimal, styled, &size))
        return kept->print(out, styled, size, kept->print_context);
    if (!field->has_escapes)
        return kept->print(out, field->data, field->size, kept->print_context);
    return kept->print(out, room, pe_csv_unescape(field, text->dialect.quote, room), kept->print_context);
}

/* Members of an object of JSON, each with its key. */
static pe_status keep_members(const pe_text_source *text, const pe_kept_fields *kept, const pe_csv_field *fields,
                              pe_arena *scratch, pe_text *out, pe_error *err)
{
    size_t most = 1;
    for (size_t k = 0; k < kept->count; k++)
        most += text->all[kept->fields[k]].label_size + fields[kept->fields[k]].size + 2;
    char *const room = pe_arena_get(scratch, most);
    if (room == NULL)
        return pe_fail(err, PE_ENOMEM, "out of memory: %zu bytes for kept fields", most);
    char *at = room;
    for (size_t k = 0; k < kept->count; k++) {
        const pe_text_field *const field = &text->all[kept->fields[k]];
        const pe_csv_field *const value = &fields[kept->fields[k]];
        if (k > 0)
            *at++ = ',';
        memcpy(at, field->label, field->label_size);
        at += field->label_size;
        *at++ = ':';
        memcpy(at, value->data, value->size);
        at += value->size;
    }
    *out = (pe_text){room, (size_t)(at - room)};
    return PE_OK;
}

pe_status pe_text_keep(const pe_text_source *text, const pe_kept_fields *kept, const pe_csv_field *fields,
                       pe_text record, pe_arena *scratch, pe_text *out, pe_error *err)
{
    *out = record;
    if (pe_text_is_kept_in_place(kept))
        return PE_OK;
    if (text->is_json && text->base.spec->keeps_own)
        return keep_members(text, kept, fields, scratch, out, err);
    size_t longest = 0, most = 1;
    for (size_t k = 0; k < kept->count; k++) {
        const size_t bytes = fields[kept->fields[k]].size;
        longest = bytes > longest ? bytes : longest;
        most += 2 * bytes + 3;
    }
    char *const room = pe_arena_get(scratch, most + longest);
    if (room == NULL)
        return pe_fail(err, PE_ENOMEM, "out of memory: %zu bytes for kept fields", most + longest);
    char *at = room;
    for (size_t k = 0; k < kept->count; k++) {
        if (k > 0)
            *at++ = kept->separator;
        if (kept->is_as_it_stands) {
            const pe_text bytes = own_bytes(&fields[kept->fields[k]]);
            memcpy(at, bytes.data, bytes.size);
            at += bytes.size;
        } else {
            at = print_field(text, kept, kept->fields[k], &fields[kept->fields[k]], at, room + most);
        }
    }
    *out = (pe_text){room, (size_t)(at - room)};
    return PE_OK;
}

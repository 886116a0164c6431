/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* npy_columns.c - the fields of a structured numpy array as columns.
 *
 * Design:   the list of fields is gone through once: fields that the job chose, or all, are kept in their place among the
 *           columns. A field of several elements is a vector.
 * Threads:  the main thread.
 * Not here: the grammar of the list (format/npy_fields.c).
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "source/binary/npy_source.h"

#define NAMES_ROOM 400

/* Going through the fields of a header. */
typedef struct walk {
    pe_binary_source *binary;
    bool is_found[PE_MAX_COLUMNS]; /* of the chosen columns */
    uint32_t number;               /* of the field, without padding */
    char names[NAMES_ROOM];        /* of all fields, for messages */
} walk;

static void add_name(walk *w, const char *name)
{
    const size_t used = strlen(w->names);
    if (used + strlen(name) + 8 < sizeof w->names)
        (void)snprintf(w->names + used, sizeof w->names - used, "%s\"%s\"", used > 0 ? ", " : "", name);
    else if (used + 5 < sizeof w->names && strstr(w->names, ", ...") == NULL)
        (void)snprintf(w->names + used, sizeof w->names - used, ", ...");
}

static pe_status keep_field(walk *w, const pe_npy_field *field, int column, size_t offset, pe_error *err)
{
    const char *const file = w->binary->base.info.name;
    if (!field->element.is_ours)
        return pe_fail(err, PE_EDATA,
                       "%s: field \"%s\" is %s (%s), which cannot be an input; columns = [...] leaves it out", file,
                       field->name, field->element.kind, field->descr[0] != '\0' ? field->descr : "a list of fields");
    if (field->elements == 0 || field->elements > PE_BINARY_MAX_WIDTH)
        return pe_fail(err, PE_EDATA, "%s: field \"%s\" has %" PRIu64 " elements: expected 1 to 2^20", file,
                       field->name, field->elements);
    w->binary->layout.fields[column] = (pe_binary_field){.dtype = field->element.dtype,
                                                         .is_big_endian = field->element.is_big_endian,
                                                         .is_utf32 = field->element.is_utf32,
                                                         .elements = (uint32_t)field->elements,
                                                         .element_bytes = field->element.bytes,
                                                         .offset = offset,
                                                         .number = w->number};
    memcpy(w->binary->layout.fields[column].name, field->name, sizeof field->name);
    return PE_OK;
}

static bool is_chosen(const pe_column_choice *column, const pe_npy_field *field, uint32_t number)
{
    return column->name != NULL ? strcmp(column->name, field->name) == 0 : column->number == number;
}

static pe_status take_field(walk *w, const pe_npy_field *field, size_t offset, pe_error *err)
{
    const pe_source_spec *const spec = w->binary->base.spec;
    pe_status status = PE_OK;
    if (field->name[0] == '\0')
        return PE_OK;
    add_name(w, field->name);
    if (spec->columns == NULL && w->number == PE_MAX_COLUMNS)
        return pe_fail(err, PE_ECONFIG, "%s: %s has more than %d fields: select some with columns = [...]", spec->where,
                       w->binary->base.info.name, PE_MAX_COLUMNS);
    if (spec->columns == NULL)
        status = keep_field(w, field, (int)w->number, offset, err);
    for (int c = 0; c < spec->column_count && status == PE_OK; c++)
        if (is_chosen(spec->columns + c, field, w->number)) {
            status = keep_field(w, field, c, offset, err);
            w->is_found[c] = true;
        }
    w->number++;
    return status;
}

static pe_status check_found(const walk *w, pe_error *err)
{
    const pe_source_spec *const spec = w->binary->base.spec;
    for (int c = 0; c < spec->column_count; c++) {
        if (w->is_found[c])
            continue;
        if (spec->columns[c].name != NULL)
            return pe_fail(err, PE_ECONFIG, "%s: columns: there is no field \"%s\" in %s: it has %s", spec->where,
                           spec->columns[c].name, w->binary->base.info.name, w->names);
        return pe_fail(err, PE_ECONFIG, "%s: columns: there is no field %" PRIu64 " in %s: it has %s (from 0)",
                       spec->where, spec->columns[c].number, w->binary->base.info.name, w->names);
    }
    if (w->number == 0)
        return pe_fail(err, PE_EDATA, "%s: has no fields", w->binary->base.info.name);
    return PE_OK;
}

pe_status pe_npy_take_fields(pe_binary_source *binary, const pe_npy_header *header, uint32_t width, pe_error *err)
{
    walk w = {.binary = binary};
    const char *const name = binary->base.info.name;
    size_t at = 0, row = 0;
    bool is_there = true;
    pe_status status = PE_OK;
    if (width > 1)
        return pe_fail(err, PE_EDATA,
                       "%s: rows of %" PRIu32
                       " structured elements cannot be items: each = \"element\" takes them one by "
                       "one",
                       name, width);
    while (is_there && status == PE_OK) {
        pe_npy_field field;
        status = pe_npy_next_field(header, name, &at, &field, &is_there, err);
        if (status == PE_OK && is_there)
            status = take_field(&w, &field, row, err);
        if (status == PE_OK && is_there && __builtin_add_overflow(row, field.bytes, &row))
            status = pe_fail(err, PE_EDATA, "%s: its rows are too long", name);
    }
    if (status == PE_OK)
        status = check_found(&w, err);
    if (status == PE_OK && header->is_fortran && header->dims > 1)
        status = pe_fail(err, PE_EDATA, "%s: a structured array in Fortran order: expected C order", name);
    binary->layout.row_bytes = row;
    binary->layout.has_choice = true;
    binary->layout.field_count = binary->base.spec->columns != NULL ? binary->base.spec->column_count : (int)w.number;
    return status;
}

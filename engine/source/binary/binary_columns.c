/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* binary_columns.c - what an array's shape and the job's spec make of a file: how many items, of which columns.
 *
 * Threads:  the main thread.
 * Not here: headers (npy_source.c), reading (binary_read.c).
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "source/binary/binary_rows.h"
#include "source/column_dtypes.h"

#define SHAPE_ROOM 180

static const char *print_shape(const uint64_t *shape, int dims, char out[SHAPE_ROOM])
{
    size_t at = 0;
    out[0] = '\0';
    for (int d = 0; d < dims; d++)
        at += (size_t)snprintf(out + at, SHAPE_ROOM - at, "%s%" PRIu64, d > 0 ? ", " : "", shape[d]);
    return out;
}

/* The items are the elements one by one; where no first or count cuts it, the array has a shape. */
static void take_elements(pe_source *source, const uint64_t *shape, int dims, uint64_t *items)
{
    const pe_source_spec *const spec = source->spec;
    *items = 1;
    for (int d = 0; d < dims; d++)
        *items *= shape[d]; /* the header was checked: their product is below 2^64 */
    if (dims < 2 || spec->has_first || spec->has_count)
        return;
    source->info.dims = dims;
    memcpy(source->info.shape, shape, (size_t)dims * sizeof *shape);
}

_Static_assert(PE_ITEM_DIMS == PE_SOURCE_DIMS - 1, "an item has the axes after the first");

/* The items are arrays of several dimensions. */
static void take_item_shape(pe_source *source, const uint64_t *shape, int dims)
{
    pe_item_shape *const item = &source->info.item;
    for (int d = 1; d < dims; d++)
        item->sizes[item->dims++] = (uint32_t)shape[d];
}

pe_status pe_binary_shape(pe_source *source, const uint64_t *shape, int dims, uint64_t *items, uint32_t *width,
                          pe_error *err)
{
    char text[SHAPE_ROOM];
    uint64_t rest = 1;
    *width = 1;
    if (dims < 1)
        return pe_fail(err, PE_EDATA, "%s: has %d dimensions, a single value: expected an array of one or more",
                       source->info.name, dims);
    if (source->spec->each == PE_EACH_ELEMENT) {
        take_elements(source, shape, dims, items);
        return PE_OK;
    }
    for (int d = 1; d < dims && rest > 0; d++)
        rest = shape[d] > PE_BINARY_MAX_WIDTH ? PE_BINARY_MAX_WIDTH + 1 : rest * shape[d];
    if (rest == 0 || rest > PE_BINARY_MAX_WIDTH)
        return pe_fail(err, PE_EDATA,
                       "%s: shape (%s): the items of a vector have 1 to 2^20 elements; each = \"element\" takes the "
                       "elements one by one",
                       source->info.name, print_shape(shape, dims, text));
    if (dims > 2 && rest > 1) /* a rest of one element is a number */
        take_item_shape(source, shape, dims);
    *items = shape[0];
    *width = (uint32_t)rest;
    return PE_OK;
}

pe_status pe_binary_choose(pe_binary_source *binary, int dims, uint32_t width, const pe_binary_field *element,
                           pe_error *err)
{
    const pe_source_spec *const spec = binary->base.spec;
    const char *const name = binary->base.info.name;
    if (spec->each == PE_EACH_ELEMENT)
        return pe_fail(err, PE_ECONFIG,
                       "%s: columns: each = \"element\" takes all elements of %s: leave out one of both", spec->where,
                       name);
    if (dims != 2)
        return pe_fail(err, PE_ECONFIG, "%s: columns: %s has %s, so there are none to select", spec->where, name,
                       dims == 1 ? "one dimension" : "more than two dimensions");
    for (int i = 0; i < spec->column_count; i++) {
        const pe_column_choice *const column = &spec->columns[i];
        if (column->name != NULL)
            return pe_fail(err, PE_ECONFIG,
                           "%s: columns: \"%s\": the columns of %s have no names: expected numbers from 0 to %" PRIu32,
                           spec->where, column->name, name, width - 1);
        if (column->number >= width)
            return pe_fail(err, PE_ECONFIG, "%s: columns: there is no column %" PRIu64 ": %s has %" PRIu32 " (from 0)",
                           spec->where, column->number, name, width);
        pe_binary_field *const field = binary->layout.fields + i;
        *field = *element;
        field->elements = 1;
        field->number = (uint32_t)column->number;
        field->offset = field->number * element->element_bytes;
    }
    binary->layout.has_choice = true;
    binary->layout.field_count = spec->column_count;
    return PE_OK;
}

static pe_status refuse_cast(const pe_source *source, pe_dtype have, pe_dtype want, pe_error *err)
{
    return pe_fail(err, PE_ECONFIG, "%s: dtype: %s holds %s, which could lose value as %s", source->spec->where,
                   source->info.name, pe_dtype_name(have), pe_dtype_name(want));
}

/* One argument's type: the field's, turned into what the spec declares. */
static pe_status declare_one(const pe_source *source, pe_type have, pe_type *type, pe_error *err)
{
    const pe_source_spec *const spec = source->spec;
    *type = have;
    if (!spec->has_dtype)
        return PE_OK;
    char have_name[PE_TYPE_NAME_ROOM], want_name[PE_TYPE_NAME_ROOM];
    type->dtype = spec->dtype.dtype;
    if (spec->dtype.width == 1 && have.width == 0)
        type->width = 1;
    else if (spec->dtype.width != 0 && spec->dtype.width != have.width)
        return pe_fail(err, PE_ECONFIG, "%s: dtype: %s has items of %s, which is no %s", spec->where, source->info.name,
                       pe_type_print(have, have_name), pe_type_print(spec->dtype, want_name));
    return pe_dtype_cast(have.dtype, type->dtype) == PE_CAST_REFUSED ? refuse_cast(source, have.dtype, type->dtype, err)
                                                                     : PE_OK;
}

/* The types of the columns that the spec names. */
static pe_status declare_some(pe_source *source, pe_error *err)
{
    pe_type have[PE_MAX_COLUMNS];
    memcpy(have, source->info.types, sizeof have);
    pe_status status = pe_column_dtypes_set(source, source->info.names, NULL, err);
    for (int c = 0; c < source->info.columns && status == PE_OK; c++) {
        source->info.types[c].width = have[c].width;
        if (pe_dtype_cast(have[c].dtype, source->info.types[c].dtype) == PE_CAST_REFUSED)
            status = refuse_cast(source, have[c].dtype, source->info.types[c].dtype, err);
    }
    return status;
}

void pe_binary_name(pe_source *source)
{
    const pe_binary_layout *const rows = &((const pe_binary_source *)source)->layout;
    for (int f = 0; f < rows->field_count; f++)
        source->info.names[f] = rows->fields[f].name[0] != '\0' ? rows->fields[f].name : NULL;
}

pe_status pe_binary_declare(pe_source *source, pe_error *err)
{
    const pe_binary_layout *const rows = &((const pe_binary_source *)source)->layout;
    pe_status status = PE_OK;
    source->info.columns = rows->field_count;
    pe_binary_name(source);
    for (int f = 0; f < rows->field_count && status == PE_OK; f++) {
        const pe_binary_field *const field = rows->fields + f;
        if (field->dtype == PE_TEXT && field->elements > 1)
            return pe_fail(err, PE_ECONFIG,
                           "%s: %s has rows of %" PRIu32
                           " texts, and a text has no vectors: select some with columns = "
                           "[0], or take them one by one with each = \"element\"",
                           source->spec->where, source->info.name, field->elements);
        const pe_type have = {field->dtype, field->elements == 1 ? 0 : field->elements};
        status = declare_one(source, have, &source->info.types[f], err);
    }
    return status == PE_OK ? declare_some(source, err) : status;
}

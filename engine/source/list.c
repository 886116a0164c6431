/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* list.c - the source of the values that the job file itself lists.
 *
 * Design:   every rank has the job, so nothing is sent; bind converts all values once, exactly, and reading copies them.
 * Threads:  constant after bind.
 * Not here: one value for every item (value.c).
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "source/source_vtable.h"
#include "types/number.h"

typedef struct list {
    pe_source base;
    unsigned char *items; /* as source->want says, after bind */
} list;

static pe_status take(const pe_source_spec *spec, uint64_t number, pe_dtype dtype, unsigned char *out, pe_error *err)
{
    const pe_scalar *const value = &spec->values[number];
    const bool is_true = value->integer != 0;
    const pe_dtype from = value->dtype == PE_INT64 ? PE_INT128 : value->dtype; /* a scalar's integer has 128 bits */
    const void *const bytes = from == PE_FLOAT64 ? (const void *)&value->real
                              : from == PE_BOOL  ? (const void *)&is_true
                                                 : (const void *)&value->integer;
    size_t bad = 0;
    pe_error reason = PE_ERROR_INIT;
    if (value->dtype == PE_TEXT && dtype != PE_TEXT) {
        if (pe_parse_element(value->text.data, value->text.size, dtype, out))
            return PE_OK;
        return pe_fail(err, PE_ECONFIG, "%s: values: \"%.*s\" is no %s: expected a text such as \"%s\"", spec->where,
                       (int)(value->text.size < 60 ? value->text.size : 60), value->text.data, pe_dtype_name(dtype),
                       pe_scalar_example(dtype));
    }
    if (value->dtype == PE_TEXT) {
        memcpy(out, &value->text, sizeof value->text);
        return PE_OK;
    }
    if (pe_convert(from, bytes, dtype, out, 1, &bad, &reason) == PE_OK)
        return PE_OK;
    return pe_fail(err, PE_ECONFIG, "%s: values: value %llu: %s", spec->where, (unsigned long long)number, reason.text);
}

static pe_status become(list *self, pe_type type, pe_error *err)
{
    const pe_source_spec *const spec = self->base.spec;
    const uint64_t count = (uint64_t)spec->value_count;
    const size_t bytes = pe_type_bytes(type);
    const bool is_text = spec->values[0].dtype == PE_TEXT;
    char name[PE_TYPE_NAME_ROOM];
    if (type.width != 0 ||
        (is_text ? type.dtype != PE_TEXT && !pe_scalar_may_be_text(type.dtype) : type.dtype == PE_TEXT))
        return pe_fail(err, PE_ECONFIG, "%s: values are %s and cannot be taken as %s", spec->where,
                       is_text ? "texts" : "single numbers", pe_type_print(type, name));
    free(self->items);
    self->items = NULL;
    pe_status status = pe_make_array(&self->items, (size_t)count, bytes, err);
    for (uint64_t i = 0; i < count && status == PE_OK; i++)
        status = take(spec, i, type.dtype, self->items + i * bytes, err);
    return status;
}

static pe_status list_open(pe_source *source, pe_error *err)
{
    const pe_source_spec *const spec = source->spec;
    source->total = (uint64_t)spec->value_count;
    source->info.columns = 1;
    source->info.types[0] = spec->has_dtype ? spec->dtype : (pe_type){spec->values[0].dtype, 0};
    return become((list *)source, source->info.types[0], err);
}

static pe_status list_load(pe_source *source, const unsigned char *data, size_t size, pe_error *err)
{
    (void)data;
    (void)size;
    return list_open(source, err);
}

static void list_close(pe_source *source)
{
    free(((list *)source)->items);
}

static pe_status list_bind(pe_source *source, const pe_type *want, pe_error *err)
{
    return become((list *)source, want[0], err);
}

static pe_status list_read(pe_reader *reader, pe_block block, const pe_byte_range *byte_range,
                           const unsigned char *bytes, void *const *columns, pe_error *err)
{
    (void)byte_range;
    (void)bytes;
    (void)err;
    const list *const self = (const list *)reader->source;
    const size_t item_bytes = pe_type_bytes(self->base.want[0]);
    memcpy(columns[0], self->items + block.first * item_bytes, (size_t)block.count * item_bytes);
    return PE_OK;
}

static size_t list_memory(const pe_source *source, uint64_t chunk_items, size_t *reader_bytes)
{
    (void)chunk_items;
    *reader_bytes = 0;
    return (size_t)source->total * (sizeof(pe_scalar) + pe_type_bytes(source->info.types[0]));
}

const pe_source_vtable pe_kind_list = {
    .name = "values",
    .source_bytes = sizeof(list),
    .reader_bytes = sizeof(pe_reader),
    .open = list_open,
    .load = list_load,
    .close = list_close,
    .bind = list_bind,
    .read = list_read,
    .memory = list_memory,
};

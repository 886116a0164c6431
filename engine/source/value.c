/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* value.c - the source of one value, the same for every item.
 *
 * Design:   the value is turned into the wanted type once, at bind, exactly or not at all; a column is then filled with
 *           its bytes. Its native type is the one the job file wrote it in.
 * Threads:  constant after bind.
 * Not here: its length, which the other inputs give (inputs.c).
 */
#include <assert.h>
#include <string.h>

#include "source/fill.h"
#include "source/source_vtable.h"
#include "types/number.h"

typedef struct value {
    pe_source base;
    _Alignas(16) unsigned char item[16]; /* as source->want says, after bind */
} value;

static pe_status become(const pe_source_spec *spec, pe_type type, unsigned char item[16], pe_error *err)
{
    const pe_scalar *const scalar = &spec->value;
    char name[PE_TYPE_NAME_ROOM];
    pe_type_print(type, name);
    const bool is_text = scalar->dtype == PE_TEXT;
    if (type.width != 0 ||
        (is_text ? type.dtype != PE_TEXT && !pe_scalar_may_be_text(type.dtype) : type.dtype == PE_TEXT))
        return pe_fail(err, PE_ECONFIG, "%s: value is %s and cannot be taken as %s", spec->where,
                       is_text ? "text" : "one number", name);
    if (is_text && type.dtype != PE_TEXT) {
        if (pe_parse_element(scalar->text.data, scalar->text.size, type.dtype, item))
            return PE_OK;
        return pe_fail(err, PE_ECONFIG, "%s: value: \"%.*s\" is no %s: expected a text such as \"%s\"", spec->where,
                       (int)(scalar->text.size < 60 ? scalar->text.size : 60), scalar->text.data, name,
                       pe_scalar_example(type.dtype));
    }
    if (is_text) {
        memcpy(item, &scalar->text, sizeof scalar->text);
        return PE_OK;
    }
    const bool is_true = scalar->integer != 0;
    const int64_t narrow = (int64_t)scalar->integer;
    const void *const from = scalar->dtype == PE_FLOAT64  ? (const void *)&scalar->real
                             : scalar->dtype == PE_INT128 ? (const void *)&scalar->integer
                             : scalar->dtype == PE_BOOL   ? (const void *)&is_true
                                                          : (const void *)&narrow;
    size_t bad = 0;
    pe_error reason = PE_ERROR_INIT;
    if (pe_convert(scalar->dtype, from, type.dtype, item, 1, &bad, &reason) == PE_OK)
        return PE_OK;
    return pe_fail(err, PE_ECONFIG, "%s: value: %s", spec->where, reason.text);
}

static pe_status value_open(pe_source *source, pe_error *err)
{
    const pe_source_spec *const spec = source->spec;
    source->total = PE_COUNT_ANY;
    source->info.columns = 1;
    source->info.types[0] = spec->has_dtype ? spec->dtype : (pe_type){spec->value.dtype, 0};
    return become(spec, source->info.types[0], ((value *)source)->item, err);
}

static pe_status value_load(pe_source *source, const unsigned char *data, size_t size, pe_error *err)
{
    (void)data;
    (void)size;
    return value_open(source, err);
}

static pe_status value_bind(pe_source *source, const pe_type *want, pe_error *err)
{
    return become(source->spec, want[0], ((value *)source)->item, err);
}

static pe_status value_read(pe_reader *reader, pe_block block, const pe_byte_range *byte_range,
                            const unsigned char *bytes, void *const *columns, pe_error *err)
{
    (void)byte_range;
    (void)bytes;
    (void)err;
    const value *const v = (const value *)reader->source;
    pe_fill(columns[0], (size_t)block.count, v->item, pe_type_bytes(v->base.want[0]));
    return PE_OK;
}

const pe_source_vtable pe_kind_value = {
    .name = "value",
    .source_bytes = sizeof(value),
    .reader_bytes = sizeof(pe_reader),
    .open = value_open,
    .load = value_load,
    .bind = value_bind,
    .read = value_read,
};

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* hdf5_source.c - one dataset of an HDF5 file.
 *
 * Design:   a dataset in one piece is rows of the mapped file, as an npy is. Any other is fetched through libhdf5, by each
 *           rank for itself; what the fetch gives are the packed rows that the layout describes.
 * Threads:  see source_vtable.h; libhdf5's lock is in format/hdf5.
 * Not here: HDF5 itself (format/hdf5), the rows (binary_rows.c).
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "format/hdf5/hdf5.h"
#include "source/binary/binary_rows.h"

#define NAMES_ROOM 400

typedef struct hdf5_source {
    pe_binary_source binary;
    pe_hdf5 *file; /* for rows that are fetched */
    uint64_t elements_per_row;
    size_t cache_bytes;
} hdf5_source;

static pe_binary_field field_of(const pe_hdf5_field *from, uint32_t number)
{
    static const pe_text_end ends[] = {[PE_HDF5_PAD_NUL] = PE_TEXT_PADDED_NUL,
                                       [PE_HDF5_FIRST_NUL] = PE_TEXT_FIRST_NUL,
                                       [PE_HDF5_PAD_SPACE] = PE_TEXT_PADDED_SPACE};
    pe_binary_field field = {.dtype = from->dtype,
                             .is_big_endian = from->is_big_endian,
                             .text_end = ends[from->pad],
                             .elements = from->elements,
                             .element_bytes = from->element_bytes,
                             .offset = from->offset,
                             .number = number};
    memcpy(field.name, from->name, sizeof field.name);
    return field;
}

/* ---- compounds ---- */

static bool is_chosen(const pe_column_choice *column, const pe_hdf5_field *field, int number)
{
    return column->name != NULL ? strcmp(column->name, field->name) == 0 : column->number == (uint64_t)number;
}

static pe_status refuse_choice(const pe_source *source, const pe_hdf5_facts *facts, const pe_column_choice *column,
                               pe_error *err)
{
    char names[NAMES_ROOM] = "";
    size_t used = 0;
    for (int f = 0; f < facts->field_count && used + strlen(facts->fields[f].name) + 8 < sizeof names; f++)
        used +=
            (size_t)snprintf(names + used, sizeof names - used, "%s\"%s\"", f > 0 ? ", " : "", facts->fields[f].name);
    if (column->name != NULL)
        return pe_fail(err, PE_ECONFIG, "%s: columns: there is no member \"%s\" in %s: it has %s", source->spec->where,
                       column->name, source->info.name, names);
    return pe_fail(err, PE_ECONFIG, "%s: columns: there is no member %" PRIu64 " in %s: it has %s (from 0)",
                   source->spec->where, column->number, source->info.name, names);
}

static pe_status take_member(pe_binary_source *binary, const pe_hdf5_facts *facts, int member, int column,
                             pe_error *err)
{
    const pe_hdf5_field *const field = facts->fields + member;
    if (field->kind != NULL)
        return pe_fail(err, PE_EDATA,
                       "%s: member \"%s\" is %s, which cannot be an input; columns = [...] leaves it out",
                       binary->base.info.name, field->name, field->kind);
    binary->layout.fields[column] = field_of(field, (uint32_t)member);
    return PE_OK;
}

static pe_status take_compound(pe_binary_source *binary, const pe_hdf5_facts *facts, uint32_t width, pe_error *err)
{
    const pe_source *const source = &binary->base;
    const pe_source_spec *const spec = source->spec;
    const int wanted = spec->columns != NULL ? spec->column_count : facts->field_count;
    pe_status status = PE_OK;
    if (width > 1)
        return pe_fail(err, PE_EDATA,
                       "%s: rows of %" PRIu32 " compounds cannot be items: each = \"element\" takes them one by one",
                       source->info.name, width);
    for (int c = 0; c < wanted && status == PE_OK; c++) {
        int member = spec->columns != NULL ? 0 : c;
        while (spec->columns != NULL && member < facts->field_count &&
               !is_chosen(spec->columns + c, facts->fields + member, member))
            member++;
        status = member < facts->field_count ? take_member(binary, facts, member, c, err)
                                             : refuse_choice(source, facts, spec->columns + c, err);
    }
    binary->layout.row_bytes = facts->element_bytes;
    binary->layout.has_choice = true;
    binary->layout.field_count = wanted;
    return status;
}

static pe_status take_plain(pe_binary_source *binary, const pe_hdf5_facts *facts, uint32_t width, pe_error *err)
{
    pe_binary_layout *const rows = &binary->layout;
    const pe_binary_field element = field_of(facts->fields, 0);
    if (element.elements > 1 && width > 1)
        return pe_fail(err, PE_EDATA,
                       "%s: rows of %" PRIu32 " arrays cannot be items: each = \"element\" takes the arrays one by one",
                       binary->base.info.name, width);
    rows->field_count = 1;
    rows->fields[0] = element;
    rows->fields[0].elements = element.elements * width;
    rows->row_bytes = width * facts->element_bytes;
    if (binary->base.spec->columns == NULL)
        return PE_OK;
    return pe_binary_choose(binary, facts->dims, width, &element, err);
}

/* ---- open ---- */

static pe_status check_end(const pe_source *source, const pe_binary_layout *rows, uint64_t items, pe_error *err)
{
    size_t bytes = 0;
    if (pe_mul_size(items, rows->row_bytes, &bytes) && rows->data_offset <= source->map.size &&
        bytes <= source->map.size - rows->data_offset)
        return PE_OK;
    return pe_fail(err, PE_EDATA, "%s: truncated: its %" PRIu64 " items of %zu bytes go beyond its end",
                   source->info.name, items, rows->row_bytes);
}

static pe_status open_hdf5(pe_source *source, pe_error *err)
{
    hdf5_source *const self = (hdf5_source *)source;
    pe_binary_source *const binary = &self->binary;
    pe_hdf5_facts facts;
    uint64_t items = 0;
    uint32_t width = 1;
    memset(&facts, 0, sizeof facts);
    binary->declared_rows = PE_COUNT_UNKNOWN;
    pe_status status = pe_hdf5_check(source->spec->where, err);
    if (status == PE_OK)
        status = pe_hdf5_open(source->spec->path, source->spec->dataset, source->spec->where, &self->file, &facts, err);
    if (status != PE_OK)
        return status;
    binary->layout = (pe_binary_layout){.data_offset = facts.offset, .is_fetched = !facts.is_direct};
    source->is_fetched = binary->layout.is_fetched;
    status = pe_binary_shape(source, facts.shape, facts.dims, &items, &width, err);
    if (status == PE_OK)
        status = facts.is_compound ? take_compound(binary, &facts, width, err) : take_plain(binary, &facts, width, err);
    if (status == PE_OK)
        status = pe_binary_declare(source, err);
    if (status == PE_OK && facts.is_direct)
        status = check_end(source, &binary->layout, items, err);
    self->elements_per_row = width;
    self->cache_bytes = facts.cache_bytes;
    source->total = items;
    return status;
}

static pe_status save_hdf5(const pe_source *source, pe_buffer *out, pe_error *err)
{
    const hdf5_source *const self = (const hdf5_source *)source;
    pe_status status = pe_binary_save(source, out, err);
    if (status == PE_OK)
        status = pe_buffer_append(out, &self->elements_per_row, sizeof self->elements_per_row, err);
    return status == PE_OK ? pe_buffer_append(out, &self->cache_bytes, sizeof self->cache_bytes, err) : status;
}

static pe_status load_hdf5(pe_source *source, const unsigned char *data, size_t size, pe_error *err)
{
    hdf5_source *const self = (hdf5_source *)source;
    pe_hdf5_facts facts;
    const pe_status status = pe_binary_load(source, data, size, err);
    if (status != PE_OK)
        return status;
    memcpy(&self->elements_per_row, data + sizeof(pe_binary_layout), sizeof self->elements_per_row);
    memcpy(&self->cache_bytes, data + sizeof(pe_binary_layout) + sizeof self->elements_per_row,
           sizeof self->cache_bytes);
    if (!source->is_fetched || !source->is_local)
        return PE_OK;
    return pe_hdf5_open(source->spec->path, source->spec->dataset, source->spec->where, &self->file, &facts, err);
}

static void close_hdf5(pe_source *source)
{
    pe_hdf5_close(((hdf5_source *)source)->file);
    pe_binary_close(source);
}

static pe_status fetch_hdf5(const pe_source *source, pe_block block, unsigned char *out, pe_error *err)
{
    const hdf5_source *const self = (const hdf5_source *)source;
    return pe_hdf5_read(self->file, block.first * self->elements_per_row, block.count * self->elements_per_row, out,
                        err);
}

static size_t memory_of(const pe_source *source, uint64_t chunk_items, size_t *reader_bytes)
{
    return pe_binary_memory(source, chunk_items, reader_bytes) + ((const hdf5_source *)source)->cache_bytes;
}

const pe_source_vtable pe_kind_hdf5 = {
    .name = "hdf5",
    .source_bytes = sizeof(hdf5_source),
    .reader_bytes = sizeof(pe_binary_reader),
    .open = open_hdf5,
    .save = save_hdf5,
    .load = load_hdf5,
    .close = close_hdf5,
    .bind = pe_binary_bind,
    .can_group = true,
    .byte_range = pe_binary_byte_range,
    .fetch = fetch_hdf5,
    .reader_open = pe_binary_reader_open,
    .reader_close = pe_binary_reader_close,
    .rewind = pe_binary_reader_rewind,
    .read = pe_binary_read,
    .memory = memory_of,
    .chunk_bytes = pe_binary_chunk_bytes,
};

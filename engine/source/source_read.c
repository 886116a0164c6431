/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* source_read.c - the shared part of reading: from item numbers after first/count to those of the file.
 *
 * Design:   the caller's item numbers begin at [input] first, the kind's at the file's first item. So `first` is added to
 *           blocks and byte ranges on the way to the kind, and subtracted from byte ranges and from the item of an
 *           error on the way back. The arithmetic is modulo 2^64, because a byte range may begin before item `first`.
 *           The items of a stream before `first` are read and dropped.
 * Threads:  bind and next: the main thread; the rest: any worker, each with its own reader.
 * Not here: opening (source.c), parsing (the kinds).
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "source/source_vtable.h"

bool pe_source_is_local(const pe_source *source)
{
    return source->is_local;
}

const pe_source_info *pe_source_get_info(const pe_source *source)
{
    return &source->info;
}

pe_status pe_source_vtable_bind(const pe_source *source, const pe_type *want, pe_error *err)
{
    for (int c = 0; c < source->info.columns; c++) {
        const pe_type have = source->info.types[c];
        const bool fits = source->info.untyped[c] ? want[c].width == 0
                                                  : pe_dtype_cast(have.dtype, want[c].dtype) != PE_CAST_REFUSED &&
                                                        pe_type_elements(have) == pe_type_elements(want[c]);
        if (fits)
            continue;
        char have_name[PE_TYPE_NAME_ROOM], want_name[PE_TYPE_NAME_ROOM];
        return pe_fail(err, PE_ECONFIG, "%s: column %d of %s is %s and cannot be taken as %s", source->spec->where,
                       c + 1, source->info.name, source->info.untyped[c] ? "text" : pe_type_print(have, have_name),
                       pe_type_print(want[c], want_name));
    }
    return PE_OK;
}

bool pe_source_field_at(const pe_source *source, uint64_t number, pe_source_field *out)
{
    return source->kind->field != NULL && source->kind->field(source, number, out);
}

const char *pe_source_column_name(const pe_source *source, uint64_t number)
{
    return source->kind->column_name == NULL ? NULL : source->kind->column_name(source, number);
}

void pe_source_keep(pe_source *source, const pe_kept_fields *kept, int count)
{
    assert(!source->is_bound && source->kind->field != NULL);
    source->kept = kept;
    source->kept_count = count;
}

pe_status pe_source_bind(pe_source *source, const pe_type *want, int count, pe_error *err)
{
    if (count != source->info.columns && !source->kind->can_group)
        return pe_fail(err, PE_ECONFIG, "%s: %s gives %d columns, but the kernel takes %d arguments",
                       source->spec->where, source->info.name, source->info.columns, count);
    source->want_count = count;
    const pe_status status =
        source->kind->bind != NULL ? source->kind->bind(source, want, err) : pe_source_vtable_bind(source, want, err);
    if (status != PE_OK)
        return status;
    memcpy(source->want, want, (size_t)count * sizeof *want);
    for (int k = 0; k < source->kept_count; k++)
        source->want[count + k] = (pe_type){.dtype = source->kept[k].type, .width = 0};
    source->is_bound = true;
    return PE_OK;
}

pe_type pe_source_bound_type(const pe_source *source)
{
    return source->want[0];
}

pe_byte_range pe_source_byte_range(const pe_source *source, pe_block block)
{
    if (source->kind->byte_range == NULL || block.count == 0)
        return (pe_byte_range){.first = block.first};
    pe_byte_range byte_range = source->kind->byte_range(source, (pe_block){source->first + block.first, block.count});
    byte_range.first -= source->first;
    return byte_range;
}

const unsigned char *pe_source_bytes(const pe_source *source, const pe_byte_range *byte_range)
{
    return source->map.data == NULL ? NULL : source->map.data + byte_range->offset;
}

pe_status pe_source_append(const pe_source *source, pe_block block, const pe_byte_range *byte_range, pe_buffer *out,
                           pe_error *err)
{
    const size_t size = (size_t)byte_range->bytes;
    if (!source->is_fetched)
        return pe_buffer_append(out, pe_source_bytes(source, byte_range), size, err);
    pe_status status = pe_buffer_reserve(out, size, err);
    if (status == PE_OK && block.count > 0)
        status = source->kind->fetch(source, (pe_block){source->first + block.first, block.count},
                                     out->data + out->size, err);
    if (status == PE_OK)
        out->size += size;
    return status;
}

void pe_source_release(const pe_source *source, const pe_byte_range *byte_range)
{
    if (source->map.data != NULL && byte_range->bytes > 0 && !source->is_fetched)
        pe_map_release(&source->map, byte_range->offset, (size_t)byte_range->bytes);
}

/* The stream is over: was everything there that first and count ask for? */
static pe_status check_end(const pe_source *source, pe_error *err)
{
    const pe_source_spec *const spec = source->spec;
    const char *const name = source->info.name;
    if (source->consumed < source->first)
        return pe_fail(err, PE_EDATA, "%s: first = %llu lies beyond the end: %s has %llu item%s", spec->where,
                       (unsigned long long)source->first, name, (unsigned long long)source->consumed,
                       pe_plural(source->consumed));
    if (spec->has_count && source->consumed - source->first < spec->count)
        return pe_fail(err, PE_EDATA,
                       "%s: %llu item%s from item %llu on were asked for, but %s ended after %llu item%s", spec->where,
                       (unsigned long long)spec->count, pe_plural(spec->count), (unsigned long long)source->first, name,
                       (unsigned long long)source->consumed, pe_plural(source->consumed));
    return PE_OK;
}

/* Drops the items before `first`, as far as they can be had now. */
static pe_status skip(pe_source *source, pe_source_limits limits, pe_buffer *bytes, bool *ended, pe_error *err)
{
    const size_t size = bytes->size;
    while (source->consumed < source->first && !*ended) {
        pe_source_taken taken = {0};
        limits.items = source->first - source->consumed;
        const pe_status status = source->kind->next(source, &limits, bytes, &taken, err);
        bytes->size = size;
        if (status != PE_OK)
            return status;
        *ended = taken.ended;
        source->consumed += taken.count;
        if (taken.count == 0)
            break;
    }
    return *ended ? check_end(source, err) : PE_OK;
}

pe_status pe_source_next(pe_source *source, const pe_source_limits *limits, pe_buffer *bytes, pe_source_taken *taken,
                         pe_error *err)
{
    assert(source->info.is_stream && limits->items > 0);
    const pe_source_spec *const spec = source->spec;
    *taken = (pe_source_taken){0};
    pe_status status = skip(source, *limits, bytes, &taken->ended, err);
    if (status != PE_OK || taken->ended || source->consumed < source->first)
        return status;
    const uint64_t left = spec->has_count ? spec->count - (source->consumed - source->first) : UINT64_MAX;
    if (left > 0) {
        pe_source_limits most = *limits;
        most.items = left < limits->items ? left : limits->items;
        status = source->kind->next(source, &most, bytes, taken, err);
        if (status != PE_OK)
            return status;
        assert(taken->count <= most.items);
        source->consumed += taken->count;
        taken->byte_range.first -= source->first;
    }
    if (taken->ended)
        return check_end(source, err);
    taken->ended = spec->has_count && left == taken->count; /* what the stream has beyond is not read */
    return PE_OK;
}

pe_status pe_reader_open(const pe_source *source, pe_reader **out, pe_error *err)
{
    assert(source->is_bound);
    pe_reader *reader = NULL;
    pe_status status = pe_make_array(&reader, 1, source->kind->reader_bytes, err);
    if (status != PE_OK)
        return status;
    reader->source = source;
    if (source->kind->reader_open != NULL)
        status = source->kind->reader_open(reader, err);
    if (status == PE_OK)
        *out = reader;
    else
        pe_reader_close(reader);
    return status;
}

void pe_reader_close(pe_reader *reader)
{
    if (reader == NULL)
        return;
    if (reader->source->kind->reader_close != NULL)
        reader->source->kind->reader_close(reader);
    free(reader);
}

pe_status pe_reader_read(pe_reader *reader, pe_block block, const pe_byte_range *byte_range, const unsigned char *bytes,
                         void *const *columns, pe_error *err)
{
    const pe_source *const source = reader->source;
    if (block.count == 0)
        return PE_OK;
    block.first += source->first;
    pe_byte_range where = {.first = block.first};
    if (byte_range != NULL) {
        where = *byte_range;
        where.first += source->first;
    } else if (source->kind->byte_range != NULL) {
        assert(source->is_local);
        where = source->kind->byte_range(source, block);
        bytes = source->is_fetched ? NULL : pe_source_bytes(source, &where);
    }
    const bool was_set = err->status != PE_OK;
    const pe_status status = source->kind->read(reader, block, &where, bytes, columns, err);
    if (status != PE_OK && !was_set && err->item != PE_NO_ITEM)
        err->item -= source->first;
    return status;
}

bool pe_source_ramp(const pe_source *source, pe_block block, int64_t *first, int64_t *step)
{
    if (source->kind->ramp == NULL)
        return false;
    block.first += source->first;
    return source->kind->ramp(source, block, first, step);
}

void pe_reader_rewind(pe_reader *reader)
{
    if (reader->source->kind->rewind != NULL)
        reader->source->kind->rewind(reader);
}

size_t pe_source_memory(const pe_source *source, uint64_t chunk_items, size_t *reader_bytes)
{
    size_t kept = 0;
    *reader_bytes = 0;
    if (source->kind->memory != NULL)
        kept = source->kind->memory(source, chunk_items, reader_bytes);
    *reader_bytes += source->kind->reader_bytes;
    return kept + source->kind->source_bytes;
}

size_t pe_source_chunk_bytes(const pe_source *source, uint64_t chunk_items)
{
    return source->kind->chunk_bytes != NULL ? source->kind->chunk_bytes(source, chunk_items) : 0;
}

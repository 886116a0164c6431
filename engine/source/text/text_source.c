/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* text_source.c - csv, tsv and txt: records of fields, each parsed as the type of the kernel's argument.
 *
 * Design:   a file is scanned once, on rank 0, for where its records begin (file_index.c); the other ranks get the bounded
 *           index. With a dtype every column is parsed as that; a vector dtype takes as many columns as it has elements.
 * Threads:  see source_vtable.h.
 * Not here: dialects (text_dialect.c), header (text_header.c), records into columns (text_reader.c), pipes (text_stream.c).
 */
#include "source/text/text_source.h"

#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"
#include "base/saturate.h"
#include "format/lines.h"
#include "source/bind_columns.h"
#include "source/column_dtypes.h"
#include "source/file_index.h"

#define AHEAD_SHARE 4         /* of half of pool.memory, for members that are unpacked ahead */
#define STREAM_FIELD_BYTES 16 /* a guess, for the plan: a number and its delimiter */

static pe_status check_spec(const pe_source *source, pe_error *err)
{
    const pe_source_spec *const spec = source->spec;
    if (source->format != PE_FORMAT_TXT) /* of jsonl the columns are keys */
        return PE_OK;
    if (spec->columns != NULL)
        return pe_fail(err, PE_ECONFIG, "%s: columns: a line of %s is one item: expected format \"csv\" or \"tsv\"",
                       spec->where, source->info.name);
    if (spec->has_dtype && spec->dtype.width != 0)
        return pe_fail(err, PE_ECONFIG, "%s: dtype: a line of %s is one item and cannot be a vector", spec->where,
                       source->info.name);
    return PE_OK;
}

/* Columns that become one vector have no name of their own. */
static void name_columns(pe_text_source *text)
{
    pe_source_info *const info = &text->base.info;
    for (int c = 0; c < info->columns && (size_t)info->columns == text->column_count; c++)
        info->names[c] = text->columns[c].name;
}

static bool is_field(const pe_source *source, const char *name)
{
    const pe_text_source *const text = (const pe_text_source *)source;
    for (uint64_t f = 0; f < text->fields && text->all != NULL; f++)
        if (text->all[f].name != NULL && strcmp(text->all[f].name, name) == 0)
            return true;
    return false;
}

/* How many arguments the chosen columns are, and of what types. */
static pe_status set_columns(pe_text_source *text, pe_error *err)
{
    pe_source *const source = &text->base;
    const pe_source_spec *const spec = source->spec;
    const pe_type type = spec->has_dtype ? spec->dtype : (pe_type){PE_TEXT, 0};
    const char *names[PE_MAX_COLUMNS] = {NULL};
    const uint32_t width = pe_type_elements(type);
    if (text->column_count % width != 0)
        return pe_fail(err, PE_ECONFIG, "%s: dtype: %zu columns of %s are no whole number of vectors of %" PRIu32,
                       spec->where, text->column_count, source->info.name, width);
    if (text->column_count / width > PE_MAX_COLUMNS)
        return pe_fail(err, PE_ECONFIG,
                       "%s: %s has %zu columns, and a kernel takes at most %d arguments: select some with columns = "
                       "[...], or make vectors of them with dtype = \"float64[%zu]\"",
                       spec->where, source->info.name, text->column_count, PE_MAX_COLUMNS, text->column_count);
    source->info.columns = (int)(text->column_count / width);
    for (int c = 0; c < source->info.columns; c++) {
        names[c] = text->columns[c].name;
        source->info.types[c] = type;
        source->info.untyped[c] = !spec->has_dtype;
        source->info.numbers[c] = PE_FLOAT64;
    }
    name_columns(text);
    const pe_status status = pe_column_dtypes_set(source, names, is_field, err);
    text->keeps_blank_end =
        source->info.untyped[0] ? spec->demand != PE_DEMAND_NUMBERS : source->info.types[0].dtype == PE_TEXT;
    return status;
}

static bool infers_types(const pe_source *source)
{
    return source->spec->infers_fields || (source->spec->infers_types && !source->spec->has_dtype);
}

/* The types of the columns by the records at data. */
static pe_status infer_types(pe_text_source *text, const unsigned char *data, size_t size, pe_error *err)
{
    const pe_status status = pe_text_infer(text, data, size, err);
    for (int c = 0; c < text->base.info.columns && status == PE_OK; c++) {
        if (!text->base.info.untyped[c])
            continue;
        text->base.info.types[c] = (pe_type){text->columns[c].type, 0};
        text->base.info.numbers[c] = text->columns[c].number_type;
    }
    return status;
}

/* The file ends inside quotes: the quote was opened in the record after the last complete one. */
static pe_status fail_open_quote(const pe_text_source *text, const unsigned char *data, size_t size, pe_error *err)
{
    uint64_t item;
    const pe_line_position position = pe_line_index_find(&text->index, text->index.records, &item);
    const unsigned char *const from = data + position.offset;
    size_t at = 0, count, bad = 0;
    pe_csv_verdict verdict = PE_CSV_RECORD;
    while (verdict == PE_CSV_RECORD)
        verdict = pe_csv_next(from, size - position.offset, &text->dialect, &at, NULL, 0, &count, &bad);
    return pe_text_fail_csv((pe_text_place){text, from, position, PE_NO_ITEM}, verdict, bad, err);
}

static pe_status scan_file(pe_text_source *text, pe_error *err)
{
    const pe_map *const map = &text->base.map;
    const size_t start = (size_t)text->start.offset;
    const size_t rest = map->size - start;
    uint64_t lines = 0;
    const size_t size = rest - pe_text_blank_end(text, map->data + start, rest, &lines);
    const pe_status status =
        pe_file_index_make(map, text->start, size, text->dialect, text->base.spec->threads, &text->index, err);
    if (status != PE_OK)
        return status;
    if (!pe_line_index_end(&text->index))
        return fail_open_quote(text, map->data, start + size, err);
    text->base.total = text->index.records;
    return PE_OK;
}

static pe_status open_file(pe_text_source *text, pe_error *err)
{
    const pe_map *const map = &text->base.map;
    const unsigned char *const data = map->size == 0 ? (const unsigned char *)"" : map->data;
    size_t taken = 0;
    pe_status status = pe_text_take_header(text, data, map->size, &taken, err);
    if (status == PE_OK)
        status = set_columns(text, err); /* before the scan, which may take long */
    if (status == PE_OK && text->is_json)
        status = pe_text_check_paths(text, data + taken, map->size - taken, true, err);
    if (status == PE_OK && infers_types(&text->base))
        status = infer_types(text, data + taken, map->size - taken, err);
    if (status != PE_OK)
        return status;
    text->start = (pe_line_position){taken, 1 + pe_lines_count(data, taken)};
    return scan_file(text, err);
}

static pe_status open_stream(pe_text_source *text, pe_error *err)
{
    const pe_stream *const stream = &text->stream;
    const pe_packing packing = pe_spec_packing(text->base.spec);
    text->base.total = PE_COUNT_UNKNOWN;
    pe_status status =
        pe_stream_unpack(&text->stream, packing, text->base.fd, text->base.spec->record_max_bytes / AHEAD_SHARE, err);
    if (status == PE_OK)
        status = pe_text_open_stream(text, err);
    if (status == PE_OK)
        status = set_columns(text, err);
    const bool infers = infers_types(&text->base);
    const bool has_sample = infers || (text->is_json && packing != PE_PACKING_NONE);
    if (status == PE_OK && has_sample)
        status = pe_text_fill_sample(text, err);
    if (status == PE_OK && text->is_json) /* of a pipe only the lines that have come: the next one may take long */
        status = pe_text_check_paths(text, pe_stream_data(stream), pe_stream_size(stream), has_sample, err);
    if (status == PE_OK && infers)
        status = infer_types(text, pe_stream_data(stream), pe_stream_size(stream), err);
    return status;
}

static pe_status open_text(pe_source *source, pe_error *err)
{
    pe_text_source *const text = (pe_text_source *)source;
    pe_status status = pe_text_set_dialect(text, err);
    if (status == PE_OK)
        status = check_spec(source, err);
    if (status != PE_OK)
        return status;
    return source->info.is_stream ? open_stream(text, err) : open_file(text, err);
}

static pe_status save_text(const pe_source *source, pe_buffer *out, pe_error *err)
{
    const pe_text_source *const text = (const pe_text_source *)source;
    pe_status status = pe_text_save_columns(text, out, err);
    if (status == PE_OK)
        status = pe_text_save_fields(text, out, err);
    if (status != PE_OK || source->info.is_stream)
        return status;
    return pe_line_index_write(&text->index, out, err);
}

static pe_status load_text(pe_source *source, const unsigned char *data, size_t size, pe_error *err)
{
    pe_text_source *const text = (pe_text_source *)source;
    size_t used = 0;
    pe_status status = pe_text_set_dialect(text, err);
    if (status == PE_OK)
        status = pe_text_load_columns(text, data, size, &used, err);
    if (status == PE_OK)
        status = pe_text_load_fields(text, data, size, &used, err);
    text->is_json = source->format == PE_FORMAT_JSONL && text->column_count > 0 &&
                    (text->kept > 0 || text->columns[0].name != NULL);
    text->is_styled = text->is_styled || text->is_json;
    if (status != PE_OK)
        return status;
    name_columns(text);
    if (source->info.is_stream)
        return PE_OK;
    return pe_line_index_read(data + used, size - used, &text->index, err);
}

static void close_text(pe_source *source)
{
    pe_text_source *const text = (pe_text_source *)source;
    pe_text_free_columns(text);
    pe_text_free_fields(text);
    pe_buffer_fini(&text->keys);
    pe_line_index_fini(&text->index);
    pe_stream_fini(&text->stream);
}

static pe_status bind_text(pe_source *source, const pe_type *want, pe_error *err)
{
    return pe_bind_columns(source, want, ((const pe_text_source *)source)->column_count, err);
}

static pe_byte_range byte_range_of(const pe_source *source, pe_block block)
{
    const pe_line_index *const index = &((const pe_text_source *)source)->index;
    uint64_t first;
    const pe_line_position position = pe_line_index_find(index, block.first, &first);
    const uint64_t end = pe_line_index_after(index, block.first + block.count);
    return (pe_byte_range){position.offset, end - position.offset, first, position.line};
}

static size_t chunk_bytes_of(const pe_source *source, uint64_t chunk_items)
{
    const pe_text_source *const text = (const pe_text_source *)source;
    size_t guess;
    if (!source->info.is_stream)
        return (size_t)pe_line_index_most_bytes(&text->index, chunk_items);
    return pe_mul_size(chunk_items, (size_t)text->fields * STREAM_FIELD_BYTES, &guess) ? guess : SIZE_MAX;
}

/* Texts with "" inside are copied: at most the chunk, in blocks of which half may be left unused. */
static bool may_copy(const pe_text_source *text)
{
    bool has_text = !text->base.is_bound;
    for (int c = 0; c < text->base.want_count + text->base.kept_count; c++)
        has_text = has_text || text->base.want[c].dtype == PE_TEXT;
    return has_text && (text->is_json || text->dialect.delimiter != 0);
}

static size_t memory_of(const pe_source *source, uint64_t chunk_items, size_t *reader_bytes)
{
    const pe_text_source *const text = (const pe_text_source *)source;
    const size_t chunk = may_copy(text) ? chunk_bytes_of(source, chunk_items) : 0;
    size_t copies = 1; /* of the chunk's texts, in blocks of which half may be left unused */
    for (int k = 0; k < text->base.kept_count; k++)
        copies += text->base.kept[k].type == PE_TEXT && !pe_text_is_kept_in_place(&text->base.kept[k]) ? 2 : 0;
    *reader_bytes = (size_t)text->fields * sizeof(pe_csv_field) +
                    (text->column_count + (size_t)text->base.kept_count) * sizeof(pe_text_target) +
                    pe_csv_batch_room(&text->dialect, text->fields) * sizeof(uint32_t) +
                    (text->is_json ? PE_JSONL_BYTES : 0);
    *reader_bytes = pe_add_most(*reader_bytes, pe_mul_most(2 * copies, chunk));
    return text->index.most * sizeof *text->index.entries + text->column_count * sizeof *text->columns +
           pe_stream_memory(&text->stream);
}

const pe_source_vtable pe_kind_text = {
    .name = "text",
    .source_bytes = sizeof(pe_text_source),
    .reader_bytes = sizeof(pe_text_reader),
    .open = open_text,
    .save = save_text,
    .load = load_text,
    .close = close_text,
    .bind = bind_text,
    .can_group = true,
    .byte_range = byte_range_of,
    .next = pe_text_next,
    .reader_open = pe_text_reader_open,
    .reader_close = pe_text_reader_close,
    .rewind = pe_text_rewind,
    .read = pe_text_read,
    .memory = memory_of,
    .chunk_bytes = chunk_bytes_of,
    .field = pe_text_field_at,
    .column_name = pe_text_column_name,
};

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* text_reader.c - parses records of csv, tsv and txt into columns.
 *
 * Design:   the cursor is after the last record read, so that consecutive blocks are scanned once. To reach a
 *           later block, record ends are counted from the cursor, or from the beginning of the byte range where the
 *           cursor is outside of it. Records of csv are taken in batches (text_columns.c), and one by one where something
 *           is unusual.
 * Threads:  see source_vtable.h.
 * Not here: fields into columns (text_deliver.c), messages (text_error.c), opening (text_source.c).
 */
#include <assert.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "format/lines.h"
#include "source/bind_columns.h"
#include "source/text/text_deliver.h"
#include "types/number_run.h"

enum { JSON_BATCH_ROOM = 4096 }; /* of places: they stay in the first cache */

/* A kept field that is a number is parsed as an argument is. */
static void add_kept_numbers(pe_text_reader *own, const pe_source *source)
{
    const pe_text_source *const text = (const pe_text_source *)source;
    for (int k = 0; k < source->kept_count; k++) {
        const pe_kept_fields *const kept = &source->kept[k];
        if (kept->type != PE_TEXT)
            own->targets[own->target_count++] = (pe_text_target){.field = kept->fields[0],
                                                                 .name = text->all[kept->fields[0]].name,
                                                                 .argument = source->want_count + k,
                                                                 .step = pe_dtype_bytes(kept->type),
                                                                 .parse = kept->type,
                                                                 .want = kept->type};
    }
}

/* Can lines of JSON be taken in batches? Their values have to be numbers alone. */
static bool is_json_of_numbers(const pe_text_reader *own, const pe_text_source *text)
{
    bool is_good = !own->cuts_kept && text->base.spec->missing_count == 0;
    for (size_t t = 0; t < own->target_count && is_good; t++) {
        const pe_text_target *const target = &own->targets[t];
        is_good = target->parse == target->want && pe_can_parse_run(target->parse) &&
                  pe_text_json_path(text, target->field) < pe_text_json_paths(text);
    }
    return is_good;
}

/* A line of JSON has a field in front of its first value and one between any two (pe_jsonl_find). */
static size_t json_batch_room(pe_text_reader *own, const pe_text_source *text)
{
    if (!is_json_of_numbers(own, text))
        return 0;
    own->batch.fields = 2 * pe_text_json_paths(text) + 1;
    for (size_t t = 0; t < own->target_count; t++)
        own->targets[t].place = 2 * pe_text_json_path(text, own->targets[t].field) + 1;
    return JSON_BATCH_ROOM;
}

static size_t csv_batch_room(pe_text_reader *own, const pe_text_source *text)
{
    own->batch.fields = text->fields;
    for (size_t t = 0; t < own->target_count; t++)
        own->targets[t].place = own->targets[t].field;
    return pe_csv_batch_room(&text->dialect, text->fields);
}

static pe_status open_batch(pe_text_reader *own, const pe_text_source *text, pe_error *err)
{
    for (int k = 0; k < text->base.kept_count; k++)
        own->cuts_kept = own->cuts_kept || !pe_text_is_kept_in_place(&text->base.kept[k]);
    const size_t room = text->is_json ? json_batch_room(own, text) : csv_batch_room(own, text);
    const pe_status status = room == 0 ? PE_OK : pe_make_array(&own->batch.ends, room, sizeof *own->batch.ends, err);
    if (status != PE_OK)
        return status;
    own->batch.room = room;
    own->batch_most = UINT32_MAX;
    return PE_OK;
}

pe_status pe_text_reader_open(pe_reader *reader, pe_error *err)
{
    pe_text_reader *const own = (pe_text_reader *)reader;
    const pe_source *const source = reader->source;
    const pe_text_source *const text = (const pe_text_source *)source;
    pe_status status = pe_make_array(&own->fields, text->fields, sizeof *own->fields, err);
    if (status == PE_OK)
        status =
            pe_make_array(&own->targets, text->column_count + (size_t)source->kept_count, sizeof *own->targets, err);
    if (status == PE_OK && text->is_json)
        status = pe_text_open_json(text, &own->json, err);
    if (status != PE_OK)
        return status;
    for (int a = 0; a < source->want_count; a++)
        for (uint32_t e = 0; e < pe_type_elements(source->want[a]); e++) {
            const pe_text_column *const column = &text->columns[own->target_count];
            const int own_type = pe_bound_argument(source, own->target_count);
            const pe_dtype want = source->want[a].dtype;
            own->targets[own->target_count++] =
                (pe_text_target){.field = column->number,
                                 .name = column->name,
                                 .argument = a,
                                 .offset = e * pe_dtype_bytes(want),
                                 .step = pe_type_bytes(source->want[a]),
                                 .parse = source->info.untyped[own_type] ? want : source->info.types[own_type].dtype,
                                 .want = want};
        }
    assert(own->target_count == text->column_count);
    add_kept_numbers(own, source);
    return open_batch(own, text, err);
}

void pe_text_reader_close(pe_reader *reader)
{
    pe_text_reader *const own = (pe_text_reader *)reader;
    free(own->fields);
    free(own->targets);
    free(own->batch.ends);
    pe_jsonl_close(own->json);
    pe_arena_fini(&own->scratch);
}

void pe_text_rewind(pe_reader *reader)
{
    pe_arena_reset(&((pe_text_reader *)reader)->scratch);
}

static pe_status take_line(const pe_text_work *w, size_t *at, pe_error *err)
{
    pe_text line;
    if (!pe_lines_next(w->data, w->size, at, &line))
        return pe_text_fail_csv(pe_text_place_of(w), PE_CSV_END, *at, err);
    const pe_csv_field field = {line.data, line.size, false, false, PE_FIELD_PLAIN};
    pe_status status = PE_OK;
    for (size_t t = 0; t < w->reader->target_count && status == PE_OK; t++)
        status = pe_text_deliver(w, &w->reader->targets[t], &field, err);
    return status == PE_OK ? pe_text_keep_beside(w, &field, line, err) : status;
}

/* The line as a work of its own, for messages that name its place. */
static pe_text_work line_alone(const pe_text_work *w, size_t record)
{
    pe_text_work one = *w;
    one.data += record;
    one.size -= record;
    one.begin = (pe_line_position){w->begin.offset + record, w->begin.line + pe_lines_count(w->data, record)};
    return one;
}

static pe_status take_json(const pe_text_work *w, size_t *at, pe_error *err)
{
    const size_t record = *at;
    size_t bad = 0;
    pe_text line;
    pe_error reason;
    pe_text_reader *const reader = w->reader;
    pe_error_clear(&reason);
    if (!pe_lines_next(w->data, w->size, at, &line))
        return pe_text_fail_csv(pe_text_place_of(w), PE_CSV_END, *at, err);
    pe_status status = pe_text_cut_json(w->text, reader->json, line, w->data, w->size, reader->fields, &reader->scratch,
                                        &bad, &reason);
    if (status == PE_EDATA)
        return pe_text_fail_json(pe_text_place_of(w), record + bad, reason.text, err);
    if (status != PE_OK) {
        *err = reason;
        return status;
    }
    status = pe_text_deliver_fields(w, reader->fields, &reason);
    if (status == PE_OK)
        return pe_text_keep_beside(w, reader->fields, line, err);
    const pe_text_work one = line_alone(w, record);
    return pe_text_deliver_fields(&one, reader->fields, err);
}

/* A record without its LF or CRLF. */
static pe_text without_end(const unsigned char *record, size_t bytes)
{
    const size_t lf = bytes > 0 && record[bytes - 1] == '\n' ? 1 : 0;
    const size_t cr = lf > 0 && bytes > 1 && record[bytes - 2] == '\r' ? 1 : 0;
    return (pe_text){(const char *)record, bytes - lf - cr};
}

static pe_status take_record(const pe_text_work *w, size_t *at, pe_error *err)
{
    const pe_text_source *const text = w->text;
    const pe_text_reader *const reader = w->reader;
    const size_t record = *at;
    size_t count, bad = record;
    const pe_csv_verdict verdict =
        pe_csv_next(w->data, w->size, &text->dialect, at, reader->fields, text->fields, &count, &bad);
    if (verdict != PE_CSV_RECORD)
        return pe_text_fail_csv(pe_text_place_of(w), verdict, bad, err);
    if (count != text->fields)
        return pe_text_fail_fields(pe_text_place_of(w), record, count, err);
    const pe_status status = pe_text_deliver_fields(w, reader->fields, err);
    if (status != PE_OK || text->base.kept_count == 0)
        return status;
    return pe_text_keep_beside(w, reader->fields, without_end(w->data + record, *at - record), err);
}

/* Moves the cursor to the item that block begins with. */
static void seek(pe_text_reader *reader, pe_dialect dialect, uint64_t item, const pe_byte_range *byte_range,
                 const unsigned char *bytes)
{
    const bool is_inside = reader->has_cursor && reader->item <= item && reader->at.offset >= byte_range->offset &&
                           reader->at.offset - byte_range->offset <= byte_range->bytes;
    if (!is_inside) {
        reader->item = byte_range->first;
        reader->at = (pe_line_position){byte_range->offset, byte_range->line};
        reader->has_cursor = true;
    }
    const size_t at = (size_t)(reader->at.offset - byte_range->offset);
    pe_record_scan scan = {.dialect = dialect};
    reader->at.offset += pe_record_scan_run(&scan, bytes + at, (size_t)byte_range->bytes - at, item - reader->item);
    reader->at.line += scan.lines;
    reader->item = item;
}

pe_status pe_text_read(pe_reader *reader, pe_block block, const pe_byte_range *byte_range, const unsigned char *bytes,
                       void *const *columns, pe_error *err)
{
    pe_text_reader *const own = (pe_text_reader *)reader;
    const pe_text_source *const text = (const pe_text_source *)reader->source;
    seek(own, text->dialect, block.first, byte_range, bytes);
    const size_t from = (size_t)(own->at.offset - byte_range->offset);
    pe_text_work w = {.text = text,
                      .reader = own,
                      .data = bytes + from,
                      .size = (size_t)byte_range->bytes - from,
                      .begin = own->at,
                      .columns = columns};
    size_t at = 0;
    if (own->json != NULL)
        pe_jsonl_start(own->json, block.count);
    while (w.row < block.count) {
        w.row += pe_text_take_batch(&w, &at, block.count - w.row);
        if (w.row == block.count)
            break;
        w.item = block.first + w.row;
        const pe_status status = text->is_json                  ? take_json(&w, &at, err)
                                 : text->dialect.delimiter == 0 ? take_line(&w, &at, err)
                                                                : take_record(&w, &at, err);
        if (status != PE_OK)
            return status;
        w.row++;
    }
    own->item += block.count;
    own->at.offset += at;
    /* of txt and jsonl an item is a line */
    own->at.line += text->dialect.delimiter == 0 ? block.count : pe_lines_count(w.data, at);
    return PE_OK;
}

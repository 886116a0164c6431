/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* text_columns.c - converts the fields of many records of csv or JSON, one column after the other.
 *
 * Invariant: rows and values are those of record by record. A row with a value that cannot be delivered ends the batch in
 *            front of it, so that the first wrong row, and in it the first wrong field, is the one that is reported.
 * Design:    csv_batch.c finds the fields of some thousand records, or pe_jsonl_find those of lines of JSON that are numbers or
 *            missing; one loop for each column parses them without leaving the parser. After a failure batches are short: where
 *            many rows fail, little is converted twice.
 * Threads:   any worker, with its own reader.
 * Not here:  one record (text_reader.c, text_deliver.c).
 */
#include "source/text/text_deliver.h"
#include "types/number_run.h"

enum { SHORT_BATCH = 8 }; /* records, after a failure */

static pe_csv_field field_at(const pe_text_work *w, const unsigned char *records, uint64_t record, uint64_t field)
{
    return pe_csv_batch_field(&w->reader->batch, records, record, field);
}

/* One field by the way that reads every text; false: it cannot be delivered. */
static bool deliver_one(const pe_text_work *w, const pe_text_target *target, const unsigned char *records,
                        uint64_t record)
{
    pe_error ignored = PE_ERROR_INIT; /* text_reader.c will find it again */
    pe_text_work one = *w;
    one.row += record;
    const pe_csv_field field = field_at(w, records, record, target->place);
    return pe_text_deliver(&one, target, &field, &ignored) == PE_OK;
}

static uint64_t deliver_each(const pe_text_work *w, const pe_text_target *target, const unsigned char *records,
                             uint64_t count)
{
    uint64_t done = 0;
    while (done < count && deliver_one(w, target, records, done))
        done++;
    return done;
}

static uint64_t deliver_numbers(const pe_text_work *w, const pe_text_target *target, const unsigned char *records,
                                uint64_t count)
{
    const pe_csv_batch *const batch = &w->reader->batch;
    const pe_number_run run = {.data = (const char *)records,
                               .size = w->size - (size_t)(records - w->data),
                               .ends = batch->ends + target->place,
                               .stride = (size_t)batch->fields,
                               .count = (size_t)count,
                               .may_end_in_cr = target->place + 1 == batch->fields,
                               .empty_is_nan = w->text->is_json};
    char *const out = (char *)w->columns[target->argument] + w->row * target->step + target->offset;
    size_t done = 0;
    for (;;) {
        done = pe_parse_run(&run, done, target->parse, out, target->step);
        if (done == count || !deliver_one(w, target, records, done))
            return done;
        done++;
    }
}

/* The rows of a column, up to the first that cannot be delivered. */
static uint64_t deliver_column(const pe_text_work *w, const pe_text_target *target, const unsigned char *records,
                               uint64_t count)
{
    if (w->columns[target->argument] == NULL)
        return count;
    const bool is_usual = !w->text->is_styled || w->text->is_json;
    const bool is_plain = target->parse == target->want && is_usual && pe_can_parse_run(target->parse);
    return is_plain ? deliver_numbers(w, target, records, count) : deliver_each(w, target, records, count);
}

static size_t begin_of(const pe_csv_batch *batch, uint64_t record)
{
    return (uint32_t)(batch->ends[record * batch->fields] + 1);
}

/* A record without its end. */
static pe_text record_text(const pe_csv_batch *batch, const unsigned char *records, uint64_t record)
{
    const size_t begin = begin_of(batch, record), end = begin_of(batch, record + 1) - 1;
    const size_t cr = end > begin && records[end - 1] == '\r' ? 1 : 0;
    return (pe_text){(const char *)records + begin, end - begin - cr};
}

/* Whole records in the file's own bytes. */
static void keep_records(const pe_text_work *w, const unsigned char *records, uint64_t count)
{
    const pe_source *const source = &w->text->base;
    for (int k = 0; k < source->kept_count; k++) {
        pe_text *const column = w->columns[source->want_count + k];
        for (uint64_t r = 0; r < count && column != NULL && source->kept[k].type == PE_TEXT; r++)
            column[w->row + r] = record_text(&w->reader->batch, records, r);
    }
}

/* The text that is written beside the results. */
static uint64_t keep_columns(const pe_text_work *w, const unsigned char *records, uint64_t count)
{
    const pe_csv_batch *const batch = &w->reader->batch;
    pe_csv_field *const fields = w->reader->fields;
    pe_error ignored = PE_ERROR_INIT;
    pe_text_work one = *w;
    if (!w->reader->cuts_kept) {
        keep_records(w, records, count);
        return count;
    }
    for (uint64_t r = 0; r < count; r++, one.row++) {
        const pe_text record = record_text(batch, records, r);
        for (uint64_t f = 0; f < batch->fields; f++)
            fields[f] = field_at(w, records, r, f);
        if (pe_text_keep_beside(&one, fields, record, &ignored) != PE_OK)
            return r;
    }
    return count;
}

static void find_records(const pe_text_work *w, const unsigned char *records, size_t size, uint64_t most)
{
    pe_csv_batch *const batch = &w->reader->batch;
    if (!w->text->is_json) {
        pe_csv_find(batch, records, size, &w->text->dialect, most);
        return;
    }
    const uint64_t room = (batch->room - 1) / batch->fields;
    batch->records =
        pe_jsonl_find(w->reader->json, (const char *)records, size, most < room ? most : room, batch->ends);
}

uint64_t pe_text_take_batch(const pe_text_work *w, size_t *at, uint64_t most)
{
    pe_text_reader *const reader = w->reader;
    pe_csv_batch *const batch = &reader->batch;
    if (batch->room == 0)
        return 0;
    const unsigned char *const records = w->data + *at;
    find_records(w, records, w->size - *at, most < reader->batch_most ? most : reader->batch_most);
    uint64_t taken = batch->records;
    for (size_t t = 0; t < reader->target_count && taken > 0; t++)
        taken = deliver_column(w, &reader->targets[t], records, taken);
    if (w->text->base.kept_count > 0)
        taken = keep_columns(w, records, taken);
    const bool has_failed = taken < batch->records;
    reader->batch_most = has_failed                        ? SHORT_BATCH
                         : reader->batch_most < UINT32_MAX ? 2 * reader->batch_most
                                                           : UINT32_MAX;
    *at += begin_of(batch, taken);
    return taken;
}

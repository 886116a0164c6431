/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* fuzz_csv.c - any bytes as csv: the records that are cut are those that the scan, the index and the batches found.
 *
 * Design: the first byte chooses the size of the pieces that the index gets, and one delimiter; other dialects follow. Where no
 *         line is skipped, an index that is joined from two is checked in the same way.
 */
#include <stdlib.h>
#include <string.h>

#include "format/csv_batch.h"
#include "format/line_index.h"
#include "fuzz.h"

enum { ROOM = 4, PLACES = 4 };

typedef struct input {
    unsigned char *data;
    size_t size, piece;
    pe_dialect dialect;
} input;

static void check_fields(const input *in, const pe_csv_field *fields, size_t count)
{
    for (size_t i = 0; i < count && i < ROOM; i++) {
        const unsigned char *const begin = (const unsigned char *)fields[i].data;
        FUZZ_HOLDS(begin >= in->data && begin + fields[i].size <= in->data + in->size);
        if (!fields[i].has_escapes)
            continue;
        char *const plain = malloc(fields[i].size);
        FUZZ_HOLDS(plain != NULL && pe_csv_unescape(&fields[i], in->dialect.quote, plain) < fields[i].size);
        free(plain);
    }
}

/* Record number `record` begins at `at`, on line `line`, says the parser; the index must not disagree. */
static void check_place(const pe_line_index *index, uint64_t record, size_t at, uint64_t line)
{
    uint64_t first;
    const pe_line_position place = pe_line_index_find(index, record, &first);
    FUZZ_HOLDS(first <= record && record - first < index->stride && place.offset <= at);
    FUZZ_HOLDS(first != record || (place.offset == at && place.line == line));
    FUZZ_HOLDS(pe_line_index_after(index, record) >= at);
}

static void check_records(const input *in, const pe_line_index *index, bool is_closed)
{
    pe_csv_field fields[ROOM];
    pe_csv_verdict verdict = PE_CSV_RECORD;
    size_t at = 0, count = 0, bad = 0;
    uint64_t record = 0, line = 1;
    while (verdict == PE_CSV_RECORD) {
        const size_t begin = at;
        if (begin < in->size && record < index->records)
            check_place(index, record, begin, line);
        verdict = pe_csv_next(in->data, in->size, &in->dialect, &at, fields, ROOM, &count, &bad);
        if (verdict != PE_CSV_RECORD)
            break;
        FUZZ_HOLDS(at > begin && at <= in->size && count > 0);
        check_fields(in, fields, count);
        pe_record_scan scan = {.dialect = in->dialect};
        const size_t passed = pe_record_scan_run(&scan, in->data + begin, in->size - begin, 1);
        FUZZ_HOLDS(begin + passed == at);
        line += scan.lines;
        record++;
    }
    FUZZ_HOLDS(verdict == PE_CSV_END ? at == in->size || pe_dialect_skips_lines(&in->dialect) : bad < in->size);
    if (verdict == PE_CSV_LONE_CR)
        FUZZ_HOLDS(in->data[bad] == '\r' && (bad + 1 == in->size || in->data[bad + 1] != '\n'));
    if (verdict == PE_CSV_END)
        FUZZ_HOLDS(is_closed && record == index->records);
    if (verdict == PE_CSV_OPEN_QUOTE)
        FUZZ_HOLDS(!is_closed && record == index->records);
}

/* Must a batch take this record: without a quote or a CR, with a newline at its end? */
static bool is_simple(const unsigned char *record, size_t size, const pe_dialect *dialect)
{
    return record[size - 1] == '\n' && memchr(record, '\r', size) == NULL &&
           (dialect->quote == PE_CHAR_NONE || memchr(record, dialect->quote, size) == NULL);
}

static bool are_equal(const pe_csv_field *a, const pe_csv_field *b)
{
    return a->data == b->data && a->size == b->size && a->has_escapes == b->has_escapes &&
           a->is_quoted == b->is_quoted && a->kind == b->kind;
}

/* Every record of a batch is what pe_csv_next makes of it. Returns the bytes of the batch. */
static size_t check_batch(const input *in, pe_csv_batch *batch, size_t begin)
{
    pe_csv_field fields[ROOM];
    size_t at = begin, count = 0, bad = 0;
    pe_csv_find(batch, in->data + begin, in->size - begin, &in->dialect, in->piece);
    FUZZ_HOLDS(batch->records <= in->piece);
    for (uint64_t r = 0; r < batch->records; r++) {
        const size_t from = at;
        FUZZ_HOLDS(pe_csv_next(in->data, in->size, &in->dialect, &at, fields, ROOM, &count, &bad) == PE_CSV_RECORD);
        FUZZ_HOLDS(count == batch->fields && at > from && in->data[at - 1] == '\n');
        for (uint64_t f = 0; f < count; f++) {
            const pe_csv_field field = pe_csv_batch_field(batch, in->data + begin, r, f);
            FUZZ_HOLDS(are_equal(&field, &fields[f]));
        }
    }
    FUZZ_HOLDS(at == begin + batch->bytes);
    return at;
}

/* Batches of records of this number of fields, and what lies between them. */
static void check_batches(const input *in, uint64_t fields)
{
    static uint32_t ends[4 * ROOM + 64];
    pe_csv_batch batch = {.ends = ends, .room = sizeof ends / sizeof *ends, .fields = fields};
    pe_csv_verdict verdict = PE_CSV_RECORD;
    size_t at = 0, count = 0, bad = 0;
    if (pe_csv_batch_room(&in->dialect, fields) == 0)
        return;
    while (verdict == PE_CSV_RECORD) {
        at = check_batch(in, &batch, at);
        const bool is_last = batch.records == in->piece || batch.bytes > ROOM;
        const size_t from = at;
        verdict = pe_csv_next(in->data, in->size, &in->dialect, &at, NULL, 0, &count, &bad);
        const bool was_left = verdict == PE_CSV_RECORD && !is_last;
        FUZZ_HOLDS(!was_left || count != fields || !is_simple(in->data + from, at - from, &in->dialect));
    }
}

/* The index of the first `at` bytes, which end in a newline, joined with that of the rest. */
static void check_join(const input *in, size_t at)
{
    pe_line_index index = {0}, next = {0};
    pe_error err = PE_ERROR_INIT;
    bool is_joined = false;
    FUZZ_HOLDS(pe_line_index_begin(&index, in->dialect, (pe_line_position){0, 1}, PLACES, &err) == PE_OK);
    FUZZ_HOLDS(pe_line_index_begin(&next, in->dialect, (pe_line_position){at, 1}, 2, &err) == PE_OK);
    pe_line_index_add(&index, in->data, at);
    pe_line_index_add(&next, in->data + at, in->size - at);
    FUZZ_HOLDS(pe_line_index_join(&index, &next, &is_joined, &err) == PE_OK);
    if (!is_joined)
        pe_line_index_add(&index, in->data + at, in->size - at);
    const bool is_closed = pe_line_index_end(&index);
    FUZZ_HOLDS(index.count <= PLACES + 2);
    check_records(in, &index, is_closed);
    pe_line_index_fini(&next);
    pe_line_index_fini(&index);
}

static void check_dialect(input *in, pe_dialect dialect)
{
    pe_line_index index = {0};
    pe_error err = PE_ERROR_INIT;
    in->dialect = dialect;
    FUZZ_HOLDS(pe_line_index_begin(&index, in->dialect, (pe_line_position){0, 1}, PLACES, &err) == PE_OK);
    for (size_t at = 0; at < in->size; at += in->piece)
        pe_line_index_add(&index, in->data + at, in->size - at < in->piece ? in->size - at : in->piece);
    const bool is_closed = pe_line_index_end(&index);
    check_records(in, &index, is_closed);
    const unsigned char *const newline = memchr(in->data, '\n', in->size < in->piece ? in->size : in->piece);
    if (newline != NULL && !pe_dialect_skips_lines(&in->dialect))
        check_join(in, (size_t)(newline + 1 - in->data));
    for (uint64_t fields = 1; fields <= ROOM; fields++)
        check_batches(in, fields);
    pe_line_index_fini(&index);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    input in = {.size = size - 1, .piece = (size_t)(data[0] >> 1) + 1};
    const pe_dialect dialects[] = {pe_dialect_of((data[0] & 1) == 0 ? ',' : '\t'),
                                   {';', '\'', PE_CHAR_NONE},
                                   {',', PE_CHAR_NONE, PE_CHAR_NONE},
                                   {',', '"', '#'},
                                   {'\t', '\'', '#'},
                                   {PE_CHAR_BLANKS, '"', '#'},
                                   {PE_CHAR_BLANKS, PE_CHAR_NONE, PE_CHAR_NONE},
                                   {' ', PE_CHAR_NONE, '%'}};
    in.data = malloc(in.size + (in.size == 0));
    FUZZ_HOLDS(in.data != NULL);
    memcpy(in.data, data + 1, in.size);
    for (size_t d = 0; d < sizeof dialects / sizeof *dialects; d++)
        check_dialect(&in, dialects[d]);
    uint64_t lines = 0;
    const size_t blank = pe_csv_blank_end(in.data, in.size, &lines);
    FUZZ_HOLDS(blank <= in.size && lines <= blank && blank <= 2 * lines);
    free(in.data);
    return 0;
}

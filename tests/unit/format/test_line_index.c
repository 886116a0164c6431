/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_line_index.c - the index and the scan under it against texts whose records' places are known as they are made.
 */
#include <string.h>

#include "format/line_index.h"
#include "unit.h"

enum { MOST_RECORDS = 4000, MOST_BYTES = 400000 };

/* A text, and where each of its records begins, written down while it is made. */
typedef struct sample {
    unsigned char data[MOST_BYTES];
    size_t size;
    uint64_t offset[MOST_RECORDS + 1], line[MOST_RECORDS + 1];
    size_t records;
    uint64_t newlines;
    uint64_t random;
} sample;

static uint64_t pick(sample *s, uint64_t below)
{
    s->random = s->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (s->random >> 33) % below;
}

static void put(sample *s, const char *text)
{
    for (; *text != '\0'; text++) {
        s->newlines += *text == '\n';
        s->data[s->size++] = (unsigned char)*text;
    }
}

/* kind 0: lines; 1: plain csv; 2: quoted fields now and then; 3: stray quotes too; 4: nearly all quoted */
static void put_field(sample *s, int kind)
{
    static const char *const plain[] = {"", "1", "-17.25", "some words", "0123456789012345678901234567890123456789"};
    static const char *const quoted[] = {
        "\"\"",     "\"a,b\"",  "\"x\ny\"",  "\"say \"\"hi\"\"\"",
        "\"\"\"\"", "\"\n\n\"", "\"\r\n,\"", "\"01234567890123456789012345678901234567890123456789\n012\""};
    static const char *const stray[] = {"5\" pipe", "a\"\"b", "a\"", " \"x\"", "\"a\"b\"c", "\"\"x"};
    if (kind == 3 && pick(s, 4) == 0)
        put(s, stray[pick(s, 6)]);
    else if ((kind >= 2 && pick(s, 3) == 0) || (kind == 4 && pick(s, 8) != 0))
        put(s, quoted[pick(s, 8)]);
    else
        put(s, plain[pick(s, 5)]);
}

static void make(sample *s, int kind, size_t records, bool has_last_newline, uint64_t seed)
{
    s->size = 0;
    s->records = records;
    s->newlines = 0;
    s->random = seed;
    for (size_t r = 0; r < records; r++) {
        s->offset[r] = s->size;
        s->line[r] = 1 + s->newlines;
        const uint64_t fields = 1 + pick(s, 3);
        for (uint64_t f = 0; f < fields; f++) {
            put(s, f == 0 ? "" : ",");
            put_field(s, kind);
        }
        if (r + 1 == records && !has_last_newline)
            put(s, "x"); /* so that the last record is there at all */
        else
            put(s, pick(s, 2) == 0 ? "\n" : "\r\n");
    }
    s->offset[records] = s->size;
    s->line[records] = 1 + s->newlines;
}

static void check_index(const sample *s, const pe_line_index *index, uint64_t base)
{
    ck_assert_uint_eq(index->records, s->records);
    for (uint64_t r = 0; r < s->records; r++) {
        uint64_t first;
        const pe_line_position place = pe_line_index_find(index, r, &first);
        const uint64_t behind = pe_line_index_after(index, r);
        const uint64_t reach = r + index->stride - 1;
        const bool is_near = first <= r && r - first < index->stride;
        const bool is_behind =
            behind >= base + s->offset[r] && behind <= base + s->offset[reach < s->records ? reach : s->records];
        if (!is_near || !is_behind || place.offset != base + s->offset[first] || place.line != s->line[first])
            ck_abort_msg("record %d: from %d, line %d, behind it %d", (int)r, (int)first, (int)place.line, (int)behind);
    }
    ck_assert_uint_eq(pe_line_index_after(index, s->records), base + s->size);
}

static void build(const sample *s, char delimiter, size_t most, size_t piece, uint64_t base, pe_line_index *index)
{
    pe_error err = PE_ERROR_INIT;
    ck_ok(pe_line_index_begin(index, pe_dialect_of(delimiter), (pe_line_position){base, 1}, most, &err), err);
    for (size_t at = 0; at < s->size; at += piece)
        pe_line_index_add(index, s->data + at, s->size - at < piece ? s->size - at : piece);
}

static sample shared;

START_TEST(index_empty_text_has_no_records)
{
    pe_line_index index = {0};
    shared.size = 0;
    build(&shared, ',', 8, 1, 5, &index);
    ck_assert(pe_line_index_end(&index));
    ck_assert_uint_eq(index.records, 0);
    uint64_t first = 7;
    ck_assert_uint_eq(pe_line_index_find(&index, 0, &first).offset, 5);
    ck_assert_uint_eq(first, 0);
    ck_assert_uint_eq(pe_line_index_after(&index, 0), 5);
    ck_assert_uint_eq(pe_line_index_most_bytes(&index, 100), 0);
    pe_line_index_fini(&index);
}
END_TEST

START_TEST(index_places_are_exact_for_every_kind_and_piece)
{
    static const size_t pieces[] = {1, 7, 63, 64, 65, 1000, MOST_BYTES};
    static const size_t counts[] = {1, 2, 9, 100, 600};
    for (int kind = 0; kind <= 4; kind++)
        for (size_t c = 0; c < 5; c++)
            for (size_t p = 0; p < 7; p++) {
                pe_line_index index = {0};
                make(&shared, kind, counts[c], (c + p) % 2 == 0, (uint64_t)kind * 1000 + c * 10 + p);
                build(&shared, kind == 0 ? '\0' : ',', p % 2 == 0 ? 16 : 65536, pieces[p], c, &index);
                ck_assert(pe_line_index_end(&index));
                check_index(&shared, &index, c);
                pe_line_index_fini(&index);
            }
}
END_TEST

/* Two indexes of the text, of which the second begins after the first newline from `at` on. */
static bool join_at(const sample *s, char delimiter, size_t at, pe_line_index *index)
{
    const pe_dialect dialect = pe_dialect_of(delimiter);
    pe_line_index next = {0};
    pe_error err = PE_ERROR_INIT;
    bool is_joined = false;
    while (s->data[at++] != '\n') {
    }
    ck_ok(pe_line_index_begin(index, dialect, (pe_line_position){7, 1}, 16, &err), err);
    ck_ok(pe_line_index_begin(&next, dialect, (pe_line_position){7 + at, 1}, 32, &err), err);
    pe_line_index_add(index, s->data, at);
    pe_line_index_add(&next, s->data + at, s->size - at);
    ck_ok(pe_line_index_join(index, &next, &is_joined, &err), err);
    if (!is_joined)
        pe_line_index_add(index, s->data + at, s->size - at);
    pe_line_index_fini(&next);
    return is_joined;
}

START_TEST(index_of_two_pieces_is_that_of_the_whole)
{
    for (int kind = 0; kind <= 4; kind++) {
        size_t joined = 0, cuts = 0;
        make(&shared, kind, 500, false, 21 + (uint64_t)kind);
        for (size_t at = 0; at < shared.size / 10 * 9; at += 1 + at / 16, cuts++) {
            pe_line_index index = {0};
            joined += join_at(&shared, kind == 0 ? '\0' : ',', at, &index) ? 1 : 0;
            ck_assert(pe_line_index_end(&index));
            ck_assert_uint_le(index.count, 48);
            check_index(&shared, &index, 7);
            pe_line_index_fini(&index);
        }
        ck_assert(kind < 2 ? joined == cuts : joined > 0 && joined < cuts); /* some cuts lie inside quotes */
    }
}
END_TEST

START_TEST(index_stays_within_its_bound)
{
    pe_line_index index = {0};
    make(&shared, 0, 4000, true, 3);
    build(&shared, '\0', 16, 4096, 0, &index);
    ck_assert(pe_line_index_end(&index));
    ck_assert_uint_le(index.count, 16);
    ck_assert_uint_gt(index.count, 7);
    ck_assert_uint_eq(index.stride, 256); /* 4000 / 16 = 250, the next power of two */
    pe_line_index_fini(&index);
}
END_TEST

START_TEST(index_quote_never_closed_is_reported)
{
    pe_line_index index = {0};
    shared.size = 0;
    put(&shared, "a,b\n1,\"2\n3,4\n");
    build(&shared, ',', 8, 64, 0, &index);
    ck_assert(!pe_line_index_end(&index));
    ck_assert_uint_eq(index.records, 1);
    pe_line_index_fini(&index);
    build(&shared, '\0', 8, 64, 0, &index); /* plain lines know no quotes */
    ck_assert(pe_line_index_end(&index));
    ck_assert_uint_eq(index.records, 3);
    pe_line_index_fini(&index);
}
END_TEST

START_TEST(index_most_bytes_bounds_every_run)
{
    for (int kind = 0; kind < 3; kind++) {
        pe_line_index index = {0};
        make(&shared, kind, 700, true, (uint64_t)kind);
        build(&shared, kind == 0 ? '\0' : ',', kind == 1 ? 1024 : 16, 512, 0, &index);
        ck_assert(pe_line_index_end(&index));
        for (uint64_t run = 1; run < 900; run = run * 3 / 2 + 1) {
            const uint64_t most = pe_line_index_most_bytes(&index, run);
            uint64_t widest = 0;
            for (uint64_t r = 0; r < 700; r++) {
                uint64_t first;
                const uint64_t end = r + run < 700 ? r + run : 700;
                const uint64_t bytes = pe_line_index_after(&index, end) - pe_line_index_find(&index, r, &first).offset;
                widest = bytes > widest ? bytes : widest;
            }
            ck_assert_uint_ge(most, widest);
            if (index.stride == 1)
                ck_assert_uint_eq(most, widest);
        }
        pe_line_index_fini(&index);
    }
}
END_TEST

START_TEST(index_travels_as_bytes)
{
    pe_error err = PE_ERROR_INIT;
    pe_line_index index = {0}, other = {0};
    pe_buffer bytes = {0};
    make(&shared, 2, 1000, false, 11);
    build(&shared, ',', 64, 333, 40, &index);
    ck_assert(pe_line_index_end(&index));
    ck_ok(pe_line_index_write(&index, &bytes, &err), err);
    const size_t exact = bytes.size;
    ck_ok(pe_buffer_append(&bytes, "padding", 7, &err), err);
    ck_ok(pe_line_index_read(bytes.data, bytes.size, &other, &err), err);
    check_index(&shared, &other, 40);
    pe_line_index_fini(&other);
    for (size_t size = 0; size < exact; size += 13) {
        pe_error cut = PE_ERROR_INIT;
        ck_assert_int_eq(pe_line_index_read(bytes.data, size, &other, &cut), PE_EBUG);
    }
    memset(bytes.data + exact / 2, 0xFF, 24);
    ck_assert_int_eq(pe_line_index_read(bytes.data, exact, &other, &err), PE_EBUG);
    pe_buffer_fini(&bytes);
    pe_line_index_fini(&index);
}
END_TEST

START_TEST(scan_stops_after_the_record_that_was_asked_for)
{
    for (int kind = 0; kind <= 4; kind++) {
        make(&shared, kind, 300, true, 77 + (uint64_t)kind);
        for (uint64_t most = 0; most <= 300; most += 1 + most / 8) {
            pe_record_scan scan = {.dialect = pe_dialect_of(kind == 0 ? '\0' : ',')};
            ck_assert_uint_eq(pe_record_scan_run(&scan, shared.data, shared.size, most), shared.offset[most]);
            ck_assert_uint_eq(scan.records, most);
            ck_assert_uint_eq(scan.lines + 1, shared.line[most]);
        }
    }
}
END_TEST

/* A quoted newline at every distance from the blocks of 64 bytes that the scan works in, after each kind of byte. */
START_TEST(scan_knows_what_a_quote_follows_across_its_blocks)
{
    static const struct {
        const char *before;
        uint64_t ends; /* of `before` and the text that follows it */
    } cases[] = {{"\n", 2}, {",", 1}, {"x", 2}, {"\xA2", 2}, {"\x8Ay", 2}, {"\"\",", 1}, {"\n\"q\"\"", 3}};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        size_t wrong = 0, last = 0;
        for (size_t blank = 1; blank < 200; blank++) {
            shared.size = 0;
            for (size_t i = 0; i < blank; i++)
                put(&shared, i + 1 == blank ? "," : "y");
            put(&shared, cases[c].before);
            put(&shared, "\"a\"\"\nb\",c\n");
            const uint64_t expected = cases[c].ends;
            while (shared.size < 300)
                put(&shared, "z");
            pe_record_scan scan = {.dialect = pe_dialect_of(',')};
            const size_t scanned = pe_record_scan_run(&scan, shared.data, shared.size, UINT64_MAX);
            const bool is_right = scanned == shared.size && scan.records == expected;
            wrong += !is_right;
            last = is_right ? last : blank;
        }
        ck_assert_msg(wrong == 0, "case %zu: %zu wrong, the last at %zu", c, wrong, last);
    }
}
END_TEST

UNIT_MAIN("line_index", index_empty_text_has_no_records, index_places_are_exact_for_every_kind_and_piece,
          index_of_two_pieces_is_that_of_the_whole, index_stays_within_its_bound, index_quote_never_closed_is_reported,
          index_most_bytes_bounds_every_run, index_travels_as_bytes, scan_stops_after_the_record_that_was_asked_for,
          scan_knows_what_a_quote_follows_across_its_blocks)

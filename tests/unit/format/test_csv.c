/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_csv.c - csv records against the examples of RFC 4180 and Python's csv.reader.
 */
#include <stdio.h>
#include <string.h>

#include "format/csv.h"
#include "unit.h"

enum { ROOM = 8, NONE = 99 };

static const pe_dialect comma = {',', '"', PE_CHAR_NONE};

static const unsigned char *bytes(const char *text)
{
    return (const unsigned char *)text;
}

/* One record as its fields between brackets, [aaa][b "q"], or the verdict and its place. */
static const char *take(const char *text, size_t size, char delimiter, size_t *at, char out[256])
{
    pe_csv_field fields[ROOM];
    size_t count = NONE, bad = NONE, used = 0;
    const size_t before = *at;
    const pe_dialect dialect = pe_dialect_of(delimiter);
    const pe_csv_verdict verdict = pe_csv_next(bytes(text), size, &dialect, at, fields, ROOM, &count, &bad);
    if (verdict != PE_CSV_RECORD) {
        ck_assert_uint_eq(*at, before);
        const char *const names[] = {"", "end", "open", "after", "lone cr at"};
        if (verdict == PE_CSV_END)
            return "end";
        snprintf(out, 256, "%s %zu", names[verdict], bad);
        return out;
    }
    for (size_t i = 0; i < count; i++) {
        out[used++] = '[';
        if (fields[i].has_escapes)
            used += pe_csv_unescape(&fields[i], '"', out + used);
        else if (fields[i].size > 0)
            memcpy(out + used, fields[i].data, fields[i].size);
        used += fields[i].has_escapes ? 0 : fields[i].size;
        out[used++] = ']';
    }
    out[used] = '\0';
    return out;
}

/* The records of text, one after the other, up to the end or what is wrong. */
static void check(const char *text, size_t size, char delimiter, const char *const *expected)
{
    size_t at = 0;
    char out[256];
    for (size_t i = 0;; i++) {
        const char *const got = take(text, size, delimiter, &at, out);
        ck_assert_str_eq(got, expected[i]);
        if (got[0] != '[')
            break;
    }
}

#define CHECK(text, ...)                                                                                               \
    do {                                                                                                               \
        const char *const expected[] = {__VA_ARGS__};                                                                  \
        check(text, sizeof(text) - 1, ',', expected);                                                                  \
    } while (0)

START_TEST(csv_nothing_has_no_record)
{
    CHECK("", "end");
}
END_TEST

START_TEST(csv_rfc_4180_examples_are_read) /* section 2, rules 1 to 7 */
{
    CHECK("aaa,bbb,ccc\r\nzzz,yyy,xxx\r\n", "[aaa][bbb][ccc]", "[zzz][yyy][xxx]", "end");
    CHECK("aaa,bbb,ccc\r\nzzz,yyy,xxx", "[aaa][bbb][ccc]", "[zzz][yyy][xxx]", "end");
    CHECK("field_name,x\r\naaa,bbb\r\n", "[field_name][x]", "[aaa][bbb]", "end");
    CHECK("\"aaa\",\"bbb\",\"ccc\"\r\nzzz,yyy,xxx", "[aaa][bbb][ccc]", "[zzz][yyy][xxx]", "end");
    CHECK("\"aaa\",\"b\r\nbb\",\"ccc\"\r\nzzz,yyy,xxx", "[aaa][b\r\nbb][ccc]", "[zzz][yyy][xxx]", "end");
    CHECK("\"aaa\",\"b\"\"bb\",\"ccc\"", "[aaa][b\"bb][ccc]", "end");
}
END_TEST

START_TEST(csv_lf_alone_ends_a_record)
{
    CHECK("1,2\n3,4\n", "[1][2]", "[3][4]", "end");
    CHECK("\"1\"\n\"2\"\r\n", "[1]", "[2]", "end");
}
END_TEST

START_TEST(csv_empty_fields_and_lines_are_fields)
{
    CHECK(",\n", "[][]", "end");
    CHECK("a,", "[a][]", "end");
    CHECK("\n\r\n", "[]", "[]", "end");
    CHECK("\"\",\"\"\n", "[][]", "end");
    CHECK("\"\"\"\"\n", "[\"]", "end");
    CHECK("\"\"", "[]", "end");
}
END_TEST

START_TEST(csv_spaces_are_data)
{
    CHECK(" a , b\n", "[ a ][ b]", "end");
}
END_TEST

START_TEST(csv_quote_inside_a_plain_field_is_data) /* as csv.reader: 5" pipe */
{
    CHECK("5\" pipe,\"x\"\n", "[5\" pipe][x]", "end");
    CHECK(" \"a\n", "[ \"a]", "end");
}
END_TEST

START_TEST(csv_lone_cr_is_reported_with_its_place)
{
    CHECK("a\rb,c\n", "lone cr at 1");
    CHECK("a\r", "lone cr at 1");
    CHECK("a\r\r\n", "lone cr at 1");
    CHECK("a,b\r1,2\r", "lone cr at 3");
    CHECK("a\r\nb,\rc\n", "[a]", "lone cr at 5");
    CHECK("\"a\rb\",c\r\n", "[a\rb][c]", "end");
    CHECK("\"a\rb\",c\rd\r\n", "lone cr at 7");
}
END_TEST

START_TEST(csv_quote_never_closed_is_reported_with_its_place)
{
    CHECK("1,2\na,\"b\nc", "[1][2]", "open 6");
    CHECK("\"", "open 0");
    CHECK("\"a\"\"", "open 0");
    CHECK("a,\"", "open 2");
}
END_TEST

START_TEST(csv_data_after_a_closing_quote_is_refused_with_its_place)
{
    CHECK("\"a\"b\n", "after 3");
    CHECK("\"a\" ,b\n", "after 3");
    CHECK("\"a\"\r", "after 3");
    CHECK("x,\"a\"\"b\"c\n", "after 8");
}
END_TEST

START_TEST(csv_tab_delimits_where_it_is_asked_to)
{
    const char *const expected[] = {"[a,b][c]", "end"};
    check("a,b\tc\n", 6, '\t', expected);
}
END_TEST

START_TEST(csv_fields_beyond_the_room_are_counted)
{
    pe_csv_field fields[2] = {{NULL, 7, true, false, PE_FIELD_PLAIN}, {NULL, 7, true, false, PE_FIELD_PLAIN}};
    size_t at = 0, count = 0, bad = 0;
    ck_assert_int_eq(pe_csv_next(bytes("a,b,c,d\n"), 8, &comma, &at, fields, 1, &count, &bad), PE_CSV_RECORD);
    ck_assert_uint_eq(count, 4);
    ck_assert_uint_eq(at, 8);
    ck_assert_uint_eq(fields[0].size, 1);
    ck_assert_uint_eq(fields[1].size, 7);
    at = 0;
    ck_assert_int_eq(pe_csv_next(bytes("a,b,c,d\n"), 8, &comma, &at, NULL, 0, &count, &bad), PE_CSV_RECORD);
    ck_assert_uint_eq(count, 4);
}
END_TEST

START_TEST(csv_hostile_bytes_are_data)
{
    const char text[] = "\0,\xff\xfe,\"\0\n\"\n";
    pe_csv_field fields[3];
    size_t at = 0, count = 0, bad = 0;
    ck_assert_int_eq(pe_csv_next(bytes(text), sizeof text - 1, &comma, &at, fields, 3, &count, &bad), PE_CSV_RECORD);
    ck_assert_uint_eq(count, 3);
    ck_assert_uint_eq(fields[0].size, 1);
    ck_assert_uint_eq(fields[1].size, 2);
    ck_assert_uint_eq(fields[2].size, 2);
    ck_assert_uint_eq(at, sizeof text - 1);
}
END_TEST

/* Expects `size` bytes in `lines` empty lines at the end of text. */
static void blank_end(const char *text, size_t size, uint64_t lines)
{
    uint64_t seen = 99;
    ck_assert_uint_eq(pe_csv_blank_end(bytes(text), strlen(text), &seen), size);
    ck_assert_uint_eq(seen, lines);
}

START_TEST(csv_blank_end_is_the_final_empty_lines)
{
    blank_end("", 0, 0);
    blank_end("a", 0, 0);
    blank_end("\n", 1, 1);
    blank_end("\r\n", 2, 1);
    blank_end("a\n", 0, 0);
    blank_end("a\r\n", 0, 0);
    blank_end("a\n\n", 1, 1);
    blank_end("a\r\n\r\n", 2, 1);
    blank_end("a\n\n\r\n", 3, 2);
    blank_end("\n\n\n", 3, 3);
    blank_end("a\n \n\n", 1, 1);
}
END_TEST

UNIT_MAIN("csv", csv_nothing_has_no_record, csv_rfc_4180_examples_are_read, csv_lf_alone_ends_a_record,
          csv_empty_fields_and_lines_are_fields, csv_spaces_are_data, csv_quote_inside_a_plain_field_is_data,
          csv_lone_cr_is_reported_with_its_place, csv_quote_never_closed_is_reported_with_its_place,
          csv_data_after_a_closing_quote_is_refused_with_its_place, csv_tab_delimits_where_it_is_asked_to,
          csv_fields_beyond_the_room_are_counted, csv_hostile_bytes_are_data, csv_blank_end_is_the_final_empty_lines)

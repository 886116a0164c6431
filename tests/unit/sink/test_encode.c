/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_encode.c - columns of results as the bytes of every format.
 *
 * Design: binary rows were packed by Python's struct, lines written by Python's csv and repr (except for a
 *         lone CR, which RFC 4180 quotes and Python leaves).
 */
#include "sink/encode/encode.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "unit.h"

#define TEXT(literal)                                                                                                  \
    {                                                                                                                  \
        literal, sizeof(literal) - 1                                                                                   \
    }

typedef struct rows {
    pe_encoder encoder;
    pe_buffer bytes;
} rows;

static rows encode(pe_format format, bool has_index, const pe_type *results, int result_count, uint64_t first,
                   size_t count, const void *const *columns)
{
    rows made = {.bytes = {NULL, 0, 0}};
    pe_error err = PE_ERROR_INIT;
    const pe_sink_spec spec = {
        .where = "t", .path = "-", .results = results, .result_count = result_count, .has_index = has_index};
    pe_encoder_init(&made.encoder, &spec, format);
    ck_ok(pe_encode(&made.encoder, first, count, columns, &made.bytes, &err), err);
    return made;
}

static void equals(rows *made, const void *expected, size_t size)
{
    ck_assert_msg(made->bytes.size == size && (size == 0 || memcmp(made->bytes.data, expected, size) == 0),
                  "%zu bytes, expected %zu: \"%.*s\"", made->bytes.size, size, (int)made->bytes.size,
                  made->bytes.data == NULL ? "" : (const char *)made->bytes.data);
    pe_buffer_fini(&made->bytes);
}

static void equals_text(rows *made, const char *expected)
{
    equals(made, expected, strlen(expected));
}

static const pe_type int64_type[] = {{PE_INT64, 0}};
static const pe_type float64_type[] = {{PE_FLOAT64, 0}};
static const pe_type text_type[] = {{PE_TEXT, 0}};

START_TEST(encode_no_items_gives_nothing)
{
    for (pe_format format = PE_FORMAT_NPY; format <= PE_FORMAT_NULL; format++) {
        const int64_t none = 0;
        rows made = encode(format, true, int64_type, 1, 7, 0, (const void *const[]){&none});
        equals(&made, "", 0);
    }
}
END_TEST

START_TEST(encode_null_gives_no_bytes)
{
    const int64_t values[] = {1, 2};
    rows made = encode(PE_FORMAT_NULL, false, int64_type, 1, 0, 2, (const void *const[]){values});
    ck_assert(made.encoder.row_bytes == 0 && made.encoder.is_fixed && !made.encoder.is_plain);
    equals(&made, "", 0);
}
END_TEST

START_TEST(encode_one_fixed_column_is_its_bytes)
{
    static const pe_format formats[] = {PE_FORMAT_NPY, PE_FORMAT_RAW, PE_FORMAT_DIGEST};
    const double values[] = {1.5, -0.0, 3.0, 4.0, 5.0, 6.0};
    for (size_t f = 0; f < 3; f++) {
        rows made = encode(formats[f], false, float64_type, 1, 0, 6, (const void *const[]){values});
        ck_assert(made.encoder.is_plain && made.encoder.is_fixed && made.encoder.row_bytes == 8);
        equals(&made, values, sizeof values);
        const pe_type vector[] = {{PE_FLOAT64, 3}};
        made = encode(formats[f], false, vector, 1, 0, 2, (const void *const[]){values});
        ck_assert(made.encoder.is_plain && made.encoder.row_bytes == 24);
        equals(&made, values, sizeof values);
    }
}
END_TEST

START_TEST(encode_several_columns_are_packed_rows)
{
    /* struct.pack("<qd3h?", 5, 1.5, 1, -2, 3, True) and ("<qd3h?", 6, -1.5, 4, 5, 6, False) */
    static const unsigned char expected[] = {5, 0, 0,    0,    0, 0,    0,    0, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f,
                                             1, 0, 0xfe, 0xff, 3, 0,    1,    6, 0, 0, 0, 0, 0, 0, 0,    0,
                                             0, 0, 0,    0,    0, 0xf8, 0xbf, 4, 0, 5, 0, 6, 0, 0};
    static const pe_type types[] = {{PE_FLOAT64, 0}, {PE_INT16, 3}, {PE_BOOL, 0}};
    const double reals[] = {1.5, -1.5};
    const int16_t shorts[] = {1, -2, 3, 4, 5, 6};
    const uint8_t bools[] = {1, 0};
    rows made = encode(PE_FORMAT_RAW, true, types, 3, 5, 2, (const void *const[]){reals, shorts, bools});
    ck_assert(!made.encoder.is_plain && made.encoder.is_fixed && made.encoder.row_bytes == 23);
    equals(&made, expected, sizeof expected);
}
END_TEST

/* Columns of every element size, over more rows than one block holds. */
START_TEST(encode_many_rows_keep_their_columns)
{
    enum { COUNT = 5000, ROW = 8 + 1 + 2 + 4 + 8 + 16 };
    static const pe_type types[] = {{PE_UINT8, 0}, {PE_UINT16, 0}, {PE_UINT32, 0}, {PE_UINT64, 0}, {PE_INT128, 0}};
    static uint8_t c1[COUNT];
    static uint16_t c2[COUNT];
    static uint32_t c4[COUNT];
    static uint64_t c8[COUNT];
    static pe_int128 c16[COUNT];
    for (unsigned i = 0; i < COUNT; i++) {
        c1[i] = (uint8_t)(i * 7);
        c2[i] = (uint16_t)(i * 77);
        c4[i] = i * 777777;
        c8[i] = i * UINT64_C(7777777777777);
        c16[i] = (pe_int128)i * INT64_MAX;
    }
    rows made = encode(PE_FORMAT_NPY, true, types, 5, UINT32_MAX, COUNT, (const void *const[]){c1, c2, c4, c8, c16});
    ck_assert_uint_eq(made.bytes.size, (size_t)COUNT * ROW);
    size_t wrong = 0;
    for (unsigned i = 0; i < COUNT; i++) {
        const unsigned char *row = made.bytes.data + (size_t)i * ROW;
        const uint64_t index = UINT32_MAX + (uint64_t)i;
        wrong += memcmp(row, &index, 8) != 0 || memcmp(row + 8, &c1[i], 1) != 0 || memcmp(row + 9, &c2[i], 2) != 0;
        wrong += memcmp(row + 11, &c4[i], 4) != 0 || memcmp(row + 15, &c8[i], 8) != 0;
        wrong += memcmp(row + 23, &c16[i], 16) != 0;
    }
    ck_assert_uint_eq(wrong, 0);
    pe_buffer_fini(&made.bytes);
}
END_TEST

START_TEST(encode_wide_row_is_packed)
{
    static double vector[2 * 3000];
    static const pe_type types[] = {{PE_FLOAT64, 3000}, {PE_INT8, 0}};
    const int8_t bytes[] = {-1, 7};
    for (size_t i = 0; i < 6000; i++)
        vector[i] = (double)i;
    rows made = encode(PE_FORMAT_RAW, false, types, 2, 0, 2, (const void *const[]){vector, bytes});
    ck_assert_uint_eq(made.bytes.size, 48002);
    ck_assert_mem_eq(made.bytes.data, vector, 24000);
    ck_assert_uint_eq(made.bytes.data[24000], 0xff);
    ck_assert_mem_eq(made.bytes.data + 24001, vector + 3000, 24000);
    ck_assert_uint_eq(made.bytes.data[48001], 7);
    pe_buffer_fini(&made.bytes);
}
END_TEST

START_TEST(encode_raw_text_is_a_line)
{
    const pe_text texts[] = {TEXT("one"), {NULL, 0}, TEXT("a,\"b\" c")};
    rows made = encode(PE_FORMAT_RAW, false, text_type, 1, 0, 3, (const void *const[]){texts});
    ck_assert(made.encoder.has_text && !made.encoder.is_fixed && !made.encoder.is_plain);
    ck_assert_uint_eq(made.encoder.row_bytes, 1);
    equals_text(&made, "one\n\na,\"b\" c\n");
    made = encode(PE_FORMAT_TXT, false, text_type, 1, 0, 3, (const void *const[]){texts});
    equals_text(&made, "one\n\na,\"b\" c\n");
}
END_TEST

START_TEST(encode_txt_numbers_print_as_python)
{
    const int64_t ints[] = {0, -1, INT64_MIN, INT64_MAX};
    rows made = encode(PE_FORMAT_TXT, false, int64_type, 1, 0, 4, (const void *const[]){ints});
    equals_text(&made, "0\n-1\n-9223372036854775808\n9223372036854775807\n");
    const double reals[] = {
        0.1, 1e16, 1e-5, NAN, -INFINITY, -0.0, 5e-324, 1.7976931348623157e308, -2.2250738585072014e-308};
    made = encode(PE_FORMAT_CSV, false, float64_type, 1, 0, 9, (const void *const[]){reals});
    equals_text(&made, "0.1\n1e+16\n1e-05\nnan\n-inf\n-0.0\n5e-324\n1.7976931348623157e+308\n"
                       "-2.2250738585072014e-308\n");
    const pe_int128 wide[] = {PE_INT128_MAX, PE_INT128_MIN};
    const pe_type wide_type[] = {{PE_INT128, 0}};
    made = encode(PE_FORMAT_TXT, false, wide_type, 1, 0, 2, (const void *const[]){wide});
    equals_text(&made, "170141183460469231731687303715884105727\n-170141183460469231731687303715884105728\n");
}
END_TEST

START_TEST(encode_rows_are_separated_by_format)
{
    static const pe_type types[] = {{PE_FLOAT64, 2}, {PE_INT64, 0}, {PE_BOOL, 0}, {PE_TEXT, 0}};
    const double reals[] = {1.0, 0.5, -2.0, 1e22};
    const int64_t ints[] = {7, -8};
    const uint8_t bools[] = {1, 0};
    const pe_text texts[] = {TEXT("a b"), TEXT("")};
    const void *const columns[] = {reals, ints, bools, texts};
    rows made = encode(PE_FORMAT_TXT, false, types, 4, 0, 2, columns);
    equals_text(&made, "1.0 0.5 7 True a b\n-2.0 1e+22 -8 False \n");
    made = encode(PE_FORMAT_CSV, true, types, 4, 99, 2, columns);
    equals_text(&made, "99,1.0,0.5,7,True,a b\n100,-2.0,1e+22,-8,False,\n");
    made = encode(PE_FORMAT_TSV, true, types, 4, UINT64_C(9223372036854775806), 2, columns);
    equals_text(&made, "9223372036854775806\t1.0\t0.5\t7\tTrue\ta b\n9223372036854775807\t-2.0\t1e+22\t-8\tFalse\t\n");
}
END_TEST

START_TEST(encode_csv_text_is_quoted_as_python_does)
{
    static const pe_type types[] = {{PE_TEXT, 0}, {PE_INT64, 0}};
    const pe_text texts[] = {TEXT("plain"), TEXT("a,b"), TEXT("say \"hi\""), TEXT("two\nlines"),
                             TEXT("cr\r"),  TEXT(""),    TEXT("tab\t"),      TEXT(" sp ")};
    const int64_t ints[] = {1, 2, 3, 4, 5, 6, 7, 8};
    rows made = encode(PE_FORMAT_CSV, false, types, 2, 0, 8, (const void *const[]){texts, ints});
    equals_text(&made, "plain,1\n\"a,b\",2\n\"say \"\"hi\"\"\",3\n\"two\nlines\",4\n\"cr\r\",5\n,6\ntab\t,7\n sp ,8\n");
    const pe_text alone[] = {TEXT("plain"), {NULL, 0}, TEXT("\""), TEXT(",")};
    made = encode(PE_FORMAT_CSV, false, text_type, 1, 0, 4, (const void *const[]){alone});
    equals_text(&made, "plain\n\"\"\n\"\"\"\"\n\",\"\n");
    const pe_text tabs[] = {TEXT("a,b"), TEXT("a\tb")};
    made = encode(PE_FORMAT_TSV, false, text_type, 1, 0, 2, (const void *const[]){tabs});
    equals_text(&made, "a,b\n\"a\tb\"\n");
}
END_TEST

/* The longest values and texts of quotes alone: the room reserved must hold them (a sanitizer watches). */
START_TEST(encode_longest_rows_fit_their_room)
{
    static const pe_type types[] = {{PE_INT8, 0},   {PE_INT16, 0},   {PE_INT32, 0},   {PE_INT64, 0}, {PE_UINT64, 0},
                                    {PE_INT128, 0}, {PE_FLOAT32, 0}, {PE_FLOAT64, 2}, {PE_BOOL, 0},  {PE_TEXT, 0}};
    const int8_t i1 = INT8_MIN;
    const int16_t i2 = INT16_MIN;
    const int32_t i4 = INT32_MIN;
    const int64_t i8 = INT64_MIN;
    const uint64_t u8 = UINT64_MAX;
    const pe_int128 i16 = PE_INT128_MIN;
    const float f4 = -1.17549435e-38f;
    const double f8[] = {-2.2250738585072014e-308, -1.7976931348623157e308};
    const uint8_t b1 = 0;
    const pe_text text = TEXT("\"\"\"\"\"\"\"\"\"\"");
    rows made = encode(PE_FORMAT_CSV, true, types, 10, INT64_MAX, 1,
                       (const void *const[]){&i1, &i2, &i4, &i8, &u8, &i16, &f4, f8, &b1, &text});
    ck_assert_uint_le(made.bytes.size, made.encoder.row_bytes + 2 * text.size);
    equals_text(&made, "9223372036854775807,-128,-32768,-2147483648,-9223372036854775808,18446744073709551615,"
                       "-170141183460469231731687303715884105728,-1.1754944e-38,-2.2250738585072014e-308,"
                       "-1.7976931348623157e+308,False,\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\n");
}
END_TEST

START_TEST(encode_quotes_fit_their_room)
{
    enum { COUNT = 1000 };
    static pe_text texts[COUNT];
    for (size_t size = 0; size <= 10; size += 5) { /* no text at all is two quotes, five quotes are twelve */
        for (size_t i = 0; i < COUNT; i++)
            texts[i] = (pe_text){"\"\"\"\"\"\"\"\"\"\"", size};
        rows made = encode(PE_FORMAT_CSV, false, text_type, 1, 0, COUNT, (const void *const[]){texts});
        ck_assert_uint_eq(made.bytes.size, COUNT * (2 * size + 3));
        ck_assert_uint_le(made.bytes.size, made.bytes.capacity);
        pe_buffer_fini(&made.bytes);
    }
}
END_TEST

START_TEST(encode_appends_to_what_is_there)
{
    pe_error err = PE_ERROR_INIT;
    const int64_t values[] = {1, 22};
    rows made = encode(PE_FORMAT_TXT, false, int64_type, 1, 0, 2, (const void *const[]){values});
    ck_ok(pe_encode(&made.encoder, 2, 1, (const void *const[]){values}, &made.bytes, &err), err);
    equals_text(&made, "1\n22\n1\n");
}
END_TEST

START_TEST(encode_impossible_size_is_no_memory)
{
    pe_error err = PE_ERROR_INIT;
    const pe_sink_spec spec = {.where = "t", .path = "-", .results = float64_type, .result_count = 1};
    const double value = 1.0;
    static const pe_format formats[] = {PE_FORMAT_TXT, PE_FORMAT_RAW};
    for (size_t f = 0; f < 2; f++) {
        pe_encoder encoder;
        pe_buffer out = {NULL, 0, 0};
        pe_encoder_init(&encoder, &spec, formats[f]);
        err = (pe_error)PE_ERROR_INIT;
        ck_assert_int_eq(pe_encode(&encoder, 0, SIZE_MAX / 2, (const void *const[]){&value}, &out, &err), PE_ENOMEM);
        ck_assert_uint_eq(out.size, 0);
        pe_buffer_fini(&out);
    }
}
END_TEST

UNIT_MAIN("encode", encode_no_items_gives_nothing, encode_null_gives_no_bytes, encode_one_fixed_column_is_its_bytes,
          encode_several_columns_are_packed_rows, encode_many_rows_keep_their_columns, encode_wide_row_is_packed,
          encode_raw_text_is_a_line, encode_txt_numbers_print_as_python, encode_rows_are_separated_by_format,
          encode_csv_text_is_quoted_as_python_does, encode_longest_rows_fit_their_room, encode_quotes_fit_their_room,
          encode_appends_to_what_is_there, encode_impossible_size_is_no_memory)

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_dtype.c - names, sizes, casts and exact conversions of the dtypes.
 */
#include <check.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "types/dtype.h"
#include "unit.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void type_is_refused(const char *text, const char *part)
{
    pe_error err = PE_ERROR_INIT;
    pe_type type = {PE_INT8, 77};
    ck_assert_msg(pe_type_parse(text, &type, &err) == PE_ECONFIG, "\"%s\"", text);
    ck_assert_msg(strstr(err.text, part) != NULL, "\"%s\" is not in \"%s\"", part, err.text);
    ck_assert(type.dtype == PE_INT8 && type.width == 77);
}

START_TEST(type_parse_no_type_is_refused_with_help)
{
    type_is_refused("", "valid: bool, int8");
    type_is_refused("flaot64", "did you mean \"float64\"?");
    type_is_refused("Float64", "did you mean \"float64\"?");
    type_is_refused("int", "did you mean \"int8\"?");
    type_is_refused("flot64[3]", "did you mean \"float64\"?");
    type_is_refused("double", "valid: bool, int8");
    type_is_refused("int 64", "int 64");
    type_is_refused("[3]", "[3]");
}
END_TEST

START_TEST(type_parse_bad_width_is_refused)
{
    static const char *const texts[] = {
        "float64[]",   "float64[0]",    "float64[-1]",      "float64[3",
        "float64[3]x", "float64[3][2]", "float64[1048577]", "float64[99999999999999999999]",
        "float64[ 3]", "float64 [3]",   "int8[0x3]"};
    for (size_t i = 0; i < COUNT(texts); i++)
        type_is_refused(texts[i], texts[i]);
    type_is_refused("text[2]", "text has no vectors");
}
END_TEST

START_TEST(type_parse_and_print_every_name)
{
    static const char *const names[] = {"bool",   "int8",   "int16",  "int32",   "int64",   "uint8", "uint16",
                                        "uint32", "uint64", "int128", "float32", "float64", "text"};
    static const size_t bytes[] = {1, 1, 2, 4, 8, 1, 2, 4, 8, 16, 4, 8, sizeof(pe_text)};
    for (size_t i = 0; i < COUNT(names); i++) {
        pe_error err = PE_ERROR_INIT;
        pe_type type = {PE_BOOL, 5};
        char out[PE_TYPE_NAME_ROOM];
        ck_ok(pe_type_parse(names[i], &type, &err), err);
        ck_assert_int_eq(type.dtype, PE_BOOL + (int)i);
        ck_assert_uint_eq(type.width, 0);
        ck_assert_str_eq(pe_type_print(type, out), names[i]);
        ck_assert_str_eq(pe_dtype_name(type.dtype), names[i]);
        ck_assert_uint_eq(pe_dtype_bytes(type.dtype), bytes[i]);
        ck_assert_uint_eq(pe_type_bytes(type), bytes[i]);
        ck_assert_uint_eq(pe_type_elements(type), 1);
        ck_assert_int_eq(pe_dtype_is_int(type.dtype), i >= 1 && i <= 9);
        ck_assert_int_eq(pe_dtype_is_float(type.dtype), i == 10 || i == 11);
    }
}
END_TEST

START_TEST(type_parse_vectors_up_to_the_most)
{
    pe_error err = PE_ERROR_INIT;
    pe_type type = {PE_BOOL, 0};
    char out[PE_TYPE_NAME_ROOM];
    ck_ok(pe_type_parse(" \tfloat64[3] ", &type, &err), err);
    ck_assert_str_eq(pe_type_print(type, out), "float64[3]");
    ck_assert_uint_eq(pe_type_bytes(type), 24);
    ck_assert(!pe_type_equal(type, (pe_type){PE_FLOAT64, 0}));
    ck_assert(pe_type_equal(type, (pe_type){PE_FLOAT64, 3}));
    ck_ok(pe_type_parse("int128[1048576]", &type, &err), err);
    ck_assert_uint_eq(pe_type_bytes(type), 16777216);
    ck_ok(pe_type_parse("bool[1]", &type, &err), err);
    ck_assert_uint_eq(type.width, 1);
}
END_TEST

/* Rows and columns as in the enum. From numpy.can_cast(row, column, "safe"), then: int128 as one more integer, integers
 * into a float that numpy calls unsafe or that numpy allows though 2^53 + 1 is lost are C; text casts to nothing. */
START_TEST(cast_every_pair_is_the_contract)
{
    static const char *const rows[] = {
        "=SSSSSSSSSSSR", /* bool */
        "R=SSSRRRRSSSR", /* int8 */
        "RR=SSRRRRSSSR", /* int16 */
        "RRR=SRRRRSCSR", /* int32 */
        "RRRR=RRRRSCCR", /* int64 */
        "RRSSS=SSSSSSR", /* uint8 */
        "RRRSSR=SSSSSR", /* uint16 */
        "RRRRSRR=SSCSR", /* uint32 */
        "RRRRRRRR=SCCR", /* uint64 */
        "RRRRRRRRR=CCR", /* int128 */
        "RRRRRRRRRR=SR", /* float32 */
        "RRRRRRRRRRR=R", /* float64 */
        "RRRRRRRRRRRR=", /* text */
    };
    for (int from = PE_BOOL; from <= PE_TEXT; from++)
        for (int to = PE_BOOL; to <= PE_TEXT; to++) {
            const char got = "=SCR"[pe_dtype_cast((pe_dtype)from, (pe_dtype)to)];
            ck_assert_msg(got == rows[from - 1][to - 1], "%s to %s: %c", pe_dtype_name((pe_dtype)from),
                          pe_dtype_name((pe_dtype)to), got);
        }
}
END_TEST

static void converts(pe_dtype from, const void *in, pe_dtype to, const void *expected, size_t count)
{
    pe_error err = PE_ERROR_INIT;
    unsigned char out[256] = {0};
    size_t bad = 999;
    ck_assert_uint_le(count * pe_dtype_bytes(to), sizeof out);
    ck_ok(pe_convert(from, in, to, out, count, &bad, &err), err);
    ck_assert_mem_eq(out, expected, count * pe_dtype_bytes(to));
    ck_assert_uint_eq(bad, 999);
}

static void is_inexact(pe_dtype from, const void *in, pe_dtype to, const char *message)
{
    pe_error err = PE_ERROR_INIT;
    unsigned char out[16];
    size_t bad = 999;
    ck_assert_int_eq(pe_convert(from, in, to, out, 1, &bad, &err), PE_EDATA);
    ck_assert_uint_eq(bad, 0);
    ck_assert_str_eq(err.text, message);
}

START_TEST(convert_nothing_is_fine)
{
    pe_error err = PE_ERROR_INIT;
    size_t bad = 0;
    ck_ok(pe_convert(PE_INT64, NULL, PE_INT8, NULL, 0, &bad, &err), err);
    ck_ok(pe_convert(PE_TEXT, NULL, PE_TEXT, NULL, 0, &bad, &err), err);
}
END_TEST

START_TEST(convert_same_dtype_copies_bits)
{
    const double values[] = {(double)NAN, -0.0, 1.5};
    const pe_text texts[] = {{"a", 1}, {NULL, 0}};
    converts(PE_FLOAT64, values, PE_FLOAT64, values, 3);
    converts(PE_TEXT, texts, PE_TEXT, texts, 2);
}
END_TEST

START_TEST(convert_integers_widen_with_their_sign)
{
    converts(PE_INT8, (int8_t[]){-128, 0, 127}, PE_INT64, (int64_t[]){-128, 0, 127}, 3);
    converts(PE_INT32, (int32_t[]){INT32_MIN}, PE_INT128, (pe_int128[]){INT32_MIN}, 1);
    converts(PE_UINT64, (uint64_t[]){UINT64_MAX}, PE_INT128, (pe_int128[]){UINT64_MAX}, 1);
    converts(PE_UINT16, (uint16_t[]){65535}, PE_INT32, (int32_t[]){65535}, 1);
    converts(PE_BOOL, (uint8_t[]){0, 1}, PE_INT16, (int16_t[]){0, 1}, 2);
    converts(PE_BOOL, (uint8_t[]){0, 1}, PE_FLOAT32, (float[]){0, 1}, 2);
}
END_TEST

START_TEST(convert_integers_narrow_when_they_fit)
{
    converts(PE_INT64, (int64_t[]){-128, 127}, PE_INT8, (int8_t[]){-128, 127}, 2);
    converts(PE_INT64, (int64_t[]){0, 255}, PE_UINT8, (uint8_t[]){0, 255}, 2);
    converts(PE_INT128, (pe_int128[]){UINT64_MAX}, PE_UINT64, (uint64_t[]){UINT64_MAX}, 1);
    converts(PE_INT64, (int64_t[]){1, 0}, PE_BOOL, (uint8_t[]){1, 0}, 2);
    is_inexact(PE_INT64, (int64_t[]){128}, PE_INT8, "128 does not fit int8");
    is_inexact(PE_INT64, (int64_t[]){-129}, PE_INT8, "-129 does not fit int8");
    is_inexact(PE_INT64, (int64_t[]){-1}, PE_UINT64, "-1 does not fit uint64");
    is_inexact(PE_UINT64, (uint64_t[]){UINT64_MAX}, PE_INT64, "18446744073709551615 does not fit int64");
    is_inexact(PE_INT128, (pe_int128[]){PE_INT128_MIN}, PE_INT64,
               "-170141183460469231731687303715884105728 does not fit int64");
    is_inexact(PE_INT8, (int8_t[]){2}, PE_BOOL, "2 does not fit bool");
}
END_TEST

START_TEST(convert_integers_to_floats_are_exact_or_errors)
{
    const int64_t two53 = INT64_C(9007199254740992);
    converts(PE_INT64, (int64_t[]){two53, -two53, two53 + 2, INT64_MIN}, PE_FLOAT64,
             (double[]){0x1p53, -0x1p53, 9007199254740994.0, -0x1p63}, 4);
    converts(PE_INT32, (int32_t[]){16777216, INT32_MIN}, PE_FLOAT32, (float[]){0x1p24f, -0x1p31f}, 2);
    converts(PE_INT128, (pe_int128[]){PE_INT128_MIN}, PE_FLOAT64, (double[]){-0x1p127}, 1);
    converts(PE_INT128, (pe_int128[]){PE_INT128_MIN}, PE_FLOAT32, (float[]){-0x1p127f}, 1);
    is_inexact(PE_INT64, (int64_t[]){two53 + 1}, PE_FLOAT64, "9007199254740993 is not exact as float64");
    is_inexact(PE_INT64, (int64_t[]){INT64_MAX}, PE_FLOAT64, "9223372036854775807 is not exact as float64");
    is_inexact(PE_INT32, (int32_t[]){16777217}, PE_FLOAT32, "16777217 is not exact as float32");
    is_inexact(PE_UINT64, (uint64_t[]){UINT64_MAX}, PE_FLOAT64, "18446744073709551615 is not exact as float64");
    is_inexact(PE_INT128, (pe_int128[]){PE_INT128_MAX}, PE_FLOAT64,
               "170141183460469231731687303715884105727 is not exact as float64");
    is_inexact(PE_INT128, (pe_int128[]){PE_INT128_MAX}, PE_FLOAT32,
               "170141183460469231731687303715884105727 is not exact as float32");
}
END_TEST

START_TEST(convert_floats_to_integers_are_whole_or_errors)
{
    converts(PE_FLOAT64, (double[]){-3, 0, 0x1p62}, PE_INT64, (int64_t[]){-3, 0, INT64_C(1) << 62}, 3);
    converts(PE_FLOAT64, (double[]){-0x1p127}, PE_INT128, (pe_int128[]){PE_INT128_MIN}, 1);
    converts(PE_FLOAT32, (float[]){255}, PE_UINT8, (uint8_t[]){255}, 1);
    is_inexact(PE_FLOAT64, (double[]){1.5}, PE_INT64, "1.5 is not exact as int64");
    is_inexact(PE_FLOAT64, (double[]){0x1p63}, PE_INT64, "9.223372036854776e+18 is not exact as int64");
    is_inexact(PE_FLOAT64, (double[]){0x1p127}, PE_INT128, "1.7014118346046923e+38 is not exact as int128");
    is_inexact(PE_FLOAT64, (double[]){-1}, PE_UINT32, "-1.0 is not exact as uint32");
    is_inexact(PE_FLOAT64, (double[]){(double)NAN}, PE_INT8, "nan is not exact as int8");
    is_inexact(PE_FLOAT32, (float[]){-INFINITY}, PE_INT128, "-inf is not exact as int128");
}
END_TEST

START_TEST(convert_between_floats_keeps_the_value)
{
    converts(PE_FLOAT32, (float[]){0.1f, -INFINITY, 0x1p-149f}, PE_FLOAT64,
             (double[]){(double)0.1f, -(double)INFINITY, 0x1p-149}, 3);
    converts(PE_FLOAT64, (double[]){0.5, (double)INFINITY, -0.0, 0x1p-149}, PE_FLOAT32,
             (float[]){0.5f, INFINITY, -0.0f, 0x1p-149f}, 4);
    is_inexact(PE_FLOAT64, (double[]){0.1}, PE_FLOAT32, "0.1 is not exact as float32");
    is_inexact(PE_FLOAT64, (double[]){1e39}, PE_FLOAT32, "1e+39 is not exact as float32");
    is_inexact(PE_FLOAT64, (double[]){0x1p-150}, PE_FLOAT32, "7.006492321624085e-46 is not exact as float32");
    pe_error err = PE_ERROR_INIT;
    float out = 0;
    size_t bad = 0;
    ck_ok(pe_convert(PE_FLOAT64, (double[]){(double)NAN}, PE_FLOAT32, &out, 1, &bad, &err), err);
    ck_assert(isnan(out));
}
END_TEST

/* Longer than any block inside. */
START_TEST(convert_many_names_the_first_bad_element)
{
    enum { MANY = 1000 };
    static const size_t places[] = {0, 127, 128, 500, 999};
    int64_t in[MANY];
    int16_t out[MANY];
    for (size_t i = 0; i < COUNT(places); i++) {
        pe_error err = PE_ERROR_INIT;
        size_t bad = 0;
        for (int k = 0; k < MANY; k++)
            in[k] = k - 500;
        ck_ok(pe_convert(PE_INT64, in, PE_INT16, out, MANY, &bad, &err), err);
        for (int k = 0; k < MANY; k++)
            ck_assert_int_eq(out[k], k - 500);
        in[places[i]] = in[MANY - 1] = 40000;
        ck_assert_int_eq(pe_convert(PE_INT64, in, PE_INT16, out, MANY, &bad, &err), PE_EDATA);
        ck_assert_uint_eq(bad, places[i]);
        ck_assert_str_eq(err.text, "40000 does not fit int16");
    }
}
END_TEST

UNIT_MAIN("dtype", type_parse_no_type_is_refused_with_help, type_parse_bad_width_is_refused,
          type_parse_and_print_every_name, type_parse_vectors_up_to_the_most, cast_every_pair_is_the_contract,
          convert_nothing_is_fine, convert_same_dtype_copies_bits, convert_integers_widen_with_their_sign,
          convert_integers_narrow_when_they_fit, convert_integers_to_floats_are_exact_or_errors,
          convert_floats_to_integers_are_whole_or_errors, convert_between_floats_keeps_the_value,
          convert_many_names_the_first_bad_element)

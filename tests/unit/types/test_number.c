/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_number.c - numbers print as Python's repr, and text is one number of a dtype or none.
 */
#include <check.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "number_tables.h"
#include "types/number.h"
#include "unit.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define GUARD '#'

/* The element printed into exactly the room that its dtype promises. */
static void prints(pe_dtype dtype, const void *element, const char *expected)
{
    char room[PE_NUMBER_ROOM + 2];
    memset(room, GUARD, sizeof room);
    const size_t size = (size_t)(pe_print_element(room, dtype, element) - room);
    ck_assert_msg(size == strlen(expected) && memcmp(room, expected, size) == 0, "expected %s, got %.*s", expected,
                  (int)size, room);
    ck_assert_uint_le(size, pe_number_room(dtype));
    for (size_t i = pe_number_room(dtype); i < sizeof room; i++)
        if (room[i] != GUARD)
            ck_abort_msg("%s: byte %zu written", expected, i);
}

/* The text read as dtype gives exactly these bytes. */
static void parses(const char *text, pe_dtype dtype, const void *expected)
{
    unsigned char got[sizeof(pe_int128)] = {0};
    ck_assert_msg(pe_parse_element(text, strlen(text), dtype, got), "%s as %s", text, pe_dtype_name(dtype));
    ck_assert_msg(memcmp(got, expected, pe_dtype_bytes(dtype)) == 0, "%s as %s", text, pe_dtype_name(dtype));
}

static void refuses(const char *text, pe_dtype dtype)
{
    unsigned char got[sizeof(pe_int128)] = {0};
    ck_assert_msg(!pe_parse_element(text, strlen(text), dtype, got), "\"%s\" as %s", text, pe_dtype_name(dtype));
}

static pe_int128 wide(uint64_t high, uint64_t low)
{
    return (pe_int128)((pe_uint128)high << 64 | low);
}

START_TEST(print_float64_any_bits_is_python_repr)
{
    for (size_t i = 0; i < COUNT(float64_rows); i++)
        prints(PE_FLOAT64, &float64_rows[i].bits, float64_rows[i].text);
}
END_TEST

START_TEST(print_float32_any_bits_is_numpy_repr)
{
    for (size_t i = 0; i < COUNT(float32_rows); i++)
        prints(PE_FLOAT32, &float32_rows[i].bits, float32_rows[i].text);
}
END_TEST

START_TEST(print_integers_64_bits_are_python_str)
{
    for (size_t i = 0; i < COUNT(int64_rows); i++)
        prints(PE_INT64, &int64_rows[i].bits, int64_rows[i].text);
    for (size_t i = 0; i < COUNT(uint64_rows); i++)
        prints(PE_UINT64, &uint64_rows[i].bits, uint64_rows[i].text);
}
END_TEST

START_TEST(print_int128_any_value_is_python_str)
{
    for (size_t i = 0; i < COUNT(int128_rows); i++) {
        const pe_int128 value = wide(int128_rows[i].high, int128_rows[i].low);
        prints(PE_INT128, &value, int128_rows[i].text);
    }
}
END_TEST

START_TEST(print_small_dtypes_extremes_fit_their_room)
{
    prints(PE_BOOL, &(uint8_t){1}, "True");
    prints(PE_BOOL, &(uint8_t){0}, "False");
    prints(PE_INT8, &(int8_t){-128}, "-128");
    prints(PE_INT8, &(int8_t){127}, "127");
    prints(PE_UINT8, &(uint8_t){255}, "255");
    prints(PE_INT16, &(int16_t){INT16_MIN}, "-32768");
    prints(PE_UINT16, &(uint16_t){UINT16_MAX}, "65535");
    prints(PE_INT32, &(int32_t){INT32_MIN}, "-2147483648");
    prints(PE_UINT32, &(uint32_t){UINT32_MAX}, "4294967295");
}
END_TEST

START_TEST(print_direct_functions_agree_with_elements)
{
    char out[PE_NUMBER_ROOM];
    ck_assert_int_eq(pe_print_int64(out, INT64_MIN) - out, 20);
    ck_assert_mem_eq(out, "-9223372036854775808", 20);
    ck_assert_int_eq(pe_print_uint64(out, UINT64_MAX) - out, 20);
    ck_assert_mem_eq(out, "18446744073709551615", 20);
    ck_assert_int_eq(pe_print_int128(out, PE_INT128_MIN) - out, 40);
    ck_assert_mem_eq(out, "-170141183460469231731687303715884105728", 40);
    ck_assert_int_eq(pe_print_float64(out, -0.0) - out, 4);
    ck_assert_mem_eq(out, "-0.0", 4);
    ck_assert_int_eq(pe_print_float32(out, 0.1f) - out, 3);
    ck_assert_mem_eq(out, "0.1", 3);
}
END_TEST

START_TEST(print_unaligned_element_is_read)
{
    unsigned char bytes[sizeof(pe_int128) + 1];
    const double value = 1.5;
    const pe_int128 big = wide(UINT64_C(1), 0);
    memcpy(bytes + 1, &value, sizeof value);
    prints(PE_FLOAT64, bytes + 1, "1.5");
    memcpy(bytes + 1, &big, sizeof big);
    prints(PE_INT128, bytes + 1, "18446744073709551616");
}
END_TEST

START_TEST(parse_printed_text_gives_the_same_bits)
{
    for (size_t i = 0; i < COUNT(float64_rows); i++)
        if (strcmp(float64_rows[i].text, "nan") != 0)
            parses(float64_rows[i].text, PE_FLOAT64, &float64_rows[i].bits);
    for (size_t i = 0; i < COUNT(float32_rows); i++)
        if (strcmp(float32_rows[i].text, "nan") != 0)
            parses(float32_rows[i].text, PE_FLOAT32, &float32_rows[i].bits);
    for (size_t i = 0; i < COUNT(int64_rows); i++)
        parses(int64_rows[i].text, PE_INT64, &int64_rows[i].bits);
    for (size_t i = 0; i < COUNT(uint64_rows); i++)
        parses(uint64_rows[i].text, PE_UINT64, &uint64_rows[i].bits);
    for (size_t i = 0; i < COUNT(int128_rows); i++) {
        const pe_int128 value = wide(int128_rows[i].high, int128_rows[i].low);
        parses(int128_rows[i].text, PE_INT128, &value);
    }
}
END_TEST

START_TEST(parse_no_number_is_refused)
{
    static const char *const texts[] = {"",     " ",   "\t",  "-",     "+",      "+-1",   "-+1",  "--1",   "- 1",
                                        "0x10", "1_0", "1 0", "abc",   "1a",     "1,5",   "1e",   "1e+",   "1ee5",
                                        "e5",   ".",   "-.",  "1.2.3", "nan(1)", "infin", "in",   "nanx",  "1\n",
                                        "\v1",  "#",   "0b1", "１",    "+ 1",    "5-",    "inf1", "True1", "1f"};
    static const pe_dtype dtypes[] = {PE_BOOL,   PE_INT8,   PE_INT64,   PE_UINT8,
                                      PE_UINT64, PE_INT128, PE_FLOAT32, PE_FLOAT64};
    for (size_t i = 0; i < COUNT(texts); i++)
        for (size_t d = 0; d < COUNT(dtypes); d++)
            refuses(texts[i], dtypes[d]);
}
END_TEST

START_TEST(parse_integer_dtype_takes_digits_only)
{
    static const char *const texts[] = {"1.0", "1e5", "nan", "inf", "1.", ".5", "True", "false"};
    for (size_t i = 0; i < COUNT(texts); i++)
        for (int dtype = PE_INT8; dtype <= PE_INT128; dtype++)
            refuses(texts[i], (pe_dtype)dtype);
}
END_TEST

START_TEST(parse_spaces_and_plus_around_are_taken)
{
    parses(" 7 ", PE_INT64, &(int64_t){7});
    parses("\t+7\t ", PE_INT32, &(int32_t){7});
    parses(" -7", PE_INT128, &(pe_int128){-7});
    parses("+1.5 ", PE_FLOAT64, &(double){1.5});
    parses(" true\t", PE_BOOL, &(uint8_t){1});
    parses("007", PE_UINT8, &(uint8_t){7});
    parses("-0", PE_UINT8, &(uint8_t){0});
    parses("0000000000000000000000000000000000000000000000000012", PE_INT8, &(int8_t){12});
}
END_TEST

START_TEST(parse_integer_extremes_fit_and_one_beyond_does_not)
{
    parses("127", PE_INT8, &(int8_t){127});
    parses("-128", PE_INT8, &(int8_t){-128});
    refuses("128", PE_INT8);
    refuses("-129", PE_INT8);
    parses("255", PE_UINT8, &(uint8_t){255});
    refuses("256", PE_UINT8);
    refuses("-1", PE_UINT8);
    parses("-32768", PE_INT16, &(int16_t){INT16_MIN});
    refuses("32768", PE_INT16);
    parses("65535", PE_UINT16, &(uint16_t){UINT16_MAX});
    refuses("65536", PE_UINT16);
    parses("-2147483648", PE_INT32, &(int32_t){INT32_MIN});
    refuses("2147483648", PE_INT32);
    parses("4294967295", PE_UINT32, &(uint32_t){UINT32_MAX});
    refuses("4294967296", PE_UINT32);
    parses("9223372036854775807", PE_INT64, &(int64_t){INT64_MAX});
    parses("-9223372036854775808", PE_INT64, &(int64_t){INT64_MIN});
    refuses("9223372036854775808", PE_INT64);
    refuses("-9223372036854775809", PE_INT64);
    parses("18446744073709551615", PE_UINT64, &(uint64_t){UINT64_MAX});
    refuses("18446744073709551616", PE_UINT64);
    refuses("-1", PE_UINT64);
}
END_TEST

START_TEST(parse_int128_extremes_fit_and_one_beyond_does_not)
{
    parses("170141183460469231731687303715884105727", PE_INT128, &(pe_int128){PE_INT128_MAX});
    parses("-170141183460469231731687303715884105728", PE_INT128, &(pe_int128){PE_INT128_MIN});
    refuses("170141183460469231731687303715884105728", PE_INT128);
    refuses("-170141183460469231731687303715884105729", PE_INT128);
    refuses("340282366920938463463374607431768211456", PE_INT128); /* 2^128: would wrap to 0 */
    refuses("340282366920938463463374607431768211457", PE_INT128);
    refuses("9999999999999999999999999999999999999999", PE_INT128);
}
END_TEST

START_TEST(parse_ten_to_400_fits_nothing)
{
    char text[402] = "1";
    memset(text + 1, '0', 400);
    for (int dtype = PE_INT8; dtype <= PE_FLOAT64; dtype++)
        refuses(text, (pe_dtype)dtype);
}
END_TEST

START_TEST(parse_float_words_in_any_case)
{
    static const char *const infinite[] = {"inf", "Inf", "INF", "infinity", "InFiNiTy", "+inf"};
    double value = 0;
    float single = 0;
    for (size_t i = 0; i < COUNT(infinite); i++)
        parses(infinite[i], PE_FLOAT64, &(double){(double)INFINITY});
    parses("-inf", PE_FLOAT64, &(double){-(double)INFINITY});
    parses("-Infinity", PE_FLOAT32, &(float){-INFINITY});
    ck_assert(pe_parse_element("NaN", 3, PE_FLOAT64, &value) && isnan(value));
    ck_assert(pe_parse_element("-nan", 4, PE_FLOAT32, &single) && isnan(single));
}
END_TEST

START_TEST(parse_float_forms_of_one_value)
{
    static const char *const texts[] = {"5", "5.", "5.0", "+5", "0.5e1", "50e-1", "5E0", ".5e+1", "0005", "5e00"};
    for (size_t i = 0; i < COUNT(texts); i++) {
        parses(texts[i], PE_FLOAT64, &(double){5});
        parses(texts[i], PE_FLOAT32, &(float){5});
    }
}
END_TEST

START_TEST(parse_float_too_large_is_refused_too_small_is_zero)
{
    static const char *const large[] = {"1e309", "1e400", "-1e400", "0.1e400", "0.001e312", "1e999999999999999999999"};
    static const char *const small[] = {
        "1e-400", "0.0001e-330", "100e-400", "1e-99999999999999999999", "0e400", "0.0", "0.00e999999999999999999"};
    for (size_t i = 0; i < COUNT(large); i++)
        refuses(large[i], PE_FLOAT64);
    for (size_t i = 0; i < COUNT(small); i++)
        parses(small[i], PE_FLOAT64, &(double){0});
    parses("-1e-400", PE_FLOAT64, &(double){-0.0});
    parses("-0.0", PE_FLOAT64, &(double){-0.0});
    refuses("1e39", PE_FLOAT32);
    refuses("3.5e38", PE_FLOAT32);
    parses("1e-60", PE_FLOAT32, &(float){0});
}
END_TEST

/* 16777217 + 2^-30 is above the middle of two float32; by way of float64 it would be the middle, and go down. */
START_TEST(parse_float32_is_rounded_once)
{
    parses("16777217.000000000931322574615478515625", PE_FLOAT32, &(float){16777218.0f});
    parses("16777217.0", PE_FLOAT32, &(float){16777216.0f});
    refuses("16777217", PE_FLOAT32);
    refuses("9007199254740993", PE_FLOAT64);
    refuses("-9007199254740993", PE_FLOAT64);
    refuses("100000000000000000000000", PE_FLOAT64); /* int(1e23) is 99999999999999991611392 */
    parses("99999999999999991611392", PE_FLOAT64, &(double){1e23});
    parses("1606938044258990275541962092341162602522202993782792835301376", PE_FLOAT64, &(double){0x1p200});
    refuses("1606938044258990275541962092341162602522202993782792835301377", PE_FLOAT64);
    parses("0009007199254740992", PE_FLOAT64, &(double){0x1p53});
}
END_TEST

START_TEST(parse_bool_takes_six_words)
{
    parses("True", PE_BOOL, &(uint8_t){1});
    parses("true", PE_BOOL, &(uint8_t){1});
    parses("1", PE_BOOL, &(uint8_t){1});
    parses("False", PE_BOOL, &(uint8_t){0});
    parses("false", PE_BOOL, &(uint8_t){0});
    parses("0", PE_BOOL, &(uint8_t){0});
    refuses("TRUE", PE_BOOL);
    refuses("2", PE_BOOL);
    refuses("yes", PE_BOOL);
}
END_TEST

START_TEST(parse_size_decides_where_text_ends)
{
    int64_t value = 0;
    ck_assert(pe_parse_element("123456", 3, PE_INT64, &value));
    ck_assert_int_eq(value, 123);
    ck_assert(!pe_parse_element("1\0", 2, PE_INT64, &value));
}
END_TEST

UNIT_MAIN("number", print_float64_any_bits_is_python_repr, print_float32_any_bits_is_numpy_repr,
          print_integers_64_bits_are_python_str, print_int128_any_value_is_python_str,
          print_small_dtypes_extremes_fit_their_room, print_direct_functions_agree_with_elements,
          print_unaligned_element_is_read, parse_printed_text_gives_the_same_bits, parse_no_number_is_refused,
          parse_integer_dtype_takes_digits_only, parse_spaces_and_plus_around_are_taken,
          parse_integer_extremes_fit_and_one_beyond_does_not, parse_int128_extremes_fit_and_one_beyond_does_not,
          parse_ten_to_400_fits_nothing, parse_float_words_in_any_case, parse_float_forms_of_one_value,
          parse_float_too_large_is_refused_too_small_is_zero, parse_float32_is_rounded_once, parse_bool_takes_six_words,
          parse_size_decides_where_text_ends)

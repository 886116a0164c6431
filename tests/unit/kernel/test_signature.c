/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_signature.c - signatures read and printed, with the exact words of every refusal.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "kernel/signature.h"
#include "unit.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define ALL                                                                                                            \
    "; valid are bool, int8, int16, int32, int64, uint8, uint16, uint32, uint64, int128, float32, float64, text, "     \
    "float16, complex64, complex128"

typedef struct pair {
    const char *text, *expected;
} pair;

START_TEST(signature_invalid_says_what_and_where)
{
    static const pair wrong[] = {
        {"", "expected \"(\" at character 1, got the end"},
        {"int64 -> int64", "expected \"(\" at character 1, got \"int64\""},
        {"()", "expected a dtype at character 2, got \")\"" ALL},
        {"() -> int64", "expected a dtype at character 2, got \")\"" ALL},
        {"(int64, flaot64) -> int64", "expected a dtype at character 9, got \"flaot64\"; did you mean \"float64\"?"},
        {"(int) -> int64", "expected a dtype at character 2, got \"int\"; did you mean \"int8\"?"},
        {"(banana) -> int64", "expected a dtype at character 2, got \"banana\"" ALL},
        {"(int64,) -> int64", "expected a dtype at character 8, got \")\"" ALL},
        {"(int64 int64) -> int64", "expected \",\" or \")\" at character 8, got \"int64\""},
        {"(int64", "expected \",\" or \")\" at character 7, got the end"},
        {"(int64)", "expected \"->\" at character 8, got the end"},
        {"(int64) - > int64", "expected \"->\" at character 9, got \"-\""},
        {"(int64) = int64", "expected \"->\" at character 9, got \"=\""},
        {"(int64) ->", "expected a dtype or \"(\" at character 11, got the end"},
        {"(int64) -> -> int64", "expected a dtype or \"(\" at character 12, got \"->\""},
        {"(int64) -> ()", "expected a dtype at character 13, got \")\"" ALL},
        {"(int64) -> int64, int64", "expected \"or error\" or the end at character 17, got \",\""},
        {"(int64) -> int64 or", "expected \"error\" at character 20, got the end"},
        {"(int64) -> int64 or err", "expected \"error\" at character 21, got \"err\""},
        {"(int64) -> int64 or error x", "expected the end at character 27, got \"x\""},
        {"(int64) -> int64 orerror", "expected \"or error\" or the end at character 18, got \"orerror\""},
        {"(float64[]) -> int64", "expected a length from 1 to 1048576 at character 10, got \"]\""},
        {"(float64[0]) -> int64", "expected a length from 1 to 1048576 at character 10, got \"0\""},
        {"(float64[-3]) -> int64", "expected a length from 1 to 1048576 at character 10, got \"-\""},
        {"(float64[3x]) -> int64", "expected a length from 1 to 1048576 at character 10, got \"3x\""},
        {"(float64[1048577]) -> bool", "expected a length from 1 to 1048576 at character 10, got \"1048577\""},
        {"(float64[18446744073709551619]) -> bool",
         "expected a length from 1 to 1048576 at character 10, got \"18446744073709551619\""},
        {"(float64[3) -> int64", "expected \"]\" at character 11, got \")\""},
        {"(text[3]) -> int64", "expected no shape at character 6, got \"[\": a text has none"},
        {"(int64) \xE2\x86\x92 int64", "expected \"->\" at character 9, got \"\xE2\x86\x92\""},
        {"\xC3\xA4(int64)", "expected \"(\" at character 1, got \"\xC3\xA4\""},
        {"(int64) -> int64 \xC3\xA4 x", "expected \"or error\" or the end at character 18, got \"\xC3\xA4\""},
        {"(\x01)", "expected a dtype at character 2, got the byte 0x01" ALL},
        {"(aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeee)",
         "expected a dtype at character 2, got \"aaaaaaaaaabbbbbbbbbbccccccccccdd...\"" ALL},
    };
    for (size_t i = 0; i < COUNT(wrong); i++) {
        pe_signature signature;
        pe_error err = PE_ERROR_INIT;
        ck_assert_int_eq(pe_signature_parse(wrong[i].text, &signature, &err), PE_ECONFIG);
        ck_assert_str_eq(err.text, wrong[i].expected);
    }
}
END_TEST

START_TEST(signature_valid_prints_in_one_way)
{
    static const pair right[] = {
        {"(int64)->int64", "(int64) -> int64"},
        {"  ( int64 ,\tfloat64 )\n->\n  bool  ", "(int64, float64) -> bool"},
        {"(float64[3]) -> (float64, int64)", "(float64[3]) -> (float64, int64)"},
        {"(float64 [ 3 ]) -> float64[1]", "(float64[3]) -> float64[1]"},
        {"(uint8[1048576]) -> text", "(uint8[1048576]) -> text"},
        {"(text) -> (text)", "(text) -> text"},
        {"(int64) -> int64 or error", "(int64) -> int64 or error"},
        {"(int64) -> (int64,int128)or   error", "(int64) -> (int64, int128) or error"},
        {"(bool, int8, int16, int32, int64, uint8, uint16, uint32, uint64, int128, float32, float64, text) -> text",
         "(bool, int8, int16, int32, int64, uint8, uint16, uint32, uint64, int128, float32, float64, text) -> text"},
    };
    for (size_t i = 0; i < COUNT(right); i++) {
        pe_signature signature, again;
        char printed[PE_SIGNATURE_ROOM];
        pe_error err = PE_ERROR_INIT;
        ck_ok(pe_signature_parse(right[i].text, &signature, &err), err);
        ck_assert_str_eq(pe_signature_print(&signature, printed), right[i].expected);
        ck_ok(pe_signature_parse(printed, &again, &err), err);
        ck_assert(pe_signature_equal(&signature, &again));
    }
}
END_TEST

START_TEST(signature_parsed_has_types_in_order)
{
    pe_signature s;
    pe_error err = PE_ERROR_INIT;
    ck_ok(pe_signature_parse("(float64[3], text) -> (int128, bool[2]) or error", &s, &err), err);
    ck_assert_int_eq(s.arg_count, 2);
    ck_assert_int_eq(s.result_count, 2);
    ck_assert(s.or_error);
    ck_assert(s.args[0].dtype == PE_FLOAT64 && s.args[0].width == 3);
    ck_assert(s.args[1].dtype == PE_TEXT && s.args[1].width == 0);
    ck_assert(s.results[0].dtype == PE_INT128 && s.results[0].width == 0);
    ck_assert(s.results[1].dtype == PE_BOOL && s.results[1].width == 2);
}
END_TEST

/* "(bool, bool, ...) -> bool" with count arguments */
static const char *many(char out[1024], int count)
{
    size_t used = 0;
    for (int i = 0; i < count; i++)
        used += (size_t)snprintf(out + used, 1024 - used, "%sbool", i == 0 ? "(" : ", ");
    snprintf(out + used, 1024 - used, ") -> bool");
    return out;
}

START_TEST(signature_many_arguments_at_most_64)
{
    char text[1024], printed[PE_SIGNATURE_ROOM];
    pe_signature s;
    pe_error err = PE_ERROR_INIT;
    ck_ok(pe_signature_parse(many(text, 64), &s, &err), err);
    ck_assert_int_eq(s.arg_count, 64);
    ck_assert_str_eq(pe_signature_print(&s, printed), text);
    ck_assert_int_eq(pe_signature_parse(many(text, 65), &s, &err), PE_ECONFIG);
    ck_assert_str_eq(err.text, "expected no more than 64 types at character 386, got \"bool\"");
}
END_TEST

START_TEST(signature_too_long_to_print_is_cut)
{
    char printed[PE_SIGNATURE_ROOM];
    pe_signature s = {.arg_count = PE_MAX_COLUMNS, .result_count = 1, .results = {{PE_TEXT, 0}}};
    for (int i = 0; i < PE_MAX_COLUMNS; i++)
        s.args[i] = (pe_type){PE_FLOAT64, 1048576};
    pe_signature_print(&s, printed);
    ck_assert_uint_eq(strlen(printed), PE_SIGNATURE_ROOM - 1);
    ck_assert(strncmp(printed, "(float64[1048576], float64[1048576], ", 37) == 0);
}
END_TEST

START_TEST(signature_unlike_differs)
{
    static const char *const texts[] = {"(int64) -> int64",          "(int64, int64) -> int64", "(int64) -> int128",
                                        "(int64) -> (int64, int64)", "(int64[1]) -> int64",     "(int32) -> int64",
                                        "(int64) -> int64 or error"};
    pe_signature parsed[COUNT(texts)];
    pe_error err = PE_ERROR_INIT;
    for (size_t i = 0; i < COUNT(texts); i++)
        ck_ok(pe_signature_parse(texts[i], &parsed[i], &err), err);
    for (size_t i = 0; i < COUNT(texts); i++)
        for (size_t j = 0; j < COUNT(texts); j++)
            ck_assert_int_eq(pe_signature_equal(&parsed[i], &parsed[j]), i == j);
}
END_TEST

UNIT_MAIN("signature", signature_invalid_says_what_and_where, signature_valid_prints_in_one_way,
          signature_parsed_has_types_in_order, signature_many_arguments_at_most_64, signature_too_long_to_print_is_cut,
          signature_unlike_differs)

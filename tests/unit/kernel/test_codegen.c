/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_codegen.c - the C text of compiled kernels, looked at as text: prototypes, names, constants, what stands where.
 *
 * That the text computes rightly is held by test_expr_form and test_source_form.
 */
#include <check.h>
#include <inttypes.h>
#include <math.h>

#include "kernel/compiled/codegen.h"
#include "kernel/compiled/codegen_names.h"
#include "unit.h"

#define HAS_LEVELS "#define PE_HAS_LEVELS 1\n"

static pe_error error = PE_ERROR_INIT;
static pe_buffer out;
static const pe_setup no_setup = {0};

static pe_signature parse(const char *text)
{
    pe_signature signature;
    ck_ok(pe_signature_parse(text, &signature, &error), error);
    return signature;
}

static const char *terminated(void)
{
    ck_ok(pe_buffer_append(&out, "", 1, &error), error);
    out.size = 0;
    return (const char *)out.data;
}

/* The text of a function; freed by the next. */
static const char *write_function(const char *signature, const char *text)
{
    const pe_codegen spec = {
        .signature = parse(signature), .function = "f", .text = text, .path = "a\"b\\c.c", .setup = &no_setup};
    ck_ok(pe_codegen_write(&spec, &out, &error), error);
    return terminated();
}

static const char *write_expr(const char *signature, const char *expr, bool may_wrap)
{
    static const char *const names[] = {"x", "y", "z"};
    pe_codegen spec = {
        .signature = parse(signature), .expr = expr, .names = names, .setup = &no_setup, .may_wrap = may_wrap};
    spec.signature.result_count = 0;
    ck_ok(pe_codegen_write(&spec, &out, &error), error);
    return terminated();
}

START_TEST(prototype_of_each_form_is_as_promised)
{
    static const char *const rows[][2] = {
        {"(float64, float64) -> float64", "double f(double, double)"},
        {"(float64[3]) -> (float64, int64)", "void f(const double *, double *, int64_t *)"},
        {"(text) -> int64", "int64_t f(const char *, size_t)"},
        {"(text) -> text", "size_t f(const char *, size_t, char *, size_t)"},
        {"(int64) -> int64 or error", "int f(int64_t, int64_t *)"},
        {"(bool, int8, uint64, int128, float32) -> bool", "_Bool f(_Bool, int8_t, uint64_t, __int128, float)"},
        {"(int64) -> float32[2]", "void f(int64_t, float *)"},
        {"(text, float64[2]) -> (int64, int64) or error",
         "int f(const char *, size_t, const double *, int64_t *, int64_t *)"},
    };
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
        const pe_signature signature = parse(rows[r][0]);
        ck_ok(pe_codegen_prototype(&signature, "f", &out, &error), error);
        ck_assert_str_eq(terminated(), rows[r][1]);
    }
}
END_TEST

START_TEST(name_that_is_none_in_c_is_refused)
{
    static const char *const wrong[] = {"",    "1x",   "a-b", "x y",   "\xC3\xA4", "x;",
                                        "int", "pe_x", "__x", "while", "PE_X"};
    static const char *const right[] = {"x", "_x", "X1", "integer", "uniform", "i", "pen"};
    for (size_t w = 0; w < sizeof wrong / sizeof *wrong; w++) {
        error = (pe_error)PE_ERROR_INIT;
        ck_assert_int_eq(pe_codegen_names_check(wrong[w], "the argument", &error), PE_ECONFIG);
    }
    error = (pe_error)PE_ERROR_INIT;
    for (size_t r = 0; r < sizeof right / sizeof *right; r++)
        ck_ok(pe_codegen_names_check(right[r], "the argument", &error), error);
}
END_TEST

START_TEST(param_of_each_type_is_a_c_constant)
{
    static const struct {
        pe_param param;
        const char *text;
    } rows[] = {
        {{.name = "n", .dtype = PE_INT64, .integer = -5}, "const __INT64_TYPE__ n = -5;\n"},
        {{.name = "n", .dtype = PE_INT64, .integer = INT64_MIN},
         "const __INT64_TYPE__ n = -9223372036854775807 - 1;\n"},
        {{.name = "b", .dtype = PE_BOOL, .integer = 1}, "const __INT64_TYPE__ b = 1;\n"},
        {{.name = "r", .dtype = PE_FLOAT64, .real = 0.1}, "const double r = 0x1.999999999999ap-4;\n"},
        {{.name = "r", .dtype = PE_FLOAT64, .real = -INFINITY}, "const double r = -__builtin_inf();\n"},
        {{.name = "r", .dtype = PE_FLOAT64, .real = NAN}, "const double r = __builtin_nan(\"\");\n"},
        {{.name = "t", .dtype = PE_TEXT, .text = {.data = "a\"\n1", .size = 4}},
         "const char t[] = \"\\141\\042\\012\\061\";\n"},
    };
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
        ck_ok(pe_codegen_names_param(&rows[r].param, "char", &out, &error), error);
        ck_assert_str_eq(terminated(), rows[r].text);
    }
}
END_TEST

START_TEST(mentions_are_whole_words)
{
    ck_assert(pe_codegen_names_mentions("i", "i"));
    ck_assert(pe_codegen_names_mentions("x+i*2", "i"));
    ck_assert(pe_codegen_names_mentions("sin(x)*i", "i"));
    ck_assert(!pe_codegen_names_mentions("", "i"));
    ck_assert(!pe_codegen_names_mentions("sin(ii) + i2 + _i", "i"));
}
END_TEST

/* The user's text is the first that the compiler reads, under its own name and lines. */
START_TEST(function_text_comes_first_and_untouched)
{
    const char *text = write_function("(float64) -> float64", "#define _GNU_SOURCE\ndouble f(double);");
    ck_assert_int_eq(strncmp(text, "#line 1 \"a\\\"b\\\\c.c\"\n#define _GNU_SOURCE\ndouble f(double);\n#line", 60), 0);
}
END_TEST

/* Without a signed integer there is nothing to prove: one loop for all, and the exact one. */
START_TEST(loops_have_levels_for_signed_integers_alone)
{
    ck_assert_ptr_null(strstr(write_function("(float64) -> float64", ""), HAS_LEVELS));
    ck_assert_ptr_null(strstr(write_function("(uint64) -> uint64", ""), HAS_LEVELS));
    ck_assert_ptr_null(strstr(write_function("(int64[2]) -> int64", ""), HAS_LEVELS));
    ck_assert_ptr_nonnull(strstr(write_function("(int64) -> int64", ""), HAS_LEVELS));
    ck_assert_ptr_nonnull(strstr(write_function("(float64, int32) -> int64", ""), HAS_LEVELS));
    ck_assert_ptr_null(strstr(write_expr("(float64) -> bool", "x", false), HAS_LEVELS));
    ck_assert_ptr_null(strstr(write_expr("(int64) -> bool", "x", true), HAS_LEVELS));
    ck_assert_ptr_nonnull(strstr(write_expr("(uint8) -> bool", "x", false), HAS_LEVELS));
    ck_assert_ptr_nonnull(strstr(write_expr("(float64) -> bool", "x * i", false), HAS_LEVELS));
}
END_TEST

START_TEST(expr_has_draws_only_where_it_names_them)
{
    ck_assert_ptr_null(strstr(write_expr("(float64) -> bool", "x", false), "pe_random_uniform"));
    ck_assert_ptr_nonnull(strstr(write_expr("(float64) -> bool", "uniform(0)", false), "pe_random_uniform"));
}
END_TEST

START_TEST(expr_is_on_a_line_of_its_own)
{
    const char *text = write_expr("(float64) -> bool", "x\n + 1", false);
    ck_assert_ptr_nonnull(strstr(text, "\n#line 1 \"<kernel.expr>\"\nx\n + 1\n#line 1 \"<pengine>\"\n"));
}
END_TEST

UNIT_MAIN("codegen", prototype_of_each_form_is_as_promised, name_that_is_none_in_c_is_refused,
          param_of_each_type_is_a_c_constant, mentions_are_whole_words, function_text_comes_first_and_untouched,
          loops_have_levels_for_signed_integers_alone, expr_has_draws_only_where_it_names_them,
          expr_is_on_a_line_of_its_own)

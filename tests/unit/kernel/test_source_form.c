/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_source_form.c - plain C functions as kernels: the five forms, wrong types, exact integers, what is not C.
 *
 * Expected integers are computed with 128 bits, step by step.
 */
#include <math.h>

#include <sys/stat.h>

#include "base/alloc.h"
#include "compiled_helpers.h"

static int64_t left[FORM_ITEMS], right[FORM_ITEMS];
static double reals[FORM_ITEMS];
static pe_text texts[4];

static const char forms[] = "#include <math.h>\n"
                            "#include <stdint.h>\n"
                            "#include <stdio.h>\n"
                            "#include <string.h>\n"
                            "double root(double x) { return sqrt(x) + 1; }\n"
                            "void norm(const double *v, double *n, int64_t *k) { *n = v[0] + v[1] + v[2]; *k = 3; }\n"
                            "void twice3(const double *v, double *w) { for (int i = 0; i < 3; i++) w[i] = 2 * v[i]; }\n"
                            "int64_t size_of(const char *s, size_t n) { return s == NULL ? -1 : (int64_t)n; }\n"
                            "size_t printed(const char *s, size_t n, char *out, size_t room)\n"
                            "{ return (size_t)snprintf(out, room, \"<%.*s>\", (int)n, s); }\n"
                            "size_t copied(const char *s, size_t n, char *out, size_t room)\n"
                            "{ if (n <= room) memcpy(out, s, n); return n; }\n"
                            "int even(int64_t x, int64_t *y) { *y = x / 2; return x % 2 == 0 ? 0 : 7; }\n"
                            "int32_t narrow(int32_t x) { return x * 50000; }\n"
                            "long product(long x, long y)\n"
                            "{\n"
                            "    return x * y + x;\n"
                            "}\n"
                            "long long quotient(long long x, long long y) { return x / y; }\n"
                            "int64_t squares(int64_t n)\n"
                            "{\n"
                            "    int64_t sum = 0;\n"
                            "    for (int64_t i = 0; i < n; i++) sum += i * i * i;\n"
                            "    return sum;\n"
                            "}\n"
                            "double scaled(double x) { return x * scale; }\n";

static void enter(void)
{
    compiled_enter(PE_FORM_SOURCE);
    write_file("f.c", forms);
    form_spec.source = "f.c";
    form_spec.directory = "."; /* as for a job file of the current directory */
    form_args[0] = left;
    form_args[1] = right;
    static const pe_param scale = {.name = "scale", .dtype = PE_FLOAT64, .real = 0.1};
    form_spec.setup = (pe_setup){.params = &scale, .param_count = 1};
}

static void name(const char *function, const char *signature)
{
    form_spec.function = function;
    form_spec.signature = signature;
}

static void open_function(const char *function, const char *signature)
{
    name(function, signature);
    compiled_open();
}

static void take(const void *values, pe_type type)
{
    form_args[0] = values;
    form_columns[0] = type;
}

START_TEST(source_that_is_missing_is_refused)
{
    enter();
    name("f", NULL);
    compiled_refused(PE_ECONFIG, "job.toml:3:1: a C function needs kernel.signature, such as \"(float64) -> float64\"");
    name("f", "(int64) ->");
    compiled_refused(PE_ECONFIG, "job.toml:3:1: signature: expected a dtype or \"(\" at character 11, got the end");
    name("f", "(int64) -> int64");
    form_spec.source = "g.c";
    compiled_refused(PE_EKERNEL, "job.toml:3:1: cannot read g.c: No such file or directory");
    compiled_leave();
}
END_TEST

START_TEST(source_function_of_another_type_is_refused_by_the_type_asked_for)
{
    enter();
    name("root", "(int64) -> float64");
    compiled_refused(PE_EKERNEL,
                     "job.toml:3:1: function \"root\" of f.c has another C type than kernel.signature (int64) "
                     "-> float64 asks for: double root(int64_t)");
    name("even", "(int64) -> int64");
    compiled_refused(PE_EKERNEL,
                     "job.toml:3:1: function \"even\" of f.c has another C type than kernel.signature (int64) "
                     "-> int64 asks for: int64_t even(int64_t)");
    name("evn", "(int64) -> int64");
    compiled_refused(PE_EKERNEL,
                     "job.toml:3:1: f.c has no function \"evn\"; kernel.signature (int64) -> int64 asks for "
                     "int64_t evn(int64_t)");
    name("even", "(int64) -> (int64, text)");
    compiled_refused(PE_ECONFIG,
                     "job.toml:3:1: signature: a C function gives a text as its only result, and without \"or error\"");
    name("even", "(int64, int64) -> int64");
    compiled_refused(PE_ECONFIG,
                     "job.toml:3:1: kernel \"even\" takes 2 arguments, (int64, int64) -> int64, but the input "
                     "gives 1: (int64)");
    compiled_leave();
}
END_TEST

START_TEST(source_that_does_not_compile_is_refused_by_file_and_line)
{
    enter();
    write_file("g.c", "\n\nlong f(long x) { return y; }\n");
    form_spec.source = "g.c";
    name("f", "(int64) -> int64");
    compiled_refused(PE_EKERNEL, "job.toml:3:1: \"f\" does not compile:\ng.c:3:25: error: 'y' undeclared (first use in "
                                 "this function)");
    write_file("g.c", "long h(long);\nlong f(long x) { return h(x); }\n");
    compiled_refused(PE_EKERNEL, "job.toml:3:1: \"f\" does not compile:\nundefined reference to `h'\n"
                                 "undefined references to `h' follow");
    compiled_leave();
}
END_TEST

START_TEST(source_forms_of_numbers_give_their_results)
{
    enter();
    for (size_t i = 0; i < FORM_ITEMS; i++)
        reals[i] = (double)i;
    take(reals, FLOAT64);
    open_function("root", "(float64) -> float64");
    ck_assert_uint_eq(run_items(FORM_ITEMS), 0);
    ck_assert(form_out[0].reals[0] == 1 && form_out[0].reals[4900] == 71);
    compiled_close();
    open_function("scaled", "(float64) -> float64");
    ck_assert_uint_eq(run_items(10), 0);
    ck_assert(form_out[0].reals[7] == 7 * 0.1);
    compiled_close();
    form_columns[0].width = 3;
    open_function("norm", "(float64[3]) -> (float64, int64)");
    ck_assert_uint_eq(run_items(3), 0);
    ck_assert(form_out[0].reals[2] == 21 && form_out[1].integers[2] == 3);
    compiled_close();
    open_function("twice3", "(float64[3]) -> float64[3]");
    ck_assert_uint_eq(run_items(3), 0);
    ck_assert(form_out[0].reals[0] == 0 && form_out[0].reals[8] == 16);
    compiled_leave();
}
END_TEST

START_TEST(source_or_error_fails_by_what_was_returned)
{
    enter();
    take(form_numbers, INT64);
    open_function("even", "(int64) -> int64 or error");
    ck_assert_uint_eq(run_items(5), 2);
    check_failed(0, 1, "even returned 7");
    check_failed(1, 3, "even returned 7");
    ck_assert_int_eq(form_out[0].integers[4], 2);
    compiled_leave();
}
END_TEST

/* Lengths around the room of the first call, where snprintf cuts its last byte. */
START_TEST(source_texts_of_any_length_come_whole)
{
    static const char *const functions[] = {"printed", "copied"};
    static const size_t sizes[] = {0, 253, 254, 255, 256, 257, 100000};
    char *text = NULL, *expected = NULL;
    enter();
    ck_ok(pe_make_array(&text, 100000, 1, &form_error), form_error);
    ck_ok(pe_make_array(&expected, 100003, 1, &form_error), form_error);
    memset(text, 'b', 100000);
    take(texts, TEXT);
    for (size_t f = 0; f < 2; f++) {
        open_function(functions[f], "(text) -> text");
        for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
            texts[0] = (pe_text){.data = text, .size = sizes[s]};
            (void)snprintf(expected, 100003, f == 0 ? "<%.*s>" : "%.*s", (int)sizes[s], text);
            ck_assert_uint_eq(run_items(1), 0);
            check_text(&form_out[0].texts[0], expected);
        }
        compiled_close();
    }
    open_function("size_of", "(text) -> int64");
    texts[0] = (pe_text){.data = NULL, .size = 0};
    texts[1] = text_of("abc");
    ck_assert_uint_eq(run_items(2), 0);
    ck_assert(form_out[0].integers[0] == 0 && form_out[0].integers[1] == 3); /* an empty text is no NULL */
    free(text);
    free(expected);
    compiled_leave();
}
END_TEST

START_TEST(source_of_integers_is_exact_or_fails_by_line)
{
    uint64_t state = 9;
    enter();
    form_columns[1] = INT64;
    form_spec.column_count = 2;
    open_function("product", "(int64, int64) -> int64");
    size_t all = 0;
    for (int bits = 1; bits <= 63; bits += 2) {
        size_t expected = 0, wrong = 0;
        for (size_t i = 0; i < FORM_ITEMS; i++) {
            left[i] = compiled_number(&state, i % 900 == 899 ? 63 : bits);
            right[i] = compiled_number(&state, i / 600 % 2 == 0 ? bits : 3);
        }
        const size_t failed = run_items(FORM_ITEMS);
        for (size_t i = 0; i < FORM_ITEMS; i++) {
            const pe_int128 first = (pe_int128)left[i] * right[i], sum = first + left[i];
            if (first != (int64_t)first || sum != (int64_t)sum)
                expected++;
            else
                wrong += form_out[0].integers[i] != (int64_t)sum;
        }
        all += expected;
        ck_assert_uint_eq(wrong, 0);
        ck_assert_uint_eq(failed, expected);
    }
    ck_assert_uint_gt(all, FORM_ITEMS);
    left[0] = 3037000500;
    right[0] = 3037000500;
    ck_assert_uint_eq(run_items(1), 1);
    check_failed(0, 0, "a product does not fit int64 (f.c line 17)");
    compiled_leave();
}
END_TEST

START_TEST(source_long_long_is_an_int64_and_division_never_traps)
{
    enter();
    form_columns[1] = INT64;
    form_spec.column_count = 2;
    open_function("quotient", "(int64, int64) -> int64");
    left[0] = 7;
    right[0] = 2;
    left[1] = 7;
    right[1] = 0;
    left[2] = INT64_MIN;
    right[2] = -1;
    ck_assert_uint_eq(run_items(3), 2);
    ck_assert_int_eq(form_out[0].integers[0], 3);
    check_failed(0, 1, "integer division by zero (f.c line 19)");
    check_failed(1, 2, "a quotient does not fit int64 (f.c line 19)");
    compiled_leave();
}
END_TEST

START_TEST(source_of_int32_fails_at_its_own_width)
{
    static const int32_t values[] = {42949, 42950, -42949, -42950};
    enter();
    take(values, (pe_type){.dtype = PE_INT32});
    open_function("narrow", "(int32) -> int32");
    ck_assert_uint_eq(run_items(4), 2);
    check_failed(0, 1, "a product does not fit int32 (f.c line 14)");
    check_failed(1, 3, "a product does not fit int32 (f.c line 14)");
    compiled_leave();
}
END_TEST

/* Overflow deep inside a loop: the sum of cubes below n is (n (n - 1) / 2) ** 2. */
START_TEST(source_loop_that_overflows_fails_its_item_alone)
{
    enter();
    for (int64_t i = 0; i < 8; i++)
        left[i] = 77933 + i;
    open_function("squares", "(int64) -> int64");
    size_t expected = 0;
    for (int i = 0; i < 8; i++) {
        const pe_int128 root = (pe_int128)left[i] * (left[i] - 1) / 2;
        expected += root * root > INT64_MAX;
    }
    ck_assert_uint_eq(run_items(8), expected);
    ck_assert(expected > 0 && expected < 8);
    const int64_t root = left[0] * (left[0] - 1) / 2;
    ck_assert_int_eq(form_out[0].integers[0], root * root);
    compiled_leave();
}
END_TEST

START_TEST(source_that_may_wrap_wraps)
{
    enter();
    form_columns[1] = INT64;
    form_spec.column_count = 2;
    form_spec.may_wrap = true;
    open_function("product", "(int64, int64) -> int64");
    left[0] = INT64_MAX;
    right[0] = 2;
    ck_assert_uint_eq(run_items(1), 0);
    ck_assert_int_eq(form_out[0].integers[0], INT64_MAX - 2);
    compiled_leave();
}
END_TEST

/* A change in a file that is included makes another object. */
START_TEST(source_with_own_includes_and_flags_follows_them)
{
    static const char *const cflags[] = {"-DADDED=100", "-DQUOTED=$(touch shell);touch shell"}, *const libs[] = {"m",
                                                                                                                 "-lm"};
    enter();
    ck_assert_int_eq(mkdir("in", 0700), 0);
    write_file("in/own.h", "#define OWN 1\n");
    form_spec.setup = (pe_setup){0};
    write_file("in/g.c", "#define _GNU_SOURCE\n#include <math.h>\n#include \"own.h\"\n"
                         "long f(long x) { double s, c; sincos(0, &s, &c); return x + OWN + ADDED + (long)c; }\n");
    form_spec.source = "in/g.c";
    form_spec.cflags = cflags;
    form_spec.cflag_count = 2;
    form_spec.libs = libs;
    form_spec.lib_count = 2;
    left[0] = 1000;
    open_function("f", "(int64) -> int64");
    ck_assert_uint_eq(run_items(1), 0);
    ck_assert_int_eq(form_out[0].integers[0], 1102);
    compiled_close();
    write_file("in/own.h", "#define OWN 2\n");
    compiled_open();
    ck_assert_uint_eq(run_items(1), 0);
    ck_assert_int_eq(form_out[0].integers[0], 1103);
    ck_assert_int_eq(access("shell", F_OK), -1);
    compiled_leave();
}
END_TEST

UNIT_MAIN("source_form", source_that_is_missing_is_refused,
          source_function_of_another_type_is_refused_by_the_type_asked_for,
          source_that_does_not_compile_is_refused_by_file_and_line, source_forms_of_numbers_give_their_results,
          source_or_error_fails_by_what_was_returned, source_texts_of_any_length_come_whole,
          source_of_integers_is_exact_or_fails_by_line, source_long_long_is_an_int64_and_division_never_traps,
          source_of_int32_fails_at_its_own_width, source_loop_that_overflows_fails_its_item_alone,
          source_that_may_wrap_wraps, source_with_own_includes_and_flags_follows_them)

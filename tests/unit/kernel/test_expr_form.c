/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_expr_form.c - C expressions as kernels: types, exact integers, what fails an item, what does not compile.
 *
 * Expected integers are computed with 128 bits, step by step.
 */
#include <inttypes.h>
#include <math.h>

#include <pengine/random.h>

#include "compiled_helpers.h"

#define DTYPE(name) ((pe_type){.dtype = (name)})

static int64_t left[FORM_ITEMS], right[FORM_ITEMS];
static uint64_t naturals[FORM_ITEMS];
static double reals[FORM_ITEMS];

static void open_expr(const char *expr)
{
    form_spec.expr = expr;
    compiled_open();
}

static void take_two(void)
{
    form_columns[0] = form_columns[1] = INT64;
    form_args[0] = left;
    form_args[1] = right;
    form_spec.column_count = 2;
}

START_TEST(expr_that_is_no_c_is_refused_with_its_place)
{
    compiled_enter(PE_FORM_EXPR);
    form_spec.expr = "x *";
    compiled_refused(PE_EKERNEL, "job.toml:3:1: expected a value, got the end\n  x *\n     ^");
    form_spec.expr = "100000 * 100000 * x"; /* C's own overflow, in int */
    form_error = (pe_error)PE_ERROR_INIT;
    ck_assert_int_eq(pe_form_prepare(&form_spec, &form_object, &form_error), PE_EKERNEL);
    ck_assert_ptr_nonnull(strstr(form_error.text, "integer overflow in expression"));
    compiled_leave();
}
END_TEST

START_TEST(expr_of_wrong_arguments_is_refused_before_compiling)
{
    static const char *const one[] = {"a"}, *const same[] = {"a", "a"}, *const keyword[] = {"a", "int"},
                             *const dash[] = {"a", "b-c"};
    const pe_param clash = {.name = "x", .dtype = PE_INT64};
    compiled_enter(PE_FORM_EXPR);
    ck_assert_int_eq(setenv("PENGINE_CC", "/no/compiler", 1), 0);
    form_spec.expr = "a";
    form_columns[1] = INT64;
    form_spec.column_count = 2;
    form_spec.args = one;
    form_spec.arg_count = 1;
    compiled_refused(PE_ECONFIG, "job.toml:3:1: kernel.args names 1 argument of \"a\", but the input gives 2");
    form_spec.arg_count = 2;
    form_spec.args = same;
    compiled_refused(PE_ECONFIG, "job.toml:3:1: two arguments are named \"a\"");
    form_spec.args = keyword;
    compiled_refused(PE_ECONFIG, "job.toml:3:1: the argument \"int\" has a name that is taken: choose another");
    form_spec.args = dash;
    compiled_refused(PE_ECONFIG, "job.toml:3:1: the argument \"b-c\" cannot be a name in C: a name has letters, digits "
                                 "and _, and begins with no digit");
    form_spec.args = NULL;
    form_columns[1] = TEXT;
    form_spec.expr = "x + y";
    compiled_refused(PE_EKERNEL,
                     "job.toml:3:1: y is a text, and a number is needed here: texts go to equals(s, \"DE\"), "
                     "starts_with(s, \"x\"), ends_with, contains and length\n  x + y\n      ^");
    form_spec.expr = "a";
    form_spec.column_count = 1;
    form_spec.setup = (pe_setup){.params = &clash, .param_count = 1};
    compiled_refused(PE_ECONFIG, "job.toml:3:1: an argument and a parameter are named \"x\"");
    form_spec.setup = (pe_setup){0};
    form_spec.signature = "(int64) -> (int64, int64)";
    compiled_refused(PE_ECONFIG, "job.toml:3:1: signature: an expression gives one number, and no \"or error\"");
    form_spec.signature = "(int64, int64) -> int64";
    compiled_refused(PE_ECONFIG, "job.toml:3:1: kernel \"a\" takes 2 arguments, (int64, int64) -> int64, but the input "
                                 "gives 1: (int64)");
    compiled_leave();
}
END_TEST

START_TEST(expr_without_compiler_says_what_was_looked_for)
{
    compiled_enter(PE_FORM_EXPR);
    form_spec.expr = "x";
    ck_assert_int_eq(setenv("PENGINE_CC", "nocc", 1), 0);
    compiled_refused(PE_EKERNEL, "job.toml:3:1: no C compiler: PENGINE_CC names \"nocc\", which is no program in PATH");
    ck_assert_int_eq(setenv("PENGINE_CC", "./nocc", 1), 0);
    compiled_refused(PE_EKERNEL, "job.toml:3:1: no C compiler: PENGINE_CC names \"./nocc\", which is no program");
    ck_assert_int_eq(unsetenv("PENGINE_CC"), 0);
    ck_assert_int_eq(setenv("PATH", form_home, 1), 0);
    compiled_refused(PE_EKERNEL,
                     "job.toml:3:1: no C compiler: there is no \"cc\" in PATH; install gcc or clang, or set "
                     "PENGINE_CC to a compiler");
    ck_assert_int_eq(setenv("PATH", "/usr/bin:/bin", 1), 0);
    compiled_leave();
}
END_TEST

START_TEST(expr_without_signature_takes_its_type_from_c)
{
    static const struct {
        pe_dtype column;
        const char *expr, *signature;
    } rows[] = {{PE_INT64, "x + 1", "(int64) -> int64"},
                {PE_INT8, "x", "(int8) -> int64"},
                {PE_INT64, "x < 3", "(int64) -> int64"},
                {PE_INT64, "x * 0.5", "(int64) -> float64"},
                {PE_INT64, "x * 0.5f", "(int64) -> float32"},
                {PE_FLOAT32, "x * x", "(float32) -> float32"},
                {PE_FLOAT32, "x * 2.0", "(float32) -> float64"},
                {PE_INT128, "x + 1", "(int128) -> int128"},
                {PE_UINT64, "x + 1", "(uint64) -> uint64"},
                {PE_BOOL, "!x", "(bool) -> int64"},
                {PE_UINT32, "x", "(uint32) -> int64"}};
    compiled_enter(PE_FORM_EXPR);
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
        form_columns[0] = DTYPE(rows[r].column);
        open_expr(rows[r].expr);
        ck_assert_str_eq(compiled_signature(), rows[r].signature);
        compiled_close();
    }
    form_untyped[0] = true;
    open_expr("x + 1");
    ck_assert_str_eq(compiled_signature(), "(float64) -> float64");
    compiled_leave();
}
END_TEST

START_TEST(expr_name_is_its_text_cut_at_a_character)
{
    compiled_enter(PE_FORM_EXPR);
    open_expr("x");
    ck_assert_str_eq(pe_form_kernel(form_opened)->name, "x");
    compiled_close();
    open_expr("x + equals(\"789012345678901234567890123456789\xC3\xA4\", \"\")");
    ck_assert_str_eq(pe_form_kernel(form_opened)->name, "x + equals(\"7890123456789012345678901234...");
    compiled_leave();
}
END_TEST

/* Both steps must fit, as in C. */
static bool try_product_sum(int64_t x, int64_t y, int64_t *out)
{
    const pe_int128 product = (pe_int128)x * y, sum = product + x;
    *out = (int64_t)sum;
    return product == (int64_t)product && sum == (int64_t)sum;
}

/* Blocks of small, middle and large numbers, so that every loop is used. */
START_TEST(expr_of_integers_is_exact_or_fails)
{
    uint64_t state = 1;
    compiled_enter(PE_FORM_EXPR);
    take_two();
    open_expr("x * y + x");
    size_t right_ones = 0, failed_ones = 0;
    for (int bits = 1; bits <= 63; bits += 2) {
        for (size_t i = 0; i < FORM_ITEMS; i++) {
            left[i] = compiled_number(&state, i % 700 == 699 ? 63 : bits);
            right[i] = compiled_number(&state, i / 600 % 2 == 0 ? bits : 3);
        }
        const size_t failed = run_items(FORM_ITEMS);
        size_t expected = 0;
        for (size_t i = 0; i < FORM_ITEMS; i++) {
            int64_t value = 0;
            if (!try_product_sum(left[i], right[i], &value)) {
                size_t count = 0;
                const pe_failure *failures = pe_call_failures(form_call, &count);
                right_ones += expected < count && failures[expected].item == i ? 0 : 1;
                expected++;
            } else {
                right_ones += form_out[0].integers[i] == value ? 0 : 1; /* counts the wrong ones */
            }
        }
        failed_ones += expected;
        ck_assert_uint_eq(failed, expected);
        ck_assert_uint_eq(right_ones, 0);
    }
    ck_assert_uint_gt(failed_ones, FORM_ITEMS);
    compiled_leave();
}
END_TEST

START_TEST(expr_square_at_every_boundary_is_exact_or_fails)
{
    static const int64_t edges[] = {0,          1 << 20,   INT32_MAX, INT64_C(1) << 31, 3037000499,
                                    3037000500, 1LL << 32, 1LL << 60, INT64_MAX,        INT64_MIN};
    compiled_enter(PE_FORM_EXPR);
    take_two();
    form_spec.column_count = 1;
    open_expr("x * x");
    for (size_t e = 0; e < sizeof edges / sizeof *edges; e++) {
        for (size_t i = 0; i < FORM_ITEMS; i++)
            left[i] = (int64_t)((uint64_t)edges[e] + (uint64_t)(i % 5) - 2);
        size_t wrong = 0, expected = 0;
        const size_t failed = run_items(FORM_ITEMS);
        for (size_t i = 0; i < FORM_ITEMS; i++) {
            const pe_int128 square = (pe_int128)left[i] * left[i];
            if (square > INT64_MAX)
                expected++;
            else
                wrong += form_out[0].integers[i] != (int64_t)square;
        }
        ck_assert_uint_eq(wrong, 0);
        ck_assert_uint_eq(failed, expected);
    }
    compiled_leave();
}
END_TEST

START_TEST(expr_failures_say_what_did_not_fit)
{
    static const struct {
        const char *expr, *reason;
        int64_t x, y;
    } rows[] = {{"x * y", "a product does not fit int64", INT64_MAX, 2},
                {"x + y", "a sum does not fit int64", INT64_MAX, 1},
                {"x - y", "a difference does not fit int64", INT64_MIN, 1},
                {"-x", "a negative does not fit int64", INT64_MIN, 0},
                {"max(abs(x), y)", "a negative does not fit int64", INT64_MIN, 0},
                {"x / y", "integer division by zero", 1, 0},
                {"x % y", "integer division by zero", 1, 0},
                {"x / y", "a quotient does not fit int64", INT64_MIN, -1},
                {"x % y", "a quotient does not fit int64", INT64_MIN, -1},
                {"x << y", "a shift is out of range of int64", 1, 64},
                {"x >> y", "a shift is out of range of int64", 1, -1},
                {"(int64_t)(x * 1e10)", "a float does not fit the integer it is cast to", INT64_MAX, 0}};
    compiled_enter(PE_FORM_EXPR);
    take_two();
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
        left[0] = left[2] = right[0] = right[2] = 2;
        left[1] = rows[r].x;
        right[1] = rows[r].y;
        open_expr(rows[r].expr);
        ck_assert_uint_eq(run_items(3), 1);
        check_failed(0, 1, rows[r].reason);
        ck_assert_int_eq(form_out[0].integers[0], form_out[0].integers[2]); /* the others were computed */
        compiled_close();
    }
    open_expr("y == 0 ? 0 : x / y"); /* what is not evaluated fails nothing */
    right[1] = 0;
    ck_assert_uint_eq(run_items(3), 0);
    compiled_leave();
}
END_TEST

START_TEST(expr_that_may_wrap_wraps_but_never_traps)
{
    compiled_enter(PE_FORM_EXPR);
    take_two();
    form_spec.may_wrap = true;
    left[0] = INT64_MAX;
    right[0] = 2;
    left[1] = INT64_MIN;
    right[1] = -1;
    left[2] = 1;
    right[2] = 0;
    open_expr("x * y");
    ck_assert_uint_eq(run_items(3), 0);
    ck_assert_int_eq(form_out[0].integers[0], -2);
    ck_assert_int_eq(form_out[0].integers[1], INT64_MIN);
    compiled_close();
    open_expr("x / y");
    ck_assert_uint_eq(run_items(3), 2);
    check_failed(0, 1, "a quotient does not fit int64");
    check_failed(1, 2, "integer division by zero");
    compiled_leave();
}
END_TEST

START_TEST(expr_of_uint64_is_exact_or_fails)
{
    compiled_enter(PE_FORM_EXPR);
    form_columns[0] = DTYPE(PE_UINT64);
    form_args[0] = naturals;
    naturals[0] = 0;
    naturals[1] = 1;
    naturals[2] = UINT64_MAX;
    naturals[3] = UINT64_C(4294967296);
    naturals[4] = UINT64_C(4294967295);
    open_expr("x - 1");
    ck_assert_uint_eq(run_items(5), 1);
    check_failed(0, 0, "result does not fit uint64");
    ck_assert_uint_eq((uint64_t)form_out[0].integers[2], UINT64_MAX - 1);
    compiled_close();
    open_expr("x * x");
    ck_assert_uint_eq(run_items(5), 2);
    check_failed(0, 2, "a product does not fit int128");
    check_failed(1, 3, "result does not fit uint64");
    ck_assert_uint_eq((uint64_t)form_out[0].integers[4], UINT64_C(18446744065119617025));
    compiled_leave();
}
END_TEST

START_TEST(expr_of_int128_is_exact_or_fails)
{
    static pe_int128 wide[4];
    const pe_int128 root = (pe_int128)UINT64_C(13043817825332782212);
    compiled_enter(PE_FORM_EXPR);
    form_columns[0] = DTYPE(PE_INT128);
    form_args[0] = wide;
    wide[0] = root;
    wide[1] = root + 1;
    wide[2] = -root;
    wide[3] = PE_INT128_MIN;
    open_expr("x * x");
    ck_assert_uint_eq(run_items(4), 2);
    check_failed(0, 1, "a product does not fit int128");
    check_failed(1, 3, "a product does not fit int128");
    ck_assert(form_out[0].wide[0] == root * root && form_out[0].wide[2] == root * root);
    compiled_leave();
}
END_TEST

START_TEST(expr_result_of_a_signature_is_exact_or_fails)
{
    compiled_enter(PE_FORM_EXPR);
    form_columns[0] = FLOAT64;
    form_args[0] = reals;
    reals[0] = 127;
    reals[1] = 128;
    reals[2] = 1.5;
    reals[3] = NAN;
    reals[4] = -128;
    form_spec.signature = "(float64) -> int8";
    open_expr("x");
    ck_assert_uint_eq(run_items(5), 3);
    check_failed(0, 1, "result does not fit int8");
    check_failed(1, 2, "result is not a whole number: int8");
    check_failed(2, 3, "result does not fit int8");
    ck_assert_int_eq((int8_t)form_out[0].bytes[0], 127);
    ck_assert_int_eq((int8_t)form_out[0].bytes[4], -128);
    compiled_close();
    form_spec.signature = "(float64) -> bool";
    open_expr("x > 100");
    ck_assert_uint_eq(run_items(5), 0);
    ck_assert_int_eq(memcmp(form_out[0].bytes, "\1\1\0\0\0", 5), 0);
    compiled_leave();
}
END_TEST

START_TEST(expr_of_floats_has_the_bits_of_c)
{
    compiled_enter(PE_FORM_EXPR);
    form_columns[0] = FLOAT64;
    form_args[0] = reals;
    for (size_t i = 0; i < FORM_ITEMS; i++)
        reals[i] = (double)i * 0.37 - 900;
    open_expr("sqrt(fabs(x)) * x + 0.1 * x");
    ck_assert_uint_eq(run_items(FORM_ITEMS), 0);
    size_t wrong = 0;
    for (size_t i = 0; i < FORM_ITEMS; i++) {
        const volatile double product = sqrt(fabs(reals[i])) * reals[i], tenth = 0.1 * reals[i]; /* no contraction */
        wrong += form_out[0].reals[i] != product + tenth;
    }
    ck_assert_uint_eq(wrong, 0);
    compiled_leave();
}
END_TEST

START_TEST(expr_reads_parameters_and_the_index)
{
    static const pe_param params[] = {{.name = "n", .dtype = PE_INT64, .integer = INT64_MIN},
                                      {.name = "gamma", .dtype = PE_FLOAT64, .real = 0.1},
                                      {.name = "yes", .dtype = PE_BOOL, .integer = 1},
                                      {.name = "j0", .dtype = PE_INT64, .integer = 3}};
    static const char *const names[] = {"i"};
    const double tenth = 0.1;
    compiled_enter(PE_FORM_EXPR);
    form_spec.setup = (pe_setup){.params = params, .param_count = 4};
    open_expr("(n < 0 && yes) * gamma * j0 + i");
    ck_assert_uint_eq(run_items(FORM_ITEMS), 0);
    ck_assert(form_out[0].reals[0] == tenth * 3);
    ck_assert(form_out[0].reals[4000] == tenth * 3 + 4000);
    compiled_close();
    form_spec.setup = (pe_setup){0};
    form_spec.args = names;
    form_spec.arg_count = 1;
    open_expr("i + 1"); /* an argument of that name is meant */
    ck_assert_uint_eq(run_items(10), 0);
    ck_assert_int_eq(form_out[0].integers[9], 10);
    compiled_leave();
}
END_TEST

START_TEST(expr_of_vectors_reads_elements_within_bounds)
{
    compiled_enter(PE_FORM_EXPR);
    form_columns[0] = (pe_type){.dtype = PE_FLOAT64, .width = 3};
    form_args[0] = reals;
    for (size_t i = 0; i < 9; i++)
        reals[i] = (double)i;
    open_expr("x[0] * 100 + x[2]");
    ck_assert_uint_eq(run_items(3), 0);
    ck_assert(form_out[0].reals[1] == 305 && form_out[0].reals[2] == 608);
    compiled_close();
    open_expr("x[(int)x[1]]");
    ck_assert_uint_eq(run_items(3), 2);
    check_failed(0, 1, "an index is out of range");
    compiled_leave();
}
END_TEST

START_TEST(expr_draws_are_those_of_the_header)
{
    compiled_enter(PE_FORM_EXPR);
    form_spec.setup.seed = UINT64_C(0x123456789abcdef0);
    open_expr("uniform(3) + 10 * uniform(0)");
    void *const results[] = {&form_out[0]};
    ck_ok(pe_call_run(form_call, 5000000000, 1000, form_args, results, &form_error), form_error);
    size_t wrong = 0;
    for (uint64_t i = 0; i < 1000; i++)
        wrong += form_out[0].reals[i] != pe_random_uniform(form_spec.setup.seed, 5000000000 + i, 3) +
                                             10 * pe_random_uniform(form_spec.setup.seed, 5000000000 + i, 0);
    ck_assert_uint_eq(wrong, 0);
    compiled_close();
    open_expr("normal(x)");
    ck_assert_uint_eq(run_items(1000), 0);
    for (uint64_t i = 0; i < 1000; i++)
        wrong += form_out[0].reals[i] != pe_random_normal(form_spec.setup.seed, i, (uint32_t)i);
    ck_assert_uint_eq(wrong, 0);
    compiled_close();
    open_expr("integer(1, -x, x)");
    ck_assert_uint_eq(run_items(1000), 0);
    for (uint64_t i = 0; i < 1000; i++)
        wrong += form_out[0].integers[i] != pe_random_integer(form_spec.setup.seed, i, 1, -(int64_t)i, (int64_t)i);
    ck_assert_uint_eq(wrong, 0);
    compiled_leave();
}
END_TEST

UNIT_MAIN("expr_form", expr_that_is_no_c_is_refused_with_its_place, expr_of_wrong_arguments_is_refused_before_compiling,
          expr_without_compiler_says_what_was_looked_for, expr_without_signature_takes_its_type_from_c,
          expr_name_is_its_text_cut_at_a_character, expr_of_integers_is_exact_or_fails,
          expr_square_at_every_boundary_is_exact_or_fails, expr_failures_say_what_did_not_fit,
          expr_that_may_wrap_wraps_but_never_traps, expr_of_uint64_is_exact_or_fails, expr_of_int128_is_exact_or_fails,
          expr_result_of_a_signature_is_exact_or_fails, expr_of_floats_has_the_bits_of_c,
          expr_reads_parameters_and_the_index, expr_of_vectors_reads_elements_within_bounds,
          expr_draws_are_those_of_the_header)

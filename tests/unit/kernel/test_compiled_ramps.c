/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_compiled_ramps.c - expressions and C functions on ramps: what they give, and fail, is what columns give and fail.
 *
 * Expected integers are computed with 128 bits, step by step.
 */
#include <inttypes.h>

#include "compiled_helpers.h"

#define MOST_FAILED FORM_ITEMS

static const char functions[] = "#include <stdint.h>\n"
                                "#include <stdio.h>\n"
                                "int64_t product(int64_t x, int64_t y) { return x * y + x; }\n"
                                "long long square(long long x) { return x * x; }\n"
                                "__int128 square128(__int128 x) { return x * x; }\n"
                                "int third(int64_t x, int64_t *y) { *y = x; return x % 3 == 0; }\n"
                                "size_t printed(int64_t x, char *out, size_t room)\n"
                                "{ return (size_t)snprintf(out, room, \"<%lld>\", (long long)x); }\n";

static int64_t columns[2][FORM_ITEMS];
static pe_int128 wide[FORM_ITEMS];
static const void *const column_args[] = {columns[0], columns[1]}, *const wide_args[] = {wide};
static pe_ramp ramps[2];
static struct {
    uint64_t item;
    char reason[120];
} by_columns[MOST_FAILED];

static void open_source(const char *function, const char *signature)
{
    form_spec.function = function;
    form_spec.signature = signature;
    compiled_open();
}

static void enter(pe_form_kind kind)
{
    compiled_enter(kind);
    write_file("f.c", functions);
    form_spec.source = "f.c";
    form_columns[1] = INT64;
}

/* The columns of ramps that have `value` in their middle. False: they do not fit int64. */
static bool lay(int a, int64_t value, int64_t step, size_t count)
{
    const pe_int128 first = value - (pe_int128)step * (pe_int128)(count / 2);
    const pe_int128 last = first + (pe_int128)step * (pe_int128)(count - 1);
    if (first != (int64_t)first || last != (int64_t)last)
        return false;
    ramps[a] = (pe_ramp){(int64_t)first, step};
    for (size_t k = 0; k < count; k++) {
        wide[k] = first + (pe_int128)step * (pe_int128)k;
        columns[a][k] = (int64_t)wide[k];
    }
    return true;
}

static size_t run(const void *const *args, size_t count, void *out)
{
    void *const results[] = {out};
    size_t failed = 0;
    pe_call_set_ramps(form_call, ramps);
    ck_ok(pe_call_run(form_call, 0, count, args, results, &form_error), form_error);
    (void)pe_call_failures(form_call, &failed);
    return failed;
}

/* Runs on columns, then with those of `left_out` (a bit each) as ramps: the same failures, the same results. */
static void check_same(const void *const *args, int arg_count, size_t count, unsigned left_out, size_t item_bytes)
{
    static unsigned char expected[FORM_ITEMS * 16], seen[FORM_ITEMS * 16];
    const void *given[2] = {NULL};
    size_t failed = run(args, count, expected), f = 0, wrong = 0;
    const pe_failure *const kept = pe_call_failures(form_call, &failed);
    for (size_t i = 0; i < failed; i++) {
        by_columns[i].item = kept[i].item;
        snprintf(by_columns[i].reason, sizeof by_columns[i].reason, "%s", kept[i].reason);
    }
    for (int a = 0; a < arg_count; a++)
        given[a] = (left_out >> a & 1) != 0 ? NULL : args[a];
    ck_assert_uint_eq(run(given, count, seen), failed);
    const pe_failure *failures = pe_call_failures(form_call, &failed);
    for (size_t k = 0; k < count; k++) {
        if (f < failed && by_columns[f].item == k) {
            wrong += failures[f].item != k || strcmp(failures[f].reason, by_columns[f].reason) != 0;
            f++;
        } else {
            wrong += memcmp(expected + k * item_bytes, seen + k * item_bytes, item_bytes) != 0;
        }
    }
    ck_assert_uint_eq(f, failed);
    ck_assert_uint_eq(wrong, 0);
}

/* Every boundary of a level, and the ends. */
static const int64_t edges[] = {0,          1 << 20,      1 << 21,      INT32_MAX,   INT64_C(1) << 31, 3037000499,
                                3037000500, 1LL << 32,    1LL << 33,    1LL << 60,   1LL << 61,        INT64_MAX - 1,
                                INT64_MAX,  -(1LL << 20), -(1LL << 31), -3037000499, -(1LL << 60),     INT64_MIN};
static const int64_t steps[] = {0, 1, -1, 7, -1000003, INT32_MAX, -(1LL << 33), 1LL << 55, INT64_MAX, INT64_MIN};
static const size_t counts[] = {1, 2, 5, 513};
#define COUNT(array) (sizeof(array) / sizeof *(array))

static void check_squares(size_t item_bytes)
{
    for (size_t e = 0; e < COUNT(edges); e++)
        for (size_t s = 0; s < COUNT(steps); s++)
            for (size_t c = 0; c < COUNT(counts); c++)
                if (lay(0, edges[e], steps[s], counts[c]))
                    check_same(item_bytes == 8 ? column_args : wide_args, 1, counts[c], 1, item_bytes);
}

START_TEST(ramp_of_an_expression_is_its_column)
{
    enter(PE_FORM_EXPR);
    form_spec.expr = "x * x";
    compiled_open();
    ck_assert_uint_ne(pe_form_kernel(form_opened)->takes_ramps, 0);
    check_squares(8);
    compiled_close();
    form_spec.may_wrap = true;
    compiled_open();
    check_squares(8);
    compiled_close();
    form_spec.may_wrap = false;
    form_columns[0] = (pe_type){.dtype = PE_INT128};
    compiled_open();
    check_squares(16);
    compiled_leave();
}
END_TEST

START_TEST(ramp_of_a_function_is_its_column)
{
    enter(PE_FORM_SOURCE);
    open_source("square", "(int64) -> int64");
    check_squares(8);
    compiled_close();
    open_source("third", "(int64) -> int64 or error");
    check_squares(8);
    compiled_close();
    form_spec.may_wrap = true;
    open_source("square", "(int64) -> int64");
    check_squares(8);
    compiled_close();
    form_spec.may_wrap = false;
    form_columns[0] = (pe_type){.dtype = PE_INT128};
    open_source("square128", "(int128) -> int128");
    check_squares(16);
    compiled_leave();
}
END_TEST

static void check_mixtures(void)
{
    for (size_t e = 0; e < COUNT(edges); e++)
        for (size_t s = 0; s < COUNT(steps); s++)
            for (unsigned left_out = 1; left_out < 4; left_out++)
                if (lay(0, edges[e], steps[s], 600) && lay(1, (int64_t)e - 3, 1 - (int64_t)s % 3, 600))
                    check_same(column_args, 2, 600, left_out, 8);
}

START_TEST(ramps_beside_columns_are_columns)
{
    enter(PE_FORM_EXPR);
    form_spec.column_count = 2;
    form_spec.expr = "x * y + x";
    compiled_open();
    check_mixtures();
    compiled_close();
    form_spec.kind = PE_FORM_SOURCE;
    open_source("product", "(int64, int64) -> int64");
    check_mixtures();
    compiled_leave();
}
END_TEST

START_TEST(ramp_square_is_exact_or_fails)
{
    static const void *const nothing[] = {NULL};
    enter(PE_FORM_EXPR);
    form_spec.expr = "x * x";
    compiled_open();
    ramps[0] = (pe_ramp){-3037000600, 1};
    ck_assert_uint_eq(run(nothing, 400, &form_out[0]), 101); /* below -3037000499 */
    check_failed(0, 0, "a product does not fit int64");
    check_failed(100, 100, "a product does not fit int64");
    ck_assert_int_eq(form_out[0].integers[101], INT64_C(9223372030926249001)); /* 3037000499 ** 2 */
    ramps[0] = (pe_ramp){INT64_MAX, -INT64_MAX};
    ck_assert_uint_eq(run(nothing, 2, &form_out[0]), 1);
    ck_assert_int_eq(form_out[0].integers[1], 0);
    ramps[0] = (pe_ramp){-5, 3}; /* the step changes, and changes back */
    ck_assert_uint_eq(run(nothing, 4, &form_out[0]), 0);
    ck_assert_int_eq(form_out[0].integers[3], 16);
    ramps[0] = (pe_ramp){-5, 0};
    ck_assert_uint_eq(run(nothing, FORM_ITEMS, &form_out[0]), 0);
    ck_assert_int_eq(form_out[0].integers[FORM_ITEMS - 1], 25);
    compiled_leave();
}
END_TEST

START_TEST(ramp_as_text_and_beside_the_index)
{
    static const void *const nothing[] = {NULL};
    enter(PE_FORM_SOURCE);
    ramps[0] = (pe_ramp){1000, -2};
    open_source("printed", "(int64) -> text");
    ck_assert_uint_eq(run(nothing, 1400, &form_out[0]), 0);
    check_text(&form_out[0].texts[1399], "<-1798>");
    compiled_close();
    form_spec.kind = PE_FORM_EXPR;
    form_spec.signature = NULL;
    form_spec.expr = "x + 2 * i";
    compiled_open();
    ck_assert_uint_eq(run(nothing, 1400, &form_out[0]), 0);
    for (size_t k = 0; k < 1400; k++)
        ck_assert_int_eq(form_out[0].integers[k], 1000);
    compiled_leave();
}
END_TEST

UNIT_MAIN("compiled_ramps", ramp_of_an_expression_is_its_column, ramp_of_a_function_is_its_column,
          ramps_beside_columns_are_columns, ramp_square_is_exact_or_fails, ramp_as_text_and_beside_the_index)

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_python_values.c - Python functions as kernels: what they get, what they may give.
 */
#include <math.h>

#include "form_helpers.h"

/* ---- values ---- */

START_TEST(square_of_many_is_exact)
{
    open_python("def f(number):\n    return number ** 2\n", "(int64) -> int64");
    ck_assert_uint_eq(run_items(FORM_ITEMS), 0);
    for (int64_t i = 0; i < FORM_ITEMS; i++)
        ck_assert_int_eq(form_out[0].integers[i], i * i);
    ck_assert_uint_eq(run_items(1), 0); /* another block to the same process */
    ck_assert_int_eq(form_out[0].integers[0], 0);
    leave_form();
}
END_TEST

START_TEST(result_without_signature_is_as_str_gives_it)
{
    open_python("def f(x): return [10**40, None, x, 0.1, 'ä', 2**20000 > 1, (1, 'a')][x]\n", NULL);
    static const char *const expected[] = {
        "10000000000000000000000000000000000000000", "None", "2", "0.1", "ä", "True", "(1, 'a')"};
    ck_assert_uint_eq(run_items(7), 0);
    for (size_t i = 0; i < 7; i++)
        check_text(&form_out[0].texts[i], expected[i]);
    leave_form();
}
END_TEST

/* Python refuses to print more than 4300 digits of an integer unless it is told not to. */
START_TEST(integer_of_any_size_is_a_text)
{
    open_python("def f(x): return 10**(5000 + x)\n", NULL);
    ck_assert_uint_eq(run_items(2), 0);
    ck_assert_uint_eq(form_out[0].texts[1].size, 5002);
    leave_form();
}
END_TEST

START_TEST(int128_goes_and_comes_whole)
{
    static const pe_int128 x[] = {0, -1, PE_INT128_MAX, PE_INT128_MIN, (pe_int128)1 << 64};
    enter_form(PE_FORM_PYTHON);
    form_columns[0] = (pe_type){.dtype = PE_INT128};
    form_args[0] = x;
    open_python("def f(x): return ~x\n", "(int128) -> int128");
    ck_assert_uint_eq(run_items(5), 0);
    for (size_t i = 0; i < 5; i++)
        ck_assert(form_out[0].wide[i] == -1 - x[i]);
    leave_form();
}
END_TEST

START_TEST(int128_that_is_too_large_fails_its_item)
{
    open_python("def f(x): return (2**126 + 2**126 - 1) + x\n", "(int64) -> int128");
    ck_assert_uint_eq(run_items(2), 1);
    ck_assert(form_out[0].wide[0] == PE_INT128_MAX);
    check_failed(0, 1, "170141183460469231731687303715884105728 does not fit int128");
    leave_form();
}
END_TEST

START_TEST(several_arguments_and_results_go_by_item)
{
    static const double y[] = {0.5, -0.0, INFINITY};
    enter_form(PE_FORM_PYTHON);
    form_columns[1] = FLOAT64;
    form_args[1] = y;
    form_spec.column_count = 2;
    open_python("def f(x, y): return x + y, [x, -y][1], f'{x}/{y}'\n", "(int64, float64) -> (float64, float64, text)");
    ck_assert_uint_eq(run_items(3), 0);
    ck_assert_double_eq(form_out[0].reals[0], 0.5);
    ck_assert_double_eq(form_out[0].reals[2], INFINITY);
    ck_assert(!signbit(form_out[1].reals[1]));
    check_text(&form_out[2].texts[1], "1/-0.0");
    check_text(&form_out[2].texts[2], "2/inf");
    leave_form();
}
END_TEST

START_TEST(vectors_are_arrays_or_tuples)
{
    static const double v[] = {1, 2, 3, 4, 5, 6};
    enter_form(PE_FORM_PYTHON);
    form_columns[0] = (pe_type){.dtype = PE_FLOAT64, .width = 3};
    form_args[0] = v;
    open_python("try:\n    from numpy import ndarray as V\nexcept ImportError:\n    V = tuple\n"
                "def f(v):\n    assert type(v) is V\n    return sum(v), list(map(int, v[::-1]))\n",
                "(float64[3]) -> (float64, int64[3])");
    ck_assert_uint_eq(run_items(2), 0);
    ck_assert_double_eq(form_out[0].reals[1], 15);
    static const int64_t expected[] = {3, 2, 1, 6, 5, 4};
    ck_assert_int_eq(memcmp(form_out[1].integers, expected, sizeof expected), 0);
    leave_form();
}
END_TEST

START_TEST(every_small_dtype_goes_and_comes)
{
    static const struct {
        const char *signature;
        pe_dtype dtype;
        unsigned char in[4], out[4]; /* f returns its argument when it is true, else 1 */
    } cases[] = {{"(bool) -> bool", PE_BOOL, {1, 0}, {1, 1}},
                 {"(int8) -> int8", PE_INT8, {0xFF, 0}, {0xFF, 1}},
                 {"(uint8) -> uint8", PE_UINT8, {0xFF, 0}, {0xFF, 1}},
                 {"(int16) -> int16", PE_INT16, {0, 0x80, 0, 0}, {0, 0x80, 1, 0}},
                 {"(uint16) -> uint16", PE_UINT16, {0xFF, 0xFF, 0, 0}, {0xFF, 0xFF, 1, 0}},
                 {"(int32) -> int32", PE_INT32, {0, 0, 0, 0x80}, {0, 0, 0, 0x80}},
                 {"(uint32) -> uint32", PE_UINT32, {0xFF, 0xFF, 0xFF, 0xFF}, {0xFF, 0xFF, 0xFF, 0xFF}},
                 {"(float32) -> float32", PE_FLOAT32, {0xCD, 0xCC, 0xCC, 0x3D}, {0xCD, 0xCC, 0xCC, 0x3D}}}; /* 0.1f */
    enter_form(PE_FORM_PYTHON);
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        form_columns[0] = (pe_type){.dtype = cases[c].dtype};
        form_args[0] = cases[c].in;
        open_python("def f(x): return x or type(x)(1)\n", cases[c].signature);
        const size_t count = 4 / pe_dtype_bytes(cases[c].dtype) > 1 ? 2 : 1;
        ck_assert_uint_eq(run_items(count), 0);
        ck_assert_int_eq(memcmp(form_out[0].bytes, cases[c].out, count * pe_dtype_bytes(cases[c].dtype)), 0);
        close_form();
    }
    leave_form();
}
END_TEST

START_TEST(texts_are_str_and_bad_bytes_fail_their_item)
{
    pe_text x[] = {text_of("a"), text_of("grün"), text_of(""), text_of("ab\xFFz"), text_of("z")};
    enter_form(PE_FORM_PYTHON);
    form_columns[0] = (pe_type){.dtype = PE_TEXT}; /* the signature that is not given has the columns' types */
    form_args[0] = x;
    open_python("def f(x):\n    assert type(x) is str\n    return x[::-1] + '!'\n", NULL);
    ck_assert_uint_eq(run_items(5), 1);
    check_text(&form_out[0].texts[0], "a!");
    check_text(&form_out[0].texts[1], "nürg!");
    check_text(&form_out[0].texts[2], "!");
    check_text(&form_out[0].texts[4], "z!");
    check_failed(0, 3, "not UTF-8: byte 0xff at 2");
    ck_assert_uint_eq(run_items(1), 0); /* and the next block is fine */
    leave_form();
}
END_TEST

START_TEST(params_are_keyword_arguments)
{
    static const pe_param params[] = {{.name = "rate", .dtype = PE_FLOAT64, .real = 0.1},
                                      {.name = "times", .dtype = PE_INT64, .integer = -3},
                                      {.name = "is_loud", .dtype = PE_BOOL, .integer = 1},
                                      {.name = "end", .dtype = PE_TEXT, .text = {"ä\n", 3}}};
    enter_form(PE_FORM_PYTHON);
    form_spec.setup = (pe_setup){.params = params, .param_count = 4};
    open_python("def f(x, rate, times, is_loud, end): return repr((x, rate, times, is_loud, end))\n", NULL);
    ck_assert_uint_eq(run_items(1), 0);
    check_text(&form_out[0].texts[0], "(0, 0.1, -3, True, 'ä\\n')");
    leave_form();
}
END_TEST

START_TEST(prints_corrupt_nothing)
{
    ck_assert_ptr_nonnull(freopen("/dev/null", "w", stderr)); /* where they go */
    open_python("import os, sys\nprint('import')\n"
                "def f(x):\n    print('item', x)\n    os.write(1, b'raw\\n')\n    sys.__stdout__.write('more')\n"
                "    assert sys.stdin.read() == ''\n    return x\n",
                "(int64) -> int64");
    ck_assert_uint_eq(run_items(100), 0);
    ck_assert_int_eq(form_out[0].integers[99], 99);
    leave_form();
}
END_TEST

START_TEST(file_is_the_one_of_the_job_and_so_are_its_helpers)
{
    enter_form(PE_FORM_PYTHON);
    write_file("helper.py", "def twice(x): return 2 * x\n");
    ck_assert_int_eq(chdir("/"), 0); /* the job's folder is not the current one */
    char path[64];
    (void)snprintf(path, sizeof path, "%s/f.py", form_home);
    write_file(path, "import helper, sys\nif __name__ == '__main__': raise SystemExit('no script')\n"
                     "def f(x): return helper.twice(x)\n");
    form_spec.python = "f.py:f";
    form_spec.signature = "(int64) -> int64";
    open_form();
    ck_assert_uint_eq(run_items(2), 0);
    ck_assert_int_eq(form_out[0].integers[1], 2);
    (void)snprintf(path, sizeof path, "%s/__pycache__/f.cpython-311.pyc", form_home);
    ck_assert_int_ne(access(path, F_OK), 0);
    leave_form();
}
END_TEST

/* ---- results that are not the dtype ---- */

static void fails_with(const char *expression, const char *result, const char *reason)
{
    char text[200], signature[80];
    (void)snprintf(text, sizeof text, "def f(x): return %s if x == 1 else x + 1 > 0\n", expression);
    (void)snprintf(signature, sizeof signature, "(int64) -> %s", result);
    open_python(text, signature);
    ck_assert_uint_eq(run_items(3), 1);
    check_failed(0, 1, reason);
    close_form();
}

START_TEST(result_that_is_not_the_dtype_fails_its_item)
{
    enter_form(PE_FORM_PYTHON);
    fails_with("2**63", "int64", "9223372036854775808 does not fit int64");
    fails_with("-1", "uint8", "-1 does not fit uint8");
    fails_with("300", "int8", "300 does not fit int8");
    fails_with("2.0", "int64", "2.0 is float, not int64");
    fails_with("'2'", "int64", "'2' is str, not int64");
    fails_with("None", "float64", "None is NoneType, not float64");
    fails_with("'0.5'", "float64", "'0.5' is str, not float64");
    fails_with("2**53 + 1", "float64", "9007199254740993 is not exact as float64");
    fails_with("10**400", "float64", "10000000000000000000000000000000000000000000000... does not fit float64");
    fails_with("1e300", "float32", "1e+300 does not fit float32");
    fails_with("2**24 + 1", "float32", "16777217 is not exact as float32");
    fails_with("2", "bool", "2 is int, not bool");
    leave_form();
}
END_TEST

/* All are floats, so nothing but its size tells. */
START_TEST(float_beyond_float32_fails_its_item)
{
    open_python("def f(x): return [0.5, 1e39, float('inf'), 3.4e38][x]\n", "(int64) -> float32");
    ck_assert_uint_eq(run_items(4), 1);
    check_failed(0, 1, "1e+39 does not fit float32");
    const float *const y = (const float *)form_out[0].bytes;
    ck_assert(y[0] == 0.5F && y[2] == INFINITY && y[3] == 3.4e38F);
    leave_form();
}
END_TEST

START_TEST(result_of_another_shape_fails_its_item)
{
    enter_form(PE_FORM_PYTHON);
    open_python("def f(x): return [(1, 2), (1, 2, 3), 7, 'ab', (1, None)][x]\n", "(int64) -> (int64, int64)");
    ck_assert_uint_eq(run_items(5), 4);
    check_failed(0, 1, "(1, 2, 3) has 3 values, not 2");
    check_failed(1, 2, "7 is int, not 2 results");
    check_failed(2, 3, "'ab' is str, not 2 results");
    check_failed(3, 4, "None is NoneType, not int64");
    close_form();
    open_python("def f(x): return [(1, 2), (1,), 7, (1, 'a')][x]\n", "(int64) -> int64[2]");
    ck_assert_uint_eq(run_items(4), 3);
    check_failed(0, 1, "(1,) has 1 elements, not the 2 of int64[2]");
    check_failed(1, 2, "7 is int, not int64[2]");
    check_failed(2, 3, "'a' is str, not int64");
    leave_form();
}
END_TEST

START_TEST(text_that_is_no_text_fails_its_item)
{
    open_python("def f(x): return ['a', None, '\\ud800', 7, 0.5][x]\n", "(int64) -> text");
    ck_assert_uint_eq(run_items(5), 2);
    check_failed(0, 1, "None is NoneType, not text");
    check_failed(1, 2, "'\\ud800' has no UTF-8");
    check_text(&form_out[0].texts[3], "7");
    check_text(&form_out[0].texts[4], "0.5");
    leave_form();
}
END_TEST

START_TEST(floats_that_are_special_are_results)
{
    open_python("inf = float('inf')\ndef f(x): return [inf, -inf, 0.1, 1, True][x]\n", "(int64) -> float32");
    ck_assert_uint_eq(run_items(5), 0);
    const float *const y = (const float *)form_out[0].bytes;
    ck_assert(y[0] == INFINITY && y[1] == -INFINITY && y[2] == 0.1F && y[3] == 1 && y[4] == 1);
    leave_form();
}
END_TEST

UNIT_MAIN("python_values", square_of_many_is_exact, result_without_signature_is_as_str_gives_it,
          integer_of_any_size_is_a_text, int128_goes_and_comes_whole, int128_that_is_too_large_fails_its_item,
          several_arguments_and_results_go_by_item, vectors_are_arrays_or_tuples, every_small_dtype_goes_and_comes,
          texts_are_str_and_bad_bytes_fail_their_item, params_are_keyword_arguments, prints_corrupt_nothing,
          file_is_the_one_of_the_job_and_so_are_its_helpers, result_that_is_not_the_dtype_fails_its_item,
          float_beyond_float32_fails_its_item, result_of_another_shape_fails_its_item,
          text_that_is_no_text_fails_its_item, floats_that_are_special_are_results)

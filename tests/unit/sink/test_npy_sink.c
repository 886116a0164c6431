/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_npy_sink.c - npy files, whole and as they grow.
 *
 * Design: files are compared with what numpy.save writes. A growing file's header is read after every write, and after
 *         an abort at every point.
 */
#include "sink_helpers.h"

static void holds_npy(const char *path, const char *dict, const void *data, size_t size)
{
    static unsigned char expected[4096];
    const size_t start = npy_header(expected, dict);
    ck_assert_uint_le(start + size, sizeof expected);
    if (size > 0)
        memcpy(expected + start, data, size);
    holds(path, expected, start + size);
}

START_TEST(npy_scalar_equals_numpy)
{
    static const pe_order orders[] = {PE_ORDER_WHOLE, PE_ORDER_STREAM, PE_ORDER_UNORDERED};
    const int64_t values[] = {0, 1, 4, 9, 16, 25, 36, 49, 64, 81};
    enter();
    for (size_t o = 0; o < 3; o++) {
        pe_sink_spec spec = make_spec("x.npy", orders[o], int64_type, 1);
        finish(begin(&spec));
        holds_npy("x.npy", "{'descr': '<i8', 'fortran_order': False, 'shape': (0,), }", NULL, 0);
        pe_sink *sink = begin(&spec);
        put(sink, values, 24, 3);
        put(sink, values + 3, 56, 7);
        finish(sink);
        holds_npy("x.npy", "{'descr': '<i8', 'fortran_order': False, 'shape': (10,), }", values, sizeof values);
    }
    tidy();
}
END_TEST

START_TEST(npy_vector_is_two_dimensional)
{
    const double values[] = {1, 2, 3, 4, 5, 6};
    enter();
    const pe_sink_spec spec = make_spec("x.npy", PE_ORDER_STREAM, vector_type, 1);
    pe_sink *sink = begin(&spec);
    put(sink, values, sizeof values, 2);
    finish(sink);
    holds_npy("x.npy", "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }", values, sizeof values);
    tidy();
}
END_TEST

static void npy_fields(const char *const *names, int name_count, bool has_index, const char *dict)
{
    pe_sink_spec spec = make_spec("x.npy", PE_ORDER_WHOLE, divmod_types, 2);
    spec.names = names;
    spec.name_count = name_count;
    spec.has_index = has_index;
    finish(begin(&spec));
    ck_assert_uint_ge(load("x.npy"), 128);
    ck_assert_msg(memcmp(content + 10, dict, strlen(dict)) == 0, "\"%.*s\"", 200, (const char *)content + 10);
}

START_TEST(npy_several_results_are_fields)
{
    static const char *const two[] = {"it's", "b\\\t"}, *const four[] = {"q", "x", "y", "z"};
    const pe_type bools[] = {{PE_BOOL, 0}};
    enter();
    npy_fields(NULL, 0, false,
               "{'descr': [('f0', '<f8'), ('f1', '<i8', (3,))], 'fortran_order': False, 'shape': (0,), }");
    npy_fields(two, 2, false, "{'descr': [('it\\'s', '<f8'), ('b\\\\\\x09', '<i8', (3,))], 'fortran_order': False, ");
    npy_fields(four, 4, true,
               "{'descr': [('index', '<i8'), ('q', '<f8'), ('x', '<i8'), ('y', '<i8'), ('z', '<i8')], 'fortran_order'");
    pe_sink_spec spec = make_spec("x.npy", PE_ORDER_STREAM, bools, 1);
    spec.has_index = true;
    finish(begin(&spec));
    holds_npy("x.npy", "{'descr': [('index', '<i8'), ('result', '|b1')], 'fortran_order': False, 'shape': (0,), }",
              NULL, 0);
    tidy();
}
END_TEST

START_TEST(npy_product_has_one_axis_an_input)
{
    const uint64_t axes[] = {2, 3};
    const int64_t values[] = {1, 2, 3, 4, 5, 6};
    enter();
    pe_sink_spec spec = make_spec("x.npy", PE_ORDER_WHOLE, int64_type, 1);
    spec.axes = axes;
    spec.axis_count = 2;
    spec.items = 6;
    pe_sink *sink = begin(&spec);
    put(sink, values, sizeof values, 6);
    finish(sink);
    holds_npy("x.npy", "{'descr': '<i8', 'fortran_order': False, 'shape': (2, 3), }", values, sizeof values);
    spec.order = PE_ORDER_UNORDERED; /* it keeps no positions */
    pe_error err = PE_ERROR_INIT;
    ck_assert_int_eq(pe_sink_begin(&spec, &sink, &err), PE_ECONFIG);
    spec = make_spec("x.npy", PE_ORDER_STREAM, vector_type, 1);
    spec.axes = (const uint64_t[]){4, 0};
    spec.axis_count = 2;
    spec.items = 0;
    finish(begin(&spec));
    holds_npy("x.npy", "{'descr': '<f8', 'fortran_order': False, 'shape': (4, 0, 3), }", NULL, 0);
    tidy();
}
END_TEST

START_TEST(npy_growing_never_promises_too_much)
{
    const uint64_t axes[] = {7, 3};
    const int64_t values[21] = {0};
    enter();
    for (uint64_t end = 1; end <= 21; end++) {
        pe_sink_spec spec = make_spec("x.npy", PE_ORDER_STREAM, int64_type, 1);
        spec.axes = axes;
        spec.axis_count = 2;
        spec.items = 21;
        pe_sink *sink = begin(&spec);
        ck_assert_uint_eq(promised_rows("x.npy.part", 8), 0);
        for (uint64_t i = 0; i < end; i++) {
            put(sink, values, 8, 1);
            promised_rows("x.npy", 8);
        }
        give_up(sink);
        ck_assert_uint_eq(promised_rows("x.npy", 8), end / 3);
        ck_assert_uint_eq(load("x.npy"), 128 + 8 * end);
    }
    tidy();
}
END_TEST

START_TEST(npy_growing_aborted_holds_every_item)
{
    const int64_t values[100] = {0};
    enter();
    for (uint64_t end = 1; end < 100; end += 7) {
        const pe_sink_spec spec = make_spec("x.npy", PE_ORDER_STREAM, int64_type, 1);
        pe_sink *sink = begin(&spec);
        for (uint64_t i = 0; i < end; i++)
            put(sink, values, 8, 1);
        give_up(sink);
        ck_assert_uint_eq(promised_rows("x.npy", 8), end);
    }
    const pe_sink_spec spec = make_spec("x.npy", PE_ORDER_STREAM, int64_type, 1);
    give_up(begin(&spec));
    ck_assert_uint_eq(promised_rows("x.npy", 8), 99); /* no item: the earlier file stays */
    tidy();
}
END_TEST

START_TEST(npy_growing_header_follows_the_data)
{
    static const int64_t values[1 << 17];
    enter();
    const pe_sink_spec spec = make_spec("x.npy", PE_ORDER_STREAM, int64_type, 1);
    pe_sink *sink = begin(&spec);
    put(sink, values, 8, 1);
    ck_assert_uint_eq(promised_rows("x.npy", 8), 1); /* the first write is told at once */
    put(sink, values, sizeof values, 1 << 17);
    ck_assert_uint_eq(promised_rows("x.npy", 8), (1 << 17) + 1); /* and 1 MiB is */
    put(sink, values, 8, 1);
    usleep(120000);
    put(sink, values, 8, 1);
    ck_assert_uint_eq(promised_rows("x.npy", 8), (1 << 17) + 3); /* and what came after 100 ms */
    finish(sink);
    ck_assert_uint_eq(promised_rows("x.npy", 8), (1 << 17) + 3);
    tidy();
}
END_TEST

START_TEST(npy_rows_may_be_placed_before_their_turn)
{
    const int64_t values[] = {0, 1, 4, 9, 16, 25};
    static const pe_order orders[] = {PE_ORDER_WHOLE, PE_ORDER_STREAM};
    pe_error err = PE_ERROR_INIT;
    enter();
    for (size_t o = 0; o < 2; o++) {
        pe_sink_spec spec = make_spec("x.npy", orders[o], int64_type, 1);
        pe_sink *sink = begin(&spec);
        pe_row_file row_file = open_row_file(sink, 8);
        ck_ok(pe_row_file_write(&row_file, 4, values + 4, 16, &err), err);
        ck_ok(pe_row_file_write(&row_file, 0, values, 16, &err), err);
        ck_ok(pe_row_file_write(&row_file, 2, values + 2, 16, &err), err);
        ck_ok(pe_row_file_close(&row_file, false, &err), err);
        for (int part = 0; part < 3; part++)
            advance(sink, 16, 2);
        finish(sink);
        holds_npy("x.npy", "{'descr': '<i8', 'fortran_order': False, 'shape': (6,), }", values, sizeof values);
    }
    tidy();
}
END_TEST

START_TEST(npy_aborted_cuts_rows_whose_turn_never_came)
{
    const int64_t values[] = {0, 1, 4, 9, 16, 25};
    pe_error err = PE_ERROR_INIT;
    enter();
    pe_sink_spec spec = make_spec("x.npy", PE_ORDER_STREAM, int64_type, 1);
    pe_sink *sink = begin(&spec);
    pe_row_file row_file = open_row_file(sink, 8);
    ck_ok(pe_row_file_write(&row_file, 4, values + 4, 16, &err), err);
    ck_ok(pe_row_file_write(&row_file, 0, values, 16, &err), err);
    ck_ok(pe_row_file_close(&row_file, false, &err), err);
    advance(sink, 16, 2);
    give_up(sink);
    holds_npy("x.npy", "{'descr': '<i8', 'fortran_order': False, 'shape': (2,), }", values, 16);
    tidy();
}
END_TEST

START_TEST(npy_unordered_rows_have_no_row_file)
{
    enter();
    pe_sink_spec spec = make_spec("x.npy", PE_ORDER_UNORDERED, int64_type, 1);
    pe_sink *sink = begin(&spec);
    pe_row_file row_file = open_row_file(sink, 8);
    ck_assert(!pe_row_file_is_open(&row_file));
    give_up(sink);
    tidy();
}
END_TEST

START_TEST(npy_product_cut_short_is_a_bug)
{
    const uint64_t axes[] = {2, 3};
    const int64_t values[6] = {0};
    enter();
    pe_sink_spec spec = make_spec("x.npy", PE_ORDER_WHOLE, int64_type, 1);
    spec.axes = axes;
    spec.axis_count = 2;
    spec.items = 6;
    pe_sink *sink = begin(&spec);
    put(sink, values, 24, 3);
    pe_error err = PE_ERROR_INIT;
    ck_assert_int_eq(pe_sink_commit(sink, false, &err), PE_EBUG);
    ck_assert_ptr_nonnull(strstr(err.text, "3 items were written, the header states 6"));
    pe_sink_free(sink);
    ck_assert(!exists("x.npy") && !exists("x.npy.part"));
    tidy();
}
END_TEST

UNIT_MAIN("npy_sink", npy_scalar_equals_numpy, npy_vector_is_two_dimensional, npy_several_results_are_fields,
          npy_product_has_one_axis_an_input, npy_growing_never_promises_too_much, npy_growing_aborted_holds_every_item,
          npy_growing_header_follows_the_data, npy_rows_may_be_placed_before_their_turn,
          npy_aborted_cuts_rows_whose_turn_never_came, npy_unordered_rows_have_no_row_file,
          npy_product_cut_short_is_a_bug)

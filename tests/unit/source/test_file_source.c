/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_file_source.c - npy and raw files; the npy bytes are what numpy 1.24 writes, or follow its format's text.
 */
#include "source_file_helpers.h"

/* A file as numpy.lib.format describes it: magic, version, size of the header, header, data. */
static size_t put_npy(const char *name, int version, const char *descr, const char *order, const char *shape,
                      const void *data, size_t data_bytes)
{
    unsigned char out[2048] = "\x93NUMPY";
    const size_t lead = version == 1 ? 10 : 12;
    const int used =
        snprintf((char *)out + lead, 1000, "{'descr': %s, 'fortran_order': %s, 'shape': %s, }", descr, order, shape);
    const size_t size = (lead + (size_t)used + 1 + 63) / 64 * 64;
    memset(out + lead + used, ' ', size - lead - (size_t)used);
    out[6] = (unsigned char)version;
    out[7] = 0;
    out[8] = (unsigned char)((size - lead) & 255);
    out[9] = (unsigned char)((size - lead) >> 8);
    if (version > 1)
        out[10] = out[11] = 0;
    out[size - 1] = '\n';
    memcpy(out + size, data, data_bytes);
    put_file(name, out, size + data_bytes);
    return size;
}

/* numpy.save("x.npy", numpy.arange(6, dtype=numpy.int16).reshape(3, 2) * 300 - 500) */
static const char numpy_wrote[] = "\x93NUMPY\x01\x00v\x00{'descr': '<i2', 'fortran_order': False, 'shape': (3, 2), }"
                                  "                                                          \n"
                                  "\x0c\xfe"
                                  "8\xff"
                                  "d\x00\x90\x01\xbc\x02\xe8\x03";

static const pe_type INT16 = {PE_INT16, 0}, INT32 = {PE_INT32, 0}, INT64 = {PE_INT64, 0}, FLOAT32 = {PE_FLOAT32, 0},
                     FLOAT64 = {PE_FLOAT64, 0}, BOOL = {PE_BOOL, 0};

static char folder[32];

START_TEST(npy_missing_or_a_directory_is_no_input)
{
    enter_folder(folder);
    pe_source_spec spec = file("none.npy", PE_FORMAT_AUTO);
    open_fails(&spec, PE_ENOINPUT, WHERE ": none.npy: No such file or directory");
    spec = file(folder, PE_FORMAT_NPY);
    refused(spec, PE_ENOINPUT, folder, "directory");
    leave_folder(folder);
}
END_TEST

START_TEST(npy_other_bytes_are_refused)
{
    enter_folder(folder);
    const pe_source_spec spec = file("x.npy", PE_FORMAT_AUTO);
    pe_error err = PE_ERROR_INIT;
    pe_source *source = NULL;
    put_text("x.npy", "a,b\n1,2\n");
    ck_assert_int_eq(pe_source_open(&spec, &source, &err), PE_EDATA);
    ck_assert_msg(strstr(err.text, "x.npy") != NULL, "%s", err.text);
    put_text("x.npy", "");
    err = (pe_error)PE_ERROR_INIT;
    ck_assert_int_eq(pe_source_open(&spec, &source, &err), PE_EDATA);
    leave_folder(folder);
}
END_TEST

START_TEST(npy_dtypes_that_are_not_ours_are_refused_by_name)
{
    enter_folder(folder);
    const pe_source_spec spec = file("x.npy", PE_FORMAT_AUTO);
    static const char *const descrs[] = {"'|O'", "'<c32'", "'<f16'", "'|V8'"};
    for (size_t i = 0; i < sizeof descrs / sizeof *descrs; i++) {
        char seen[32];
        const size_t length = strlen(descrs[i]);
        const bool is_quoted = descrs[i][0] == '\'';
        snprintf(seen, sizeof seen, "dtype %.*s (", (int)(is_quoted ? length - 2 : length), descrs[i] + is_quoted);
        put_npy("x.npy", 1, descrs[i], "False", "(1,)", "0123456789abcdef", 16);
        pe_error err = PE_ERROR_INIT;
        pe_source *source = NULL;
        ck_assert_int_eq(pe_source_open(&spec, &source, &err), PE_EDATA);
        ck_assert_msg(strstr(err.text, seen) != NULL && strstr(err.text, "x.npy: ") == err.text, "%s", err.text);
        ck_assert_msg(strstr(err.text, "expected bool, int8 to int64") != NULL, "%s", err.text);
    }
    leave_folder(folder);
}
END_TEST

START_TEST(npy_fortran_order_gives_rows)
{
    enter_folder(folder);
    const double data[6] = {0, 2, 4, 1, 3, 5};
    const pe_source_spec spec = file("x.npy", PE_FORMAT_AUTO);
    put_npy("x.npy", 1, "'<f8'", "True", "(3, 2)", data, sizeof data);
    check_column(&spec, (pe_type){PE_FLOAT64, 2}, (const double[]){0, 1, 2, 3, 4, 5}, 3);
    put_npy("x.npy", 1, "'<f8'", "True", "(6,)", data, sizeof data);
    check_column(&spec, FLOAT64, data, 6);
    put_npy("x.npy", 1, "'<f8'", "True", "(6, 1)", data, sizeof data);
    check_column(&spec, (pe_type){PE_FLOAT64, 1}, data, 6);
    leave_folder(folder);
}
END_TEST

START_TEST(npy_shapes_of_other_dimensions_are_refused)
{
    enter_folder(folder);
    const pe_source_spec spec = file("x.npy", PE_FORMAT_AUTO);
    put_npy("x.npy", 1, "'<f8'", "False", "()", "01234567", 8);
    open_fails(&spec, PE_EDATA, "x.npy: has 0 dimensions, a single value: expected an array of one or more");
    put_npy("x.npy", 1, "'|u1'", "False", "(2, 0)", "", 0);
    open_fails(&spec, PE_EDATA,
               "x.npy: shape (2, 0): the items of a vector have 1 to 2^20 elements; each = \"element\" takes the "
               "elements one by one");
    leave_folder(folder);
}
END_TEST

START_TEST(npy_truncated_data_is_refused_with_both_sizes)
{
    enter_folder(folder);
    const double data[2] = {1, 2};
    const pe_source_spec spec = file("x.npy", PE_FORMAT_AUTO);
    put_npy("x.npy", 1, "'<f8'", "False", "(3,)", data, sizeof data);
    open_fails(&spec, PE_EDATA,
               "x.npy: truncated: its header has 3 items of 8 bytes, but 16 bytes of data are there, enough for 2");
    put_npy("x.npy", 1, "'<f8'", "False", "(2305843009213693952,)", data, sizeof data);
    open_fails(&spec, PE_EDATA, /* 2^61 * 8 bytes are more than a size can say */
               "x.npy: truncated: its header has 2305843009213693952 items of 8 bytes, but 16 bytes of data are "
               "there, enough for 2");
    leave_folder(folder);
}
END_TEST

START_TEST(npy_empty_array_has_no_items)
{
    enter_folder(folder);
    const pe_source_spec spec = file("x.npy", PE_FORMAT_AUTO);
    put_npy("x.npy", 1, "'<f8'", "False", "(0,)", "", 0);
    check_column(&spec, FLOAT64, NULL, 0);
    leave_folder(folder);
}
END_TEST

START_TEST(npy_versions_1_to_3_are_read)
{
    enter_folder(folder);
    const int64_t data[4] = {INT64_MIN, -1, 0, INT64_MAX};
    const pe_source_spec spec = file("x.npy", PE_FORMAT_AUTO);
    for (int version = 1; version <= 3; version++) {
        put_npy("x.npy", version, "'<i8'", "False", "(4,)", data, sizeof data);
        check_column(&spec, INT64, data, 4);
    }
    leave_folder(folder);
}
END_TEST

START_TEST(npy_of_numpy_gives_vectors_or_chosen_columns)
{
    enter_folder(folder);
    const int16_t rows[6] = {-500, -200, 100, 400, 700, 1000}, second[3] = {-200, 400, 1000};
    put_file("x.npy", numpy_wrote, sizeof numpy_wrote - 1);
    pe_source_spec spec = file("x.npy", PE_FORMAT_AUTO);
    check_column(&spec, (pe_type){PE_INT16, 2}, rows, 3);
    spec.columns = (const pe_column_choice[]){{NULL, 1}};
    spec.column_count = 1;
    check_column(&spec, INT16, second, 3);
    const int64_t wide[3] = {-200, 400, 1000};
    check_column(&spec, INT64, wide, 3);
    const int16_t turned[6] = {-200, -500, 400, 100, 1000, 700};
    spec.columns = (const pe_column_choice[]){{NULL, 1}, {NULL, 0}};
    spec.column_count = 2;
    check_column(&spec, (pe_type){PE_INT16, 2}, turned, 3);
    leave_folder(folder);
}
END_TEST

START_TEST(npy_columns_become_arguments)
{
    enter_folder(folder);
    put_file("x.npy", numpy_wrote, sizeof numpy_wrote - 1);
    pe_source_spec spec = file("x.npy", PE_FORMAT_AUTO);
    spec.columns = (const pe_column_choice[]){{NULL, 1}, {NULL, 0}};
    spec.column_count = 2;
    ck_assert_int_eq(facts(spec).columns, 2);
    opened o = {.first = NULL};
    open_items(&o, &spec, (const pe_type[]){INT32, FLOAT64}, 2);
    int32_t right[3];
    double left[3];
    pe_error err = PE_ERROR_INIT;
    ck_ok(pe_reader_read(o.reader, (pe_block){0, 3}, NULL, NULL, (void *const[]){right, left}, &err), err);
    ck_assert_int_eq(memcmp(right, (const int32_t[]){-200, 400, 1000}, sizeof right), 0);
    ck_assert_int_eq(memcmp(left, (const double[]){-500, 100, 700}, sizeof left), 0);
    close_items(&o);
    leave_folder(folder);
}
END_TEST

START_TEST(npy_columns_that_are_not_there_are_refused)
{
    enter_folder(folder);
    put_file("x.npy", numpy_wrote, sizeof numpy_wrote - 1);
    pe_source_spec spec = file("x.npy", PE_FORMAT_AUTO);
    spec.column_count = 1;
    spec.columns = (const pe_column_choice[]){{NULL, 2}};
    open_fails(&spec, PE_ECONFIG, WHERE ": columns: there is no column 2: x.npy has 2 (from 0)");
    spec.columns = (const pe_column_choice[]){{"a", 0}};
    open_fails(&spec, PE_ECONFIG,
               WHERE ": columns: \"a\": the columns of x.npy have no names: expected numbers from 0 to 1");
    put_npy("x.npy", 1, "'|u1'", "False", "(2,)", "ab", 2);
    spec.columns = (const pe_column_choice[]){{NULL, 0}};
    open_fails(&spec, PE_ECONFIG, WHERE ": columns: x.npy has one dimension, so there are none to select");
    leave_folder(folder);
}
END_TEST

START_TEST(npy_big_endian_is_swapped)
{
    enter_folder(folder);
    const pe_source_spec spec = file("x.npy", PE_FORMAT_AUTO);
    put_npy("x.npy", 1, "'>i4'", "False", "(2,)", "\0\0\1\2\xff\xff\xff\xfe", 8);
    check_column(&spec, INT32, (const int32_t[]){258, -2}, 2);
    check_column(&spec, FLOAT64, (const double[]){258, -2}, 2);
    put_npy("x.npy", 1, "'>f8'", "False", "(1,)", "\x3f\xf8\0\0\0\0\0\0", 8); /* struct.pack(">d", 1.5) */
    check_column(&spec, FLOAT64, (const double[]){1.5}, 1);
    leave_folder(folder);
}
END_TEST

START_TEST(npy_casts_that_lose_value_are_refused)
{
    enter_folder(folder);
    const int64_t data[3] = {1, 9007199254740993, 2}; /* 2^53 + 1 */
    pe_source_spec spec = file("x.npy", PE_FORMAT_AUTO);
    put_npy("x.npy", 1, "'<i8'", "False", "(3,)", data, sizeof data);
    read_fails(&spec, &FLOAT64, 1, 1, "x.npy: item 1: 9007199254740993 is not exact as float64");
    bind_fails(&spec, &INT32, 1, WHERE ": column 1 of x.npy is int64 and cannot be taken as int32");
    const pe_source_spec as_int32 = as(spec, PE_INT32);
    open_fails(&as_int32, PE_ECONFIG, WHERE ": dtype: x.npy holds int64, which could lose value as int32");
    const pe_source_spec only_one = only(from(as(spec, PE_FLOAT64), 2), 1);
    check_column(&only_one, FLOAT64, (const double[]){2}, 1);
    const pe_source_spec tail = from(spec, 1);
    read_fails(&tail, &FLOAT64, 1, 0, "x.npy: item 1: 9007199254740993 is not exact as float64");
    leave_folder(folder);
}
END_TEST

START_TEST(npy_bad_bool_is_reported)
{
    enter_folder(folder);
    const pe_source_spec spec = file("x.npy", PE_FORMAT_AUTO);
    put_npy("x.npy", 1, "'|b1'", "False", "(3,)", "\1\0\1", 3);
    check_column(&spec, BOOL, "\1\0\1", 3);
    put_npy("x.npy", 1, "'|b1'", "False", "(3,)", "\1\0\2", 3);
    read_fails(&spec, &BOOL, 1, 2, "x.npy: item 2: the byte 2 is no bool: expected 0 or 1");
    leave_folder(folder);
}
END_TEST

START_TEST(raw_needs_a_dtype_that_has_a_size)
{
    enter_folder(folder);
    put_text("x.raw", "12345678");
    pe_source_spec spec = file("x.raw", PE_FORMAT_AUTO);
    open_fails(&spec, PE_ECONFIG,
               WHERE ": x.raw is raw bytes: expected a dtype for its items, such as dtype = \"float64\" or "
                     "\"float64[3]\"");
    spec = as(spec, PE_TEXT);
    refused(spec, PE_ECONFIG, "text", "csv");
    leave_folder(folder);
}
END_TEST

START_TEST(raw_size_that_is_no_multiple_is_refused)
{
    enter_folder(folder);
    put_text("x.raw", "1234567890");
    pe_source_spec spec = as(file("x.raw", PE_FORMAT_AUTO), PE_FLOAT64);
    open_fails(&spec, PE_EDATA, "x.raw: 10 bytes are no whole number of float64 items of 8 bytes: is the dtype right?");
    spec.dtype.width = 3;
    open_fails(&spec, PE_EDATA,
               "x.raw: 10 bytes are no whole number of float64[3] items of 24 bytes: is the dtype right?");
    leave_folder(folder);
}
END_TEST

START_TEST(raw_items_of_all_shapes_are_read)
{
    enter_folder(folder);
    const float data[6] = {1, -2, 3.5f, 0, 1e30f, -0.0f};
    put_file("x.raw", data, sizeof data);
    pe_source_spec spec = as(file("x.raw", PE_FORMAT_AUTO), PE_FLOAT32);
    check_column(&spec, FLOAT32, data, 6);
    check_column(&spec, FLOAT64, (const double[]){1, -2, 3.5, 0, (double)1e30f, -0.0}, 6);
    spec.dtype.width = 3;
    check_column(&spec, (pe_type){PE_FLOAT32, 3}, data, 2);
    spec = from(spec, 1);
    check_column(&spec, (pe_type){PE_FLOAT32, 3}, data + 3, 1);
    const pe_int128 wide[2] = {-1, (pe_int128)1 << 100};
    put_file("x.raw", wide, sizeof wide);
    spec = as(file("x.raw", PE_FORMAT_AUTO), PE_INT128);
    check_column(&spec, (pe_type){PE_INT128, 0}, wide, 2);
    put_text("x.raw", "");
    check_column(&spec, (pe_type){PE_INT128, 0}, NULL, 0);
    leave_folder(folder);
}
END_TEST

START_TEST(raw_many_items_convert_in_batches)
{
    enter_folder(folder);
    enum { MANY = 30000 };
    static int16_t narrow[MANY];
    static double wide[MANY];
    for (int i = 0; i < MANY; i++) {
        narrow[i] = (int16_t)(i - 15000);
        wide[i] = i - 15000;
    }
    put_file("x.bin", narrow, sizeof narrow);
    pe_source_spec spec = as(file("x.bin", PE_FORMAT_AUTO), PE_INT16);
    for (int how = 0; how < WAYS; how++) {
        check_items(&spec, INT16, narrow, MANY, 17001, (way)how);
        check_items(&spec, FLOAT64, wide, MANY, 17001, (way)how);
    }
    spec.dtype.width = 3;
    check_items(&spec, (pe_type){PE_FLOAT64, 3}, wide, MANY / 3, 9000, WAY_MAPPED);
    leave_folder(folder);
}
END_TEST

START_TEST(file_first_and_count_beyond_the_end_are_refused)
{
    enter_folder(folder);
    put_text("x.raw", "abcd");
    const pe_source_spec spec = as(file("x.raw", PE_FORMAT_AUTO), PE_UINT8);
    refused(from(spec, 5), PE_EDATA, "first = 5", "4 items");
    refused(only(from(spec, 2), 3), PE_EDATA, "3 items from item 2", "4 items");
    leave_folder(folder);
}
END_TEST

START_TEST(file_another_one_of_that_name_is_not_taken_for_it)
{
    enter_folder(folder);
    pe_error err = PE_ERROR_INIT;
    pe_source *first = NULL, *other = NULL;
    pe_buffer bytes = {0};
    const pe_source_spec spec = as(file("x.raw", PE_FORMAT_AUTO), PE_UINT8);
    put_text("x.raw", "abcd");
    ck_ok(pe_source_open(&spec, &first, &err), err);
    ck_ok(pe_source_export(first, &bytes, &err), err);
    put_text("y.raw", "abce");
    ck_assert_int_eq(rename("y.raw", "x.raw"), 0);
    ck_ok(pe_source_import(&spec, bytes.data, bytes.size, &other, &err), err);
    ck_assert(!pe_source_is_local(other));
    ck_ok(pe_source_bind(other, &(pe_type){PE_UINT8, 0}, 1, &err), err);
    pe_reader *reader = NULL;
    ck_ok(pe_reader_open(other, &reader, &err), err);
    const pe_byte_range byte_range = pe_source_byte_range(first, (pe_block){1, 2});
    unsigned char got[2] = "";
    ck_ok(pe_reader_read(reader, (pe_block){1, 2}, &byte_range, pe_source_bytes(first, &byte_range),
                         (void *const[]){got}, &err),
          err);
    ck_assert_int_eq(memcmp(got, "bc", 2), 0);
    pe_reader_close(reader);
    pe_source_close(first);
    pe_source_close(other);
    pe_buffer_fini(&bytes);
    leave_folder(folder);
}
END_TEST

START_TEST(file_chunk_bytes_are_those_of_its_rows)
{
    enter_folder(folder);
    put_text("x.raw", "0123456789abcdefghijklmnopqrstuv");
    pe_source_spec spec = as(file("x.raw", PE_FORMAT_AUTO), PE_FLOAT64);
    opened o = {.first = NULL};
    open_items(&o, &spec, &FLOAT64, 1);
    ck_assert_uint_eq(pe_source_chunk_bytes(o.source, 3), 24);
    ck_assert_uint_eq(pe_source_chunk_bytes(o.source, UINT64_MAX), 32);
    const pe_byte_range byte_range = pe_source_byte_range(o.source, (pe_block){1, 2});
    ck_assert_uint_eq(byte_range.offset, 8);
    ck_assert_uint_eq(byte_range.bytes, 16);
    ck_assert_uint_eq(byte_range.first, 1);
    close_items(&o);
    leave_folder(folder);
}
END_TEST

UNIT_MAIN("file_source", npy_missing_or_a_directory_is_no_input, npy_other_bytes_are_refused,
          npy_dtypes_that_are_not_ours_are_refused_by_name, npy_fortran_order_gives_rows,
          npy_shapes_of_other_dimensions_are_refused, npy_truncated_data_is_refused_with_both_sizes,
          npy_empty_array_has_no_items, npy_versions_1_to_3_are_read, npy_of_numpy_gives_vectors_or_chosen_columns,
          npy_columns_become_arguments, npy_columns_that_are_not_there_are_refused, npy_big_endian_is_swapped,
          npy_casts_that_lose_value_are_refused, npy_bad_bool_is_reported, raw_needs_a_dtype_that_has_a_size,
          raw_size_that_is_no_multiple_is_refused, raw_items_of_all_shapes_are_read, raw_many_items_convert_in_batches,
          file_first_and_count_beyond_the_end_are_refused, file_another_one_of_that_name_is_not_taken_for_it,
          file_chunk_bytes_are_those_of_its_rows)

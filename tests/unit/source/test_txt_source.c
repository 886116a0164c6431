/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_txt_source.c - txt files: a line is an item, as text or parsed, and what is said of one that does not parse.
 */
#include "source_file_helpers.h"

static const pe_type INT64 = {PE_INT64, 0}, UINT8 = {PE_UINT8, 0}, FLOAT64 = {PE_FLOAT64, 0}, TEXT = {PE_TEXT, 0},
                     BOOL = {PE_BOOL, 0};

static char folder[32];

START_TEST(txt_empty_file_has_no_items)
{
    enter_folder(folder);
    const pe_source_spec spec = text_file("x.txt", "");
    check_column(&spec, TEXT, NULL, 0);
    leave_folder(folder);
}
END_TEST

START_TEST(txt_lines_are_texts)
{
    enter_folder(folder);
    pe_source_spec spec = text_file("x.txt", "one\r\ntwo \"2\"\n\n  four");
    CHECK_TEXTS(spec, "one", "two \"2\"", "", "  four");
    spec = text_file("x.txt", "\n");
    CHECK_TEXTS(spec, "");
    spec = text_file("x.txt", "\xEF\xBB\xBF"
                              "a\nb\n");
    CHECK_TEXTS(spec, "a", "b");
    leave_folder(folder);
}
END_TEST

START_TEST(txt_lines_parse_as_what_is_wanted)
{
    enter_folder(folder);
    pe_source_spec spec = text_file("x.txt", "1\n-2\r\n 3 \n");
    check_column(&spec, INT64, (const int64_t[]){1, -2, 3}, 3);
    check_column(&spec, FLOAT64, (const double[]){1, -2, 3}, 3);
    spec = text_file("x.txt", "True\n0\n");
    check_column(&spec, BOOL, "\1\0", 2);
    spec = text_file("x.txt", "-170141183460469231731687303715884105728\n");
    check_column(&spec, (pe_type){PE_INT128, 0}, (const pe_int128[]){PE_INT128_MIN}, 1);
    leave_folder(folder);
}
END_TEST

START_TEST(txt_line_that_is_no_number_is_reported)
{
    enter_folder(folder);
    pe_source_spec spec = text_file("x.txt", "1\n2\n3\nabc\n");
    read_fails(&spec, &INT64, 1, 3, "x.txt:4: \"abc\" is not an int64");
    spec = text_file("x.txt", "1\n300");
    read_fails(&spec, &UINT8, 1, 1, "x.txt:2: \"300\" is not a uint8 (out of its range)");
    spec = text_file("x.txt", "1.5\n");
    read_fails(&spec, &INT64, 1, 0,
               "x.txt:1: \"1.5\" is not an int64 (as float64 it can be read: input.dtype = \"float64\")");
    spec = text_file("x.txt", "1\n\n");
    read_fails(&spec, &FLOAT64, 1, 1, "x.txt:2: \"\" is not a float64 (it is empty)");
    leave_folder(folder);
}
END_TEST

START_TEST(txt_hostile_bytes_are_shown_safely)
{
    enter_folder(folder);
    put_file("x.txt", "\0\x1b[31m\xff\n", 8);
    pe_source_spec spec = file("x.txt", PE_FORMAT_AUTO);
    read_fails(&spec, &INT64, 1, 0, "x.txt:1: \"\\x00\\x1b[31m\\xff\" is not an int64");
    spec = text_file("x.txt", "\xC3\xA9t\xC3\xA9 0123456789012345678901234567890123456789\n");
    read_fails(&spec, &INT64, 1, 0,
               "x.txt:1: \"\xC3\xA9t\xC3\xA9 0123456789012345678901234567890123...\" is not an int64");
    leave_folder(folder);
}
END_TEST

START_TEST(txt_has_no_columns_and_no_vectors)
{
    enter_folder(folder);
    pe_source_spec spec = text_file("x.txt", "1\n");
    spec.columns = (const pe_column_choice[]){{"a", 0}};
    spec.column_count = 1;
    open_fails(&spec, PE_ECONFIG, WHERE ": columns: a line of x.txt is one item: expected format \"csv\" or \"tsv\"");
    spec = as(text_file("x.txt", "1\n"), PE_FLOAT64);
    spec.dtype.width = 3;
    open_fails(&spec, PE_ECONFIG, WHERE ": dtype: a line of x.txt is one item and cannot be a vector");
    leave_folder(folder);
}
END_TEST

UNIT_MAIN("txt_source", txt_empty_file_has_no_items, txt_lines_are_texts, txt_lines_parse_as_what_is_wanted,
          txt_line_that_is_no_number_is_reported, txt_hostile_bytes_are_shown_safely, txt_has_no_columns_and_no_vectors)

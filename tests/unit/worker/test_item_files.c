/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_item_files.c - the names of items' files: which may meet, and the folder that all are in.
 */
#include "unit.h"
#include "worker/item_files/item_files.h"

static bool may_meet(const char *path)
{
    static const pe_type result = {.dtype = PE_INT64};
    const pe_sink_spec spec = {.where = "output", .path = path, .results = &result, .result_count = 1, .items = 1};
    pe_item_files *files = NULL;
    pe_error err = PE_ERROR_INIT;
    ck_ok(pe_item_files_make(&spec, PE_FORMAT_TXT, 1, 0, &files, &err), err);
    const bool may = files->names_may_meet;
    pe_item_files_free(files);
    return may;
}

START_TEST(number_that_can_be_read_from_the_name_keeps_names_apart)
{
    const char *const apart[] = {"{index}",     "r/{index}.txt",  "r/{#}",         "{}-{index}.txt", "{index}-{}.txt",
                                 "v2{index}.x", "{/}/{index:03}", "{index}{{}}.c", "{index}/{}"};
    const char *const meeting[] = {"{}",         "r/{/.}.txt", "{}{index}",    "{index}{}",
                                   "{}1{index}", "{index}1{}", "{}-{index}-{}"};
    for (size_t i = 0; i < sizeof apart / sizeof *apart; i++)
        ck_assert_msg(!may_meet(apart[i]), "%s", apart[i]);
    for (size_t i = 0; i < sizeof meeting / sizeof *meeting; i++)
        ck_assert_msg(may_meet(meeting[i]), "%s", meeting[i]);
}
END_TEST

START_TEST(folder_is_what_all_names_begin_with)
{
    static const char *const rows[][2] = {{"a/b/{index}.txt", "a/b"}, {"{index}", "."}, {"a{index}/b", "."},
                                          {"/{index}", "/"},          {"a//{}/x", "a"}, {"a/{{}}/b/{}", "a/{}/b"},
                                          {"/a/b{1}c/d", "/a"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char folder[100];
        ck_assert(pe_item_files_folder(rows[i][0], folder, sizeof folder));
        ck_assert_str_eq(folder, rows[i][1]);
    }
    char small[4];
    ck_assert(!pe_item_files_folder("abcdef/{}", small, sizeof small));
    ck_assert(pe_item_files_is_meant("a{index}") && pe_item_files_is_meant("a{%}"));
    ck_assert(!pe_item_files_is_meant("a{{}}{b}") && !pe_item_files_is_meant("-"));
}
END_TEST

UNIT_MAIN("item_files", number_that_can_be_read_from_the_name_keeps_names_apart, folder_is_what_all_names_begin_with)

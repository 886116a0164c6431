/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_file_index.c - the index of a large file by several threads, against records of one size.
 */
#include <stdlib.h>
#include <string.h>

#include "source/file_index.h"
#include "source_file_helpers.h"

enum { RECORD = 64, RECORDS = (34 << 20) / RECORD };

/* Writes a file of RECORDS records, each of which begins so. */
static void make(const char *name, const char *begin)
{
    char *const text = malloc((size_t)RECORDS * RECORD);
    ck_assert_ptr_nonnull(text);
    memset(text, 'x', (size_t)RECORDS * RECORD);
    for (size_t r = 0; r < RECORDS; r++) {
        memcpy(text + r * RECORD, begin, strlen(begin));
        text[r * RECORD + RECORD - 1] = '\n';
    }
    put_file(name, text, (size_t)RECORDS * RECORD);
    free(text);
}

static void check(const char *name, uint64_t lines, int threads)
{
    pe_error err = PE_ERROR_INIT;
    pe_map map = {0};
    pe_line_index index = {0};
    ck_ok(pe_map_open(name, &map, &err), err);
    ck_ok(pe_file_index_make(&map, (pe_line_position){0, 1}, map.size, pe_dialect_of(','), threads, &index, &err), err);
    ck_assert(pe_line_index_end(&index));
    ck_assert_uint_eq(index.records, RECORDS);
    ck_assert_uint_le(index.count, PE_LINE_INDEX_ENTRIES);
    for (uint64_t r = 0; r < RECORDS; r += 997) {
        uint64_t first = 0;
        const pe_line_position place = pe_line_index_find(&index, r, &first);
        ck_assert(first <= r && r - first < index.stride && index.stride <= 64);
        ck_assert_uint_eq(place.offset, first * RECORD);
        ck_assert_uint_eq(place.line, 1 + first * lines);
    }
    pe_line_index_fini(&index);
    pe_map_close(&map);
}

START_TEST(file_index_is_the_same_for_any_number_of_threads)
{
    char folder[32];
    enter_folder(folder);
    make("lines", "a,b,");
    make("quotes", "1,\"a\nb\",\"\n\","); /* every cut is after a newline inside quotes */
    for (int threads = 1; threads <= 4; threads++) {
        check("lines", 1, threads);
        check("quotes", 3, threads);
    }
    leave_folder(folder);
}
END_TEST

UNIT_MAIN("file_index", file_index_is_the_same_for_any_number_of_threads)

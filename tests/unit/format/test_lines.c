/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_lines.c - lines against what Python's bytes.split(b"\n") and RFC 4180 line ends give.
 */
#include <string.h>

#include "format/lines.h"
#include "unit.h"

static const unsigned char *bytes(const char *text)
{
    return (const unsigned char *)text;
}

/* All lines of text must be these. */
static void check(const char *text, size_t size, size_t count, const char *const *lines)
{
    size_t at = 0, seen = 0;
    pe_text line;
    while (pe_lines_next(bytes(text), size, &at, &line)) {
        ck_assert_uint_lt(seen, count);
        ck_assert_uint_eq(line.size, strlen(lines[seen]));
        ck_assert_int_eq(memcmp(line.data, lines[seen], line.size), 0);
        seen++;
    }
    ck_assert_uint_eq(seen, count);
    ck_assert_uint_eq(at, size);
}

#define CHECK(text, ...)                                                                                               \
    do {                                                                                                               \
        const char *const expected[] = {__VA_ARGS__};                                                                  \
        check(text, sizeof(text) - 1, sizeof expected / sizeof *expected, expected);                                   \
    } while (0)

START_TEST(lines_nothing_has_none)
{
    check("", 0, 0, NULL);
}
END_TEST

START_TEST(lines_lf_and_crlf_are_ends)
{
    CHECK("one\n", "one");
    CHECK("one\r\ntwo\n", "one", "two");
    CHECK("\n", "");
    CHECK("\r\n\n", "", "");
}
END_TEST

START_TEST(lines_last_one_may_lack_its_newline)
{
    CHECK("one", "one");
    CHECK("one\ntwo", "one", "two");
    CHECK("one\r\n\r\ntwo", "one", "", "two");
}
END_TEST

START_TEST(lines_lone_cr_is_data)
{
    CHECK("a\rb\n", "a\rb");
    CHECK("a\r\r\n", "a\r");
    CHECK("a\r", "a\r");
}
END_TEST

START_TEST(lines_any_byte_is_data)
{
    const char text[] = "\0\xff\n\x80";
    size_t at = 0;
    pe_text line;
    ck_assert(pe_lines_next(bytes(text), 4, &at, &line));
    ck_assert_uint_eq(line.size, 2);
    ck_assert_int_eq(memcmp(line.data, "\0\xff", 2), 0);
    ck_assert(pe_lines_next(bytes(text), 4, &at, &line));
    ck_assert_uint_eq(line.size, 1);
    ck_assert(!pe_lines_next(bytes(text), 4, &at, &line));
}
END_TEST

START_TEST(lines_count_is_exact_at_every_size_and_place)
{
    unsigned char data[200];
    for (size_t size = 0; size <= sizeof data; size++) {
        memset(data, 0x8A, sizeof data); /* \n except for its top bit */
        ck_assert_uint_eq(pe_lines_count(data, size), 0);
        memset(data, '\v', sizeof data); /* one more than \n: a carry between bytes would show */
        ck_assert_uint_eq(pe_lines_count(data, size), 0);
        for (size_t i = 0; i < size; i += 3)
            data[i] = '\n';
        ck_assert_uint_eq(pe_lines_count(data, size), (size + 2) / 3);
        memset(data, '\n', size);
        ck_assert_uint_eq(pe_lines_count(data, size), size);
    }
}
END_TEST

START_TEST(bom_is_three_bytes_at_the_beginning)
{
    ck_assert_uint_eq(pe_bom_bytes(bytes("\xEF\xBB\xBFx"), 4), 3);
    ck_assert_uint_eq(pe_bom_bytes(bytes("\xEF\xBB\xBF"), 3), 3);
    ck_assert_uint_eq(pe_bom_bytes(bytes("\xEF\xBB"), 2), 0);
    ck_assert_uint_eq(pe_bom_bytes(bytes("x\xEF\xBB\xBF"), 4), 0);
    ck_assert_uint_eq(pe_bom_bytes(bytes(""), 0), 0);
}
END_TEST

UNIT_MAIN("lines", lines_nothing_has_none, lines_lf_and_crlf_are_ends, lines_last_one_may_lack_its_newline,
          lines_lone_cr_is_data, lines_any_byte_is_data, lines_count_is_exact_at_every_size_and_place,
          bom_is_three_bytes_at_the_beginning)

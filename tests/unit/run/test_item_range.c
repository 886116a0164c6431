/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_item_range.c - which items a part of a job has.
 *
 * Design: parts follow one another, cover all items and differ by one at most, whatever the counts; expected values of
 *         single ones are written down.
 */
#include "run/prepare/item_range.h"

#include <string.h>

#include "source/source.h"
#include "unit.h"

static pe_job part_job(uint64_t number, uint64_t of, uint64_t skip)
{
    static char file[] = "job.toml", where[] = "job.toml:1:8: part";
    return (pe_job){.file = file, .part = {.where = where, .number = number, .of = of}, .skip = skip};
}

static pe_block chosen(uint64_t items, uint64_t number, uint64_t of, uint64_t skip)
{
    const pe_job job = part_job(number, of, skip);
    pe_error err = PE_ERROR_INIT;
    pe_block out = {0, 0};
    pe_item_set todo = {0};
    ck_assert_msg(pe_item_range_choose(&job, items, &out, &todo, &err) == PE_OK, "%s", err.text);
    pe_item_set_fini(&todo);
    return out;
}

START_TEST(part_of_a_stream_is_refused)
{
    const pe_job jobs[] = {part_job(1, 2, 0), part_job(0, 0, 5)};
    const char *const words[] = {"job.toml:1:8: part: ", "job.toml: skip: "};
    for (size_t i = 0; i < 2; i++) {
        pe_error err = PE_ERROR_INIT;
        pe_block out;
        pe_item_set todo = {0};
        ck_assert_int_eq(pe_item_range_choose(&jobs[i], PE_COUNT_UNKNOWN, &out, &todo, &err), PE_ECONFIG);
        ck_assert_msg(strncmp(err.text, words[i], strlen(words[i])) == 0, "%s", err.text);
    }
}
END_TEST

START_TEST(more_to_skip_than_there_is_is_refused)
{
    const pe_job job = part_job(2, 3, 9);
    pe_error err = PE_ERROR_INIT;
    pe_block out;
    pe_item_set todo = {0};
    ck_assert_int_eq(pe_item_range_choose(&job, 25, &out, &todo, &err), PE_ECONFIG);
    ck_assert_str_eq(err.text, "job.toml: skip: expected at most the 8 items that there are, got 9");
}
END_TEST

START_TEST(whole_job_is_all_items)
{
    pe_block all = chosen(25, 0, 0, 0);
    ck_assert(all.first == 0 && all.count == 25);
    all = chosen(PE_COUNT_UNKNOWN, 0, 0, 0);
    ck_assert(all.first == 0 && all.count == PE_COUNT_UNKNOWN);
}
END_TEST

START_TEST(parts_follow_one_another_and_cover_all)
{
    static const uint64_t items[] = {0, 1, 2, 15, 16, 17, 1003, UINT64_C(1) << 63};
    static const uint64_t parts[] = {1, 2, 3, 16, 1000};
    for (size_t i = 0; i < sizeof items / sizeof *items; i++) {
        for (size_t p = 0; p < sizeof parts / sizeof *parts; p++) {
            uint64_t next = 0, least = UINT64_MAX, most = 0;
            for (uint64_t number = 1; number <= parts[p]; number++) {
                const pe_block part = chosen(items[i], number, parts[p], 0);
                ck_assert_uint_eq(part.first, next);
                next += part.count;
                least = part.count < least ? part.count : least;
                most = part.count > most ? part.count : most;
            }
            ck_assert_uint_eq(next, items[i]);
            ck_assert_uint_le(most - least, 1);
        }
    }
}
END_TEST

START_TEST(skip_counts_from_the_start_of_the_part)
{
    pe_block rest = chosen(25, 0, 0, 24);
    ck_assert(rest.first == 24 && rest.count == 1);
    rest = chosen(25, 2, 3, 8); /* 9 to 16 */
    ck_assert(rest.first == 17 && rest.count == 0);
    rest = chosen(25, 3, 3, 3); /* 17 to 24 */
    ck_assert(rest.first == 20 && rest.count == 5);
}
END_TEST

UNIT_MAIN("part", part_of_a_stream_is_refused, more_to_skip_than_there_is_is_refused, whole_job_is_all_items,
          parts_follow_one_another_and_cover_all, skip_counts_from_the_start_of_the_part)

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_item_set.c - a set of item numbers against one bit per item.
 */
#include <string.h>

#include "plan/item_set.h"

#include "unit.h"

enum { ITEMS = 200 };

static uint64_t dice(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u; /* Knuth's MMIX generator */
    return *state >> 33;
}

static void mark(bool *bits, pe_block block)
{
    for (uint64_t i = block.first; i < block.first + block.count; i++)
        bits[i] = true;
}

/* Sorted, with gaps, and each question answered as the bits do. */
static bool is_same(const pe_item_set *set, const bool *bits)
{
    uint64_t below = 0;
    bool same = true;
    for (size_t r = 0; r + 1 < set->count; r++)
        same &= set->ranges[r].first + set->ranges[r].count < set->ranges[r + 1].first;
    for (uint64_t i = 0; i < ITEMS; i++) {
        same &= pe_item_set_has(set, i) == bits[i] && pe_item_set_position(set, i) == below;
        if (bits[i])
            same &= pe_item_set_from(set, below++).first == i;
    }
    return same && set->items == below && pe_item_set_from(set, below).count == 0;
}

static bool is_complement(const pe_item_set *set, const bool *bits, pe_block whole)
{
    pe_error err = PE_ERROR_INIT;
    pe_item_set missing = {0};
    bool same = pe_item_set_missing(set, whole, &missing, &err) == PE_OK;
    for (uint64_t i = 0; i < ITEMS; i++) {
        const bool is_inside = i >= whole.first && i < whole.first + whole.count;
        same &= pe_item_set_has(&missing, i) == (is_inside && !bits[i]);
    }
    pe_item_set_fini(&missing);
    return same;
}

START_TEST(item_set_random_blocks_are_as_bits)
{
    uint64_t state = 1;
    for (int round = 0; round < 400; round++) {
        pe_error err = PE_ERROR_INIT;
        pe_item_set set = {0};
        bool bits[ITEMS + 1] = {false}, is_right = true;
        for (int add = 0; add < 40 && is_right; add++) {
            pe_block block = {.first = dice(&state) % ITEMS, .count = dice(&state) % 6};
            block.count = block.first + block.count > ITEMS ? ITEMS - block.first : block.count;
            mark(bits, block);
            is_right = pe_item_set_add(&set, block, &err) == PE_OK && is_same(&set, bits);
        }
        const uint64_t first = dice(&state) % ITEMS;
        is_right &= is_complement(&set, bits, (pe_block){first, dice(&state) % (ITEMS - first)});
        ck_assert_msg(is_right, "round %d", round);
        pe_item_set_fini(&set);
    }
}
END_TEST

START_TEST(item_set_saved_is_the_same_when_loaded)
{
    pe_error err = PE_ERROR_INIT;
    pe_item_set set = {0}, loaded = {0};
    pe_buffer bytes = {0};
    ck_ok(pe_item_set_parse(&set, "3,5-9,1000000000000", &err), err);
    ck_ok(pe_item_set_save(&set, &bytes, &err), err);
    ck_ok(pe_item_set_load(&loaded, bytes.data, bytes.size, &err), err);
    ck_assert_uint_eq(loaded.items, 7);
    ck_assert_uint_eq(loaded.count, 3);
    ck_assert_int_eq(memcmp(loaded.ranges, set.ranges, 3 * sizeof *set.ranges), 0);
    pe_buffer_fini(&bytes);
    pe_item_set_fini(&set);
    pe_item_set_fini(&loaded);
}
END_TEST

START_TEST(item_set_bytes_that_are_none_are_refused)
{
    static const pe_block wrong[][2] = {
        {{5, 0}, {9, 1}}, {{5, 2}, {7, 1}}, {{5, 1}, {2, 1}}, {{1, 1}, {UINT64_MAX - 1, 2}}};
    pe_error err = PE_ERROR_INIT;
    pe_item_set set = {0};
    ck_assert_int_eq(pe_item_set_load(&set, wrong, sizeof(pe_block) - 1, &err), PE_EDATA);
    for (size_t w = 0; w < sizeof wrong / sizeof *wrong; w++) {
        pe_error_clear(&err);
        ck_assert_int_eq(pe_item_set_load(&set, wrong[w], sizeof wrong[w], &err), PE_EDATA);
        ck_assert_uint_eq(set.count, 0);
    }
}
END_TEST

START_TEST(item_set_wrong_lists_are_refused_with_the_part)
{
    static const struct {
        const char *text, *part;
    } wrong[] = {{"", "\"\""},           {"a", "\"a\""},     {"3,", "\"3,\""},
                 {"5,4", "\"4\""},       {"7-6", "\"7-6\""}, {"1,2-", "\"2-\""},
                 {"1-2-3", "\"1-2-3\""}, {"4,4", "\"4\""},   {"99999999999999999999", "9999"}};
    for (size_t w = 0; w < sizeof wrong / sizeof *wrong; w++) {
        pe_error err = PE_ERROR_INIT;
        pe_item_set set = {0};
        ck_assert_int_eq(pe_item_set_parse(&set, wrong[w].text, &err), PE_ECONFIG);
        ck_assert_msg(strstr(err.text, wrong[w].part) != NULL, "%s: %s", wrong[w].text, err.text);
        pe_item_set_fini(&set);
    }
}
END_TEST

UNIT_MAIN("item_set", item_set_random_blocks_are_as_bits, item_set_saved_is_the_same_when_loaded,
          item_set_bytes_that_are_none_are_refused, item_set_wrong_lists_are_refused_with_the_part)

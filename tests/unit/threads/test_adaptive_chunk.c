/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_pace.c - sizes follow the cost of what was handed out: against figures worked out by hand.
 */
#include "threads/adaptive_chunk.h"

#include "unit.h"

#define MS UINT64_C(1000000)

static void begin(pe_pace *pace, uint64_t least, uint64_t most, uint64_t share, bool is_fixed)
{
    pe_pace_init(pace, &(pe_pace_spec){.least = least, .most = most, .share = share, .is_fixed = is_fixed});
}

START_TEST(pace_given_size_stays)
{
    pe_pace pace;
    begin(&pace, 1, 1000, 5000, true);
    ck_assert_uint_eq(pe_pace_items(&pace), 1000);
    pe_pace_learn(&pace, 1000, 3600 * 1000 * MS);
    ck_assert_uint_eq(pe_pace_items(&pace), 1000);
}
END_TEST

START_TEST(pace_cheap_items_grow_to_the_most)
{
    static const uint64_t sizes[] = {1, 4, 16, 64, 256, 1000, 1000};
    pe_pace pace;
    begin(&pace, 1, 1000, UINT64_MAX, false);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        ck_assert_uint_eq(pe_pace_items(&pace), sizes[i]);
        pe_pace_learn(&pace, sizes[i], sizes[i] * 10); /* 10 ns each */
    }
}
END_TEST

/* Items of 1 ms: a 256th of what lies ahead, from 2 to 100 ms. */
START_TEST(pace_costly_items_take_their_share_of_the_time)
{
    static const struct {
        uint64_t share, items;
    } cases[] = {{100, 1}, {2560, 9}, {12800, 49}, {1000000, 99}, {UINT64_MAX, 99}};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        pe_pace pace;
        begin(&pace, 1, 32768, cases[c].share, false);
        pe_pace_learn(&pace, 1024, 1024 * MS);
        ck_assert_uint_ge(pe_pace_items(&pace), cases[c].items);
        ck_assert_uint_le(pe_pace_items(&pace), cases[c].items + 1);
    }
}
END_TEST

START_TEST(pace_follows_a_cost_that_changes)
{
    pe_pace pace;
    begin(&pace, 1, 32768, UINT64_MAX, false);
    pe_pace_learn(&pace, 32768, 32768 * 10);
    ck_assert_uint_eq(pe_pace_items(&pace), 32768);
    pe_pace_learn(&pace, 32768, 32768 * MS); /* far too much at once: one item costs 1 ms now */
    ck_assert_uint_ge(pe_pace_items(&pace), 99);
    ck_assert_uint_le(pe_pace_items(&pace), 100);
    pe_pace_learn(&pace, 1, 3600 * 1000 * MS);
    ck_assert_uint_eq(pe_pace_items(&pace), 1);
    pe_pace_learn(&pace, 1, 10);
    ck_assert_uint_eq(pe_pace_items(&pace), 4);
}
END_TEST

START_TEST(pace_goes_from_least_to_most)
{
    pe_pace pace;
    begin(&pace, 8, 20, UINT64_MAX, false);
    ck_assert_uint_eq(pe_pace_items(&pace), 8);
    pe_pace_learn(&pace, 8, 80);
    ck_assert_uint_eq(pe_pace_items(&pace), 20);
    pe_pace_learn(&pace, 8, 3600 * 1000 * MS);
    ck_assert_uint_eq(pe_pace_items(&pace), 8);
    begin(&pace, 8, 3, UINT64_MAX, false);
    ck_assert_uint_eq(pe_pace_items(&pace), 3);
    pe_pace_learn(&pace, 1, 3600 * 1000 * MS); /* the input's last one */
    ck_assert_uint_eq(pe_pace_items(&pace), 3);
}
END_TEST

/* A program of 150 ms that keeps its answers until its input ends: begun for each piece, 10 us an item. */
START_TEST(pace_pieces_that_cost_by_themselves_grow)
{
    pe_pace pace;
    uint64_t least = UINT64_MAX;
    begin(&pace, 1, 4096, UINT64_MAX, false);
    pe_pace_learn(&pace, 1, 2150 * MS);
    for (int piece = 0; piece < 100; piece++) {
        const uint64_t items = pe_pace_items(&pace);
        least = piece < 20 || items > least ? least : items;
        pe_pace_learn(&pace, items, 150 * MS + items * MS / 100);
    }
    ck_assert_uint_ge(least, 512);
}
END_TEST

START_TEST(pace_items_that_take_long_are_handed_out_singly)
{
    int pairs = 0;
    pe_pace pace;
    begin(&pace, 1, 4096, UINT64_MAX, false);
    for (int piece = 0; piece < 100; piece++) {
        const uint64_t items = pe_pace_items(&pace);
        ck_assert_uint_le(items, 2);
        pairs += items == 2;
        pe_pace_learn(&pace, items, items * 1000 * MS);
    }
    ck_assert_int_eq(pairs, 1);
}
END_TEST

/* Thousands of ranks ask one: none may ask more often than every 300 ms. */
START_TEST(pace_of_many_takers_is_slower)
{
    pe_pace pace;
    pe_pace_init(&pace, &(pe_pace_spec){.least = 1, .most = 32768, .share = 1000, .least_ns = 300 * MS});
    pe_pace_learn(&pace, 1024, 1024 * MS);
    ck_assert_uint_ge(pe_pace_items(&pace), 299);
    ck_assert_uint_le(pe_pace_items(&pace), 300);
}
END_TEST

/* Chunks of 10 items that the user chose: as many at once as take 50 us, whole ones. */
START_TEST(pace_units_are_kept_whole)
{
    pe_pace pace;
    pe_pace_init(&pace, &(pe_pace_spec){.least = 10, .most = 1000, .unit = 10, .share = 64000, .piece_ns = MS / 20});
    ck_assert_uint_eq(pe_pace_items(&pace), 10);
    pe_pace_learn(&pace, 10, 10 * 499); /* 100 items take 50 us, and one more than 99 */
    ck_assert_uint_eq(pe_pace_items(&pace), 40);
    pe_pace_learn(&pace, 40, 40 * 499);
    ck_assert_uint_eq(pe_pace_items(&pace), 100);
    pe_pace_learn(&pace, 100, 100 * 701); /* 71 items */
    ck_assert_uint_eq(pe_pace_items(&pace), 70);
    pe_pace_learn(&pace, 70, 70 * 3600 * 1000 * MS);
    ck_assert_uint_eq(pe_pace_items(&pace), 10);
    pe_pace_learn(&pace, 5, 5); /* the input's last ones */
    ck_assert_uint_eq(pe_pace_items(&pace), 20);
}
END_TEST

/* A multiple of 131 is in three pieces of about 40, two of about 66, or one. */
START_TEST(pace_pieces_are_even)
{
    static const uint64_t sizes[] = {40, 80, 117};
    static const uint64_t pieces[][4] = {{43, 44, 44}, {65, 66}, {131}};
    for (size_t i = 0; i < 3; i++) {
        pe_pace pace;
        uint64_t at = 5 * 131;
        begin(&pace, sizes[i], 131, UINT64_MAX, false);
        for (const uint64_t *piece = pieces[i]; *piece > 0; at += *piece++)
            ck_assert_uint_eq(pe_pace_piece(&pace, at), *piece);
        ck_assert_uint_eq(at, 6 * 131);
    }
}
END_TEST

/* 50 items in chunks of 10, about 20 at once. */
START_TEST(pace_pieces_are_whole_units)
{
    pe_pace pace;
    pe_pace_init(&pace, &(pe_pace_spec){.least = 20, .most = 50, .unit = 10, .share = UINT64_MAX});
    ck_assert_uint_eq(pe_pace_piece(&pace, 100), 30);
    ck_assert_uint_eq(pe_pace_piece(&pace, 130), 20);
}
END_TEST

UNIT_MAIN("pace", pace_pieces_are_even, pace_pieces_are_whole_units, pace_of_many_takers_is_slower,
          pace_goes_from_least_to_most, pace_given_size_stays, pace_cheap_items_grow_to_the_most,
          pace_costly_items_take_their_share_of_the_time, pace_follows_a_cost_that_changes,
          pace_pieces_that_cost_by_themselves_grow, pace_items_that_take_long_are_handed_out_singly,
          pace_units_are_kept_whole)

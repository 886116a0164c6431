/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_adaptive_chunk.c - sizes follow the cost of what was handed out: against figures worked out by hand.
 */
#include "threads/adaptive_chunk.h"

#include "unit.h"

#define MS UINT64_C(1000000)

static void begin(pe_adaptive_chunk *chunking, uint64_t least, uint64_t most, uint64_t share, bool is_fixed)
{
    pe_adaptive_chunk_init(
        chunking, &(pe_adaptive_chunk_spec){.least = least, .most = most, .share = share, .is_fixed = is_fixed});
}

START_TEST(chunking_given_size_stays)
{
    pe_adaptive_chunk chunking;
    begin(&chunking, 1, 1000, 5000, true);
    ck_assert_uint_eq(pe_adaptive_chunk_items(&chunking), 1000);
    pe_adaptive_chunk_learn(&chunking, 1000, 3600 * 1000 * MS);
    ck_assert_uint_eq(pe_adaptive_chunk_items(&chunking), 1000);
}
END_TEST

START_TEST(chunking_cheap_items_grow_to_the_most)
{
    static const uint64_t sizes[] = {1, 4, 16, 64, 256, 1000, 1000};
    pe_adaptive_chunk chunking;
    begin(&chunking, 1, 1000, UINT64_MAX, false);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        ck_assert_uint_eq(pe_adaptive_chunk_items(&chunking), sizes[i]);
        pe_adaptive_chunk_learn(&chunking, sizes[i], sizes[i] * 10); /* 10 ns each */
    }
}
END_TEST

/* Items of 1 ms: a 256th of what lies ahead, from 2 to 100 ms. */
START_TEST(chunking_costly_items_take_their_share_of_the_time)
{
    static const struct {
        uint64_t share, items;
    } cases[] = {{100, 1}, {2560, 9}, {12800, 49}, {1000000, 99}, {UINT64_MAX, 99}};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        pe_adaptive_chunk chunking;
        begin(&chunking, 1, 32768, cases[c].share, false);
        pe_adaptive_chunk_learn(&chunking, 1024, 1024 * MS);
        ck_assert_uint_ge(pe_adaptive_chunk_items(&chunking), cases[c].items);
        ck_assert_uint_le(pe_adaptive_chunk_items(&chunking), cases[c].items + 1);
    }
}
END_TEST

START_TEST(chunking_follows_a_cost_that_changes)
{
    pe_adaptive_chunk chunking;
    begin(&chunking, 1, 32768, UINT64_MAX, false);
    pe_adaptive_chunk_learn(&chunking, 32768, 32768 * 10);
    ck_assert_uint_eq(pe_adaptive_chunk_items(&chunking), 32768);
    pe_adaptive_chunk_learn(&chunking, 32768, 32768 * MS); /* far too much at once: one item costs 1 ms now */
    ck_assert_uint_ge(pe_adaptive_chunk_items(&chunking), 99);
    ck_assert_uint_le(pe_adaptive_chunk_items(&chunking), 100);
    pe_adaptive_chunk_learn(&chunking, 1, 3600 * 1000 * MS);
    ck_assert_uint_eq(pe_adaptive_chunk_items(&chunking), 1);
    pe_adaptive_chunk_learn(&chunking, 1, 10);
    ck_assert_uint_eq(pe_adaptive_chunk_items(&chunking), 4);
}
END_TEST

START_TEST(chunking_goes_from_least_to_most)
{
    pe_adaptive_chunk chunking;
    begin(&chunking, 8, 20, UINT64_MAX, false);
    ck_assert_uint_eq(pe_adaptive_chunk_items(&chunking), 8);
    pe_adaptive_chunk_learn(&chunking, 8, 80);
    ck_assert_uint_eq(pe_adaptive_chunk_items(&chunking), 20);
    pe_adaptive_chunk_learn(&chunking, 8, 3600 * 1000 * MS);
    ck_assert_uint_eq(pe_adaptive_chunk_items(&chunking), 8);
    begin(&chunking, 8, 3, UINT64_MAX, false);
    ck_assert_uint_eq(pe_adaptive_chunk_items(&chunking), 3);
    pe_adaptive_chunk_learn(&chunking, 1, 3600 * 1000 * MS); /* the input's last one */
    ck_assert_uint_eq(pe_adaptive_chunk_items(&chunking), 3);
}
END_TEST

/* A program of 150 ms that keeps its answers until its input ends: begun for each piece, 10 us per item. */
START_TEST(chunking_pieces_that_cost_by_themselves_grow)
{
    pe_adaptive_chunk chunking;
    uint64_t least = UINT64_MAX;
    begin(&chunking, 1, 4096, UINT64_MAX, false);
    pe_adaptive_chunk_learn(&chunking, 1, 2150 * MS);
    for (int piece = 0; piece < 100; piece++) {
        const uint64_t items = pe_adaptive_chunk_items(&chunking);
        least = piece < 20 || items > least ? least : items;
        pe_adaptive_chunk_learn(&chunking, items, 150 * MS + items * MS / 100);
    }
    ck_assert_uint_ge(least, 512);
}
END_TEST

START_TEST(chunking_items_that_take_long_are_handed_out_singly)
{
    int pairs = 0;
    pe_adaptive_chunk chunking;
    begin(&chunking, 1, 4096, UINT64_MAX, false);
    for (int piece = 0; piece < 100; piece++) {
        const uint64_t items = pe_adaptive_chunk_items(&chunking);
        ck_assert_uint_le(items, 2);
        pairs += items == 2;
        pe_adaptive_chunk_learn(&chunking, items, items * 1000 * MS);
    }
    ck_assert_int_eq(pairs, 1);
}
END_TEST

/* Thousands of ranks ask one: none may ask more often than every 300 ms. */
START_TEST(chunking_of_many_takers_is_slower)
{
    pe_adaptive_chunk chunking;
    pe_adaptive_chunk_init(&chunking,
                           &(pe_adaptive_chunk_spec){.least = 1, .most = 32768, .share = 1000, .least_ns = 300 * MS});
    pe_adaptive_chunk_learn(&chunking, 1024, 1024 * MS);
    ck_assert_uint_ge(pe_adaptive_chunk_items(&chunking), 299);
    ck_assert_uint_le(pe_adaptive_chunk_items(&chunking), 300);
}
END_TEST

/* Chunks of 10 items that the user chose: as many at once as take 50 us, whole ones. */
START_TEST(chunking_units_are_kept_whole)
{
    pe_adaptive_chunk chunking;
    pe_adaptive_chunk_init(&chunking, &(pe_adaptive_chunk_spec){
                                          .least = 10, .most = 1000, .unit = 10, .share = 64000, .piece_ns = MS / 20});
    ck_assert_uint_eq(pe_adaptive_chunk_items(&chunking), 10);
    pe_adaptive_chunk_learn(&chunking, 10, 10 * 499); /* 100 items take 50 us, and one more than 99 */
    ck_assert_uint_eq(pe_adaptive_chunk_items(&chunking), 40);
    pe_adaptive_chunk_learn(&chunking, 40, 40 * 499);
    ck_assert_uint_eq(pe_adaptive_chunk_items(&chunking), 100);
    pe_adaptive_chunk_learn(&chunking, 100, 100 * 701); /* 71 items */
    ck_assert_uint_eq(pe_adaptive_chunk_items(&chunking), 70);
    pe_adaptive_chunk_learn(&chunking, 70, 70 * 3600 * 1000 * MS);
    ck_assert_uint_eq(pe_adaptive_chunk_items(&chunking), 10);
    pe_adaptive_chunk_learn(&chunking, 5, 5); /* the input's last ones */
    ck_assert_uint_eq(pe_adaptive_chunk_items(&chunking), 20);
}
END_TEST

/* A multiple of 131 is in three pieces of about 40, two of about 66, or one. */
START_TEST(chunking_pieces_are_even)
{
    static const uint64_t sizes[] = {40, 80, 117};
    static const uint64_t pieces[][4] = {{43, 44, 44}, {65, 66}, {131}};
    for (size_t i = 0; i < 3; i++) {
        pe_adaptive_chunk chunking;
        uint64_t at = 5 * 131;
        begin(&chunking, sizes[i], 131, UINT64_MAX, false);
        for (const uint64_t *piece = pieces[i]; *piece > 0; at += *piece++)
            ck_assert_uint_eq(pe_adaptive_chunk_piece(&chunking, at), *piece);
        ck_assert_uint_eq(at, 6 * 131);
    }
}
END_TEST

/* 50 items in chunks of 10, about 20 at once. */
START_TEST(chunking_pieces_are_whole_units)
{
    pe_adaptive_chunk chunking;
    pe_adaptive_chunk_init(&chunking,
                           &(pe_adaptive_chunk_spec){.least = 20, .most = 50, .unit = 10, .share = UINT64_MAX});
    ck_assert_uint_eq(pe_adaptive_chunk_piece(&chunking, 100), 30);
    ck_assert_uint_eq(pe_adaptive_chunk_piece(&chunking, 130), 20);
}
END_TEST

UNIT_MAIN("pace", chunking_pieces_are_even, chunking_pieces_are_whole_units, chunking_of_many_takers_is_slower,
          chunking_goes_from_least_to_most, chunking_given_size_stays, chunking_cheap_items_grow_to_the_most,
          chunking_costly_items_take_their_share_of_the_time, chunking_follows_a_cost_that_changes,
          chunking_pieces_that_cost_by_themselves_grow, chunking_items_that_take_long_are_handed_out_singly,
          chunking_units_are_kept_whole)

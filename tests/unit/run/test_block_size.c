/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_block_size.c - sampled blocks grow until what a block costs by itself is shared by many items.
 */
#include "run/reports/block_size.h"

#include "unit.h"

#define MS UINT64_C(1000000)
#define MOST 32768

/* The size at the end, where a block costs block_ns by itself and item_ns for each item. */
static uint64_t final_size(bool has_round_trip, uint64_t block_ns, uint64_t item_ns)
{
    pe_block_size size = {.items = 1, .most = MOST, .is_growing = true, .has_round_trip = has_round_trip};
    for (int blocks = 0; size.is_growing; blocks++) {
        ck_assert_int_lt(blocks, 64);
        (void)pe_block_size_learn(&size, block_ns + size.items * item_ns);
    }
    return size.items;
}

START_TEST(block_of_cheap_items_takes_ten_ms)
{
    ck_assert_uint_eq(final_size(false, 0, 1), MOST);
    ck_assert_uint_ge(final_size(false, 0, 1000), 5000);
    ck_assert_uint_le(final_size(false, 0, 1000), 10001);
    ck_assert_uint_eq(final_size(false, 0, 100 * MS), 1);
}
END_TEST

/* As on a busy machine, where the other process has to wait for a core. */
START_TEST(block_grows_where_round_trips_take_longer_than_items)
{
    ck_assert_uint_eq(final_size(true, 20 * MS, 100), MOST);
    ck_assert_uint_eq(final_size(true, 0, 20 * MS), 1);
    ck_assert_uint_eq(final_size(false, 20 * MS, 100), 1);
}
END_TEST

START_TEST(block_that_was_interrupted_does_not_end_the_growth)
{
    pe_block_size size = {.items = 1, .most = MOST, .is_growing = true, .has_round_trip = true};
    for (int blocks = 0; size.is_growing; blocks++)
        (void)pe_block_size_learn(&size, blocks % 4 == 3 ? 60 * MS : 12 * MS + size.items * 1000);
    ck_assert_uint_ge(size.items, 4096); /* 12 ms are 3 us of each item */
}
END_TEST

UNIT_MAIN("block size", block_of_cheap_items_takes_ten_ms, block_grows_where_round_trips_take_longer_than_items,
          block_that_was_interrupted_does_not_end_the_growth)

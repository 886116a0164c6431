/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_window.c - tokens put in any order come out in order.
 */
#include "exec/window.h"

#include "unit.h"

#define MANY 20000u
#define CAPACITY 64u

typedef struct record {
    uint64_t count;
    uint64_t numbers[MANY];
    uintptr_t tokens[MANY];
} record;

static record delivered; /* each test runs in a process of its own */

static void note(void *context, uint64_t number, void *token)
{
    record *to = context;
    to->numbers[to->count] = number;
    to->tokens[to->count++] = (uintptr_t)token;
}

static void *token_of(uint64_t number)
{
    return (void *)(uintptr_t)(number * 8 + 8);
}

static pe_window *make(bool is_ordered)
{
    pe_window *window = NULL;
    pe_error err = PE_ERROR_INIT;
    ck_ok(pe_window_make(CAPACITY, is_ordered, note, &delivered, &window, &err), err);
    return window;
}

static uint64_t dice(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return *state >> 33;
}

static bool is_in_order(uint64_t count)
{
    bool is_right = true;
    for (uint64_t i = 0; i < count; i++)
        is_right &= delivered.numbers[i] == i && delivered.tokens[i] == (uintptr_t)token_of(i);
    return is_right;
}

START_TEST(window_nothing_put_delivers_nothing)
{
    pe_window *window = make(true);
    ck_assert_uint_eq(pe_window_next(window), 0);
    ck_assert_uint_eq(delivered.count, 0);
    pe_window_free(window);
}
END_TEST

START_TEST(window_gap_holds_back_until_filled)
{
    pe_window *window = make(true);
    pe_window_put(window, 1, token_of(1));
    pe_window_put(window, 2, token_of(2));
    ck_assert_uint_eq(delivered.count, 0);
    pe_window_put(window, 0, token_of(0));
    ck_assert_uint_eq(delivered.count, 3);
    ck_assert(is_in_order(3));
    ck_assert_uint_eq(pe_window_next(window), 3);
    pe_window_free(window);
}
END_TEST

START_TEST(window_random_arrivals_come_out_in_order)
{
    uint64_t state = 42;
    pe_window *window = make(true);
    uint64_t waiting[CAPACITY], count = 0, issued = 0;
    while (pe_window_next(window) < MANY) {
        while (count < CAPACITY && issued < MANY && issued < pe_window_next(window) + CAPACITY)
            waiting[count++] = issued++;
        const uint64_t pick = dice(&state) % count;
        const uint64_t number = waiting[pick];
        waiting[pick] = waiting[--count];
        pe_window_put(window, number, token_of(number));
    }
    ck_assert_uint_eq(delivered.count, MANY);
    ck_assert(is_in_order(MANY));
    pe_window_free(window);
}
END_TEST

START_TEST(window_unordered_delivers_as_they_arrive)
{
    pe_window *window = make(false);
    const uint64_t numbers[] = {900, 3, 77, 0, 12};
    for (size_t i = 0; i < 5; i++)
        pe_window_put(window, numbers[i], token_of(numbers[i]));
    ck_assert_uint_eq(delivered.count, 5);
    for (size_t i = 0; i < 5; i++)
        ck_assert_uint_eq(delivered.tokens[i], (uintptr_t)token_of(numbers[i]));
    pe_window_free(window);
}
END_TEST

UNIT_MAIN("window", window_nothing_put_delivers_nothing, window_gap_holds_back_until_filled,
          window_random_arrivals_come_out_in_order, window_unordered_delivers_as_they_arrive)

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_reorder.c - chunks that are done in any order are delivered in their order, one at a time, by any threads.
 */
#include "threads/reorder.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "unit.h"

#define MANY 20000u
#define FEW 64u

typedef struct chunk {
    pe_reorder_entry entry; /* the first field */
    uint64_t number;
    bool is_delivered;
} chunk;

typedef struct record {
    uint64_t count;
    uint64_t numbers[MANY];
    atomic_int inside;
    bool was_alone; /* no two deliveries at the same time */
    int spins;      /* that a delivery takes */
    atomic_uint_fast64_t released;
    atomic_bool was_early; /* a chunk was released before its delivery, or without being asked for */
} record;

static record delivered = {.was_alone = true}; /* each test runs in a process of its own */
static chunk chunks[MANY];

/* Every fifth chunk stays with its owner: deliver asks for no release. */
static bool stays(const chunk *at)
{
    return at->number % 5 == 4;
}

static bool deliver(void *context, pe_reorder_entry *entry)
{
    record *to = context;
    chunk *at = (chunk *)entry;
    to->was_alone &= atomic_fetch_add(&to->inside, 1) == 0;
    to->numbers[to->count++] = at->number;
    at->is_delivered = true;
    for (volatile int i = 0; i < to->spins; i++)
        continue;
    atomic_fetch_sub(&to->inside, 1);
    return !stays(at);
}

static void release(void *context, pe_reorder_entry *entry)
{
    record *to = context;
    const chunk *at = (chunk *)entry;
    if (!at->is_delivered || stays(at))
        atomic_store(&to->was_early, true);
    atomic_fetch_add(&to->released, 1);
}

static pe_reorder *make(bool is_ordered)
{
    pe_reorder *reorder = NULL;
    pe_error err = PE_ERROR_INIT;
    ck_ok(pe_reorder_make(is_ordered, deliver, release, &delivered, &reorder, &err), err);
    return reorder;
}

static void insert(pe_reorder *reorder, uint64_t number)
{
    chunks[number].number = number;
    pe_reorder_insert(reorder, &chunks[number].entry);
}

static void done(pe_reorder *reorder, uint64_t number)
{
    pe_reorder_done(reorder, &chunks[number].entry, false);
}

static uint64_t dice(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return *state >> 33;
}

static bool is_in_order(uint64_t count)
{
    bool is_right = delivered.was_alone && delivered.count == count && !delivered.was_early &&
                    delivered.released == count - count / 5;
    for (uint64_t i = 0; i < count; i++)
        is_right &= delivered.numbers[i] == i;
    return is_right;
}

START_TEST(reorder_none_done_delivers_nothing)
{
    pe_reorder *reorder = make(true);
    insert(reorder, 0);
    ck_assert_uint_eq(delivered.count, 0);
    pe_reorder_free(reorder);
}
END_TEST

START_TEST(reorder_gap_holds_back_until_done)
{
    pe_reorder *reorder = make(true);
    for (uint64_t i = 0; i < 3; i++)
        insert(reorder, i);
    done(reorder, 1);
    done(reorder, 2);
    ck_assert_uint_eq(delivered.count, 0);
    done(reorder, 0);
    ck_assert(is_in_order(3));
    pe_reorder_free(reorder);
}
END_TEST

START_TEST(reorder_random_ends_come_out_in_order)
{
    uint64_t state = 42, waiting[FEW], count = 0, joined = 0;
    pe_reorder *reorder = make(true);
    while (joined < MANY || count > 0) {
        for (; count < FEW && joined < MANY; joined++) {
            insert(reorder, joined);
            waiting[count++] = joined;
        }
        const uint64_t pick = dice(&state) % count, number = waiting[pick];
        waiting[pick] = waiting[--count];
        done(reorder, number);
    }
    ck_assert(is_in_order(MANY));
    pe_reorder_free(reorder);
}
END_TEST

START_TEST(reorder_unordered_delivers_as_they_are_done)
{
    static const uint64_t order[] = {4, 1, 3, 0, 2};
    pe_reorder *reorder = make(false);
    for (uint64_t i = 0; i < 5; i++)
        insert(reorder, i);
    for (size_t i = 0; i < 5; i++)
        done(reorder, order[i]);
    ck_assert_uint_eq(delivered.count, 5);
    for (size_t i = 0; i < 5; i++)
        ck_assert_uint_eq(delivered.numbers[i], order[i]);
    pe_reorder_free(reorder);
}
END_TEST

static bool answer(void *context)
{
    return *(const bool *)context;
}

static bool insert_behind(pe_reorder *reorder, uint64_t number, uint64_t before, bool is_wanted)
{
    chunks[number].number = number;
    return pe_reorder_insert_after(reorder, &chunks[number].entry, &chunks[before].entry, answer, &is_wanted);
}

START_TEST(reorder_entry_behind_another_comes_right_after_it)
{
    pe_reorder *reorder = make(true);
    insert(reorder, 0);
    insert(reorder, 3);
    ck_assert(insert_behind(reorder, 2, 0, true));
    ck_assert(insert_behind(reorder, 1, 0, true)); /* between 0 and 2 */
    ck_assert(insert_behind(reorder, 4, 3, true)); /* at the end */
    insert(reorder, 5);
    for (uint64_t i = 6; i-- > 0;)
        done(reorder, i);
    ck_assert(is_in_order(6));
    pe_reorder_free(reorder);
}
END_TEST

START_TEST(reorder_entry_behind_one_that_is_done_or_refused_is_not_given)
{
    pe_reorder *reorder = make(true);
    insert(reorder, 0);
    insert(reorder, 1);
    ck_assert(!insert_behind(reorder, 2, 0, false));
    done(reorder, 1);
    ck_assert(!insert_behind(reorder, 2, 1, true));
    done(reorder, 0);
    ck_assert(is_in_order(2));
    ck_assert(!insert_behind(reorder, 2, 0, true)); /* delivered */
    insert(reorder, 2);
    done(reorder, 2);
    ck_assert(is_in_order(3));
    pe_reorder_free(reorder);
}
END_TEST

START_TEST(reorder_nothing_comes_after_the_last)
{
    pe_reorder *reorder = make(true);
    for (uint64_t i = 0; i < 5; i++)
        insert(reorder, i);
    pe_reorder_done(reorder, &chunks[3].entry, true);
    done(reorder, 4);
    done(reorder, 0);
    ck_assert(is_in_order(1));
    pe_reorder_done(reorder, &chunks[2].entry, true); /* it stands before the other one, and is done later */
    done(reorder, 1);
    ck_assert(is_in_order(3));
    pe_reorder_free(reorder);
}
END_TEST

typedef struct crowd {
    pe_reorder *reorder;
    pthread_mutex_t mutex;
    uint64_t joined;
} crowd;

/* As workers claim chunks: the entry is taken under the lock that gives the numbers. */
static void *insert_and_finish(void *context)
{
    crowd *self = context;
    uint64_t state = (uint64_t)(uintptr_t)&self;
    for (;;) {
        (void)pthread_mutex_lock(&self->mutex);
        const uint64_t number = self->joined;
        if (number < MANY)
            insert(self->reorder, self->joined++);
        (void)pthread_mutex_unlock(&self->mutex);
        if (number >= MANY)
            return NULL;
        if (dice(&state) % 8 == 0)
            (void)sched_yield();
        done(self->reorder, number);
    }
}

static void ck_crowd(int threads)
{
    pthread_t all[4];
    crowd self = {.reorder = make(true), .mutex = PTHREAD_MUTEX_INITIALIZER};
    for (int i = 0; i < threads; i++)
        ck_assert_int_eq(pthread_create(&all[i], NULL, insert_and_finish, &self), 0);
    for (int i = 0; i < threads; i++)
        ck_assert_int_eq(pthread_join(all[i], NULL), 0);
    ck_assert(is_in_order(MANY));
    pe_reorder_free(self.reorder);
}

START_TEST(reorder_four_threads_lose_and_swap_nothing)
{
    ck_crowd(4);
}
END_TEST

/* Deliveries so slow that the other thread finishes the next chunk meanwhile and waits to become the deliverer. */
START_TEST(reorder_slow_delivery_hands_over_to_the_waiting_thread)
{
    delivered.spins = 5000;
    ck_crowd(2);
}
END_TEST

UNIT_MAIN("reorder", reorder_none_done_delivers_nothing, reorder_gap_holds_back_until_done,
          reorder_random_ends_come_out_in_order, reorder_unordered_delivers_as_they_are_done,
          reorder_entry_behind_another_comes_right_after_it,
          reorder_entry_behind_one_that_is_done_or_refused_is_not_given, reorder_nothing_comes_after_the_last,
          reorder_four_threads_lose_and_swap_nothing, reorder_slow_delivery_hands_over_to_the_waiting_thread)

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_work_queue.c - ranges, what workers claim, and what they take from one another: every item once, in order.
 */
#include "threads/work_queue.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <time.h>

#include "unit.h"

/* ---- ranges ---- */

static pe_block next_of(pe_split_range *range)
{
    pe_block grain = {0, 0};
    return pe_split_range_next(range, &grain) ? grain : (pe_block){0, 0};
}

static pe_block split_of(pe_split_range *range)
{
    pe_block half = {0, 0};
    return pe_split_range_split(range, &half) ? half : (pe_block){0, 0};
}

static void ck_block(pe_block block, uint64_t first, uint64_t count)
{
    ck_assert_uint_eq(block.first, first);
    ck_assert_uint_eq(block.count, count);
}

START_TEST(range_owner_alone_gets_all_grains)
{
    pe_split_range range;
    pe_split_range_set(&range, (pe_block){100, 25}, 10);
    ck_block(next_of(&range), 100, 10);
    ck_block(next_of(&range), 110, 10);
    ck_block(next_of(&range), 120, 5);
    ck_block(next_of(&range), 0, 0);
    ck_block(split_of(&range), 0, 0);
}
END_TEST

START_TEST(range_untouched_keeps_the_larger_half)
{
    pe_split_range range;
    pe_split_range_set(&range, (pe_block){0, 45}, 10); /* 5 grains */
    ck_assert_uint_eq(pe_split_range_stealable(&range), 2);
    ck_block(split_of(&range), 30, 15);
    ck_block(split_of(&range), 20, 10);
    ck_block(split_of(&range), 10, 10);
    ck_assert_uint_eq(pe_split_range_stealable(&range), 0);
    ck_block(split_of(&range), 0, 0); /* the owner gets one */
    ck_block(next_of(&range), 0, 10);
    ck_block(next_of(&range), 0, 0);
}
END_TEST

START_TEST(range_begun_gives_away_all_but_the_grain_at_work)
{
    pe_split_range range;
    pe_split_range_set(&range, (pe_block){0, 4}, 1);
    ck_block(next_of(&range), 0, 1);
    ck_block(split_of(&range), 2, 2);
    ck_block(split_of(&range), 1, 1);
    ck_block(split_of(&range), 0, 0);
    ck_block(next_of(&range), 0, 0);
}
END_TEST

/* ---- queue ---- */

#define WORKERS 4
#define BUFFERS 12
#define SLICE_ITEMS 997u
#define SLICES 40u
#define ITEMS (SLICES * SLICE_ITEMS)

typedef struct queue_test {
    pe_work_queue *queue;
    pe_reorder *reorder;
    pe_adaptive_chunk chunking;
    atomic_int computed[ITEMS];
    uint64_t delivered; /* the deliverer: items, in order so far */
    bool is_in_order, has_slow_items;
    atomic_int stolen;
} queue_test;

static bool deliver(void *context, pe_reorder_entry *entry)
{
    queue_test *self = context;
    pe_chunk *chunk = pe_chunk_of_entry(entry);
    pe_slice *slice = chunk->slice;
    self->is_in_order &= chunk->range.block.first == self->delivered;
    self->delivered += chunk->out.items;
    slice->delivered += chunk->out.items;
    if (slice->delivered == slice->block.count)
        pe_work_queue_recycle(self->queue, slice);
    return true;
}

static void release(void *context, pe_reorder_entry *entry)
{
    const queue_test *self = context;
    pe_work_queue_release(self->queue, pe_chunk_of_entry(entry));
}

static void idle(void *context)
{
    (void)context;
}

static void begin(queue_test *self, uint64_t chunk_items, uint64_t grain)
{
    pe_error err = PE_ERROR_INIT;
    *self = (queue_test){.is_in_order = true};
    pe_adaptive_chunk_init(&self->chunking,
                           &(pe_adaptive_chunk_spec){.least = 1, .most = chunk_items, .is_fixed = true});
    ck_ok(pe_reorder_make(true, deliver, release, self, &self->reorder, &err), err);
    const pe_work_queue_spec spec = {.buffers = {.chunks = 4 * BUFFERS,
                                                 .items = BUFFERS * chunk_items,
                                                 .bytes = 64 * BUFFERS,
                                                 .chunk_items = chunk_items,
                                                 .workers = WORKERS},
                                     .warm = BUFFERS,
                                     .grain = grain,
                                     .buffer_bytes = 64,
                                     .chunking = &self->chunking,
                                     .reorder = self->reorder,
                                     .idle = idle,
                                     .context = self};
    ck_ok(pe_work_queue_make(&spec, &self->queue, &err), err);
}

static void push(queue_test *self, uint64_t first, uint64_t count)
{
    pe_error err = PE_ERROR_INIT;
    pe_slice *slice = NULL;
    ck_ok(pe_work_queue_make_slice(self->queue, &slice, &err), err);
    slice->block = (pe_block){first, count};
    pe_work_queue_push(self->queue, slice);
}

static void end(queue_test *self)
{
    pe_work_queue_free(self->queue);
    pe_reorder_free(self->reorder);
    free(self);
}

static queue_test *make(uint64_t chunk_items, uint64_t grain)
{
    queue_test *self = malloc(sizeof *self);
    ck_assert_ptr_nonnull(self);
    begin(self, chunk_items, grain);
    return self;
}

/* Items of the chunk's next grain; 0: there is none. */
static uint64_t advance(pe_chunk *chunk)
{
    const uint64_t count = next_of(&chunk->range).count;
    chunk->out.items += count;
    return count;
}

START_TEST(queue_idle_worker_takes_half_of_the_fullest_chunk)
{
    queue_test *self = make(8, 1);
    push(self, 0, 16);
    pe_chunk *first = pe_work_queue_take(self->queue, 0), *second = pe_work_queue_take(self->queue, 1);
    for (int i = 0; i < 5; i++)
        ck_assert_uint_eq(advance(second), 1);
    ck_assert_uint_eq(advance(first), 1);
    pe_work_queue_close(self->queue);
    pe_chunk *third = pe_work_queue_take(self->queue, 2);
    ck_block(third->range.block, 4, 4); /* of 1 to 7, which nobody had begun */
    ck_assert_ptr_eq(third->slice, first->slice);
    pe_work_queue_stop(self->queue);
    end(self);
}
END_TEST

START_TEST(queue_nothing_left_to_begin_ends_the_worker)
{
    queue_test *self = make(8, 1);
    push(self, 0, 1);
    pe_chunk *only = pe_work_queue_take(self->queue, 0);
    ck_assert_ptr_nonnull(only);
    pe_work_queue_close(self->queue);
    ck_assert_ptr_null(pe_work_queue_take(self->queue, 1));
    end(self);
}
END_TEST

/* All buffers but the kept ones wait behind the first chunk: who comes then helps with that one. */
START_TEST(queue_without_buffers_help_the_chunk_that_all_wait_for)
{
    queue_test *self = make(4, 1);
    push(self, 0, 400);
    pe_chunk *slow = pe_work_queue_take(self->queue, 0);
    ck_assert_uint_eq(advance(slow), 1);
    uint64_t claimed = 4;
    pe_chunk *chunk = pe_work_queue_take(self->queue, 1);
    for (; chunk->range.block.first == claimed; chunk = pe_work_queue_take(self->queue, 1)) {
        while (advance(chunk) > 0)
            continue;
        claimed += 4;
        pe_reorder_done(self->reorder, &chunk->entry, false);
    }
    ck_assert_uint_eq(claimed, 4 * (BUFFERS - BUFFERS / 4)); /* a quarter is kept, fewer than there are workers */
    ck_block(chunk->range.block, 2, 2);                      /* of 1 to 3 */
    while (advance(chunk) > 0)
        continue;
    pe_reorder_done(self->reorder, &chunk->entry, false);
    ck_assert_uint_eq(self->delivered, 0);
    while (advance(slow) > 0)
        continue;
    pe_reorder_done(self->reorder, &slow->entry, false);
    ck_assert_uint_eq(self->delivered, claimed);
    ck_assert(self->is_in_order);
    end(self);
}
END_TEST

typedef struct worker {
    queue_test *self;
    int number;
} worker;

static void wait_for_thief(const pe_split_range *range)
{
    const uint64_t there = pe_split_range_stealable(range);
    for (int ms = 0; ms < 20000 && there > 0 && pe_split_range_stealable(range) == there; ms++)
        (void)nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

static void *work(void *context)
{
    const worker *me = context;
    queue_test *self = me->self;
    for (pe_chunk *chunk = NULL; (chunk = pe_work_queue_take(self->queue, me->number)) != NULL;) {
        const uint64_t claimed = chunk->range.block.count;
        for (pe_block grain; pe_split_range_next(&chunk->range, &grain); chunk->out.items += grain.count)
            for (uint64_t i = grain.first; i < grain.first + grain.count; i++) {
                atomic_fetch_add(&self->computed[i], 1);
                for (int k = 0; self->has_slow_items && i % 501 == 0 && k < 50; k++)
                    (void)sched_yield();
                if (self->has_slow_items && i == ITEMS - SLICE_ITEMS)
                    wait_for_thief(&chunk->range);
            }
        atomic_fetch_add(&self->stolen, chunk->out.items < claimed);
        pe_reorder_done(self->reorder, &chunk->entry, false);
    }
    return NULL;
}

static void crowd(uint64_t chunk_items, uint64_t grain)
{
    queue_test *self = make(chunk_items, grain);
    pthread_t threads[WORKERS];
    worker workers[WORKERS];
    self->has_slow_items = true;
    for (int w = 0; w < WORKERS; w++) {
        workers[w] = (worker){self, w};
        ck_assert_int_eq(pthread_create(&threads[w], NULL, work, &workers[w]), 0);
    }
    for (uint64_t t = 0; t < SLICES; t++)
        push(self, t * SLICE_ITEMS, SLICE_ITEMS);
    pe_work_queue_close(self->queue);
    for (int w = 0; w < WORKERS; w++)
        ck_assert_int_eq(pthread_join(threads[w], NULL), 0);
    ck_assert_uint_eq(self->delivered, ITEMS);
    ck_assert(self->is_in_order);
    for (uint64_t i = 0; i < ITEMS; i++)
        ck_assert_int_eq(atomic_load(&self->computed[i]), 1);
    ck_assert_int_gt(atomic_load(&self->stolen), 0);
    end(self);
}

/* ---- a worker that sleeps ---- */

static void set_chunking(queue_test *self, uint64_t items)
{
    atomic_store(&self->chunking.items, items);
}

static void backoff(void)
{
    (void)nanosleep(&(struct timespec){.tv_nsec = 50000000},
                    NULL); /* far longer than a worker looks before it sleeps */
}

static void *take_one(void *context)
{
    queue_test *self = context;
    ck_assert_ptr_nonnull(pe_work_queue_take(self->queue, 1));
    atomic_store(&self->computed[0], 1);
    return NULL;
}

/* A worker sleeps since 80 items have no room; by the time that there is room, the chunking is 10. */
START_TEST(queue_sleeper_wakes_though_the_chunking_has_changed)
{
    enum { FULL = 8, SMALL = 4 };
    queue_test *self = make(80, 80);
    pthread_t thread;
    pe_chunk *small[SMALL];
    push(self, 0, 1600);
    for (int i = 0; i < FULL; i++)
        ck_assert_uint_eq(pe_work_queue_take(self->queue, 0)->range.block.count, 80);
    set_chunking(self, 20);
    for (int i = 0; i < SMALL; i++)
        ck_assert_uint_eq((small[i] = pe_work_queue_take(self->queue, 0))->range.block.count, 20);
    set_chunking(self, 80); /* 720 items are under way, as many as may be beside those that are kept */
    ck_assert_int_eq(pthread_create(&thread, NULL, take_one, self), 0);
    backoff();
    pe_work_queue_release(self->queue, small[0]);
    backoff();
    ck_assert_int_eq(atomic_load(&self->computed[0]), 0);
    set_chunking(self, 10);
    pe_work_queue_release(self->queue, small[1]);
    ck_assert_int_eq(pthread_join(thread, NULL), 0); /* hangs where it sleeps on */
    ck_assert_int_eq(atomic_load(&self->computed[0]), 1);
    end(self);
}
END_TEST

START_TEST(queue_four_workers_compute_every_item_once)
{
    crowd(64, 1);
    crowd(100, 7);
    crowd(997, 32);
}
END_TEST

UNIT_MAIN("work queue", range_owner_alone_gets_all_grains, range_untouched_keeps_the_larger_half,
          range_begun_gives_away_all_but_the_grain_at_work, queue_idle_worker_takes_half_of_the_fullest_chunk,
          queue_nothing_left_to_begin_ends_the_worker, queue_without_buffers_help_the_chunk_that_all_wait_for,
          queue_sleeper_wakes_though_the_chunking_has_changed, queue_four_workers_compute_every_item_once)

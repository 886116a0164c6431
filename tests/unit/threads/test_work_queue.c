/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_claims.c - portions, what workers claim, and what they take from one another: every item once, in order.
 */
#include "threads/work_queue.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <time.h>

#include "unit.h"

/* ---- portions ---- */

static pe_block next_of(pe_portion *portion)
{
    pe_block grain = {0, 0};
    return pe_portion_next(portion, &grain) ? grain : (pe_block){0, 0};
}

static pe_block split_of(pe_portion *portion)
{
    pe_block half = {0, 0};
    return pe_portion_split(portion, &half) ? half : (pe_block){0, 0};
}

static void ck_block(pe_block block, uint64_t first, uint64_t count)
{
    ck_assert_uint_eq(block.first, first);
    ck_assert_uint_eq(block.count, count);
}

START_TEST(portion_owner_alone_gets_all_grains)
{
    pe_portion portion;
    pe_portion_set(&portion, (pe_block){100, 25}, 10);
    ck_block(next_of(&portion), 100, 10);
    ck_block(next_of(&portion), 110, 10);
    ck_block(next_of(&portion), 120, 5);
    ck_block(next_of(&portion), 0, 0);
    ck_block(split_of(&portion), 0, 0);
}
END_TEST

START_TEST(portion_untouched_keeps_the_larger_half)
{
    pe_portion portion;
    pe_portion_set(&portion, (pe_block){0, 45}, 10); /* 5 grains */
    ck_assert_uint_eq(pe_portion_spare(&portion), 2);
    ck_block(split_of(&portion), 30, 15);
    ck_block(split_of(&portion), 20, 10);
    ck_block(split_of(&portion), 10, 10);
    ck_assert_uint_eq(pe_portion_spare(&portion), 0);
    ck_block(split_of(&portion), 0, 0); /* the owner gets one */
    ck_block(next_of(&portion), 0, 10);
    ck_block(next_of(&portion), 0, 0);
}
END_TEST

START_TEST(portion_begun_gives_away_all_but_the_grain_at_work)
{
    pe_portion portion;
    pe_portion_set(&portion, (pe_block){0, 4}, 1);
    ck_block(next_of(&portion), 0, 1);
    ck_block(split_of(&portion), 2, 2);
    ck_block(split_of(&portion), 1, 1);
    ck_block(split_of(&portion), 0, 0);
    ck_block(next_of(&portion), 0, 0);
}
END_TEST

/* ---- claims ---- */

#define WORKERS 4
#define BUFFERS 12
#define TASK_ITEMS 997u
#define TASKS 40u
#define ITEMS (TASKS * TASK_ITEMS)

typedef struct rig {
    pe_claims *claims;
    pe_line *line;
    pe_pace pace;
    atomic_int computed[ITEMS];
    uint64_t delivered; /* the deliverer: items, in order so far */
    bool is_in_order, has_slow_items;
    atomic_int stolen;
} rig;

static bool deliver(void *context, pe_place_in_line *place)
{
    rig *self = context;
    pe_chunk *chunk = (pe_chunk *)place;
    pe_task *task = chunk->task;
    self->is_in_order &= chunk->portion.block.first == self->delivered;
    self->delivered += chunk->out.items;
    task->delivered += chunk->out.items;
    if (task->delivered == task->block.count)
        pe_claims_recycle(self->claims, task);
    return true;
}

static void release(void *context, pe_place_in_line *place)
{
    const rig *self = context;
    pe_claims_release(self->claims, (pe_chunk *)place);
}

static void idle(void *context)
{
    (void)context;
}

static void begin(rig *self, uint64_t chunk_items, uint64_t grain)
{
    pe_error err = PE_ERROR_INIT;
    *self = (rig){.is_in_order = true};
    pe_pace_init(&self->pace, &(pe_pace_spec){.least = 1, .most = chunk_items, .is_fixed = true});
    ck_ok(pe_line_make(true, deliver, release, self, &self->line, &err), err);
    const pe_claims_spec spec = {.buffers = 4 * BUFFERS,
                                 .items = BUFFERS * chunk_items,
                                 .bytes = 64 * BUFFERS,
                                 .warm = BUFFERS,
                                 .workers = WORKERS,
                                 .grain = grain,
                                 .chunk_bytes = 64,
                                 .pace = &self->pace,
                                 .line = self->line,
                                 .idle = idle,
                                 .context = self};
    ck_ok(pe_claims_make(&spec, &self->claims, &err), err);
}

static void push(rig *self, uint64_t first, uint64_t count)
{
    pe_error err = PE_ERROR_INIT;
    pe_task *task = NULL;
    ck_ok(pe_claims_task(self->claims, &task, &err), err);
    task->block = (pe_block){first, count};
    pe_claims_push(self->claims, task);
}

static void end(rig *self)
{
    pe_claims_free(self->claims);
    pe_line_free(self->line);
    free(self);
}

static rig *make(uint64_t chunk_items, uint64_t grain)
{
    rig *self = malloc(sizeof *self);
    ck_assert_ptr_nonnull(self);
    begin(self, chunk_items, grain);
    return self;
}

/* Items of the chunk's next grain; 0: there is none. */
static uint64_t advance(pe_chunk *chunk)
{
    const uint64_t count = next_of(&chunk->portion).count;
    chunk->out.items += count;
    return count;
}

START_TEST(claims_idle_worker_takes_half_of_the_fullest_chunk)
{
    rig *self = make(8, 1);
    push(self, 0, 16);
    pe_chunk *first = pe_claims_take(self->claims, 0), *second = pe_claims_take(self->claims, 1);
    for (int i = 0; i < 5; i++)
        ck_assert_uint_eq(advance(second), 1);
    ck_assert_uint_eq(advance(first), 1);
    pe_claims_close(self->claims);
    pe_chunk *third = pe_claims_take(self->claims, 2);
    ck_block(third->portion.block, 4, 4); /* of 1 to 7, which nobody had begun */
    ck_assert_ptr_eq(third->task, first->task);
    pe_claims_stop(self->claims);
    end(self);
}
END_TEST

START_TEST(claims_nothing_left_to_begin_ends_the_worker)
{
    rig *self = make(8, 1);
    push(self, 0, 1);
    pe_chunk *only = pe_claims_take(self->claims, 0);
    ck_assert_ptr_nonnull(only);
    pe_claims_close(self->claims);
    ck_assert_ptr_null(pe_claims_take(self->claims, 1));
    end(self);
}
END_TEST

/* All buffers but the kept ones wait behind the first chunk: who comes then helps with that one. */
START_TEST(claims_without_buffers_help_the_chunk_that_all_wait_for)
{
    rig *self = make(4, 1);
    push(self, 0, 400);
    pe_chunk *slow = pe_claims_take(self->claims, 0);
    ck_assert_uint_eq(advance(slow), 1);
    uint64_t claimed = 4;
    pe_chunk *chunk = pe_claims_take(self->claims, 1);
    for (; chunk->portion.block.first == claimed; chunk = pe_claims_take(self->claims, 1)) {
        while (advance(chunk) > 0)
            continue;
        claimed += 4;
        pe_line_done(self->line, &chunk->place, false);
    }
    ck_assert_uint_eq(claimed, 4 * (BUFFERS - BUFFERS / 4)); /* a quarter is kept, fewer than there are workers */
    ck_block(chunk->portion.block, 2, 2);                    /* of 1 to 3 */
    while (advance(chunk) > 0)
        continue;
    pe_line_done(self->line, &chunk->place, false);
    ck_assert_uint_eq(self->delivered, 0);
    while (advance(slow) > 0)
        continue;
    pe_line_done(self->line, &slow->place, false);
    ck_assert_uint_eq(self->delivered, claimed);
    ck_assert(self->is_in_order);
    end(self);
}
END_TEST

typedef struct worker {
    rig *self;
    int number;
} worker;

static void *work(void *context)
{
    const worker *me = context;
    rig *self = me->self;
    for (pe_chunk *chunk = NULL; (chunk = pe_claims_take(self->claims, me->number)) != NULL;) {
        const uint64_t claimed = chunk->portion.block.count;
        for (pe_block grain; pe_portion_next(&chunk->portion, &grain); chunk->out.items += grain.count)
            for (uint64_t i = grain.first; i < grain.first + grain.count; i++) {
                atomic_fetch_add(&self->computed[i], 1);
                for (int k = 0; self->has_slow_items && i % 501 == 0 && k < 50; k++)
                    (void)sched_yield();
                if (self->has_slow_items && i == ITEMS - TASK_ITEMS) /* until the others come for the rest */
                    (void)nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
            }
        atomic_fetch_add(&self->stolen, chunk->out.items < claimed);
        pe_line_done(self->line, &chunk->place, false);
    }
    return NULL;
}

static void crowd(uint64_t chunk_items, uint64_t grain)
{
    rig *self = make(chunk_items, grain);
    pthread_t threads[WORKERS];
    worker workers[WORKERS];
    self->has_slow_items = true;
    for (int w = 0; w < WORKERS; w++) {
        workers[w] = (worker){self, w};
        ck_assert_int_eq(pthread_create(&threads[w], NULL, work, &workers[w]), 0);
    }
    for (uint64_t t = 0; t < TASKS; t++)
        push(self, t * TASK_ITEMS, TASK_ITEMS);
    pe_claims_close(self->claims);
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

static void set_pace(rig *self, uint64_t items)
{
    atomic_store(&self->pace.items, items);
}

static void nap(void)
{
    (void)nanosleep(&(struct timespec){.tv_nsec = 50000000},
                    NULL); /* far longer than a worker looks before it sleeps */
}

static void *take_one(void *context)
{
    rig *self = context;
    ck_assert_ptr_nonnull(pe_claims_take(self->claims, 1));
    atomic_store(&self->computed[0], 1);
    return NULL;
}

/* A worker sleeps since 80 items have no room; by the time that there is room, the pace is 10. */
START_TEST(claims_sleeper_wakes_though_the_pace_has_changed)
{
    enum { FULL = 8, SMALL = 4 };
    rig *self = make(80, 80);
    pthread_t thread;
    pe_chunk *small[SMALL];
    push(self, 0, 1600);
    for (int i = 0; i < FULL; i++)
        ck_assert_uint_eq(pe_claims_take(self->claims, 0)->portion.block.count, 80);
    set_pace(self, 20);
    for (int i = 0; i < SMALL; i++)
        ck_assert_uint_eq((small[i] = pe_claims_take(self->claims, 0))->portion.block.count, 20);
    set_pace(self, 80); /* 720 items are under way, as many as may be beside those that are kept */
    ck_assert_int_eq(pthread_create(&thread, NULL, take_one, self), 0);
    nap();
    pe_claims_release(self->claims, small[0]);
    nap();
    ck_assert_int_eq(atomic_load(&self->computed[0]), 0);
    set_pace(self, 10);
    pe_claims_release(self->claims, small[1]);
    for (int i = 0; i < 100 && atomic_load(&self->computed[0]) == 0; i++)
        nap();
    ck_assert_int_eq(atomic_load(&self->computed[0]), 1);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    end(self);
}
END_TEST

START_TEST(claims_four_workers_compute_every_item_once)
{
    crowd(64, 1);
    crowd(100, 7);
    crowd(997, 32);
}
END_TEST

UNIT_MAIN("claims", portion_owner_alone_gets_all_grains, portion_untouched_keeps_the_larger_half,
          portion_begun_gives_away_all_but_the_grain_at_work, claims_idle_worker_takes_half_of_the_fullest_chunk,
          claims_nothing_left_to_begin_ends_the_worker, claims_without_buffers_help_the_chunk_that_all_wait_for,
          claims_sleeper_wakes_though_the_pace_has_changed, claims_four_workers_compute_every_item_once)

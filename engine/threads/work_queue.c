/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* claims.c - what the workers of one rank take next: chunks of the slices granted to it, and buffers for their results.
 *
 * Design: claims.h. One mutex guards everything: it is taken twice a chunk, and chunks are sized to last far longer.
 *         Some buffers are kept for what is taken from others: where all else waits behind a chunk under way, they are
 *         what helps it.
 * Threads: any; every field below is guarded by mutex but those set by make.
 * Not here: the order of delivery (line.c), what is taken from whom (steal.c), who grants (root.c, member.c).
 */
#include "threads/work_queue.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/lock.h"
#include "threads/steal.h"

#define SPINS 2000                   /* some 20 to 50 us */
#define WARM_SPINS 300               /* some 5 us: what it takes to hash a chunk, or to copy it into the page cache */
#define TRIM_LEAST ((size_t)1 << 20) /* smaller ones are worth keeping */
#define KEPT_SHARE 4                 /* the most that is kept, as a part */

struct pe_claims {
    pthread_mutex_t mutex;
    pthread_cond_t changed; /* a task, a free buffer, closed or stopped */
    pe_claims_spec spec;
    int kept_buffers;    /* for what is taken from others */
    uint64_t kept_items; /* as above */
    size_t payload;      /* bytes of the tasks pushed and not yet recycled */
    pe_chunk *buffers;   /* all of them */
    pe_chunk *free_chunks;
    size_t free_bytes;     /* that they hold */
    int taken;             /* under way: the others are free */
    uint64_t taken_items;  /* in them */
    pe_chunk **running;    /* by worker: the chunk that it took last, or NULL */
    pe_task *first, *last; /* pushed, with chunks left to claim */
    pe_task *spare;
    pe_task *every; /* all tasks there are, wherever they are, by their `sibling` */
    uint64_t backlog;
    bool is_closed, is_stopped;
    int sleepers;        /* workers in pthread_cond_wait */
    atomic_uint changes; /* counts what a waiting worker may wait for; spun on without the lock */
};

/* Of `all` there are, `each` for every worker to take from others. A worker alone has nobody to take from, and what is
 * little is for claims. */
static uint64_t kept_of(const pe_claims_spec *spec, uint64_t all, uint64_t each)
{
    const uint64_t wanted = (uint64_t)spec->workers * each;
    return spec->workers == 1 ? 0 : wanted < all / KEPT_SHARE ? wanted : all / KEPT_SHARE;
}

pe_status pe_claims_make(const pe_claims_spec *spec, pe_claims **out, pe_error *err)
{
    pe_claims *claims = NULL;
    pe_status status = pe_make_array(&claims, 1, sizeof *claims, err);
    if (status != PE_OK)
        return status;
    status = pe_make_array(&claims->buffers, (size_t)spec->buffers, sizeof *claims->buffers, err);
    if (status == PE_OK)
        status = pe_make_array(&claims->running, (size_t)spec->workers, sizeof(pe_chunk *), err);
    if (status != PE_OK) {
        free(claims->buffers);
        free(claims);
        return status;
    }
    pe_lock_init(&claims->mutex);
    (void)pthread_cond_init(&claims->changed, NULL);
    atomic_init(&claims->changes, 0);
    claims->spec = *spec;
    claims->kept_buffers = (int)kept_of(spec, (uint64_t)spec->buffers, 1);
    claims->kept_items = kept_of(spec, spec->items, spec->pace->spec.most);
    for (int i = spec->buffers - 1; i >= 0; i--) {
        claims->buffers[i].next = claims->free_chunks;
        claims->free_chunks = &claims->buffers[i];
    }
    *out = claims;
    return PE_OK;
}

/* With the lock held: whoever waits may look again. */
static void announce(pe_claims *claims)
{
    atomic_fetch_add_explicit(&claims->changes, 1, memory_order_relaxed); /* the lock orders what changed */
    if (claims->sleepers > 0)
        (void)pthread_cond_broadcast(&claims->changed);
}

static void free_tasks(pe_task *task)
{
    while (task != NULL) {
        pe_task *next = task->sibling;
        pe_buffer_fini(&task->payload);
        free(task);
        task = next;
    }
}

void pe_claims_free(pe_claims *claims)
{
    if (claims == NULL)
        return;
    for (int i = 0; i < claims->spec.buffers; i++) {
        pe_buffer_fini(&claims->buffers[i].out.bytes);
        pe_buffer_fini(&claims->buffers[i].out.log);
    }
    free_tasks(claims->every);
    free(claims->running);
    free(claims->buffers);
    (void)pthread_cond_destroy(&claims->changed);
    (void)pthread_mutex_destroy(&claims->mutex);
    free(claims);
}

static pe_status make_task(pe_claims *claims, pe_task **out, pe_error *err)
{
    const pe_status status = pe_make_array(out, 1, sizeof **out, err);
    if (status != PE_OK)
        return status;
    (*out)->sibling = claims->every; /* the main thread makes tasks, and alone reads this list */
    claims->every = *out;
    return PE_OK;
}

pe_status pe_claims_task(pe_claims *claims, pe_task **out, pe_error *err)
{
    (void)pthread_mutex_lock(&claims->mutex);
    pe_task *task = claims->spare;
    if (task != NULL)
        claims->spare = task->next;
    (void)pthread_mutex_unlock(&claims->mutex);
    if (task == NULL)
        return make_task(claims, out, err);
    pe_buffer payload = task->payload;
    payload.size = 0;
    *task = (pe_task){.payload = payload, .sibling = task->sibling};
    *out = task;
    return PE_OK;
}

void pe_claims_push(pe_claims *claims, pe_task *task)
{
    task->next = NULL;
    (void)pthread_mutex_lock(&claims->mutex);
    if (claims->last != NULL)
        claims->last->next = task;
    else
        claims->first = task;
    claims->last = task;
    claims->backlog++;
    task->payload_bytes = task->payload.size;
    claims->payload += task->payload_bytes;
    announce(claims);
    (void)pthread_mutex_unlock(&claims->mutex);
}

/* What was needed for one item of unusual size is not kept for the next. */
static void trim(pe_buffer *buffer, size_t most)
{
    if (buffer->room > most && buffer->room > TRIM_LEAST)
        pe_buffer_fini(buffer);
}

void pe_claims_recycle(pe_claims *claims, pe_task *task)
{
    trim(&task->payload, 2 * claims->spec.chunk_bytes);
    (void)pthread_mutex_lock(&claims->mutex);
    claims->payload -= task->payload_bytes;
    task->payload_bytes = 0;
    task->next = claims->spare;
    claims->spare = task;
    (void)pthread_mutex_unlock(&claims->mutex);
}

uint64_t pe_claims_backlog(pe_claims *claims)
{
    (void)pthread_mutex_lock(&claims->mutex);
    const uint64_t backlog = claims->backlog;
    (void)pthread_mutex_unlock(&claims->mutex);
    return backlog;
}

size_t pe_claims_payload(pe_claims *claims)
{
    (void)pthread_mutex_lock(&claims->mutex);
    const size_t payload = claims->payload;
    (void)pthread_mutex_unlock(&claims->mutex);
    return payload;
}

/* The next items of a task. */
static pe_block next_block(const pe_claims *claims, const pe_task *task)
{
    const uint64_t first = task->block.first + task->claimed, left = task->block.count - task->claimed;
    const uint64_t count = pe_pace_piece(claims->spec.pace, first);
    return (pe_block){.first = first, .count = count < left ? count : left};
}

/* What so many items may take. */
static size_t bytes_of(const pe_claims *claims, uint64_t items)
{
    return (size_t)((double)claims->spec.bytes * ((double)items / (double)claims->spec.items));
}

/* With the lock held, a buffer at hand. */
static pe_chunk *take_buffer(pe_claims *claims)
{
    pe_chunk *chunk = claims->free_chunks;
    claims->free_chunks = chunk->next;
    claims->free_bytes -= chunk->out.bytes.room;
    claims->taken++;
    chunk->out.bytes.size = 0;
    chunk->out.log.size = 0;
    chunk->out.placed = 0;
    chunk->out.items = 0;
    chunk->out.rows = 0;
    chunk->work_ns = 0;
    return chunk;
}

/* With the lock held. There may be more small chunks than full ones, but not in the buffers of full ones. */
static void count_items(pe_claims *claims, pe_chunk *chunk)
{
    const uint64_t items = chunk->portion.block.count;
    const size_t bytes = bytes_of(claims, items);
    claims->taken_items += items;
    if (items < claims->spec.pace->spec.most && chunk->out.bytes.room > bytes + bytes / 4)
        pe_buffer_fini(&chunk->out.bytes);
}

/* With the lock held, a task and a buffer at hand. */
static pe_chunk *claim(pe_claims *claims)
{
    pe_chunk *chunk = take_buffer(claims);
    pe_task *task = claims->first;
    const pe_block block = next_block(claims, task);

    chunk->task = task;
    pe_portion_set(&chunk->portion, block, claims->spec.grain);
    count_items(claims, chunk);
    pe_line_join(claims->spec.line, &chunk->place);
    task->claimed += block.count;
    if (task->claimed == task->block.count) {
        claims->backlog--;
        claims->first = task->next;
        if (claims->first == NULL)
            claims->last = NULL;
    }
    return chunk;
}

/* With the lock held: the free buffer that was not used for the longest time gives up its memory. */
static void cool_down(pe_claims *claims)
{
    pe_chunk *coldest = NULL;
    for (pe_chunk *at = claims->free_chunks; at != NULL; at = at->next)
        if (at->out.bytes.room > 0)
            coldest = at;
    if (coldest == NULL)
        return;
    claims->free_bytes -= coldest->out.bytes.room;
    pe_buffer_fini(&coldest->out.bytes);
}

/* With the lock held: a buffer is free again. */
static void give_back(pe_claims *claims, pe_chunk *chunk)
{
    claims->free_bytes += chunk->out.bytes.room;
    chunk->next = claims->free_chunks;
    claims->free_chunks = chunk;
    claims->taken--;
    while (claims->free_bytes > 0 && claims->free_bytes + bytes_of(claims, claims->taken_items) > claims->spec.bytes)
        cool_down(claims);
}

/* With the lock held, a buffer at hand: a part of another worker's chunk, or NULL when its owner was faster. */
static pe_chunk *take_from_others(pe_claims *claims)
{
    pe_chunk *chunk = take_buffer(claims);
    if (pe_steal(claims->running, claims->spec.workers, claims->spec.line, chunk)) {
        count_items(claims, chunk);
        return chunk;
    }
    give_back(claims, chunk);
    return NULL;
}

/* A buffer often is free again within microseconds: a sleep and its wake-up would cost more than the wait. */
static void spin(pe_claims *claims, int spins)
{
    const unsigned changes = atomic_load_explicit(&claims->changes, memory_order_relaxed);
    for (int i = 0; i < spins; i++) {
        if (atomic_load_explicit(&claims->changes, memory_order_relaxed) != changes) /* the lock orders what follows */
            return;
        PE_PAUSE();
    }
}

/* With the lock held: no room for the next claim but what is kept. */
static bool lacks_buffer(const pe_claims *claims)
{
    const pe_claims_spec *spec = &claims->spec;
    const uint64_t next = claims->first == NULL ? 0 : next_block(claims, claims->first).count;
    return spec->buffers - claims->taken <= claims->kept_buffers ||
           claims->taken_items + next > spec->items - claims->kept_items;
}

/* With the lock held: room for what may be taken from another. */
static bool has_spare_buffer(const pe_claims *claims)
{
    return claims->free_chunks != NULL && claims->taken_items + claims->spec.pace->spec.most <= claims->spec.items;
}

pe_chunk *pe_claims_take(pe_claims *claims, int worker)
{
    pe_chunk *chunk = NULL;
    bool has_called = false, has_spun = false;
    (void)pthread_mutex_lock(&claims->mutex);
    claims->running[worker] = NULL;
    while (!claims->is_stopped) {
        const bool must_wait = claims->first == NULL || lacks_buffer(claims);
        if (!must_wait && (claims->taken < claims->spec.warm || has_spun)) {
            chunk = claim(claims);
            break;
        }
        const bool is_last = claims->first == NULL && claims->is_closed;
        const bool may_help =
            (is_last || (must_wait && has_spun)) && pe_steal_is_possible(claims->running, claims->spec.workers);
        if (is_last && !may_help) {
            announce(claims); /* whoever sleeps until it may help has nobody left to help */
            break;
        }
        if (may_help && has_spare_buffer(claims)) {
            chunk = take_from_others(claims);
            if (chunk != NULL)
                break;
            continue;
        }
        if (claims->first == NULL && !claims->is_closed && !has_called) {
            has_called = true;
            (void)pthread_mutex_unlock(&claims->mutex);
            claims->spec.idle(claims->spec.context);
            (void)pthread_mutex_lock(&claims->mutex);
            continue;
        }
        if (!has_spun) {
            has_spun = true;
            (void)pthread_mutex_unlock(&claims->mutex);
            spin(claims, must_wait ? SPINS : WARM_SPINS);
            (void)pthread_mutex_lock(&claims->mutex);
            continue;
        }
        claims->sleepers++;
        (void)pthread_cond_wait(&claims->changed, &claims->mutex);
        claims->sleepers--;
        has_spun = false;
    }
    claims->running[worker] = chunk;
    (void)pthread_mutex_unlock(&claims->mutex);
    return chunk;
}

void pe_claims_release(pe_claims *claims, pe_chunk *chunk)
{
    trim(&chunk->out.bytes, 2 * claims->spec.chunk_bytes);
    (void)pthread_mutex_lock(&claims->mutex);
    /* how many items a sleeper waits for room for is not known here: the pace may be another by now */
    const bool is_waited_for = claims->sleepers > 0 || lacks_buffer(claims) || claims->taken == claims->spec.warm;
    claims->taken_items -= chunk->portion.block.count;
    give_back(claims, chunk);
    if (is_waited_for)
        announce(claims);
    (void)pthread_mutex_unlock(&claims->mutex);
}

void pe_claims_close(pe_claims *claims)
{
    (void)pthread_mutex_lock(&claims->mutex);
    claims->is_closed = true;
    announce(claims);
    (void)pthread_mutex_unlock(&claims->mutex);
}

void pe_claims_stop(pe_claims *claims)
{
    (void)pthread_mutex_lock(&claims->mutex);
    claims->is_stopped = true;
    claims->first = claims->last = NULL; /* what is left of them is not wanted, and one may be delivered as it is */
    claims->backlog = 0;
    announce(claims);
    (void)pthread_mutex_unlock(&claims->mutex);
}

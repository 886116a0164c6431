/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* line.c - tokens in a line: each takes its place before it is done, and they are delivered in the order of their places.
 *
 * Design:   a list whose head is the token that is delivered next. Whoever is done with the head becomes the deliverer:
 *           it delivers without the lock, so that others can be done meanwhile, and goes on until it finds a head that
 *           is not done. So at most one thread delivers, in order. Bytes are cheapest to deliver for the thread that has
 *           just made them, from its own cache: whoever is done with the token right after the one under way therefore
 *           waits a few microseconds for the right to deliver, and only then leaves its token to the other. Places are
 *           part of the tokens, so the line needs no memory and has no bound: whoever makes the tokens bounds them.
 * Threads:  mutex guards all fields, but waiting is read without it; is_delivering is the right to call deliver.
 * Not here: what a token is, ranks, files.
 */
#include "exec/line.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/lock.h"

#define SPINS 600 /* some 15 us: longer than it takes to hash a chunk, or to copy it into the page cache */

struct pe_line {
    pthread_mutex_t mutex;
    bool is_ordered;
    bool is_delivering;
    bool is_ended;                 /* the last token was delivered, or is under way to be */
    pe_place_in_line *head, *tail; /* not yet delivered, nor under way to be */
    _Atomic(pe_place_in_line *)
        waiting; /* whose thread waits for the right to deliver it; NULL: nobody, or it was given */
    pe_line_deliver deliver;
    void *context;
};

pe_status pe_line_make(bool is_ordered, pe_line_deliver deliver, void *context, pe_line **out, pe_error *err)
{
    pe_line *line = NULL;
    const pe_status status = pe_make_array(&line, 1, sizeof *line, err);
    if (status != PE_OK)
        return status;
    pe_lock_init(&line->mutex);
    line->is_ordered = is_ordered;
    line->deliver = deliver;
    line->context = context;
    atomic_init(&line->waiting, NULL);
    *out = line;
    return PE_OK;
}

void pe_line_free(pe_line *line)
{
    if (line == NULL)
        return;
    (void)pthread_mutex_destroy(&line->mutex);
    free(line);
}

static void append(pe_line *line, pe_place_in_line *place)
{
    place->next = NULL;
    if (line->head == NULL)
        line->head = place;
    else
        line->tail->next = place;
    line->tail = place;
}

void pe_line_join(pe_line *line, pe_place_in_line *place)
{
    place->is_done = place->is_last = false;
    if (!line->is_ordered)
        return;
    (void)pthread_mutex_lock(&line->mutex);
    append(line, place);
    (void)pthread_mutex_unlock(&line->mutex);
}

bool pe_line_join_behind(pe_line *line, pe_place_in_line *place, pe_place_in_line *before,
                         bool (*agrees)(void *context), void *context)
{
    place->is_done = place->is_last = false;
    (void)pthread_mutex_lock(&line->mutex);
    const bool is_joining = !before->is_done && agrees(context);
    if (is_joining && line->is_ordered) {
        place->next = before->next;
        before->next = place;
        if (line->tail == before)
            line->tail = place;
    }
    (void)pthread_mutex_unlock(&line->mutex);
    return is_joining;
}

static pe_place_in_line *leave(pe_line *line)
{
    pe_place_in_line *first = line->head;
    line->head = first->next;
    return first;
}

/* With the lock held and the right to deliver: everything that is ready. Returns with the right given away or up. */
static void drain(pe_line *line)
{
    while (!line->is_ended && line->head != NULL && line->head->is_done) {
        pe_place_in_line *place = leave(line);
        line->is_ended = line->is_ordered && place->is_last;
        (void)pthread_mutex_unlock(&line->mutex);
        line->deliver(line->context, place);
        (void)pthread_mutex_lock(&line->mutex);
        pe_place_in_line *waiting = atomic_load_explicit(&line->waiting, memory_order_relaxed); /* under the lock */
        if (waiting != NULL && waiting == line->head && !line->is_ended) {
            atomic_store_explicit(&line->waiting, NULL, memory_order_relaxed); /* the lock orders the rest */
            return;
        }
    }
    line->is_delivering = false;
}

/* With the lock held, when another thread delivers the token before this one. Returns whether the right came here. */
static bool wait_for_turn(pe_line *line, pe_place_in_line *place)
{
    atomic_store_explicit(&line->waiting, place, memory_order_relaxed);
    (void)pthread_mutex_unlock(&line->mutex);
    for (int i = 0; i < SPINS && atomic_load_explicit(&line->waiting, memory_order_relaxed) == place; i++)
        PE_PAUSE(); /* the lock orders what follows */
    (void)pthread_mutex_lock(&line->mutex);
    if (atomic_load_explicit(&line->waiting, memory_order_relaxed) != place)
        return true;
    atomic_store_explicit(&line->waiting, NULL, memory_order_relaxed);
    return false;
}

void pe_line_done(pe_line *line, pe_place_in_line *place, bool is_last)
{
    (void)pthread_mutex_lock(&line->mutex);
    assert(!place->is_done);
    place->is_done = true;
    place->is_last = is_last;
    if (!line->is_ordered)
        append(line, place);
    const bool is_free = !line->is_delivering;
    const bool is_next = line->head == place && atomic_load_explicit(&line->waiting, memory_order_relaxed) == NULL;
    line->is_delivering = true;
    if (is_free || (is_next && wait_for_turn(line, place)))
        drain(line);
    (void)pthread_mutex_unlock(&line->mutex);
}

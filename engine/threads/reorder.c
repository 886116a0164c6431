/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* line.c - tokens in a line: each takes its place before it is done, and they are delivered in the order of their places.
 *
 * Design:   a list whose head is the token that is delivered next. Whoever is done with the head becomes the deliverer:
 *           it delivers without the lock, so that others can be done meanwhile, and goes on until it finds a head that
 *           is not done. So at most one thread delivers, in order. Bytes are cheapest to deliver for the thread that has
 *           just made them, from its own cache: whoever is done with the token right after the one under way therefore
 *           waits a few microseconds for the right to deliver, and only then leaves its token to the other. Delivery is
 *           all that goes one after the other, so the right passes on before anything else is done: with it goes the
 *           token, out of the line already, and what was delivered is released afterwards. Places are part of the
 *           tokens, so the line needs no memory and has no bound: whoever makes the tokens bounds them.
 * Threads:  mutex guards all fields, but waiting is read without it; is_delivering is the right to call deliver.
 * Not here: what a token is, ranks, files.
 */
#include "threads/reorder.h"

#include <assert.h>
#include <pthread.h>
#include <stdalign.h>
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
    pe_line_deliver deliver;
    pe_line_release release;
    void *context;
    alignas(PE_CACHE_LINE) _Atomic(pe_place_in_line *)
        waiting; /* whose thread waits for the right to deliver it; NULL: nobody, or it was given. Read over and over,
                  * so not beside what others write */
};

pe_status pe_line_make(bool is_ordered, pe_line_deliver deliver, pe_line_release release, void *context, pe_line **out,
                       pe_error *err)
{
    pe_line *line = NULL;
    const pe_status status = pe_make_array(&line, 1, sizeof *line, err);
    if (status != PE_OK)
        return status;
    pe_lock_init(&line->mutex);
    line->is_ordered = is_ordered;
    line->deliver = deliver;
    line->release = release;
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

/* With the lock held and the right to deliver: the token whose turn it is, out of the line, or NULL. */
static pe_place_in_line *take_first(pe_line *line)
{
    pe_place_in_line *first = line->head;
    if (line->is_ended || first == NULL || !first->is_done)
        return NULL;
    line->head = first->next;
    line->is_ended = line->is_ordered && first->is_last;
    return first;
}

/* With the lock held and the right to deliver: the next token for this thread. NULL: the right is given away or up. */
static pe_place_in_line *take_next(pe_line *line)
{
    pe_place_in_line *next = take_first(line);
    if (next == NULL) {
        line->is_delivering = false;
    } else if (next == atomic_load_explicit(&line->waiting, memory_order_relaxed)) { /* set under the lock */
        atomic_store_explicit(&line->waiting, NULL, memory_order_release); /* after what was delivered so far */
        next = NULL;
    }
    return next;
}

/* With the right to deliver, and a token that is out of the line: that and all that is ready. */
static void deliver_from(pe_line *line, pe_place_in_line *place)
{
    while (place != NULL) {
        const bool is_left = line->deliver(line->context, place);
        (void)pthread_mutex_lock(&line->mutex);
        pe_place_in_line *next = take_next(line);
        (void)pthread_mutex_unlock(&line->mutex);
        if (is_left)
            line->release(line->context, place);
        place = next;
    }
}

/* After the lock was held and waiting was set to this place. Returns whether the right came here, with the token. */
static bool wait_for_turn(pe_line *line, const pe_place_in_line *place)
{
    for (int i = 0; i < SPINS; i++) {
        if (atomic_load_explicit(&line->waiting, memory_order_acquire) != place) /* sees what was delivered so far */
            return true;
        PE_PAUSE();
    }
    (void)pthread_mutex_lock(&line->mutex);
    const bool is_given = atomic_load_explicit(&line->waiting, memory_order_relaxed) != place; /* the lock orders */
    if (!is_given)
        atomic_store_explicit(&line->waiting, NULL, memory_order_relaxed);
    (void)pthread_mutex_unlock(&line->mutex);
    return is_given;
}

void pe_line_done(pe_line *line, pe_place_in_line *place, bool is_last)
{
    pe_place_in_line *first = NULL;
    (void)pthread_mutex_lock(&line->mutex);
    assert(!place->is_done);
    place->is_done = true;
    place->is_last = is_last;
    if (!line->is_ordered)
        append(line, place);
    const bool is_waiting = line->is_delivering && line->head == place &&
                            atomic_load_explicit(&line->waiting, memory_order_relaxed) == NULL; /* set under the lock */
    if (is_waiting) {
        atomic_store_explicit(&line->waiting, place, memory_order_relaxed);
    } else if (!line->is_delivering) {
        first = take_first(line);
        line->is_delivering = first != NULL;
    }
    (void)pthread_mutex_unlock(&line->mutex);
    if (is_waiting && wait_for_turn(line, place))
        first = place;
    deliver_from(line, first);
}

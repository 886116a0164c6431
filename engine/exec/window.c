/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* window.c - an ordered ring: tokens are put in any order and delivered one at a time in order.
 *
 * Design:   a ring of capacity tokens, indexed by number % capacity, and one counter, next. Whoever puts the token
 *           that next waits for becomes the deliverer: it delivers without the lock, so that others can put meanwhile,
 *           and goes on until the following number is missing. So at most one thread delivers, in order. Bytes are
 *           cheapest to deliver for the thread that has just made them, from its own cache: whoever puts the token that
 *           comes right after the one under way therefore waits a few microseconds for the right to deliver, and only
 *           then leaves its token to the other. Nothing is allocated after make: memory is bounded by whoever bounds the
 *           tokens.
 * Threads:  mutex guards all fields, but turn is read without it; is_delivering is the right to call deliver.
 * Not here: what a token is, ranks, files.
 */
#include "exec/window.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/lock.h"

#define NOBODY UINT64_MAX
#define SPINS 200 /* some 5 us: what it takes to hash a chunk, or to copy it into the page cache */

struct pe_window {
    pthread_mutex_t mutex;
    bool is_ordered;
    bool is_delivering;
    uint64_t next;             /* the number delivered next */
    uint64_t waiting;          /* the number whose thread waits for the right to deliver it, or NOBODY */
    atomic_uint_fast64_t turn; /* the number whose thread was given that right last */
    uint64_t arrived;          /* unordered: tokens put so far; they take their numbers from here */
    size_t capacity;
    void **ring;
    pe_window_deliver deliver;
    void *context;
};

pe_status pe_window_make(size_t capacity, bool is_ordered, pe_window_deliver deliver, void *context, pe_window **out,
                         pe_error *err)
{
    pe_window *window = NULL;
    pe_status status = pe_make_array(&window, 1, sizeof *window, err);
    if (status != PE_OK)
        return status;
    status = pe_make_array(&window->ring, capacity, sizeof *window->ring, err);
    if (status != PE_OK) {
        free(window);
        return status;
    }
    pe_lock_init(&window->mutex);
    window->is_ordered = is_ordered;
    window->capacity = capacity;
    window->deliver = deliver;
    window->context = context;
    window->waiting = NOBODY;
    atomic_init(&window->turn, NOBODY);
    *out = window;
    return PE_OK;
}

void pe_window_free(pe_window *window)
{
    if (window == NULL)
        return;
    (void)pthread_mutex_destroy(&window->mutex);
    free(window->ring);
    free(window);
}

static void **slot_of(pe_window *window, uint64_t number)
{
    return &window->ring[number % window->capacity];
}

/* With the lock held and the right to deliver: everything that is ready. Returns with the right given away or up. */
static void drain(pe_window *window)
{
    for (void *token = *slot_of(window, window->next); token != NULL; token = *slot_of(window, window->next)) {
        *slot_of(window, window->next) = NULL;
        (void)pthread_mutex_unlock(&window->mutex);
        window->deliver(window->context, window->next, token); /* next changes under the right to deliver alone */
        (void)pthread_mutex_lock(&window->mutex);
        window->next++;
        if (window->waiting == window->next) {
            window->waiting = NOBODY;
            atomic_store_explicit(&window->turn, window->next, memory_order_relaxed); /* the lock orders the rest */
            return;
        }
    }
    window->is_delivering = false;
}

/* With the lock held, when another thread delivers the token before `number`. Returns whether the right came here. */
static bool wait_for_turn(pe_window *window, uint64_t number)
{
    window->waiting = number;
    (void)pthread_mutex_unlock(&window->mutex);
    for (int i = 0; i < SPINS && atomic_load_explicit(&window->turn, memory_order_relaxed) != number; i++)
        PE_PAUSE(); /* the lock orders what follows */
    (void)pthread_mutex_lock(&window->mutex);
    if (window->waiting == number)
        window->waiting = NOBODY;
    return atomic_load_explicit(&window->turn, memory_order_relaxed) == number;
}

void pe_window_put(pe_window *window, uint64_t number, void *token)
{
    assert(token != NULL);
    (void)pthread_mutex_lock(&window->mutex);
    if (!window->is_ordered)
        number = window->arrived++;
    assert(number >= window->next && number - window->next < window->capacity && *slot_of(window, number) == NULL);
    *slot_of(window, number) = token;
    const bool is_free = !window->is_delivering;
    window->is_delivering = true;
    if (is_free || (number == window->next + 1 && window->waiting == NOBODY && wait_for_turn(window, number)))
        drain(window);
    (void)pthread_mutex_unlock(&window->mutex);
}

uint64_t pe_window_next(pe_window *window)
{
    (void)pthread_mutex_lock(&window->mutex);
    const uint64_t next = window->next;
    (void)pthread_mutex_unlock(&window->mutex);
    return next;
}

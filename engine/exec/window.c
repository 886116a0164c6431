/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* window.c - an ordered ring: tokens are put in any order and delivered one at a time in order.
 *
 * Design:   a ring of capacity tokens, indexed by number % capacity, and one counter, next: a put delivers what has become
 *           ready. Nothing is allocated after make: memory is bounded by whoever bounds the tokens.
 * Threads:  one.
 * Not here: what a token is, ranks, files; the chunks of one rank (line.c).
 */
#include "exec/window.h"

#include <assert.h>
#include <stdlib.h>

#include "base/alloc.h"

struct pe_window {
    bool is_ordered;
    uint64_t next;    /* the number delivered next */
    uint64_t arrived; /* unordered: tokens put so far; they take their numbers from here */
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
    window->is_ordered = is_ordered;
    window->capacity = capacity;
    window->deliver = deliver;
    window->context = context;
    *out = window;
    return PE_OK;
}

void pe_window_free(pe_window *window)
{
    if (window == NULL)
        return;
    free(window->ring);
    free(window);
}

static void **slot_of(pe_window *window, uint64_t number)
{
    return &window->ring[number % window->capacity];
}

void pe_window_put(pe_window *window, uint64_t number, void *token)
{
    assert(token != NULL);
    if (!window->is_ordered)
        number = window->arrived++;
    assert(number >= window->next && number - window->next < window->capacity && *slot_of(window, number) == NULL);
    *slot_of(window, number) = token;
    for (token = *slot_of(window, window->next); token != NULL; token = *slot_of(window, window->next)) {
        *slot_of(window, window->next) = NULL;
        window->deliver(window->context, window->next, token);
        window->next++;
    }
}

uint64_t pe_window_next(const pe_window *window)
{
    return window->next;
}

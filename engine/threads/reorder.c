/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* reorder.c - tokens in a reorder: each takes its entry before it is done, and they are delivered in the order of their rows.
 *
 * Design:   a list whose head is the token that is delivered next. Whoever is done with the head becomes the deliverer:
 *           it delivers without the lock, so that others can be done meanwhile, and goes on until it finds a head that
 *           is not done. So at most one thread delivers, in order. Bytes are cheapest to deliver for the thread that has
 *           just made them, from its own cache: whoever is done with the token right after the one under way therefore
 *           waits a few microseconds for the right to deliver, and only then leaves its token to the other. Delivery is
 *           all that goes one after the other, so the right passes on before anything else is done: with it goes the
 *           token, out of the reorder already, and what was delivered is released afterwards. Places are part of the
 *           tokens, so the reorder needs no memory and has no bound: whoever makes the tokens bounds them.
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

struct pe_reorder {
    pthread_mutex_t mutex;
    bool is_ordered;
    bool is_delivering;
    bool is_ended;                 /* the last token was delivered, or is under way to be */
    pe_reorder_entry *head, *tail; /* not yet delivered, nor under way to be */
    pe_reorder_deliver deliver;
    pe_reorder_release release;
    void *context;
    alignas(PE_CACHE_LINE) _Atomic(pe_reorder_entry *)
        waiting; /* whose thread waits for the right to deliver it; NULL: nobody, or it was given. Read over and over,
                  * so not beside what others write */
};

pe_status pe_reorder_make(bool is_ordered, pe_reorder_deliver deliver, pe_reorder_release release, void *context,
                          pe_reorder **out, pe_error *err)
{
    pe_reorder *reorder = NULL;
    const pe_status status = pe_make_array(&reorder, 1, sizeof *reorder, err);
    if (status != PE_OK)
        return status;
    pe_lock_init(&reorder->mutex);
    reorder->is_ordered = is_ordered;
    reorder->deliver = deliver;
    reorder->release = release;
    reorder->context = context;
    atomic_init(&reorder->waiting, NULL);
    *out = reorder;
    return PE_OK;
}

void pe_reorder_free(pe_reorder *reorder)
{
    if (reorder == NULL)
        return;
    (void)pthread_mutex_destroy(&reorder->mutex);
    free(reorder);
}

static void append(pe_reorder *reorder, pe_reorder_entry *entry)
{
    entry->next = NULL;
    entry->prev = reorder->tail;
    if (reorder->head == NULL)
        reorder->head = entry;
    else
        reorder->tail->next = entry;
    reorder->tail = entry;
}

void pe_reorder_insert(pe_reorder *reorder, pe_reorder_entry *entry)
{
    entry->is_done = entry->is_last = false;
    if (!reorder->is_ordered)
        return;
    (void)pthread_mutex_lock(&reorder->mutex);
    append(reorder, entry);
    (void)pthread_mutex_unlock(&reorder->mutex);
}

bool pe_reorder_insert_behind(pe_reorder *reorder, pe_reorder_entry *entry, pe_reorder_entry *before,
                              bool (*agrees)(void *context), void *context)
{
    entry->is_done = entry->is_last = false;
    (void)pthread_mutex_lock(&reorder->mutex);
    const bool is_joining = !before->is_done && agrees(context);
    if (is_joining && reorder->is_ordered) {
        entry->next = before->next;
        entry->prev = before;
        before->next = entry;
        *(entry->next == NULL ? &reorder->tail : &entry->next->prev) = entry;
    }
    (void)pthread_mutex_unlock(&reorder->mutex);
    return is_joining;
}

void pe_reorder_insert_before(pe_reorder *reorder, pe_reorder_entry *entry, pe_reorder_entry *after)
{
    entry->is_done = entry->is_last = false;
    (void)pthread_mutex_lock(&reorder->mutex);
    assert(!after->is_done);
    if (reorder->is_ordered) {
        entry->next = after;
        entry->prev = after->prev;
        after->prev = entry;
        *(entry->prev == NULL ? &reorder->head : &entry->prev->next) = entry;
    }
    (void)pthread_mutex_unlock(&reorder->mutex);
}

bool pe_reorder_is_first(pe_reorder *reorder, const pe_reorder_entry *entry)
{
    (void)pthread_mutex_lock(&reorder->mutex);
    const bool is_first = reorder->is_ordered && reorder->head == entry;
    (void)pthread_mutex_unlock(&reorder->mutex);
    return is_first;
}

/* With the lock held and the right to deliver: the token whose turn it is, out of the reorder, or NULL. */
static pe_reorder_entry *take_first(pe_reorder *reorder)
{
    pe_reorder_entry *first = reorder->head;
    if (reorder->is_ended || first == NULL || !first->is_done)
        return NULL;
    reorder->head = first->next;
    *(first->next == NULL ? &reorder->tail : &first->next->prev) = NULL;
    reorder->is_ended = reorder->is_ordered && first->is_last;
    return first;
}

/* With the lock held and the right to deliver: the next token for this thread. NULL: the right is given away or up. */
static pe_reorder_entry *take_next(pe_reorder *reorder)
{
    pe_reorder_entry *next = take_first(reorder);
    if (next == NULL) {
        reorder->is_delivering = false;
    } else if (next == atomic_load_explicit(&reorder->waiting, memory_order_relaxed)) { /* set under the lock */
        atomic_store_explicit(&reorder->waiting, NULL, memory_order_release); /* after what was delivered so far */
        next = NULL;
    }
    return next;
}

/* With the right to deliver, and a token that is out of the reorder: that and all that is ready. */
static void deliver_from(pe_reorder *reorder, pe_reorder_entry *entry)
{
    while (entry != NULL) {
        const bool is_left = reorder->deliver(reorder->context, entry);
        (void)pthread_mutex_lock(&reorder->mutex);
        pe_reorder_entry *next = take_next(reorder);
        (void)pthread_mutex_unlock(&reorder->mutex);
        if (is_left)
            reorder->release(reorder->context, entry);
        entry = next;
    }
}

/* After the lock was held and waiting was set to this entry. Returns whether the right came here, with the token. */
static bool wait_for_turn(pe_reorder *reorder, const pe_reorder_entry *entry)
{
    for (int i = 0; i < SPINS; i++) {
        if (atomic_load_explicit(&reorder->waiting, memory_order_acquire) != entry) /* sees what was delivered so far */
            return true;
        PE_PAUSE();
    }
    (void)pthread_mutex_lock(&reorder->mutex);
    const bool is_given = atomic_load_explicit(&reorder->waiting, memory_order_relaxed) != entry; /* the lock orders */
    if (!is_given)
        atomic_store_explicit(&reorder->waiting, NULL, memory_order_relaxed);
    (void)pthread_mutex_unlock(&reorder->mutex);
    return is_given;
}

void pe_reorder_done(pe_reorder *reorder, pe_reorder_entry *entry, bool is_last)
{
    pe_reorder_entry *first = NULL;
    (void)pthread_mutex_lock(&reorder->mutex);
    assert(!entry->is_done);
    entry->is_done = true;
    entry->is_last = is_last;
    if (!reorder->is_ordered)
        append(reorder, entry);
    const bool is_waiting =
        reorder->is_delivering && reorder->head == entry &&
        atomic_load_explicit(&reorder->waiting, memory_order_relaxed) == NULL; /* set under the lock */
    if (is_waiting) {
        atomic_store_explicit(&reorder->waiting, entry, memory_order_relaxed);
    } else if (!reorder->is_delivering) {
        first = take_first(reorder);
        reorder->is_delivering = first != NULL;
    }
    (void)pthread_mutex_unlock(&reorder->mutex);
    if (is_waiting && wait_for_turn(reorder, entry))
        first = entry;
    deliver_from(reorder, first);
}

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* reorder.c - the reorder buffer of one rank: chunks finish in any order and are delivered in the order of their items.
 *
 * Invariant: at most one thread, the deliverer, calls deliver at any time; entries are delivered in the order of the
 *            list.
 * Design:   a linked list in delivery order; an entry is inserted before its chunk is computed. A thread that marks the
 *           head as done while no thread delivers becomes the deliverer. It delivers without the lock, so that other
 *           threads can mark entries as done meanwhile, and continues until the head is not done.
 *           Delivery is cheapest on the thread that computed the chunk, because the bytes are in its cache. Therefore a
 *           thread that finishes the entry right after the one being delivered waits some microseconds to become the
 *           next deliverer; after that time it leaves its entry to the present one. Delivery is the only serial part,
 *           so the deliverer hands over before it releases what it has delivered; the entry that is handed over is
 *           already out of the list. Entries are embedded in the chunks, so this file allocates nothing and sets no
 *           bound: the buffer pool bounds the chunks.
 *           Entries that are done after one that is not can be taken out of turn (pe_reorder_begin_taking). The thread
 *           that does so and the deliverer take turns: a deliverer waits for the entry that is being taken, which then
 *           ends the taking.
 * Threads:  mutex guards all fields; waiting is also read without it. is_delivering: some thread is the deliverer.
 * Not here: what an entry belongs to, ranks, files.
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
    bool is_taking;            /* a thread takes entries out of turn: the head is not removed meanwhile */
    uint64_t inserted, old_to; /* numbers: the last one; the last one before this round of taking */
    int awaiting;              /* threads that wait for is_taking to end */
    pthread_cond_t taken;
    bool is_ended;                 /* the last entry is delivered, or being delivered */
    pe_reorder_entry *head, *tail; /* the entries that are neither delivered nor being delivered */
    pe_reorder_deliver deliver;
    pe_reorder_release release;
    void *context;
    alignas(PE_CACHE_LINE) _Atomic(pe_reorder_entry *)
        waiting; /* the entry whose thread waits to become the deliverer; NULL: none, or the deliverer has handed over.
                  * Polled, so it has a cache line of its own */
};

pe_status pe_reorder_make(bool is_ordered, pe_reorder_deliver deliver, pe_reorder_release release, void *context,
                          pe_reorder **out, pe_error *err)
{
    pe_reorder *reorder = NULL;
    const pe_status status = pe_make_array(&reorder, 1, sizeof *reorder, err);
    if (status != PE_OK)
        return status;
    pe_lock_init(&reorder->mutex);
    (void)pthread_cond_init(&reorder->taken, NULL);
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
    (void)pthread_cond_destroy(&reorder->taken);
    (void)pthread_mutex_destroy(&reorder->mutex);
    free(reorder);
}

static void append(pe_reorder *reorder, pe_reorder_entry *entry)
{
    entry->number = ++reorder->inserted;
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

bool pe_reorder_insert_after(pe_reorder *reorder, pe_reorder_entry *entry, pe_reorder_entry *before,
                             bool (*is_wanted)(void *context), void *context)
{
    entry->is_done = entry->is_last = false;
    (void)pthread_mutex_lock(&reorder->mutex);
    const bool is_inserted = !before->is_done && is_wanted(context);
    if (is_inserted && reorder->is_ordered) {
        entry->number = ++reorder->inserted;
        entry->next = before->next;
        entry->prev = before;
        before->next = entry;
        *(entry->next == NULL ? &reorder->tail : &entry->next->prev) = entry;
    }
    (void)pthread_mutex_unlock(&reorder->mutex);
    return is_inserted;
}

void pe_reorder_insert_before(pe_reorder *reorder, pe_reorder_entry *entry, pe_reorder_entry *after)
{
    entry->is_done = entry->is_last = false;
    (void)pthread_mutex_lock(&reorder->mutex);
    assert(!after->is_done);
    if (reorder->is_ordered) {
        entry->number = ++reorder->inserted;
        after->number = ++reorder->inserted;
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

static void unlink_entry(pe_reorder *reorder, const pe_reorder_entry *entry)
{
    *(entry->prev == NULL ? &reorder->head : &entry->prev->next) = entry->next;
    *(entry->next == NULL ? &reorder->tail : &entry->next->prev) = entry->prev;
}

/* Removes and returns the head if it is done, else NULL. The caller holds the lock, no other thread delivers and nothing is
 * taken out of turn. */
static pe_reorder_entry *take_first(pe_reorder *reorder)
{
    pe_reorder_entry *first = reorder->head;
    if (reorder->is_ended || first == NULL || !first->is_done)
        return NULL;
    unlink_entry(reorder, first);
    reorder->is_ended = reorder->is_ordered && first->is_last;
    return first;
}

/* The caller holds the lock, which is released meanwhile. */
static void wait_until_taken(pe_reorder *reorder)
{
    reorder->awaiting++;
    while (reorder->is_taking)
        (void)pthread_cond_wait(&reorder->taken, &reorder->mutex);
    reorder->awaiting--;
}

/* The deliverer's next entry. NULL: this thread is no longer the deliverer, since the head is not done or the thread
 * that waits was made the deliverer. The caller holds the lock. */
static pe_reorder_entry *take_next(pe_reorder *reorder)
{
    if (reorder->is_taking)
        wait_until_taken(reorder);
    pe_reorder_entry *next = take_first(reorder);
    if (next == NULL) {
        reorder->is_delivering = false;
    } else if (next == atomic_load_explicit(&reorder->waiting, memory_order_relaxed)) { /* set under the lock */
        atomic_store_explicit(&reorder->waiting, NULL, memory_order_release); /* after what was delivered so far */
        next = NULL;
    }
    return next;
}

/* Delivers an entry that is out of the list, then every head that is done. The caller is the deliverer, or entry is
 * NULL. */
static void deliver_from(pe_reorder *reorder, pe_reorder_entry *entry)
{
    while (entry != NULL) {
        const bool needs_release = reorder->deliver(reorder->context, entry);
        (void)pthread_mutex_lock(&reorder->mutex);
        pe_reorder_entry *next = take_next(reorder);
        (void)pthread_mutex_unlock(&reorder->mutex);
        if (needs_release)
            reorder->release(reorder->context, entry);
        entry = next;
    }
}

/* The caller has set waiting to this entry. Returns whether this thread is now the deliverer; the entry is then out of
 * the list. */
static bool wait_for_handover(pe_reorder *reorder, const pe_reorder_entry *entry)
{
    for (int i = 0; i < SPINS; i++) {
        if (atomic_load_explicit(&reorder->waiting, memory_order_acquire) != entry) /* sees what was delivered so far */
            return true;
        PE_PAUSE();
    }
    (void)pthread_mutex_lock(&reorder->mutex);
    const bool is_deliverer =
        atomic_load_explicit(&reorder->waiting, memory_order_relaxed) != entry; /* the lock orders */
    if (!is_deliverer)
        atomic_store_explicit(&reorder->waiting, NULL, memory_order_relaxed);
    (void)pthread_mutex_unlock(&reorder->mutex);
    return is_deliverer;
}

/* The first entry to deliver for a thread that becomes the deliverer by that; NULL: there is none, or another thread
 * has become it. The caller holds the lock, and no thread delivers. */
static pe_reorder_entry *begin_delivering(pe_reorder *reorder)
{
    if (reorder->is_taking && reorder->head != NULL && reorder->head->is_done)
        wait_until_taken(reorder);
    if (reorder->is_taking || reorder->is_delivering)
        return NULL;
    pe_reorder_entry *const first = take_first(reorder);
    reorder->is_delivering = first != NULL;
    return first;
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
        first = begin_delivering(reorder);
    }
    (void)pthread_mutex_unlock(&reorder->mutex);
    if (is_waiting && wait_for_handover(reorder, entry))
        first = entry;
    deliver_from(reorder, first);
}

/* ---- out of turn ---- */

/* The first entry from this one on that may be taken. The caller holds the lock. */
static pe_reorder_entry *find_done(const pe_reorder *reorder, pe_reorder_entry *from, bool beside_new)
{
    const pe_reorder_entry *const waiting =
        atomic_load_explicit(&reorder->waiting, memory_order_relaxed); /* as above */
    while (from != NULL && (!from->is_done || from->is_last || from == waiting)) {
        if (!beside_new && !from->is_done && from->number > reorder->old_to)
            return NULL;
        from = from->next;
    }
    return from;
}

bool pe_reorder_begin_taking(pe_reorder *reorder, bool beside_delivery)
{
    (void)pthread_mutex_lock(&reorder->mutex);
    const bool is_taking = reorder->is_ordered && (beside_delivery || !reorder->is_delivering);
    reorder->is_taking = is_taking;
    (void)pthread_mutex_unlock(&reorder->mutex);
    return is_taking;
}

void pe_reorder_take_waiting(pe_reorder *reorder, bool beside_new, pe_reorder_take take)
{
    (void)pthread_mutex_lock(&reorder->mutex);
    pe_reorder_entry *entry = find_done(reorder, reorder->head, beside_new);
    while (entry != NULL && reorder->awaiting == 0) {
        (void)pthread_mutex_unlock(&reorder->mutex);
        const pe_reorder_taken taken = take(reorder->context, entry);
        (void)pthread_mutex_lock(&reorder->mutex);
        if (taken == PE_REORDER_LEFT)
            break;
        pe_reorder_entry *const next = entry->next; /* only this thread and deliverers, which wait, remove it */
        unlink_entry(reorder, entry);
        if (taken == PE_REORDER_TO_RELEASE) { /* it may be inserted again at once */
            (void)pthread_mutex_unlock(&reorder->mutex);
            reorder->release(reorder->context, entry);
            (void)pthread_mutex_lock(&reorder->mutex);
        }
        entry = find_done(reorder, next, beside_new);
    }
    (void)pthread_mutex_unlock(&reorder->mutex);
}

void pe_reorder_next_round(pe_reorder *reorder)
{
    (void)pthread_mutex_lock(&reorder->mutex);
    reorder->old_to = reorder->inserted;
    (void)pthread_mutex_unlock(&reorder->mutex);
}

uint64_t pe_reorder_first(pe_reorder *reorder)
{
    (void)pthread_mutex_lock(&reorder->mutex);
    const uint64_t number = reorder->is_ordered && reorder->head != NULL ? reorder->head->number : 0;
    (void)pthread_mutex_unlock(&reorder->mutex);
    return number;
}

void pe_reorder_end_taking(pe_reorder *reorder)
{
    (void)pthread_mutex_lock(&reorder->mutex);
    reorder->is_taking = false;
    if (reorder->awaiting > 0)
        (void)pthread_cond_broadcast(&reorder->taken);
    (void)pthread_mutex_unlock(&reorder->mutex);
}

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* reorder.h - the reorder buffer of one rank: chunks finish in any order and are delivered in the order of their items.
 *
 * Invariant: entries are delivered one at a time, in the order of the list. An entry is inserted before its chunk is
 * computed, so the order is known before any chunk is done.
 */
#ifndef PE_REORDER_H
#define PE_REORDER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/* Embedded in a chunk. Between its insertion and its delivery only the reorder buffer touches it. */
typedef struct pe_reorder_entry {
    struct pe_reorder_entry *next, *prev;
    uint64_t number; /* entries are counted as they are inserted, and as a part of them is */
    bool is_done, is_last;
} pe_reorder_entry;

typedef struct pe_reorder pe_reorder;

/* Called for one entry at a time, by the thread that is the deliverer. The entry is already out of the list, and may be
 * inserted again.
 * Returns: whether release is to be called for this entry */
typedef bool (*pe_reorder_deliver)(void *context, pe_reorder_entry *entry);
/* Called after deliver, while other threads may deliver: the work that need not delay the next entry. */
typedef void (*pe_reorder_release)(void *context, pe_reorder_entry *entry);

/* pe_reorder_make - with is_ordered = false entries are delivered in the order in which they are done, and the insert
 * functions only initialise the entry. */
pe_status pe_reorder_make(bool is_ordered, pe_reorder_deliver deliver, pe_reorder_release release, void *context,
                          pe_reorder **out, pe_error *err);
void pe_reorder_free(pe_reorder *reorder); /* NULL is fine; entries that are still in the list are not touched */

/* pe_reorder_insert - insert the entry at the end. Call: any thread. */
void pe_reorder_insert(pe_reorder *reorder, pe_reorder_entry *entry);
/* pe_reorder_insert_after - insert the entry right after `before`, if that one is not done and is_wanted returns
 * true. is_wanted is called with the lock held, so `before` cannot become done meanwhile. Call: any thread.
 * Returns: whether the entry was inserted */
bool pe_reorder_insert_after(pe_reorder *reorder, pe_reorder_entry *entry, pe_reorder_entry *before,
                             bool (*is_wanted)(void *context), void *context);

/* pe_reorder_insert_before - insert the entry right before `after`, which is not done. Call: any thread. */
void pe_reorder_insert_before(pe_reorder *reorder, pe_reorder_entry *entry, pe_reorder_entry *after);

/* pe_reorder_is_first - whether this entry is delivered next; false without an order. Call: any thread. */
bool pe_reorder_is_first(pe_reorder *reorder, const pe_reorder_entry *entry);

/* pe_reorder_done - mark the entry as done; it is delivered when all entries before it are.
 *
 * Call:   any thread. When another thread is the deliverer, that one delivers this entry; the call returns at once, or
 *         after some microseconds of waiting to become the deliverer. Otherwise the call delivers all entries that are
 *         ready.
 * Params: is_last: no entry after this one is delivered any more; without an order it has no effect
 */
void pe_reorder_done(pe_reorder *reorder, pe_reorder_entry *entry, bool is_last);

/* What became of an entry that is done after one that is not. */
typedef enum pe_reorder_taken {
    PE_REORDER_LEFT,       /* it stays in the list, and no other is taken now */
    PE_REORDER_TAKEN,      /* it is the caller's, as after its delivery, */
    PE_REORDER_TO_RELEASE, /* and release is to be called */
} pe_reorder_taken;
typedef pe_reorder_taken (*pe_reorder_take)(void *context, pe_reorder_entry *entry);

/* pe_reorder_begin_taking - until pe_reorder_end_taking no entry is removed by a delivery.
 *
 * Call:    one thread at a time; not one that delivers. Deliverers wait meanwhile.
 * Params:  beside_delivery: also when a thread is in deliver, which goes on, and waits for the next entry
 * Returns: false: nothing has begun, since there is no order, or a thread is in deliver
 */
bool pe_reorder_begin_taking(pe_reorder *reorder, bool beside_delivery);
/* pe_reorder_take_waiting - take entries that are done and whose turn has not come, in the order of the list. It ends early
 * when a deliverer waits. pe_reorder_end_taking - in either case.
 *
 * Params:  beside_new: also after an entry that was inserted since the last round and is not done. Else those wait for
 *          the next round: as a rule it is done by then, and what is taken has no gap
 */
void pe_reorder_take_waiting(pe_reorder *reorder, bool beside_new, pe_reorder_take take);
/* pe_reorder_next_round - what is inserted from here on is new. */
void pe_reorder_next_round(pe_reorder *reorder);
/* pe_reorder_first - the number of the entry that is delivered next, which changes when there is progress; 0: none. */
uint64_t pe_reorder_first(pe_reorder *reorder);
void pe_reorder_end_taking(pe_reorder *reorder);

#endif

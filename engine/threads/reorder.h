/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* reorder.h - tokens in a reorder: each takes its entry before it is done, and they are delivered in the order of their rows.
 *
 * The chunks of one rank stand in it in the order of their items.
 */
#ifndef PE_REORDER_H
#define PE_REORDER_H

#include <stdbool.h>

#include "base/error.h"

/* A entry, inside the token. From the join to the delivery it is the reorder's. */
typedef struct pe_reorder_entry {
    struct pe_reorder_entry *next, *prev;
    bool is_done, is_last;
} pe_reorder_entry;

typedef struct pe_reorder pe_reorder;

/* Called for one token at a time, by whichever thread was done with the token that was missing. The entry is out of the
 * reorder by then, and may join again.
 * Returns: whether the token is to be released too */
typedef bool (*pe_reorder_deliver)(void *context, pe_reorder_entry *entry);
/* Called after that, beside deliveries of other threads: what would only keep the next token waiting. */
typedef void (*pe_reorder_release)(void *context, pe_reorder_entry *entry);

/* pe_reorder_make - is_ordered = false delivers in the order in which tokens are done; joining does nothing then. */
pe_status pe_reorder_make(bool is_ordered, pe_reorder_deliver deliver, pe_reorder_release release, void *context,
                          pe_reorder **out, pe_error *err);
void pe_reorder_free(pe_reorder *reorder); /* NULL is fine; tokens that wait are not touched */

/* pe_reorder_insert - take the entry at the end. Any thread. */
void pe_reorder_insert(pe_reorder *reorder, pe_reorder_entry *entry);
/* pe_reorder_insert_behind - take the entry right behind another token's, if that one is not done yet and `agrees` says so;
 * until it has returned the other one cannot become done. Any thread.
 * Returns: whether the entry was taken */
bool pe_reorder_insert_behind(pe_reorder *reorder, pe_reorder_entry *entry, pe_reorder_entry *before,
                              bool (*agrees)(void *context), void *context);

/* pe_reorder_insert_before - take the entry right before another token's, which is not done. Any thread. */
void pe_reorder_insert_before(pe_reorder *reorder, pe_reorder_entry *entry, pe_reorder_entry *after);
/* pe_reorder_is_first - is the token the next to be delivered; false where tokens have no order. Any thread. */
bool pe_reorder_is_first(pe_reorder *reorder, const pe_reorder_entry *entry);

/* pe_reorder_done - the token may be delivered when its turn comes. is_last: nothing that stands behind it is delivered any
 * more (in order; else it means nothing).
 *
 * Call:  any thread; returns at once when another thread is delivering (that one delivers this token too), else after
 *        having delivered all that is ready.
 */
void pe_reorder_done(pe_reorder *reorder, pe_reorder_entry *entry, bool is_last);

#endif

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* item_set.h - a set of item numbers, stored as sorted ranges.
 *
 * Invariant: ranges are ascending and not empty, with a gap between each two.
 * Design: a resumed run computes the items that are not done, and --retry-failed the failed items; both are many
 *         ranges. The members are numbered from 0 in ascending order; this number is called the position of the member. The
 *         plan, the work queue and the dispatch use positions; everything else uses item numbers.
 * Threads: one thread while it is built; any number of readers afterwards.
 */
#ifndef PE_ITEM_SET_H
#define PE_ITEM_SET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/block.h"
#include "base/buffer.h"
#include "base/error.h"

/* Zero-initialise: empty. */
typedef struct pe_item_set {
    pe_block *ranges;    /* ascending, none empty, a gap between each two */
    uint64_t *positions; /* of the first item of each range: the number of members before it */
    size_t count, room;
    uint64_t items; /* members */
} pe_item_set;

void pe_item_set_fini(pe_item_set *set); /* back to empty */

/* pe_item_set_add - add a block. PE_EDATA when it ends beyond UINT64_MAX - 1; PE_ENOMEM, and the set is unchanged.
 * Costs O(log ranges) at the end of the set, else O(ranges). */
pe_status pe_item_set_add(pe_item_set *set, pe_block block, pe_error *err);
/* pe_item_set_add_all - add all members of another set. */
pe_status pe_item_set_add_all(pe_item_set *set, const pe_item_set *other, pe_error *err);

/* pe_item_set_has - is the item a member? */
bool pe_item_set_has(const pe_item_set *set, uint64_t item);

/* pe_item_set_missing - put the items of `whole` that are not in set into the empty set *out. */
pe_status pe_item_set_missing(const pe_item_set *set, pe_block whole, pe_item_set *out, pe_error *err);

/* pe_item_set_from - the items from the member with this position to the end of its range; count is 0 when no member has
 * it. */
pe_block pe_item_set_from(const pe_item_set *set, uint64_t position);

/* pe_item_set_position - the number of members below item; of a member this is its position. */
uint64_t pe_item_set_position(const pe_item_set *set, uint64_t item);

/* pe_item_set_save, pe_item_set_load - as bytes, for another rank or a file.
 * Load returns PE_EDATA when the size is wrong or a range is empty, touches the one before or is out of order. */
pe_status pe_item_set_save(const pe_item_set *set, pe_buffer *out, pe_error *err);
pe_status pe_item_set_load(pe_item_set *set, const void *data, size_t size, pe_error *err);

/* pe_item_set_parse - read "17" or "17,40-60" (inclusive, ascending) as in --items. PE_ECONFIG names the invalid
 * part. */
pe_status pe_item_set_parse(pe_item_set *set, const char *text, pe_error *err);

#endif

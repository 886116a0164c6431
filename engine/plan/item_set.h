/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* item_set.h - a set of item numbers, as sorted ranges that neither overlap nor touch.
 *
 * Design: a run that goes on after another one computes the items that are not done yet, which are many ranges; so does
 *         one that computes the failed items again. The set numbers its members from 0 in ascending order: this number
 *         is the member's rank in the set. The plan and the pools count ranks, everything else counts items.
 * Threads: one at a time while it is built; any number of readers afterwards.
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
    pe_block *ranges; /* ascending, none empty, a gap between each two */
    uint64_t *ranks;  /* of each range's first item: the members before it */
    size_t count, room;
    uint64_t items; /* members */
} pe_item_set;

void pe_item_set_fini(pe_item_set *set); /* back to empty */

/* pe_item_set_add - the union with a block; one that ends beyond UINT64_MAX - 1 is PE_EDATA. Costs O(log ranges) at the
 * end of the set, O(ranges) before it. PE_ENOMEM leaves the set as it was. */
pe_status pe_item_set_add(pe_item_set *set, pe_block block, pe_error *err);
/* pe_item_set_add_all - the union with another set. */
pe_status pe_item_set_add_all(pe_item_set *set, const pe_item_set *other, pe_error *err);

bool pe_item_set_has(const pe_item_set *set, uint64_t item);

/* pe_item_set_missing - the items of `whole` that are not in set, into the empty set *out. */
pe_status pe_item_set_missing(const pe_item_set *set, pe_block whole, pe_item_set *out, pe_error *err);

/* pe_item_set_from - the items from the member with this rank to the end of its range; count is 0 where rank is no
 * member's. */
pe_block pe_item_set_from(const pe_item_set *set, uint64_t rank);

/* pe_item_set_rank - the rank of a member; of another item, how many members are below it. */
uint64_t pe_item_set_rank(const pe_item_set *set, uint64_t item);

/* pe_item_set_save, pe_item_set_load - as bytes, for another rank or a file.
 * Load returns PE_EDATA where the bytes are no set: an odd size, ranges that are empty, overlap or descend. */
pe_status pe_item_set_save(const pe_item_set *set, pe_buffer *out, pe_error *err);
pe_status pe_item_set_load(pe_item_set *set, const void *data, size_t size, pe_error *err);

/* pe_item_set_parse - "17" or "17,40-60", inclusive and ascending, as --items takes it. PE_ECONFIG names the part that is
 * wrong. */
pe_status pe_item_set_parse(pe_item_set *set, const char *text, pe_error *err);

#endif

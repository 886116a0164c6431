/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* stored_ranges.h - the list of what is in the spill file: ranges of items, with their places.
 *
 * Invariant: no item is in two ranges; the memory of the list is bounded.
 */
#ifndef PE_STORED_RANGES_H
#define PE_STORED_RANGES_H

#include "checkpoint/checkpoint.h"

/* Zero-initialise: empty. */
typedef struct pe_stored_ranges {
    pe_stored_range *ranges; /* in the order of their items */
    size_t count, room;
} pe_stored_ranges;

/* pe_stored_ranges_have_place - whether this range can be added: the list has not become too long, or the range goes on with
 * another one. */
bool pe_stored_ranges_have_place(const pe_stored_ranges *set, const pe_stored_range *range);
/* pe_stored_ranges_add - PE_ENOMEM. */
pe_status pe_stored_ranges_add(pe_stored_ranges *set, const pe_stored_range *range, pe_error *err);
void pe_stored_ranges_remove_first(pe_stored_ranges *set);
void pe_stored_ranges_fini(pe_stored_ranges *set);

#endif

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* spilled_ranges.h - the list of what is in the spill file: ranges of items, with their places.
 *
 * Invariant: no item is in two ranges; the memory of the list is bounded.
 */
#ifndef PE_SPILLED_RANGES_H
#define PE_SPILLED_RANGES_H

#include "checkpoint/checkpoint.h"

/* Zero-initialise: empty. */
typedef struct pe_spilled_ranges {
    pe_spilled_range *ranges; /* in the order of their items */
    size_t count, room;
} pe_spilled_ranges;

/* pe_spilled_ranges_have_place - whether this range can be added: the list has not become too long, or the range goes on with
 * another one. */
bool pe_spilled_ranges_have_place(const pe_spilled_ranges *set, const pe_spilled_range *range);
/* pe_spilled_ranges_add - add a range. PE_ENOMEM. */
pe_status pe_spilled_ranges_add(pe_spilled_ranges *set, const pe_spilled_range *range, pe_error *err);
void pe_spilled_ranges_remove_first(pe_spilled_ranges *set);
void pe_spilled_ranges_fini(pe_spilled_ranges *set);

#endif

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* window.c - the window: a ring with one entry for each slice that was dispatched and is not delivered yet.
 *
 * Invariant: the ring has plan->window_slices entries, so the memory that rank 0 needs for slices does not depend on
 *            the
 *         number of ranks.
 * Threads: the main thread of rank 0.
 */
#include "ranks/root_internal.h"

_Static_assert(sizeof(pe_window_entry) <= PE_PLAN_ENTRY_BYTES, "the plan counts more for an entry");

bool pe_root_is_ordered(const pe_root *self)
{
    return self->plan->order != PE_ORDER_UNORDERED;
}

pe_window_entry *pe_root_entry(const pe_root *self, uint64_t number)
{
    return &self->entries[number % self->plan->window_slices];
}

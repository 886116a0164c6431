/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* window.c - the window: the slices that were dispatched and are neither delivered nor spilled, with their announced results.
 *
 * Invariant: there are plan->window_slices entries, so the memory that rank 0 needs for slices does not depend on the number of
 *            ranks. Without an order all results are in one entry, and slices are only counted.
 * Design:    entries are linked in the order of their items, and an entry leaves when all its items are delivered or spilled.
 *            So a slice with an item that takes long does not keep later slices in the window.
 * Threads:   the main thread of rank 0.
 */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "ranks/root_internal.h"

#define NODE_BYTES 16 /* what an allocation takes beside its bytes */

_Static_assert(sizeof(pe_window_entry) <= PE_PLAN_ENTRY_BYTES, "the plan counts more for an entry");
_Static_assert(sizeof(pe_part) + NODE_BYTES <= PE_PLAN_PART_BYTES, "the plan counts more for announced results");

bool pe_root_is_ordered(const pe_root *self)
{
    return self->plan->order != PE_ORDER_UNORDERED;
}

bool pe_root_is_window_full(const pe_root *self)
{
    return self->outstanding >= self->plan->window_slices;
}

pe_status pe_root_make_window(pe_root *self)
{
    if (!pe_root_is_ordered(self))
        return PE_OK;
    const pe_status status =
        pe_make_array(&self->entries, self->plan->window_slices, sizeof *self->entries, &self->err);
    for (uint64_t e = self->plan->window_slices; e > 0 && status == PE_OK; e--) {
        self->entries[e - 1].next = self->free_entries;
        self->free_entries = &self->entries[e - 1];
    }
    return status;
}

static void free_parts(pe_part *part)
{
    while (part != NULL) {
        pe_part *const next = part->next;
        free(part);
        part = next;
    }
}

void pe_root_free_window(pe_root *self)
{
    for (const pe_window_entry *entry = self->first; entry != NULL; entry = entry->next)
        free_parts(entry->parts);
    free_parts(self->arrivals.parts);
    free(self->entries);
}

uint64_t pe_root_open_slice(pe_root *self, pe_block block, int owner)
{
    pe_window_entry *const entry = self->free_entries;
    self->free_entries = entry->next;
    *entry = (pe_window_entry){
        .block = block, .awaited = block.count, .left = block.count, .owner = owner, .prev = self->last};
    *(self->last == NULL ? &self->first : &self->last->next) = entry;
    self->last = entry;
    return (uint64_t)(entry - self->entries);
}

static void close_slice(pe_root *self, pe_window_entry *entry)
{
    *(entry->prev == NULL ? &self->first : &entry->prev->next) = entry->next;
    *(entry->next == NULL ? &self->last : &entry->next->prev) = entry->prev;
    entry->next = self->free_entries;
    self->free_entries = entry;
    self->outstanding--;
}

pe_status pe_root_add_part(pe_root *self, pe_window_entry *entry, const pe_part *announced, pe_part **out)
{
    const bool is_last = !pe_root_is_ordered(self) || entry->last == NULL ||
                         entry->last->block.first < announced->block.first; /* the usual case */
    pe_part **at = &entry->parts;
    pe_part *part = NULL;
    const pe_status status = pe_make_array(&part, 1, sizeof *part, &self->err);
    if (status != PE_OK)
        return status;
    *part = *announced;
    part->entry = entry;
    if (is_last && entry->last != NULL)
        at = &entry->last->next;
    while (!is_last && (*at)->block.first < part->block.first)
        at = &(*at)->next;
    part->next = *at;
    *at = part;
    if (is_last)
        entry->last = part;
    entry->awaited -= part->block.count;
    self->part_count++;
    *out = part;
    return PE_OK;
}

void pe_root_drop_part(pe_root *self, pe_part *part)
{
    pe_window_entry *const entry = part->entry;
    pe_part *before = NULL;
    for (pe_part *at = entry->parts; at != part; at = at->next)
        before = at;
    *(before == NULL ? &entry->parts : &before->next) = part->next;
    if (part->next == NULL)
        entry->last = before;
    entry->left -= part->block.count;
    self->part_count--;
    if (!pe_root_is_ordered(self))
        self->outstanding -= part->ends_slice ? 1 : 0;
    else if (entry->left == 0)
        close_slice(self, entry);
    free(part);
}

/* ---- when it is full ---- */

void pe_root_set_full(pe_root *self, int rank, bool is_full)
{
    if (self->states[rank].is_full == is_full)
        return;
    self->states[rank].is_full = is_full;
    self->full_ranks += is_full ? 1 : -1;
}

bool pe_root_is_stalled(const pe_root *self)
{
    return self->spec->pool.spill.put != NULL && pe_root_is_ordered(self) &&
           pe_clock_ns() - self->delivered_ns > PE_STALL_NS;
}

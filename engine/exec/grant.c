/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* grant.c - which rank computes which slice, and when: the dispenser of rank 0.
 *
 * Design:   a grant goes to a rank that holds fewer slices than the plan's depth, and not further ahead of the oldest
 *           undelivered slice than the plan's window: this bounds every rank's memory, however slow one item is. How
 *           many uncomputed slices lie in front of a rank follows the measured cost: enough to bridge a nap of the
 *           main thread, and no more, since what is granted cannot be balanced any longer. So does the size of a slice,
 *           but where the schedule is static or the user chose the chunks.
 * Threads:  the main thread of rank 0.
 * Not here: what becomes of the results (gather.c).
 */
#include "exec/root_parts.h"

#define AHEAD_NS 2000000u /* cheap slices: keep this much work in front of each rank */

static int ahead(const pe_root *self)
{
    const int least = self->plan->ahead;
    if (self->slice_ns == 0)
        return least;
    const uint64_t many = AHEAD_NS * (uint64_t)self->plan->threads / self->slice_ns;
    return many < (uint64_t)least ? least : many < (uint64_t)self->plan->depth ? (int)many : self->plan->depth;
}

static bool has_room(const pe_root *self, int rank)
{
    return self->states[rank].held < self->plan->depth && self->states[rank].unfinished < ahead(self);
}

/* The rank for the next slice, or -1 when nobody may take it now. */
static int choose_rank(pe_root *self)
{
    if (pe_root_is_ordered(self) && self->granted >= pe_window_next(self->window) + self->plan->window_slices)
        return -1;
    if (self->plan->schedule == PE_SCHEDULE_STATIC) {
        const int owner = pe_plan_owner(self->plan, self->granted);
        return has_room(self, owner) ? owner : -1;
    }
    for (int i = 0; i < self->ranks; i++) {
        const int rank = (self->turn + i) % self->ranks;
        if (has_room(self, rank)) {
            self->turn = (rank + 1) % self->ranks;
            return rank;
        }
    }
    return -1;
}

/* As many items as are best handed out at once now; never beyond the end of a slice of the plan, since the plan knows what
 * such slices take in memory. */
static pe_block next_block(const pe_root *self)
{
    const pe_plan *plan = self->plan;
    const uint64_t left = plan->items - self->given;
    const uint64_t to_end = plan->slice_items - self->given % plan->slice_items;
    uint64_t count = pe_pace_items(&self->pace);
    count = count < to_end ? count : to_end;
    return (pe_block){.first = self->given, .count = count < left ? count : left};
}

/* The next slice with its payload, in self->read; none: the input ended, or a stream has nothing whole yet. */
static pe_status read_slice(pe_root *self)
{
    const pe_crew_spec *spec = self->crew->spec;
    pe_task *task = NULL;
    pe_status status = PE_OK;
    if (self->read != NULL || self->is_granted_all)
        return PE_OK;
    if (!spec->is_stream && self->given == self->plan->items) {
        self->is_granted_all = true;
        return PE_OK;
    }
    status = pe_claims_task(self->crew->claims, &task, &self->err);
    if (status != PE_OK)
        return status;
    task->slice = self->granted;
    if (spec->is_stream) {
        status = spec->next(spec->context, 0, &task->payload, &task->block, &self->is_granted_all, &self->err);
    } else {
        task->block = next_block(self);
        if (spec->has_payload)
            status = spec->pack(spec->context, task->block, &task->payload, &self->err);
    }
    if (status == PE_OK && task->block.count > 0)
        self->read = task;
    else
        pe_claims_recycle(self->crew->claims, task);
    return status;
}

static pe_status grant_to(pe_root *self, int rank, pe_task *task)
{
    if (pe_root_is_ordered(self))
        *pe_root_entry(self, task->slice) = (pe_entry){.slice = task->slice, .block = task->block, .owner = rank};
    self->states[rank].held++;
    self->states[rank].unfinished++;
    self->granted++;
    self->given += task->block.count;
    if (rank == 0) {
        pe_claims_push(self->crew->claims, task);
        return PE_OK;
    }
    const pe_note note = {
        .kind = PE_NOTE_GRANT, .slice = task->slice, .block = task->block, .bytes = task->payload.size};
    return pe_letter_post(self->crew, &self->letters, rank, &note, PE_TAG_PAYLOAD, task->payload.data,
                          task->payload.size, task, &self->err);
}

pe_status pe_root_grant(pe_root *self, bool *active)
{
    pe_status status = PE_OK;
    while (status == PE_OK) {
        const int rank = choose_rank(self);
        if (rank < 0)
            break;
        status = read_slice(self);
        if (status != PE_OK || self->read == NULL)
            break;
        pe_task *task = self->read;
        self->read = NULL;
        *active = true;
        status = grant_to(self, rank, task);
    }
    return status;
}

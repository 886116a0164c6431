/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* dispatch.c - rank 0 assigns slices to ranks.
 *
 * Invariant: no rank holds more items than the plan's depth allows, and no more slices than the plan's window are
 *           dispatched and not delivered. This bounds the memory of every rank, however slow one item is.
 * Design:   three amounts are chosen here, and each has its own reason:
 *           - the size of a slice follows the measured cost of items by threads/adaptive_chunk.h, for balance; it is
 *             fixed with the static schedule;
 *           - the number of slices that a rank has in advance (slices_ahead) covers the time until its next slice comes
 *             (plan->ahead_ns), and no more, since a dispatched slice cannot be moved to another rank;
 *           - cheap slices are dispatched in runs of several (run_of), so that one rank 0 serves thousands of ranks: a
 *             run is longer the more ranks there are and the less a slice costs. A dispatcher per node would need
 *             messages and a termination protocol of its own, and would still receive runs.
 *           Ranks that may have room wait in a queue, so the cost of a dispatch does not depend on the number of ranks.
 * Threads:  the main thread of rank 0.
 * Not here: the results (gather.c).
 */
#include "ranks/root_internal.h"
#include "threads/work_queue.h"

#define TAIL 4            /* a run near the end may be shorter by this factor; rank 0 still keeps up */
#define BATCH 64          /* dispatches between two checks for messages of members */
#define RUN_MOST 1000000u /* slices are counted as int */

static uint64_t at_most(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

void pe_root_learn(pe_root *self, uint64_t items, uint64_t work_ns)
{
    if (items == 0)
        return;
    const double slices = (double)items / (double)self->plan->slice_items; /* may be less than 1 */
    const uint64_t each_ns = (uint64_t)((double)work_ns / slices) + 1;
    self->slice_ns = self->slice_ns == 0 ? each_ns : (self->slice_ns / 8 * 7 + each_ns / 8) + 1;
    pe_adaptive_chunk_learn(&self->chunking, items, work_ns / (uint64_t)self->plan->threads);
}

/* The number of slices that a rank should hold uncomputed. */
static int slices_ahead(const pe_root *self)
{
    const int fewest = self->plan->ahead;
    if (self->slice_ns == 0)
        return fewest;
    const uint64_t many = self->plan->ahead_ns * (uint64_t)self->plan->threads / self->slice_ns;
    return many < (uint64_t)fewest ? fewest : (int)at_most(many, (uint64_t)self->plan->depth);
}

/* Is the number of items that a rank holds limited? Yes, when undelivered results may take memory of the rank. */
static bool is_bounded(const pe_root *self)
{
    return self->has_bytes || self->slice_ns == 0;
}

/* The most items that a rank may hold. */
static uint64_t held_most(const pe_plan *plan)
{
    return (uint64_t)plan->depth * plan->slice_items;
}

/* The number of normal slices in the next dispatch to this rank: large enough that rank 0 can serve all ranks at
 * PE_DISPATCH_NS each, and only a part of the remaining slices, so that all ranks end at about the same time. */
static int run_of(const pe_root *self, int rank)
{
    const pe_plan *plan = self->plan;
    const pe_execute_plan_spec *spec = self->spec;
    if (spec->is_stream || spec->has_payload || plan->schedule == PE_SCHEDULE_STATIC || self->slice_ns == 0)
        return 1;
    const uint64_t wanted = PE_DISPATCH_NS * (uint64_t)self->ranks * (uint64_t)plan->threads / self->slice_ns;
    const uint64_t left = pe_plan_span(plan, (pe_block){.count = plan->items - self->dispatched_items});
    const uint64_t share = left / (2 * (uint64_t)self->ranks);
    uint64_t slices = share > wanted / TAIL ? share : wanted / TAIL;
    slices = at_most(slices, wanted);
    if (is_bounded(self) && self->states[rank].held < held_most(plan))
        slices = at_most(slices, (held_most(plan) - self->states[rank].held) / plan->slice_items);
    if (self->has_bytes)
        slices = at_most(slices, plan->run_slices);
    slices = at_most(slices, left);
    return slices > 1 ? (int)at_most(slices, RUN_MOST) : 1;
}

static bool has_room(pe_root *self, int rank)
{
    const pe_rank_state *state = &self->states[rank];
    const int slices = run_of(self, rank), few = slices_ahead(self);
    const int most =
        2 * slices > few ? 2 * slices : few; /* room for one dispatch that is computed and one that waits */
    if (state->unfinished + slices > most)
        return false;
    const bool is_full = is_bounded(self) && state->held + self->plan->slice_items > held_most(self->plan);
    pe_root_set_full(self, rank, is_full);
    return !is_full;
}

/* Behind an item that takes long the static schedule is given up: else all ranks would wait for the rank of that item. */
static int choose_any(pe_root *self)
{
    for (int rank = 0; rank < self->ranks; rank++)
        if (has_room(self, rank))
            return rank;
    return -1;
}

/* ---- the queue of ranks ---- */

void pe_root_offer(pe_root *self, int rank)
{
    if (self->states[rank].is_queued)
        return;
    self->states[rank].is_queued = true;
    self->queue[(self->queue_first + self->queued++) % self->ranks] = rank;
}

/* Removes the first rank from the queue; pe_root_offer puts it back. */
static int leave_queue(pe_root *self)
{
    const int rank = self->queue[self->queue_first];
    self->queue_first = (self->queue_first + 1) % self->ranks;
    self->queued--;
    self->states[rank].is_queued = false;
    return rank;
}

/* The rank for the next slice, or -1 when no rank has room for it. */
static int choose_rank(pe_root *self)
{
    if (pe_root_is_window_full(self))
        return -1;
    if (self->plan->schedule == PE_SCHEDULE_STATIC) {
        const int owner = pe_plan_owner(self->plan, self->dispatched);
        return has_room(self, owner) ? owner : pe_root_is_stalled(self) ? choose_any(self) : -1;
    }
    while (self->queued > 0) {
        const int rank = self->queue[self->queue_first];
        if (has_room(self, rank))
            return rank;
        (void)leave_queue(self);
    }
    return -1;
}

/* ---- slices ---- */

/* The items of the next dispatch: a part of one normal slice, or a run of whole ones. A part does not cross the border
 * of a normal slice, since the plan computed the memory for a normal slice. */
static pe_block next_block(const pe_root *self, int slices)
{
    const uint64_t first = self->dispatched_items;
    const uint64_t left = pe_execute_plan_range(self->spec, first, self->plan->items - first);
    const uint64_t slice = self->plan->slice_items, whole = (uint64_t)slices * slice - first % slice;
    const uint64_t count = slices > 1 ? whole : pe_adaptive_chunk_piece(&self->chunking, first);
    return (pe_block){.first = first, .count = at_most(count, left)};
}

/* Makes self->next, with its payload. It stays NULL when the input has ended, or when a stream has no whole record yet.
 */
static pe_status make_next(pe_root *self, int slices)
{
    const pe_execute_plan_spec *spec = self->spec;
    void *context = spec->pool.context;
    pe_slice *slice = NULL;
    pe_status status = PE_OK;
    if (self->next != NULL || self->is_dispatched_all)
        return PE_OK;
    if (!spec->is_stream && self->dispatched_items == self->plan->items) {
        self->is_dispatched_all = true;
        return PE_OK;
    }
    status = pe_work_queue_make_slice(self->pool->queue, &slice, &self->err);
    if (status != PE_OK)
        return status;
    if (spec->is_stream) {
        status = spec->next(context, 0, &slice->payload, &slice->block, &self->is_dispatched_all, &self->err);
    } else {
        slice->block = next_block(self, slices);
        if (spec->has_payload)
            status = spec->pack(context, slice->block, &slice->payload, &self->err);
    }
    if (status == PE_OK && slice->block.count > 0)
        self->next = slice;
    else
        pe_work_queue_recycle(self->pool->queue, slice);
    return status;
}

static pe_status dispatch_to(pe_root *self, int rank, pe_slice *slice)
{
    slice->number = pe_root_is_ordered(self) ? pe_root_open_slice(self, slice->block, rank) : 0;
    self->outstanding++;
    self->states[rank].held += slice->block.count;
    self->states[rank].unfinished += (int)pe_plan_span(self->plan, slice->block);
    self->dispatched++;
    self->dispatched_items += slice->block.count;
    if (rank == 0) {
        pe_work_queue_push(self->pool->queue, slice);
        return PE_OK;
    }
    const pe_buffer *payload = &slice->payload;
    const pe_message_header header = {.kind = PE_MESSAGE_SLICE,
                                      .left_ns = pe_rank_pool_left(self->pool),
                                      .slice = slice->number,
                                      .block = slice->block,
                                      .bytes = payload->size};
    const pe_message_data data = {.tag = PE_TAG_PAYLOAD, .bytes = payload->data, .size = payload->size, .owner = slice};
    return pe_outbox_send(&self->outbox, rank, &header, data, &self->err);
}

pe_status pe_root_dispatch(pe_root *self, bool *active)
{
    pe_status status = PE_OK;
    for (int i = 0; i < BATCH && status == PE_OK; i++) {
        const int rank = choose_rank(self);
        if (rank < 0)
            break;
        status = make_next(self, run_of(self, rank));
        if (status != PE_OK || self->next == NULL)
            break;
        pe_slice *slice = self->next;
        self->next = NULL;
        *active = true;
        status = dispatch_to(self, rank, slice);
        if (self->plan->schedule != PE_SCHEDULE_STATIC)
            pe_root_offer(self, leave_queue(self)); /* to the end of the queue: the other ranks come first */
    }
    return status;
}

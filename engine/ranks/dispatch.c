/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* dispatch.c - which rank computes which slice, and when: the dispenser of rank 0.
 *
 * Design:   a dispatch goes to a rank that holds fewer slices than the plan's depth, and not further ahead of the oldest
 *           undelivered one than the plan's window: this bounds every rank's memory, however slow one item is. How
 *           many uncomputed slices lie in front of a rank follows the measured cost: enough to bridge the time until
 *           the next ones come (plan->ahead_ns), and no more, since what is dispatched cannot be balanced any longer. So does
 *           the size of a slice, but where the schedule is static or the user chose the chunks.
 *           One dispenser serves thousands of ranks by dispatching runs of slices: the more ranks there are and the less
 *           a slice costs, the longer. A dispenser in every node would need roles, messages and an end of its own, and
 *           would still have to be given runs. Ranks that may have room stand in a queue, so that a dispatch costs the
 *           same for any number of them.
 * Threads:  the main thread of rank 0.
 * Not here: what becomes of the results (gather.c).
 */
#include "ranks/root_internal.h"

#define TAIL 4            /* towards the end dispatches may be so much shorter: rank 0 is busy then, but keeps up */
#define BATCH 64          /* dispatches between two looks at what the members say */
#define SPAN_MOST 1000000 /* slices are counted as int */

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static int ahead(const pe_root *self)
{
    const int fewest = self->plan->ahead;
    if (self->slice_ns == 0)
        return fewest;
    const uint64_t many = self->plan->ahead_ns * (uint64_t)self->plan->threads / self->slice_ns;
    return many < (uint64_t)fewest ? fewest : (int)least(many, (uint64_t)self->plan->depth);
}

/* Whether what a rank holds may take memory until it is delivered. */
static bool is_bounded(const pe_root *self)
{
    return self->has_bytes || self->slice_ns == 0;
}

/* Items. */
static uint64_t held_most(const pe_plan *plan)
{
    return (uint64_t)plan->depth * plan->slice_items;
}

/* How many slices the next dispatch of this rank spans: enough that all ranks together do not ask for more than rank 0 can
 * hand out, but no more than a part of what is left, so that all end at once. */
static int span(const pe_root *self, int rank)
{
    const pe_plan *plan = self->plan;
    const pe_execution_spec *spec = self->pool->spec;
    if (spec->is_stream || spec->has_payload || plan->schedule == PE_SCHEDULE_STATIC || self->slice_ns == 0)
        return 1;
    const uint64_t paced = PE_DISPATCH_NS * (uint64_t)self->ranks * (uint64_t)plan->threads / self->slice_ns;
    const uint64_t left = pe_plan_span(plan, (pe_block){.count = plan->items - self->given});
    const uint64_t share = left / (2 * (uint64_t)self->ranks);
    uint64_t slices = share > paced / TAIL ? share : paced / TAIL;
    slices = least(slices, paced);
    if (is_bounded(self) && self->states[rank].held < held_most(plan))
        slices = least(slices, (held_most(plan) - self->states[rank].held) / plan->slice_items);
    if (self->has_bytes)
        slices = least(slices, plan->run_slices);
    slices = least(slices, left);
    return slices > 1 ? (int)least(slices, SPAN_MOST) : 1;
}

static bool has_room(const pe_root *self, int rank)
{
    const pe_rank_state *state = &self->states[rank];
    const int slices = span(self, rank), few = ahead(self);
    const int most = 2 * slices > few ? 2 * slices : few; /* one dispatch to work on and one in front of it at least */
    return state->unfinished + slices <= most &&
           (!is_bounded(self) || state->held + self->plan->slice_items <= held_most(self->plan));
}

void pe_root_offer(pe_root *self, int rank)
{
    if (self->states[rank].is_queued)
        return;
    self->states[rank].is_queued = true;
    self->queue[(self->queue_first + self->queued++) % self->ranks] = rank;
}

/* The first of the queue; it comes back when it is offered. */
static int leave_queue(pe_root *self)
{
    const int rank = self->queue[self->queue_first];
    self->queue_first = (self->queue_first + 1) % self->ranks;
    self->queued--;
    self->states[rank].is_queued = false;
    return rank;
}

/* The rank for the next dispatch, or -1 when nobody may take it now. */
static int choose_rank(pe_root *self)
{
    if (self->dispatched >= self->delivered + self->plan->window_slices)
        return -1;
    if (self->plan->schedule == PE_SCHEDULE_STATIC) {
        const int owner = pe_plan_owner(self->plan, self->dispatched);
        return has_room(self, owner) ? owner : -1;
    }
    while (self->queued > 0) {
        const int rank = self->queue[self->queue_first];
        if (has_room(self, rank))
            return rank;
        (void)leave_queue(self);
    }
    return -1;
}

/* As many items as are best handed out at once now: a part of one slice, which by itself is all that the plan knows the
 * memory of, or a run of whole ones. */
static pe_block next_block(const pe_root *self, int slices)
{
    const uint64_t slice = self->plan->slice_items, left = self->plan->items - self->given;
    const uint64_t whole = (uint64_t)slices * slice - self->given % slice;
    return (pe_block){.first = self->given,
                      .count = least(slices > 1 ? whole : pe_adaptive_chunk_piece(&self->chunking, self->given), left)};
}

/* The next dispatch with its payload, in self->read; none: the input ended, or a stream has nothing whole yet. */
static pe_status read_dispatch(pe_root *self, int slices)
{
    const pe_execution_spec *spec = self->pool->spec;
    pe_task *task = NULL;
    pe_status status = PE_OK;
    if (self->read != NULL || self->is_dispatched_all)
        return PE_OK;
    if (!spec->is_stream && self->given == self->plan->items) {
        self->is_dispatched_all = true;
        return PE_OK;
    }
    status = pe_work_queue_task(self->pool->queue, &task, &self->err);
    if (status != PE_OK)
        return status;
    task->slice = self->dispatched;
    if (spec->is_stream) {
        status = spec->next(spec->context, 0, &task->payload, &task->block, &self->is_dispatched_all, &self->err);
    } else {
        task->block = next_block(self, slices);
        if (spec->has_payload)
            status = spec->pack(spec->context, task->block, &task->payload, &self->err);
    }
    if (status == PE_OK && task->block.count > 0)
        self->read = task;
    else
        pe_work_queue_recycle(self->pool->queue, task);
    return status;
}

static pe_status dispatch_to(pe_root *self, int rank, pe_task *task)
{
    if (pe_root_is_ordered(self))
        *pe_root_entry(self, task->slice) = (pe_entry){.slice = task->slice, .block = task->block, .owner = rank};
    const int slices = (int)pe_plan_span(self->plan, task->block);
    self->states[rank].held += task->block.count;
    self->states[rank].unfinished += slices;
    self->dispatched++;
    self->given += task->block.count;
    if (rank == 0) {
        pe_work_queue_push(self->pool->queue, task);
        return PE_OK;
    }
    const pe_message_header header = {
        .kind = PE_MESSAGE_SLICE, .slice = task->slice, .block = task->block, .bytes = task->payload.size};
    return pe_message_post(self->pool, &self->outgoing, rank, &header, PE_TAG_PAYLOAD, task->payload.data,
                           task->payload.size, task, &self->err);
}

pe_status pe_root_dispatch(pe_root *self, bool *active)
{
    pe_status status = PE_OK;
    for (int i = 0; i < BATCH && status == PE_OK; i++) {
        const int rank = choose_rank(self);
        if (rank < 0)
            break;
        status = read_dispatch(self, span(self, rank));
        if (status != PE_OK || self->read == NULL)
            break;
        pe_task *task = self->read;
        self->read = NULL;
        *active = true;
        status = dispatch_to(self, rank, task);
        if (self->plan->schedule != PE_SCHEDULE_STATIC)
            pe_root_offer(self, leave_queue(self)); /* to the end: the others come first */
    }
    return status;
}

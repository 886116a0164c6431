/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* root.c - the main thread of rank 0 of several: dispatches slices, gathers results, ends the run.
 *
 * Design:   one loop over what can be done without waiting, and a backoff when there was nothing: from 20 us up to 1 ms,
 *           cut short by the workers' wakeup. END goes to every member once all is delivered or the run stops; members
 *           answer what was pulled, then say BYE. Every message has its receiver, so nothing is under way when this
 *           returns.
 * Threads:  the main thread.
 * Not here: messages (comm.h), what workers do (pool.c).
 */
#include <stdlib.h>

#include "base/alloc.h"
#include "ranks/root_internal.h"

#define END_BATCH 64

bool pe_root_is_ordered(const pe_root *self)
{
    return self->plan->order != PE_ORDER_UNORDERED;
}

pe_entry *pe_root_entry(pe_root *self, uint64_t number)
{
    return &self->entries[number % self->plan->window_slices];
}

/* A payload has left: the member has its own copy. */
static void payload_left(pe_rank_pool *pool, pe_task *task)
{
    pe_work_queue_recycle(pool->queue, task);
}

/* A run that an item ended goes on until all before that item is delivered, or the moment for it has passed. */
static bool is_failed(pe_root *self)
{
    const uint64_t own = pe_rank_pool_failing_item(self->pool);
    self->limit = own < self->limit ? own : self->limit;
    if (pe_rank_pool_end_grace(self->pool))
        return true;
    if (self->limit == PE_NO_ITEM)
        return false;
    const uint64_t next = self->delivered;
    if (!pe_root_is_ordered(self) || next == self->dispatched)
        return true;
    return pe_root_entry(self, next)->block.first >= self->limit; /* the slice with that item comes up to there */
}

static pe_status step(pe_root *self, bool *active)
{
    pe_status status = pe_root_read_messages(self, active);
    pe_root_take_own(self, active);
    if (status == PE_OK)
        status = pe_root_pull(self, active);
    if (status == PE_OK)
        status = pe_root_deliver(self, active);
    if (status == PE_OK && self->limit == PE_NO_ITEM)
        status = pe_root_dispatch(self, active);
    if (status == PE_OK)
        *active |= pe_message_sweep(self->pool, &self->outgoing, payload_left, &self->err) > 0;
    return self->err.status;
}

static bool is_complete(pe_root *self)
{
    return self->is_dispatched_all && self->read == NULL && self->delivered == self->dispatched;
}

/* END to the next ranks: some at a time, so that thousands of outgoing need not lie here at once. */
static pe_status tell_end(pe_root *self, int *told, bool *active)
{
    const pe_message_header header = {.kind = PE_MESSAGE_END};
    pe_status status = PE_OK;
    for (int i = 0; i < END_BATCH && *told < self->ranks - 1 && status == PE_OK; i++) {
        *active = true;
        status =
            pe_message_post(self->pool, &self->outgoing, ++*told, &header, PE_TAG_PAYLOAD, NULL, 0, NULL, &self->err);
    }
    return status;
}

static pe_status end_members(pe_root *self)
{
    pe_status status = PE_OK;
    int told = 0;
    uint64_t backoff_ns = 0;
    while (status == PE_OK && (self->byes < self->ranks - 1 || self->outgoing != NULL || self->receives > 0)) {
        bool active = false;
        status = tell_end(self, &told, &active);
        if (status == PE_OK)
            status = pe_root_read_messages(self, &active);
        if (status == PE_OK)
            status = pe_root_deliver(self, &active);
        if (status == PE_OK)
            active |= pe_message_sweep(self->pool, &self->outgoing, payload_left, &self->err) > 0;
        backoff_ns = active ? 0 : pe_rank_pool_backoff(backoff_ns, self->receives > 0);
        if (!active)
            pe_rank_pool_wait(self->pool, backoff_ns);
        status = self->err.status;
    }
    return status;
}

_Static_assert(sizeof(pe_entry) <= PE_PLAN_ENTRY_BYTES, "the plan counts more for a grant");
_Static_assert(sizeof(pe_rank_state) + sizeof(int) <= PE_PLAN_RANK_BYTES, "the plan counts more for a rank");

static pe_status init(pe_root *self, pe_rank_pool *pool)
{
    const pe_plan *plan = pool->spec->plan;
    pe_error *err = &self->err;
    *self = (pe_root){.pool = pool,
                      .plan = plan,
                      .comm = pool->spec->comm,
                      .ranks = pe_comm_size(pool->spec->comm),
                      .piece_count = plan->pulls,
                      .limit = PE_NO_ITEM,
                      .err = PE_ERROR_INIT};
    const uint64_t threads = (uint64_t)plan->threads, share = pe_plan_share(plan);
    const uint64_t unit = plan->is_fixed ? plan->grain_items : 1;
    const uint64_t least = unit * threads; /* something for each of them */
    pe_adaptive_chunk_init(
        &self->chunking, &(pe_adaptive_chunk_spec){.least = least < plan->slice_items ? least : plan->slice_items,
                                                   .most = plan->slice_items,
                                                   .unit = unit,
                                                   .share = share > UINT64_MAX / threads ? UINT64_MAX : share * threads,
                                                   .least_ns = PE_DISPATCH_NS * (uint64_t)self->ranks,
                                                   .is_fixed = plan->schedule == PE_SCHEDULE_STATIC});
    pe_status status = pe_make_array(&self->states, (size_t)self->ranks, sizeof *self->states, err);
    if (status == PE_OK)
        status = pe_make_array(&self->queue, (size_t)self->ranks, sizeof *self->queue, err);
    if (status == PE_OK)
        status = pe_make_array(&self->entries, plan->window_slices, sizeof *self->entries, err);
    if (status == PE_OK)
        status = pe_make_array(&self->pieces, (size_t)self->piece_count, sizeof *self->pieces, err);
    for (int i = self->piece_count - 1; i >= 0 && self->pieces != NULL; i--) {
        self->pieces[i].next = self->free_pieces;
        self->free_pieces = &self->pieces[i];
    }
    for (int rank = 0; rank < self->ranks && status == PE_OK; rank++)
        pe_root_offer(self, rank);
    return status;
}

static void fini(pe_root *self)
{
    for (int i = 0; i < self->piece_count && self->pieces != NULL; i++) {
        pe_buffer_fini(&self->pieces[i].pulled.bytes);
        pe_buffer_fini(&self->pieces[i].pulled.log);
    }
    free(self->pieces);
    free(self->entries);
    free(self->queue);
    free(self->states);
}

static pe_status run(pe_root *self)
{
    uint64_t backoff_ns = 0;
    pe_status status = PE_OK;
    while (status == PE_OK && !is_complete(self) && !is_failed(self)) {
        bool active = false;
        status = step(self, &active);
        pe_rank_pool_tick(self->pool);
        backoff_ns = active ? 0 : pe_rank_pool_backoff(backoff_ns, self->receives > 0);
        if (!active)
            pe_rank_pool_wait(self->pool, backoff_ns);
    }
    return status;
}

void pe_root_lead(pe_rank_pool *pool)
{
    pe_root self;
    pe_status status = init(&self, pool);
    pe_error heard = PE_ERROR_INIT;
    const bool can_hear =
        pe_root_listen(&self, &heard) == PE_OK; /* even when out of memory: the members must be told */
    if (status == PE_OK && can_hear)
        status = run(&self);
    if (status != PE_OK)
        pe_rank_pool_fail(pool, &self.err);
    pe_rank_pool_stop(pool); /* complete, or ended: nothing more is to be computed or written */
    self.err = heard;
    if (!can_hear || end_members(&self) != PE_OK)
        pe_rank_pool_fail(pool, &self.err);
    pe_rank_pool_drain(pool);
    fini(&self);
}

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* root.c - the main thread of rank 0 in a run with several ranks: dispatches slices, gathers results, ends the run.
 *
 * Invariant: every message that is sent is received, so no message is in flight when the loop returns.
 * Design:   one loop does all steps that are possible without blocking, and sleeps when there was nothing to do; a
 *           worker can wake it. When all slices are delivered or the run stops, END goes to every member. A member then
 *           sends the results that were pulled, and DONE. Before that, a run that stops spills what is done on all ranks.
 * Threads:  the main thread.
 * Not here: dispatch of slices (dispatch.c), gathering of results (announce.c, gather.c), items that take long (stall.c),
 *           workers (threads/pool/rank_pool.c).
 */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "ranks/main_loops.h"
#include "ranks/root_internal.h"
#include "threads/work_queue.h"

#define END_BATCH 64

static void recycle(pe_rank_pool *pool, void *slice)
{
    pe_work_queue_recycle(pool->queue, slice);
}

/* ---- the run ---- */

/* Has the run failed? After a failed item the run continues until all items before it are delivered, or until the grace
 * period has passed. */
static bool is_failed(pe_root *self)
{
    const uint64_t own = pe_rank_pool_failing_item(self->pool);
    self->failing_item = own < self->failing_item ? own : self->failing_item;
    if (pe_rank_pool_end_grace(self->pool))
        return true;
    if (self->failing_item == PE_NO_ITEM)
        return false;
    return !pe_root_is_ordered(self) || self->outstanding == 0 || self->next_item >= self->failing_item;
}

static pe_status step(pe_root *self, bool *active)
{
    pe_status status = pe_root_read_headers(self, active);
    if (status == PE_OK)
        status = pe_root_take_own(self, active);
    if (status == PE_OK)
        status = pe_root_pull(self, active);
    if (status == PE_OK)
        status = pe_root_deliver(self, active);
    if (status == PE_OK)
        status = pe_root_spill_waiting(self, active);
    if (status == PE_OK && self->failing_item == PE_NO_ITEM)
        status = pe_root_dispatch(self, active);
    if (status == PE_OK)
        status = pe_sync_step(&self->sync, self->spec, &self->outbox, active, &self->err);
    if (status == PE_OK)
        status = pe_outbox_test(&self->outbox, active, &self->err);
    return status;
}

static bool is_complete(const pe_root *self)
{
    return self->is_dispatched_all && self->next == NULL && self->outstanding == 0 && self->part_count == 0;
}

/* Sleeps after a step in which nothing was done. */
static void wait_when_idle(pe_root *self, bool active, uint64_t *backoff_ns)
{
    *backoff_ns = active ? 0 : pe_backoff_next(*backoff_ns, self->receives > 0);
    if (!active)
        pe_rank_pool_wait(self->pool, *backoff_ns);
}

static pe_status run(pe_root *self)
{
    uint64_t backoff_ns = 0;
    pe_status status = PE_OK;
    while (status == PE_OK && !is_complete(self) && !is_failed(self)) {
        bool active = false;
        status = step(self, &active);
        pe_rank_pool_tick(self->pool);
        wait_when_idle(self, active, &backoff_ns);
    }
    return status;
}

/* ---- the end ---- */

/* Sends END to the next members, at most END_BATCH at a time, so that not thousands of sends are pending at once. */
static pe_status send_end(pe_root *self, int *sent, bool *active)
{
    const pe_message_header header = {.kind = PE_MESSAGE_END};
    pe_status status = PE_OK;
    for (int i = 0; i < END_BATCH && *sent < self->ranks - 1 && status == PE_OK; i++) {
        *active = true;
        status = pe_outbox_send(&self->outbox, ++*sent, &header, (pe_message_data){.size = 0}, &self->err);
    }
    return status;
}

static pe_status end_members(pe_root *self)
{
    pe_status status = PE_OK;
    int sent = 0;
    uint64_t backoff_ns = 0;
    while (status == PE_OK && (self->ended_members < self->ranks - 1 || self->outbox.first != NULL ||
                               self->receives > 0 || pe_sync_is_receiving(&self->sync))) {
        bool active = false;
        status = send_end(self, &sent, &active);
        if (status == PE_OK)
            status = pe_root_read_headers(self, &active);
        if (status == PE_OK)
            status = pe_root_deliver(self, &active);
        if (status == PE_OK)
            status = pe_sync_finish(&self->sync, self->spec, &active, &self->err);
        if (status == PE_OK)
            status = pe_outbox_test(&self->outbox, &active, &self->err);
        wait_when_idle(self, active, &backoff_ns);
    }
    return status;
}

/* ---- init and fini ---- */

_Static_assert(sizeof(pe_rank_state) + sizeof(int) <= PE_PLAN_RANK_BYTES, "the plan counts more for a rank");

static void init_chunking(pe_root *self)
{
    const pe_plan *plan = self->plan;
    const uint64_t threads = (uint64_t)plan->threads, share = pe_plan_share(plan);
    const uint64_t unit = plan->is_fixed ? plan->grain_items : 1;
    const uint64_t least = unit * threads; /* at least one unit for each thread */
    pe_adaptive_chunk_init(
        &self->chunking, &(pe_adaptive_chunk_spec){.least = least < plan->slice_items ? least : plan->slice_items,
                                                   .most = plan->slice_items,
                                                   .unit = unit,
                                                   .share = share > UINT64_MAX / threads ? UINT64_MAX : share * threads,
                                                   .least_ns = PE_DISPATCH_NS * (uint64_t)self->ranks,
                                                   .is_fixed = plan->schedule == PE_SCHEDULE_STATIC});
}

static pe_status init(pe_root *self, const pe_execute_plan_spec *spec, pe_rank_pool *pool)
{
    const pe_plan *plan = spec->pool.plan;
    pe_error *err = &self->err;
    *self = (pe_root){.spec = spec,
                      .pool = pool,
                      .plan = plan,
                      .comm = spec->comm,
                      .ranks = pe_comm_size(spec->comm),
                      .outbox = {.comm = spec->comm, .pool = pool, .on_sent = recycle},
                      .pull_count = plan->pulls,
                      .failing_item = PE_NO_ITEM,
                      .delivered_ns = pe_clock_ns(),
                      .spilled_ns = pe_clock_ns(),
                      .err = PE_ERROR_INIT};
    init_chunking(self);
    pe_status status = pe_make_array(&self->states, (size_t)self->ranks, sizeof *self->states, err);
    if (status == PE_OK)
        status = pe_make_array(&self->queue, (size_t)self->ranks, sizeof *self->queue, err);
    if (status == PE_OK)
        status = pe_root_make_window(self);
    if (status == PE_OK)
        status = pe_make_array(&self->pulls, (size_t)self->pull_count, sizeof *self->pulls, err);
    for (int i = self->pull_count - 1; i >= 0 && self->pulls != NULL; i--) {
        self->pulls[i].next = self->free_pulls;
        self->free_pulls = &self->pulls[i];
    }
    for (int rank = 0; rank < self->ranks && status == PE_OK; rank++)
        pe_root_offer(self, rank);
    return status;
}

static void fini(pe_root *self)
{
    for (int i = 0; i < self->pull_count && self->pulls != NULL; i++) {
        pe_buffer_fini(&self->pulls[i].result.bytes);
        pe_buffer_fini(&self->pulls[i].result.log);
    }
    pe_sync_fini(&self->sync);
    free(self->pulls);
    pe_root_free_window(self);
    free(self->queue);
    free(self->states);
}

void pe_root_loop(const pe_execute_plan_spec *spec, pe_rank_pool *pool)
{
    pe_root self;
    pe_status status = init(&self, spec, pool);
    pe_error receive_err = PE_ERROR_INIT;
    const bool is_listening =
        pe_root_listen(&self, &receive_err) == PE_OK; /* also when out of memory: members still need END */
    if (status == PE_OK && is_listening)
        status = run(&self);
    const bool is_early = status == PE_OK && is_listening && !is_complete(&self);
    if (status != PE_OK)
        pe_rank_pool_fail(pool, &self.err);
    pe_rank_pool_stop(pool); /* all is delivered or the run has failed: compute and write nothing more */
    if (is_early && pe_root_spill_rest(&self) != PE_OK)
        pe_rank_pool_fail(pool, &self.err);
    self.err = receive_err;
    if (!is_listening || end_members(&self) != PE_OK)
        pe_rank_pool_fail(pool, &self.err);
    pe_rank_pool_drain(pool);
    fini(&self);
}

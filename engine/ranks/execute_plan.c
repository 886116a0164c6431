/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* execute_plan.c - runs a plan on this rank: starts the worker pool and runs the loop of the main thread.
 *
 * Design:   a single rank needs no dispatch: each range of items is one slice, from which the workers claim chunks. A
 *           stream is read a few slices ahead of the workers. With several ranks the main thread runs a loop of
 *           main_loops.h.
 * Threads:  the main thread.
 * Not here: workers (threads/pool/rank_pool.c), rank 0 of several (root.c), the other ranks (member.c).
 */
#include "ranks/execute_plan.h"

#include "base/clock.h"
#include "ranks/main_loops.h"
#include "threads/work_queue.h"

#define POLL_MS 20
#define FULL_WAIT_NS 1000000u
#define SLICES_AHEAD 1024 /* enough for ranges of single items; a slice itself is small */
#define PAYLOAD_SHARE 4   /* queued input takes at most 1/4 of the planned buffers: large input means large results */

/* The run of a plan on this rank. */
typedef struct plan_run {
    const pe_execute_plan_spec *spec;
    pe_rank_pool pool;
} plan_run;

/* Reads one slice of a stream, or waits while enough slices are queued. */
static pe_status read_stream(plan_run *self, bool *ended, pe_error *err)
{
    const pe_execute_plan_spec *spec = self->spec;
    const pe_plan *plan = spec->pool.plan;
    pe_work_queue *queue = self->pool.queue;
    pe_slice *slice = NULL;
    const bool is_heavy = pe_work_queue_payload(queue) > plan->buffer_bytes / PAYLOAD_SHARE;
    if (is_heavy || pe_work_queue_backlog(queue) >= (uint64_t)plan->depth) {
        pe_rank_pool_wait(&self->pool, FULL_WAIT_NS);
        return PE_OK;
    }
    pe_status status = pe_work_queue_make_slice(queue, &slice, err);
    if (status != PE_OK)
        return status;
    status = spec->next(spec->pool.context, POLL_MS, &slice->payload, &slice->block, ended, err);
    if (status == PE_OK && slice->block.count > 0)
        pe_work_queue_push(queue, slice);
    else
        pe_work_queue_recycle(queue, slice);
    return status;
}

static bool is_ending(plan_run *self)
{
    return pe_rank_pool_is_stopped(&self->pool) || pe_rank_pool_failing_item(&self->pool) != PE_NO_ITEM;
}

static pe_status push_items(plan_run *self, pe_block block, pe_error *err)
{
    pe_slice *slice = NULL;
    const pe_status status = pe_work_queue_make_slice(self->pool.queue, &slice, err);
    if (status != PE_OK)
        return status;
    slice->block = block;
    pe_work_queue_push(self->pool.queue, slice);
    return PE_OK;
}

/* Pushes one slice for each range of items; at most SLICES_AHEAD are queued. */
static pe_status push_all_items(plan_run *self, pe_error *err)
{
    const pe_execute_plan_spec *spec = self->spec;
    const uint64_t items = spec->pool.plan->items;
    pe_status status = PE_OK;
    for (uint64_t first = 0; first < items && status == PE_OK && !is_ending(self);) {
        const pe_block block = {.first = first, .count = pe_execute_plan_range(spec, first, items - first)};
        status = push_items(self, block, err);
        first += block.count;
        while (first < items && pe_work_queue_backlog(self->pool.queue) >= SLICES_AHEAD && !is_ending(self)) {
            pe_rank_pool_wait(&self->pool, FULL_WAIT_NS);
            pe_rank_pool_tick(&self->pool);
            pe_rank_pool_take_waiting(&self->pool);
        }
    }
    return status;
}

static void single_rank_loop(plan_run *self)
{
    pe_error err = PE_ERROR_INIT;
    pe_status status = PE_OK;
    if (self->spec->is_stream)
        for (bool ended = false; !ended && status == PE_OK && !is_ending(self); pe_rank_pool_tick(&self->pool)) {
            status = read_stream(self, &ended, &err);
            pe_rank_pool_take_waiting(&self->pool);
        }
    else
        status = push_all_items(self, &err);
    if (status != PE_OK)
        pe_rank_pool_fail(&self->pool, &err);
    pe_rank_pool_drain(&self->pool);
    (void)pe_rank_pool_take_rest(&self->pool);
}

static void main_loop(void *context)
{
    plan_run *self = context;
    pe_comm *comm = self->spec->comm;
    pe_lane_enter(pe_profile_lane(self->spec->pool.profile, -1));
    if (pe_comm_size(comm) == 1)
        single_rank_loop(self);
    else if (pe_comm_rank(comm) == 0)
        pe_root_loop(self->spec, &self->pool);
    else
        pe_member_loop(self->spec, &self->pool);
    pe_lane_leave(PE_PHASE_WAIT_WORK);
}

pe_status pe_execute_plan(const pe_execute_plan_spec *spec, pe_execute_plan_stats *stats, pe_error *err)
{
    plan_run self = {.spec = spec};
    pe_rank_pool *pool = &self.pool;
    const uint64_t began = pe_clock_ns();
    (void)pe_rank_pool_init(pool, &spec->pool, err);
    if (pe_comm_agree(spec->comm, err) == PE_OK) /* all ranks start, or none */
        pe_rank_pool_run(pool, main_loop, &self);
    pe_error_merge(err, &pool->error);
    *stats = (pe_execute_plan_stats){.chunk_items = pe_adaptive_chunk_piece(&pool->chunking, 0),
                                     .items = atomic_load_explicit(&pool->items, memory_order_relaxed),
                                     .busy_ns = atomic_load_explicit(&pool->busy_ns, memory_order_relaxed),
                                     .wall_ns = pe_clock_ns() - began};
    pe_rank_pool_fini(pool);
    return err->status;
}

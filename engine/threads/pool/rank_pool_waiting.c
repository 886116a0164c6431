/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* rank_pool_waiting.c - takes results that wait for a slow item out of the reorder buffer.
 *
 * Design:   while the next item to deliver is not done, later ones fill the window. When it is the same for STALL_NS, and
 *           workers wait for room, results are taken in the order of their items until there is room. What has waited for
 *           spill.after_ns is taken also where there is room, so that a checkpoint can list it: in one piece as far as
 *           possible, so that the list stays short. The main thread does both, so the workers compute meanwhile. It takes for
 *           PASS_NS at most, and then looks after the run.
 *           On one rank the results are spilled. On several they become parts of their slices, which rank 0 spills when it has
 *           to; there workers may also wait for work, which rank 0 sends when results are announced.
 * Threads:  the main thread.
 * Not here: where results are spilled (run/output/spilled_results.c), what rank 0 does with parts (ranks/stall.c).
 */
#include "base/clock.h"
#include "threads/pool/rank_pool_results.h"
#include "threads/work_queue.h"

#define STALL_NS 100000000u
#define PASS_NS 50000000u

/* How long the next item to deliver has been waited for. */
static uint64_t waited_ns(pe_rank_pool *pool, uint64_t now)
{
    const uint64_t head = pe_reorder_first(pool->reorder);
    if (head != pool->waiting.head)
        pool->waiting.head_ns = now;
    pool->waiting.head = head;
    return head == 0 ? 0 : now - pool->waiting.head_ns;
}

static bool is_alone(const pe_rank_pool *pool)
{
    return pool->spec->plan->ranks == 1;
}

static bool is_over(const pe_rank_pool *pool)
{
    const bool has_room = pool->waiting.is_for_room && is_alone(pool) && !pe_work_queue_lacks_room(pool->queue);
    return has_room || pe_clock_ns() > pool->waiting.until_ns;
}

/* One rank. A chunk without items has none left, as in deliver_to_sink. */
static pe_reorder_taken spill_chunk(void *context, pe_reorder_entry *entry)
{
    pe_rank_pool *pool = context;
    pe_chunk *chunk = pe_chunk_of_entry(entry);
    pe_slice *slice = chunk->slice;
    const uint64_t items = chunk->out.items;
    if (items == 0)
        return PE_REORDER_TO_RELEASE;
    if (is_over(pool) || !pe_rank_pool_spill(pool, &chunk->out))
        return PE_REORDER_LEFT;
    /* as in deliver_to_sink, which may be at work on the same slice */
    if (atomic_fetch_add_explicit(&slice->delivered, items, memory_order_acq_rel) + items == slice->block.count)
        pe_work_queue_recycle(pool->queue, slice);
    return PE_REORDER_TO_RELEASE;
}

/* Several ranks: the chunk is a part of its slice. Nothing is delivered meanwhile. */
static pe_reorder_taken hand_over(void *context, pe_reorder_entry *entry)
{
    pe_rank_pool *pool = context;
    pe_chunk *chunk = pe_chunk_of_entry(entry);
    pe_slice *slice = chunk->slice;
    const uint64_t items = chunk->out.items;
    if (items == 0)
        return PE_REORDER_TO_RELEASE;
    if (is_over(pool))
        return PE_REORDER_LEFT;
    const uint64_t delivered = atomic_fetch_add_explicit(&slice->delivered, items, memory_order_acq_rel) + items;
    chunk->ends_slice = delivered == slice->block.count && !slice->is_cut;
    chunk->block = (pe_block){.first = chunk->out.first, .count = items};
    slice->finished += items;
    pe_rank_pool_append_finished(pool, chunk);
    return PE_REORDER_TAKEN;
}

static bool take(pe_rank_pool *pool)
{
    if (!pe_reorder_begin_taking(pool->reorder, is_alone(pool)))
        return false;
    if (pool->gathering != NULL && pool->gathering->whole->out.items > 0) /* the slow item's slice, up to that item */
        pe_rank_pool_end_part(pool, pool->gathering, false);
    pe_reorder_take_waiting(pool->reorder, pool->waiting.is_for_room || pool->waiting.is_rest,
                            is_alone(pool) ? spill_chunk : hand_over);
    pe_reorder_end_taking(pool->reorder);
    return true;
}

void pe_rank_pool_take_waiting(pe_rank_pool *pool)
{
    const pe_rank_pool_spec *spec = pool->spec;
    if (spec->spill.put == NULL || pe_rank_pool_is_stopped(pool))
        return;
    const uint64_t now = pe_clock_ns(), waits_ns = waited_ns(pool, now);
    if (waits_ns < STALL_NS)
        return;
    const bool is_due = waits_ns >= spec->spill.after_ns && now - pool->waiting.taken_ns >= spec->spill.after_ns;
    const bool is_wanted =
        is_alone(pool) ? pe_work_queue_lacks_room(pool->queue) : pe_work_queue_has_sleepers(pool->queue);
    if (!is_due && !is_wanted)
        return;
    pool->waiting.is_for_room = !is_due;
    pool->waiting.until_ns = now + PASS_NS;
    if (take(pool) && is_due && pe_clock_ns() <= pool->waiting.until_ns) { /* else there may be more */
        pool->waiting.taken_ns = now;
        pe_reorder_next_round(pool->reorder);
    }
}

bool pe_rank_pool_take_rest(pe_rank_pool *pool)
{
    pool->waiting.is_for_room = false;
    pool->waiting.is_rest = true;
    pool->waiting.until_ns = UINT64_MAX;
    return pool->spec->spill.put == NULL || take(pool);
}

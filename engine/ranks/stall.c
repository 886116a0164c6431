/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* stall.c - while an item takes long, rank 0 spills the results that wait for it, and the other items go on.
 *
 * Invariant: FREE_PULLS receive buffers are kept for the results that come next, so that these can always be pulled, also
 *            when nothing more can be spilled.
 * Design:   a run is stalled when nothing was delivered for PE_STALL_NS. Results that wait are then spilled, if they keep a
 *           rank from work or the window is full. They are spilled in the order of their items, so that a checkpoint lists
 *           few ranges; those of members are pulled first. After spill.after_ns they are spilled in any case, so that a
 *           checkpoint can list them.
 *           A slice with a slow item takes one worker of its rank, not all. Once the rank has finished later slices, the
 *           slice is not counted any more as work that the rank has in advance.
 * Threads:  the main thread of rank 0.
 * Not here: how a rank takes what waits out of its reorder buffer (threads/pool/rank_pool_waiting.c), where results are spilled
 *           (run/output/spilled_results.c).
 */
#include "base/clock.h"
#include "ranks/main_loops.h"
#include "ranks/root_internal.h"
#include "threads/work_queue.h"

#define PASS_NS 20000000u                  /* of spilling; then messages are handled again */
#define REST_MOST_NS UINT64_C(10000000000) /* batch systems kill half a minute after they have warned */
#define STOP_BATCH 64                      /* members that are told to stop before other messages are handled again */
#define FREE_PULLS 2

static bool lacks_room(const pe_root *self)
{
    return self->full_ranks > 0 || (pe_root_is_window_full(self) && !self->is_dispatched_all) ||
           pe_work_queue_lacks_room(self->pool->queue);
}

static void overtake(pe_root *self, uint64_t now)
{
    if (now - self->overtaken_ns < PE_STALL_NS)
        return;
    self->overtaken_ns = now;
    for (pe_window_entry *entry = self->first; entry != NULL; entry = entry->next) {
        pe_rank_state *const state = &self->states[entry->owner];
        if (entry->is_overtaken || entry->awaited == 0 || entry->block.first >= state->finished_to)
            continue;
        entry->is_overtaken = true;
        state->unfinished -= (int)pe_plan_span(self->plan, (pe_block){.count = entry->block.count});
        pe_root_offer(self, entry->owner);
    }
}

/* ---- spilling ---- */

typedef enum outcome {
    ALL,  /* nothing more waits, or nothing more need be spilled */
    SOME, /* there is more to do later: earlier results are arriving, a buffer is not free, or the time has passed */
    FULL  /* nothing can be spilled */
} outcome;

/* Spills results, or pulls them to be spilled when they have arrived. */
static outcome spill_part(pe_root *self, pe_part *part, bool *active)
{
    if (part->block.first == self->next_item && !self->is_ending)
        return ALL;
    if (part->pull == NULL && !pe_root_needs_pull(part) && self->spill_pulls > 0)
        return SOME;
    if (pe_root_has_come(part)) {
        const bool is_spilled = pe_root_spill(self, part);
        *active = *active || is_spilled;
        return is_spilled ? ALL : FULL;
    }
    if (part->pull != NULL)
        return ALL; /* is arriving */
    if (self->spill_pulls >= self->pull_count - FREE_PULLS || self->free_pulls == NULL ||
        !pe_root_has_room_for(self, part))
        return SOME;
    *active = true;
    return pe_root_start_pull(self, part, true) == PE_OK ? ALL : SOME;
}

/* A slice that was dispatched since the last round is usually complete in the next one. Waiting for it leaves no gap in what is
 * spilled. */
static bool is_to_wait_for(const pe_root *self, const pe_window_entry *entry)
{
    return !self->is_ending && entry->awaited > 0 && entry->block.first >= self->old_to && !lacks_room(self);
}

static outcome spill_all(pe_root *self, uint64_t until_ns, bool *active)
{
    pe_window_entry *next_entry = NULL;
    for (pe_window_entry *entry = self->first; entry != NULL; entry = next_entry) {
        pe_part *next = NULL;
        next_entry = entry->next; /* with its last part the entry is gone */
        if (is_to_wait_for(self, entry))
            return ALL;
        for (pe_part *part = entry->parts; part != NULL; part = next) {
            next = part->next;
            if (!self->is_due && !self->is_ending && !lacks_room(self))
                return ALL;
            const outcome found = spill_part(self, part, active);
            if (found != ALL)
                return found;
            if (pe_clock_ns() > until_ns)
                return SOME;
        }
    }
    return ALL;
}

/* Results that were pulled to be spilled, in their order. Those that cannot be spilled wait for their turn. */
static outcome spill_arrived(pe_root *self, bool *active)
{
    pe_pull *next = NULL;
    for (pe_pull *pull = self->spill_pulls > 0 ? self->arriving : NULL; pull != NULL; pull = next) {
        next = pull->next;
        const outcome found = !pull->is_to_spill ? ALL : pull->op != NULL ? SOME : spill_part(self, pull->part, active);
        if (found != ALL)
            return found;
    }
    return ALL;
}

pe_status pe_root_spill_waiting(pe_root *self, bool *active)
{
    const uint64_t after_ns = self->spec->pool.spill.after_ns;
    pe_rank_pool_take_waiting(self->pool);
    if (pe_rank_pool_is_stopped(self->pool))
        return PE_OK;
    (void)spill_arrived(self, active);
    if (!pe_root_is_stalled(self))
        return self->err.status;
    const uint64_t now = pe_clock_ns();
    overtake(self, now);
    self->is_due = self->is_due || (now - self->delivered_ns >= after_ns && now - self->spilled_ns >= after_ns);
    if (!self->is_due && !lacks_room(self))
        return self->err.status;
    if (spill_all(self, now + PASS_NS, active) != SOME && self->is_due) {
        self->is_due = false;
        self->old_to = self->dispatched_items;
        self->spilled_ns = now;
    }
    return self->err.status;
}

/* ---- the early end ---- */

/* Whether the run ends for a reason that leaves what is done worth keeping, and the disk able to take it. */
static bool is_orderly(pe_rank_pool *pool)
{
    const pe_status status = pe_rank_pool_failure(pool);
    return status == PE_OK || status == PE_ESTOPPED || status == PE_EITEM;
}

static pe_status send_stop(pe_root *self, int *sent, bool *active)
{
    const pe_message_header header = {.kind = PE_MESSAGE_STOP};
    pe_status status = PE_OK;
    for (int i = 0; i < STOP_BATCH && *sent < self->ranks - 1 && status == PE_OK; i++) {
        *active = true;
        status = pe_outbox_send(&self->outbox, ++*sent, &header, (pe_message_data){.size = 0}, &self->err);
    }
    return status;
}

/* Takes and spills what has been announced. *is_full: nothing more can be spilled. */
static pe_status rest_step(pe_root *self, bool *has_own, bool *is_full, bool *active)
{
    pe_status status = pe_root_read_headers(self, active);
    *has_own = *has_own || pe_rank_pool_take_rest(self->pool);
    if (status == PE_OK)
        status = pe_root_take_own(self, active);
    if (status == PE_OK)
        status = pe_root_receive(self, active);
    if (status == PE_OK)
        *is_full = spill_arrived(self, active) == FULL || spill_all(self, UINT64_MAX, active) == FULL;
    if (status == PE_OK)
        status = pe_outbox_test(&self->outbox, active, &self->err);
    return status == PE_OK ? self->err.status : status;
}

pe_status pe_root_spill_rest(pe_root *self)
{
    uint64_t backoff_ns = 0;
    const uint64_t until_ns = pe_clock_ns() + REST_MOST_NS;
    int sent = 0;
    bool has_own = false, is_full = false, is_all = false;
    pe_status status = PE_OK;
    if (self->spec->pool.spill.put == NULL || !pe_root_is_ordered(self) || !is_orderly(self->pool))
        return PE_OK;
    self->is_ending = true;
    while (status == PE_OK && !is_all && !is_full && pe_clock_ns() < until_ns) {
        bool active = false;
        status = send_stop(self, &sent, &active);
        if (status == PE_OK)
            status = rest_step(self, &has_own, &is_full, &active);
        is_all = has_own && self->stopped_members == self->ranks - 1 && self->part_count == 0;
        backoff_ns = active ? 0 : pe_backoff_next(backoff_ns, self->receives > 0);
        if (!active)
            pe_rank_pool_wait(self->pool, backoff_ns);
    }
    return status;
}

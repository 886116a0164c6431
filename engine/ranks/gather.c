/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* gather.c - rank 0 gathers results: members announce them, rank 0 pulls their bytes and delivers them in order.
 *
 * Invariant: rank 0 receives into a fixed number of buffers, so its memory does not grow with the number of ranks.
 * Design: a member announces a computed slice by a header of fixed size and keeps the bytes. Rank 0 pulls the bytes
 *         shortly before the slice is delivered. This is a pipelined partial gather: while one slice is written, the
 *         next ones are received and later ones are computed. Results of rank 0's workers, and results without bytes,
 *         need no pull: they wait in the window until they are delivered.
 *         When results have unknown size (texts), a slice comes in several parts, each of bounded size.
 *         Progress: the oldest undelivered slice is already dispatched. Its rank has a buffer for it, since chunks are
 *         claimed in order, and its results are announced even where earlier ones are missing, and pulled next. So they are
 *         delivered, and the window advances.
 * Threads: the main thread of rank 0.
 * Not here: what ranks announce (announce.c), results that wait for an item that takes long (stall.c).
 */
#include "base/clock.h"
#include "ranks/root_internal.h"
#include "threads/pool/rank_pool_results.h"
#include "threads/work_queue.h"

/* The rank may have room for a slice now. */
void pe_root_free_memory_of(pe_root *self, const pe_part *part)
{
    self->states[part->owner].held -= part->block.count;
    pe_root_set_full(self, part->owner, false);
    pe_root_offer(self, part->owner);
}

bool pe_root_needs_pull(const pe_part *part)
{
    return part->owner != 0 && part->bytes > 0;
}

bool pe_root_has_come(const pe_part *part)
{
    return !pe_root_needs_pull(part) || (part->pull != NULL && part->pull->op == NULL);
}

/* ---- results that have come ---- */

static void free_pull(pe_root *self, pe_pull *pull)
{
    pe_pull **at = &self->arriving;
    while (*at != pull)
        at = &(*at)->next;
    *at = pull->next;
    self->arriving_bytes -= pull->part->bytes;
    self->spill_pulls -= pull->is_to_spill ? 1 : 0;
    pe_buffer_pool_trim(&pull->result.bytes, 2 * self->plan->pull_bytes);
    pull->next = self->free_pulls;
    self->free_pulls = pull;
}

/* The part is gone afterwards. */
static void free_part(pe_root *self, pe_part *part)
{
    pe_chunk *const own = part->owner == 0 ? part->own : NULL;
    if (own != NULL) {
        pe_rank_pool_free_result(self->pool, own);
        pe_root_free_memory_of(self, part);
    }
    if (part->pull != NULL)
        free_pull(self, part->pull);
    pe_root_drop_part(self, part);
}

/* The results of a part. Without bytes they are made in *none. */
static pe_chunk_result *result_of(const pe_part *part, pe_chunk_result *none)
{
    if (part->pull != NULL)
        return &part->pull->result;
    if (part->owner == 0 && part->own != NULL)
        return &part->own->out;
    *none = (pe_chunk_result){.items = part->block.count, .rows = part->rows, .placed = part->placed};
    return none;
}

void pe_root_write(pe_root *self, pe_part *part)
{
    pe_chunk_result none;
    pe_chunk_result *const out = result_of(part, &none);
    out->first = part->block.first;
    pe_rank_pool_write(self->pool, out);
    self->next_item = part->block.first + part->block.count;
    if (self->spec->pool.spill.put != NULL)
        self->delivered_ns = pe_clock_ns();
    free_part(self, part);
}

bool pe_root_spill(pe_root *self, pe_part *part)
{
    pe_chunk_result none;
    pe_chunk_result *const out = result_of(part, &none);
    out->first = part->block.first;
    const bool is_spilled = pe_rank_pool_spill(self->pool, out);
    if (is_spilled)
        free_part(self, part);
    return is_spilled;
}

/* ---- pulls ---- */

/* The next results to pull, in the order of delivery, or NULL: those that follow what is delivered without a gap. */
static pe_part *next_pull(const pe_root *self)
{
    uint64_t next = self->next_item;
    for (const pe_window_entry *entry = self->first; entry != NULL; entry = entry->next) {
        for (pe_part *part = entry->parts; part != NULL && part->block.first == next; part = part->next) {
            if (pe_root_needs_pull(part) && part->pull == NULL)
                return part;
            next += part->block.count;
        }
        if (next != entry->block.first + entry->block.count)
            return NULL;
    }
    return NULL;
}

/* Without an order each part in the window needs a pull. */
static pe_part *any_pull(const pe_root *self)
{
    pe_part *part = self->arrivals.parts;
    while (part != NULL && part->pull != NULL)
        part = part->next;
    return part;
}

static void append_arriving(pe_root *self, pe_pull *pull)
{
    pe_pull **last = &self->arriving;
    while (*last != NULL)
        last = &(*last)->next;
    pull->next = NULL;
    *last = pull;
    self->receives++;
}

pe_status pe_root_start_pull(pe_root *self, pe_part *part, bool is_to_spill)
{
    const pe_message_header header = {.kind = PE_MESSAGE_PULL, .block = part->block};
    pe_pull *pull = self->free_pulls;
    pe_buffer *into = &pull->result.bytes;
    into->size = 0;
    pe_status status = pe_buffer_reserve(into, part->bytes, &self->err);
    if (status != PE_OK)
        return status;
    self->free_pulls = pull->next;
    append_arriving(self, pull);
    self->arriving_bytes += part->bytes;
    self->spill_pulls += is_to_spill ? 1 : 0;

    part->pull = pull;
    pull->part = part;
    pull->is_to_spill = is_to_spill;
    pull->result.items = part->block.count;
    pull->result.rows = part->rows;
    pull->result.placed = part->placed;
    pull->result.log.size = 0;
    into->size = part->bytes;
    status = pe_outbox_send(&self->outbox, part->owner, &header, (pe_message_data){.size = 0}, &self->err);
    if (status != PE_OK)
        return status;
    return pe_comm_recv(self->comm, part->owner, PE_TAG_RESULT, into->data, into->size, &pull->op, &self->err);
}

/* Results of unknown size may be large, so the bytes that are received at once are bounded too. */
bool pe_root_has_room_for(const pe_root *self, const pe_part *part)
{
    const size_t most = (size_t)self->plan->pulls * self->plan->pull_bytes;
    return self->arriving == NULL || self->arriving_bytes + part->bytes <= most;
}

pe_status pe_root_pull(pe_root *self, bool *active)
{
    const bool is_ordered = pe_root_is_ordered(self);
    pe_status status = PE_OK;
    while (status == PE_OK && self->free_pulls != NULL) {
        pe_part *part = is_ordered ? next_pull(self) : any_pull(self);
        const bool is_next = is_ordered && part != NULL &&
                             part->block.first == self->next_item; /* early pulls may have taken the room */
        if (part == NULL || (!is_next && !pe_root_has_room_for(self, part)))
            break;
        *active = true;
        status = pe_root_start_pull(self, part, false);
    }
    return status;
}

/* Tests the receive of a pulled result, and splits the message into rows and log. */
static pe_status receive(pe_root *self, pe_pull *pull, bool *active)
{
    bool done = false;
    pe_status status = pe_comm_test(self->comm, &pull->op, &done, NULL, &self->err);
    if (status != PE_OK || !done)
        return status;
    pe_chunk_result *out = &pull->result;
    out->bytes.size -= pull->part->log_bytes;
    *active = true;
    self->receives--;
    pe_root_free_memory_of(self, pull->part);
    return pe_buffer_append(&out->log, out->bytes.data + out->bytes.size, pull->part->log_bytes, &self->err);
}

pe_status pe_root_receive(pe_root *self, bool *active)
{
    pe_status status = PE_OK;
    for (pe_pull *pull = self->arriving; pull != NULL && status == PE_OK; pull = pull->next)
        if (pull->op != NULL)
            status = receive(self, pull, active);
    return status;
}

/* ---- delivery ---- */

/* Delivers the next results in order; false: they have not come yet. */
static bool deliver_in_order(pe_root *self)
{
    pe_part *part = self->first == NULL ? NULL : self->first->parts;
    if (part == NULL || part->block.first != self->next_item || part->block.first >= self->failing_item ||
        !pe_root_has_come(part))
        return false;
    pe_root_write(self, part);
    return true;
}

/* Delivers any results that have arrived; false: none have. */
static bool deliver_any(pe_root *self)
{
    pe_pull *pull = self->arriving;
    while (pull != NULL && pull->op != NULL)
        pull = pull->next;
    if (pull != NULL)
        pe_root_write(self, pull->part);
    return pull != NULL;
}

/* Delivers spilled results whose turn has come: one frame, since there may be many. Returns whether it did. */
static bool catch_up(pe_root *self)
{
    const pe_rank_pool_spec *const pool = &self->spec->pool;
    pe_error err = PE_ERROR_INIT;
    bool has_more = false;
    if (pool->spill.catch_up == NULL || pe_rank_pool_is_stopped(self->pool))
        return false;
    if (pool->spill.catch_up(pool->context, &self->next_item, &has_more, &err) != PE_OK)
        pe_rank_pool_fail(self->pool, &err);
    if (has_more) {
        self->delivered_ns = pe_clock_ns();
        pe_rank_pool_renew_grace(self->pool);
    }
    return has_more;
}

pe_status pe_root_deliver(pe_root *self, bool *active)
{
    pe_status status = pe_root_receive(self, active);
    for (bool goes_on = status == PE_OK; goes_on;) {
        const bool has_caught_up = catch_up(self);
        goes_on = !has_caught_up && (pe_root_is_ordered(self) ? deliver_in_order(self) : deliver_any(self));
        *active = *active || goes_on || has_caught_up;
    }
    return status;
}

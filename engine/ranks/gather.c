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
 *         claimed in order, and its result is the next one to be pulled. So it is delivered, and the window advances.
 * Threads: the main thread of rank 0.
 * Not here: dispatch of slices to ranks (dispatch.c).
 */
#include "ranks/root_internal.h"
#include "threads/work_queue.h"

/* The result's memory on its rank is free, so the rank may have room for a slice. */
static void free_memory_of(pe_root *self, const pe_window_entry *result)
{
    self->states[result->owner].held -= result->block.count;
    pe_root_offer(self, result->owner);
}

static bool needs_pull(const pe_window_entry *result)
{
    return result->owner != 0 && result->bytes > 0;
}

/* Writes results of a slice. The slice counts as delivered with its last results. */
static void write_result(pe_root *self, const pe_window_entry *result, const pe_chunk_result *out)
{
    pe_rank_pool_write(self->pool, out);
    self->delivered += result->ends_slice ? 1 : 0;
}

/* Delivers results of rank 0's workers, or results without bytes. */
static void deliver_here(pe_root *self, const pe_window_entry *result)
{
    if (result->own == NULL) {
        const pe_chunk_result none = {
            .first = result->block.first, .items = result->block.count, .rows = result->rows, .placed = result->placed};
        write_result(self, result, &none);
        return;
    }
    result->own->out.first = result->block.first;
    write_result(self, result, &result->own->out);
    pe_rank_pool_free_result(self->pool, result->own);
    free_memory_of(self, result);
}

/* ---- what ranks announce ---- */

/* Records that an item, or with PE_NO_ITEM another error, ended the run. pe_comm_agree sends the message later. */
static void note_failure(pe_root *self, uint64_t item)
{
    self->failing_item = item < self->failing_item ? item : self->failing_item;
    if (item == PE_NO_ITEM)
        pe_rank_pool_stop(self->pool);
    else
        pe_rank_pool_begin_grace(self->pool);
}

/* Stores an announced result in the window. A slice with fewer items than were dispatched ends before the item that
 * ended the run. */
static void store_result(pe_root *self, const pe_window_entry *result)
{
    pe_window_entry *entry = pe_root_entry(self, result->slice);
    const uint64_t first = result->block.first + result->block.count, end = entry->end;
    if (result->ends_slice && first < end)
        note_failure(self, first);
    *entry = *result;
    entry->end = end;
}

/* Resets the entry of a slice after one part of its results was taken, to wait for the next part. */
static void await_more(pe_window_entry *entry)
{
    const uint64_t first = entry->block.first + entry->block.count;
    entry->block = (pe_block){.first = first, .count = entry->end - first};
    entry->is_ready = false;
}

/* Takes announced results: records the measured cost of items and, with the last results of a slice, that their rank
 * has one slice less to compute. */
static void take_result(pe_root *self, const pe_window_entry *result, uint64_t slice_items, uint64_t work_ns)
{
    pe_root_learn(self, result->block.count, work_ns);
    self->has_bytes |= result->bytes > 0;
    if (result->ends_slice)
        self->states[result->owner].unfinished -= (int)pe_plan_span(self->plan, (pe_block){.count = slice_items});
    pe_root_offer(self, result->owner);
    if (result->bytes == 0)
        free_memory_of(self, result);
    if (pe_root_is_ordered(self))
        store_result(self, result);
    else if (needs_pull(result))
        *pe_root_entry(self, self->announced++) = *result;
    else
        deliver_here(self, result);
}

pe_status pe_root_listen(pe_root *self, pe_error *err)
{
    return pe_comm_recv(self->comm, PE_ANY_RANK, PE_TAG_TO_ROOT, &self->header, sizeof self->header, &self->header_op,
                        err);
}

static pe_status read_header(pe_root *self, int from, const pe_message_header *header)
{
    if (header->kind == PE_MESSAGE_SYNCED)
        return pe_sync_answer(&self->sync, from, header->bytes, &self->err);
    if (header->kind == PE_MESSAGE_RESULT)
        take_result(self,
                    &(pe_window_entry){.slice = header->slice,
                                       .block = header->block,
                                       .bytes = header->bytes,
                                       .log_bytes = header->log_bytes,
                                       .rows = header->rows,
                                       .placed = header->placed,
                                       .owner = from,
                                       .is_ready = true,
                                       .ends_slice = header->ends_slice != 0},
                    header->slice_items, header->work_ns);
    else if (header->kind == PE_MESSAGE_DONE)
        self->ended_members++;
    else
        note_failure(self, header->block.first);
    return PE_OK;
}

pe_status pe_root_read_headers(pe_root *self, bool *active)
{
    for (bool done = true; done && self->ended_members < self->ranks - 1;) {
        int from = 0;
        pe_status status = pe_comm_test(self->comm, &self->header_op, &done, &from, &self->err);
        if (status != PE_OK || !done)
            return status;
        *active = true;
        status = read_header(self, from, &self->header);
        if (status == PE_OK && self->ended_members < self->ranks - 1)
            status = pe_root_listen(self, &self->err);
        if (status != PE_OK)
            return status;
    }
    return PE_OK;
}

/* May this result of rank 0's workers enter the window? With ordered delivery, a part of a slice waits until the part
 * before it is delivered. */
static bool may_take_own(const pe_root *self, const pe_chunk *result)
{
    return result != NULL && !(pe_root_is_ordered(self) && pe_root_entry(self, result->slice->number)->is_ready);
}

void pe_root_take_own(pe_root *self, bool *active)
{
    for (pe_chunk *own = NULL; own = pe_rank_pool_finished(self->pool), may_take_own(self, own);) {
        const pe_chunk_result *out = &own->out;
        const size_t bytes = out->bytes.size + out->log.size;
        pe_rank_pool_take_finished(self->pool);
        take_result(self,
                    &(pe_window_entry){.slice = own->slice->number,
                                       .block = own->block,
                                       .bytes = bytes,
                                       .rows = out->rows,
                                       .placed = out->placed,
                                       .own = bytes > 0 ? own : NULL,
                                       .is_ready = true,
                                       .ends_slice = own->ends_slice},
                    own->slice->block.count, own->work_ns);
        if (bytes == 0)
            pe_rank_pool_free_result(self->pool, own);
        *active = true;
    }
}

/* ---- pulls ---- */

/* The entry of the next results to pull, in the order of delivery, or NULL. The ring entry of a delivered slice may
 * already hold a newer slice. */
static pe_window_entry *next_pull(pe_root *self)
{
    const bool is_ordered = pe_root_is_ordered(self);
    const uint64_t end = is_ordered ? self->dispatched : self->announced;
    if (is_ordered && self->pulled < self->delivered)
        self->pulled = self->delivered;
    for (; self->pulled < end; self->pulled++) {
        pe_window_entry *next = pe_root_entry(self, self->pulled);
        if (next->owner != 0 && !next->is_ready)
            return NULL;
        if (needs_pull(next))
            return next;
    }
    return NULL;
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

static pe_status start_pull(pe_root *self, pe_window_entry *from)
{
    const pe_message_header header = {.kind = PE_MESSAGE_PULL, .slice = from->slice};
    pe_pull *pull = self->free_pulls;
    pe_buffer *into = &pull->result.bytes;
    into->size = 0;
    pe_status status = pe_buffer_reserve(into, from->bytes, &self->err);
    if (status != PE_OK)
        return status;
    self->free_pulls = pull->next;
    append_arriving(self, pull);
    self->arriving_bytes += from->bytes;

    pull->from = *from;
    pull->result.first = from->block.first;
    pull->result.items = from->block.count;
    pull->result.rows = from->rows;
    pull->result.placed = from->placed;
    pull->result.log.size = 0;
    into->size = from->bytes;
    if (pe_root_is_ordered(self) && !from->ends_slice)
        await_more(from);
    else
        self->pulled++;
    const int owner = pull->from.owner;
    status = pe_outbox_send(&self->outbox, owner, &header, (pe_message_data){.size = 0}, &self->err);
    if (status != PE_OK)
        return status;
    return pe_comm_recv(self->comm, owner, PE_TAG_RESULT, into->data, into->size, &pull->op, &self->err);
}

/* Results of unknown size may be large, so the bytes that are received at once are bounded too. */
static bool has_room_for(const pe_root *self, const pe_window_entry *from)
{
    const size_t most = (size_t)self->plan->pulls * self->plan->pull_bytes;
    return self->arriving == NULL || self->arriving_bytes + from->bytes <= most;
}

pe_status pe_root_pull(pe_root *self, bool *active)
{
    pe_status status = PE_OK;
    while (status == PE_OK && self->free_pulls != NULL) {
        pe_window_entry *from = next_pull(self);
        if (from == NULL || !has_room_for(self, from))
            break;
        *active = true;
        status = start_pull(self, from);
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
    out->bytes.size -= pull->from.log_bytes;
    *active = true;
    self->receives--;
    free_memory_of(self, &pull->from);
    return pe_buffer_append(&out->log, out->bytes.data + out->bytes.size, pull->from.log_bytes, &self->err);
}

/* ---- delivery ---- */

static void deliver_pull(pe_root *self, pe_pull **at)
{
    pe_pull *pull = *at;
    *at = pull->next;
    self->arriving_bytes -= pull->from.bytes;
    write_result(self, &pull->from, &pull->result);
    pe_buffer_pool_trim(&pull->result.bytes, 2 * self->plan->pull_bytes);
    pull->next = self->free_pulls;
    self->free_pulls = pull;
}

/* Delivers the next results in order; false: they have not arrived yet. */
static bool deliver_in_order(pe_root *self)
{
    const pe_pull *first = self->arriving;
    if (self->delivered == self->dispatched)
        return false;
    if (first != NULL && first->from.slice == self->delivered) {
        if (first->op != NULL || first->from.block.first >= self->failing_item)
            return false;
        deliver_pull(self, &self->arriving);
        return true;
    }
    pe_window_entry *entry = pe_root_entry(self, self->delivered);
    if (!entry->is_ready || needs_pull(entry) || entry->block.first >= self->failing_item)
        return false;
    const pe_window_entry result = *entry;
    if (!result.ends_slice)
        await_more(entry);
    deliver_here(self, &result);
    return true;
}

/* Delivers any result that has arrived; false: none has. */
static bool deliver_any(pe_root *self)
{
    pe_pull **at = &self->arriving;
    while (*at != NULL && (*at)->op != NULL)
        at = &(*at)->next;
    if (*at == NULL)
        return false;
    deliver_pull(self, at);
    return true;
}

pe_status pe_root_deliver(pe_root *self, bool *active)
{
    for (pe_pull *pull = self->arriving; pull != NULL; pull = pull->next)
        if (pull->op != NULL && receive(self, pull, active) != PE_OK)
            return self->err.status;
    while (pe_root_is_ordered(self) ? deliver_in_order(self) : deliver_any(self))
        *active = true;
    return PE_OK;
}

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* announce.c - rank 0 enters what the ranks announce into the window.
 *
 * Design:  a member announces results as soon as it has them, so that no result is in the way of an earlier one. Parts of a
 *          slice come in order, except for those after an item that takes long (threads/pool/rank_pool_waiting.c).
 * Threads: the main thread of rank 0.
 * Not here: pulls and delivery (gather.c).
 */
#include "ranks/root_internal.h"
#include "threads/pool/rank_pool_results.h"
#include "threads/work_queue.h"

/* Records that an item, or with PE_NO_ITEM another error, ended the run. pe_comm_agree sends the message later. */
static void note_failure(pe_root *self, uint64_t item)
{
    self->failing_item = item < self->failing_item ? item : self->failing_item;
    if (item == PE_NO_ITEM)
        pe_rank_pool_stop(self->pool);
    else
        pe_rank_pool_begin_grace(self->pool);
}

/* With the last results of a slice its rank has one slice less to compute. A slice with fewer items than were dispatched ends
 * before the item that ended the run. */
static void end_slice(pe_root *self, const pe_window_entry *entry, int owner, uint64_t slice_items)
{
    pe_rank_state *const state = &self->states[owner];
    const bool is_ordered = pe_root_is_ordered(self);
    if (!is_ordered || !entry->is_overtaken)
        state->unfinished -= (int)pe_plan_span(self->plan, (pe_block){.count = slice_items});
    if (!is_ordered)
        return;
    const uint64_t end = entry->block.first + slice_items;
    state->finished_to = end > state->finished_to ? end : state->finished_to;
    if (slice_items < entry->block.count)
        note_failure(self, end);
}

/* Takes announced results, and records the measured cost of their items. */
static pe_status take_result(pe_root *self, const pe_part *announced, uint64_t slice, uint64_t slice_items,
                             uint64_t work_ns)
{
    pe_window_entry *const entry = pe_root_is_ordered(self) ? &self->entries[slice] : &self->arrivals;
    pe_part *part = NULL;
    pe_root_learn(self, announced->block.count, work_ns);
    self->has_bytes |= announced->bytes > 0;
    if (announced->ends_slice)
        end_slice(self, entry, announced->owner, slice_items);
    pe_root_offer(self, announced->owner);
    if (announced->bytes == 0)
        pe_root_free_memory_of(self, announced);
    const pe_status status = pe_root_add_part(self, entry, announced, &part);
    if (status == PE_OK && !pe_root_is_ordered(self) && pe_root_has_come(part))
        pe_root_write(self, part);
    return status;
}

pe_status pe_root_listen(pe_root *self, pe_error *err)
{
    return pe_comm_recv(self->comm, PE_ANY_RANK, PE_TAG_TO_ROOT, &self->header, sizeof self->header, &self->header_op,
                        err);
}

static pe_status read_result(pe_root *self, int from, const pe_message_header *header)
{
    return take_result(self,
                       &(pe_part){.block = header->block,
                                  .bytes = header->bytes,
                                  .log_bytes = header->log_bytes,
                                  .rows = header->rows,
                                  .placed = header->placed,
                                  .owner = from,
                                  .ends_slice = header->ends_slice != 0},
                       header->slice, header->slice_items, header->work_ns);
}

static pe_status read_header(pe_root *self, int from, const pe_message_header *header)
{
    if (header->kind == PE_MESSAGE_SYNCED)
        return pe_sync_answer(&self->sync, from, header->bytes, &self->err);
    if (header->kind == PE_MESSAGE_RESULT)
        return read_result(self, from, header);
    if (header->kind == PE_MESSAGE_DONE)
        self->ended_members++;
    else if (header->kind == PE_MESSAGE_FULL)
        pe_root_set_full(self, from, true);
    else if (header->kind == PE_MESSAGE_STOPPED)
        self->stopped_members++;
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

pe_status pe_root_take_own(pe_root *self, bool *active)
{
    pe_status status = PE_OK;
    for (pe_chunk *own = NULL; status == PE_OK && (own = pe_rank_pool_finished(self->pool)) != NULL;) {
        const pe_chunk_result *out = &own->out;
        const size_t bytes = out->bytes.size + out->log.size;
        pe_rank_pool_take_finished(self->pool);
        status = take_result(self,
                             &(pe_part){.block = own->block,
                                        .bytes = bytes,
                                        .rows = out->rows,
                                        .placed = out->placed,
                                        .own = bytes > 0 ? own : NULL,
                                        .ends_slice = own->ends_slice},
                             own->slice->number, own->ends_slice ? own->slice->block.count : 0, own->work_ns);
        if (bytes == 0)
            pe_rank_pool_free_result(self->pool, own);
        *active = true;
    }
    return status;
}

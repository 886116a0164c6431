/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* gather.c - results on their way to the sink: announced by members, pulled by rank 0, put into order.
 *
 * Design: a member announces a finished slice by a header of fixed size and keeps the bytes; rank 0 pulls them when their
 *         turn is near, into one of a few buffers, so its memory does not grow with the number of ranks. This is the
 *         pipelined partial gather: while one slice is written the next ones travel and others are computed. Rank 0's
 *         own results, and those without bytes, need no pull: they wait in their entries for their turn.
 *         Progress: the oldest undelivered slice is always dispatched; its owner has a buffer for it, since chunks are
 *         claimed in order; its result is the next to be pulled. So it is delivered some day, and the window moves.
 * Threads: the main thread of rank 0.
 * Not here: who computes what (dispatch.c).
 */
#include "ranks/root_internal.h"

/* A result no longer takes memory of its rank. */
static void leave(pe_root *self, const pe_entry *from)
{
    self->states[from->owner].held -= from->block.count;
    pe_root_offer(self, from->owner);
}

/* A dispatch is computed: its rank has room, and its cost is known. */
static void learn(pe_root *self, const pe_entry *result, uint64_t work_ns)
{
    const double slices = (double)result->block.count / (double)self->plan->slice_items; /* or a part of one */
    const uint64_t each_ns = (uint64_t)((double)work_ns / slices) + 1;
    self->slice_ns = self->slice_ns == 0 ? each_ns : (self->slice_ns / 8 * 7 + each_ns / 8) + 1;
    pe_adaptive_chunk_learn(&self->chunking, result->block.count, work_ns / (uint64_t)self->plan->threads);
    self->has_bytes |= result->bytes > 0;
    self->states[result->owner].unfinished -= (int)pe_plan_span(self->plan, result->block);
    pe_root_offer(self, result->owner);
}

static bool needs_pull(const pe_entry *result)
{
    return result->owner != 0 && result->bytes > 0;
}

static void write_result(pe_root *self, const pe_chunk_result *out)
{
    pe_rank_pool_write(self->pool, out);
    self->delivered++;
}

static void deliver_here(pe_root *self, const pe_entry *result)
{
    if (result->own == NULL) {
        write_result(self,
                     &(pe_chunk_result){.items = result->block.count, .rows = result->rows, .placed = result->placed});
        return;
    }
    write_result(self, &result->own->whole->out);
    pe_rank_pool_free_slice(self->pool, result->own);
    leave(self, result);
}

/* pe_comm_agree brings the reason. */
static void header_failure(pe_root *self, uint64_t item)
{
    self->limit = item < self->limit ? item : self->limit;
    if (item == PE_NO_ITEM)
        pe_rank_pool_stop(self->pool);
    else
        pe_rank_pool_begin_grace(self->pool);
}

/* One that is shorter than what was dispatched ends before the item that ended the run. */
static void entry_result(pe_root *self, const pe_entry *result)
{
    pe_entry *entry = pe_root_entry(self, result->slice);
    if (result->block.count < entry->block.count)
        header_failure(self, result->block.first + result->block.count);
    *entry = *result;
}

static void header_result(pe_root *self, const pe_entry *result, uint64_t work_ns)
{
    learn(self, result, work_ns);
    if (result->bytes == 0)
        leave(self, result);
    if (pe_root_is_ordered(self))
        entry_result(self, result);
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

static void read_header(pe_root *self, int from, const pe_message_header *header)
{
    if (header->kind == PE_MESSAGE_RESULT)
        header_result(self,
                      &(pe_entry){.slice = header->slice,
                                  .block = header->block,
                                  .bytes = header->bytes,
                                  .log_bytes = header->log_bytes,
                                  .rows = header->rows,
                                  .placed = header->placed,
                                  .owner = from,
                                  .is_ready = true},
                      header->work_ns);
    else if (header->kind == PE_MESSAGE_BYE)
        self->byes++;
    else
        header_failure(self, header->block.first);
}

pe_status pe_root_read_messages(pe_root *self, bool *active)
{
    for (bool done = true; done && self->byes < self->ranks - 1;) {
        int from = 0;
        pe_status status = pe_comm_test(self->comm, &self->header_op, &done, &from, &self->err);
        if (status != PE_OK || !done)
            return status;
        *active = true;
        read_header(self, from, &self->header);
        if (self->byes < self->ranks - 1)
            status = pe_root_listen(self, &self->err);
        if (status != PE_OK)
            return status;
    }
    return PE_OK;
}

void pe_root_take_own(pe_root *self, bool *active)
{
    for (pe_task *task = NULL; (task = pe_rank_pool_finished(self->pool)) != NULL;) {
        const pe_chunk_result *out = &task->whole->out;
        const size_t bytes = out->bytes.size + out->log.size;
        header_result(self,
                      &(pe_entry){.slice = task->slice,
                                  .block = task->block,
                                  .bytes = bytes,
                                  .rows = out->rows,
                                  .placed = out->placed,
                                  .own = bytes > 0 ? task : NULL,
                                  .is_ready = true},
                      task->work_ns);
        if (bytes == 0)
            pe_rank_pool_free_slice(self->pool, task);
        *active = true;
    }
}

/* The next result to be pulled, in the order of delivery, or NULL. What is delivered may have its entry dispatched anew. */
static const pe_entry *next_pull(pe_root *self)
{
    const bool is_ordered = pe_root_is_ordered(self);
    const uint64_t end = is_ordered ? self->dispatched : self->announced;
    if (is_ordered && self->pulled < self->delivered)
        self->pulled = self->delivered;
    for (; self->pulled < end; self->pulled++) {
        const pe_entry *next = pe_root_entry(self, self->pulled);
        if (next->owner != 0 && !next->is_ready)
            return NULL;
        if (needs_pull(next))
            return next;
    }
    return NULL;
}

static pe_status start_pull(pe_root *self, const pe_entry *from)
{
    const pe_message_header header = {.kind = PE_MESSAGE_PULL, .slice = from->slice};
    pe_piece *piece = self->free_pieces;
    pe_piece **last = &self->arriving;
    pe_buffer *into = &piece->pulled.bytes;
    into->size = 0;
    pe_status status = pe_buffer_reserve(into, from->bytes, &self->err);
    if (status != PE_OK)
        return status;
    while (*last != NULL)
        last = &(*last)->next;
    *last = piece;
    self->free_pieces = piece->next;
    self->pulled++;
    self->receives++;

    piece->next = NULL;
    piece->from = *from;
    piece->pulled.items = from->block.count;
    piece->pulled.rows = from->rows;
    piece->pulled.placed = from->placed;
    piece->pulled.log.size = 0;
    into->size = from->bytes;
    status =
        pe_message_post(self->pool, &self->outgoing, from->owner, &header, PE_TAG_PAYLOAD, NULL, 0, NULL, &self->err);
    if (status != PE_OK)
        return status;
    return pe_comm_recv(self->comm, from->owner, PE_TAG_RESULT, into->data, into->size, &piece->op, &self->err);
}

pe_status pe_root_pull(pe_root *self, bool *active)
{
    pe_status status = PE_OK;
    while (status == PE_OK && self->free_pieces != NULL) {
        const pe_entry *from = next_pull(self);
        if (from == NULL)
            break;
        *active = true;
        status = start_pull(self, from);
    }
    return status;
}

/* A member sends rows and log as one message. */
static pe_status receive(pe_root *self, pe_piece *piece, bool *active)
{
    bool done = false;
    pe_status status = pe_comm_test(self->comm, &piece->op, &done, NULL, &self->err);
    if (status != PE_OK || !done)
        return status;
    pe_chunk_result *out = &piece->pulled;
    out->bytes.size -= piece->from.log_bytes;
    *active = true;
    self->receives--;
    leave(self, &piece->from);
    return pe_buffer_append(&out->log, out->bytes.data + out->bytes.size, piece->from.log_bytes, &self->err);
}

/* The result whose turn it is, if it is here; false: not yet. */
static bool deliver_next(pe_root *self)
{
    pe_piece **at = &self->arriving;
    if (pe_root_is_ordered(self)) {
        const pe_entry *next = pe_root_entry(self, self->delivered);
        if (self->delivered == self->dispatched || !next->is_ready || next->block.first >= self->limit)
            return false;
        if (!needs_pull(next)) {
            deliver_here(self, next);
            return true;
        } /* else it is the first that arrives, if it was pulled */
    } else {
        while (*at != NULL && (*at)->op != NULL)
            at = &(*at)->next;
    }
    pe_piece *piece = *at;
    if (piece == NULL || piece->op != NULL)
        return false;
    *at = piece->next;
    write_result(self, &piece->pulled);
    piece->next = self->free_pieces;
    self->free_pieces = piece;
    return true;
}

pe_status pe_root_deliver(pe_root *self, bool *active)
{
    for (pe_piece *piece = self->arriving; piece != NULL; piece = piece->next)
        if (piece->op != NULL && receive(self, piece, active) != PE_OK)
            return self->err.status;
    while (deliver_next(self))
        *active = true;
    return PE_OK;
}

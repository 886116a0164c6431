/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* gather.c - results on their way to the sink: announced by members, pulled by rank 0, put into order.
 *
 * Design: a member announces a finished slice by a note of fixed size and keeps the bytes; rank 0 pulls them when their
 *         turn is near, into one of a few buffers, so its memory does not grow with the number of ranks. This is the
 *         pipelined partial gather: while one slice is written the next ones travel and others are computed.
 *         Progress: the oldest undelivered slice is always granted; its owner has a buffer for it, since chunks are
 *         claimed in order; its result is the next to be pulled. So it is delivered some day, and the window moves.
 * Threads: the main thread of rank 0.
 * Not here: who computes what (grant.c).
 */
#include <assert.h>

#include "exec/root_parts.h"

/* The window's callback: a slice's turn has come. */
void pe_root_deliver(void *context, uint64_t number, void *token)
{
    (void)number;
    pe_root *self = context;
    pe_piece *bytes = token;
    pe_crew_write(self->crew, bytes->own != NULL ? &bytes->own->whole->out : &bytes->pulled);
    bytes->is_free = true;
    if (bytes->own == NULL)
        return;
    pe_crew_done_with(self->crew, bytes->own);
    self->states[0].held -= (int)pe_plan_span(self->plan, bytes->from.block);
    pe_root_offer(self, 0);
}

/* Pieces for pulls and those for own slices are apart, so that neither can starve the other. */
static pe_piece *free_piece(pe_piece *pieces, int count)
{
    for (int i = 0; i < count; i++) {
        if (pieces[i].is_free) {
            pieces[i].is_free = false;
            return &pieces[i];
        }
    }
    return NULL;
}

/* A grant is computed: its rank has room, and its cost is known. */
static void learn(pe_root *self, int rank, pe_block block, uint64_t work_ns, size_t bytes)
{
    const double slices = (double)block.count / (double)self->plan->slice_items; /* or a part of one */
    const uint64_t each_ns = (uint64_t)((double)work_ns / slices) + 1;
    self->slice_ns = self->slice_ns == 0 ? each_ns : (self->slice_ns / 8 * 7 + each_ns / 8) + 1;
    pe_pace_learn(&self->pace, block.count, work_ns / (uint64_t)self->plan->threads);
    self->has_bytes |= bytes > 0;
    self->states[rank].unfinished -= (int)pe_plan_span(self->plan, block);
    pe_root_offer(self, rank);
}

static void note_result(pe_root *self, int rank, const pe_note *note)
{
    learn(self, rank, note->block, note->work_ns, note->bytes);
    const uint64_t number = pe_root_is_ordered(self) ? note->slice : self->announced++;
    *pe_root_entry(self, number) = (pe_entry){.slice = note->slice,
                                              .block = note->block,
                                              .bytes = note->bytes,
                                              .log_bytes = note->log_bytes,
                                              .rows = note->rows,
                                              .placed = note->placed,
                                              .owner = rank,
                                              .is_ready = true};
}

pe_status pe_root_listen(pe_root *self, pe_error *err)
{
    return pe_comm_recv(self->comm, PE_ANY_RANK, PE_TAG_TO_ROOT, &self->note, sizeof self->note, &self->note_op, err);
}

/* pe_comm_agree brings the reason. */
static void note_failure(pe_root *self, uint64_t item)
{
    self->limit = item < self->limit ? item : self->limit;
    if (item == PE_NO_ITEM)
        pe_crew_stop(self->crew);
    else
        pe_crew_begin_grace(self->crew);
}

pe_status pe_root_read_notes(pe_root *self, bool *active)
{
    for (bool done = true; done && self->byes < self->ranks - 1;) {
        int from = 0;
        pe_status status = pe_comm_test(self->comm, &self->note_op, &done, &from, &self->err);
        if (status != PE_OK || !done)
            return status;
        *active = true;
        if (self->note.kind == PE_NOTE_RESULT)
            note_result(self, from, &self->note);
        else if (self->note.kind == PE_NOTE_BYE)
            self->byes++;
        else
            note_failure(self, self->note.block.first);
        if (self->byes < self->ranks - 1)
            status = pe_root_listen(self, &self->err);
        if (status != PE_OK)
            return status;
    }
    return PE_OK;
}

void pe_root_take_own(pe_root *self, bool *active)
{
    for (pe_task *task = NULL; (task = pe_crew_finished(self->crew)) != NULL;) {
        pe_piece *bytes = free_piece(self->pieces + self->plan->pulls, self->plan->depth);
        assert(bytes != NULL); /* one for every slice that rank 0 may hold */
        learn(self, 0, task->block, task->work_ns, task->whole->out.bytes.size + task->whole->out.log.size);
        bytes->from = (pe_entry){.slice = task->slice, .block = task->block};
        bytes->own = task;
        pe_window_put(self->window, task->slice, bytes);
        *active = true;
    }
}

/* The next announced result in the order of delivery, or NULL. */
static pe_entry *next_pull(pe_root *self)
{
    const bool is_ordered = pe_root_is_ordered(self);
    const uint64_t end = is_ordered ? self->granted : self->announced;
    const uint64_t next = pe_window_next(self->window);
    if (is_ordered && self->pulled < next) /* rank 0's own, whose entries may have been granted anew */
        self->pulled = next;
    while (self->pulled < end && pe_root_entry(self, self->pulled)->owner == 0)
        self->pulled++;
    if (self->pulled == end || !pe_root_entry(self, self->pulled)->is_ready)
        return NULL;
    return pe_root_entry(self, self->pulled);
}

static int pulls_under_way(const pe_root *self)
{
    int count = 0;
    for (const pe_piece *at = self->arriving; at != NULL; at = at->next)
        count++;
    return count;
}

static pe_status ask(pe_root *self, const pe_entry *from, pe_buffer *into, pe_comm_op **op)
{
    const pe_note note = {.kind = PE_NOTE_PULL, .slice = from->slice};
    const pe_status status =
        pe_letter_post(self->crew, &self->letters, from->owner, &note, PE_TAG_PAYLOAD, NULL, 0, NULL, &self->err);
    if (status != PE_OK)
        return status;
    return pe_comm_recv(self->comm, from->owner, PE_TAG_RESULT, into->data, into->size, op, &self->err);
}

/* A result without bytes needs no message: its place in the order is all there is to wait for. */
static pe_status start_pull(pe_root *self, const pe_entry *from, pe_piece *bytes)
{
    bytes->from = *from;
    bytes->own = NULL;
    bytes->pulled.bytes.size = 0;
    bytes->pulled.items = from->block.count;
    bytes->pulled.rows = from->rows;
    bytes->pulled.placed = from->placed;
    pe_status status = pe_buffer_reserve(&bytes->pulled.bytes, from->bytes, &self->err);
    if (status != PE_OK)
        return status;
    bytes->pulled.bytes.size = from->bytes;
    if (from->bytes > 0)
        status = ask(self, from, &bytes->pulled.bytes, &bytes->op);
    pe_piece **at = &self->arriving;
    while (*at != NULL)
        at = &(*at)->next;
    bytes->next = NULL;
    *at = bytes;
    self->pulled++;
    return status;
}

pe_status pe_root_pull(pe_root *self, bool *active)
{
    pe_status status = PE_OK;
    while (status == PE_OK && pulls_under_way(self) < self->plan->pulls) {
        const pe_entry *from = next_pull(self);
        pe_piece *bytes = from == NULL ? NULL : free_piece(self->pieces, self->plan->pulls);
        if (bytes == NULL)
            break;
        *active = true;
        status = start_pull(self, from, bytes);
    }
    return status;
}

/* A member sends rows and log as one message. */
static pe_status split_log(pe_piece *bytes, pe_error *err)
{
    pe_outcome *out = &bytes->pulled;
    out->bytes.size -= bytes->from.log_bytes;
    out->log.size = 0;
    return pe_buffer_append(&out->log, out->bytes.data + out->bytes.size, bytes->from.log_bytes, err);
}

pe_status pe_root_take_pulled(pe_root *self, bool *active)
{
    for (pe_piece **at = &self->arriving; *at != NULL;) {
        pe_piece *bytes = *at;
        bool done = bytes->op == NULL;
        if (!done && pe_comm_test(self->comm, &bytes->op, &done, NULL, &self->err) != PE_OK)
            return self->err.status;
        if (!done) {
            at = &bytes->next;
            continue;
        }
        *at = bytes->next;
        self->states[bytes->from.owner].held -= (int)pe_plan_span(self->plan, bytes->from.block);
        pe_root_offer(self, bytes->from.owner);
        *active = true;
        if (split_log(bytes, &self->err) != PE_OK)
            return self->err.status;
        pe_window_put(self->window, bytes->from.slice, bytes);
    }
    return PE_OK;
}

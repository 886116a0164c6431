/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* member.c - the main thread of a rank other than 0: takes grants, announces results, sends them when they are pulled.
 *
 * Design: a member never sends data that rank 0 has not asked for, so whenever the run ends, every message under way
 * has its receiver; the last note each way is END and BYE, and nothing is left in the network between two runs.
 *         Payloads arrive in the order of their grants and are pushed to the workers in that order.
 * Threads: the main thread only; workers reach it through pe_crew_finished and the bell.
 * Not here: who decides what is granted (root.c).
 */
#include <assert.h>
#include <stdlib.h>

#include "threads/rank_pool_internal.h"

typedef struct member {
    pe_crew *crew;
    pe_note note; /* the one receive that is always posted */
    pe_comm_op *note_op;
    pe_letter *letters;
    pe_task *arriving, *arriving_last; /* granted, payload under way; in order */
    pe_comm_op *payload_op;            /* of the first of them */
    pe_task *announced;                /* results that wait for their pull */
    bool is_ended, has_failed;
    uint64_t told_item; /* of the last FAILED */
    pe_error err;
} member;

static pe_status listen(member *self)
{
    return pe_comm_recv(self->crew->spec->comm, 0, PE_TAG_TO_MEMBER, &self->note, sizeof self->note, &self->note_op,
                        &self->err);
}

static pe_status tell(member *self, pe_note_kind kind, const pe_task *task)
{
    pe_note note = {.kind = (uint32_t)kind};
    if (task != NULL) {
        note.slice = task->slice;
        note.block = task->block;
        note.bytes = task->whole->out.bytes.size;
        note.log_bytes = task->whole->out.log.size;
        note.rows = task->whole->out.rows;
        note.placed = task->whole->out.placed;
        note.work_ns = task->work_ns;
    }
    return pe_letter_post(self->crew, &self->letters, 0, &note, PE_TAG_RESULT, NULL, 0, NULL, &self->err);
}

static pe_status take_grant(member *self, const pe_note *note)
{
    pe_task *task = NULL;
    pe_status status = pe_claims_task(self->crew->claims, &task, &self->err);
    if (status == PE_OK)
        status = pe_buffer_reserve(&task->payload, note->bytes, &self->err);
    if (status != PE_OK)
        return status;
    task->slice = note->slice;
    task->block = note->block;
    task->payload.size = note->bytes;
    if (self->arriving != NULL)
        self->arriving_last->next = task;
    else
        self->arriving = task;
    self->arriving_last = task;
    return PE_OK;
}

static pe_status send_result(member *self, uint64_t slice)
{
    pe_task **at = &self->announced;
    while ((*at)->slice != slice) /* rank 0 pulls what was announced to it, nothing else */
        at = &(*at)->next;
    pe_task *task = *at;
    *at = task->next;
    const pe_buffer *out = &task->whole->out.bytes;
    return pe_letter_post(self->crew, &self->letters, 0, NULL, PE_TAG_RESULT, out->data, out->size, task, &self->err);
}

static pe_status read_note(member *self, bool *active)
{
    bool done = false;
    pe_status status = pe_comm_test(self->crew->spec->comm, &self->note_op, &done, NULL, &self->err);
    if (status != PE_OK || !done)
        return status;
    *active = true;
    const pe_note note = self->note;
    if (note.kind == PE_NOTE_END) {
        self->is_ended = true;
        return PE_OK;
    }
    status = listen(self);
    if (status != PE_OK)
        return status;
    if (note.kind == PE_NOTE_PULL)
        return send_result(self, note.slice);
    return take_grant(self, &note);
}

/* Grants reach the workers in order, each when its payload is here. */
static pe_status push_arrived(member *self, bool *active)
{
    pe_comm *comm = self->crew->spec->comm;
    while (self->arriving != NULL) {
        pe_task *task = self->arriving;
        bool done = task->payload.size == 0;
        pe_status status = PE_OK;
        if (!done && self->payload_op == NULL)
            status = pe_comm_recv(comm, 0, PE_TAG_PAYLOAD, task->payload.data, task->payload.size, &self->payload_op,
                                  &self->err);
        if (status == PE_OK && !done)
            status = pe_comm_test(comm, &self->payload_op, &done, NULL, &self->err);
        if (status != PE_OK || !done)
            return status;
        self->arriving = task->next;
        pe_claims_push(self->crew->claims, task);
        *active = true;
    }
    return PE_OK;
}

static pe_status announce(member *self, bool *active)
{
    for (pe_task *task = NULL; (task = pe_crew_finished(self->crew)) != NULL;) {
        pe_outcome *out = &task->whole->out;
        pe_status status = pe_buffer_append(&out->bytes, out->log.data, out->log.size, &self->err); /* one message */
        if (status == PE_OK)
            status = tell(self, PE_NOTE_RESULT, task);
        if (status != PE_OK)
            return status;
        *active = true;
        if (out->bytes.size == 0) { /* nothing will be pulled */
            pe_crew_done_with(self->crew, task);
            continue;
        }
        task->next = self->announced;
        self->announced = task;
    }
    return PE_OK;
}

/* Rank 0 ends the run; until then its pulls are answered. A lower item may fail yet: it is told too. */
static pe_status tell_failure(member *self)
{
    const uint64_t item = pe_crew_failing_item(self->crew);
    const bool is_stopped = pe_crew_is_stopped(self->crew);
    if ((!is_stopped && item == PE_NO_ITEM) || (self->has_failed && item >= self->told_item))
        return PE_OK;
    const pe_note note = {.kind = PE_NOTE_FAILED, .block = {.first = is_stopped ? PE_NO_ITEM : item}};
    self->has_failed = true;
    self->told_item = is_stopped ? 0 : item;
    return pe_letter_post(self->crew, &self->letters, 0, &note, PE_TAG_RESULT, NULL, 0, NULL, &self->err);
}

static pe_status step(member *self, bool *active)
{
    pe_status status = read_note(self, active);
    if (status == PE_OK && !self->is_ended)
        status = push_arrived(self, active);
    if (status == PE_OK)
        status = announce(self, active);
    if (status == PE_OK)
        status = tell_failure(self);
    if (status == PE_OK)
        *active |= pe_letter_sweep(self->crew, &self->letters, pe_crew_done_with, &self->err) > 0;
    return self->err.status;
}

/* After END: rank 0 still receives what it has pulled and had granted; then the last word. */
static pe_status say_goodbye(member *self)
{
    uint64_t nap_ns = 0;
    bool active = false;
    while (self->arriving != NULL && self->err.status == PE_OK) { /* payloads that were sent must be received */
        (void)push_arrived(self, &active);
        pe_crew_wait(self->crew, nap_ns = pe_crew_nap(nap_ns, false));
    }
    if (self->err.status == PE_OK)
        (void)tell(self, PE_NOTE_BYE, NULL);
    while (self->letters != NULL && self->err.status == PE_OK) {
        (void)pe_letter_sweep(self->crew, &self->letters, pe_crew_done_with, &self->err);
        pe_crew_wait(self->crew, nap_ns = pe_crew_nap(nap_ns, false));
    }
    return self->err.status;
}

void pe_member_lead(pe_crew *crew)
{
    member self = {.crew = crew, .err = PE_ERROR_INIT};
    uint64_t nap_ns = 0;
    pe_status status = listen(&self);
    while (status == PE_OK && !self.is_ended) {
        bool active = false;
        status = step(&self, &active);
        pe_crew_tick(crew);
        nap_ns = active ? 0 : pe_crew_nap(nap_ns, self.announced != NULL);
        if (!active)
            pe_crew_wait(crew, nap_ns);
    }
    pe_crew_stop(crew); /* what was not pulled by now is not wanted */
    if (status == PE_OK)
        status = say_goodbye(&self);
    if (status != PE_OK) /* messages themselves fail: nobody can be told, agree will say it or time out */
        pe_crew_fail(crew, &self.err);
    pe_crew_linger(crew);
}

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* member.c - the main thread of a rank other than 0: takes dispatches, announces results, sends them when they are pulled.
 *
 * Design: a member never sends data that rank 0 has not asked for, so whenever the run ends, every message under way
 * has its receiver; the last header each way is END and BYE, and nothing is left in the network between two runs.
 *         Payloads arrive in the order of their dispatches and are pushed to the workers in that order.
 * Threads: the main thread only; workers reach it through pe_rank_pool_finished and the wakeup.
 * Not here: who decides what is dispatched (root.c).
 */
#include <assert.h>
#include <stdlib.h>

#include "threads/rank_pool_internal.h"

typedef struct member {
    pe_rank_pool *pool;
    pe_message_header header; /* the one receive that is always posted */
    pe_comm_op *header_op;
    pe_message *outgoing;
    pe_task *arriving, *arriving_last; /* dispatched, payload under way; in order */
    pe_comm_op *payload_op;            /* of the first of them */
    pe_task *announced;                /* results that wait for their pull */
    bool is_ended, has_failed;
    uint64_t told_item; /* of the last FAILED */
    pe_error err;
} member;

static pe_status listen(member *self)
{
    return pe_comm_recv(self->pool->spec->comm, 0, PE_TAG_TO_MEMBER, &self->header, sizeof self->header,
                        &self->header_op, &self->err);
}

static pe_status tell(member *self, pe_message_kind kind, const pe_task *task)
{
    pe_message_header header = {.kind = (uint32_t)kind};
    if (task != NULL) {
        header.slice = task->slice;
        header.block = task->block;
        header.bytes = task->whole->out.bytes.size;
        header.log_bytes = task->whole->out.log.size;
        header.rows = task->whole->out.rows;
        header.placed = task->whole->out.placed;
        header.work_ns = task->work_ns;
    }
    return pe_message_post(self->pool, &self->outgoing, 0, &header, PE_TAG_RESULT, NULL, 0, NULL, &self->err);
}

static pe_status take_dispatch(member *self, const pe_message_header *header)
{
    pe_task *task = NULL;
    pe_status status = pe_work_queue_task(self->pool->queue, &task, &self->err);
    if (status == PE_OK)
        status = pe_buffer_reserve(&task->payload, header->bytes, &self->err);
    if (status != PE_OK)
        return status;
    task->slice = header->slice;
    task->block = header->block;
    task->payload.size = header->bytes;
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
    return pe_message_post(self->pool, &self->outgoing, 0, NULL, PE_TAG_RESULT, out->data, out->size, task, &self->err);
}

static pe_status read_header(member *self, bool *active)
{
    bool done = false;
    pe_status status = pe_comm_test(self->pool->spec->comm, &self->header_op, &done, NULL, &self->err);
    if (status != PE_OK || !done)
        return status;
    *active = true;
    const pe_message_header header = self->header;
    if (header.kind == PE_MESSAGE_END) {
        self->is_ended = true;
        return PE_OK;
    }
    status = listen(self);
    if (status != PE_OK)
        return status;
    if (header.kind == PE_MESSAGE_PULL)
        return send_result(self, header.slice);
    return take_dispatch(self, &header);
}

/* Grants reach the workers in order, each when its payload is here. */
static pe_status push_arrived(member *self, bool *active)
{
    pe_comm *comm = self->pool->spec->comm;
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
        pe_work_queue_push(self->pool->queue, task);
        *active = true;
    }
    return PE_OK;
}

static pe_status announce(member *self, bool *active)
{
    for (pe_task *task = NULL; (task = pe_rank_pool_finished(self->pool)) != NULL;) {
        pe_chunk_result *out = &task->whole->out;
        pe_status status = pe_buffer_append(&out->bytes, out->log.data, out->log.size, &self->err); /* one message */
        if (status == PE_OK)
            status = tell(self, PE_MESSAGE_RESULT, task);
        if (status != PE_OK)
            return status;
        *active = true;
        if (out->bytes.size == 0) { /* nothing will be pulled */
            pe_rank_pool_free_slice(self->pool, task);
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
    const uint64_t item = pe_rank_pool_failing_item(self->pool);
    const bool is_stopped = pe_rank_pool_is_stopped(self->pool);
    if ((!is_stopped && item == PE_NO_ITEM) || (self->has_failed && item >= self->told_item))
        return PE_OK;
    const pe_message_header header = {.kind = PE_MESSAGE_FAILED, .block = {.first = is_stopped ? PE_NO_ITEM : item}};
    self->has_failed = true;
    self->told_item = is_stopped ? 0 : item;
    return pe_message_post(self->pool, &self->outgoing, 0, &header, PE_TAG_RESULT, NULL, 0, NULL, &self->err);
}

static pe_status step(member *self, bool *active)
{
    pe_status status = read_header(self, active);
    if (status == PE_OK && !self->is_ended)
        status = push_arrived(self, active);
    if (status == PE_OK)
        status = announce(self, active);
    if (status == PE_OK)
        status = tell_failure(self);
    if (status == PE_OK)
        *active |= pe_message_sweep(self->pool, &self->outgoing, pe_rank_pool_free_slice, &self->err) > 0;
    return self->err.status;
}

/* After END: rank 0 still receives what it has pulled and had dispatched; then the last word. */
static pe_status say_goodbye(member *self)
{
    uint64_t backoff_ns = 0;
    bool active = false;
    while (self->arriving != NULL && self->err.status == PE_OK) { /* payloads that were sent must be received */
        (void)push_arrived(self, &active);
        pe_rank_pool_wait(self->pool, backoff_ns = pe_rank_pool_backoff(backoff_ns, false));
    }
    if (self->err.status == PE_OK)
        (void)tell(self, PE_MESSAGE_BYE, NULL);
    while (self->outgoing != NULL && self->err.status == PE_OK) {
        (void)pe_message_sweep(self->pool, &self->outgoing, pe_rank_pool_free_slice, &self->err);
        pe_rank_pool_wait(self->pool, backoff_ns = pe_rank_pool_backoff(backoff_ns, false));
    }
    return self->err.status;
}

void pe_member_lead(pe_rank_pool *pool)
{
    member self = {.pool = pool, .err = PE_ERROR_INIT};
    uint64_t backoff_ns = 0;
    pe_status status = listen(&self);
    while (status == PE_OK && !self.is_ended) {
        bool active = false;
        status = step(&self, &active);
        pe_rank_pool_tick(pool);
        backoff_ns = active ? 0 : pe_rank_pool_backoff(backoff_ns, self.announced != NULL);
        if (!active)
            pe_rank_pool_wait(pool, backoff_ns);
    }
    pe_rank_pool_stop(pool); /* what was not pulled by now is not wanted */
    if (status == PE_OK)
        status = say_goodbye(&self);
    if (status != PE_OK) /* messages themselves fail: nobody can be told, agree will say it or time out */
        pe_rank_pool_fail(pool, &self.err);
    pe_rank_pool_drain(pool);
}

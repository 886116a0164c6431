/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* member.c - the main thread of a rank other than 0: receives slices, announces results, sends them on request.
 *
 * Invariant: a member sends results only after rank 0 has pulled them, so rank 0 receives every message, also when the
 *         run fails. END is the last header to a member and DONE the last one from it, so no message is left between
 *         two runs.
 * Design: payloads arrive in the order of their slices, and the slices are pushed to the workers in that order.
 * Threads: the main thread only; workers hand results over by pe_rank_pool_finished and wake it.
 * Not here: what is dispatched, and when the run ends (root.c, dispatch.c).
 */
#include <assert.h>
#include <stdlib.h>

#include "base/clock.h"
#include "ranks/main_loops.h"
#include "ranks/message.h"
#include "ranks/sync.h"
#include "threads/pool/rank_pool_results.h"
#include "threads/work_queue.h"

#define FULL_NS 100000000u

typedef struct member {
    const pe_execute_plan_spec *spec;
    pe_rank_pool *pool;
    pe_comm *comm;
    pe_message_header header; /* of the receive that is always posted */
    pe_comm_op *header_op;
    pe_outbox outbox;
    pe_slice *arriving, *arriving_last; /* slices whose payload has not arrived, in order */
    pe_comm_op *payload_op;             /* the receive of the first slice's payload */
    pe_chunk *announced;                /* announced results that were not pulled yet */
    bool is_ended;                      /* END has come */
    bool has_failed;                    /* FAILED is sent */
    uint64_t failing_item;              /* as sent in the last FAILED */
    uint64_t full_ns;      /* since when workers wait for room, or when rank 0 got the last FULL; 0: none waits */
    bool is_stopping;      /* STOP has come */
    bool has_taken_rest;   /* then: all that is done was taken from the pool */
    bool has_sent_stopped; /* then: all that is done was announced */
    pe_sync_work sync;
    pe_error err;
} member;

static pe_status listen(member *self)
{
    return pe_comm_recv(self->comm, 0, PE_TAG_TO_MEMBER, &self->header, sizeof self->header, &self->header_op,
                        &self->err);
}

/* The outbox's callback on_sent for results. */
static void free_result(pe_rank_pool *pool, void *result)
{
    pe_rank_pool_free_result(pool, result);
}

static pe_status send_header(member *self, const pe_message_header *header)
{
    return pe_outbox_send(&self->outbox, 0, header, (pe_message_data){.size = 0}, &self->err);
}

/* ---- messages from rank 0 ---- */

static pe_status take_slice(member *self, const pe_message_header *header)
{
    if (header->left_ns != UINT64_MAX)
        pe_rank_pool_end_at(self->pool, pe_clock_ns() + header->left_ns + 1);
    pe_slice *slice = NULL;
    pe_status status = pe_work_queue_make_slice(self->pool->queue, &slice, &self->err);
    if (status == PE_OK)
        status = pe_buffer_reserve(&slice->payload, header->bytes, &self->err);
    if (status != PE_OK)
        return status;
    slice->number = header->slice;
    slice->block = header->block;
    slice->payload.size = header->bytes;
    if (self->arriving != NULL)
        self->arriving_last->next = slice;
    else
        self->arriving = slice;
    self->arriving_last = slice;
    return PE_OK;
}

static pe_status send_result(member *self, uint64_t first)
{
    pe_chunk **at = &self->announced;
    while ((*at)->block.first != first) /* rank 0 pulls only announced results */
        at = &(*at)->next;
    pe_chunk *result = *at;
    *at = result->next;
    const pe_buffer *out = &result->out.bytes;
    const pe_message_data data = {.tag = PE_TAG_RESULT, .bytes = out->data, .size = out->size, .owner = result};
    return pe_outbox_send(&self->outbox, 0, NULL, data, &self->err);
}

static pe_status read_header(member *self, bool *active)
{
    bool done = false;
    pe_status status = pe_comm_test(self->comm, &self->header_op, &done, NULL, &self->err);
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
    if (header.kind == PE_MESSAGE_SYNC) {
        self->sync.is_asked = true;
        return PE_OK;
    }
    if (header.kind == PE_MESSAGE_STOP) {
        self->is_stopping = true;
        pe_rank_pool_stop(self->pool);
        return PE_OK;
    }
    return header.kind == PE_MESSAGE_PULL ? send_result(self, header.block.first) : take_slice(self, &header);
}

/* Pushes slices to the workers in order, each once its payload has arrived. */
static pe_status push_arrived(member *self, bool *active)
{
    while (self->arriving != NULL) {
        pe_slice *slice = self->arriving;
        pe_buffer *payload = &slice->payload;
        bool done = payload->size == 0;
        pe_status status = PE_OK;
        if (!done && self->payload_op == NULL)
            status = pe_comm_recv(self->comm, 0, PE_TAG_PAYLOAD, payload->data, payload->size, &self->payload_op,
                                  &self->err);
        if (status == PE_OK && !done)
            status = pe_comm_test(self->comm, &self->payload_op, &done, NULL, &self->err);
        if (status != PE_OK || !done)
            return status;
        self->arriving = slice->next;
        pe_work_queue_push(self->pool->queue, slice);
        *active = true;
    }
    return PE_OK;
}

/* ---- messages to rank 0 ---- */

static pe_status announce(member *self, pe_chunk *result)
{
    pe_chunk_result *out = &result->out;
    const pe_status status = pe_buffer_append(&out->bytes, out->log.data, out->log.size, &self->err); /* one message */
    if (status != PE_OK)
        return status;
    const pe_message_header header = {.kind = PE_MESSAGE_RESULT,
                                      .ends_slice = result->ends_slice ? 1 : 0,
                                      .slice = result->slice->number,
                                      .block = result->block,
                                      .slice_items = result->ends_slice ? result->slice->block.count : 0,
                                      .bytes = out->bytes.size,
                                      .log_bytes = out->log.size,
                                      .rows = out->rows,
                                      .placed = out->placed,
                                      .work_ns = result->work_ns};
    return send_header(self, &header);
}

static pe_status announce_finished(member *self, bool *active)
{
    for (pe_chunk *result = NULL; (result = pe_rank_pool_finished(self->pool)) != NULL;) {
        pe_rank_pool_take_finished(self->pool);
        const pe_status status = announce(self, result);
        if (status != PE_OK)
            return status;
        *active = true;
        if (result->out.bytes.size == 0) { /* rank 0 does not pull results without bytes */
            pe_rank_pool_free_result(self->pool, result);
            continue;
        }
        result->next = self->announced;
        self->announced = result;
    }
    return PE_OK;
}

/* Sends FAILED, and again when a lower item fails later. This rank answers pulls until rank 0 sends END. */
static pe_status send_failure(member *self)
{
    const uint64_t item = pe_rank_pool_failing_item(self->pool);
    const bool is_stopped = pe_rank_pool_is_stopped(self->pool) && !self->is_stopping;
    if ((!is_stopped && item == PE_NO_ITEM) || (self->has_failed && item >= self->failing_item))
        return PE_OK;
    const pe_message_header header = {.kind = PE_MESSAGE_FAILED, .block = {.first = is_stopped ? PE_NO_ITEM : item}};
    self->has_failed = true;
    self->failing_item = is_stopped ? 0 : item;
    return send_header(self, &header);
}

/* Results of unknown size may fill the memory although rank 0 counts few items. */
static pe_status send_full(member *self)
{
    const pe_message_header header = {.kind = PE_MESSAGE_FULL};
    const uint64_t now = pe_clock_ns();
    const bool is_full = self->spec->pool.spill.put != NULL && pe_work_queue_lacks_room(self->pool->queue);
    const bool is_due = is_full && self->full_ns != 0 && now - self->full_ns >= FULL_NS;
    if (!is_full)
        self->full_ns = 0;
    else if (is_due || self->full_ns == 0)
        self->full_ns = now;
    return is_due ? send_header(self, &header) : PE_OK;
}

/* The run ends early: STOPPED goes to rank 0 when all that is done was announced. */
static pe_status send_stopped(member *self, bool *active)
{
    const pe_message_header header = {.kind = PE_MESSAGE_STOPPED};
    if (!self->is_stopping || self->has_sent_stopped)
        return PE_OK;
    self->has_taken_rest = self->has_taken_rest || pe_rank_pool_take_rest(self->pool);
    if (!self->has_taken_rest || announce_finished(self, active) != PE_OK)
        return self->err.status;
    self->has_sent_stopped = true;
    return send_header(self, &header);
}

/* ---- the run ---- */

static pe_status step(member *self, bool *active)
{
    pe_rank_pool_take_waiting(self->pool);
    pe_status status = read_header(self, active);
    if (status == PE_OK && !self->is_ended)
        status = push_arrived(self, active);
    if (status == PE_OK)
        status = announce_finished(self, active);
    if (status == PE_OK)
        status = send_failure(self);
    if (status == PE_OK && !self->is_ended)
        status = send_full(self);
    if (status == PE_OK && !self->is_ended)
        status = send_stopped(self, active);
    if (status == PE_OK && !self->is_ended)
        status = pe_sync_member_step(&self->sync, self->spec, &self->outbox, active, &self->err);
    if (status == PE_OK)
        status = pe_outbox_test(&self->outbox, active, &self->err);
    return status;
}

/* After END: receives the payloads that rank 0 has sent, sends DONE, and waits until all messages are sent, among them
 * the results that rank 0 has pulled. */
static pe_status end_run(member *self)
{
    const pe_message_header header = {.kind = PE_MESSAGE_DONE};
    uint64_t backoff_ns = 0;
    bool active = false;
    while (self->arriving != NULL && self->err.status == PE_OK) {
        (void)push_arrived(self, &active);
        pe_rank_pool_wait(self->pool, backoff_ns = pe_backoff_next(backoff_ns, false));
    }
    if (self->err.status == PE_OK)
        (void)send_header(self, &header);
    while (self->outbox.first != NULL && self->err.status == PE_OK) {
        (void)pe_outbox_test(&self->outbox, &active, &self->err);
        pe_rank_pool_wait(self->pool, backoff_ns = pe_backoff_next(backoff_ns, false));
    }
    return self->err.status;
}

void pe_member_loop(const pe_execute_plan_spec *spec, pe_rank_pool *pool)
{
    member self = {.spec = spec,
                   .pool = pool,
                   .comm = spec->comm,
                   .outbox = {.comm = spec->comm, .pool = pool, .on_sent = free_result},
                   .err = PE_ERROR_INIT};
    uint64_t backoff_ns = 0;
    pe_status status = listen(&self);
    while (status == PE_OK && !self.is_ended) {
        bool active = false;
        status = step(&self, &active);
        pe_rank_pool_tick(pool);
        backoff_ns = active ? 0 : pe_backoff_next(backoff_ns, self.announced != NULL);
        if (!active)
            pe_rank_pool_wait(pool, backoff_ns);
    }
    pe_rank_pool_stop(pool); /* results that were not pulled are dropped */
    if (status == PE_OK)
        status = end_run(&self);
    if (status != PE_OK) /* messages fail, so rank 0 learns of the error from pe_comm_agree or its time limit */
        pe_rank_pool_fail(pool, &self.err);
    pe_rank_pool_drain(pool);
    pe_buffer_fini(&self.sync.state);
}

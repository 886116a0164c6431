/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* exchange.c - runs items that lie on all ranks, a block on each: a rank that has no more takes some of another's.
 *
 * Invariant: every ASK is answered by one GIVE; all items of a GIVE come back as RESULTs, or there is an ABANDON. So a rank
 *            that is DONE sends nothing more and awaits nothing, and END is the last message to each rank.
 * Design:    what a rank can give only becomes less, so a rank that said "none" is not asked again, and the asking ends. The
 *            items of the block's end are given, those of its beginning are computed here. An error on one rank stops all:
 *            FAILED goes to rank 0, and STOP from there to all; what was taken from others is abandoned.
 * Threads:   the main thread has the loop; workers put results of other ranks' items into the returns, and count own ones.
 * Not here:  what is done with each message (exchange_messages.c), slices and results (exchange_work.c), sends and receives
 *            (exchange_channel.c), results that go back (exchange_returns.c), what is computed (the worker).
 */
#include "ranks/exchange/exchange.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "ranks/exchange/exchange_internal.h"
#include "ranks/main_loops.h"
#include "threads/work_queue.h"

static pe_status tick(void *context, uint64_t items, pe_error *err)
{
    (void)context, (void)items, (void)err;
    return PE_OK;
}

/* Asks the next rank that may have something, when there is nothing more to begin here. */
static void ask(pe_exchange *self)
{
    if (self->is_stopping || self->asked >= 0 || self->exhausted_ranks == self->ranks - 1 || self->next < self->end ||
        pe_work_queue_backlog(self->pool.queue) > 0)
        return;
    while (self->victim == self->rank || self->others[self->victim].is_exhausted)
        self->victim = (self->victim + 1) % self->ranks;
    self->asked = self->victim;
    self->victim = (self->victim + 1) % self->ranks;
    pe_exchange_send_kind(self, self->asked, PE_EXCHANGE_ASK);
}

static bool is_done(pe_exchange *self)
{
    if (self->asked >= 0 || (!self->is_stopping && (self->exhausted_ranks < self->ranks - 1 || self->next < self->end)))
        return false;
    for (int other = 0; other < self->ranks; other++)
        if (self->others[other].given > 0 || self->others[other].held > 0)
            return false;
    (void)pthread_mutex_lock(&self->mutex);
    const bool is_complete = self->is_stopping || self->left == 0;
    (void)pthread_mutex_unlock(&self->mutex);
    return is_complete;
}

static void send_done(pe_exchange *self)
{
    if (!self->has_sent_done && is_done(self)) {
        self->has_sent_done = true;
        if (self->rank == 0)
            self->done_ranks++;
        else
            pe_exchange_send_kind(self, 0, PE_EXCHANGE_DONE);
    }
    if (self->rank == 0 && self->done_ranks == self->ranks) {
        self->done_ranks = 0;
        self->is_ended = true;
        pe_exchange_send_to_all(self, PE_EXCHANGE_END);
    }
}

static void main_loop(void *context)
{
    pe_exchange *self = context;
    uint64_t backoff_ns = 0;
    while (self->err.status == PE_OK && (!self->is_ended || self->channel.sent != NULL)) {
        bool is_active = !self->is_ended && pe_exchange_receive(self);
        is_active = pe_exchange_send_returns(self) || is_active;
        pe_exchange_stop_after_error(self);
        is_active = (!self->is_stopping && pe_exchange_push_own(self)) || is_active;
        ask(self);
        if (!self->is_ended)
            send_done(self);
        (void)pe_exchange_channel_test(&self->channel, &self->err);
        (void)pe_rank_pool_end_grace(&self->pool);
        backoff_ns = is_active ? 0 : pe_backoff_next(backoff_ns, self->asked >= 0 || self->channel.sent != NULL);
        if (!is_active)
            pe_rank_pool_wait(&self->pool, backoff_ns);
    }
    if (self->err.status != PE_OK)
        pe_rank_pool_fail(&self->pool, &self->err);
    if (!self->is_drained)
        pe_rank_pool_drain(&self->pool);
}

static pe_status init(pe_exchange *self, const pe_exchange_spec *spec, pe_error *err)
{
    *self = (pe_exchange){.spec = spec,
                          .pool_spec = spec->pool,
                          .rank = pe_comm_rank(spec->comm),
                          .ranks = pe_comm_size(spec->comm),
                          .asked = -1,
                          .err = PE_ERROR_INIT};
    self->pool_spec.write = pe_exchange_deliver;
    self->pool_spec.tick = tick;
    self->pool_spec.context = self;
    self->next = spec->offsets[self->rank];
    self->end = spec->offsets[self->rank + 1];
    self->left = self->end - self->next;
    self->victim = (self->rank + 1) % self->ranks;
    pe_exchange_returns_init(&self->returns);
    (void)pthread_mutex_init(&self->mutex, NULL);
    const pe_status status = pe_make_array(&self->others, (size_t)self->ranks, sizeof *self->others, err);
    return status == PE_OK ? pe_rank_pool_init(&self->pool, &self->pool_spec, err) : status;
}

pe_status pe_exchange_run(const pe_exchange_spec *spec, pe_error *err)
{
    pe_exchange self;
    (void)init(&self, spec, err);
    if (pe_comm_agree(spec->comm, err) == PE_OK) { /* all ranks start, or none */
        (void)pe_exchange_channel_open(&self.channel, spec->comm, &self.err);
        pe_rank_pool_run(&self.pool, main_loop, &self);
        pe_exchange_channel_close(&self.channel);
        pe_error_merge(err, &self.pool.error);
    }
    if (self.others != NULL) /* then the pool was made, or half of it */
        pe_rank_pool_fini(&self.pool);
    pe_exchange_returns_fini(&self.returns);
    free(self.others);
    (void)pthread_mutex_destroy(&self.mutex);
    return err->status;
}

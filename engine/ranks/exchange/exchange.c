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
 * Not here:  messages (exchange_post.c), results that go back (exchange_returns.c), what is computed (the worker).
 */
#include "ranks/exchange/exchange.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "ranks/exchange/exchange_post.h"
#include "ranks/exchange/exchange_returns.h"
#include "ranks/main_loops.h"
#include "threads/chunk.h"
#include "threads/work_queue.h"

#define PUSH_SHARE 32 /* of the items that are left: a slice for the workers */
#define BACKLOG 2     /* slices that wait for the workers */

/* What one other rank owes or is owed; the main thread's, except for held. */
typedef struct peer {
    bool is_exhausted; /* it has said that it gives nothing more */
    uint64_t given;    /* of our items, not returned yet */
    uint64_t held;     /* of its items, not returned yet */
} peer;

typedef struct exchange {
    const pe_exchange_spec *spec;
    pe_rank_pool_spec pool_spec;
    pe_rank_pool pool;
    pe_exchange_post post;
    pe_exchange_returns returns;
    int rank, ranks;
    peer *others;       /* by rank */
    uint64_t next, end; /* own items that were neither passed to the workers nor given away */
    int asked;          /* the rank that an ASK went to, or -1 */
    int victim;         /* the rank to ask next */
    int exhausted;      /* ranks that are */
    int done;           /* rank 0: ranks that are */
    bool is_stopping, is_drained, has_sent_done, is_ended;
    pe_error err;          /* of the main thread */
    pthread_mutex_t mutex; /* guards left and spec->take */
    uint64_t left;         /* own items without results */
} exchange;

/* ---- results, on a worker's thread or the main one ---- */

static int owner_of(const exchange *self, uint64_t item)
{
    int low = 0;
    for (int high = self->ranks; high - low > 1;) {
        const int middle = low + (high - low) / 2;
        if (item >= self->spec->offsets[middle])
            low = middle;
        else
            high = middle;
    }
    return low;
}

static pe_status take_own(exchange *self, const pe_chunk_result *out, pe_error *err)
{
    (void)pthread_mutex_lock(&self->mutex);
    const pe_status status = self->spec->take(self->spec->context, out, err);
    self->left -= out->items;
    (void)pthread_mutex_unlock(&self->mutex);
    return status;
}

static pe_status deliver(void *context, const pe_chunk_result *out, pe_error *err)
{
    exchange *self = context;
    const int owner = owner_of(self, out->first);
    const pe_status status =
        owner == self->rank ? take_own(self, out, err) : pe_exchange_returns_put(&self->returns, owner, out, err);
    pe_rank_pool_wake(&self->pool);
    return status;
}

static pe_status tick(void *context, uint64_t items, pe_error *err)
{
    (void)context, (void)items, (void)err;
    return PE_OK;
}

/* ---- sending ---- */

static void send_kind(exchange *self, int to, pe_exchange_kind kind)
{
    const pe_exchange_header header = {.kind = kind};
    (void)pe_exchange_post_send(&self->post, to, &header, NULL, &self->err);
}

static void send_to_all(exchange *self, pe_exchange_kind kind)
{
    for (int other = 0; other < self->ranks; other++)
        if (other != self->rank)
            send_kind(self, other, kind);
}

static bool send_returns(exchange *self)
{
    pe_exchange_return *all = pe_exchange_returns_take(&self->returns);
    const bool has_any = all != NULL;
    while (all != NULL) {
        pe_exchange_return *at = all;
        all = at->next;
        self->others[at->owner].held -= at->header.count;
        (void)pe_exchange_post_send(&self->post, at->owner, &at->header, &at->data, &self->err);
        free(at);
    }
    return has_any;
}

/* ---- stopping ---- */

/* Stops computing. Results of other ranks' items are sent back; items of theirs without results are abandoned. */
static void stop(exchange *self)
{
    self->is_stopping = true;
    self->next = self->end;
    pe_rank_pool_drain(&self->pool);
    self->is_drained = true;
    (void)send_returns(self);
    for (int other = 0; other < self->ranks; other++) {
        if (self->others[other].held > 0)
            send_kind(self, other, PE_EXCHANGE_ABANDON);
        self->others[other].held = 0;
    }
}

static void stop_for_others(exchange *self)
{
    if (self->is_stopping)
        return;
    pe_rank_pool_stop(&self->pool);
    stop(self);
}

static void stop_after_error(exchange *self)
{
    const bool has_failed =
        pe_rank_pool_is_stopped(&self->pool) || pe_rank_pool_failing_item(&self->pool) != PE_NO_ITEM;
    if (!has_failed || self->is_stopping)
        return;
    stop(self);
    if (self->rank == 0)
        send_to_all(self, PE_EXCHANGE_STOP);
    else
        send_kind(self, 0, PE_EXCHANGE_FAILED);
}

/* ---- messages from other ranks ---- */

static void give(exchange *self, int to)
{
    const uint64_t free_items = self->end - self->next;
    const uint64_t half = free_items - free_items / 2, most = self->spec->give_items;
    pe_block block = {.count = half < most ? half : most};
    pe_buffer payload = {0};
    pe_error err = PE_ERROR_INIT;
    block.first = self->end - block.count;
    if (block.count > 0 && self->spec->pack(self->spec->context, block, &payload, &err) != PE_OK) {
        pe_rank_pool_fail(&self->pool, &err);
        payload.size = block.count = 0;
    }
    self->end -= block.count;
    self->others[to].given += block.count;
    const pe_exchange_header header = {
        .kind = PE_EXCHANGE_GIVE, .first = block.first, .count = block.count, .bytes = payload.size};
    (void)pe_exchange_post_send(&self->post, to, &header, &payload, &self->err);
    pe_buffer_fini(&payload);
}

static void push(exchange *self, pe_block block, pe_buffer *payload)
{
    pe_slice *slice = NULL;
    pe_error err = PE_ERROR_INIT;
    if (pe_work_queue_make_slice(self->pool.queue, &slice, &err) != PE_OK) {
        pe_rank_pool_fail(&self->pool, &err);
        return;
    }
    slice->block = block;
    slice->payload.size = 0;
    if (payload != NULL) {
        const pe_buffer spare = slice->payload;
        slice->payload = *payload;
        *payload = spare;
    }
    pe_work_queue_push(self->pool.queue, slice);
}

static void take_given(exchange *self)
{
    pe_exchange_post *post = &self->post;
    peer *from = &self->others[post->from];
    self->asked = -1;
    if (post->header.count == 0) {
        from->is_exhausted = true;
        self->exhausted++;
    } else if (self->is_stopping) {
        send_kind(self, post->from, PE_EXCHANGE_ABANDON);
    } else {
        from->held += post->header.count;
        push(self, (pe_block){.first = post->header.first, .count = post->header.count}, &post->data);
    }
}

static void take_back(exchange *self)
{
    pe_exchange_post *post = &self->post;
    const pe_exchange_header *header = &post->header;
    const pe_chunk_result out = {
        .bytes = {.data = post->data.data, .size = header->bytes, .capacity = header->bytes},
        .log = {.data = post->data.data + header->bytes, .size = header->log_bytes, .capacity = header->log_bytes},
        .first = header->first,
        .items = header->count,
        .rows = header->count};
    pe_error err = PE_ERROR_INIT;
    self->others[post->from].given -= header->count;
    if (take_own(self, &out, &err) != PE_OK)
        pe_rank_pool_fail(&self->pool, &err);
}

static void handle(exchange *self)
{
    const int from = self->post.from;
    switch ((pe_exchange_kind)self->post.header.kind) {
    case PE_EXCHANGE_ASK:
        give(self, from);
        break;
    case PE_EXCHANGE_GIVE:
        take_given(self);
        break;
    case PE_EXCHANGE_RESULT:
        take_back(self);
        break;
    case PE_EXCHANGE_ABANDON:
        self->others[from].given = 0;
        break;
    case PE_EXCHANGE_FAILED:
        if (!self->is_stopping) {
            stop_for_others(self);
            send_to_all(self, PE_EXCHANGE_STOP);
        }
        break;
    case PE_EXCHANGE_STOP:
        stop_for_others(self);
        break;
    case PE_EXCHANGE_DONE:
        self->done++;
        break;
    case PE_EXCHANGE_END:
        self->is_ended = true;
        break;
    }
}

static bool receive(exchange *self)
{
    bool has_any = false;
    for (bool has = true; has && self->err.status == PE_OK && !self->is_ended;) {
        if (pe_exchange_post_receive(&self->post, &has, &self->err) != PE_OK || !has)
            break;
        has_any = true;
        handle(self);
        if (!self->is_ended && self->err.status == PE_OK)
            (void)pe_exchange_post_listen(&self->post, &self->err);
    }
    return has_any;
}

/* ---- the loop ---- */

static bool push_own(exchange *self)
{
    bool has_pushed = false;
    const uint64_t least = self->spec->pool.plan->chunk_items;
    while (self->next < self->end && pe_work_queue_backlog(self->pool.queue) < BACKLOG) {
        const uint64_t all = self->end - self->next, share = all / PUSH_SHARE > least ? all / PUSH_SHARE : least;
        const pe_block block = {.first = self->next, .count = share < all ? share : all};
        self->next += block.count;
        push(self, block, NULL);
        has_pushed = true;
    }
    return has_pushed;
}

/* Asks the next rank that may have something, when there is nothing more to begin here. */
static void ask(exchange *self)
{
    if (self->is_stopping || self->asked >= 0 || self->exhausted == self->ranks - 1 || self->next < self->end ||
        pe_work_queue_backlog(self->pool.queue) > 0)
        return;
    while (self->victim == self->rank || self->others[self->victim].is_exhausted)
        self->victim = (self->victim + 1) % self->ranks;
    self->asked = self->victim;
    self->victim = (self->victim + 1) % self->ranks;
    send_kind(self, self->asked, PE_EXCHANGE_ASK);
}

static bool is_done(exchange *self)
{
    if (self->asked >= 0 || (!self->is_stopping && (self->exhausted < self->ranks - 1 || self->next < self->end)))
        return false;
    for (int other = 0; other < self->ranks; other++)
        if (self->others[other].given > 0 || self->others[other].held > 0)
            return false;
    (void)pthread_mutex_lock(&self->mutex);
    const bool is_complete = self->is_stopping || self->left == 0;
    (void)pthread_mutex_unlock(&self->mutex);
    return is_complete;
}

static void send_done(exchange *self)
{
    if (!self->has_sent_done && is_done(self)) {
        self->has_sent_done = true;
        if (self->rank == 0)
            self->done++;
        else
            send_kind(self, 0, PE_EXCHANGE_DONE);
    }
    if (self->rank == 0 && self->done == self->ranks) {
        self->done = 0;
        self->is_ended = true;
        send_to_all(self, PE_EXCHANGE_END);
    }
}

static void main_loop(void *context)
{
    exchange *self = context;
    uint64_t backoff_ns = 0;
    while (self->err.status == PE_OK && (!self->is_ended || self->post.sent != NULL)) {
        bool is_active = !self->is_ended && receive(self);
        is_active = send_returns(self) || is_active;
        stop_after_error(self);
        is_active = (!self->is_stopping && push_own(self)) || is_active;
        ask(self);
        if (!self->is_ended)
            send_done(self);
        (void)pe_exchange_post_test(&self->post, &self->err);
        (void)pe_rank_pool_end_grace(&self->pool);
        backoff_ns = is_active ? 0 : pe_backoff_next(backoff_ns, self->asked >= 0 || self->post.sent != NULL);
        if (!is_active)
            pe_rank_pool_wait(&self->pool, backoff_ns);
    }
    if (self->err.status != PE_OK)
        pe_rank_pool_fail(&self->pool, &self->err);
    if (!self->is_drained)
        pe_rank_pool_drain(&self->pool);
}

static pe_status init(exchange *self, const pe_exchange_spec *spec, pe_error *err)
{
    *self = (exchange){.spec = spec,
                       .pool_spec = spec->pool,
                       .rank = pe_comm_rank(spec->comm),
                       .ranks = pe_comm_size(spec->comm),
                       .asked = -1,
                       .err = PE_ERROR_INIT};
    self->pool_spec.write = deliver;
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
    exchange self;
    (void)init(&self, spec, err);
    if (pe_comm_agree(spec->comm, err) == PE_OK) { /* all ranks start, or none */
        (void)pe_exchange_post_open(&self.post, spec->comm, &self.err);
        pe_rank_pool_run(&self.pool, main_loop, &self);
        pe_exchange_post_close(&self.post);
        pe_error_merge(err, &self.pool.error);
    }
    if (self.others != NULL) /* then the pool was made, or half of it */
        pe_rank_pool_fini(&self.pool);
    pe_exchange_returns_fini(&self.returns);
    free(self.others);
    (void)pthread_mutex_destroy(&self.mutex);
    return err->status;
}

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* exchange_messages.c - what a rank of an exchange sends to the others, and does with each message from them.
 *
 * Design:  exchange.c has the protocol's rules.
 * Threads: the main thread.
 */
#include <stdlib.h>

#include "ranks/exchange/exchange_internal.h"

/* ---- sending ---- */

void pe_exchange_send_kind(pe_exchange *self, int to, pe_exchange_kind kind)
{
    const pe_exchange_header header = {.kind = kind};
    (void)pe_exchange_channel_send(&self->channel, to, &header, NULL, &self->err);
}

void pe_exchange_send_to_all(pe_exchange *self, pe_exchange_kind kind)
{
    for (int other = 0; other < self->ranks; other++)
        if (other != self->rank)
            pe_exchange_send_kind(self, other, kind);
}

bool pe_exchange_send_returns(pe_exchange *self)
{
    pe_exchange_return *all = pe_exchange_returns_take(&self->returns);
    const bool has_any = all != NULL;
    while (all != NULL) {
        pe_exchange_return *at = all;
        all = at->next;
        self->others[at->owner].held -= at->header.count;
        (void)pe_exchange_channel_send(&self->channel, at->owner, &at->header, &at->data, &self->err);
        free(at);
    }
    return has_any;
}

/* ---- stopping ---- */

/* Stops computing. Results of other ranks' items are sent back; items of theirs without results are abandoned. */
static void stop(pe_exchange *self)
{
    self->is_stopping = true;
    self->next = self->end;
    pe_rank_pool_drain(&self->pool);
    self->is_drained = true;
    (void)pe_exchange_send_returns(self);
    for (int other = 0; other < self->ranks; other++) {
        if (self->others[other].held > 0)
            pe_exchange_send_kind(self, other, PE_EXCHANGE_ABANDON);
        self->others[other].held = 0;
    }
}

static void stop_for_others(pe_exchange *self)
{
    if (self->is_stopping)
        return;
    pe_rank_pool_stop(&self->pool);
    stop(self);
}

void pe_exchange_stop_after_error(pe_exchange *self)
{
    const bool has_failed =
        pe_rank_pool_is_stopped(&self->pool) || pe_rank_pool_failing_item(&self->pool) != PE_NO_ITEM;
    if (!has_failed || self->is_stopping)
        return;
    stop(self);
    if (self->rank == 0)
        pe_exchange_send_to_all(self, PE_EXCHANGE_STOP);
    else
        pe_exchange_send_kind(self, 0, PE_EXCHANGE_FAILED);
}

/* ---- messages from other ranks ---- */

static void give(pe_exchange *self, int to)
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
    (void)pe_exchange_channel_send(&self->channel, to, &header, &payload, &self->err);
    pe_buffer_fini(&payload);
}

static void take_given(pe_exchange *self)
{
    pe_exchange_channel *channel = &self->channel;
    pe_exchange_peer *from = &self->others[channel->from];
    self->asked = -1;
    if (channel->header.count == 0) {
        from->is_exhausted = true;
        self->exhausted_ranks++;
    } else if (self->is_stopping) {
        pe_exchange_send_kind(self, channel->from, PE_EXCHANGE_ABANDON);
    } else {
        from->held += channel->header.count;
        pe_exchange_push(self, (pe_block){.first = channel->header.first, .count = channel->header.count},
                         &channel->data);
    }
}

static void take_back(pe_exchange *self)
{
    pe_exchange_channel *channel = &self->channel;
    const pe_exchange_header *header = &channel->header;
    const pe_chunk_result out = {
        .bytes = {.data = channel->data.data, .size = header->bytes, .capacity = header->bytes},
        .log = {.data = channel->data.data + header->bytes, .size = header->log_bytes, .capacity = header->log_bytes},
        .first = header->first,
        .items = header->count,
        .rows = header->count};
    pe_error err = PE_ERROR_INIT;
    self->others[channel->from].given -= header->count;
    if (pe_exchange_take_own(self, &out, &err) != PE_OK)
        pe_rank_pool_fail(&self->pool, &err);
}

static void handle(pe_exchange *self)
{
    const int from = self->channel.from;
    switch ((pe_exchange_kind)self->channel.header.kind) {
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
            pe_exchange_send_to_all(self, PE_EXCHANGE_STOP);
        }
        break;
    case PE_EXCHANGE_STOP:
        stop_for_others(self);
        break;
    case PE_EXCHANGE_DONE:
        self->done_ranks++;
        break;
    case PE_EXCHANGE_END:
        self->is_ended = true;
        break;
    }
}

bool pe_exchange_receive(pe_exchange *self)
{
    bool has_any = false;
    for (bool has = true; has && self->err.status == PE_OK && !self->is_ended;) {
        if (pe_exchange_channel_receive(&self->channel, &has, &self->err) != PE_OK || !has)
            break;
        has_any = true;
        handle(self);
        if (!self->is_ended && self->err.status == PE_OK)
            (void)pe_exchange_channel_listen(&self->channel, &self->err);
    }
    return has_any;
}

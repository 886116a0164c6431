/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* exchange_internal.h - the state of an exchange on one rank, shared by the files of this folder.
 *
 * Threads: the main thread's, except for what says otherwise.
 */
#ifndef PE_EXCHANGE_INTERNAL_H
#define PE_EXCHANGE_INTERNAL_H

#include "ranks/exchange/exchange.h"
#include "ranks/exchange/exchange_channel.h"
#include "ranks/exchange/exchange_returns.h"

/* What this rank knows of another one. */
typedef struct pe_exchange_peer {
    bool is_exhausted; /* it has answered that it gives nothing more */
    uint64_t given;    /* own items that it computes and has not returned */
    uint64_t held;     /* items of its that are computed here and not returned */
} pe_exchange_peer;

typedef struct pe_exchange {
    const pe_exchange_spec *spec;
    pe_rank_pool_spec pool_spec;
    pe_rank_pool pool;
    pe_exchange_channel channel;
    pe_exchange_returns returns;
    int rank, ranks;
    pe_exchange_peer *others; /* by rank */
    uint64_t next, end;       /* own items that were neither passed to the workers nor given away */
    int asked;                /* the rank that an ASK went to, or -1 */
    int victim;               /* the rank to ask next */
    int exhausted_ranks;      /* how many of the others are exhausted */
    int done_ranks;           /* rank 0: how many ranks, with itself, are complete */
    bool is_stopping;         /* after an error here or elsewhere */
    bool is_drained;          /* the workers have ended */
    bool has_sent_done;
    bool is_ended;         /* END has come, or on rank 0 was sent */
    pe_error err;          /* of the main thread */
    pthread_mutex_t mutex; /* guards left and spec->take */
    uint64_t left;         /* own items without results */
} pe_exchange;

/* ---- exchange_work.c ---- */

/* pe_exchange_push - give a slice to the workers; swaps the bytes of payload, which may be NULL, with a spare buffer. */
void pe_exchange_push(pe_exchange *self, pe_block block, pe_buffer *payload);
/* pe_exchange_push_own - give the workers slices of own items, as many as they need. Returns: whether there was one */
bool pe_exchange_push_own(pe_exchange *self);
/* pe_exchange_take_own - take results of own items, computed here or elsewhere. Any thread. */
pe_status pe_exchange_take_own(pe_exchange *self, const pe_chunk_result *out, pe_error *err);
/* pe_exchange_deliver - the pool's write: take results of own items, and keep those of others for pe_exchange_send_returns.
 * Params: context: the exchange. Any thread. */
pe_status pe_exchange_deliver(void *context, const pe_chunk_result *out, pe_error *err);

/* ---- exchange_messages.c; an error of a message is in self->err ---- */

/* pe_exchange_send_kind - send a message without items. pe_exchange_send_to_all - to every other rank. */
void pe_exchange_send_kind(pe_exchange *self, int to, pe_exchange_kind kind);
void pe_exchange_send_to_all(pe_exchange *self, pe_exchange_kind kind);
/* pe_exchange_send_returns - send back what the workers have computed of other ranks' items. Returns: whether there was any */
bool pe_exchange_send_returns(pe_exchange *self);
/* pe_exchange_receive - handle the messages that have arrived. Returns: whether there were any */
bool pe_exchange_receive(pe_exchange *self);
/* pe_exchange_stop_after_error - where a kernel or this rank has failed: stop, and tell the other ranks. */
void pe_exchange_stop_after_error(pe_exchange *self);

#endif

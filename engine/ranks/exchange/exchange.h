/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* exchange.h - runs items that lie on all ranks, a block on each: a rank that has no more takes some of another's.
 *
 * Design:  a rank's own items go to its workers in small slices; what it has not passed to them yet it gives to ranks that
 *          ask. Their results come back as bytes. Items are numbered over all ranks.
 */
#ifndef PE_EXCHANGE_H
#define PE_EXCHANGE_H

#include "comm/comm.h"
#include "threads/pool/rank_pool.h"

typedef struct pe_exchange_spec {
    pe_rank_pool_spec pool; /* without write, tick and context */
    pe_comm *comm;
    const uint64_t *offsets; /* ranks + 1: items offsets[r] to offsets[r + 1] - 1 are rank r's */
    uint64_t give_items;     /* given away at once, at most */
    void *context;           /* of these: */
    /* Main thread: append the arguments of a block of own items. */
    pe_status (*pack)(void *context, pe_block block, pe_buffer *payload, pe_error *err);
    /* One thread at a time: results of own items, computed here or elsewhere. */
    pe_status (*take)(void *context, const pe_chunk_result *out, pe_error *err);
} pe_exchange_spec;

/* pe_exchange_run - compute all items of all ranks. Collective, with two ranks or more.
 *
 * Returns: PE_OK on every rank, or an error on at least one; then call pe_comm_agree. No message is in flight then.
 */
pe_status pe_exchange_run(const pe_exchange_spec *spec, pe_error *err);

#endif

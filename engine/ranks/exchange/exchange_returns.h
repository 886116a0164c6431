/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* exchange_returns.h - results of other ranks' items, from the workers to the main thread, which sends them back.
 */
#ifndef PE_EXCHANGE_RETURNS_H
#define PE_EXCHANGE_RETURNS_H

#include <pthread.h>

#include "ranks/exchange/exchange_channel.h"
#include "threads/chunk_result.h"

typedef struct pe_exchange_return {
    pe_exchange_header header;
    pe_buffer data; /* rows, log */
    int owner;      /* the rank that the items are of */
    struct pe_exchange_return *next;
} pe_exchange_return;

typedef struct pe_exchange_returns {
    pthread_mutex_t mutex;
    pe_exchange_return *first, **last;
} pe_exchange_returns;

void pe_exchange_returns_init(pe_exchange_returns *returns);
void pe_exchange_returns_fini(pe_exchange_returns *returns); /* drops what was not taken */

/* pe_exchange_returns_put - add results; copies them. Call: any thread. PE_ENOMEM. */
pe_status pe_exchange_returns_put(pe_exchange_returns *returns, int owner, const pe_chunk_result *out, pe_error *err);
/* pe_exchange_returns_take - take all of them, oldest first, linked by next; NULL: there are none. Owns: they are the
 * caller's. */
pe_exchange_return *pe_exchange_returns_take(pe_exchange_returns *returns);

#endif

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* rank_pool_waiting.h - results that wait for an item that takes long leave the reorder buffer before their turn.
 *
 * Threads: the main thread.
 */
#ifndef PE_RANK_POOL_WAITING_H
#define PE_RANK_POOL_WAITING_H

#include <stdbool.h>
#include <stdint.h>

typedef struct pe_rank_pool pe_rank_pool;

/* A pool's state of results that wait, and of the taking that is under way. */
typedef struct pe_waiting {
    uint64_t head;     /* the reorder buffer's first entry, as it was seen last, */
    uint64_t head_ns;  /* and for the first time */
    uint64_t taken_ns; /* when results that had waited long were taken last */
    uint64_t until_ns; /* when this taking ends */
    bool is_for_room;  /* it ends when no worker waits for room */
    bool is_rest;      /* it takes all that is done */
} pe_waiting;

/* pe_rank_pool_take_waiting - take results that wait for an earlier item, if that item takes long, and workers lack room or
 * the results have waited long. On one rank they are spilled; on several they become parts of their slices, which the main
 * thread gets by pe_rank_pool_finished. */
void pe_rank_pool_take_waiting(pe_rank_pool *pool);
/* pe_rank_pool_take_rest - take all that is done, once the pool has stopped. Returns: false: a thread delivers, so it is called
 * again */
bool pe_rank_pool_take_rest(pe_rank_pool *pool);

#endif

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* exchange_work.c - slices of an exchange to the workers of this rank, and their results.
 *
 * Design:  own items go to the workers in small slices, so that there is something left to give to other ranks.
 * Threads: the main thread; pe_exchange_deliver and pe_exchange_take_own: any.
 */
#include "ranks/exchange/exchange_internal.h"
#include "threads/chunk.h"
#include "threads/work_queue.h"

#define PUSH_SHARE 32 /* of the items that are left: a slice for the workers */
#define BACKLOG 2     /* slices that wait for the workers */

/* ---- results, on a worker's thread or the main one ---- */

static int owner_of(const pe_exchange *self, uint64_t item)
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

pe_status pe_exchange_take_own(pe_exchange *self, const pe_chunk_result *out, pe_error *err)
{
    (void)pthread_mutex_lock(&self->mutex);
    const pe_status status = self->spec->take(self->spec->context, out, err);
    self->left -= out->items;
    (void)pthread_mutex_unlock(&self->mutex);
    return status;
}

pe_status pe_exchange_deliver(void *context, const pe_chunk_result *out, pe_error *err)
{
    pe_exchange *self = context;
    const int owner = owner_of(self, out->first);
    const pe_status status = owner == self->rank ? pe_exchange_take_own(self, out, err)
                                                 : pe_exchange_returns_put(&self->returns, owner, out, err);
    pe_rank_pool_wake(&self->pool);
    return status;
}

/* ---- work for the workers ---- */

void pe_exchange_push(pe_exchange *self, pe_block block, pe_buffer *payload)
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

bool pe_exchange_push_own(pe_exchange *self)
{
    bool has_pushed = false;
    const uint64_t least = self->spec->pool.plan->chunk_items;
    while (self->next < self->end && pe_work_queue_backlog(self->pool.queue) < BACKLOG) {
        const uint64_t all = self->end - self->next, share = all / PUSH_SHARE > least ? all / PUSH_SHARE : least;
        const pe_block block = {.first = self->next, .count = share < all ? share : all};
        self->next += block.count;
        pe_exchange_push(self, block, NULL);
        has_pushed = true;
    }
    return has_pushed;
}

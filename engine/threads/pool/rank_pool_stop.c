/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* rank_pool_stop.c - stops the pool of one rank: keeps the first error, runs the grace period.
 *
 * Invariant: the error is stored before `stop` is set, so a thread that sees `stop` may read the error.
 * Design:   an error of an item first stops only the queue and starts the grace period. Each delivery restarts the
 *           period, because a slow reader of the output also delays the results before the failed item. The period does
 *           not end during a write.
 * Threads:  rank_pool.h.
 */
#include <assert.h>

#include "base/clock.h"
#include "threads/pool/rank_pool.h"
#include "threads/work_queue.h"

#define GRACE_NS 500000000u /* a failing run ends within a second, except for a slow reader */

bool pe_rank_pool_is_stopped(const pe_rank_pool *pool)
{
    return atomic_load_explicit(pool->spec->stop, memory_order_acquire);
}

void pe_rank_pool_stop(pe_rank_pool *pool)
{
    atomic_store_explicit(pool->spec->stop, true, memory_order_release); /* after the error */
    pe_work_queue_stop(pool->queue);
    pe_work_queue_abort(pool->queue);
    pe_rank_pool_wake(pool);
}

void pe_rank_pool_end_at(pe_rank_pool *pool, uint64_t ns)
{
    if (pool->spec->deadline_ns != NULL)
        atomic_store_explicit(pool->spec->deadline_ns, ns, memory_order_relaxed); /* nothing else depends on it */
}

uint64_t pe_rank_pool_left(const pe_rank_pool *pool)
{
    const atomic_uint_fast64_t *const at = pool->spec->deadline_ns;
    const uint64_t deadline = at == NULL ? 0 : atomic_load_explicit(at, memory_order_relaxed);
    const uint64_t now = deadline == 0 ? 0 : pe_clock_ns();
    return deadline == 0 ? UINT64_MAX : deadline > now ? deadline - now : 0;
}

void pe_rank_pool_begin_grace(pe_rank_pool *pool)
{
    uint_fast64_t never = 0;
    (void)atomic_compare_exchange_strong_explicit(&pool->failing_ns, &never, pe_clock_ns(), memory_order_release,
                                                  memory_order_relaxed); /* after the error, as stop */
}

void pe_rank_pool_renew_grace(pe_rank_pool *pool)
{
    if (atomic_load_explicit(&pool->failing_ns, memory_order_relaxed) != 0) /* the thread that failed has started it */
        atomic_store_explicit(&pool->failing_ns, pe_clock_ns(), memory_order_release);
}

bool pe_rank_pool_end_grace(pe_rank_pool *pool)
{
    const uint64_t since = atomic_load_explicit(&pool->failing_ns, memory_order_acquire);
    const bool is_writing =
        atomic_load_explicit(&pool->is_writing, memory_order_relaxed); /* a hint: asked again soon */
    if (!is_writing && since != 0 && pe_clock_ns() - since > GRACE_NS && !pe_rank_pool_is_stopped(pool))
        pe_rank_pool_stop(pool);
    return pe_rank_pool_is_stopped(pool);
}

void pe_rank_pool_fail(pe_rank_pool *pool, const pe_error *err)
{
    assert(err->status != PE_OK);
    (void)pthread_mutex_lock(&pool->mutex);
    pe_error_merge(&pool->error, err);
    (void)pthread_mutex_unlock(&pool->mutex);
    if (err->item == PE_NO_ITEM) {
        pe_rank_pool_stop(pool);
        return;
    }
    pe_rank_pool_begin_grace(pool);
    pe_work_queue_stop(pool->queue);
    pe_rank_pool_wake(pool);
}

pe_status pe_rank_pool_failure(pe_rank_pool *pool)
{
    (void)pthread_mutex_lock(&pool->mutex);
    const pe_status status = pool->error.status;
    (void)pthread_mutex_unlock(&pool->mutex);
    return status;
}

uint64_t pe_rank_pool_failing_item(pe_rank_pool *pool)
{
    if (atomic_load_explicit(&pool->failing_ns, memory_order_acquire) == 0)
        return PE_NO_ITEM;
    (void)pthread_mutex_lock(&pool->mutex);
    const uint64_t item = pool->error.item;
    (void)pthread_mutex_unlock(&pool->mutex);
    return item;
}

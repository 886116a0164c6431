/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* rank_pool_wake.c - the sleep of a pool's main thread, and the call that ends it.
 *
 * Threads:  wake: any; wait: the main thread.
 */
#include <time.h>

#include "base/clock.h"
#include "threads/pool/rank_pool.h"

#define NS_PER_S 1000000000u

void pe_rank_pool_wake(pe_rank_pool *pool)
{
    (void)pthread_mutex_lock(&pool->mutex);
    pool->is_woken = true;
    (void)pthread_cond_signal(&pool->wakeup);
    (void)pthread_mutex_unlock(&pool->mutex);
}

/* What the main thread does between two waits: of one rank it reads a stream, if there is one. */
static pe_phase main_phase(const pe_plan *plan)
{
    return plan->ranks == 1 && plan->items == PE_ITEMS_UNKNOWN ? PE_PHASE_READ : PE_PHASE_GATHER;
}

void pe_rank_pool_wait(pe_rank_pool *pool, uint64_t wait_ns)
{
    const uint64_t now = pe_clock_ns(), until = now + wait_ns;
    pe_lane_did(main_phase(pool->spec->plan), now);
    const struct timespec deadline = {.tv_sec = (time_t)(until / NS_PER_S), .tv_nsec = (long)(until % NS_PER_S)};
    (void)pthread_mutex_lock(&pool->mutex);
    if (!pool->is_woken)
        (void)pthread_cond_timedwait(&pool->wakeup, &pool->mutex, &deadline);
    pool->is_woken = false;
    (void)pthread_mutex_unlock(&pool->mutex);
    if (pe_lane_here != NULL)
        pe_lane_did(PE_PHASE_WAIT_WORK, pe_clock_ns());
}

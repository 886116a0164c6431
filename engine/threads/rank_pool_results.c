/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* rank_pool_results.c - how results leave the pool of a rank: to the sink, to the spill, or to the main thread.
 *
 * Threads:  rank_pool.h.
 * Not here: in which order they come (reorder.c).
 */
#include "base/clock.h"
#include "threads/rank_pool.h"
#include "threads/work_queue.h"

void pe_rank_pool_write(pe_rank_pool *pool, const pe_chunk_result *out)
{
    const pe_rank_pool_spec *spec = pool->spec;
    pe_error err = PE_ERROR_INIT;
    if (pe_rank_pool_is_stopped(pool))
        return;
    const bool is_apart = spec->plan->ranks > 1; /* else who delivers says what it was */
    const uint64_t began = is_apart ? pe_pause_begin(PE_PHASE_WRITE) : 0;
    atomic_store_explicit(&pool->is_writing, true, memory_order_relaxed);
    if (spec->write(spec->context, out, &err) != PE_OK)
        pe_rank_pool_fail(pool, &err);
    else
        atomic_fetch_add_explicit(&pool->items, out->items, memory_order_relaxed); /* only shown as progress */
    pe_rank_pool_renew_grace(pool);
    atomic_store_explicit(&pool->is_writing, false, memory_order_relaxed);
    pe_pause_end(PE_PHASE_WRITE, PE_PHASE_GATHER, began);
}

bool pe_rank_pool_spill(pe_rank_pool *pool, const pe_chunk_result *out)
{
    const pe_rank_pool_spec *spec = pool->spec;
    pe_error err = PE_ERROR_INIT;
    bool is_spilled = false;
    if (spec->spill == NULL)
        return false;
    if (spec->spill(spec->context, out, &is_spilled, &err) != PE_OK)
        pe_rank_pool_fail(pool, &err);
    else if (is_spilled)
        atomic_fetch_add_explicit(&pool->items, out->items, memory_order_relaxed); /* only shown as progress */
    return is_spilled;
}

void pe_rank_pool_free_result(pe_rank_pool *pool, pe_chunk *result)
{
    pe_slice *slice = result->slice;
    const bool is_over = result->ends_slice && !slice->is_cut;
    pe_work_queue_release(pool->queue, result);
    if (is_over)
        pe_work_queue_recycle(pool->queue, slice);
}

pe_chunk *pe_rank_pool_finished(pe_rank_pool *pool)
{
    (void)pthread_mutex_lock(&pool->mutex);
    pe_chunk *first = pool->finished;
    (void)pthread_mutex_unlock(&pool->mutex);
    return first;
}

void pe_rank_pool_take_finished(pe_rank_pool *pool)
{
    (void)pthread_mutex_lock(&pool->mutex);
    pool->finished = pool->finished->next;
    (void)pthread_mutex_unlock(&pool->mutex);
}

void pe_rank_pool_append_finished(pe_rank_pool *pool, pe_chunk *result)
{
    result->next = NULL;
    (void)pthread_mutex_lock(&pool->mutex);
    if (pool->finished != NULL)
        pool->finished_last->next = result;
    else
        pool->finished = result;
    pool->finished_last = result;
    (void)pthread_mutex_unlock(&pool->mutex);
    pe_rank_pool_wake(pool);
}

void pe_rank_pool_end_part(pe_rank_pool *pool, pe_slice *slice, bool ends_slice)
{
    pe_chunk *result = slice->whole;
    slice->whole = NULL;
    pool->gathering = NULL;
    result->ends_slice = ends_slice;
    const bool is_all = ends_slice && slice->finished == 0;
    result->block = (pe_block){.first = is_all ? slice->block.first : result->out.first, .count = result->out.items};
    slice->finished += result->out.items;
    pe_rank_pool_append_finished(pool, result);
}

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* rank_pool_results.c - how results leave the pool of a rank: to the sink, to the spill file, or to the main thread.
 *
 * Threads:  rank_pool.h.
 * Not here: in which order they come (reorder.c).
 */
#include "threads/pool/rank_pool_results.h"

#include "threads/work_queue.h"

void pe_rank_pool_write(pe_rank_pool *pool, const pe_chunk_result *out)
{
    const pe_rank_pool_spec *spec = pool->spec;
    pe_error err = PE_ERROR_INIT;
    if (pe_rank_pool_is_stopped(pool))
        return;
    const bool is_apart = spec->plan->ranks > 1; /* else the deliverer records the phase */
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
    if (spec->spill.put == NULL)
        return false;
    if (spec->spill.put(spec->context, out, &is_spilled, &err) != PE_OK)
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

/* ---- from the reorder buffer ---- */

/* How many items of the slice have come, with these. */
static uint64_t count_delivered(pe_slice *slice, uint64_t items)
{
    return atomic_fetch_add_explicit(&slice->delivered, items, memory_order_acq_rel) +
           items; /* the last one recycles it */
}

/* The reorder buffer's callback on one rank. A chunk is empty when all its items were delivered in parts or stolen; its
 * slice may be recycled already, so it is not touched. */
static bool deliver_to_sink(void *context, pe_reorder_entry *entry)
{
    pe_rank_pool *pool = context;
    pe_chunk *chunk = pe_chunk_of_entry(entry);
    pe_slice *slice = chunk->slice;
    if (chunk->out.items == 0)
        return true;
    if (pe_rank_pool_is_stopped(pool))
        (void)pe_rank_pool_spill(pool, &chunk->out);
    else
        pe_rank_pool_write(pool, &chunk->out);
    if (count_delivered(slice, chunk->out.items) == slice->block.count)
        pe_work_queue_recycle(pool->queue, slice);
    return true;
}

static void release_chunk(void *context, pe_reorder_entry *entry)
{
    const pe_rank_pool *pool = context;
    pe_work_queue_release(pool->queue, pe_chunk_of_entry(entry));
}

static pe_status append(const pe_worker_vtable *worker, pe_chunk *whole, const pe_chunk *chunk, pe_error *err)
{
    pe_chunk_result *out = &whole->out;
    const pe_chunk_result *part = &chunk->out;
    const uint64_t rows = out->rows;
    whole->work_ns += chunk->work_ns;
    out->items += part->items;
    out->rows += part->rows;
    out->placed += part->placed;
    const pe_status status = pe_buffer_append(&out->bytes, part->bytes.data, part->bytes.size, err);
    if (status != PE_OK || part->log.size == 0)
        return status;
    return worker->join_logs != NULL ? worker->join_logs(&out->log, rows, &part->log, err)
                                     : pe_buffer_append(&out->log, part->log.data, part->log.size, err);
}

/* The reorder buffer's callback on several ranks: appends the chunk's results to those of its slice. When an item ends
 * the run, its slice ends before that item. */
static bool deliver_to_slice(void *context, pe_reorder_entry *entry)
{
    pe_rank_pool *pool = context;
    pe_chunk *chunk = pe_chunk_of_entry(entry);
    pe_slice *slice = chunk->slice;
    pe_error err = PE_ERROR_INIT;
    if (chunk->out.items == 0 && !entry->is_last) /* as in deliver_to_sink */
        return true;
    const uint64_t delivered = count_delivered(slice, chunk->out.items);
    const bool may_have_gaps = pool->spec->plan->part_bytes != PE_PLAN_NO_PARTS || pool->spec->spill.put != NULL;
    if (may_have_gaps && slice->whole != NULL && chunk->out.first != slice->whole->out.first + slice->whole->out.items)
        pe_rank_pool_end_part(pool, slice, false); /* a part holds consecutive items */
    const bool is_first = slice->whole == NULL;
    if (is_first)
        pool->gathering = (slice->whole = chunk)->slice;
    else if (append(pool->spec->worker, slice->whole, chunk, &err) != PE_OK)
        pe_rank_pool_fail(pool, &err);
    if (entry->is_last && pool->spec->plan->order != PE_ORDER_UNORDERED) {
        slice->is_cut = true;
        slice->block.count = chunk->out.first + chunk->out.items - slice->block.first;
    }
    const pe_chunk_result *gathered = &slice->whole->out;
    const bool is_whole = (slice->is_cut || delivered == slice->block.count) && gathered->items > 0;
    if (is_whole || gathered->bytes.size + gathered->log.size >= pool->spec->plan->part_bytes)
        pe_rank_pool_end_part(pool, slice, is_whole);
    if (is_first && pool->spec->plan->counts_bytes)
        pe_work_queue_wake(pool->queue); /* no buffer was released, but another chunk is delivered next now */
    return !is_first;                    /* the slice's first chunk is released with its results */
}

pe_status pe_rank_pool_make_reorder(pe_rank_pool *pool, pe_error *err)
{
    const pe_plan *plan = pool->spec->plan;
    return pe_reorder_make(plan->order != PE_ORDER_UNORDERED, plan->ranks == 1 ? deliver_to_sink : deliver_to_slice,
                           release_chunk, pool, &pool->reorder, err);
}

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* spilled_results.c - results that wait for an earlier item, in the spill file instead of in memory.
 *
 * Invariant: rows reach the sink in the order of their items: what is delivered next is the lowest of the spilled results
 *            and the pool's next item.
 * Design:   results are spilled with the numbers of their items in the job, since those of the pool are of one run. So what an
 *           earlier run has spilled is delivered between the items of this one.
 *           The frame is read without the lock, so that a checkpoint can be made while many are read.
 * Threads:  spilled_results.h. has_spilled is false while nothing is spilled, so that the usual run takes no lock for it.
 * Not here: the file (checkpoint/spill.c), when results are spilled (threads/pool/rank_pool_waiting.c).
 */
#include "run/output/spilled_results.h"

#include "run/output/failure_limit.h"

pe_status pe_output_open_spill(pe_output *output, pe_run_resume *resume, pe_error *err)
{
    pe_spilled_range first;
    if (resume->spill != NULL) {
        output->spill = resume->spill;
        resume->spill = NULL;
        atomic_store_explicit(&output->has_spilled, pe_spill_first(output->spill, &first), memory_order_relaxed);
    }
    if (output->spill != NULL || !resume->writes_checkpoints)
        return PE_OK;
    return pe_spill_create(resume->path, &output->spill, err); /* what an earlier run has left goes */
}

void pe_output_close_spill(pe_output *output, bool removes)
{
    pe_spill_close(output->spill, removes);
    output->spill = NULL;
    pe_buffer_fini(&output->frame.bytes);
    pe_buffer_fini(&output->frame.log);
}

/* Where the rows end in the output, if they are there already. */
static uint64_t placed_end(const pe_output *output, pe_block block, const pe_chunk_result *out)
{
    const uint64_t rows = block.first + block.count - output->first_item; /* every item has a row of its own */
    return out->placed == 0 ? 0 : pe_sink_rows_end(output->sink, rows, output->row_bytes);
}

pe_status pe_output_spill(pe_output *output, const pe_chunk_result *out, bool *is_spilled, pe_error *err)
{
    const pe_block block = {.first = pe_item_set_from(output->todo, out->first).first, .count = out->items};
    *is_spilled = false;
    if (output->spill == NULL || (out->placed > 0 && !pe_sink_can_write_ahead(output->sink)))
        return PE_OK;
    (void)pthread_mutex_lock(&output->mutex);
    const uint64_t end = placed_end(output, block, out);
    const pe_status status = pe_spill_put(output->spill, block, end, out, is_spilled, err);
    if (*is_spilled) {
        pe_sink_set_ahead_end(output->sink, end);
        atomic_store_explicit(&output->has_spilled, true, memory_order_relaxed); /* the lock orders */
    }
    (void)pthread_mutex_unlock(&output->mutex);
    return status;
}

/* The lowest spilled range, if its turn has come. */
static bool find_due(pe_output *output, pe_spilled_range *range)
{
    (void)pthread_mutex_lock(&output->mutex);
    const bool has_any = output->spill != NULL && pe_spill_first(output->spill, range);
    const pe_block next = pe_item_set_from(output->todo, output->next);
    if (!has_any) {
        atomic_store_explicit(&output->has_spilled, false, memory_order_relaxed); /* the lock orders */
        pe_buffer_fini(&output->frame.bytes);
        pe_buffer_fini(&output->frame.log);
    }
    (void)pthread_mutex_unlock(&output->mutex);
    return has_any && (next.count == 0 || range->items.first <= next.first);
}

static pe_status deliver(pe_output *output, const pe_spill_frame *frame, pe_error *err)
{
    (void)pthread_mutex_lock(&output->mutex);
    const pe_status status = pe_output_take_block(output, &output->frame, frame->items, err);
    if (status == PE_OK) {
        pe_spill_drop(output->spill, frame);
        output->next = pe_item_set_position(output->todo, frame->items.first + frame->items.count);
    }
    (void)pthread_mutex_unlock(&output->mutex);
    return status == PE_OK && output->frame.log.size > 0
               ? pe_failure_limit_check(&output->failures, output->job, output->items, false, err)
               : status;
}

pe_status pe_output_catch_up(pe_output *output, bool *has_more, pe_error *err)
{
    pe_spilled_range range;
    pe_spill_frame frame;
    *has_more =
        atomic_load_explicit(&output->has_spilled, memory_order_relaxed) && find_due(output, &range); /* a hint */
    if (!*has_more)
        return PE_OK;
    const pe_status status = pe_spill_read(output->spill, &range, &frame, &output->frame, err);
    return status == PE_OK ? deliver(output, &frame, err) : status;
}

/* Delivers what is spilled and comes next. *is_behind: the run stops before all of it is delivered. */
static pe_status catch_up(pe_output *output, const atomic_bool *stop, bool *is_behind, pe_error *err)
{
    pe_status status = PE_OK;
    *is_behind = atomic_load_explicit(&output->has_spilled, memory_order_relaxed); /* a hint */
    while (status == PE_OK && *is_behind && !atomic_load_explicit(stop, memory_order_relaxed))
        status = pe_output_catch_up(output, is_behind, err);
    return status;
}

pe_status pe_output_take_in_order(pe_output *output, const pe_chunk_result *out, const atomic_bool *stop, pe_error *err)
{
    bool is_behind = false, is_spilled = false;
    pe_status status = catch_up(output, stop, &is_behind, err);
    if (status == PE_OK && is_behind)
        return pe_output_spill(output, out, &is_spilled, err);
    if (status == PE_OK)
        status = pe_output_take(output, out, err);
    return status == PE_OK ? catch_up(output, stop, &is_behind, err) : status;
}

void pe_output_trim_spill(pe_output *output, size_t listed)
{
    (void)pthread_mutex_lock(&output->mutex);
    if (output->spill != NULL && listed == 0)
        pe_spill_trim(output->spill);
    (void)pthread_mutex_unlock(&output->mutex);
}

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* grow.c - batches that grow from one small chunk to the next while the kernel computes them.
 *
 * Invariant: each grain is claimed alone, right before it is computed, so other workers can steal it until then.
 * Design:   where the job gives a small chunk, a batch is one chunk, and takes far less time to compute than to read, encode
 *           and deliver. So the kernel, or its call (pe_call_run), claims the next chunk of the range, as long as its
 *           arguments were read and its results have room; what comes after the kernel is done for all of them at once.
 * Threads:  a worker belongs to one thread; the range is shared with thieves (split_range.h).
 */
#include "worker/worker_internal.h"

/* A batch does not grow where something belongs to one grain: logs and retries of failed items, timing, one file per item. */
bool pe_worker_may_grow(const pe_worker *worker)
{
    const pe_plan *const plan = worker->spec->plan;
    const pe_work_errors *const errors = &worker->spec->errors;
    const bool is_watched = worker->chunk.is_metered || errors->has_log || errors->has_joblog || errors->retries > 0;
    return plan->is_fixed && plan->grain_items <= worker->chunk.batch_items && plan->part_bytes == PE_PLAN_NO_PARTS &&
           worker->where.call == NULL && worker->item_writer == NULL && !worker->spec->kernel.is_in_processes &&
           !is_watched;
}

size_t pe_worker_room_to_grow(const pe_worker *worker)
{
    const size_t read = pe_arguments_room(&worker->args);
    if (!worker->spec->output.makes_partials)
        return read;
    const size_t rows = (worker->rows->capacity - worker->rows->size) / worker->spec->output.encoder.row_bytes;
    return rows < read ? rows : read;
}

/* The claim callback of pe_call_growth. */
static size_t claim_grain(void *context)
{
    pe_worker *worker = context;
    pe_block grain;
    if (worker->batch.block.count + worker->chunk.range->grain > worker->batch.room ||
        atomic_load_explicit(worker->chunk.flow->stop, memory_order_relaxed) ||
        !pe_split_range_next(worker->chunk.range, &grain))
        return 0;
    worker->batch.block.count += grain.count;
    worker->args.taken.count += grain.count;
    return grain.count;
}

void pe_worker_let_grow(pe_worker *worker)
{
    pe_call_let_grow(worker->call, &(pe_call_growth){.context = worker, .claim = claim_grain});
}

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* pool_plan.c - the plan of a call, what its workers do, and the arguments that go to other ranks.
 *
 * Threads: the thread whose turn it is.
 * Not here: the run (pool_run.c, pool_blocks.c).
 */
#include "plan/plan.h"

#include <string.h>

#include "base/saturate.h"
#include "library/pool_internal.h"

static size_t payload_bytes(const void *source, uint64_t chunk_items)
{
    const pe_pool_task *task = source;
    const size_t item = pe_column_block_item_bytes(pe_pool_column_types(task->kernel));
    return pe_add_most(pe_mul_most(chunk_items, item), (size_t)PE_BLOCK_ALIGN * PE_MAX_COLUMNS);
}

static bool has_text(pe_column_types types)
{
    for (int c = 0; c < types.count; c++)
        if (types.list[c].dtype == PE_TEXT)
            return true;
    return false;
}

pe_order pe_pool_order(const pe_call_shape *shape, int ranks)
{
    /* the columns of one process need no order: a failed item ends its threads once the items before it are computed */
    const bool has_places = shape->has_sink == 0 && ranks == 1;
    return has_places || shape->is_unordered != 0 ? PE_ORDER_UNORDERED : PE_ORDER_STREAM;
}

pe_status pe_pool_plan(const pe_pool_task *task, uint64_t items, int ranks, pe_plan *plan, pe_error *err)
{
    const pe_pool_kernel *kernel = task->kernel;
    const pe_pool *pool = kernel->pool;
    const pe_call_shape *call = &task->shape;
    const bool has_payload = call->has_source != 0 || ranks > 1;
    const pe_plan_request request = {.items = items,
                                     .ranks = ranks,
                                     .threads = pool->most_threads,
                                     .order = pe_pool_order(call, ranks),
                                     .chunk_items =
                                         call->chunk_size != 0 ? call->chunk_size : kernel->job->pool.chunk_size,
                                     .memory_bytes = pool->memory_bytes,
                                     .in_item_bytes = pe_column_block_item_bytes(pe_pool_column_types(kernel)),
                                     .out_item_bytes = pe_column_block_item_bytes(pe_pool_result_types(kernel)),
                                     .has_payload = has_payload,
                                     .is_crowded = pool->is_crowded,
                                     .is_in_processes = kernel->form != NULL && pe_form_is_in_processes(kernel->form),
                                     .chunk_input_bytes = has_payload ? payload_bytes : NULL,
                                     .source = task,
                                     .has_text_result = has_text(pe_pool_result_types(kernel))};
    return pe_plan_make(&request, plan, err);
}

pe_column_work pe_pool_work(const pe_pool_task *task, const pe_plan *plan, uint64_t first)
{
    const pe_pool_kernel *kernel = task->kernel;
    const bool has_columns = task->is_spread || (task->shape.has_source == 0 && pe_comm_size(kernel->pool->comm) == 1);
    return (pe_column_work){.kernel = &kernel->work,
                            .errors = &kernel->errors,
                            .plan = plan,
                            .first = first,
                            .origin = task->origin,
                            .is_shared = task->is_spread,
                            .columns = pe_pool_column_types(kernel),
                            .args = has_columns ? task->args : NULL,
                            .results = task->is_direct ? task->results : NULL,
                            .outcomes = task->is_direct ? task->call.outcomes : NULL,
                            .idle_calls = kernel->idle_calls,
                            .inside = kernel->pool};
}

/* The columns of a slice, for another rank. */
pe_status pe_pool_pack(void *context, pe_block items, pe_buffer *payload, pe_error *err)
{
    const pe_pool_task *task = context;
    const pe_column_types types = pe_pool_column_types(task->kernel);
    pe_column_block block;
    if (pe_column_block_begin(payload, types, items.first, items.count, &block, err) != PE_OK)
        return err->status;
    for (int c = 0; c < types.count; c++) {
        const size_t bytes = pe_type_bytes(types.list[c]);
        memcpy(block.columns[c], (const unsigned char *)task->args[c] + (items.first - task->origin) * bytes,
               items.count * bytes);
    }
    return pe_column_block_end(payload, types, &block, NULL, err);
}

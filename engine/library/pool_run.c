/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* pool_run.c - runs one call of a pool, from its plan to its outcome.
 *
 * Design:  the engine's own run of a plan (ranks/execute_plan.h) with the column worker, on the pool's threads. A small call
 *          has no plan: the thread that asks for it is its only worker.
 * Threads: the thread whose turn it is; the functions that the pool calls: rank_pool.h says which thread.
 * Not here: turns (pool_turns.c), results (pool_deliver.c).
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "library/pool_internal.h"
#include "plan/plan.h"
#include "ranks/execute_plan.h"
#include "run/output/failure_limit.h"

#define SMALL_NS ((uint64_t)100000) /* of work: about what it costs to wake the threads and to wait for them */
#define SMALL_BYTES (24u << 10)     /* of a batch's columns: most of a first-level cache */
#define SMALL_ITEMS 4096u           /* of a batch */

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* ---- the input ---- */

/* The next items of the source, as the next slice. */
static pe_status next(void *context, int timeout_ms, pe_buffer *payload, pe_block *items, bool *ended, pe_error *err)
{
    pe_pool_task *task = context;
    const pe_column_types types = pe_pool_column_types(task->kernel);
    const uint64_t most = task->most;
    pe_column_block block;
    (void)timeout_ms;
    if (pe_column_block_begin(payload, types, task->read, most, &block, err) != PE_OK)
        return err->status;
    const int64_t count = task->call.source(task->call.source_context, task->read, most, block.columns);
    if (count < 0)
        return pe_fail(err, PE_ENOINPUT, "the source failed at item %" PRIu64 ": it returned %" PRId64, task->read,
                       count);
    if ((uint64_t)count > most)
        return pe_fail(err, PE_EDATA,
                       "the source gave %" PRId64 " items at item %" PRIu64 ", where %" PRIu64 " had room", count,
                       task->read, most);
    if (task->call.sink == NULL && (uint64_t)count > task->call.count - task->read)
        return pe_fail(err, PE_EDATA, "the source gave more than the %" PRIu64 " items that the results have room for",
                       task->call.count);
    block.count = (uint64_t)count;
    *items = (pe_block){.first = task->read, .count = block.count};
    *ended = count == 0;
    task->read += block.count;
    return pe_column_block_end(payload, types, &block, NULL, err);
}

static pe_status tick(void *context, uint64_t items, pe_error *err)
{
    const pe_pool_task *task = context;
    (void)items;
    if (atomic_load_explicit(&task->is_cancelled, memory_order_relaxed)) /* nothing else is read */
        return pe_fail(err, PE_ESTOPPED, "cancelled");
    return PE_OK;
}

/* ---- the run ---- */

/* The items from `first` on, on all threads and ranks. */
static void run_planned(pe_pool_task *task, uint64_t first)
{
    pe_pool_kernel *kernel = task->kernel;
    pe_pool *pool = kernel->pool;
    pe_plan plan;
    pe_execute_plan_stats stats = {0};
    (void)pe_pool_plan(task, task->shape.has_source != 0 ? PE_ITEMS_UNKNOWN : task->shape.count - first,
                       pe_comm_size(pool->comm), &plan, &task->err);
    if (pe_comm_agree(pool->comm, &task->err) != PE_OK)
        return;
    task->most = plan.chunk_items;
    task->first = first;
    const pe_column_work work = pe_pool_work(task, &plan, first);
    const pe_execute_plan_spec spec = {.pool = {.plan = &plan,
                                                .threads = pool->threads,
                                                .team = pool->team,
                                                .worker = &pe_column_worker,
                                                .work_spec = &work,
                                                .stop = &kernel->stop,
                                                .context = task,
                                                .write = pe_pool_deliver,
                                                .tick = tick},
                                       .comm = pool->comm,
                                       .has_payload = work.args == NULL,
                                       .is_stream = task->shape.has_source != 0,
                                       .pack = pe_pool_pack,
                                       .next = next};
    const void *const before = pe_column_worker_inside();
    pe_column_worker_enter(pool); /* the source is called here */
    (void)pe_execute_plan(&spec, &stats, &task->err);
    pe_column_worker_enter(before);
    (void)pe_comm_agree(pool->comm, &task->err);
    if (task->err.item != PE_NO_ITEM)
        task->err.item += first;
    if (stats.items > 0)
        kernel->ns_an_item = (double)stats.busy_ns / (double)stats.items;
}

bool pe_pool_is_small(const pe_pool_task *task)
{
    const pe_pool_kernel *kernel = task->kernel;
    const pe_call_shape *call = &task->shape;
    return pe_comm_size(kernel->pool->comm) == 1 && !task->is_spread && call->has_source == 0 && call->count > 0 &&
           call->chunk_size == 0 && kernel->ns_an_item > 0 && (double)call->count * kernel->ns_an_item < SMALL_NS &&
           !pe_idle_calls_is_empty(kernel->idle_calls) &&
           (kernel->form == NULL || !pe_form_is_in_processes(kernel->form));
}

static uint64_t small_batch(const pe_pool_kernel *kernel)
{
    const size_t bytes = pe_column_block_item_bytes(pe_pool_column_types(kernel)) +
                         pe_column_block_item_bytes(pe_pool_result_types(kernel));
    return bytes >= SMALL_BYTES ? 1 : smaller(SMALL_BYTES / (bytes + 1), SMALL_ITEMS);
}

/* The items of a block, with their results. */
static pe_status run_here(pe_pool_task *task, void *worker, pe_block block, pe_error *err)
{
    const pe_chunk_flow flow = {.stop = &task->kernel->stop, .part_bytes = PE_PLAN_NO_PARTS};
    pe_chunk_result out = {.items = 0};
    pe_buffer payload = {0};
    pe_split_range range;
    pe_error late = PE_ERROR_INIT;
    pe_split_range_set(&range, block, block.count);
    (void)pe_column_worker.run(worker, &range, &payload, &out, &flow, err);
    if (pe_pool_deliver(task, &out, &late) != PE_OK && err->status == PE_OK)
        *err = late;
    pe_buffer_fini(&out.bytes);
    pe_buffer_fini(&out.log);
    return err->status;
}

/* Computes on this thread, while it takes as little time as it was thought to. Returns how many items are done. */
static uint64_t run_small(pe_pool_task *task)
{
    const uint64_t items = task->call.count, began = pe_clock_ns();
    const pe_plan plan = {.batch_items = small_batch(task->kernel), .part_bytes = PE_PLAN_NO_PARTS};
    const pe_column_work work = pe_pool_work(task, &plan, 0);
    void *worker = NULL;
    uint64_t done = 0, spent_ns = 0;
    pe_status status = pe_column_worker.open(&work, &worker, &task->err);
    while (status == PE_OK && done < items && spent_ns < 2 * SMALL_NS) {
        const uint64_t count = smaller(items - done, plan.batch_items);
        status = run_here(task, worker, (pe_block){.first = done, .count = count}, &task->err);
        done += count;
        spent_ns = pe_clock_ns() - began;
    }
    pe_column_worker.close(worker);
    task->kernel->ns_an_item = (double)spent_ns / (double)(done + 1);
    return done;
}

/* ---- begin and end ---- */

static void begin_log(pe_pool_task *task)
{
    const pe_job *job = task->kernel->job;
    static const char *const usual[] = {"x", "y", "z"};
    const char *names[PE_MAX_COLUMNS];
    char made[PE_MAX_COLUMNS][16];
    pe_buffer header = {0};
    const int count = task->kernel->work.signature.arg_count, ranks = pe_comm_size(task->kernel->pool->comm);
    for (int a = 0; a < count; a++) {
        (void)snprintf(made[a], sizeof made[a], "x%d", a + 1);
        names[a] = job->kernel.args != NULL && a < job->kernel.arg_count ? job->kernel.args[a]
                   : a < 3                                               ? usual[a]
                                                                         : made[a];
    }
    if (pe_failure_log_header(names, count, &header, &task->err) == PE_OK)
        (void)pe_failure_log_begin(&task->log, job->errors.log, &header,
                                   pe_pool_order(&task->shape, ranks) != PE_ORDER_UNORDERED, &task->err);
    pe_buffer_fini(&header);
}

/* The item that ended the call has no note: its chunk may not have been delivered. */
static void add_last_failure(pe_pool_task *task)
{
    const pe_error *err = &task->err;
    if (err->status != PE_EITEM || err->item == PE_NO_ITEM || task->kernel->errors.policy != PE_ON_ERROR_STOP)
        return;
    const bool is_late = strstr(err->text, ": timeout after ") != NULL;
    const pe_failed_note note = {.item = err->item,
                                 .outcome = is_late ? PE_ITEM_TIMED_OUT : PE_ITEM_FAILED,
                                 .reason = err->text,
                                 .reason_bytes = (uint32_t)strlen(err->text)};
    pe_error ignored = PE_ERROR_INIT; /* without memory the call's own error says it */
    (void)pe_pool_add_failure(task, &note, &ignored);
    if (task->call.outcomes != NULL && err->item - task->origin < task->call.count)
        task->call.outcomes[err->item - task->origin] = (unsigned char)note.outcome;
}

static void end_log(pe_pool_task *task)
{
    const pe_pool_kernel *kernel = task->kernel;
    pe_buffer record = {0};
    pe_error ignored = PE_ERROR_INIT; /* the call has failed already */
    if (kernel->errors.has_log && task->err.status == PE_EITEM && task->err.item != PE_NO_ITEM)
        (void)pe_stop_record_collect(&task->stop_record, kernel->pool->comm, task->err.item, &record, &ignored);
    if (pe_pool_is_root(kernel->pool)) {
        if (record.size > 0)
            (void)pe_failure_log_take(&task->log, &record, &ignored);
        if (task->err.status == PE_OK)
            (void)pe_failure_limit_check(&task->log, kernel->job,
                                         atomic_load_explicit(&task->items, memory_order_relaxed), true, &task->err);
        (void)pe_failure_log_end(&task->log, false, &task->err);
    }
    pe_buffer_fini(&record);
    (void)pe_comm_agree(kernel->pool->comm, &task->err);
}

/* Worker processes that were stopped are gone: the next call starts others. */
static void reset_stop(pe_pool_kernel *kernel)
{
    if (!atomic_load_explicit(&kernel->stop, memory_order_acquire))
        return;
    if (kernel->form != NULL && pe_form_is_in_processes(kernel->form))
        pe_idle_calls_clear(kernel->idle_calls);
    atomic_store_explicit(&kernel->stop, false, memory_order_relaxed); /* no worker runs */
}

void pe_pool_execute(pe_pool_task *task)
{
    pe_pool_kernel *kernel = task->kernel;
    const bool is_root = pe_pool_is_root(kernel->pool);
    const bool is_small = pe_pool_is_small(task);
    pe_stop_record_init(&task->stop_record);
    kernel->errors.stop_record = &task->stop_record;
    if (task->call.outcomes != NULL) /* of rank 0 only, unless the items are spread */
        memset(task->call.outcomes, PE_ITEM_SKIPPED, task->call.count);
    (void)pe_comm_bcast(kernel->pool->comm, 0, &task->shape, sizeof task->shape, &task->err);
    if (tick(task, 0, &task->err) == PE_OK && is_root)
        begin_log(task);
    if (pe_comm_agree(kernel->pool->comm, &task->err) == PE_OK) {
        const uint64_t done = is_small ? run_small(task) : 0;
        if (task->is_spread)
            pe_pool_run_blocks(task);
        else if (task->err.status == PE_OK && (done < task->shape.count || task->shape.has_source != 0))
            run_planned(task, done);
        add_last_failure(task);
        end_log(task);
    }
    pe_pool_sort_failures(task);
    pe_stop_record_fini(&task->stop_record);
    reset_stop(kernel);
}

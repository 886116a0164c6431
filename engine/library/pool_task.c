/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* pool_task.c - the calls of a pool: start, test, cancel, wait, free; and those that block.
 *
 * Threads: any. A task that has ended does not touch its pool, which may be closed by then.
 * Not here: turns (pool_turns.c), the run of a call (pool_run.c).
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "library/pool_internal.h"

#define NS_PER_S 1000000000u
#define SECONDS_MOST 1e9

/* ---- the call ---- */

static pe_status check_items(const pe_pool_kernel *kernel, const pe_pool_call *call, pe_error *err)
{
    if (call == NULL)
        return pe_fail(err, PE_EUSAGE, "no call: NULL was passed");
    if ((call->args == NULL) == (call->source == NULL))
        return pe_fail(err, PE_EUSAGE, "a call takes its items from args or from a source: expected one, got %s",
                       call->args == NULL ? "none" : "both");
    if ((call->results == NULL) == (call->sink == NULL))
        return pe_fail(err, PE_EUSAGE, "a call gives its results to columns or to a sink: expected one, got %s",
                       call->results == NULL ? "none" : "both");
    for (int c = 0; call->args != NULL && call->count > 0 && c < kernel->column_count; c++)
        if (call->args[c] == NULL)
            return pe_fail(err, PE_EUSAGE, "args[%d] is NULL, and the kernel takes %d column%s: %s", c,
                           kernel->column_count, kernel->column_count == 1 ? "" : "s", kernel->signature);
    for (int r = 0; call->results != NULL && call->count > 0 && r < kernel->work.signature.result_count; r++)
        if (call->results[r] == NULL)
            return pe_fail(err, PE_EUSAGE, "results[%d] is NULL, and the kernel gives %d: %s", r,
                           kernel->work.signature.result_count, kernel->signature);
    if (call->outcomes != NULL && call->source != NULL && call->sink != NULL)
        return pe_fail(err, PE_EUSAGE,
                       "a call from a source to a sink has no count of items for outcomes: the sink gets "
                       "those of its block");
    return PE_OK;
}

/* Where this fails, this thread may not talk to other ranks. */
static pe_status check_caller(const pe_pool_kernel *kernel, pe_error *err)
{
    if (kernel == NULL)
        return pe_fail(err, PE_EUSAGE, "no kernel: NULL was passed, what did pe_pool_load say?");
    return pe_pool_check(kernel->pool, err);
}

/* May this thread call the pool, and is the call a valid one? Collective. */
static pe_status check_call(const pe_pool_kernel *kernel, const pe_pool_call *call, pe_error *err)
{
    if (check_caller(kernel, err) != PE_OK)
        return err->status;
    const pe_pool *pool = kernel->pool;
    if (pe_pool_is_root(pool))
        (void)check_items(kernel, call, err);
    return pe_comm_agree(pool->comm, err);
}

static bool has_text_result(const pe_pool_kernel *kernel)
{
    const pe_column_types types = pe_pool_result_types(kernel);
    bool has_text = false;
    for (int r = 0; r < types.count; r++)
        has_text = has_text || types.list[r].dtype == PE_TEXT;
    return has_text;
}

static void init_task(pe_pool_task *task, pe_pool_kernel *kernel, const pe_pool_call *call)
{
    static const pe_pool_call none;
    task->kernel = kernel;
    task->err = (pe_error)PE_ERROR_INIT;
    call = task->is_spread || pe_pool_is_root(kernel->pool) ? call : &none;
    task->call = *call;
    task->shape = (pe_call_shape){.count = call->count,
                                  .chunk_size = call->chunk_size,
                                  .has_source = call->source != NULL,
                                  .has_sink = call->sink != NULL,
                                  .is_unordered = call->is_unordered};
    if (call->args != NULL && call->count > 0)
        memcpy(task->args, call->args, (size_t)kernel->column_count * sizeof *task->args);
    if (call->results != NULL && (call->count > 0))
        memcpy(task->results, call->results, (size_t)kernel->work.signature.result_count * sizeof *task->results);
    task->call.args = NULL; /* the caller's arrays of pointers may go */
    task->call.results = NULL;
    task->is_direct =
        task->is_spread || (call->sink == NULL && !has_text_result(kernel) && pe_comm_size(kernel->pool->comm) == 1);
}

static void fini_task(pe_pool_task *task)
{
    pe_arena_fini(&task->texts);
    free(task->failures);
}

/* ---- tasks ---- */

pe_pool_task *pe_pool_start(pe_pool_kernel *kernel, const pe_pool_call *call, pe_fault *fault)
{
    pe_error err = PE_ERROR_INIT;
    pe_pool_task *task = NULL;
    if (check_call(kernel, call, &err) == PE_OK) {
        (void)pe_make_array(&task, 1, sizeof *task, &err);
        (void)pe_comm_agree(kernel->pool->comm, &err);
    }
    if (task != NULL)
        init_task(task, kernel, call);
    if (pe_pool_fault(&err, fault) != 0) {
        free(task);
        return NULL;
    }
    if (kernel->pool->is_over_ranks) /* this thread has to do it */
        pe_pool_run_turn(kernel->pool, task);
    else if (!pe_pool_run_now(kernel->pool, task))
        pe_pool_enqueue(kernel->pool, task);
    return task;
}

static bool is_ended(const pe_pool_task *task)
{
    return atomic_load_explicit(&task->is_ended, memory_order_acquire);
}

/* Waits until the task has ended or the time has come; deadline NULL: for ever. */
static void wait_until(pe_pool_task *task, const struct timespec *deadline)
{
    pe_pool *pool = task->kernel->pool;
    int number = 0;
    (void)pthread_mutex_lock(&pool->mutex);
    pool->visitors++;
    while (!is_ended(task) && number != ETIMEDOUT)
        number = deadline == NULL ? pthread_cond_wait(&pool->changed, &pool->mutex)
                                  : pthread_cond_timedwait(&pool->changed, &pool->mutex, deadline);
    pool->visitors--;
    if (atomic_load_explicit(&pool->is_closing, memory_order_relaxed)) /* it waits for visitors to go */
        (void)pthread_cond_broadcast(&pool->changed);
    (void)pthread_mutex_unlock(&pool->mutex);
}

int pe_pool_test(pe_pool_task *task, double seconds)
{
    if (task == NULL || is_ended(task))
        return 1;
    if (!(seconds > 0))
        return 0;
    const double most = fmin(seconds, SECONDS_MOST);
    const uint64_t until = pe_clock_ns() + (uint64_t)(most * NS_PER_S);
    const struct timespec deadline = {.tv_sec = (time_t)(until / NS_PER_S), .tv_nsec = (long)(until % NS_PER_S)};
    wait_until(task, &deadline);
    return is_ended(task) ? 1 : 0;
}

void pe_pool_cancel(pe_pool_task *task)
{
    if (task != NULL)
        atomic_store_explicit(&task->is_cancelled, true, memory_order_relaxed); /* the run's tick reads nothing else */
}

int pe_pool_wait(pe_pool_task *task, pe_fault *fault)
{
    pe_error err = PE_ERROR_INIT;
    if (task == NULL) {
        (void)pe_fail(&err, PE_EUSAGE, "no task: NULL was passed, what did pe_pool_start say?");
        return pe_pool_fault(&err, fault);
    }
    if (!is_ended(task)) {
        if (pe_pool_check_caller(task->kernel->pool, &err) != PE_OK)
            return pe_pool_fault(&err, fault);
        wait_until(task, NULL);
    }
    if (fault != NULL)
        *fault = task->fault;
    return task->fault.code;
}

size_t pe_pool_failures(const pe_pool_task *task, const pe_pool_failure **list)
{
    const bool is_there = task != NULL && is_ended(task);
    *list = is_there ? task->failures : NULL;
    return is_there ? task->failure_count : 0;
}

uint64_t pe_pool_items(const pe_pool_task *task)
{
    return task != NULL ? atomic_load_explicit(&task->items, memory_order_relaxed) : 0;
}

void pe_pool_free(pe_pool_task *task)
{
    if (task != NULL)
        (void)pe_pool_wait(task, NULL);
    if (task == NULL || !is_ended(task)) /* called from inside the task, or after fork(): it is still in use */
        return;
    fini_task(task);
    free(task);
}

/* ---- calls that block ---- */

int pe_pool_run(pe_pool_kernel *kernel, const pe_pool_call *call, pe_fault *fault)
{
    pe_error err = PE_ERROR_INIT;
    pe_pool_task task = {.ticket = 0};
    if (check_call(kernel, call, &err) != PE_OK)
        return pe_pool_fault(&err, fault);
    if (pe_pool_is_root(kernel->pool) && call->results != NULL && has_text_result(kernel))
        (void)pe_fail(&err, PE_EUSAGE, "kernel \"%s\" gives texts, which live in a task: use pe_pool_start: %s",
                      kernel->work.descriptor->name, kernel->signature);
    if (pe_comm_agree(kernel->pool->comm, &err) != PE_OK)
        return pe_pool_fault(&err, fault);
    init_task(&task, kernel, call);
    if (!pe_pool_run_now(kernel->pool, &task))
        pe_pool_run_turn(kernel->pool, &task);
    if (fault != NULL)
        *fault = task.fault;
    fini_task(&task);
    return task.fault.code;
}

/* Where the items are spread over the ranks. */
static pe_status check_blocks(const pe_pool_kernel *kernel, const pe_pool_call *call, pe_error *err)
{
    if (has_text_result(kernel))
        return pe_fail(err, PE_EUSAGE, "kernel \"%s\" gives texts, which have no place in blocks: %s",
                       kernel->work.descriptor->name, kernel->signature);
    if (kernel->errors.has_log)
        return pe_fail(err, PE_EUSAGE, "errors.log: items on several ranks have no log; see the outcomes");
    return check_items(kernel, call, err);
}

int pe_pool_map_blocks(pe_pool_kernel *kernel, uint64_t count, const void *const *args, void *const *results,
                       unsigned char *outcomes, pe_fault *fault)
{
    static const void *const no_args[1];
    static void *const no_results[1];
    pe_error err = PE_ERROR_INIT;
    pe_pool_task task = {.ticket = 0};
    const pe_pool_call call = {.count = count,
                               .args = count == 0 ? no_args : args,
                               .results = count == 0 ? no_results : results,
                               .outcomes = outcomes};
    if (check_caller(kernel, &err) != PE_OK)
        return pe_pool_fault(&err, fault);
    (void)check_blocks(kernel, &call, &err);
    if (pe_comm_agree(kernel->pool->comm, &err) != PE_OK)
        return pe_pool_fault(&err, fault);
    task.is_spread = pe_comm_size(kernel->pool->comm) > 1;
    init_task(&task, kernel, &call);
    pe_pool_run_turn(kernel->pool, &task);
    if (fault != NULL)
        *fault = task.fault;
    fini_task(&task);
    return task.fault.code;
}

int pe_pool_map(pe_pool_kernel *kernel, uint64_t count, const void *const *args, void *const *results, pe_fault *fault)
{
    return pe_pool_run(kernel, &(pe_pool_call){.count = count, .args = args, .results = results}, fault);
}

int pe_pool_imap(pe_pool_kernel *kernel, uint64_t count, const void *const *args, pe_pool_sink sink, void *context,
                 pe_fault *fault)
{
    return pe_pool_run(kernel, &(pe_pool_call){.count = count, .args = args, .sink = sink, .sink_context = context},
                       fault);
}

int pe_pool_imap_unordered(pe_pool_kernel *kernel, uint64_t count, const void *const *args, pe_pool_sink sink,
                           void *context, pe_fault *fault)
{
    const pe_pool_call call = {.count = count, .args = args, .sink = sink, .sink_context = context, .is_unordered = 1};
    return pe_pool_run(kernel, &call, fault);
}

void pe_pool_unload(pe_pool_kernel *kernel)
{
    pe_error err = PE_ERROR_INIT;
    if (kernel == NULL || pe_pool_check(kernel->pool, &err) != PE_OK)
        return;
    pe_pool *pool = kernel->pool;
    pe_pool_drain(pool);
    (void)pthread_mutex_lock(&pool->mutex);
    pe_pool_kernel **at = &pool->kernels;
    while (*at != NULL && *at != kernel)
        at = &(*at)->next;
    if (*at != NULL)
        *at = kernel->next;
    (void)pthread_mutex_unlock(&pool->mutex);
    pe_pool_free_kernel(kernel);
}

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* pool_turns.c - who may call a pool, and the turns of its calls.
 *
 * Invariant: one call runs at a time, in the order of the tickets.
 * Design:   a call that blocks runs on the calling thread, which does what the main thread of a job does; a task that was
 *           started runs on the manager thread in the same way. In both cases the workers of the team compute.
 * Threads:  any; pool_internal.h says what the mutex guards.
 * Not here: what a call does (pool_run.c), threads (pool.c).
 */
#include <string.h>
#include <unistd.h>

#include "library/pool_internal.h"

int pe_pool_fault(const pe_error *err, pe_fault *fault)
{
    const int code = pe_status_exit(err->status);
    if (fault == NULL)
        return code;
    fault->code = code;
    fault->item = err->item;
    memcpy(fault->text, err->text, sizeof fault->text);
    return code;
}

pe_status pe_pool_check_caller(const pe_pool *pool, pe_error *err)
{
    if (getpid() != pool->pid)
        return pe_fail(
            err, PE_EUSAGE,
            "this pool belongs to process %ld, of which this one is a child after fork(): its threads are not "
            "here, open a pool in the child",
            (long)pool->pid);
    if (pe_column_worker_inside() == pool)
        return pe_fail(
            err, PE_EUSAGE,
            "called from a kernel, source or sink of this pool, which waits for that function to return: use "
            "another pool there");
    return PE_OK;
}

pe_status pe_pool_check(const pe_pool *pool, pe_error *err)
{
    if (pe_pool_check_caller(pool, err) != PE_OK)
        return err->status;
    if (atomic_load_explicit(&pool->is_closing, memory_order_relaxed)) /* another thread's close: refused if seen */
        return pe_fail(err, PE_EUSAGE, "the pool is being closed");
    return PE_OK;
}

/* ---- turns ---- */

static void wait_for_turn(pe_pool *pool, pe_pool_task *task)
{
    while (pool->turn != task->ticket)
        (void)pthread_cond_wait(&pool->changed, &pool->mutex);
    pool->current = task;
}

static void end_turn(pe_pool *pool, pe_pool_task *task)
{
    pool->current = NULL;
    pool->turn++;
    atomic_store_explicit(&task->is_ended, true, memory_order_release); /* publishes the task to those that only test */
    (void)pthread_cond_broadcast(&pool->changed);
}

static void run_and_end(pe_pool *pool, pe_pool_task *task)
{
    (void)pthread_mutex_unlock(&pool->mutex);
    pe_pool_execute(task);
    (void)pe_pool_fault(&task->err, &task->fault);
    (void)pthread_mutex_lock(&pool->mutex);
    end_turn(pool, task);
}

void pe_pool_run_next(pe_pool *pool, pe_pool_task *task)
{
    wait_for_turn(pool, task);
    run_and_end(pool, task);
}

void pe_pool_run_turn(pe_pool *pool, pe_pool_task *task)
{
    (void)pthread_mutex_lock(&pool->mutex);
    task->ticket = pool->tickets++;
    pe_pool_run_next(pool, task);
    (void)pthread_mutex_unlock(&pool->mutex);
}

bool pe_pool_run_now(pe_pool *pool, pe_pool_task *task)
{
    (void)pthread_mutex_lock(&pool->mutex);
    const bool is_now = pool->turn == pool->tickets && pe_pool_is_small(task);
    if (is_now) {
        task->ticket = pool->tickets++;
        pool->current = task;
        run_and_end(pool, task);
    }
    (void)pthread_mutex_unlock(&pool->mutex);
    return is_now;
}

void pe_pool_enqueue(pe_pool *pool, pe_pool_task *task)
{
    (void)pthread_mutex_lock(&pool->mutex);
    task->ticket = pool->tickets++;
    if (pool->last != NULL)
        pool->last->next = task;
    else
        pool->first = task;
    pool->last = task;
    (void)pthread_cond_signal(&pool->queued);
    (void)pthread_mutex_unlock(&pool->mutex);
}

void pe_pool_drain(pe_pool *pool)
{
    (void)pthread_mutex_lock(&pool->mutex);
    for (const uint64_t last = pool->tickets; pool->turn < last;)
        (void)pthread_cond_wait(&pool->changed, &pool->mutex);
    (void)pthread_mutex_unlock(&pool->mutex);
}

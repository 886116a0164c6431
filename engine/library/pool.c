/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* pool.c - a pool that stays: opens and closes it, with its manager thread.
 *
 * Design:  the manager thread holds the team's threads, and runs the tasks that were started.
 * Threads: any; pool_internal.h says what the mutex guards.
 * Not here: turns (pool_turns.c), what a call does (pool_run.c), the calls of the public header (pool_task.c).
 */
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "library/pool_internal.h"
#include "threads/placement/omp_num_threads.h"
#include "threads/placement/thread_placement.h"

/* ---- the manager thread ---- */

static bool is_closing(const pe_pool *pool)
{
    return atomic_load_explicit(&pool->is_closing, memory_order_relaxed); /* read under the mutex */
}

static void manage(void *context)
{
    pe_pool *pool = context;
    (void)pthread_mutex_lock(&pool->mutex);
    while (pool->first != NULL || !is_closing(pool)) {
        pe_pool_task *task = pool->first;
        if (task == NULL) {
            (void)pthread_cond_wait(&pool->queued, &pool->mutex);
            continue;
        }
        pool->first = task->next;
        pool->last = pool->first == NULL ? NULL : pool->last;
        pe_pool_run_next(pool, task);
    }
    (void)pthread_mutex_unlock(&pool->mutex);
}

/* ---- open and close ---- */

static void free_pool(pe_pool *pool)
{
    pe_comm_close(pool->comm);
    (void)pthread_cond_destroy(&pool->changed);
    (void)pthread_cond_destroy(&pool->queued);
    (void)pthread_mutex_destroy(&pool->mutex);
    free(pool);
}

/* The manager thread ends when it has nothing more to do. */
static void end_team(pe_pool *pool)
{
    (void)pthread_mutex_lock(&pool->mutex);
    atomic_store_explicit(&pool->is_closing, true, memory_order_relaxed); /* under the mutex */
    (void)pthread_cond_signal(&pool->queued);
    (void)pthread_mutex_unlock(&pool->mutex);
    pe_team_close(pool->team);
}

static void init(pe_pool *pool, const pe_pool_options *options)
{
    pthread_condattr_t monotonic;
    pool->pid = getpid();
    pool->memory_bytes = options != NULL ? (size_t)options->memory_bytes : 0;
    (void)pthread_mutex_init(&pool->mutex, NULL);
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&pool->changed, &monotonic);
    (void)pthread_cond_init(&pool->queued, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
}

/* pool->comm is there. Collective. */
static pe_status open_pool(pe_pool *pool, const pe_pool_options *options, pe_error *err)
{
    pe_thread_placement placement = {0};
    const int wanted = options != NULL ? options->threads : 0;
    if (wanted < 0 || wanted > PE_THREADS_MOST)
        (void)pe_fail(err, PE_ECONFIG, "threads: expected 1 to %d, or 0 for the default, got %d", PE_THREADS_MOST,
                      wanted);
    if (pe_comm_agree(pool->comm, err) == PE_OK)
        (void)pe_thread_placement_make(pool->comm, wanted, &placement, err);
    pool->threads = placement.threads;
    pool->most_threads = placement.most_threads;
    uint64_t facts[] = {placement.is_crowded ? 1 : 0, pool->memory_bytes};
    if (pe_comm_agree(pool->comm, err) == PE_OK)
        (void)pe_comm_max(pool->comm, facts, 2, err); /* the plan is the same on every rank */
    pool->is_crowded = facts[0] != 0;
    pool->memory_bytes = (size_t)facts[1];
    if (pe_comm_agree(pool->comm, err) == PE_OK)
        (void)pe_team_open(pool->threads, manage, pool, &pool->team, err);
    return pe_comm_agree(pool->comm, err);
}

/* Opens a pool. Owns comm, also after a failure. */
static pe_pool *open_with(pe_comm *comm, const pe_pool_options *options, pe_error *err)
{
    pe_pool *pool = NULL;
    (void)pe_make_array(&pool, 1, sizeof *pool, err);
    if (pe_comm_agree(comm, err) != PE_OK) {
        pe_comm_close(comm);
        free(pool);
        return NULL;
    }
    pool->comm = comm;
    init(pool, options);
    if (open_pool(pool, options, err) == PE_OK)
        return pool;
    end_team(pool);
    free_pool(pool);
    return NULL;
}

pe_pool *pe_pool_open(const pe_pool_options *options, pe_fault *fault)
{
    pe_error err = PE_ERROR_INIT;
    pe_comm *comm = NULL;
    pe_pool *pool = pe_comm_open(false, &comm, &err) == PE_OK ? open_with(comm, options, &err) : NULL;
    (void)pe_pool_fault(&err, fault);
    return pool;
}

pe_pool *pe_pool_open_ranks(const void *communicator, size_t size, const char *module, const pe_pool_options *options,
                            pe_fault *fault)
{
    pe_error err = PE_ERROR_INIT;
    pe_comm *comm = NULL;
    pe_pool *pool = NULL;
    if (pe_comm_open_given(communicator, size, module, &comm, &err) == PE_OK)
        pool = open_with(comm, options, &err);
    if (pool != NULL)
        pool->is_over_ranks = true;
    (void)pe_pool_fault(&err, fault);
    return pool;
}

static void cancel_all(pe_pool *pool)
{
    if (pool->current != NULL)
        pe_pool_cancel(pool->current);
    for (pe_pool_task *task = pool->first; task != NULL; task = task->next)
        pe_pool_cancel(task);
}

void pe_pool_close(pe_pool *pool)
{
    pe_error err = PE_ERROR_INIT; /* no caller takes it */
    if (pool == NULL || pe_pool_check_caller(pool, &err) != PE_OK)
        return;
    (void)pthread_mutex_lock(&pool->mutex);
    atomic_store_explicit(&pool->is_closing, true, memory_order_relaxed); /* under the mutex */
    cancel_all(pool);
    (void)pthread_cond_broadcast(&pool->changed);
    while (pool->turn != pool->tickets || pool->visitors > 0)
        (void)pthread_cond_wait(&pool->changed, &pool->mutex);
    (void)pthread_mutex_unlock(&pool->mutex);
    end_team(pool);
    while (pool->kernels != NULL) {
        pe_pool_kernel *kernel = pool->kernels;
        pool->kernels = kernel->next;
        pe_pool_free_kernel(kernel);
    }
    free_pool(pool);
}

int pe_pool_threads(const pe_pool *pool)
{
    return pool != NULL ? pool->threads : 0;
}

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* team.c - worker threads that stay between runs.
 *
 * Invariant: when pe_team_run returns, every worker has returned from its work and waits.
 * Design:   a team of OpenMP belongs to the thread that made it. So one thread, the manager, opens one parallel region and
 *           stays in it until the team is closed; the other threads of the region are the workers. A worker that has
 *           nothing to do first looks for new work for some microseconds, since maps often follow one another at once,
 *           and then sleeps.
 * Threads:  number, running: atomics, written under the mutex; job: written under the mutex before number; the rest under
 *           the mutex.
 * Not here: what the threads do (rank_pool.c).
 */
#include "threads/team.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/errno_text.h"

#define LOOK_NS 20000u /* a wake-up costs about as much */
#define LOOKS 64       /* between two readings of the clock */

struct pe_team {
    int workers;
    void (*manage)(void *context);
    void *context;
    pthread_t manager;
    pthread_mutex_t mutex;
    pthread_cond_t posted, ended;
    atomic_uint_fast64_t number; /* of runs that were posted */
    atomic_int running;          /* workers that have not returned from the last run */
    pe_threads_spec job;
    bool is_started, is_closing;
    pe_error err; /* of the start */
};

/* Looks for a run after number `seen` without sleeping; false: there was none. */
static bool look(pe_team *self, uint64_t seen)
{
    const uint64_t until = pe_clock_ns() + LOOK_NS;
    do
        for (int i = 0; i < LOOKS; i++)
            if (atomic_load_explicit(&self->number, memory_order_relaxed) != seen)
                return true;
    while (pe_clock_ns() < until);
    return false;
}

/* The next run after number *seen; false: the team ends. */
static bool wait_for_run(pe_team *self, uint64_t *seen, pe_threads_spec *job)
{
    (void)look(self, *seen);
    (void)pthread_mutex_lock(&self->mutex);
    while (atomic_load_explicit(&self->number, memory_order_relaxed) == *seen && !self->is_closing)
        (void)pthread_cond_wait(&self->posted, &self->mutex);
    const bool is_run = atomic_load_explicit(&self->number, memory_order_relaxed) != *seen;
    *seen = atomic_load_explicit(&self->number, memory_order_relaxed);
    *job = self->job;
    (void)pthread_mutex_unlock(&self->mutex);
    return is_run;
}

static void end_run(pe_team *self)
{
    (void)pthread_mutex_lock(&self->mutex);
    if (atomic_fetch_sub_explicit(&self->running, 1, memory_order_release) == 1)
        (void)pthread_cond_signal(&self->ended);
    (void)pthread_mutex_unlock(&self->mutex);
}

static void work(void *context, int worker)
{
    pe_team *self = context;
    pe_threads_spec job;
    for (uint64_t seen = 0; wait_for_run(self, &seen, &job);) {
        job.work(job.pool, worker);
        end_run(self);
    }
}

static void signal_start(pe_team *self)
{
    (void)pthread_mutex_lock(&self->mutex);
    self->is_started = true;
    (void)pthread_cond_signal(&self->ended);
    (void)pthread_mutex_unlock(&self->mutex);
}

static void manage(void *context)
{
    pe_team *self = context;
    signal_start(self);
    self->manage(self->context);
    (void)pthread_mutex_lock(&self->mutex);
    self->is_closing = true;
    (void)pthread_cond_broadcast(&self->posted);
    (void)pthread_mutex_unlock(&self->mutex);
}

static void *hold_region(void *context)
{
    pe_team *self = context;
    const pe_threads_spec spec = {
        .workers = self->workers, .work = work, .pool = self, .main_loop = manage, .context = self};
    if (pe_threads_run(&spec, &self->err) != PE_OK)
        signal_start(self);
    return NULL;
}

/* All signals are blocked in the new threads, so that they reach the caller's. */
static pe_status start(pe_team *self, pe_error *err)
{
    char reason[PE_ERRNO_TEXT_SIZE];
    sigset_t all, before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    const int number = pthread_create(&self->manager, NULL, hold_region, self);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (number != 0)
        return pe_fail(err, PE_ENOMEM, "the system gave no thread for a pool: %s", pe_errno_text(number, reason));
    (void)pthread_mutex_lock(&self->mutex);
    while (!self->is_started)
        (void)pthread_cond_wait(&self->ended, &self->mutex);
    (void)pthread_mutex_unlock(&self->mutex);
    if (self->err.status == PE_OK)
        return PE_OK;
    (void)pthread_join(self->manager, NULL);
    *err = self->err;
    return err->status;
}

static void free_team(pe_team *self)
{
    (void)pthread_cond_destroy(&self->ended);
    (void)pthread_cond_destroy(&self->posted);
    (void)pthread_mutex_destroy(&self->mutex);
    free(self);
}

pe_status pe_team_open(int workers, void (*manage_pool)(void *context), void *context, pe_team **out, pe_error *err)
{
    pe_team *self = NULL;
    pe_status status = pe_make_array(&self, 1, sizeof *self, err);
    if (status != PE_OK)
        return status;
    *self = (pe_team){.workers = workers, .manage = manage_pool, .context = context, .err = PE_ERROR_INIT};
    (void)pthread_mutex_init(&self->mutex, NULL);
    (void)pthread_cond_init(&self->posted, NULL);
    (void)pthread_cond_init(&self->ended, NULL);
    status = start(self, err);
    if (status == PE_OK)
        *out = self;
    else
        free_team(self);
    return status;
}

void pe_team_close(pe_team *self)
{
    if (self == NULL)
        return;
    (void)pthread_join(self->manager, NULL);
    free_team(self);
}

void pe_team_run(pe_team *self, const pe_threads_spec *spec)
{
    (void)pthread_mutex_lock(&self->mutex);
    self->job = *spec;
    atomic_store_explicit(&self->running, self->workers, memory_order_relaxed); /* published by the mutex */
    (void)atomic_fetch_add_explicit(&self->number, 1, memory_order_relaxed);
    (void)pthread_cond_broadcast(&self->posted);
    (void)pthread_mutex_unlock(&self->mutex);
    spec->main_loop(spec->context);
    (void)pthread_mutex_lock(&self->mutex);
    while (atomic_load_explicit(&self->running, memory_order_acquire) > 0)
        (void)pthread_cond_wait(&self->ended, &self->mutex);
    (void)pthread_mutex_unlock(&self->mutex);
}

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* sim.c - locks, clock, threads and memory of the simulated ranks.
 *
 * Design:  sim.h. Each rank has a host of its own; its workers are further actors on that host.
 * Threads: actors, of which one runs at a time.
 * Not here: messages (sim_mpi.c).
 */
#include "sim.h"

#include <malloc.h>
#include <math.h>

#include <simgrid/actor.h>
#include <simgrid/engine.h>
#include <simgrid/host.h>

#include "threads/threads_omp.h"

#define NS_PER_S 1000000000
#define WORKERS_MOST 64
#define JOIN_S 1e-6
#define WEEK_S 604800.0
#define TICK_S 1e-8 /* time that the simulator can tell apart */

sim_tally sim_root;
static size_t root_held;

/* ---- locks ---- */

int sim_mutex_init(sim_mutex *mutex, const pthread_mutexattr_t *attr)
{
    (void)attr;
    mutex->is_held = 0;
    return 0;
}

int sim_mutex_lock(sim_mutex *mutex)
{
    while (mutex->is_held) /* its holder was changed for another actor while it woke a third */
        sg_actor_yield();
    mutex->is_held = 1;
    return 0;
}

int sim_mutex_unlock(sim_mutex *mutex)
{
    mutex->is_held = 0;
    return 0;
}

int sim_mutex_destroy(sim_mutex *mutex)
{
    (void)mutex;
    return 0;
}

int sim_cond_init(sim_cond *cond, const pthread_condattr_t *attr)
{
    (void)attr;
    *cond = (sim_cond){.wakes = sg_sem_init(0), .backoff_end = -1};
    return 0;
}

int sim_cond_wait(sim_cond *cond, sim_mutex *mutex)
{
    cond->waiters++;
    (void)sim_mutex_unlock(mutex);
    sg_sem_acquire(cond->wakes);
    return sim_mutex_lock(mutex);
}

static double seconds(const struct timespec *time)
{
    return (double)time->tv_sec + (double)time->tv_nsec / NS_PER_S;
}

/* True when woken before the time has passed. */
static bool sleep_on(sim_cond *cond, double time_s)
{
    cond->waiters++;
    if (!sg_sem_acquire_timeout(cond->wakes, time_s > TICK_S ? time_s : TICK_S))
        return true;
    if (cond->waiters > 0) {
        cond->waiters--;
        return false;
    }
    sg_sem_acquire(cond->wakes); /* a wake-up of the same instant */
    return true;
}

/* Sleeps of equal length, each followed by a test for messages; those in which no message can have come are one sleep of the
 * simulation. Returns whether a signal ended it. */
static bool sleep_in_steps(sim_cond *cond, double backoff)
{
    const unsigned signals = cond->signals;
    double tested = simgrid_get_clock();
    while (cond->signals == signals && !sim_inbox_has_new()) {
        double left = backoff;
        if (sim_inbox_is_idle()) {
            sim_inbox_notify(cond);
            (void)sleep_on(cond, WEEK_S);
            sim_inbox_notify(NULL);
            const double slept = simgrid_get_clock() - tested;
            left = (floor(slept / backoff) + 1) * backoff - slept; /* to the end of the backoff in which it was sent */
        }
        if (cond->signals == signals)
            (void)sleep_on(cond, left);
        tested = simgrid_get_clock();
    }
    return cond->signals != signals;
}

int sim_cond_timedwait(sim_cond *cond, sim_mutex *mutex, const struct timespec *deadline)
{
    const double now = simgrid_get_clock(), backoff = seconds(deadline) - now;
    const bool is_steady =
        now - cond->backoff_end < TICK_S && backoff - cond->backoff < TICK_S && cond->backoff - backoff < TICK_S;
    (void)sim_mutex_unlock(mutex);
    bool is_woken = sleep_on(cond, backoff);
    if (is_steady && !is_woken)
        is_woken = sleep_in_steps(cond, backoff);
    cond->backoff = backoff;
    cond->backoff_end = is_woken ? -1 : simgrid_get_clock();
    return sim_mutex_lock(mutex);
}

void sim_cond_wake(sim_cond *cond)
{
    if (cond->waiters > 0) {
        cond->waiters--;
        sg_sem_release(cond->wakes);
    }
}

int sim_cond_signal(sim_cond *cond)
{
    cond->signals++;
    sim_cond_wake(cond);
    return 0;
}

int sim_cond_broadcast(sim_cond *cond)
{
    cond->signals++;
    while (cond->waiters > 0)
        sim_cond_wake(cond);
    return 0;
}

int sim_cond_destroy(sim_cond *cond)
{
    sg_sem_destroy(cond->wakes);
    return 0;
}

/* ---- time ---- */

int sim_clock_gettime(clockid_t clock, struct timespec *now)
{
    (void)clock;
    const double time = simgrid_get_clock();
    now->tv_sec = (time_t)time;
    now->tv_nsec = (long)((time - (double)now->tv_sec) * NS_PER_S);
    return 0;
}

int sim_nanosleep(const struct timespec *time, struct timespec *left)
{
    (void)left;
    sg_actor_sleep_for(seconds(time));
    return 0;
}

/* ---- memory ---- */

bool sim_is_root(void)
{
    static sg_host_t root = NULL;
    if (root == NULL)
        root = sg_host_by_name("n0");
    return sg_host_self() == root;
}

static void *keep(void *memory)
{
    if (memory != NULL && sim_is_root()) {
        root_held += malloc_usable_size(memory);
        sim_root.memory = root_held > sim_root.memory ? root_held : sim_root.memory;
    }
    return memory;
}

void *sim_malloc(size_t size)
{
    return keep((malloc)(size));
}

void *sim_aligned_alloc(size_t alignment, size_t size)
{
    return keep((aligned_alloc)(alignment, size));
}

void sim_free(void *memory)
{
    if (memory != NULL && sim_is_root())
        root_held -= malloc_usable_size(memory);
    (free)(memory);
}

/* ---- threads: the contract of threads_omp.h ---- */

typedef struct worker {
    void (*work)(void *context, int worker);
    void *context;
    int number;
    int *left; /* workers that have not ended */
} worker;

static void run_worker(int argc, char *argv[])
{
    (void)argc, (void)argv;
    const worker *self = sg_actor_get_data(sg_actor_self());
    self->work(self->context, self->number);
    --*self->left;
}

pe_status pe_threads_run(const pe_threads_spec *spec, pe_error *err)
{
    worker workers[WORKERS_MOST];
    int left = spec->workers;
    if (spec->workers > WORKERS_MOST)
        return pe_fail(err, PE_EBUG, "%d workers are more than %d", spec->workers, WORKERS_MOST);
    for (int i = 0; i < spec->workers; i++) {
        workers[i] = (worker){.work = spec->work, .context = spec->pool, .number = i, .left = &left};
        sg_actor_t actor = sg_actor_init("worker", sg_host_self());
        sg_actor_set_data(actor, &workers[i]);
        sg_actor_start(actor, run_worker, 0, NULL);
    }
    spec->main_loop(spec->context);
    while (left > 0) /* an actor that has ended cannot be joined: it is gone */
        sg_actor_sleep_for(JOIN_S);
    return PE_OK;
}

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* sim.c - locks, clock, threads, memory and messages of the simulated ranks.
 *
 * Design:  sim.h. Every rank is alone on its host; its workers are further actors there.
 * Threads: actors, of which one runs at a time.
 */
#include "sim.h"

#include <malloc.h>
#include <stdbool.h>

#include <simgrid/actor.h>
#include <simgrid/engine.h>
#include <simgrid/host.h>

#include "exec/pool.h"

#define NS_PER_S 1000000000
#define WORKERS_MOST 64
#define JOIN_S 1e-6
#define TICK_S 1e-8 /* time that the simulator can tell apart */
#ifndef TOLL_NS
#define TOLL_NS 500
#endif

static size_t root_held, root_most;

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
    *cond = (sim_cond){.wakes = sg_sem_init(0)};
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

int sim_cond_timedwait(sim_cond *cond, sim_mutex *mutex, const struct timespec *deadline)
{
    const double left = seconds(deadline) - simgrid_get_clock();
    cond->waiters++;
    (void)sim_mutex_unlock(mutex);
    if (sg_sem_acquire_timeout(cond->wakes, left > TICK_S ? left : TICK_S)) {
        if (cond->waiters > 0)
            cond->waiters--;
        else
            sg_sem_acquire(cond->wakes); /* a wake-up of the same instant */
    }
    return sim_mutex_lock(mutex);
}

int sim_cond_signal(sim_cond *cond)
{
    if (cond->waiters > 0) {
        cond->waiters--;
        sg_sem_release(cond->wakes);
    }
    return 0;
}

int sim_cond_broadcast(sim_cond *cond)
{
    while (cond->waiters > 0)
        (void)sim_cond_signal(cond);
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

static bool is_root(void)
{
    static sg_host_t root = NULL;
    if (root == NULL)
        root = sg_host_by_name("n0");
    return sg_host_self() == root;
}

static void *keep(void *memory)
{
    if (memory != NULL && is_root()) {
        root_held += malloc_usable_size(memory);
        root_most = root_held > root_most ? root_held : root_most;
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
    if (memory != NULL && is_root())
        root_held -= malloc_usable_size(memory);
    (free)(memory);
}

size_t sim_root_memory(void)
{
    return root_most;
}

/* ---- messages ---- */

static void pay(void)
{
    sg_actor_sleep_for((double)TOLL_NS / NS_PER_S);
}

/* SimGrid promises no threads; ours are actors that do not call MPI. */
int sim_init_thread(int *argc, char ***argv, int required, int *provided)
{
    *provided = required;
    return MPI_Init(argc, argv);
}

int sim_isend(const void *data, int count, MPI_Datatype type, int to, int tag, MPI_Comm comm, MPI_Request *request)
{
    pay();
    return (MPI_Isend)(data, count, type, to, tag, comm, request);
}

int sim_irecv(void *data, int count, MPI_Datatype type, int from, int tag, MPI_Comm comm, MPI_Request *request)
{
    const int code = (MPI_Irecv)(data, count, type, from, tag, comm, request);
    pay(); /* afterwards: what was there already is found by the next test, as it should be */
    return code;
}

int sim_test(MPI_Request *request, int *flag, MPI_Status *status)
{
    *flag = *request == MPI_REQUEST_NULL; /* SimGrid would say 0 */
    if (*flag)
        return MPI_SUCCESS;
    return (MPI_Test)(request, flag, status);
}

int sim_ibcast(void *data, int count, MPI_Datatype type, int root, MPI_Comm comm, MPI_Request *request)
{
    *request = MPI_REQUEST_NULL;
    return MPI_Bcast(data, count, type, root, comm);
}

int sim_iallreduce(const void *mine, void *all, int count, MPI_Datatype type, MPI_Op op, MPI_Comm comm,
                   MPI_Request *request)
{
    *request = MPI_REQUEST_NULL;
    return MPI_Allreduce(mine, all, count, type, op, comm);
}

/* ---- threads: pool.h's contract ---- */

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

pe_status pe_pool_run(int workers, void (*work)(void *context, int worker), void (*lead)(void *context), void *context,
                      pe_error *err)
{
    worker hands[WORKERS_MOST];
    int left = workers;
    if (workers > WORKERS_MOST)
        return pe_fail(err, PE_EBUG, "%d workers are more than %d", workers, WORKERS_MOST);
    for (int i = 0; i < workers; i++) {
        hands[i] = (worker){.work = work, .context = context, .number = i, .left = &left};
        sg_actor_t actor = sg_actor_init("worker", sg_host_self());
        sg_actor_set_data(actor, &hands[i]);
        sg_actor_start(actor, run_worker, 0, NULL);
    }
    lead(context);
    while (left > 0) /* an actor that has ended cannot be joined: it is gone */
        sg_actor_sleep_for(JOIN_S);
    return PE_OK;
}

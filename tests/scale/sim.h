/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* sim.h - replaces locks, threads, clock, memory and messages of the simulated engine by SimGrid's; it is included before
 *         every file of it.
 *
 * Design: the engine's files are compiled unchanged. A thread is an actor of SimGrid, with SimGrid's locks and conditions. One actor
 *         runs at a time, so nothing spins. The clock is the simulated one. Only memory of rank 0 is counted. A message costs the rank
 *         that sends or receives it MESSAGE_NS of its own time, beside the network's time; this bounds how fast rank 0 can dispatch.
 *         A rank that waits sleeps, tests for messages and sleeps again, longer each time. While no message is on its way to or from it,
 *         all these sleeps are simulated as one, which ends when a worker signals, or at the end of the sleep in which a message is
 *         sent to it. So the rank tests at the same times as on a real machine, and tests without a result cost no simulation.
 *         SimGrid's non-blocking reductions send from every rank to every rank, so blocking ones replace them.
 */
#ifndef SIM_H
#define SIM_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <mpi.h>
#include <simgrid/semaphore.h>

#include "base/attr.h"

typedef struct sim_mutex {
    int is_held;
} sim_mutex;

typedef struct sim_cond {
    sg_sem_t wakes;
    int waiters;
    unsigned signals; /* signals so far */
    double backoff,
        backoff_end; /* of the last wait with a deadline, in seconds; backoff_end is -1 when it was woken before */
} sim_cond;

int sim_mutex_init(sim_mutex *mutex, const pthread_mutexattr_t *attr);
int sim_mutex_lock(sim_mutex *mutex);
int sim_mutex_unlock(sim_mutex *mutex);
int sim_mutex_destroy(sim_mutex *mutex);
int sim_cond_init(sim_cond *cond, const pthread_condattr_t *attr);
int sim_cond_wait(sim_cond *cond, sim_mutex *mutex);
int sim_cond_timedwait(sim_cond *cond, sim_mutex *mutex, const struct timespec *deadline);
int sim_cond_signal(sim_cond *cond);
int sim_cond_broadcast(sim_cond *cond);
int sim_cond_destroy(sim_cond *cond);
void sim_cond_wake(sim_cond *cond); /* a signal that is not the engine's */

int sim_clock_gettime(clockid_t clock, struct timespec *now);
int sim_nanosleep(const struct timespec *time, struct timespec *left);

void *sim_malloc(size_t size);
void *sim_aligned_alloc(size_t alignment, size_t size);
void sim_free(void *memory);
bool sim_is_root(void); /* whether this actor belongs to rank 0 */

/* What was seen of rank 0, collectives aside. */
typedef struct sim_tally {
    size_t memory;            /* the most bytes that it held at once */
    uint64_t messages, bytes; /* that it sent and took */
    uint64_t busy_ns;         /* of its main thread, which they cost */
} sim_tally;
extern sim_tally sim_root;

/* This rank's messages: whether the engine would find a new one ended now; whether none can end before it is sent
 * one; what to wake when one is sent (NULL: nothing). */
bool sim_inbox_has_new(void);
bool sim_inbox_is_idle(void);
void sim_inbox_notify(sim_cond *cond);

int sim_init_thread(int *argc, char ***argv, int required, int *provided);
int sim_isend(const void *data, int count, MPI_Datatype type, int to, int tag, MPI_Comm comm, MPI_Request *request);
int sim_irecv(void *data, int count, MPI_Datatype type, int from, int tag, MPI_Comm comm, MPI_Request *request);
int sim_test(MPI_Request *request, int *flag, MPI_Status *status);
int sim_split_node(MPI_Comm comm, int type, int key, MPI_Info info, MPI_Comm *node);
int sim_ibcast(void *data, int count, MPI_Datatype type, int root, MPI_Comm comm, MPI_Request *request);
int sim_iallreduce(const void *data, void *all, int count, MPI_Datatype type, MPI_Op op, MPI_Comm comm,
                   MPI_Request *request);

/* Written with arguments, so that sim.c still reaches what is after a name: (free)(memory). */
#define pthread_mutex_t sim_mutex
#define pthread_mutex_init sim_mutex_init
#define pthread_mutex_lock sim_mutex_lock
#define pthread_mutex_unlock sim_mutex_unlock
#define pthread_mutex_destroy sim_mutex_destroy
#define pthread_cond_t sim_cond
#define pthread_cond_init sim_cond_init
#define pthread_cond_wait sim_cond_wait
#define pthread_cond_timedwait sim_cond_timedwait
#define pthread_cond_signal sim_cond_signal
#define pthread_cond_broadcast sim_cond_broadcast
#define pthread_cond_destroy sim_cond_destroy
#undef clock_gettime
#define clock_gettime sim_clock_gettime
#undef nanosleep
#define nanosleep sim_nanosleep
#define malloc(size) sim_malloc(size)
#define aligned_alloc(alignment, size) sim_aligned_alloc(alignment, size)
#define free(memory) sim_free(memory)
#define MPI_Init_thread(...) sim_init_thread(__VA_ARGS__)
#define MPI_Isend(...) sim_isend(__VA_ARGS__)
#define MPI_Irecv(...) sim_irecv(__VA_ARGS__)
#define MPI_Test(...) sim_test(__VA_ARGS__)
#define MPI_Comm_split_type(...) sim_split_node(__VA_ARGS__)
#define MPI_Ibcast(...) sim_ibcast(__VA_ARGS__)
#define MPI_Iallreduce(...) sim_iallreduce(__VA_ARGS__)
#undef PE_PAUSE
#define PE_PAUSE() break

#endif

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* crash_listener.c - a thread that writes the reports when a kernel's crash ends the run.
 *
 * Design:  the handler of a crash may make only system calls, and reports need memory. So a thread waits for it from the
 *          beginning of the run, and the handler waits for the thread. After a crash memory may hold anything: the thread
 *          may hang on a lock or crash too, so the handler waits MOST_MS at most.
 * Threads: listen and listen_end: the main thread; tell: the thread that crashed, once.
 */
#include "worker/crash/crash_listener.h"

#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>

#include "worker/crash/crash_internal.h"

#define MOST_MS 5000

static struct {
    bool is_there; /* written by the main thread while no kernel runs */
    pthread_t thread;
    sem_t woken;
    pe_crash_listener *write;
    pe_error end;           /* written before woken is posted */
    atomic_bool has_ended;  /* the run ended in order; written before woken is posted */
    atomic_bool is_written; /* by the thread */
} state;

static _Thread_local bool is_here;

/* A crash of this thread comes to the handler too, and does not end the process. */
static void unblock_crashes(void)
{
    sigset_t crashes;
    (void)sigemptyset(&crashes);
    for (size_t c = 0; c < PE_CRASHES; c++)
        (void)sigaddset(&crashes, pe_crashes[c]);
    (void)pthread_sigmask(SIG_UNBLOCK, &crashes, NULL);
}

static void *wait_for_crash(void *unused)
{
    is_here = true;
    unblock_crashes();
    while (sem_wait(&state.woken) != 0)
        continue; /* EINTR */
    if (!atomic_load(&state.has_ended))
        state.write(&state.end);
    atomic_store(&state.is_written, true);
    return unused;
}

void pe_crash_listen(pe_crash_listener *write)
{
    sigset_t all, before;
    if (state.is_there || sem_init(&state.woken, 0, 0) != 0)
        return;
    state.write = write;
    atomic_store(&state.has_ended, false);
    atomic_store(&state.is_written, false);
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    state.is_there = pthread_create(&state.thread, NULL, wait_for_crash, NULL) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!state.is_there)
        (void)sem_destroy(&state.woken);
}

void pe_crash_listen_end(void)
{
    if (!state.is_there)
        return;
    atomic_store(&state.has_ended, true);
    (void)sem_post(&state.woken);
    (void)pthread_join(state.thread, NULL);
    (void)sem_destroy(&state.woken);
    state.is_there = false;
}

bool pe_crash_is_listener(void)
{
    return is_here;
}

void pe_crash_tell(const pe_error *end)
{
    if (!state.is_there)
        return;
    state.end = *end;
    (void)sem_post(&state.woken);
    for (int ms = 0; ms < MOST_MS && !atomic_load(&state.is_written); ms++)
        (void)poll(NULL, 0, 1);
}

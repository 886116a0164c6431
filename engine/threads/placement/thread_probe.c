/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* thread_probe.c - checks that the system can create a number of threads, before OpenMP needs them.
 *
 * Design:   the OpenMP runtime ends the process, with its own message and exit code, when it cannot create a thread (a
 *           limit on processes, of a cgroup, or on address space). Therefore the threads are created here first, all at
 *           once and with the stack size of OpenMP's threads; a failure becomes a pe_error. The C library keeps the
 *           stacks of joined threads, so OpenMP's threads reuse them.
 * Threads:  the main thread; the probe's threads wait at a gate until all are created, then end.
 */
#include "threads/placement/thread_probe.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/errno_text.h"

/* Shared by the probe's threads; mutex guards may_end. */
typedef struct gate {
    pthread_mutex_t mutex;
    pthread_cond_t opened;
    bool may_end;
} gate;

static void *wait_at(void *context)
{
    gate *at = context;
    (void)pthread_mutex_lock(&at->mutex);
    while (!at->may_end)
        (void)pthread_cond_wait(&at->opened, &at->mutex);
    (void)pthread_mutex_unlock(&at->mutex);
    return NULL;
}

/* OMP_STACKSIZE: a number followed by B, K, M or G; without a unit it is in K. 0: use the system's default. */
static size_t stack_bytes(void)
{
    static const char units[] = "bkmg";
    const char *const text = getenv("OMP_STACKSIZE");
    char *end = NULL;
    const unsigned long long number = text == NULL ? 0 : strtoull(text, &end, 10);
    if (text == NULL || end == text || number > SIZE_MAX >> 30)
        return 0;
    end += strspn(end, " ");
    const char *const unit = *end == '\0' ? units + 1 : strchr(units, *end | 0x20);
    return unit == NULL ? 0 : (size_t)number << (10 * (unit - units));
}

static int create_all(pthread_t *made, int threads, gate *at, int *number)
{
    pthread_attr_t attributes;
    int count = 0;
    const size_t bytes = stack_bytes();
    *number = pthread_attr_init(&attributes);
    if (*number != 0)
        return 0;
    if (bytes > 0)
        (void)pthread_attr_setstacksize(&attributes, bytes); /* on failure the default: OpenMP does the same */
    while (count < threads && (*number = pthread_create(&made[count], &attributes, wait_at, at)) == 0)
        count++;
    (void)pthread_attr_destroy(&attributes);
    return count;
}

pe_status pe_thread_probe(int threads, pe_error *err)
{
    static atomic_int most_created; /* by any call so far; pengine.h may be called from several threads */
    gate at = {.mutex = PTHREAD_MUTEX_INITIALIZER, .opened = PTHREAD_COND_INITIALIZER};
    pthread_t *made = NULL;
    char reason[PE_ERRNO_TEXT_SIZE];
    int number = 0;
    if (threads <= atomic_load(&most_created))
        return PE_OK;
    const pe_status status = pe_make_array(&made, (size_t)threads, sizeof *made, err);
    if (status != PE_OK)
        return status;
    const int count = create_all(made, threads, &at, &number);
    (void)pthread_mutex_lock(&at.mutex);
    at.may_end = true;
    (void)pthread_cond_broadcast(&at.opened);
    (void)pthread_mutex_unlock(&at.mutex);
    for (int t = 0; t < count; t++)
        (void)pthread_join(made[t], NULL);
    free(made);
    if (count < threads)
        return pe_fail(
            err, PE_ENOMEM,
            "the system gave %d of %d threads: %s: ask for fewer with --threads, or raise the limit (ulimit -u "
            "or -v, pids.max of the cgroup)",
            count + 1, threads + 1, pe_errno_text(number, reason)); /* + 1: the main thread */
    atomic_store(&most_created, threads);
    return PE_OK;
}

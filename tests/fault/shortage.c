/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* shortage.c - preloaded into pengine: calls of the C library that fail as they do where the system is short of memory.
 *
 * FAIL_POLL: poll fails with ENOMEM. FAIL_THREADS=N: pthread_create fails with EAGAIN from the call number N on (from 0).
 */
#define _GNU_SOURCE

#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

int poll(struct pollfd *fds, nfds_t count, int timeout)
{
    static int (*real)(struct pollfd *, nfds_t, int);
    if (count > 0 && getenv("FAIL_POLL") != NULL) {
        errno = ENOMEM;
        return -1;
    }
    if (real == NULL)
        *(void **)&real = dlsym(RTLD_NEXT, "poll");
    return real(fds, count, timeout);
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *), void *context)
{
    static int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    static atomic_int calls;
    const char *const from = getenv("FAIL_THREADS");
    if (from != NULL && atomic_fetch_add(&calls, 1) >= strtol(from, NULL, 10))
        return EAGAIN;
    if (real == NULL)
        *(void **)&real = dlsym(RTLD_NEXT, "pthread_create");
    return real(thread, attributes, start, context);
}

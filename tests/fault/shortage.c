/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* shortage.c - preloaded into pengine: calls of the C library that fail as they do where the system is short of memory.
 *
 * FAIL_POLL=FILE: poll fails with ENOMEM, and adds a byte to the file. FAIL_THREADS=N: pthread_create fails with EAGAIN from the call number N on (from 0).
 */
#define _GNU_SOURCE

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

int poll(struct pollfd *fds, nfds_t count, int timeout)
{
    static int (*real)(struct pollfd *, nfds_t, int);
    const char *const file = getenv("FAIL_POLL");
    if (count > 0 && file != NULL) {
        const int fd = open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        if (write(fd, "x", 1) != 1 || close(fd) != 0)
            abort();
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

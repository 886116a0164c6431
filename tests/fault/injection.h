/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* injection.h - a library for LD_PRELOAD in which the Nth call of one function of libc fails, or brings a signal.
 */
#ifndef PE_INJECTION_H
#define PE_INJECTION_H

#include <stdbool.h>

#include "real_call.h"

/* Functions that share a purpose share a name: pipe and pipe2, fork and _Fork. */
#define CALLS(X)                                                                                                       \
    X(open)                                                                                                            \
    X(read)                                                                                                            \
    X(pread)                                                                                                           \
    X(write)                                                                                                           \
    X(pwrite)                                                                                                          \
    X(fsync)                                                                                                           \
    X(fdatasync)                                                                                                       \
    X(rename)                                                                                                          \
    X(close)                                                                                                           \
    X(mmap)                                                                                                            \
    X(munmap)                                                                                                          \
    X(madvise)                                                                                                         \
    X(ftruncate)                                                                                                       \
    X(fork)                                                                                                            \
    X(spawn)                                                                                                           \
    X(spawn_init)                                                                                                      \
    X(pipe)                                                                                                            \
    X(socketpair)                                                                                                      \
    X(flock)                                                                                                           \
    X(unlink)                                                                                                          \
    X(fstat)                                                                                                           \
    X(stat)                                                                                                            \
    X(memfd_create)                                                                                                    \
    X(poll)                                                                                                            \
    X(waitpid)                                                                                                         \
    X(fcntl)                                                                                                           \
    X(pthread_create)                                                                                                  \
    X(opendir)                                                                                                         \
    X(readdir)                                                                                                         \
    X(mkstemp)                                                                                                         \
    X(mkdtemp)                                                                                                         \
    X(mkdir)                                                                                                           \
    X(dlopen)                                                                                                          \
    X(access)                                                                                                          \
    X(dup)                                                                                                             \
    X(getrandom)                                                                                                       \
    X(mprotect)                                                                                                        \
    X(readlink)                                                                                                        \
    X(realpath)                                                                                                        \
    X(recv)                                                                                                            \
    X(send)                                                                                                            \
    X(sigaction)                                                                                                       \
    X(sigaltstack)                                                                                                     \
    X(setpgid)                                                                                                         \
    X(malloc)

typedef enum call {
#define X(name) CALL_##name,
    CALLS(X)
#undef X
        CALL_COUNT
} call;

/* fails - count this call; true when it is to fail: errno is set then. is_failing and is_short - the same for a function
 * that can also do half of its work: at most one of the two is true. */
bool fails(call which);
bool is_failing(call which);
bool is_short(call which);

/* The errno of INJECT_ERRNO, for functions that return it. */
int injected_error(void);

#endif

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* injection_processes.c - the functions of processes, threads, signals and memory.
 */
#define _GNU_SOURCE

#include "injection.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- processes, threads, signals ---- */

pid_t fork(void)
{
    return fails(CALL_fork) ? -1 : REAL(fork)();
}

pid_t _Fork(void)
{
    return fails(CALL_fork) ? -1 : REAL(_Fork)();
}

int posix_spawn(pid_t *restrict pid, const char *restrict path, const posix_spawn_file_actions_t *actions,
                const posix_spawnattr_t *restrict attributes, char *const arguments[restrict],
                char *const environment[restrict])
{
    return fails(CALL_spawn) ? injected_error()
                             : REAL(posix_spawn)(pid, path, actions, attributes, arguments, environment);
}

int posix_spawnp(pid_t *restrict pid, const char *restrict path, const posix_spawn_file_actions_t *actions,
                 const posix_spawnattr_t *restrict attributes, char *const arguments[restrict],
                 char *const environment[restrict])
{
    return fails(CALL_spawn) ? injected_error()
                             : REAL(posix_spawnp)(pid, path, actions, attributes, arguments, environment);
}

int posix_spawn_file_actions_init(posix_spawn_file_actions_t *actions)
{
    return fails(CALL_spawn_init) ? injected_error() : REAL(posix_spawn_file_actions_init)(actions);
}

pid_t waitpid(pid_t pid, int *status, int options)
{
    return fails(CALL_waitpid) ? -1 : REAL(waitpid)(pid, status, options);
}

int waitid(idtype_t type, id_t id, siginfo_t *facts, int options)
{
    return fails(CALL_waitpid) ? -1 : REAL(waitid)(type, id, facts, options);
}

int setpgid(pid_t pid, pid_t group)
{
    return fails(CALL_setpgid) ? -1 : REAL(setpgid)(pid, group);
}

int pthread_create(pthread_t *restrict thread, const pthread_attr_t *restrict attributes, void *(*run)(void *),
                   void *restrict argument)
{
    return fails(CALL_pthread_create) ? injected_error() : REAL(pthread_create)(thread, attributes, run, argument);
}

int sigaction(int number, const struct sigaction *restrict action, struct sigaction *restrict before)
{
    return fails(CALL_sigaction) ? -1 : REAL(sigaction)(number, action, before);
}

int sigaltstack(const stack_t *restrict stack, stack_t *restrict before)
{
    return fails(CALL_sigaltstack) ? -1 : REAL(sigaltstack)(stack, before);
}

/* ---- memory ---- */

void *mmap(void *address, size_t size, int protection, int flags, int fd, off_t offset)
{
    return fails(CALL_mmap) ? MAP_FAILED : REAL(mmap)(address, size, protection, flags, fd, offset);
}

void *mmap64(void *address, size_t size, int protection, int flags, int fd, off64_t offset)
{
    return fails(CALL_mmap) ? MAP_FAILED : REAL(mmap64)(address, size, protection, flags, fd, offset);
}

int munmap(void *address, size_t size)
{
    return fails(CALL_munmap) ? -1 : REAL(munmap)(address, size);
}

int madvise(void *address, size_t size, int advice)
{
    return fails(CALL_madvise) ? -1 : REAL(madvise)(address, size, advice);
}

int mprotect(void *address, size_t size, int protection)
{
    return fails(CALL_mprotect) ? -1 : REAL(mprotect)(address, size, protection);
}

void *dlopen(const char *path, int flags)
{
    return fails(CALL_dlopen) ? NULL : REAL(dlopen)(path, flags);
}

/* dlsym allocates: these call the allocator by its own names, and fail only after the constructors. */
extern void *__libc_malloc(size_t size), *__libc_calloc(size_t count, size_t size),
    *__libc_realloc(void *data, size_t size), *__libc_memalign(size_t alignment, size_t size);
static bool is_running; /* written by the last constructor */

__attribute__((constructor(65000))) static void start(void)
{
    is_running = true;
}

void *malloc(size_t size)
{
    return is_running && fails(CALL_malloc) ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return is_running && fails(CALL_malloc) ? NULL : __libc_calloc(count, size);
}

void *realloc(void *data, size_t size)
{
    return is_running && fails(CALL_malloc) ? NULL : __libc_realloc(data, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return is_running && fails(CALL_malloc) ? NULL : __libc_memalign(alignment, size);
}

void *memalign(size_t alignment, size_t size);
void *memalign(size_t alignment, size_t size)
{
    return is_running && fails(CALL_malloc) ? NULL : __libc_memalign(alignment, size);
}

int posix_memalign(void **data, size_t alignment, size_t size)
{
    *data = is_running && fails(CALL_malloc) ? NULL : __libc_memalign(alignment, size);
    return *data == NULL ? ENOMEM : 0;
}

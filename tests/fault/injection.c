/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* injection.c - a library for LD_PRELOAD in which the Nth call of one function of libc fails, or brings a signal.
 *
 * Design: INJECT_CALL names the function, INJECT_NUMBER says which of its calls fails (from 1), INJECT_ERRNO how,
 *         INJECT_MODE which of the later ones do: "once", "sticky" (all) or "short" (a read or write does half of its
 *         work and succeeds). In the modes "signal" and "signals" nothing fails: the process gets the signal of the number
 *         INJECT_ERRNO before the Nth call, and before all later ones. INJECT_LOG is a file that gets a line when a call fails; with INJECT_NUMBER=0 none fails
 *         and the file gets "NAME COUNT" for every function at exit. Only the program itself is concerned, not the
 *         programs that it starts. Functions that share a purpose share a name: pipe and pipe2, fork and _Fork.
 * Threads: any; the count is atomic.
 * Not here: which calls, numbers and jobs (test_injection.py).
 */
#define _GNU_SOURCE

#include "injection.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char *const names[] = {
#define X(name) #name,
    CALLS(X)
#undef X
};

typedef enum mode { MODE_ONCE, MODE_STICKY, MODE_SHORT, MODE_SIGNAL, MODE_SIGNALS, MODE_COUNT } mode;

static const char *const modes[MODE_COUNT] = {"once", "sticky", "short", "signal", "signals"};

static struct {
    bool is_ready, is_on, counts;
    call call;
    long number;
    int error;
    mode mode;
    const char *log;
    pid_t pid; /* of the program, not of what it forks */
} wanted;      /* written by the first call, before there are threads */

static atomic_long seen[CALL_COUNT];

static long number_of(const char *name)
{
    const char *const text = getenv(name);
    return text == NULL ? 0 : strtol(text, NULL, 10);
}

static void set_up(void)
{
    const char *const name = getenv("INJECT_CALL"), *const how = getenv("INJECT_MODE");
    wanted.is_ready = true;
    wanted.number = number_of("INJECT_NUMBER");
    wanted.error = (int)number_of("INJECT_ERRNO");
    wanted.log = getenv("INJECT_LOG");
    for (int m = 0; m < MODE_COUNT && how != NULL; m++)
        if (strcmp(modes[m], how) == 0)
            wanted.mode = (mode)m;
    wanted.pid = getpid();
    wanted.counts = wanted.number == 0;
    for (int c = 0; c < CALL_COUNT && name != NULL; c++)
        if (strcmp(names[c], name) == 0)
            wanted.call = (call)c;
    wanted.is_on = name != NULL && strcmp(program_invocation_short_name, "pengine") == 0;
}

static void put_line(const char *text)
{
    const int fd = (int)syscall(SYS_openat, AT_FDCWD, wanted.log, O_WRONLY | O_CREAT | O_APPEND, 0666);
    if (fd < 0)
        return;
    (void)syscall(SYS_write, fd, text, strlen(text));
    (void)syscall(SYS_close, fd);
}

/* True when this call is to fail (or to be short); errno is set then. */
bool fails(call which)
{
    if (!wanted.is_ready)
        set_up();
    if (!wanted.is_on)
        return false;
    const long now = atomic_fetch_add(&seen[which], 1) + 1;
    if (wanted.counts || which != wanted.call || now < wanted.number ||
        (now > wanted.number && wanted.mode != MODE_STICKY && wanted.mode != MODE_SIGNALS))
        return false;
    const bool is_signal = wanted.mode == MODE_SIGNAL || wanted.mode == MODE_SIGNALS;
    if (is_signal && getpid() != wanted.pid)
        return false;
    if (wanted.log != NULL)
        put_line("failed\n");
    if (is_signal) {
        (void)kill(wanted.pid, wanted.error);
        return false;
    }
    errno = wanted.error;
    return true;
}

bool is_short(call which)
{
    return wanted.mode == MODE_SHORT && fails(which);
}

bool is_failing(call which)
{
    return wanted.mode != MODE_SHORT && fails(which);
}

__attribute__((constructor)) static void begin(void)
{
    if (!wanted.is_ready)
        set_up();
}

__attribute__((destructor)) static void print_counts(void)
{
    char line[64];
    if (!wanted.is_on || !wanted.counts || wanted.log == NULL)
        return;
    for (int c = 0; c < CALL_COUNT; c++) {
        (void)snprintf(line, sizeof line, "%s %ld\n", names[c], atomic_load(&seen[c]));
        put_line(line);
    }
}

int injected_error(void)
{
    return wanted.error;
}

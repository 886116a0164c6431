/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* interrupt.c - SIGINT, SIGTERM, SIGHUP and SIGUSR1 end the run in good order.
 *
 * Design: before the run computes items the handler ends the process itself: it removes what was made so far and leaves with
 *         PE_ESTOPPED's exit code, since nothing else has to be kept. During the run the handler only sets a flag; the main
 *         thread polls it and stops the run as after any other failure: outputs are closed and all ranks end with one exit
 *         code. SIGUSR1 is the signal that a batch system can send ahead of the time limit and that mpirun passes on to the
 *         ranks; on SIGTERM mpirun kills them.
 *         Once the run's outcome was logged, a signal ends the process with the outcome's exit code and without a word: mpirun
 *         sends SIGTERM to the other ranks when the first one ends with an error.
 *         A signal that was ignored when the process began stays ignored (nohup, and & of a shell without job control).
 * Threads: begin, begin_run and end: the main thread.
 */
#include "os/interrupt.h"

#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "os/exit_cleanup.h"

static atomic_int seen;         /* written by the handler, read by any thread */
static atomic_bool is_running;  /* written by the main thread, read by the handler */
static atomic_int outcome = -1; /* likewise: the exit code of a run that has logged its end */
static bool speaks;             /* written before there is a handler */
static bool catches;            /* written by the main thread while it is the only one */
static const int caught[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR1}; /* these two lists are read only */
static const int ignored[] = {SIGPIPE, SIGXFSZ};

#define AWAIT_MS 1000
#define CAUGHT (sizeof caught / sizeof *caught)
#define IGNORED (sizeof ignored / sizeof *ignored)

static struct sigaction before[CAUGHT + IGNORED]; /* the main thread's */

static const char *name_of(int number)
{
    switch (number) {
    case SIGINT:
        return "SIGINT";
    case SIGTERM:
        return "SIGTERM";
    case SIGHUP:
        return "SIGHUP";
    case SIGUSR1:
        return "SIGUSR1";
    default:
        return NULL;
    }
}

static void say(const char *text)
{
    const ssize_t put = write(STDERR_FILENO, text, strlen(text));
    (void)put;
}

static void on_signal(int number)
{
    atomic_store(&seen, number);
    if (atomic_load(&is_running))
        return;
    pe_exit_cleanup_final();
    const int code = atomic_load(&outcome);
    if (code >= 0)
        _exit(code);
    if (speaks) {
        say("pengine: interrupted by ");
        say(name_of(number));
        say(" before the first item was computed\n");
    }
    _exit(pe_status_exit(PE_ESTOPPED)); /* looks into a table */
}

void pe_interrupt_begin(bool is_speaker)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
    speaks = is_speaker;
    catches = true;
    (void)sigfillset(&action.sa_mask);
    for (size_t i = 0; i < CAUGHT; i++)
        if (sigaction(caught[i], NULL, &before[i]) == 0 && before[i].sa_handler != SIG_IGN)
            (void)sigaction(caught[i], &action, NULL);
}

void pe_interrupt_ignore_pipe(void)
{
    const struct sigaction action = {.sa_handler = SIG_IGN};
    (void)sigaction(SIGPIPE, &action, NULL);
}

void pe_interrupt_begin_run(void)
{
    const struct sigaction action = {.sa_handler = SIG_IGN};
    atomic_store(&is_running, true);
    for (size_t i = 0; i < IGNORED; i++)
        (void)sigaction(ignored[i], &action, &before[CAUGHT + i]);
}

void pe_interrupt_end_run(void)
{
    catches = false;
    for (size_t i = 0; i < CAUGHT; i++)
        (void)sigaction(caught[i], &before[i], NULL);
    for (size_t i = 0; i < IGNORED; i++)
        (void)sigaction(ignored[i], &before[CAUGHT + i], NULL);
}

void pe_interrupt_logged(int exit_code)
{
    atomic_store(&outcome, exit_code);
}

static bool is_pending(void)
{
    sigset_t pending;
    bool is_caught = false;
    if (sigpending(&pending) != 0)
        return false;
    for (size_t i = 0; i < CAUGHT; i++)
        is_caught = is_caught || sigismember(&pending, caught[i]) == 1;
    return is_caught;
}

void pe_interrupt_await(void)
{
    for (int sleeps = 0; sleeps < AWAIT_MS && atomic_load(&seen) == 0 && is_pending(); sleeps++)
        (void)poll(NULL, 0, 1);
}

const char *pe_interrupt_seen(void)
{
    return name_of(atomic_load(&seen));
}

bool pe_interrupt_catches(int number)
{
    for (size_t i = 0; i < CAUGHT; i++)
        if (catches && caught[i] == number && before[i].sa_handler != SIG_IGN)
            return true;
    return false;
}

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_interrupt.c - a signal ends the process with one message and one exit code.
 */
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/interrupt.h"

#include "unit.h"

/* Ends a child of this process by SIGTERM, after an outcome with this exit code was logged (-1: none was). Gives what it wrote to stderr. */
static int end_by_signal(int code, char *said, size_t room)
{
    int ends[2] = {-1, -1}, how = 0;
    ck_assert_int_eq(pipe(ends), 0);
    const pid_t child = fork();
    if (child == 0) {
        (void)dup2(ends[1], STDERR_FILENO);
        pe_interrupt_begin(true);
        if (code >= 0)
            pe_interrupt_logged(code);
        (void)raise(SIGTERM);
        _exit(99);
    }
    (void)close(ends[1]);
    size_t size = 0; /* the message comes in several writes */
    for (ssize_t got = 1; got > 0; size += (size_t)got) {
        got = read(ends[0], said + size, room - 1 - size);
        ck_assert_int_ge(got, 0);
    }
    said[size] = '\0';
    (void)close(ends[0]);
    ck_assert_int_eq(waitpid(child, &how, 0), child);
    ck_assert(WIFEXITED(how));
    return WEXITSTATUS(how);
}

START_TEST(signal_before_the_run_is_logged)
{
    char said[256];
    ck_assert_int_eq(end_by_signal(-1, said, sizeof said), pe_status_exit(PE_ESTOPPED));
    ck_assert_str_eq(said, "pengine: interrupted by SIGTERM before the first item was computed\n");
}
END_TEST

/* mpirun sends SIGTERM to the others when the first rank has ended with an error. */
START_TEST(signal_after_an_error_was_logged_says_nothing)
{
    char said[256];
    ck_assert_int_eq(end_by_signal(78, said, sizeof said), 78);
    ck_assert_str_eq(said, "");
}
END_TEST

static void *take_signals(void *unused)
{
    sigset_t all;
    (void)sigfillset(&all);
    (void)poll(NULL, 0, 50);
    (void)pthread_sigmask(SIG_UNBLOCK, &all, NULL);
    (void)poll(NULL, 0, 10);
    return unused;
}

/* The main thread has not run yet, and a worker asks. */
START_TEST(signal_that_no_thread_has_taken_is_awaited)
{
    sigset_t all, before;
    pthread_t taker;
    pe_interrupt_begin(true);
    pe_interrupt_begin_run();
    (void)sigfillset(&all);
    ck_assert_int_eq(pthread_sigmask(SIG_BLOCK, &all, &before), 0);
    pe_interrupt_await();
    ck_assert_ptr_null(pe_interrupt_seen());
    ck_assert_int_eq(pthread_create(&taker, NULL, take_signals, NULL), 0);
    ck_assert_int_eq(kill(getpid(), SIGTERM), 0);
    ck_assert_ptr_null(pe_interrupt_seen());
    pe_interrupt_await();
    ck_assert_str_eq(pe_interrupt_seen(), "SIGTERM");
    ck_assert_int_eq(pthread_join(taker, NULL), 0);
    ck_assert_int_eq(pthread_sigmask(SIG_SETMASK, &before, NULL), 0);
}
END_TEST

UNIT_MAIN("interrupt", signal_that_no_thread_has_taken_is_awaited, signal_before_the_run_is_logged,
          signal_after_an_error_was_logged_says_nothing)

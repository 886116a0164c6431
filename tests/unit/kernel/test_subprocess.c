/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_subprocess.c - programs beside this one: pipes, deadlines, ends of every kind, nothing left behind.
 */
#define _GNU_SOURCE /* pipe2 */

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "kernel/process/subprocess.h"
#include "unit.h"

#define SECOND ((uint64_t)1000000000)

static pe_subprocess process;
static pe_buffer answer;
static pe_error err = PE_ERROR_INIT;

static void start_argv(const char *const *argv, int in_fd, int out_fd, bool has_parent_pipe)
{
    const pe_subprocess_spec spec = {.program = argv[0],
                                     .argv = argv,
                                     .in_fd = in_fd,
                                     .out_fd = out_fd,
                                     .captures_stderr = true,
                                     .has_parent_pipe = has_parent_pipe,
                                     .shared_fd = PE_SUBPROCESS_NO_FD};
    ck_ok(pe_subprocess_start(&spec, &process, &err), err);
}

static void start_shell(const char *script)
{
    const char *const argv[] = {"sh", "-c", script, NULL};
    start_argv(argv, 0, 1, false);
}

/* Talks until something other than bytes happens. */
static pe_subprocess_event hear_all(const void *data, size_t size, uint64_t timeout_ns, const atomic_bool *stop)
{
    pe_subprocess_io io = {.data = data,
                           .size = size,
                           .answer = &answer,
                           .deadline_ns = timeout_ns == 0 ? 0 : pe_clock_ns() + timeout_ns,
                           .stop = stop};
    pe_subprocess_event event = PE_SUBPROCESS_PROGRESS;
    while (event == PE_SUBPROCESS_PROGRESS) {
        if (io.size == 0 && process.in >= 0) {
            close(process.in);
            process.in = PE_SUBPROCESS_NO_FD;
        }
        event = pe_subprocess_exchange(&process, &io, &err);
    }
    return event;
}

static void heard(const char *text)
{
    ck_assert_uint_eq(answer.size, strlen(text));
    ck_assert_int_eq(memcmp(answer.data, text, answer.size), 0);
}

static void ended(pe_subprocess_end end, bool by_signal, int number)
{
    ck_assert_int_eq(end.by_signal, by_signal);
    ck_assert_int_eq(end.number, number);
    ck_assert_int_eq(process.pid, 0);
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1); /* no zombie */
    ck_assert_int_eq(errno, ECHILD);
}

START_TEST(program_that_is_not_there_is_refused)
{
    const char *const argv[] = {"no-such-program-here", NULL};
    const pe_subprocess_spec spec = {
        .program = argv[0], .argv = argv, .in_fd = 0, .out_fd = 1, .shared_fd = PE_SUBPROCESS_NO_FD};
    ck_assert_int_eq(pe_subprocess_start(&spec, &process, &err), PE_EKERNEL);
    ck_assert_str_eq(err.text, "no-such-program-here: No such file or directory");
    ck_assert_int_eq(process.pid, 0);
    ended(pe_subprocess_kill(&process), false, 0); /* of nothing: harmless */
}
END_TEST

static int count_fds(void)
{
    int count = 0;
    DIR *const fds = opendir("/proc/self/fd");
    ck_assert_ptr_nonnull(fds);
    while (readdir(fds) != NULL)
        count++;
    closedir(fds);
    return count;
}

START_TEST(many_processes_leave_no_descriptor)
{
    const char *const bad[] = {"no-such-program-here", NULL};
    const pe_subprocess_spec spec = {.program = bad[0],
                                     .argv = bad,
                                     .out_fd = 1,
                                     .captures_stderr = true,
                                     .has_parent_pipe = true,
                                     .shared_fd = PE_SUBPROCESS_NO_FD};
    const int before = count_fds();
    for (int i = 0; i < 20; i++) {
        pe_error refused = PE_ERROR_INIT;
        ck_assert_int_eq(pe_subprocess_start(&spec, &process, &refused), PE_EKERNEL);
        const char *const argv[] = {"true", NULL};
        start_argv(argv, 0, 1, true);
        ended(pe_subprocess_finish(&process, 0, NULL, NULL), false, 0);
    }
    ck_assert_int_eq(count_fds(), before);
}
END_TEST

START_TEST(nothing_written_is_answered_by_nothing)
{
    const char *const argv[] = {"cat", NULL};
    start_argv(argv, 0, 1, false);
    ck_assert_int_eq(hear_all("", 0, 0, NULL), PE_SUBPROCESS_ENDED);
    ck_assert_uint_eq(answer.size, 0);
    ended(pe_subprocess_finish(&process, 0, NULL, NULL), false, 0);
}
END_TEST

START_TEST(more_than_any_pipe_holds_goes_through)
{
    const size_t size = 5000000;
    const char *const argv[] = {"cat", NULL};
    unsigned char *const data = malloc(size);
    ck_assert_ptr_nonnull(data);
    for (size_t i = 0; i < size; i++)
        data[i] = (unsigned char)(i * 7 + i / 251);
    start_argv(argv, 0, 1, false);
    ck_assert_int_eq(hear_all(data, size, 0, NULL), PE_SUBPROCESS_ENDED);
    ck_assert_uint_eq(answer.size, size);
    ck_assert_int_eq(memcmp(answer.data, data, size), 0);
    ended(pe_subprocess_finish(&process, 0, NULL, NULL), false, 0);
    free(data);
}
END_TEST

START_TEST(stdin_without_pipe_is_empty)
{
    const char *const argv[] = {"cat", NULL};
    start_argv(argv, PE_SUBPROCESS_NO_FD, 1, false);
    ck_assert_int_eq(hear_all("", 0, 0, NULL), PE_SUBPROCESS_ENDED);
    ck_assert_uint_eq(answer.size, 0);
    ended(pe_subprocess_finish(&process, 0, NULL, NULL), false, 0);
}
END_TEST

START_TEST(numbers_of_their_own_leave_stdout_to_stderr)
{
    const char *const argv[] = {"sh", "-c", "echo noise; cat <&3 >&4", NULL};
    start_argv(argv, 3, 4, true);
    ck_assert_int_eq(hear_all("data", 4, 0, NULL), PE_SUBPROCESS_ENDED);
    heard("data");
    ended(pe_subprocess_finish(&process, 0, NULL, NULL), false, 0);
    char line[PE_SUBPROCESS_TEXT_ROOM];
    ck_assert_str_eq(pe_subprocess_last_line(&process, line), "noise");
}
END_TEST

/* Only 0, 1, 2 and what sh opens for ls: no descriptor of this process, close-on-exec or not. */
START_TEST(descriptors_of_ours_stay_ours)
{
    const int leak = open("/dev/null", O_RDONLY); /* not close-on-exec */
    ck_assert_int_eq(dup2(leak, 50), 50);
    start_shell("for f in /proc/self/fd/*; do echo ${f##*/}; done");
    ck_assert_int_eq(hear_all("", 0, 0, NULL), PE_SUBPROCESS_ENDED);
    ended(pe_subprocess_finish(&process, 0, NULL, NULL), false, 0);
    ck_assert_int_eq(pe_buffer_append(&answer, "", 1, &err), PE_OK);
    ck_assert_ptr_null(strstr((const char *)answer.data, "50\n"));
}
END_TEST

START_TEST(one_process_holds_no_pipe_of_another)
{
    const char *const argv[] = {"cat", NULL};
    start_argv(argv, 0, 1, false);
    pe_subprocess first = process;
    start_argv(argv, 0, 1, false); /* it must not hold the writing end of the first one's input */
    pe_subprocess second = process;
    process = first;
    ck_assert_int_eq(hear_all("a", 1, 10 * SECOND, NULL), PE_SUBPROCESS_ENDED);
    heard("a");
    const pe_subprocess_end end = pe_subprocess_finish(&process, 0, NULL, NULL);
    ck_assert_int_eq(end.number, 0);
    process = second;
    ended(pe_subprocess_finish(&process, 0, NULL, NULL), false, 0);
}
END_TEST

START_TEST(marks_of_a_launcher_do_not_reach_the_process)
{
    setenv("OMPI_COMM_WORLD_SIZE", "4", 1);
    setenv("PMIX_RANK", "1", 1);
    setenv("PENGINE_TEST_STAYS", "yes", 1);
    start_shell("echo ${OMPI_COMM_WORLD_SIZE:-none} ${PMIX_RANK:-none} $PENGINE_TEST_STAYS");
    ck_assert_int_eq(hear_all("", 0, 0, NULL), PE_SUBPROCESS_ENDED);
    heard("none none yes\n");
    ended(pe_subprocess_finish(&process, 0, NULL, NULL), false, 0);
}
END_TEST

/* A reader that goes early: what it said counts, and SIGPIPE does not end this process. */
START_TEST(reader_that_goes_early_raises_no_sigpipe)
{
    static unsigned char data[1000000];
    signal(SIGPIPE, SIG_DFL);
    start_shell("exec 0<&-; sleep 0.3; echo said");
    memset(data, '\n', sizeof data);
    ck_assert_int_eq(hear_all(data, sizeof data, 0, NULL), PE_SUBPROCESS_ENDED);
    heard("said\n");
    ended(pe_subprocess_finish(&process, 0, NULL, NULL), false, 0);
    sigset_t pending;
    ck_assert_int_eq(sigpending(&pending), 0);
    ck_assert_int_eq(sigismember(&pending, SIGPIPE), 0);
}
END_TEST

/* This process ignores SIGPIPE and blocks signals; the one that it starts does not. */
START_TEST(signals_of_a_process_are_at_their_defaults)
{
    sigset_t all;
    sigfillset(&all);
    signal(SIGPIPE, SIG_IGN);
    sigprocmask(SIG_BLOCK, &all, NULL);
    start_shell("kill -PIPE $$; echo alive");
    ck_assert_int_eq(hear_all("", 0, 0, NULL), PE_SUBPROCESS_ENDED);
    ended(pe_subprocess_finish(&process, 0, NULL, NULL), true, SIGPIPE);
}
END_TEST

START_TEST(ignored_sigchld_loses_no_end)
{
    signal(SIGCHLD, SIG_IGN);
    start_shell("exit 7");
    ck_assert_int_eq(hear_all("", 0, 0, NULL), PE_SUBPROCESS_ENDED);
    ended(pe_subprocess_finish(&process, 0, NULL, NULL), false, 7);
}
END_TEST

START_TEST(process_that_hangs_is_late_then_killed)
{
    const uint64_t begin = pe_clock_ns();
    start_shell("echo first; sleep 600");
    ck_assert_int_eq(hear_all("", 0, SECOND, NULL), PE_SUBPROCESS_TIMEOUT);
    heard("first\n");
    ended(pe_subprocess_kill(&process), true, SIGKILL);
    ck_assert_uint_ge(pe_clock_ns() - begin, SECOND);
    ck_assert_uint_lt(pe_clock_ns() - begin, 100 * SECOND);
}
END_TEST

START_TEST(process_that_never_stops_writing_is_late)
{
    start_shell("while :; do echo noise >&2; done"); /* on stderr, where nothing is waited for */
    ck_assert_int_eq(hear_all("", 0, SECOND / 5, NULL), PE_SUBPROCESS_TIMEOUT);
    ended(pe_subprocess_kill(&process), true, SIGKILL);
}
END_TEST

START_TEST(process_that_does_not_read_is_late)
{
    static unsigned char data[1000000];
    start_shell("sleep 60");
    ck_assert_int_eq(hear_all(data, sizeof data, SECOND / 5, NULL), PE_SUBPROCESS_TIMEOUT);
    ended(pe_subprocess_kill(&process), true, SIGKILL);
}
END_TEST

START_TEST(stop_ends_the_wait)
{
    atomic_bool stop = true;
    start_shell("sleep 60");
    ck_assert_int_eq(hear_all("", 0, 0, &stop), PE_SUBPROCESS_STOPPED);
    bool was_killed = false;
    ended(pe_subprocess_finish(&process, 0, &stop, &was_killed), true, SIGKILL);
    ck_assert(was_killed);
}
END_TEST

START_TEST(process_that_will_not_go_is_killed_at_the_deadline)
{
    bool was_killed = false;
    start_shell("trap '' TERM; while :; do sleep 1; done");
    ended(pe_subprocess_finish(&process, pe_clock_ns() + SECOND / 5, NULL, &was_killed), true, SIGKILL);
    ck_assert(was_killed);
}
END_TEST

/* sleep holds the pipes, but the process that was asked is gone. */
START_TEST(death_is_seen_behind_a_grandchild_with_its_pipes)
{
    const uint64_t begin = pe_clock_ns();
    start_shell("sleep 30 & echo done; kill -KILL $$");
    ck_assert_int_eq(hear_all("", 0, 0, NULL), PE_SUBPROCESS_ENDED);
    heard("done\n");
    ended(pe_subprocess_finish(&process, 0, NULL, NULL), true, SIGKILL);
    ck_assert_uint_lt(pe_clock_ns() - begin, 20 * SECOND);
}
END_TEST

/* Its whole process group goes: the grandchild would keep this pipe open. */
START_TEST(killing_takes_the_grandchildren_along)
{
    int watch[2];
    ck_assert_int_eq(pipe2(watch, O_CLOEXEC), 0);
    const char *const argv[] = {"sh", "-c", "sleep 60 & sleep 60", NULL};
    const pe_subprocess_spec spec = {.program = "sh", .argv = argv, .in_fd = 0, .out_fd = 1, .shared_fd = watch[1]};
    ck_ok(pe_subprocess_start(&spec, &process, &err), err);
    close(watch[1]);
    ck_assert_int_eq(hear_all("", 0, SECOND / 5, NULL), PE_SUBPROCESS_TIMEOUT);
    ended(pe_subprocess_kill(&process), true, SIGKILL);
    char byte;
    ck_assert_int_eq(read(watch[0], &byte, 1), 0);
}
END_TEST

START_TEST(parent_pipe_ends_with_its_owner)
{
    const char *const argv[] = {"sh", "-c", "read -r x <&5; echo over", NULL};
    start_argv(argv, PE_SUBPROCESS_NO_FD, 1, true);
    ck_assert_int_eq(hear_all("", 0, SECOND / 5, NULL), PE_SUBPROCESS_TIMEOUT);
    close(process.parent_pipe); /* as the end of this process would */
    process.parent_pipe = PE_SUBPROCESS_NO_FD;
    ck_assert_int_eq(hear_all("", 0, 0, NULL), PE_SUBPROCESS_ENDED);
    heard("over\n");
    ended(pe_subprocess_finish(&process, 0, NULL, NULL), false, 0);
}
END_TEST

START_TEST(last_line_of_much_is_kept)
{
    char line[PE_SUBPROCESS_TEXT_ROOM];
    start_shell(
        "i=0; while [ $i -lt 3000 ]; do echo line number $i >&2; i=$((i+1)); done; printf 'the \\001last\\n\\n' >&2");
    ck_assert_int_eq(hear_all("", 0, 0, NULL), PE_SUBPROCESS_ENDED);
    ended(pe_subprocess_finish(&process, 0, NULL, NULL), false, 0);
    ck_assert_uint_eq(process.stderr_size, PE_SUBPROCESS_STDERR_BYTES);
    ck_assert_str_eq(pe_subprocess_last_line(&process, line), "the  last");
}
END_TEST

START_TEST(last_line_of_nothing_is_empty)
{
    char line[PE_SUBPROCESS_TEXT_ROOM] = "x";
    start_shell("exit 0");
    ended(pe_subprocess_finish(&process, 0, NULL, NULL), false, 0);
    ck_assert_str_eq(pe_subprocess_last_line(&process, line), "");
}
END_TEST

START_TEST(end_prints_as_people_say_it)
{
    char words[PE_SUBPROCESS_TEXT_ROOM];
    ck_assert_str_eq(pe_subprocess_print_end((pe_subprocess_end){true, 9}, words), "signal 9");
    ck_assert_str_eq(pe_subprocess_print_end((pe_subprocess_end){false, 3}, words), "exit 3");
}
END_TEST

UNIT_MAIN("child", program_that_is_not_there_is_refused, many_processes_leave_no_descriptor,
          nothing_written_is_answered_by_nothing, more_than_any_pipe_holds_goes_through, stdin_without_pipe_is_empty,
          numbers_of_their_own_leave_stdout_to_stderr, descriptors_of_ours_stay_ours,
          one_process_holds_no_pipe_of_another, marks_of_a_launcher_do_not_reach_the_process,
          reader_that_goes_early_raises_no_sigpipe, signals_of_a_process_are_at_their_defaults,
          ignored_sigchld_loses_no_end, process_that_hangs_is_late_then_killed,
          process_that_never_stops_writing_is_late, process_that_does_not_read_is_late, stop_ends_the_wait,
          process_that_will_not_go_is_killed_at_the_deadline, death_is_seen_behind_a_grandchild_with_its_pipes,
          killing_takes_the_grandchildren_along, parent_pipe_ends_with_its_owner, last_line_of_much_is_kept,
          last_line_of_nothing_is_empty, end_prints_as_people_say_it)

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* subprocess_io.c - bytes to and from a process until its end.
 *
 * Design: one poll waits for all of a process's pipes, for a slice of time at most; each time the deadline and the run's
 *         stop are looked at, and when nothing came the process's death. So a pipe that a grandchild keeps open hides no
 *         end.
 * Threads: a process belongs to one thread. SIGPIPE is blocked around each write, for that thread alone.
 * Not here: what the bytes mean.
 */
#include "kernel/process/subprocess.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"

#define SLICE_MS 200
#define READ_BYTES ((size_t)64 << 10)
#define MS_NS 1000000u
#define KILLED_WITHIN_NS ((uint64_t)10000 * MS_NS) /* a killed process ends, but for one that waits for a dead disk */
#define YIELDS 50                                  /* an exit follows the closing of its pipes at once */

static void shut(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
    *fd = PE_SUBPROCESS_NO_FD;
}

/* write, but EPIPE without SIGPIPE. */
static ssize_t write_quietly(int fd, const void *data, size_t size)
{
    static const struct timespec at_once = {0};
    sigset_t mask, before;
    (void)sigemptyset(&mask);
    (void)sigaddset(&mask, SIGPIPE);
    (void)pthread_sigmask(SIG_BLOCK, &mask, &before);
    const ssize_t written = write(fd, data, size);
    const int number = errno;
    if (written < 0 && number == EPIPE && sigismember(&before, SIGPIPE) == 0)
        while (sigtimedwait(&mask, NULL, &at_once) < 0 && errno == EINTR)
            ;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = number;
    return written;
}

/* True when bytes went. */
static bool write_some(pe_subprocess *process, pe_subprocess_io *talk)
{
    const ssize_t written = process->in < 0 ? -1 : write_quietly(process->in, talk->data, talk->size);
    if (written > 0) {
        talk->data += written;
        talk->size -= (size_t)written;
        return true;
    }
    if (process->in < 0 || (errno != EAGAIN && errno != EINTR)) { /* it reads no more; what it said still counts */
        shut(&process->in);
        talk->size = 0;
    }
    return false;
}

static void keep_tail(pe_subprocess *process, const char *bytes, size_t size)
{
    const size_t added = size < PE_SUBPROCESS_TAIL ? size : PE_SUBPROCESS_TAIL;
    const size_t kept =
        process->tail_size < PE_SUBPROCESS_TAIL - added ? process->tail_size : PE_SUBPROCESS_TAIL - added;
    memmove(process->tail, process->tail + process->tail_size - kept, kept);
    memcpy(process->tail + kept, bytes + size - added, added);
    process->tail_size = kept + added;
}

/* All that is there of one pipe, dropped but for errors; closes it at its end. */
static void drain(pe_subprocess *process, int *fd)
{
    char bytes[4096];
    ssize_t got = 0;
    while (*fd >= 0 && (got = read(*fd, bytes, sizeof bytes)) > 0)
        if (fd == &process->errors)
            keep_tail(process, bytes, (size_t)got);
    if (*fd >= 0 && (got == 0 || (errno != EAGAIN && errno != EINTR)))
        shut(fd);
}

static pe_subprocess_event read_some(pe_subprocess *process, pe_buffer *answer, pe_error *err, bool *is_empty)
{
    *is_empty = false;
    if (pe_buffer_reserve(answer, READ_BYTES, err) != PE_OK)
        return PE_SUBPROCESS_FAILED;
    const ssize_t got = read(process->out, answer->data + answer->size, answer->capacity - answer->size);
    *is_empty = got < 0 && (errno == EAGAIN || errno == EINTR);
    if (got > 0) {
        answer->size += (size_t)got;
        return PE_SUBPROCESS_MOVED;
    }
    if (!*is_empty)
        shut(&process->out);
    return PE_SUBPROCESS_ENDED;
}

static bool is_dead(const pe_subprocess *process)
{
    siginfo_t info = {0};
    const int asked = waitid(P_PID, (id_t)process->pid, &info, WEXITED | WNOHANG | WNOWAIT);
    return asked != 0 || info.si_pid == process->pid;
}

static bool is_stopped(const atomic_bool *stop)
{
    return stop != NULL && atomic_load_explicit(stop, memory_order_relaxed); /* only saves time */
}

/* Milliseconds to wait at most, rounded up; 0 when the deadline has passed. */
static int wait_ms(uint64_t deadline_ns, int most)
{
    if (deadline_ns == 0)
        return most;
    const uint64_t now = pe_clock_ns();
    const uint64_t left = deadline_ns > now ? (deadline_ns - now + MS_NS - 1) / MS_NS : 0;
    return left < (uint64_t)most ? (int)left : most;
}

static bool is_over(const pe_subprocess_io *talk, pe_subprocess_event *event)
{
    *event = PE_SUBPROCESS_STOPPED;
    if (is_stopped(talk->stop))
        return true;
    *event = PE_SUBPROCESS_LATE;
    return talk->deadline_ns != 0 && pe_clock_ns() >= talk->deadline_ns;
}

pe_subprocess_event pe_subprocess_exchange(pe_subprocess *process, pe_subprocess_io *talk, pe_error *err)
{
    pe_subprocess_event event = PE_SUBPROCESS_ENDED;
    bool was_dead = false;
    while (process->out >= 0) {
        bool is_empty = true;
        if (is_over(talk, &event))
            return event;
        if (talk->size > 0 && write_some(process, talk))
            return PE_SUBPROCESS_MOVED;
        struct pollfd pipes[] = {{.fd = process->out, .events = POLLIN},
                                 {.fd = process->errors, .events = POLLIN},
                                 {.fd = talk->size > 0 ? process->in : PE_SUBPROCESS_NO_FD, .events = POLLOUT}};
        const int ready = poll(pipes, 3, was_dead ? 0 : wait_ms(talk->deadline_ns, SLICE_MS));
        if (ready > 0 && pipes[1].revents != 0)
            drain(process, &process->errors);
        if (ready > 0 && pipes[0].revents != 0)
            event = read_some(process, talk->answer, err, &is_empty);
        if (!is_empty)
            return event;
        if (was_dead) /* and nothing is left to read */
            shut(&process->out);
        else if (ready <= 0)
            was_dead = is_dead(process);
    }
    return PE_SUBPROCESS_ENDED;
}

bool pe_subprocess_has_output(const pe_subprocess *process)
{
    struct pollfd out = {.fd = process->out, .events = POLLIN};
    return process->out >= 0 && poll(&out, 1, 0) > 0;
}

void pe_subprocess_close_in(pe_subprocess *process)
{
    shut(&process->in);
}

static bool reap(pe_subprocess *process, pe_subprocess_end *end)
{
    int status = 0;
    const pid_t got = waitpid(process->pid, &status, WNOHANG);
    if (got == 0 || (got < 0 && errno == EINTR))
        return false;
    *end = (pe_subprocess_end){.by_signal = false, .number = -1}; /* somebody else reaped it */
    if (got == process->pid)
        *end = (pe_subprocess_end){.by_signal = WIFSIGNALED(status),
                                   .number = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status)};
    return true;
}

/* One breath of waiting for an end: by the pipes that are open, else by the clock. */
static void breathe(pe_subprocess *process, int *turn)
{
    const int ms = *turn < YIELDS ? 1 : *turn < 2 * YIELDS ? 5 : 20;
    struct pollfd pipes[] = {{.fd = process->out, .events = POLLIN}, {.fd = process->errors, .events = POLLIN}};
    if (process->out >= 0 || process->errors >= 0)
        (void)poll(pipes, 2, ms);
    else if (*turn < YIELDS)
        (void)sched_yield();
    else
        pe_sleep_ns((uint64_t)ms * MS_NS / 10);
    drain(process, &process->out);
    drain(process, &process->errors);
    ++*turn;
}

static pe_subprocess_end kill_and_reap(pe_subprocess *process)
{
    const uint64_t patience = pe_clock_ns() + KILLED_WITHIN_NS;
    pe_subprocess_end end = {.by_signal = true, .number = SIGKILL};
    int turn = 0;
    (void)kill(-process->pid, SIGKILL);
    (void)kill(process->pid, SIGKILL); /* it may have left its group */
    while (!reap(process, &end) && pe_clock_ns() < patience)
        breathe(process, &turn);
    return end;
}

pe_subprocess_end pe_subprocess_finish(pe_subprocess *process, uint64_t deadline_ns, const atomic_bool *stop,
                                       bool *was_killed)
{
    pe_subprocess_end end = {.by_signal = false, .number = 0};
    int turn = 0;
    if (was_killed != NULL)
        *was_killed = false;
    if (process->pid == 0)
        return end;
    shut(&process->in);
    while (!reap(process, &end)) {
        if (is_stopped(stop) || (deadline_ns != 0 && pe_clock_ns() >= deadline_ns)) {
            end = kill_and_reap(process);
            if (was_killed != NULL)
                *was_killed = true;
            break;
        }
        breathe(process, &turn);
    }
    drain(process, &process->errors);
    shut(&process->out);
    shut(&process->errors);
    shut(&process->life);
    process->pid = 0;
    return end;
}

pe_subprocess_end pe_subprocess_kill(pe_subprocess *process)
{
    return pe_subprocess_finish(process, 1, NULL, NULL);
}

const char *pe_subprocess_last_line(const pe_subprocess *process, char out[PE_SUBPROCESS_WORDS])
{
    size_t end = process->tail_size;
    while (end > 0 && (unsigned char)process->tail[end - 1] <= ' ')
        end--;
    size_t begin = end;
    while (begin > 0 && process->tail[begin - 1] != '\n')
        begin--;
    const size_t size = end - begin < PE_SUBPROCESS_WORDS - 1 ? end - begin : PE_SUBPROCESS_WORDS - 1;
    for (size_t i = 0; i < size; i++) {
        const char c = process->tail[begin + i];
        const unsigned char byte = (unsigned char)c;
        out[i] = byte < ' ' || byte == 0x7F ? ' ' : c;
    }
    out[size] = '\0';
    return out;
}

const char *pe_subprocess_print_end(pe_subprocess_end end, char out[PE_SUBPROCESS_WORDS])
{
    (void)snprintf(out, PE_SUBPROCESS_WORDS, "%s %d", end.by_signal ? "signal" : "exit", end.number);
    return out;
}

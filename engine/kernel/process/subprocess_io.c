/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* child_talk.c - bytes to and from a child until its end.
 *
 * Design: one poll waits for all of a child's pipes, for a slice of time at most; each time the deadline and the run's
 *         stop are looked at, and when nothing came the child's death. So a pipe that a grandchild keeps open hides no
 *         end.
 * Threads: a child belongs to one thread. SIGPIPE is blocked around each write, for that thread alone.
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
    *fd = PE_CHILD_NO_FD;
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
static bool write_some(pe_child *child, pe_child_talk *talk)
{
    const ssize_t written = child->in < 0 ? -1 : write_quietly(child->in, talk->data, talk->size);
    if (written > 0) {
        talk->data += written;
        talk->size -= (size_t)written;
        return true;
    }
    if (child->in < 0 || (errno != EAGAIN && errno != EINTR)) { /* it reads no more; what it said still counts */
        shut(&child->in);
        talk->size = 0;
    }
    return false;
}

static void keep_tail(pe_child *child, const char *bytes, size_t size)
{
    const size_t added = size < PE_CHILD_TAIL ? size : PE_CHILD_TAIL;
    const size_t kept = child->tail_size < PE_CHILD_TAIL - added ? child->tail_size : PE_CHILD_TAIL - added;
    memmove(child->tail, child->tail + child->tail_size - kept, kept);
    memcpy(child->tail + kept, bytes + size - added, added);
    child->tail_size = kept + added;
}

/* All that is there of one pipe, dropped but for errors; closes it at its end. */
static void drain(pe_child *child, int *fd)
{
    char bytes[4096];
    ssize_t got = 0;
    while (*fd >= 0 && (got = read(*fd, bytes, sizeof bytes)) > 0)
        if (fd == &child->errors)
            keep_tail(child, bytes, (size_t)got);
    if (*fd >= 0 && (got == 0 || (errno != EAGAIN && errno != EINTR)))
        shut(fd);
}

static pe_child_event read_some(pe_child *child, pe_buffer *answer, pe_error *err, bool *is_empty)
{
    *is_empty = false;
    if (pe_buffer_reserve(answer, READ_BYTES, err) != PE_OK)
        return PE_CHILD_FAILED;
    const ssize_t got = read(child->out, answer->data + answer->size, answer->room - answer->size);
    *is_empty = got < 0 && (errno == EAGAIN || errno == EINTR);
    if (got > 0) {
        answer->size += (size_t)got;
        return PE_CHILD_MOVED;
    }
    if (!*is_empty)
        shut(&child->out);
    return PE_CHILD_ENDED;
}

static bool is_dead(const pe_child *child)
{
    siginfo_t info = {0};
    const int asked = waitid(P_PID, (id_t)child->pid, &info, WEXITED | WNOHANG | WNOWAIT);
    return asked != 0 || info.si_pid == child->pid;
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

static bool is_over(const pe_child_talk *talk, pe_child_event *event)
{
    *event = PE_CHILD_STOPPED;
    if (is_stopped(talk->stop))
        return true;
    *event = PE_CHILD_LATE;
    return talk->deadline_ns != 0 && pe_clock_ns() >= talk->deadline_ns;
}

pe_child_event pe_child_talk_on(pe_child *child, pe_child_talk *talk, pe_error *err)
{
    pe_child_event event = PE_CHILD_ENDED;
    bool was_dead = false;
    while (child->out >= 0) {
        bool is_empty = true;
        if (is_over(talk, &event))
            return event;
        if (talk->size > 0 && write_some(child, talk))
            return PE_CHILD_MOVED;
        struct pollfd pipes[] = {{.fd = child->out, .events = POLLIN},
                                 {.fd = child->errors, .events = POLLIN},
                                 {.fd = talk->size > 0 ? child->in : PE_CHILD_NO_FD, .events = POLLOUT}};
        const int ready = poll(pipes, 3, was_dead ? 0 : wait_ms(talk->deadline_ns, SLICE_MS));
        if (ready > 0 && pipes[1].revents != 0)
            drain(child, &child->errors);
        if (ready > 0 && pipes[0].revents != 0)
            event = read_some(child, talk->answer, err, &is_empty);
        if (!is_empty)
            return event;
        if (was_dead) /* and nothing is left to read */
            shut(&child->out);
        else if (ready <= 0)
            was_dead = is_dead(child);
    }
    return PE_CHILD_ENDED;
}

bool pe_child_has_said(const pe_child *child)
{
    struct pollfd out = {.fd = child->out, .events = POLLIN};
    return child->out >= 0 && poll(&out, 1, 0) > 0;
}

void pe_child_close_in(pe_child *child)
{
    shut(&child->in);
}

static bool reap(pe_child *child, pe_child_end *end)
{
    int status = 0;
    const pid_t got = waitpid(child->pid, &status, WNOHANG);
    if (got == 0 || (got < 0 && errno == EINTR))
        return false;
    *end = (pe_child_end){.by_signal = false, .number = -1}; /* somebody else reaped it */
    if (got == child->pid)
        *end = (pe_child_end){.by_signal = WIFSIGNALED(status),
                              .number = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status)};
    return true;
}

/* One breath of waiting for an end: by the pipes that are open, else by the clock. */
static void breathe(pe_child *child, int *turn)
{
    const int ms = *turn < YIELDS ? 1 : *turn < 2 * YIELDS ? 5 : 20;
    struct pollfd pipes[] = {{.fd = child->out, .events = POLLIN}, {.fd = child->errors, .events = POLLIN}};
    if (child->out >= 0 || child->errors >= 0)
        (void)poll(pipes, 2, ms);
    else if (*turn < YIELDS)
        (void)sched_yield();
    else
        pe_sleep_ns((uint64_t)ms * MS_NS / 10);
    drain(child, &child->out);
    drain(child, &child->errors);
    ++*turn;
}

static pe_child_end kill_and_reap(pe_child *child)
{
    const uint64_t patience = pe_clock_ns() + KILLED_WITHIN_NS;
    pe_child_end end = {.by_signal = true, .number = SIGKILL};
    int turn = 0;
    (void)kill(-child->pid, SIGKILL);
    (void)kill(child->pid, SIGKILL); /* it may have left its group */
    while (!reap(child, &end) && pe_clock_ns() < patience)
        breathe(child, &turn);
    return end;
}

pe_child_end pe_child_finish(pe_child *child, uint64_t deadline_ns, const atomic_bool *stop, bool *was_killed)
{
    pe_child_end end = {.by_signal = false, .number = 0};
    int turn = 0;
    if (was_killed != NULL)
        *was_killed = false;
    if (child->pid == 0)
        return end;
    shut(&child->in);
    while (!reap(child, &end)) {
        if (is_stopped(stop) || (deadline_ns != 0 && pe_clock_ns() >= deadline_ns)) {
            end = kill_and_reap(child);
            if (was_killed != NULL)
                *was_killed = true;
            break;
        }
        breathe(child, &turn);
    }
    drain(child, &child->errors);
    shut(&child->out);
    shut(&child->errors);
    shut(&child->life);
    child->pid = 0;
    return end;
}

pe_child_end pe_child_kill(pe_child *child)
{
    return pe_child_finish(child, 1, NULL, NULL);
}

const char *pe_child_last_line(const pe_child *child, char out[PE_CHILD_WORDS])
{
    size_t end = child->tail_size;
    while (end > 0 && (unsigned char)child->tail[end - 1] <= ' ')
        end--;
    size_t begin = end;
    while (begin > 0 && child->tail[begin - 1] != '\n')
        begin--;
    const size_t size = end - begin < PE_CHILD_WORDS - 1 ? end - begin : PE_CHILD_WORDS - 1;
    for (size_t i = 0; i < size; i++) {
        const char c = child->tail[begin + i];
        const unsigned char byte = (unsigned char)c;
        out[i] = byte < ' ' || byte == 0x7F ? ' ' : c;
    }
    out[size] = '\0';
    return out;
}

const char *pe_child_print_end(pe_child_end end, char out[PE_CHILD_WORDS])
{
    (void)snprintf(out, PE_CHILD_WORDS, "%s %d", end.by_signal ? "signal" : "exit", end.number);
    return out;
}

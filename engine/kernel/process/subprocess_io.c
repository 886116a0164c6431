/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* subprocess_io.c - reads from, writes to, waits for and kills a child process.
 *
 * Design: one poll waits for all pipes of a child, for at most POLL_MS. After each poll the deadline and the run's stop
 *         are checked, and, when no pipe was ready, whether the child is dead. So the death of a child is noticed even
 *         while a grandchild keeps its pipes open.
 * Threads: a child belongs to one thread. SIGPIPE is blocked around each write, for that thread alone.
 * Not here: what the bytes mean.
 */
#include "kernel/process/subprocess.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/errno_text.h"
#include "kernel/process/last_process.h"
#include "os/interrupt.h"
#include "os/poll.h"

#define POLL_MS 200
#define READ_BYTES ((size_t)64 << 10)
#define LONG_BYTES ((size_t)1 << 20) /* an answer of more capacity is freed once it was used */
#define MS_NS 1000000u
#define KILL_WAIT_NS ((uint64_t)10000 * MS_NS) /* a killed child that waits for a dead disk does not end */
#define SHORT_WAITS 50                         /* a child that closed its pipes usually exits at once */
#define SAME_SIGNAL_MS 500                     /* that a signal to all processes may take to reach this one */

static void close_fd(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
    *fd = PE_SUBPROCESS_NO_FD;
}

/* As write, but EPIPE raises no SIGPIPE. */
static ssize_t write_without_sigpipe(int fd, const void *data, size_t size)
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

/* True when bytes were written. */
static bool write_some(pe_subprocess *process, pe_subprocess_io *io)
{
    const ssize_t written = process->in < 0 ? -1 : write_without_sigpipe(process->in, io->data, io->size);
    if (written > 0) {
        io->data += written;
        io->size -= (size_t)written;
        return true;
    }
    if (process->in < 0 || (errno != EAGAIN && errno != EINTR)) { /* the child reads no more; its answers still count */
        close_fd(&process->in);
        io->size = 0;
    }
    return false;
}

static void keep_stderr(pe_subprocess *process, const char *bytes, size_t size)
{
    const size_t added = size < PE_SUBPROCESS_STDERR_BYTES ? size : PE_SUBPROCESS_STDERR_BYTES;
    const size_t kept = process->stderr_size < PE_SUBPROCESS_STDERR_BYTES - added ? process->stderr_size
                                                                                  : PE_SUBPROCESS_STDERR_BYTES - added;
    memmove(process->stderr_bytes, process->stderr_bytes + process->stderr_size - kept, kept);
    memcpy(process->stderr_bytes + kept, bytes + size - added, added);
    process->stderr_size = kept + added;
}

/* Reads what is there: stderr is kept, all else dropped. Closes the pipe at its end. */
static void drain(pe_subprocess *process, int *fd)
{
    char bytes[4096];
    ssize_t got = 0;
    while (*fd >= 0 && (got = read(*fd, bytes, sizeof bytes)) > 0) {
        if (fd != &process->err)
            continue;
        keep_stderr(process, bytes, (size_t)got);
        if (process->on_stderr != NULL)
            process->on_stderr(process->on_stderr_context, bytes, (size_t)got);
    }
    if (*fd >= 0 && (got == 0 || (errno != EAGAIN && errno != EINTR)))
        close_fd(fd);
}

/* What was read until then is not the whole answer. */
static pe_subprocess_event cannot_read(int number, pe_error *err)
{
    char reason[PE_ERRNO_TEXT_SIZE];
    (void)pe_fail(err, PE_EIO, "cannot read what a process of the kernel prints: %s", pe_errno_text(number, reason));
    return PE_SUBPROCESS_FAILED;
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
        return PE_SUBPROCESS_PROGRESS;
    }
    if (*is_empty)
        return PE_SUBPROCESS_ENDED;
    const int number = errno;
    close_fd(&process->out);
    return got == 0 ? PE_SUBPROCESS_ENDED : cannot_read(number, err);
}

static bool is_dead(const pe_subprocess *process)
{
    siginfo_t info = {0};
    const int asked = waitid(P_PID, (id_t)process->pid, &info, WEXITED | WNOHANG | WNOWAIT);
    return asked != 0 || info.si_pid == process->pid;
}

static bool is_stopped(const atomic_bool *stop)
{
    return stop != NULL && atomic_load_explicit(stop, memory_order_relaxed); /* a late read only delays */
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

/* Where the system has no memory for poll, every pipe is tried after a millisecond. Returns the number
 * that poll found ready. */
static int wait_for_pipes(struct pollfd *pipes, nfds_t count, int ms)
{
    const int ready = pe_poll(pipes, count, ms);
    if (ready >= 0 || errno == EINTR)
        return ready;
    for (nfds_t p = 0; p < count; p++)
        pipes[p].revents = pipes[p].fd < 0 ? 0 : pipes[p].events;
    return 0;
}

static bool is_over(const pe_subprocess_io *io, pe_subprocess_event *event)
{
    *event = PE_SUBPROCESS_STOPPED;
    if (is_stopped(io->stop))
        return true;
    *event = PE_SUBPROCESS_TIMEOUT;
    return io->deadline_ns != 0 && pe_clock_ns() >= io->deadline_ns;
}

pe_subprocess_event pe_subprocess_exchange(pe_subprocess *process, pe_subprocess_io *io, pe_error *err)
{
    pe_subprocess_event event = PE_SUBPROCESS_ENDED;
    bool was_dead = false;
    while (process->out >= 0) {
        bool is_empty = true;
        if (is_over(io, &event))
            return event;
        if (io->size > 0 && write_some(process, io))
            return PE_SUBPROCESS_PROGRESS;
        struct pollfd pipes[] = {{.fd = process->out, .events = POLLIN},
                                 {.fd = process->err, .events = POLLIN},
                                 {.fd = io->size > 0 ? process->in : PE_SUBPROCESS_NO_FD, .events = POLLOUT}};
        const int ready = wait_for_pipes(pipes, 3, was_dead ? 0 : wait_ms(io->deadline_ns, POLL_MS));
        if (pipes[1].revents != 0)
            drain(process, &process->err);
        if (pipes[0].revents != 0)
            event = read_some(process, io->answer, err, &is_empty);
        if (!is_empty)
            return event;
        if (was_dead) /* and everything was read */
            close_fd(&process->out);
        else if (ready <= 0)
            was_dead = is_dead(process);
    }
    return PE_SUBPROCESS_ENDED;
}

void pe_subprocess_forget(pe_buffer *answer, size_t *used)
{
    pe_error ignored = PE_ERROR_INIT; /* without memory for a copy, the answer stays as it is */
    pe_buffer rest = {0};
    if (answer->capacity <= LONG_BYTES ||
        pe_buffer_append(&rest, answer->data + *used, answer->size - *used, &ignored) != PE_OK)
        return;
    pe_buffer_fini(answer);
    *answer = rest;
    *used = 0;
}

bool pe_subprocess_has_output(const pe_subprocess *process)
{
    struct pollfd out = {.fd = process->out, .events = POLLIN};
    return process->out >= 0 && poll(&out, 1, 0) > 0;
}

void pe_subprocess_close_in(pe_subprocess *process)
{
    close_fd(&process->in);
}

static bool reap(pe_subprocess *process, pe_subprocess_end *end)
{
    siginfo_t seen = {.si_pid = 0};
    int status = 0;
    if (process->kills_group && waitid(P_PID, (id_t)process->pid, &seen, WEXITED | WNOHANG | WNOWAIT) == 0 &&
        seen.si_pid == process->pid)
        (void)kill(-process->pid, SIGKILL); /* not after the reaping: then its number may be another group's */
    const pid_t got = waitpid(process->pid, &status, WNOHANG);
    if (got == 0 || (got < 0 && errno == EINTR))
        return false;
    *end = (pe_subprocess_end){.by_signal = false, .number = -1}; /* another thread reaped it */
    if (got == process->pid)
        *end = (pe_subprocess_end){.by_signal = WIFSIGNALED(status),
                                   .number = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status)};
    return true;
}

/* Waits a little for the child to exit: on the pipes that are open, else by the clock. */
static void wait_a_little(pe_subprocess *process, int *turn)
{
    const int ms = *turn < SHORT_WAITS ? 1 : *turn < 2 * SHORT_WAITS ? 5 : 20;
    struct pollfd pipes[] = {{.fd = process->out, .events = POLLIN}, {.fd = process->err, .events = POLLIN}};
    if (process->out >= 0 || process->err >= 0)
        (void)wait_for_pipes(pipes, 2, ms);
    else if (*turn < SHORT_WAITS)
        (void)sched_yield();
    else
        pe_sleep_ns((uint64_t)ms * MS_NS / 10);
    drain(process, &process->out);
    drain(process, &process->err);
    ++*turn;
}

static pe_subprocess_end kill_and_reap(pe_subprocess *process)
{
    const uint64_t deadline_ns = pe_clock_ns() + KILL_WAIT_NS;
    pe_subprocess_end end = {.by_signal = true, .number = SIGKILL};
    int turn = 0;
    (void)kill(-process->pid, SIGKILL);
    (void)kill(process->pid, SIGKILL); /* in case it left its group */
    while (!reap(process, &end) && pe_clock_ns() < deadline_ns)
        wait_a_little(process, &turn);
    return end;
}

/* A signal to every process of a job (scancel; Ctrl-C while a child has no process group of its own yet) ends a child perhaps
 * before this process gets its signal. Once it has, the caller does not take the child's end for a failure of its item. */
static void await_same_signal(pe_subprocess_end end, const atomic_bool *stop)
{
    if (!end.by_signal || !pe_interrupt_catches(end.number))
        return;
    for (int ms = 0; ms < SAME_SIGNAL_MS && pe_interrupt_seen() == NULL && !is_stopped(stop); ms++)
        pe_sleep_ns(MS_NS);
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
    close_fd(&process->in);
    while (!reap(process, &end)) {
        if (is_stopped(stop) || (deadline_ns != 0 && pe_clock_ns() >= deadline_ns)) {
            end = kill_and_reap(process);
            if (was_killed != NULL)
                *was_killed = true;
            break;
        }
        wait_a_little(process, &turn);
    }
    drain(process, &process->err);
    close_fd(&process->out);
    close_fd(&process->err);
    close_fd(&process->parent_pipe);
    process->pid = 0;
    await_same_signal(end, stop);
    pe_last_process_ended(end);
    return end;
}

pe_subprocess_end pe_subprocess_kill(pe_subprocess *process)
{
    return pe_subprocess_finish(process, 1, NULL, NULL);
}

const char *pe_subprocess_last_line(const pe_subprocess *process, char out[PE_SUBPROCESS_TEXT_ROOM])
{
    size_t end = process->stderr_size;
    while (end > 0 && (unsigned char)process->stderr_bytes[end - 1] <= ' ')
        end--;
    size_t begin = end;
    while (begin > 0 && process->stderr_bytes[begin - 1] != '\n')
        begin--;
    const size_t size = end - begin < PE_SUBPROCESS_TEXT_ROOM - 1 ? end - begin : PE_SUBPROCESS_TEXT_ROOM - 1;
    for (size_t i = 0; i < size; i++) {
        const char c = process->stderr_bytes[begin + i];
        const unsigned char byte = (unsigned char)c;
        out[i] = byte < ' ' || byte == 0x7F ? ' ' : c;
    }
    out[size] = '\0';
    return out;
}

const char *pe_subprocess_print_end(pe_subprocess_end end, char out[PE_SUBPROCESS_TEXT_ROOM])
{
    (void)snprintf(out, PE_SUBPROCESS_TEXT_ROOM, "%s %d", end.by_signal ? "signal" : "exit", end.number);
    return out;
}

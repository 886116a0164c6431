/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* isolate_helper.c - starts, asks and buries the process of one worker.
 *
 * Design:   an end of the process is seen as the end of its socket. Where something else still holds the socket (a process
 *           that the kernel started), or the process lives on without it, we look at the process itself every now and then.
 *           So no wait for a process outlasts the process.
 * Threads:  a helper belongs to one worker; several fork at the same time.
 * Not here: what to ask, whom to blame (isolate.c).
 */
#define _GNU_SOURCE /* SOCK_CLOEXEC */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "kernel/isolate/isolate_internal.h"

#define LOOK_MS 200                               /* between looks at a process that says nothing */
#define BURIAL_NS ((uint64_t)100 * 1000 * 1000)   /* for the end of a process whose socket has ended */
#define KILLING_NS ((uint64_t)5000 * 1000 * 1000) /* for the end of one that was killed */
#define CLOSING_NS ((uint64_t)5000 * 1000 * 1000) /* for the kernel's close */
#define LEAST_NAP_NS ((uint64_t)50 * 1000)
#define MOST_NAP_NS ((uint64_t)5 * 1000 * 1000)
#define FORK_TRIES 10 /* memory or a process number may come free */
#define FORK_NAP_NS ((uint64_t)20 * 1000 * 1000)

static void note_end(pe_isolate_helper *helper, bool is_known, int status)
{
    helper->pid = 0;
    helper->death = (pe_isolate_death){.is_known = is_known,
                                       .by_signal = WIFSIGNALED(status),
                                       .number = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status)};
}

/* True when the process has ended; then it is reaped, and what it started is killed while its number is still taken. */
static bool has_ended(pe_isolate_helper *helper)
{
    siginfo_t seen = {.si_pid = 0};
    int status = 0;
    if (waitid(P_PID, (id_t)helper->pid, &seen, WEXITED | WNOHANG | WNOWAIT) == 0 && seen.si_pid == 0)
        return false;
    if (seen.si_pid != 0)
        (void)kill(-helper->pid, SIGKILL);
    const bool is_known = waitpid(helper->pid, &status, WNOHANG) == helper->pid; /* else the system reaped it for us */
    note_end(helper, is_known, status);
    return true;
}

static bool ends_within(pe_isolate_helper *helper, uint64_t most_ns)
{
    const uint64_t until = pe_clock_ns() + most_ns;
    uint64_t nap_ns = LEAST_NAP_NS;
    while (!has_ended(helper)) {
        if (pe_clock_ns() >= until)
            return false;
        pe_sleep_ns(nap_ns);
        nap_ns = nap_ns * 2 < MOST_NAP_NS ? nap_ns * 2 : MOST_NAP_NS;
    }
    return true;
}

static void hang_up(pe_isolate_helper *helper)
{
    if (helper->fd >= 0)
        (void)close(helper->fd);
    helper->fd = -1;
}

/* One that even this does not end soon is stuck in the system: it will never run again, so it is left behind. */
static void kill_process(pe_isolate_helper *helper)
{
    (void)kill(-helper->pid, SIGKILL);
    (void)kill(helper->pid, SIGKILL);
    if (!ends_within(helper, KILLING_NS))
        note_end(helper, false, 0);
}

/* After the end of its socket. */
static void bury(pe_isolate_helper *helper)
{
    hang_up(helper);
    if (helper->pid != 0 && !ends_within(helper, BURIAL_NS))
        kill_process(helper);
}

typedef enum sound { SOUND_NONE, SOUND_ANSWER, SOUND_END } sound;

static sound listen_for(const pe_isolate_helper *helper, int most_ms)
{
    struct pollfd waits = {.fd = helper->fd, .events = POLLIN};
    char turn = 0;
    if (poll(&waits, 1, most_ms) <= 0)
        return SOUND_NONE;
    const ssize_t got = recv(helper->fd, &turn, 1, MSG_DONTWAIT);
    if (got < 0 && (errno == EINTR || errno == EAGAIN))
        return SOUND_NONE;
    return got == 1 ? SOUND_ANSWER : SOUND_END;
}

/* The answer to what was asked; deadline_ns 0: wait as long as the process lives. */
static pe_isolate_end hear(pe_isolate_helper *helper, uint64_t deadline_ns)
{
    for (;;) {
        const uint64_t now = pe_clock_ns();
        const bool is_late = deadline_ns != 0 && now >= deadline_ns;
        const uint64_t left_ms = deadline_ns == 0 ? LOOK_MS : is_late ? 0 : (deadline_ns - now) / 1000000u + 1;
        const sound heard = listen_for(helper, left_ms < LOOK_MS ? (int)left_ms : LOOK_MS);
        const bool is_dead = heard == SOUND_END || (heard == SOUND_NONE && has_ended(helper));
        if (heard == SOUND_ANSWER || (is_dead && listen_for(helper, 0) == SOUND_ANSWER))
            return PE_ISOLATE_ANSWERED;
        if (is_dead) {
            bury(helper);
            return PE_ISOLATE_DIED;
        }
        if (is_late) {
            kill_process(helper);
            hang_up(helper);
            return PE_ISOLATE_LATE;
        }
    }
}

static pid_t try_fork(void)
{
    pid_t pid = fork();
    for (int tries = 1; pid < 0 && (errno == EAGAIN || errno == ENOMEM) && tries < FORK_TRIES; tries++) {
        pe_sleep_ns(FORK_NAP_NS);
        pid = fork();
    }
    return pid;
}

static int opened(pe_isolate_helper *helper)
{
    if (hear(helper, 0) != PE_ISOLATE_ANSWERED) /* as a shell would say it */
        return helper->death.by_signal     ? 128 + helper->death.number
               : helper->death.number != 0 ? helper->death.number
                                           : 1;
    const int refused = helper->area.sheet->stopped;
    if (refused != 0)
        pe_isolate_stop(helper);
    return refused;
}

int pe_isolate_start(pe_isolate_helper *helper)
{
    int ends[2] = {-1, -1};
    const pid_t parent = getpid();
    helper->refused = 0;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return helper->refused = errno;
    const pid_t pid = try_fork();
    if (pid == 0)
        pe_isolate_serve(helper->self, &helper->area, helper->setup, ends[1], parent);
    if (pid < 0)
        helper->refused = errno;
    (void)close(ends[1]);
    helper->fd = ends[0];
    helper->pid = pid;
    if (pid < 0) {
        helper->pid = 0;
        hang_up(helper);
        return helper->refused;
    }
    (void)setpgid(pid, pid); /* both sides, so that it is done whoever comes first */
    helper->refused = opened(helper);
    return helper->refused;
}

void pe_isolate_stop(pe_isolate_helper *helper)
{
    hang_up(helper);
    if (helper->pid != 0 && !ends_within(helper, CLOSING_NS))
        kill_process(helper);
}

static bool say(const pe_isolate_helper *helper)
{
    ssize_t sent;
    do
        sent = send(helper->fd, "", 1, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent == 1;
}

pe_isolate_end pe_isolate_ask(pe_isolate_helper *helper, uint64_t timeout_ns)
{
    const pe_isolate_sheet question = *helper->area.sheet; /* a process's start clears the sheet */
    if (helper->pid != 0 && !say(helper))
        bury(helper); /* it died while it had nothing to do: that blames no item */
    else if (helper->pid != 0)
        return hear(helper, timeout_ns == 0 ? 0 : pe_clock_ns() + timeout_ns);
    if (pe_isolate_start(helper) != 0)
        return PE_ISOLATE_NONE;
    *helper->area.sheet = question;
    if (!say(helper)) {
        bury(helper);
        return PE_ISOLATE_DIED;
    }
    return hear(helper, timeout_ns == 0 ? 0 : pe_clock_ns() + timeout_ns);
}

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* lost_rank.c - ends the job with one message when the heartbeats of a rank stop.
 *
 * Invariant: at most one rank prints the message; no rank waits longer than the timeout and a few seconds.
 * Design:   calls of MPI that involve the lost rank never return, so the process cleans up and exits at once, as after
 *           a crash. Rank 0 has the shortest timeout and prints the message. If rank 0 is lost, the others wait for a
 *           turn that depends on their rank, and a rank that receives SIGTERM meanwhile prints nothing.
 *           Then the rank ends the launcher with two SIGTERM, on which mpirun and its daemons exit at once, as on a
 *           second Ctrl-C. An exit code alone is not enough: mpirun then ends the other ranks so late that another one
 *           may print the message as well, and adds its own notice (tests/fault/test_lost.py); and when a host is gone,
 *           mpirun waits for its daemon there until TCP gives up after a quarter of an hour, as each daemon waits for
 *           mpirun (tests/cluster/hosts.sh). Open MPI passes no process id of the launcher to a rank, so it is found
 *           among the ancestors by the name of its program. Under another launcher, such as srun, nothing is signalled.
 * Threads:  the heartbeat's thread (comm/heartbeat.h).
 * Not here: which rank is lost (comm/heartbeat.c), which files are removed (os/exit_cleanup.c).
 */
#include "run/lost_rank.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "os/exit_cleanup.h"
#include "os/interrupt.h"
#include "run/reports/emergency.h"

#define NS_PER_S ((uint64_t)1000000000)
#define INTERVAL_NS (2 * NS_PER_S)
#define NOTICE_NS (NS_PER_S / 2) /* in which the main thread sees a signal */
#define TIMEOUT_NS (15 * NS_PER_S)
#define LATER_NS (5 * NS_PER_S)    /* by which the timeout of other ranks is longer than rank 0's */
#define TURN_NS (3 * NS_PER_S / 2) /* between the turns of two ranks: to print, and to end the others through mpirun */
#define MOST_TURNS 5
#define TURN_POLL_NS (NS_PER_S / 100)
#define PRINT_NS (NS_PER_S / 2)            /* for the launcher to forward the message */
#define SIGTERM_GAP_NS (NS_PER_S * 3 / 10) /* so that the launcher sees two signals */
#define MOST_ANCESTORS 8
#define HOST_ROOM 256
#define MESSAGE_ROOM 512

static int own_rank; /* written before the heartbeat's thread is created, then only read */

/* ---- the launcher ---- */

/* mpirun or its daemon, of Open MPI 4 (orterun, orted) or 5 (prterun, prted). */
static bool is_launcher(pid_t pid)
{
    static const char *const names[] = {"orterun", "orted", "prterun", "prted"};
    char link[32], program[4096];
    (void)snprintf(link, sizeof link, "/proc/%ld/exe", (long)pid);
    const ssize_t size = readlink(link, program, sizeof program - 1);
    if (size <= 0)
        return false;
    program[size] = '\0';
    const char *const slash = strrchr(program, '/');
    for (size_t n = 0; slash != NULL && n < sizeof names / sizeof *names; n++)
        if (strcmp(slash + 1, names[n]) == 0)
            return true;
    return false;
}

/* From "PID (NAME) STATE PARENT ...". NAME may contain any character, also ")". */
static pid_t parent_of(pid_t pid)
{
    char path[32], text[512];
    (void)snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    const ssize_t size = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (fd >= 0)
        (void)close(fd);
    if (size <= 0)
        return 0;
    text[size] = '\0';
    const char *const name_end = strrchr(text, ')');
    return name_end == NULL || strlen(name_end) < 4 ? 0 : (pid_t)strtol(name_end + 4, NULL, 10);
}

static void end_launcher(void)
{
    pid_t pid = getppid();
    for (int up = 0; up < MOST_ANCESTORS && pid > 1 && !is_launcher(pid); up++)
        pid = parent_of(pid);
    if (pid <= 1 || !is_launcher(pid))
        return;
    (void)kill(pid, SIGTERM);
    pe_sleep_ns(SIGTERM_GAP_NS);
    (void)kill(pid, SIGTERM);
}

/* ---- the message ---- */

static void describe(const pe_silent_ranks *silent, char out[MESSAGE_ROOM])
{
    char on_host[PE_HEARTBEAT_HOST_ROOM + 16] = "", more[48] = "";
    if (silent->host[0] != '\0')
        (void)snprintf(on_host, sizeof on_host, " on host %s", silent->host);
    if (silent->more > 0)
        (void)snprintf(more, sizeof more, " and %d more rank%s", silent->more, silent->more == 1 ? "" : "s");
    (void)snprintf(out, MESSAGE_ROOM,
                   "rank %d%s%s: nothing heard for %d s: the host or its network is down, or the process was stopped; "
                   "the job ends",
                   silent->rank, on_host, more, (int)(silent->silent_ns / NS_PER_S));
}

static void print_message(const char *message)
{
    char line[MESSAGE_ROOM + 32];
    const int size = snprintf(line, sizeof line, "%spengine: %s\n", isatty(STDERR_FILENO) ? "\r\033[K" : "", message);
    const ssize_t put = write(STDERR_FILENO, line, (size_t)size);
    (void)put;
}

/* Waits for this rank's turn to print. False when a signal came, because another rank has printed and ended the
 * launcher. */
static bool is_my_turn(void)
{
    const int turn = own_rank < 1 ? 0 : own_rank - 1;
    const uint64_t until = pe_clock_ns() + (uint64_t)(turn < MOST_TURNS ? turn : MOST_TURNS) * TURN_NS;
    while (pe_clock_ns() < until && pe_interrupt_seen() == NULL)
        pe_sleep_ns(TURN_POLL_NS);
    return turn < MOST_TURNS && pe_interrupt_seen() == NULL;
}

static void end_job(void *unused, const pe_silent_ranks *silent)
{
    char message[MESSAGE_ROOM];
    (void)unused;
    describe(silent, message);
    pe_emergency_write(PE_EIO, message);
    pe_exit_cleanup_final();
    if (is_my_turn()) {
        print_message(message);
        pe_sleep_ns(PRINT_NS);
    }
    end_launcher();
    _exit(pe_status_exit(PE_EIO));
}

/* When a rank crashes, mpirun sends the others SIGTERM and one second later SIGKILL. Rank 0 may spend that second
 * waiting for the last message of the rank that crashed, so temporary files are removed here, in the heartbeat's
 * thread. Before that the main thread has the time to see the signal, and to keep what a checkpoint will describe. Rank
 * 0 writes what it knows as reports; a run that still ends in order writes its own over these. */
static void answer_sigterm(void *unused)
{
    (void)unused;
    static uint64_t seen_ns; /* the heartbeat's thread alone */
    const char *seen = pe_interrupt_seen();
    if (seen == NULL || strcmp(seen, "SIGTERM") != 0)
        return;
    if (seen_ns == 0)
        seen_ns = pe_clock_ns();
    if (pe_clock_ns() - seen_ns > NOTICE_NS)
        pe_exit_cleanup_now();
    pe_emergency_write(PE_ESTOPPED, "the ranks were ended, by a signal or since one of them was lost");
}

pe_status pe_lost_rank_watch(pe_comm *comm, pe_heartbeat **out, pe_error *err)
{
    char host[HOST_ROOM] = "";
    (void)gethostname(host, sizeof host - 1);
    own_rank = pe_comm_rank(comm);
    const pe_heartbeat_spec spec = {.interval_ns = INTERVAL_NS,
                                    .timeout_ns = own_rank == 0 ? TIMEOUT_NS : TIMEOUT_NS + LATER_NS,
                                    .host = host,
                                    .poll = answer_sigterm,
                                    .lost = end_job};
    return pe_heartbeat_begin(comm, &spec, out, err);
}

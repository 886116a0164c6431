/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* lost_rank.c - a rank of which nothing is heard any more ends the job, with one message.
 *
 * Design:   what waits for the lost rank inside MPI waits for ever, so the process ends in the middle of everything, as
 *           after a crash. Rank 0 is the first to notice, and speaks. Where it is rank 0 that is lost, the others speak
 *           by turns, and who is being ended meanwhile stays silent.
 *           Open MPI's mpirun has no limit of time of its own: it would wait for its daemon on the lost host until TCP
 *           gives up, a quarter of an hour, and so would that daemon. Both end at once on a second SIGTERM, as on a
 *           second Ctrl-C; so each rank sends these to the one that started it, whom it finds among its ancestors.
 * Threads:  the heartbeat's (exec/heartbeat.h).
 * Not here: who is lost (exec/heartbeat.c), what must not stay (os/exit_cleanup.c).
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

#define NS_PER_S ((uint64_t)1000000000)
#define BEAT_NS (2 * NS_PER_S)
#define LIMIT_NS (15 * NS_PER_S)
#define LATER_NS (5 * NS_PER_S)    /* that the others leave to rank 0 */
#define TURN_NS (3 * NS_PER_S / 2) /* that a rank leaves to the one before it: to speak, and to have it ended */
#define MOST_TURNS 5
#define LOOK_NS (NS_PER_S / 100)
#define SPEAK_NS (NS_PER_S / 2)      /* for the message on its way through the launcher */
#define TWICE_NS (NS_PER_S * 3 / 10) /* between two signals that count as two */
#define MOST_ANCESTORS 8
#define HOST_ROOM 256

static int own_rank; /* written once, before the heartbeat has its thread */

/* ---- the launcher ---- */

/* Open MPI's, in version 4 and in version 5. */
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

/* From "PID (NAME) STATE PARENT ..."; a name may hold anything. */
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
    pe_sleep_ns(TWICE_NS);
    (void)kill(pid, SIGTERM);
}

/* ---- the message ---- */

static void speak(const pe_silence *who)
{
    char on_host[PE_HEARTBEAT_HOST_ROOM + 16] = "", more[48] = "", line[512];
    if (who->host[0] != '\0')
        (void)snprintf(on_host, sizeof on_host, " on host %s", who->host);
    if (who->more > 0)
        (void)snprintf(more, sizeof more, " and %d more rank%s", who->more, who->more == 1 ? "" : "s");
    const int size =
        snprintf(line, sizeof line,
                 "%spengine: rank %d%s%s: nothing heard for %d s: the host or its network is down, or the "
                 "process was stopped; the job ends\n",
                 isatty(STDERR_FILENO) ? "\r\033[K" : "", who->rank, on_host, more, (int)(who->silent_ns / NS_PER_S));
    const ssize_t put = write(STDERR_FILENO, line, (size_t)size);
    (void)put;
}

/* Waits for this rank's turn; false when another one has spoken by then. */
static bool is_my_turn(void)
{
    const int turn = own_rank < 1 ? 0 : own_rank - 1;
    const uint64_t until = pe_clock_ns() + (uint64_t)(turn < MOST_TURNS ? turn : MOST_TURNS) * TURN_NS;
    while (pe_clock_ns() < until && pe_interrupt_seen() == NULL)
        pe_sleep_ns(LOOK_NS);
    return turn < MOST_TURNS && pe_interrupt_seen() == NULL;
}

static void end_job(void *unused, const pe_silence *who)
{
    (void)unused;
    pe_exit_cleanup_final();
    if (is_my_turn()) {
        speak(who);
        pe_sleep_ns(SPEAK_NS);
    }
    end_launcher();
    _exit(pe_status_exit(PE_EIO));
}

/* mpirun ends the ranks of a run when one of them crashed: SIGTERM, and one second later SIGKILL. Meanwhile rank 0 waits for
 * the last word of a rank that is gone, and what it keeps for the end would stay. Of a run that ends in good order after
 * all it takes nothing: that is not kept either. */
static void look(void *unused)
{
    (void)unused;
    const char *seen = pe_interrupt_seen();
    if (seen != NULL && strcmp(seen, "SIGTERM") == 0)
        pe_exit_cleanup_now();
}

pe_status pe_lost_rank_watch(pe_comm *comm, pe_heartbeat **out, pe_error *err)
{
    char host[HOST_ROOM] = "";
    (void)gethostname(host, sizeof host - 1);
    own_rank = pe_comm_rank(comm);
    const pe_heartbeat_spec spec = {.beat_ns = BEAT_NS,
                                    .limit_ns = own_rank == 0 ? LIMIT_NS : LIMIT_NS + LATER_NS,
                                    .host = host,
                                    .look = look,
                                    .lost = end_job};
    return pe_heartbeat_begin(comm, &spec, out, err);
}

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* subprocess.c - starts a program with pipes in the numbers it expects.
 *
 * Design: our ends are non-blocking and closed on exec; the process's ends lie above the numbers that it will see, so that
 *         no dup2 of the spawn treads on another. Nothing else of this process reaches the process: descriptors above its
 *         own are closed, signals are at their defaults, and OMPI_, PMIX_ and PMI_ leave its environment, or a program
 *         that uses MPI itself would take itself for this rank.
 * Threads: no state; pipe2 and posix_spawn are atomic against other threads' spawns.
 * Not here: the talk and the end (process_talk.c).
 */
#define _GNU_SOURCE /* F_SETPIPE_SZ, pipe2, posix_spawn_file_actions_addclosefrom_np */

#include "kernel/process/subprocess.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/errno_text.h"

#define FIRST_FREE_FD 8 /* above all numbers that a process is given */
#define PIPES 4

extern char **environ;

/* ends[0] is read from, ends[1] written to; `theirs` of them goes to the process as number `as`. */
typedef struct pipe_pair {
    int ends[2];
    int theirs;
    int as;
    int *ours; /* where our end goes */
} pipe_pair;

static void close_pair(pipe_pair *pair)
{
    for (int e = 0; e < 2; e++) {
        if (pair->ends[e] >= 0)
            (void)close(pair->ends[e]);
        pair->ends[e] = PE_SUBPROCESS_NO_FD;
    }
}

static int lift(int *fd)
{
    if (*fd >= FIRST_FREE_FD)
        return 0;
    const int lifted = fcntl(*fd, F_DUPFD_CLOEXEC, FIRST_FREE_FD);
    if (lifted < 0)
        return errno;
    (void)close(*fd);
    *fd = lifted;
    return 0;
}

/* pipe_bytes is a wish: a user with many pipes is refused it, and does without. */
static int open_pair(pipe_pair *pair, int pipe_bytes)
{
    if (pipe2(pair->ends, O_CLOEXEC) != 0) {
        pair->ends[0] = pair->ends[1] = PE_SUBPROCESS_NO_FD;
        return errno;
    }
    const int ours = pair->ends[1 - pair->theirs];
    const int flags = fcntl(ours, F_GETFL);
    if (flags < 0 || fcntl(ours, F_SETFL, flags | O_NONBLOCK) != 0)
        return errno;
    if (pipe_bytes > 0)
        (void)fcntl(ours, F_SETPIPE_SZ, pipe_bytes);
    return lift(&pair->ends[pair->theirs]);
}

static int open_pairs(const pe_subprocess_spec *spec, pe_subprocess *process, pipe_pair pairs[PIPES], int *count)
{
    int number = 0;
    *count = 0;
    if (spec->in_fd != PE_SUBPROCESS_NO_FD)
        pairs[(*count)++] = (pipe_pair){.theirs = 0, .as = spec->in_fd, .ours = &process->in};
    pairs[(*count)++] = (pipe_pair){.theirs = 1, .as = spec->out_fd, .ours = &process->out};
    if (spec->keeps_errors)
        pairs[(*count)++] = (pipe_pair){.theirs = 1, .as = STDERR_FILENO, .ours = &process->errors};
    if (spec->has_life)
        pairs[(*count)++] = (pipe_pair){.theirs = 0, .as = PE_SUBPROCESS_LIFE_FD, .ours = &process->life};
    for (int p = 0; p < *count; p++)
        pairs[p].ends[0] = pairs[p].ends[1] = PE_SUBPROCESS_NO_FD;
    for (int p = 0; p < *count && number == 0; p++)
        number = open_pair(&pairs[p], pairs[p].as == spec->in_fd || pairs[p].as == spec->out_fd ? spec->pipe_bytes : 0);
    return number;
}

/* In the order in which the process does them. */
static int add_actions(const pe_subprocess_spec *spec, const pipe_pair *pairs, int count,
                       posix_spawn_file_actions_t *actions)
{
    int number = 0;
    if (spec->gift != PE_SUBPROCESS_NO_FD) /* before its own number is taken */
        number = posix_spawn_file_actions_adddup2(actions, spec->gift, PE_SUBPROCESS_GIFT_FD);
    if (number == 0 && !spec->keeps_errors && fcntl(STDERR_FILENO, F_GETFD) < 0)
        number = posix_spawn_file_actions_addopen(actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    if (number == 0 && spec->in_fd != STDIN_FILENO)
        number = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    for (int p = 0; p < count && number == 0; p++)
        number = posix_spawn_file_actions_adddup2(actions, pairs[p].ends[pairs[p].theirs], pairs[p].as);
    if (number == 0 && spec->out_fd != STDOUT_FILENO)
        number = posix_spawn_file_actions_adddup2(actions, STDERR_FILENO, STDOUT_FILENO);
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 34)
    if (number == 0)
        number = posix_spawn_file_actions_addclosefrom_np(actions, FIRST_FREE_FD);
#endif
    return number;
}

static int set_attributes(posix_spawnattr_t *attributes)
{
    static const int plain[] = {SIGPIPE, SIGINT, SIGQUIT, SIGTERM, SIGCHLD, SIGIO, SIGALRM, SIGUSR1, SIGUSR2};
    sigset_t defaults, none;
    (void)sigemptyset(&none);
    (void)sigemptyset(&defaults);
    for (size_t s = 0; s < sizeof plain / sizeof *plain; s++)
        (void)sigaddset(&defaults, plain[s]);
    int number = posix_spawnattr_setsigdefault(attributes, &defaults);
    if (number == 0)
        number = posix_spawnattr_setsigmask(attributes, &none);
    if (number == 0)
        number = posix_spawnattr_setpgroup(attributes, 0);
    if (number == 0)
        number = posix_spawnattr_setflags(attributes,
                                          POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
    return number;
}

static bool is_of_launcher(const char *variable)
{
    return strncmp(variable, "OMPI_", 5) == 0 || strncmp(variable, "PMIX_", 5) == 0 ||
           strncmp(variable, "PMI_", 4) == 0;
}

/* The environment without the launcher's marks: borrowed strings in an array to be freed. */
static int make_environment(char ***out)
{
    size_t count = 0, kept = 0;
    while (environ != NULL && environ[count] != NULL)
        count++;
    char **made = malloc((count + 1) * sizeof *made);
    if (made == NULL)
        return ENOMEM;
    for (size_t v = 0; v < count; v++)
        if (!is_of_launcher(environ[v]))
            made[kept++] = environ[v];
    made[kept] = NULL;
    *out = made;
    return 0;
}

/* Where processes are reaped by the system itself (SIGCHLD ignored, as some launchers leave it), no one learns how they
 * ended. */
static void keep_ends(void)
{
    struct sigaction action;
    if (sigaction(SIGCHLD, NULL, &action) == 0 && (action.sa_flags & SA_SIGINFO) == 0 && action.sa_handler == SIG_IGN) {
        action.sa_handler = SIG_DFL;
        (void)sigaction(SIGCHLD, &action, NULL);
    }
}

static int spawn(const pe_subprocess_spec *spec, const pipe_pair *pairs, int count, pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    char **environment = NULL;
    int number = posix_spawn_file_actions_init(&actions);
    if (number != 0)
        return number;
    number = posix_spawnattr_init(&attributes);
    if (number != 0) {
        (void)posix_spawn_file_actions_destroy(&actions);
        return number;
    }
    number = add_actions(spec, pairs, count, &actions);
    if (number == 0)
        number = set_attributes(&attributes);
    if (number == 0)
        number = make_environment(&environment);
    keep_ends();
    if (number == 0) {
        char *const *argv = NULL; /* posix_spawn does not write to the strings */
        memcpy(&argv, &spec->argv, sizeof argv);
        number = posix_spawnp(pid, spec->program, &actions, &attributes, argv, environment);
    }
    free(environment);
    (void)posix_spawnattr_destroy(&attributes);
    (void)posix_spawn_file_actions_destroy(&actions);
    return number;
}

static bool is_shortage(int number)
{
    return number == EAGAIN || number == ENOMEM || number == EMFILE || number == ENFILE;
}

pe_status pe_subprocess_start(const pe_subprocess_spec *spec, pe_subprocess *process, pe_error *err)
{
    pipe_pair pairs[PIPES];
    int count = 0;
    pid_t pid = 0;
    *process = (pe_subprocess){.in = PE_SUBPROCESS_NO_FD,
                               .out = PE_SUBPROCESS_NO_FD,
                               .errors = PE_SUBPROCESS_NO_FD,
                               .life = PE_SUBPROCESS_NO_FD};
    int number = open_pairs(spec, process, pairs, &count);
    if (number == 0)
        number = spawn(spec, pairs, count, &pid);
    if (number != 0) {
        char reason[PE_ERRNO_TEXT_SIZE];
        for (int p = 0; p < count; p++)
            close_pair(&pairs[p]);
        return pe_fail(err, is_shortage(number) ? PE_ENOMEM : PE_EKERNEL, "%s: %s", spec->program,
                       pe_errno_text(number, reason));
    }
    for (int p = 0; p < count; p++) {
        *pairs[p].ours = pairs[p].ends[1 - pairs[p].theirs];
        (void)close(pairs[p].ends[pairs[p].theirs]);
    }
    process->pid = pid;
    return PE_OK;
}

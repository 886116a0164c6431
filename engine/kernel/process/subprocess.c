/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* subprocess.c - starts a child process whose pipes have the descriptor numbers that it expects.
 *
 * Design: our ends of the pipes are non-blocking and close-on-exec. The child's ends are first opened above the numbers
 *         that the child uses, so that no dup2 of the spawn overwrites an end that a later dup2 needs. A program inherits
 *         nothing else: higher descriptors are closed, signals have their defaults, and the variables OMPI_*, PMIX_* and
 *         PMI_* are removed from the environment, since a program that calls MPI_Init would take itself for this rank.
 * Threads: no state; pipe2 and posix_spawn are atomic against spawns of other threads.
 * Not here: reading, writing, waiting for the end (subprocess_io.c).
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

#include "base/clock.h"
#include "base/errno_text.h"

#define FIRST_FREE_FD 8  /* above all numbers that a child uses */
#define FORK_ATTEMPTS 10 /* memory or a process number may become free */
#define FORK_WAIT_NS ((uint64_t)20 * 1000 * 1000)
#define PIPES 4

extern char **environ;

/* One pipe: ends[0] is for reading, ends[1] for writing. */
typedef struct pipe_pair {
    int ends[2];
    int child_end;  /* 0 or 1 */
    int child_fd;   /* its number in the child */
    int *parent_fd; /* receives the other end */
} pipe_pair;

static void close_pair(pipe_pair *pair)
{
    for (int e = 0; e < 2; e++) {
        if (pair->ends[e] >= 0)
            (void)close(pair->ends[e]);
        pair->ends[e] = PE_SUBPROCESS_NO_FD;
    }
}

/* Moves a descriptor above the numbers that a child uses. Returns 0 or an errno; EINVAL says that the process may not
 * have such numbers. */
static int move_up(int *fd)
{
    if (*fd >= FIRST_FREE_FD)
        return 0;
    const int moved = fcntl(*fd, F_DUPFD_CLOEXEC, FIRST_FREE_FD);
    if (moved < 0)
        return errno == EINVAL ? EMFILE : errno;
    (void)close(*fd);
    *fd = moved;
    return 0;
}

/* The system may refuse pipe_bytes to a user with many pipes: then the default capacity stays. */
static int open_pair(pipe_pair *pair, int pipe_bytes)
{
    if (pipe2(pair->ends, O_CLOEXEC) != 0) {
        pair->ends[0] = pair->ends[1] = PE_SUBPROCESS_NO_FD;
        return errno;
    }
    const int ours = pair->ends[1 - pair->child_end];
    const int flags = fcntl(ours, F_GETFL);
    if (flags < 0 || fcntl(ours, F_SETFL, flags | O_NONBLOCK) != 0)
        return errno;
    if (pipe_bytes > 0)
        (void)fcntl(ours, F_SETPIPE_SZ, pipe_bytes);
    return move_up(&pair->ends[pair->child_end]);
}

static int open_pairs(const pe_subprocess_spec *spec, pe_subprocess *process, pipe_pair pairs[PIPES], int *count)
{
    int number = 0;
    *count = 0;
    if (spec->in_fd != PE_SUBPROCESS_NO_FD)
        pairs[(*count)++] = (pipe_pair){.child_end = 0, .child_fd = spec->in_fd, .parent_fd = &process->in};
    pairs[(*count)++] = (pipe_pair){.child_end = 1, .child_fd = spec->out_fd, .parent_fd = &process->out};
    if (spec->captures_stderr)
        pairs[(*count)++] = (pipe_pair){.child_end = 1, .child_fd = STDERR_FILENO, .parent_fd = &process->err};
    if (spec->has_parent_pipe)
        pairs[(*count)++] =
            (pipe_pair){.child_end = 0, .child_fd = PE_SUBPROCESS_PARENT_FD, .parent_fd = &process->parent_pipe};
    for (int p = 0; p < *count; p++)
        pairs[p].ends[0] = pairs[p].ends[1] = PE_SUBPROCESS_NO_FD;
    for (int p = 0; p < *count && number == 0; p++)
        number = open_pair(
            &pairs[p], pairs[p].child_fd == spec->in_fd || pairs[p].child_fd == spec->out_fd ? spec->pipe_bytes : 0);
    return number;
}

/* In the order in which the process does them. */
static int add_actions(const pe_subprocess_spec *spec, const pipe_pair *pairs, int count,
                       posix_spawn_file_actions_t *actions)
{
    int number = 0;
    if (spec->shared_fd != PE_SUBPROCESS_NO_FD) /* before its own number is taken */
        number = posix_spawn_file_actions_adddup2(actions, spec->shared_fd, PE_SUBPROCESS_SHARED_FD);
    if (number == 0 && (spec->drops_stderr || (!spec->captures_stderr && fcntl(STDERR_FILENO, F_GETFD) < 0)))
        number = posix_spawn_file_actions_addopen(actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    if (number == 0 && spec->in_fd != STDIN_FILENO)
        number = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    for (int p = 0; p < count && number == 0; p++)
        number = posix_spawn_file_actions_adddup2(actions, pairs[p].ends[pairs[p].child_end], pairs[p].child_fd);
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
    static const int reset[] = {SIGPIPE, SIGINT, SIGQUIT, SIGTERM, SIGCHLD, SIGIO, SIGALRM, SIGUSR1, SIGUSR2};
    sigset_t defaults, none;
    (void)sigemptyset(&none);
    (void)sigemptyset(&defaults);
    for (size_t s = 0; s < sizeof reset / sizeof *reset; s++)
        (void)sigaddset(&defaults, reset[s]);
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

static bool is_launcher_variable(const char *variable)
{
    return strncmp(variable, "OMPI_", 5) == 0 || strncmp(variable, "PMIX_", 5) == 0 ||
           strncmp(variable, "PMI_", 4) == 0;
}

/* Does one of the variables have the name of this one? */
static bool is_replaced(const char *variable, const char *const *variables)
{
    const size_t size = strcspn(variable, "=");
    size_t v = 0;
    while (variables != NULL && variables[v] != NULL &&
           (strncmp(variables[v], variable, size) != 0 || variables[v][size] != '='))
        v++;
    return variables != NULL && variables[v] != NULL;
}

/* The child's environment, without the launcher's variables: an array for the caller to free, of borrowed strings. */
static int make_environment(const char *const *variables, const char ***out)
{
    size_t count = 0, added = 0, kept = 0;
    while (environ != NULL && environ[count] != NULL)
        count++;
    while (variables != NULL && variables[added] != NULL)
        added++;
    const char **made = malloc((count + added + 1) * sizeof *made);
    if (made == NULL)
        return ENOMEM;
    for (size_t v = 0; v < count; v++)
        if (!is_launcher_variable(environ[v]) && !is_replaced(environ[v], variables))
            made[kept++] = environ[v];
    for (size_t v = 0; v < added; v++)
        made[kept++] = variables[v];
    made[kept] = NULL;
    *out = made;
    return 0;
}

/* With SIGCHLD ignored, as some launchers leave it, the system reaps children itself and their exit codes are lost. */
static void restore_sigchld(void)
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
    const char **environment = NULL;
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
        number = make_environment(spec->variables, &environment);
    restore_sigchld();
    if (number == 0) {
        char *const *argv = NULL, *const *envp = NULL; /* posix_spawn does not write to the strings */
        memcpy(&argv, &spec->argv, sizeof argv);
        memcpy(&envp, &environment, sizeof envp);
        number = posix_spawnp(pid, spec->program, &actions, &attributes, argv, envp);
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

static void close_pairs(pipe_pair *pairs, int count)
{
    for (int p = 0; p < count; p++)
        close_pair(&pairs[p]);
}

/* The parent's side once the child runs. */
static void keep_parent_ends(const pipe_pair *pairs, int count)
{
    for (int p = 0; p < count; p++) {
        *pairs[p].parent_fd = pairs[p].ends[1 - pairs[p].child_end];
        (void)close(pairs[p].ends[pairs[p].child_end]);
    }
}

static const pe_subprocess no_child = {.in = PE_SUBPROCESS_NO_FD,
                                       .out = PE_SUBPROCESS_NO_FD,
                                       .err = PE_SUBPROCESS_NO_FD,
                                       .parent_pipe = PE_SUBPROCESS_NO_FD};

pe_status pe_subprocess_start(const pe_subprocess_spec *spec, pe_subprocess *process, pe_error *err)
{
    pipe_pair pairs[PIPES];
    int count = 0;
    pid_t pid = 0;
    *process = no_child;
    int number = open_pairs(spec, process, pairs, &count);
    if (number == 0)
        number = spawn(spec, pairs, count, &pid);
    if (number != 0) {
        char reason[PE_ERRNO_TEXT_SIZE];
        close_pairs(pairs, count);
        return pe_fail(err, is_shortage(number) ? PE_ENOMEM : PE_EKERNEL, "%s: %s", spec->program,
                       pe_errno_text(number, reason));
    }
    keep_parent_ends(pairs, count);
    process->pid = pid;
    return PE_OK;
}

static pid_t try_fork(void)
{
    pid_t pid = fork();
    for (int tries = 1; pid < 0 && (errno == EAGAIN || errno == ENOMEM) && tries < FORK_ATTEMPTS; tries++) {
        pe_sleep_ns(FORK_WAIT_NS);
        pid = fork();
    }
    return pid;
}

int pe_subprocess_fork(pe_subprocess_body *body, void *argument, pe_subprocess *process)
{
    static const pe_subprocess_spec spec = {.in_fd = 3, .out_fd = 4, .shared_fd = PE_SUBPROCESS_NO_FD};
    pipe_pair pairs[PIPES];
    int count = 0;
    *process = no_child;
    int number = open_pairs(&spec, process, pairs, &count);
    restore_sigchld();
    const pid_t pid = number == 0 ? try_fork() : -1;
    if (pid == 0) {
        (void)setpgid(0, 0);
        body(argument, pairs[0].ends[pairs[0].child_end], pairs[1].ends[pairs[1].child_end]);
        _exit(0);
    }
    if (pid < 0) {
        number = number != 0 ? number : errno;
        close_pairs(pairs, count);
        return number;
    }
    (void)setpgid(pid, pid); /* in parent and child, so that it is done whichever runs first */
    keep_parent_ends(pairs, count);
    process->pid = pid;
    process->kills_group = true;
    return 0;
}

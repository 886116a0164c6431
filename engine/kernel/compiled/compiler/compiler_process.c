/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* compiler_process.c - runs a compiler as a child process, and collects its output until it exits.
 *
 * Design:  posix_spawn without a shell passes each argument unchanged. The child's locale is set to English messages,
 *          which compiler_messages.c parses. Output beyond a megabyte is read and dropped, so that the compiler does
 *          not block.
 * Threads: the main thread.
 * Not here: the arguments (compiler.c).
 */
#define _GNU_SOURCE /* posix_spawn_file_actions_addchdir_np, environ */

#include "kernel/compiled/compiler/compiler_process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/errno_text.h"

#define OUTPUT_MOST ((size_t)1 << 20)

void pe_arg_list_add(pe_arg_list *to, const char *word)
{
    if (to->count < PE_ARG_LIST)
        to->list[to->count++] = word;
}

void pe_arg_list_add_all(pe_arg_list *to, const char *const *list)
{
    for (size_t w = 0; list != NULL && list[w] != NULL; w++)
        pe_arg_list_add(to, list[w]);
}

/* A copy of the environment, with the locale for English messages. */
static pe_status make_environment(char ***out, pe_error *err)
{
    static char english[] = "LC_ALL=C";
    size_t count = 0, kept = 0;
    while (environ[count] != NULL)
        count++;
    const pe_status status = pe_make_array(out, count + 2, sizeof **out, err);
    if (status != PE_OK)
        return status;
    for (size_t e = 0; e < count; e++)
        if (strncmp(environ[e], "LC_ALL=", 7) != 0)
            (*out)[kept++] = environ[e];
    (*out)[kept] = english;
    return PE_OK;
}

static pe_status read_output(int fd, pe_buffer *output, pe_error *err)
{
    for (;;) {
        pe_status status = pe_buffer_reserve(output, 4096, err);
        if (status != PE_OK)
            return status;
        const ssize_t got = read(fd, output->data + output->size, 4095);
        if (got == 0 || (got < 0 && errno != EINTR))
            return PE_OK;
        if (got > 0 && output->size < OUTPUT_MOST) /* the rest is read and dropped, so that it can end */
            output->size += (size_t)got;
    }
}

static int spawn(const char *program, const pe_arg_list *argv, const char *directory, int out, char *const *environment,
                 pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, usual;
    sigemptyset(&none);
    sigemptyset(&usual);
    sigaddset(&usual, SIGPIPE);
    int number = posix_spawn_file_actions_init(&actions);
    if (number != 0)
        return number;
    number = posix_spawnattr_init(&attributes);
    if (number == 0) {
        if (directory != NULL)
            number = posix_spawn_file_actions_addchdir_np(&actions, directory);
        number = number != 0 ? number : posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
        number = number != 0 ? number : posix_spawn_file_actions_adddup2(&actions, out, 1);
        number = number != 0 ? number : posix_spawn_file_actions_adddup2(&actions, out, 2);
        number = number != 0 ? number : posix_spawnattr_setsigmask(&attributes, &none);
        number = number != 0 ? number : posix_spawnattr_setsigdefault(&attributes, &usual);
        number = number != 0 ? number
                             : posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
        /* posix_spawn only reads argv; its prototype is older than const */
        number = number != 0 ? number
                             : posix_spawn(pid, program, &actions, &attributes, (char *const *)(uintptr_t)argv->list,
                                           environment);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
    return number;
}

static pe_status open_pipe(int ends[2], pe_error *err)
{
    char reason[PE_ERRNO_TEXT_SIZE];
    if (pipe(ends) != 0)
        return pe_fail(err, PE_ENOMEM, "no pipe to the compiler: %s", pe_errno_text(errno, reason));
    for (int e = 0; e < 2; e++)
        (void)fcntl(ends[e], F_SETFD, FD_CLOEXEC);
    return PE_OK;
}

pe_status pe_compiler_process(const char *program, const pe_arg_list *argv, const char *directory, pe_buffer *output,
                              pe_error *err)
{
    char **environment = NULL;
    char reason[PE_ERRNO_TEXT_SIZE];
    int ends[2] = {-1, -1}, ended = 0;
    pid_t pid = 0;
    pe_status status = argv->count < PE_ARG_LIST ? make_environment(&environment, err)
                                                 : pe_fail(err, PE_EKERNEL, "too many arguments for the compiler");
    if (status == PE_OK)
        status = open_pipe(ends, err);
    if (status != PE_OK) {
        free(environment);
        return status;
    }
    const int number = spawn(program, argv, directory, ends[1], environment, &pid);
    close(ends[1]);
    free(environment);
    if (number != 0)
        status = pe_fail(err, PE_EKERNEL, "cannot run the compiler %s: %s", program, pe_errno_text(number, reason));
    if (status == PE_OK) {
        status = read_output(ends[0], output, err);
        while (waitpid(pid, &ended, 0) < 0 && errno == EINTR)
            continue;
    }
    close(ends[0]);
    if (status == PE_OK)
        status = pe_buffer_append(output, "", 1, err);
    if (status == PE_OK && WIFSIGNALED(ended))
        status = pe_fail(err, PE_EKERNEL, "the compiler %s died of signal %d", program, WTERMSIG(ended));
    else if (status == PE_OK && ended != 0)
        status = pe_fail(err, PE_EKERNEL, "the compiler %s ended with exit code %d", program, WEXITSTATUS(ended));
    return status;
}

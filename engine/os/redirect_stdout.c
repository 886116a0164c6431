/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* redirect_stdout.c - sends what kernels print to stderr, so that stdout has results only.
 *
 * Design:   the descriptor itself is replaced, so printf, write and other languages' output are covered. What a kernel left
 *           in stdio's buffer is flushed to stderr before stdout is restored.
 * Threads:  the main thread, while no kernel runs.
 */
#include "os/redirect_stdout.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "base/errno_text.h"

static struct {
    bool is_redirected;
    int saved_fd; /* the real stdout; -1: it was closed */
} state;

static pe_status cannot_redirect(int number, pe_error *err)
{
    char reason[PE_ERRNO_TEXT_SIZE];
    return pe_fail(err, PE_ENOMEM, "cannot send what kernels print to stderr: %s", pe_errno_text(number, reason));
}

pe_status pe_redirect_stdout_begin(pe_error *err)
{
    (void)fflush(stdout);
    state.saved_fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (state.saved_fd < 0 && errno != EBADF)
        return cannot_redirect(errno, err);
    state.is_redirected = dup2(STDERR_FILENO, STDOUT_FILENO) >= 0;
    if (state.is_redirected)
        return PE_OK;
    const int number = errno;
    if (state.saved_fd >= 0)
        (void)close(state.saved_fd);                               /* nothing was written through it */
    return number == EBADF ? PE_OK : cannot_redirect(number, err); /* EBADF: stderr is closed */
}

void pe_redirect_stdout_end(void)
{
    if (!state.is_redirected)
        return;
    (void)fflush(stdout);
    if (state.saved_fd >= 0)
        (void)dup2(state.saved_fd, STDOUT_FILENO);
    else
        (void)close(STDOUT_FILENO);
    if (state.saved_fd >= 0)
        (void)close(state.saved_fd);
    state.is_redirected = false;
}

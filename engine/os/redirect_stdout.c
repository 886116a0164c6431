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

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

static struct {
    bool is_redirected;
    int saved_fd; /* the real stdout; -1: it was closed */
} state;

void pe_redirect_stdout_begin(void)
{
    (void)fflush(stdout);
    state.saved_fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    state.is_redirected = dup2(STDERR_FILENO, STDOUT_FILENO) >= 0;
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

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* redirect_stdout.c - what a kernel prints goes to stderr: stdout has results alone.
 *
 * Design:   the descriptor itself is turned over, so it holds for printf, write and other languages. What a kernel has
 *           left in stdio's buffer is written before stdout is what it was.
 * Threads:  the main thread, while no kernel runs.
 */
#include "os/redirect_stdout.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

static struct {
    bool is_aside;
    int kept; /* the real stdout; -1: there was none */
} state;

void pe_redirect_stdout_begin(void)
{
    (void)fflush(stdout);
    state.kept = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    state.is_aside = dup2(STDERR_FILENO, STDOUT_FILENO) >= 0;
}

void pe_redirect_stdout_end(void)
{
    if (!state.is_aside)
        return;
    (void)fflush(stdout);
    if (state.kept >= 0)
        (void)dup2(state.kept, STDOUT_FILENO);
    else
        (void)close(STDOUT_FILENO);
    if (state.kept >= 0)
        (void)close(state.kept);
    state.is_aside = false;
}

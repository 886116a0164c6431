/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* interrupt.c - SIGINT, SIGTERM, SIGHUP and SIGUSR1 as a flag that ends the run.
 *
 * Design: the handler only sets the flag. The main thread polls it and stops the run like any other failure: outputs are
 *         closed and all ranks end with one exit code. SIGUSR1 is the signal that a batch system can send ahead of the
 *         time limit and that mpirun passes on to the ranks; on SIGTERM mpirun kills them.
 */
#include "os/interrupt.h"

#include <signal.h>
#include <stddef.h>

static volatile sig_atomic_t seen; /* written by the handler, read by the main thread */

static const int caught[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR1};
static const int ignored[] = {SIGPIPE, SIGXFSZ};

#define CAUGHT (sizeof caught / sizeof *caught)
#define IGNORED (sizeof ignored / sizeof *ignored)

static struct sigaction before[CAUGHT + IGNORED];

static void note(int signal_number)
{
    seen = signal_number;
}

void pe_interrupt_begin(void)
{
    struct sigaction action = {.sa_handler = note, .sa_flags = (int)SA_RESETHAND};
    (void)sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < CAUGHT; i++)
        (void)sigaction(caught[i], &action, &before[i]);
    action = (struct sigaction){.sa_handler = SIG_IGN};
    (void)sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < IGNORED; i++)
        (void)sigaction(ignored[i], &action, &before[CAUGHT + i]);
}

void pe_interrupt_end(void)
{
    for (size_t i = 0; i < CAUGHT; i++)
        (void)sigaction(caught[i], &before[i], NULL);
    for (size_t i = 0; i < IGNORED; i++)
        (void)sigaction(ignored[i], &before[CAUGHT + i], NULL);
}

const char *pe_interrupt_seen(void)
{
    switch (seen) {
    case SIGINT:
        return "SIGINT";
    case SIGTERM:
        return "SIGTERM";
    case SIGHUP:
        return "SIGHUP";
    case SIGUSR1:
        return "SIGUSR1";
    default:
        return NULL;
    }
}

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* exit_cleanup.c - removes incomplete and temporary files when the process ends in the middle of a run.
 *
 * Invariant: no write begins after pe_exit_cleanup_final has seen `writing` at 0. A write increments `writing` before it
 *           reads `is_final`, and pe_exit_cleanup_final sets `is_final` before it reads `writing`; both are sequentially
 *           consistent, so at least one sees the other.
 * Design:   a fixed number of slots, each NULL or a path. Files beyond that number are not registered.
 * Threads:  all state is atomic.
 * Not here: the reason why the process ends (worker/crash/crash.c, run/lost_rank.c).
 */
#include "os/exit_cleanup.h"

#include <poll.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <unistd.h>

#define SLOTS 16
#define SLEEP_MS 1
#define MAX_SLEEPS 1000

static _Atomic(const char *) registered[SLOTS]; /* written by add and drop, read by remove_registered */
static atomic_int writing;                      /* writes in progress */
static atomic_bool is_final;                    /* written once, by pe_exit_cleanup_final */
static atomic_bool is_cleaning;                 /* written by pe_exit_cleanup_now: the paths are in use */

void pe_exit_cleanup_add(const char *path)
{
    for (size_t p = 0; p < SLOTS; p++) {
        const char *empty = NULL;
        if (atomic_compare_exchange_strong(&registered[p], &empty, path))
            return;
    }
}

void pe_exit_cleanup_drop(const char *path)
{
    for (size_t p = 0; p < SLOTS && path != NULL; p++) {
        const char *same = path;
        if (atomic_compare_exchange_strong(&registered[p], &same, NULL))
            break;
    }
    while (atomic_load(&is_cleaning)) /* the caller may free the path now */
        (void)poll(NULL, 0, SLEEP_MS);
}

void pe_exit_cleanup_write_begin(void)
{
    atomic_fetch_add(&writing, 1);
    if (!atomic_load(&is_final))
        return;
    atomic_fetch_sub(&writing, 1);
    for (;;)
        (void)pause();
}

void pe_exit_cleanup_write_end(void)
{
    atomic_fetch_sub(&writing, 1);
}

/* Folders go when the files in them are gone. */
static void remove_registered(void)
{
    for (size_t p = 0; p < (size_t)2 * SLOTS; p++) {
        const char *const path = atomic_load(&registered[p % SLOTS]);
        if (path != NULL)
            (void)(p < SLOTS ? unlink(path) : rmdir(path));
    }
}

void pe_exit_cleanup_final(void)
{
    atomic_store(&is_final, true);
    for (int sleeps = 0; atomic_load(&writing) > 0 && sleeps < MAX_SLEEPS; sleeps++)
        (void)poll(NULL, 0, SLEEP_MS);
    remove_registered();
}

void pe_exit_cleanup_now(void)
{
    atomic_store(&is_cleaning, true);
    remove_registered();
    atomic_store(&is_cleaning, false);
}

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* exit_cleanup.c - what must be in order when the process ends in the middle of everything.
 *
 * Design:   a handful of places, each NULL or a path; more files than places at once are not remembered. The end and a
 *           write see each other in either order, since each says what it does before it looks at the other (both
 *           sequentially consistent).
 * Threads:  everything here is atomic.
 * Not here: why the process ends (run/crash.c).
 */
#include "os/exit_cleanup.h"

#include <poll.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <unistd.h>

#define PLACES 16
#define NAP_MS 1
#define MOST_NAPS 1000

static _Atomic(const char *) kept[PLACES]; /* written by keep and forget, read by begin */
static atomic_int writing;                 /* writes under way */
static atomic_bool is_cleanup;             /* written once by begin */
static atomic_bool is_cleaning;            /* written by clean: paths are in use */

void pe_exit_cleanup_keep(const char *path)
{
    for (size_t p = 0; p < PLACES; p++) {
        const char *empty = NULL;
        if (atomic_compare_exchange_strong(&kept[p], &empty, path))
            return;
    }
}

void pe_exit_cleanup_forget(const char *path)
{
    for (size_t p = 0; p < PLACES && path != NULL; p++) {
        const char *same = path;
        if (atomic_compare_exchange_strong(&kept[p], &same, NULL))
            break;
    }
    while (atomic_load(&is_cleaning)) /* the caller may free the path now */
        (void)poll(NULL, 0, NAP_MS);
}

void pe_exit_cleanup_write_begin(void)
{
    atomic_fetch_add(&writing, 1);
    if (!atomic_load(&is_cleanup))
        return;
    atomic_fetch_sub(&writing, 1);
    for (;;)
        (void)pause();
}

void pe_exit_cleanup_write_end(void)
{
    atomic_fetch_sub(&writing, 1);
}

static void remove_kept(void)
{
    for (size_t p = 0; p < PLACES; p++) {
        const char *const path = atomic_load(&kept[p]);
        if (path != NULL)
            (void)unlink(path);
    }
}

void pe_exit_cleanup_begin(void)
{
    atomic_store(&is_cleanup, true);
    for (int naps = 0; atomic_load(&writing) > 0 && naps < MOST_NAPS; naps++)
        (void)poll(NULL, 0, NAP_MS);
    remove_kept();
}

void pe_exit_cleanup_clean(void)
{
    atomic_store(&is_cleaning, true);
    remove_kept();
    atomic_store(&is_cleaning, false);
}

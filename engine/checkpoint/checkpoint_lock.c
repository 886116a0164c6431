/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* checkpoint_lock.c - the lock of a checkpoint that has no locked output beside it.
 *
 * Threads:  one at a time.
 * Not here: the lock of an output file (os/file/out_file.c).
 */
#include "checkpoint/checkpoint_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "os/exit_cleanup.h"
#include "os/file/file.h"
#include "os/file/out_marker.h"
#include "os/file/out_path.h"

#define MOST_TRIES 16 /* each try lost means that another run finished in between */

/* One try; *is_taken stays false when another run has replaced or removed the file meanwhile. */
static pe_status try_lock(pe_checkpoint_lock *lock, const char *path, bool *is_taken, pe_error *err)
{
    bool exists = false;
    lock->is_new = false;
    pe_status status = pe_out_marker_find(path, path, &exists, err);
    if (status == PE_OK && !exists)
        status = pe_out_marker_create(path, path, &lock->is_new, err);
    if (status != PE_OK)
        return status;
    lock->fd = pe_open(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK, 0);
    if (lock->fd < 0)
        return errno == ENOENT ? PE_OK : pe_out_cannot_create(path, errno, err);
    if (!pe_file_lock(lock->fd)) {
        (void)close(lock->fd); /* nothing was written */
        return pe_fail(err, PE_EOUTPUT,
                       "cannot create %s: another run is writing this checkpoint; checkpoint.path names another", path);
    }
    *is_taken = pe_file_is_named(lock->fd, path);
    if (!*is_taken)
        (void)close(lock->fd); /* nothing was written */
    return PE_OK;
}

pe_status pe_checkpoint_lock_take(pe_checkpoint_lock *lock, const char *path, pe_error *err)
{
    bool is_taken = false;
    pe_status status = PE_OK;
    for (int tries = 0; tries < MOST_TRIES && status == PE_OK && !is_taken; tries++)
        status = try_lock(lock, path, &is_taken, err);
    if (status == PE_OK && !is_taken)
        status = pe_fail(err, PE_EOUTPUT, "cannot create %s: other runs make and remove it", path);
    if (status == PE_OK)
        status = pe_copy_string(&lock->path, path, err);
    if (status != PE_OK && is_taken)
        (void)close(lock->fd); /* nothing was written */
    if (status == PE_OK && lock->is_new)
        pe_exit_cleanup_add(lock->path);
    return status;
}

void pe_checkpoint_lock_retain(pe_checkpoint_lock *lock)
{
    if (lock->is_new)
        pe_exit_cleanup_drop(lock->path);
    lock->is_new = false;
}

void pe_checkpoint_lock_move(pe_checkpoint_lock *lock, int fd)
{
    (void)close(lock->fd); /* nothing was written through it */
    lock->fd = fd;
}

void pe_checkpoint_lock_release(pe_checkpoint_lock *lock)
{
    if (lock->path == NULL)
        return;
    if (lock->is_new) {
        pe_exit_cleanup_drop(lock->path);
        if (pe_file_is_named(lock->fd, lock->path))
            (void)unlink(lock->path);
    }
    (void)close(lock->fd); /* what counts was synced */
    free(lock->path);
    *lock = (pe_checkpoint_lock){0};
}

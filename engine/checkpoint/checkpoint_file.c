/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* checkpoint_file.c - writes the checkpoint to disk atomically, and reads it.
 *
 * Invariant: after a crash or power failure at any moment the file is the earlier or the later checkpoint, complete.
 * Design:  the bytes are written to a temporary file, which is synced and renamed; then the directory is synced. An
 *          existing file with the temporary name is replaced only when it is empty, begins as a checkpoint does or
 *          with zeros: that is what a killed writer or a power cut leaves.
 * Threads: one writer at a time: the process that holds the lock of the output.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/errno_text.h"
#include "checkpoint/checkpoint.h"
#include "os/file/durable.h"
#include "os/file/file.h"
#include "os/file/out_file.h"
#include "os/file/out_marker.h"

#define FILE_MOST ((size_t)1 << 32)
#define FILE_MODE 0644

static pe_status fail_write(const char *path, pe_error *err)
{
    char reason[PE_ERRNO_TEXT_SIZE];
    return pe_fail(err, PE_EIO, "cannot write the checkpoint %s: %s", path, pe_errno_text(errno, reason));
}

/* Syncs the directory, so that the rename survives a power cut. */
static pe_status sync_name(const char *path, pe_error *err)
{
    const int fd = pe_open(path, O_RDONLY, 0);
    if (fd < 0)
        return fail_write(path, err);
    const pe_status status = pe_durable_name(path, fd, err);
    (void)close(fd); /* only read from */
    return status;
}

/* Whether a killed writer left this file; any other file belongs to another program and is kept. */
static bool is_left_behind(const char *temporary)
{
    const int fd = open(temporary, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    const bool is_ours = fd >= 0 && pe_out_marker_is_ours(fd, INT64_MAX);
    if (fd >= 0)
        (void)close(fd); /* only read from */
    return is_ours;
}

static int create(const char *temporary)
{
    const int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC;
    const int fd = open(temporary, flags, FILE_MODE);
    if (fd >= 0 || errno != EEXIST)
        return fd;
    if (!is_left_behind(temporary) || unlink(temporary) != 0) {
        errno = EEXIST;
        return -1;
    }
    return open(temporary, flags, FILE_MODE);
}

/* Writes and syncs the temporary file. *open_fd: stays open, with a lock; NULL: is closed. */
static pe_status write_temporary(const pe_buffer *bytes, const char *path, const char *temporary, int *open_fd,
                                 pe_error *err)
{
    const int fd = create(temporary);
    if (fd < 0)
        return fail_write(temporary, err);
    pe_status status = pe_write_full(fd, bytes->data, bytes->size, path, err);
    if (status == PE_OK && fsync(fd) != 0)
        status = fail_write(path, err);
    if (status == PE_OK && open_fd != NULL) {
        (void)pe_file_lock(fd); /* no other process has its name */
        *open_fd = fd;
        return PE_OK;
    }
    if (close(fd) != 0 && status == PE_OK)
        status = fail_write(path, err);
    if (status != PE_OK)
        (void)unlink(temporary);
    return status;
}

static pe_status replace(const pe_buffer *bytes, const char *path, pe_checkpoint_lock *lock, pe_error *err)
{
    int locked = -1;
    pe_buffer temporary = {0};
    pe_status status = pe_buffer_printf(&temporary, err, "%s.new", path);
    if (status == PE_OK)
        status = write_temporary(bytes, path, (const char *)temporary.data, lock != NULL ? &locked : NULL, err);
    if (status == PE_OK && lock != NULL)
        pe_checkpoint_lock_retain(lock);
    if (status == PE_OK && rename((const char *)temporary.data, path) != 0) {
        status = fail_write(path, err);
        (void)unlink((const char *)temporary.data);
        if (locked >= 0)
            (void)close(locked); /* it is removed */
    } else if (locked >= 0) {
        pe_checkpoint_lock_move(lock, locked);
    }
    if (status == PE_OK)
        status = sync_name(path, err);
    pe_buffer_fini(&temporary);
    return status;
}

pe_status pe_checkpoint_write(const pe_checkpoint *checkpoint, const char *path, pe_checkpoint_lock *lock,
                              pe_error *err)
{
    pe_buffer bytes = {0};
    pe_status status = pe_checkpoint_encode(checkpoint, &bytes, err);
    if (status == PE_OK)
        status = replace(&bytes, path, lock, err);
    pe_buffer_fini(&bytes);
    return status;
}

pe_status pe_checkpoint_discard(pe_checkpoint_lock *lock, pe_error *err)
{
    pe_buffer marker = {0};
    if (pe_out_marker_is_bare(lock->path))
        return PE_OK;
    pe_status status = pe_buffer_printf(&marker, err, "%s1\n", PE_OUT_MARKER_MAGIC);
    if (status == PE_OK)
        status = replace(&marker, lock->path, lock, err);
    pe_buffer_fini(&marker);
    return status;
}

pe_status pe_checkpoint_read(pe_checkpoint *checkpoint, const char *path, pe_error *err)
{
    char *data = NULL;
    size_t size = 0;
    pe_error why = PE_ERROR_INIT;
    pe_status status = pe_file_read_all(path, FILE_MOST, &data, &size, err);
    if (status != PE_OK)
        return status;
    status = pe_checkpoint_decode(checkpoint, (const unsigned char *)data, size, &why);
    free(data);
    return status == PE_OK ? PE_OK : pe_fail(err, status, "%s: %s", path, why.text);
}

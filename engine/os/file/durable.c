/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* durable.c - when a commit waits for stable storage, and how.
 *
 * Design:   data first, then the rename, then the directory: after a power cut the name leads to the old file or to the
 *           complete new one. A file system that has nothing to sync says EINVAL, which is no failure.
 * Threads:  any.
 * Not here: who wrote (sink, run).
 */
#define _GNU_SOURCE /* syncfs */

#include "os/file/durable.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/errno_text.h"
#include "os/file/file.h"

bool pe_durable_is_due(pe_sync_policy policy, uint64_t run_ns, uint64_t interval_ns)
{
    return policy == PE_SYNC_ALWAYS || (policy == PE_SYNC_AUTO && run_ns > interval_ns);
}

static pe_status cannot_sync(const char *name, int number, pe_error *err)
{
    char reason[PE_ERRNO_TEXT_SIZE];
    return pe_fail(err, PE_EIO, "cannot write %s to stable storage: %s", name, pe_errno_text(number, reason));
}

pe_status pe_durable_data(int fd, const char *name, pe_error *err)
{
    if (fdatasync(fd) == 0 || errno == EINVAL)
        return PE_OK;
    return cannot_sync(name, errno, err);
}

/* The directory part of a path, "." where there is none. */
static pe_status directory_of(const char *path, char **out, pe_error *err)
{
    const char *const slash = strrchr(path, '/');
    const pe_status status = pe_copy_string(out, slash == NULL ? "." : path, err);
    if (status == PE_OK && slash != NULL)
        (*out)[slash == path ? 1 : slash - path] = '\0';
    return status;
}

/* -1 when it cannot be opened: it may be writable and not readable. */
static int open_directory(const char *path)
{
    pe_error ignored = PE_ERROR_INIT;
    char *directory = NULL;
    int fd = -1;
    if (directory_of(path, &directory, &ignored) == PE_OK)
        fd = pe_open(directory, O_RDONLY | O_DIRECTORY, 0);
    free(directory);
    return fd;
}

pe_status pe_durable_name(const char *path, int fd, pe_error *err)
{
    const int directory = open_directory(path);
    /* without the directory: all of the file system */
    const bool is_synced = (directory >= 0 ? fsync(directory) : syncfs(fd)) == 0 || errno == EINVAL;
    const int number = errno;
    if (directory >= 0)
        (void)close(directory); /* nothing was written */
    return is_synced ? PE_OK : cannot_sync(path, number, err);
}

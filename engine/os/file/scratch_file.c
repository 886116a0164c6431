/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* scratch_file.c - a file without a name, which goes with its descriptor.
 *
 * Design:  O_TMPFILE; where a file system has no such files (NFS), a name of the process's own that is removed at once.
 * Threads: any.
 */
#define _GNU_SOURCE /* O_TMPFILE, mkostemp */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/errno_text.h"
#include "os/file/scratch_file.h"

static int open_named(const char *folder)
{
    char path[PATH_MAX + sizeof "/.pengine-XXXXXX"];
    (void)snprintf(path, sizeof path, "%s/.pengine-XXXXXX", folder);
    const int fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0)
        (void)unlink(path);
    return fd;
}

pe_status pe_scratch_file_open(const char *beside, int *fd, pe_error *err)
{
    char folder[PATH_MAX], reason[PE_ERRNO_TEXT_SIZE];
    const char *const slash = strrchr(beside, '/');
    const int size = slash == NULL ? snprintf(folder, sizeof folder, ".")
                                   : snprintf(folder, sizeof folder, "%.*s", (int)(slash - beside) + 1, beside);
    *fd = size < PATH_MAX ? open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600) : -1;
    if (*fd < 0)
        *fd = open_named(folder);
    if (*fd >= 0)
        return PE_OK;
    return pe_fail(err, PE_EIO, "%s: no scratch file can be made there: %s", folder, pe_errno_text(errno, reason));
}

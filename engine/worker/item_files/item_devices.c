/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* item_devices.c - the file systems that items' files were written to, and waiting until they are on stable storage.
 *
 * Threads:  the list only grows, under its mutex; an entry is constant.
 * Not here: when (run/resume/checkpointer.c, run/execute/).
 */
#define _GNU_SOURCE /* syncfs */

#include "worker/item_files/item_devices.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/errno_text.h"
#include "base/lock.h"

#define MOST 32

struct pe_item_devices {
    pthread_mutex_t mutex;
    size_t count; /* more than MOST: some have no entry */
    uint64_t devices[MOST];
    int fds[MOST]; /* of a file there; -1: it could not be kept open */
};

pe_status pe_item_devices_make(pe_item_devices **out, pe_error *err)
{
    const pe_status status = pe_make_array(out, 1, sizeof **out, err);
    if (status == PE_OK)
        pe_lock_init(&(*out)->mutex);
    return status;
}

void pe_item_devices_free(pe_item_devices *devices)
{
    if (devices == NULL)
        return;
    for (size_t d = 0; d < devices->count && d < MOST; d++)
        if (devices->fds[d] >= 0)
            (void)close(devices->fds[d]); /* nothing was written through it */
    (void)pthread_mutex_destroy(&devices->mutex);
    free(devices);
}

static void add(pe_item_devices *devices, uint64_t device, int fd)
{
    const size_t known = devices->count < MOST ? devices->count : MOST;
    for (size_t d = 0; d < known; d++)
        if (devices->devices[d] == device)
            return;
    if (known < MOST) {
        devices->devices[known] = device;
        devices->fds[known] = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    }
    devices->count = known + 1;
}

void pe_item_devices_note(pe_item_devices *devices, int fd, uint64_t *last)
{
    struct stat facts;
    if (fstat(fd, &facts) != 0 || facts.st_dev == *last)
        return;
    *last = facts.st_dev;
    (void)pthread_mutex_lock(&devices->mutex);
    add(devices, facts.st_dev, fd);
    (void)pthread_mutex_unlock(&devices->mutex);
}

pe_status pe_item_devices_sync(pe_item_devices *devices, pe_error *err)
{
    char reason[PE_ERRNO_TEXT_SIZE];
    (void)pthread_mutex_lock(&devices->mutex);
    const size_t count = devices->count;
    (void)pthread_mutex_unlock(&devices->mutex);
    bool is_complete = count <= MOST;
    for (size_t d = 0; d < count && d < MOST; d++) {
        is_complete = is_complete && devices->fds[d] >= 0;
        if (devices->fds[d] >= 0 && syncfs(devices->fds[d]) != 0)
            return pe_fail(err, PE_EIO, "the items' files: cannot wait for stable storage: %s",
                           pe_errno_text(errno, reason));
    }
    if (!is_complete)
        sync();
    return PE_OK;
}

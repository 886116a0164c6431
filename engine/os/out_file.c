/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* out_file.c - outputs that appear by rename or grow under their own name.
 *
 * Design:   links are followed by name, so the file that a link means is replaced and the link stays. What is written
 *           to is locked (flock) before a byte of it is touched, and the lock is held until after the rename: of two
 *           runs with one output the second is refused. A file system without locks is written without one.
 * Threads:  one.
 * Not here: what is written (sink).
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/errno_text.h"
#include "os/exit_cleanup.h"
#include "os/file.h"

#define MOST_LINKS 40 /* as the kernel's own limit */
#define MOST_TRIES 16 /* each try lost means that another run finished in between */

static bool directory_exists(const char *directory)
{
    struct stat facts;
    return stat(directory, &facts) == 0 && S_ISDIR(facts.st_mode);
}

static pe_status cannot_create(const char *path, int number, pe_error *err)
{
    char reason[PE_ERRNO_TEXT_SIZE], *directory = NULL;
    pe_status status = pe_copy_string(&directory, path, err);
    if (status != PE_OK)
        return status;
    char *const slash = strrchr(directory, '/');
    if (slash != NULL && slash != directory)
        *slash = '\0';
    if (number == ENOENT && slash != NULL && !directory_exists(directory))
        status = pe_fail(err, PE_EOUTPUT, "cannot create %s: the directory %s does not exist", path, directory);
    else
        status = pe_fail(err, PE_EOUTPUT, "cannot create %s: %s", path, pe_errno_text(number, reason));
    free(directory);
    return status;
}

/* One step along a symbolic link: *path becomes the name that it holds. */
static pe_status follow_link(char **path, pe_error *err)
{
    char target[PATH_MAX];
    const ssize_t size = readlink(*path, target, sizeof target - 1);
    if (size < 0)
        return cannot_create(*path, errno, err);
    target[size] = '\0';
    const char *const slash = strrchr(*path, '/');
    const size_t kept = target[0] == '/' || slash == NULL ? 0 : (size_t)(slash + 1 - *path);
    pe_buffer name = {0};
    pe_status status = pe_buffer_append(&name, *path, kept, err);
    if (status == PE_OK)
        status = pe_buffer_append(&name, target, (size_t)size + 1, err);
    if (status != PE_OK) {
        pe_buffer_fini(&name);
        return status;
    }
    free(*path);
    *path = (char *)name.data;
    return PE_OK;
}

/* The name behind all links, whether there is a file of that name or not; free with free(). */
static pe_status resolve(const char *path, char **out, pe_error *err)
{
    struct stat facts;
    char *name = NULL;
    pe_status status = pe_copy_string(&name, path, err);
    int links = 0;
    while (status == PE_OK && lstat(name, &facts) == 0 && S_ISLNK(facts.st_mode)) {
        if (links++ == MOST_LINKS)
            status = cannot_create(path, ELOOP, err);
        else
            status = follow_link(&name, err);
    }
    if (status != PE_OK) {
        free(name);
        return status;
    }
    *out = name;
    return PE_OK;
}

static bool is_still_named(int fd, const char *name)
{
    struct stat opened, named;
    return fstat(fd, &opened) == 0 && stat(name, &named) == 0 && opened.st_ino == named.st_ino &&
           opened.st_dev == named.st_dev;
}

/* Opens (or makes) a regular file and locks it; -1 with errno, which is EWOULDBLOCK when another run has the lock. */
static int open_locked(const char *name)
{
    for (int tries = 0; tries < MOST_TRIES; tries++) {
        const int fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0666);
        if (fd < 0)
            return -1;
        const bool is_taken = flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
        if (!is_taken && is_still_named(fd, name))
            return fd;
        close(fd);
        if (is_taken) {
            errno = EWOULDBLOCK;
            return -1;
        }
    }
    errno = EWOULDBLOCK;
    return -1;
}

/* ext4 writes a file out at its close when it was ever cut to nothing, even from nothing: so an empty one is let be. */
static bool make_empty(int fd)
{
    struct stat now;
    return fstat(fd, &now) == 0 && (now.st_size == 0 || ftruncate(fd, 0) == 0);
}

static pe_status open_regular(const char *path, pe_out_file *out, pe_error *err)
{
    const char *const name = out->part != NULL ? out->part : out->path;
    const int fd = open_locked(name);
    if (fd < 0 && errno == EWOULDBLOCK)
        return pe_fail(err, PE_EOUTPUT, "cannot create %s: another run is writing %s", path, name);
    if (fd < 0)
        return cannot_create(out->path, errno, err);
    out->fd = fd;
    if (out->part != NULL)
        pe_exit_cleanup_add(out->part);
    if (!make_empty(fd) || (out->part != NULL && unlink(out->path) != 0 && errno != ENOENT)) {
        const int number = errno;
        pe_out_abort(out);
        return cannot_create(path, number, err);
    }
    return PE_OK;
}

static pe_status begin_regular(const char *path, bool whole, pe_out_file *out, pe_error *err)
{
    out->is_regular = true;
    pe_status status = resolve(path, &out->path, err);
    if (status != PE_OK || !whole)
        return status == PE_OK ? open_regular(path, out, err) : status;
    pe_buffer part = {0};
    status = pe_buffer_printf(&part, err, "%s.part", out->path);
    if (status != PE_OK)
        return status;
    out->part = (char *)part.data;
    return open_regular(path, out, err);
}

static pe_status begin_special(const char *path, pe_out_file *out, pe_error *err)
{
    const pe_status status = pe_copy_string(&out->path, path, err);
    if (status != PE_OK)
        return status;
    out->fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
    return out->fd < 0 ? cannot_create(path, errno, err) : PE_OK;
}

static void forget(pe_out_file *out)
{
    pe_exit_cleanup_drop(out->part);
    free(out->path);
    free(out->part);
    *out = (pe_out_file){.fd = -1};
}

pe_status pe_out_begin(const char *path, bool whole, pe_out_file *out, pe_error *err)
{
    struct stat facts;
    *out = (pe_out_file){.fd = -1};
    if (path[0] == '\0')
        return pe_fail(err, PE_EOUTPUT, "cannot create the output: its path is empty");
    const bool exists = stat(path, &facts) == 0;
    if (!exists && errno != ENOENT)
        return cannot_create(path, errno, err);
    if (exists && S_ISDIR(facts.st_mode))
        return cannot_create(path, EISDIR, err);
    const bool is_special = exists && !S_ISREG(facts.st_mode);
    const pe_status status = is_special ? begin_special(path, out, err) : begin_regular(path, whole, out, err);
    if (status != PE_OK)
        forget(out);
    return status;
}

/* Some file systems report a failed write only when a descriptor is closed. Closing a copy asks them and keeps the lock
 * until the file has its final name. */
static bool is_flushed(int fd)
{
    const int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    return copy < 0 || close(copy) == 0 || errno == EINTR;
}

pe_status pe_out_commit(pe_out_file *out, pe_error *err)
{
    char reason[PE_ERRNO_TEXT_SIZE];
    if (out->path == NULL)
        return PE_OK;
    pe_status status = PE_OK;
    if (!is_flushed(out->fd))
        status = pe_fail(err, PE_EIO, "cannot write %s: %s", out->path, pe_errno_text(errno, reason));
    else if (out->part != NULL && rename(out->part, out->path) != 0)
        status = pe_fail(err, PE_EIO, "cannot rename %s to %s: %s", out->part, out->path, pe_errno_text(errno, reason));
    if (status != PE_OK) {
        pe_out_abort(out);
        return status;
    }
    if (close(out->fd) != 0 && errno != EINTR)
        status = pe_fail(err, PE_EIO, "cannot write %s: %s", out->path, pe_errno_text(errno, reason));
    forget(out);
    return status;
}

void pe_out_abort(pe_out_file *out)
{
    if (out->path == NULL || out->fd < 0)
        return;
    if (out->part != NULL)
        unlink(out->part); /* before the lock goes with the descriptor: another run may take the name then */
    close(out->fd);
    forget(out);
}

void pe_out_discard(pe_out_file *out)
{
    if (out->path == NULL || out->fd < 0)
        return;
    if (out->is_regular && out->part == NULL)
        unlink(out->path);
    pe_out_abort(out);
}

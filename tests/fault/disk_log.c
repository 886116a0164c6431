/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* disk_log.c - preloaded into pengine: logs what it does to files, so that test_power.py can make the disks of a power cut.
 *
 * Design:  one record a call: a head, names, data. All processes of a run append to the file DISK_LOG. A record is written
 *          after the call and before the program goes on, so that whatever relies on a call stands after it in the log; of
 *          a sync the beginning is a record, too. Each file that is created gets a second name in the folder DISK_POOL:
 *          its inode then stays what it is, however often the disk is made again.
 * Not here: writes through mmap and stdio, which outputs and checkpoints do not use.
 */
#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "real_call.h"

/* As in disk.py. */
typedef enum kind {
    CREATE = 1,
    WRITE,
    TRUNCATE,
    SYNC_BEGIN,
    SYNC_END,
    SYNCFS_BEGIN,
    SYNCFS_END,
    RENAME,
    LINK,
    UNLINK,
    MKDIR
} kind;

typedef struct head {
    uint32_t kind, name_bytes, other_bytes, data_bytes;
    uint64_t inode, number; /* number: an offset or a size; of a sync the process */
} head;

static int log_fd = -1;

__attribute__((constructor)) static void begin(void)
{
    const char *const path = getenv("DISK_LOG");
    if (path == NULL || strcmp(program_invocation_short_name, "pengine") != 0)
        return;
    const int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    log_fd = fcntl(fd, F_DUPFD_CLOEXEC, 1000); /* out of the program's way */
    (void)syscall(SYS_close, fd);
}

/* One append, so that the records of several processes do not mix. */
static void put(head what, const char *name, const char *other, const void *data)
{
    const int number = errno;
    what.name_bytes = name == NULL ? 0 : (uint32_t)strlen(name);
    what.other_bytes = other == NULL ? 0 : (uint32_t)strlen(other);
    const struct iovec parts[] = {{&what, sizeof what},
                                  {(void *)(uintptr_t)name, what.name_bytes},
                                  {(void *)(uintptr_t)other, what.other_bytes},
                                  {(void *)(uintptr_t)data, what.data_bytes}};
    (void)syscall(SYS_writev, log_fd, parts, 4);
    errno = number;
}

/* The inode of a regular file or folder; 0: something else, or nothing is logged. */
static uint64_t inode_of(int fd)
{
    struct stat facts;
    if (log_fd < 0 || fstat(fd, &facts) != 0 || !(S_ISREG(facts.st_mode) || S_ISDIR(facts.st_mode)))
        return 0;
    return facts.st_ino;
}

static uint64_t inode_at(const char *path)
{
    struct stat facts;
    return log_fd >= 0 && lstat(path, &facts) == 0 ? facts.st_ino : 0;
}

static void keep_inode(int fd, uint64_t inode)
{
    char from[64], to[4096];
    const char *const pool = getenv("DISK_POOL");
    (void)snprintf(from, sizeof from, "/proc/self/fd/%d", fd);
    (void)snprintf(to, sizeof to, "%s/%llu", pool == NULL ? "." : pool, (unsigned long long)inode);
    if (pool != NULL)
        (void)REAL(linkat)(AT_FDCWD, from, AT_FDCWD, to, AT_SYMLINK_FOLLOW);
}

static void note_open(int fd, const char *path, int flags, bool existed)
{
    const uint64_t inode = fd < 0 ? 0 : inode_of(fd);
    if (inode == 0 || (flags & O_ACCMODE) == O_RDONLY || (flags & O_TMPFILE) == O_TMPFILE)
        return;
    if (!existed) {
        keep_inode(fd, inode);
        put((head){.kind = CREATE, .inode = inode}, path, NULL, NULL);
    } else if ((flags & O_TRUNC) != 0) {
        put((head){.kind = TRUNCATE, .inode = inode}, NULL, NULL, NULL);
    }
}

static int logged_open(const char *path, int flags, mode_t bits)
{
    const bool existed = inode_at(path) != 0 || (flags & O_CREAT) == 0;
    const int fd = REAL(open)(path, flags, bits);
    note_open(fd, path, flags, existed);
    return fd;
}

int open(const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    const mode_t bits = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    return logged_open(path, flags, bits);
}

int open64(const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    const mode_t bits = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    return logged_open(path, flags, bits);
}

static void note_write(int fd, const void *data, ssize_t size, int64_t offset)
{
    const uint64_t inode = size > 0 ? inode_of(fd) : 0;
    if (inode != 0 && offset >= 0)
        put((head){.kind = WRITE, .inode = inode, .data_bytes = (uint32_t)size, .number = (uint64_t)offset}, NULL, NULL,
            data);
}

ssize_t write(int fd, const void *data, size_t size)
{
    const ssize_t done = REAL(write)(fd, data, size);
    if (log_fd >= 0 && done > 0)
        note_write(fd, data, done, lseek(fd, 0, SEEK_CUR) - done);
    return done;
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t offset)
{
    const ssize_t done = REAL(pwrite)(fd, data, size, offset);
    note_write(fd, data, done, offset);
    return done;
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t offset)
{
    const ssize_t done = REAL(pwrite64)(fd, data, size, offset);
    note_write(fd, data, done, offset);
    return done;
}

static int note_truncate(int fd, int64_t size, int done)
{
    const uint64_t inode = done == 0 ? inode_of(fd) : 0;
    if (inode != 0)
        put((head){.kind = TRUNCATE, .inode = inode, .number = (uint64_t)size}, NULL, NULL, NULL);
    return done;
}

int ftruncate(int fd, off_t size)
{
    return note_truncate(fd, size, REAL(ftruncate)(fd, size));
}

int ftruncate64(int fd, off64_t size)
{
    return note_truncate(fd, size, REAL(ftruncate64)(fd, size));
}

static int synced(int fd, int (*sync)(int), kind before, kind behind)
{
    const uint64_t inode = inode_of(fd);
    if (inode != 0)
        put((head){.kind = before, .inode = inode, .number = (uint64_t)getpid()}, NULL, NULL, NULL);
    const int done = sync(fd);
    if (inode != 0 && done == 0)
        put((head){.kind = behind, .inode = inode, .number = (uint64_t)getpid()}, NULL, NULL, NULL);
    return done;
}

int fsync(int fd)
{
    return synced(fd, REAL(fsync), SYNC_BEGIN, SYNC_END);
}

int fdatasync(int fd)
{
    return synced(fd, REAL(fdatasync), SYNC_BEGIN, SYNC_END);
}

int syncfs(int fd)
{
    return synced(fd, REAL(syncfs), SYNCFS_BEGIN, SYNCFS_END);
}

int rename(const char *from, const char *to)
{
    const uint64_t inode = inode_at(from);
    const int done = REAL(rename)(from, to);
    if (done == 0 && inode != 0)
        put((head){.kind = RENAME, .inode = inode}, from, to, NULL);
    return done;
}

static int linked(const char *to, int done)
{
    const uint64_t inode = done == 0 ? inode_at(to) : 0;
    if (inode != 0)
        put((head){.kind = LINK, .inode = inode}, to, NULL, NULL);
    return done;
}

int link(const char *from, const char *to)
{
    return linked(to, REAL(link)(from, to));
}

int linkat(int from_folder, const char *from, int to_folder, const char *to, int flags)
{
    return linked(to, REAL(linkat)(from_folder, from, to_folder, to, flags));
}

int unlink(const char *path)
{
    const uint64_t inode = inode_at(path);
    const int done = REAL(unlink)(path);
    if (done == 0 && inode != 0)
        put((head){.kind = UNLINK, .inode = inode}, path, NULL, NULL);
    return done;
}

int mkdir(const char *path, mode_t bits)
{
    const int done = REAL(mkdir)(path, bits);
    if (done == 0 && log_fd >= 0)
        put((head){.kind = MKDIR, .inode = inode_at(path)}, path, NULL, NULL);
    return done;
}

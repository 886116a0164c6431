/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* injection_files.c - the functions of files and descriptors.
 */
#define _GNU_SOURCE

#include "injection.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- files ---- */

static mode_t mode_after(int flags, va_list arguments)
{
    return (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(arguments, mode_t) : 0;
}

int open(const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    const mode_t bits = mode_after(flags, arguments);
    va_end(arguments);
    return fails(CALL_open) ? -1 : REAL(open)(path, flags, bits);
}

int open64(const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    const mode_t bits = mode_after(flags, arguments);
    va_end(arguments);
    return fails(CALL_open) ? -1 : REAL(open64)(path, flags, bits);
}

FILE *fopen(const char *path, const char *how)
{
    return fails(CALL_open) ? NULL : REAL(fopen)(path, how);
}

FILE *fopen64(const char *path, const char *how)
{
    return fails(CALL_open) ? NULL : REAL(fopen64)(path, how);
}

static size_t half(size_t size)
{
    return size > 1 ? size / 2 : size;
}

ssize_t read(int fd, void *data, size_t size)
{
    return is_failing(CALL_read) ? -1 : REAL(read)(fd, data, is_short(CALL_read) ? half(size) : size);
}

ssize_t __read_chk(int fd, void *data, size_t size, size_t room);
ssize_t __read_chk(int fd, void *data, size_t size, size_t room)
{
    (void)room;
    return read(fd, data, size);
}

ssize_t pread(int fd, void *data, size_t size, off_t offset)
{
    return fails(CALL_pread) ? -1 : REAL(pread)(fd, data, size, offset);
}

ssize_t pread64(int fd, void *data, size_t size, off64_t offset)
{
    return fails(CALL_pread) ? -1 : REAL(pread64)(fd, data, size, offset);
}

/* Messages always come through. */
ssize_t write(int fd, const void *data, size_t size)
{
    if (fd == STDERR_FILENO)
        return REAL(write)(fd, data, size);
    return is_failing(CALL_write) ? -1 : REAL(write)(fd, data, is_short(CALL_write) ? half(size) : size);
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t offset)
{
    return is_failing(CALL_pwrite) ? -1 : REAL(pwrite)(fd, data, is_short(CALL_pwrite) ? half(size) : size, offset);
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t offset)
{
    return is_failing(CALL_pwrite) ? -1 : REAL(pwrite64)(fd, data, is_short(CALL_pwrite) ? half(size) : size, offset);
}

int fsync(int fd)
{
    return fails(CALL_fsync) ? -1 : REAL(fsync)(fd);
}

int fdatasync(int fd)
{
    return fails(CALL_fdatasync) ? -1 : REAL(fdatasync)(fd);
}

int rename(const char *from, const char *to)
{
    return fails(CALL_rename) ? -1 : REAL(rename)(from, to);
}

/* The descriptor is closed all the same, as Linux does. */
int close(int fd)
{
    if (!fails(CALL_close))
        return REAL(close)(fd);
    const int error = errno;
    (void)REAL(close)(fd);
    errno = error;
    return -1;
}

int ftruncate(int fd, off_t size)
{
    return fails(CALL_ftruncate) ? -1 : REAL(ftruncate)(fd, size);
}

int ftruncate64(int fd, off64_t size)
{
    return fails(CALL_ftruncate) ? -1 : REAL(ftruncate64)(fd, size);
}

int flock(int fd, int what)
{
    return fails(CALL_flock) ? -1 : REAL(flock)(fd, what);
}

int unlink(const char *path)
{
    return fails(CALL_unlink) ? -1 : REAL(unlink)(path);
}

int fstat(int fd, struct stat *facts)
{
    return fails(CALL_fstat) ? -1 : REAL(fstat)(fd, facts);
}

int stat(const char *path, struct stat *facts)
{
    return fails(CALL_stat) ? -1 : REAL(stat)(path, facts);
}

int lstat(const char *path, struct stat *facts)
{
    return fails(CALL_stat) ? -1 : REAL(lstat)(path, facts);
}

int fstatat(int folder, const char *path, struct stat *facts, int flags)
{
    return fails(CALL_stat) ? -1 : REAL(fstatat)(folder, path, facts, flags);
}

int access(const char *path, int how)
{
    return fails(CALL_access) ? -1 : REAL(access)(path, how);
}

int mkdir(const char *path, mode_t bits)
{
    return fails(CALL_mkdir) ? -1 : REAL(mkdir)(path, bits);
}

int mkstemp(char *path)
{
    return fails(CALL_mkstemp) ? -1 : REAL(mkstemp)(path);
}

int mkostemp(char *path, int flags)
{
    return fails(CALL_mkstemp) ? -1 : REAL(mkostemp)(path, flags);
}

char *mkdtemp(char *path)
{
    return fails(CALL_mkdtemp) ? NULL : REAL(mkdtemp)(path);
}

ssize_t readlink(const char *path, char *text, size_t size)
{
    return fails(CALL_readlink) ? -1 : REAL(readlink)(path, text, size);
}

char *realpath(const char *path, char *text)
{
    return fails(CALL_realpath) ? NULL : REAL(realpath)(path, text);
}

DIR *opendir(const char *path)
{
    return fails(CALL_opendir) ? NULL : REAL(opendir)(path);
}

struct dirent *readdir(DIR *folder)
{
    return fails(CALL_readdir) ? NULL : REAL(readdir)(folder);
}

/* ---- descriptors ---- */

int fcntl(int fd, int what, ...)
{
    va_list arguments;
    va_start(arguments, what);
    void *const argument = va_arg(arguments, void *);
    va_end(arguments);
    return fails(CALL_fcntl) ? -1 : REAL(fcntl)(fd, what, argument);
}

int fcntl64(int fd, int what, ...)
{
    va_list arguments;
    va_start(arguments, what);
    void *const argument = va_arg(arguments, void *);
    va_end(arguments);
    return fails(CALL_fcntl) ? -1 : REAL(fcntl64)(fd, what, argument);
}

int dup2(int from, int to)
{
    return fails(CALL_dup) ? -1 : REAL(dup2)(from, to);
}

int dup3(int from, int to, int flags)
{
    return fails(CALL_dup) ? -1 : REAL(dup3)(from, to, flags);
}

int pipe(int ends[2])
{
    return fails(CALL_pipe) ? -1 : REAL(pipe)(ends);
}

int pipe2(int ends[2], int flags)
{
    return fails(CALL_pipe) ? -1 : REAL(pipe2)(ends, flags);
}

int socketpair(int domain, int type, int protocol, int ends[2])
{
    return fails(CALL_socketpair) ? -1 : REAL(socketpair)(domain, type, protocol, ends);
}

ssize_t recv(int fd, void *data, size_t size, int flags)
{
    return fails(CALL_recv) ? -1 : REAL(recv)(fd, data, size, flags);
}

ssize_t send(int fd, const void *data, size_t size, int flags)
{
    return fails(CALL_send) ? -1 : REAL(send)(fd, data, size, flags);
}

int poll(struct pollfd *set, nfds_t count, int timeout_ms)
{
    return fails(CALL_poll) ? -1 : REAL(poll)(set, count, timeout_ms);
}

int memfd_create(const char *name, unsigned flags)
{
    return fails(CALL_memfd_create) ? -1 : REAL(memfd_create)(name, flags);
}

ssize_t getrandom(void *data, size_t size, unsigned flags)
{
    return fails(CALL_getrandom) ? -1 : REAL(getrandom)(data, size, flags);
}

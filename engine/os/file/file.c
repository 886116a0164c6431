/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* file.c - complete reads and writes, and memory-mapped files.
 *
 * Design:   a read or write continues after a short count and after EINTR, and waits for a non-blocking descriptor. Errors
 *           name the file and give the system's reason. When another program truncates a mapped file, reading it raises
 *           SIGBUS.
 * Threads:  any; a descriptor has one writer at a time, except for pe_pwrite_full.
 * Not here: outputs (out_file.c).
 */
#include "os/file/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/errno_text.h"
#include "os/exit_cleanup.h"
#include "os/interrupt.h"
#include "os/poll.h"

#define READ_BYTES 65536u

/* One page fault also maps the cached pages around it: 64 KiB in older kernels, a large folio of up to 2 MiB in newer
 * ones (Linux 6.18). So reading a range can map every page of the windows that it touches. Releasing less than these
 * windows left whole files resident (measured). */
#define FAULT_WINDOW ((uintptr_t)2 << 20)

/* A killed process keeps its locks until its memory is freed, about 0.1 s a gigabyte. */
#define LOCK_WAIT_NS 1000000000u
#define LOCK_POLL_NS 5000000u

int pe_open(const char *path, int flags, unsigned mode)
{
    const int fd = open(path, flags | O_CLOEXEC, (mode_t)mode);
    if (fd < 0 || fd > STDERR_FILENO)
        return fd;
    const int high = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    const int number = errno;
    (void)close(fd); /* nothing was written */
    errno = number;
    return high;
}

bool pe_file_lock(int fd)
{
    const uint64_t until = pe_clock_ns() + LOCK_WAIT_NS;
    while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK)
            return true;
        if (pe_clock_ns() >= until || pe_interrupt_seen() != NULL)
            return false;
        pe_sleep_ns(LOCK_POLL_NS);
    }
    return true;
}

bool pe_file_is_named(int fd, const char *name)
{
    struct stat opened, named;
    return fstat(fd, &opened) == 0 && stat(name, &named) == 0 && opened.st_ino == named.st_ino &&
           opened.st_dev == named.st_dev;
}

static pe_status cannot_read(const char *path, int number, pe_error *err)
{
    char reason[PE_ERRNO_TEXT_SIZE];
    return pe_fail(err, PE_ENOINPUT, "cannot read %s: %s", path, pe_errno_text(number, reason));
}

static pe_status fail_size(const char *path, size_t most, pe_error *err)
{
    return pe_fail(err, PE_ENOINPUT, "cannot read %s: it is larger than %zu bytes", path, most);
}

static pe_status read_until_end(int fd, const char *path, size_t most, pe_buffer *bytes, pe_error *err)
{
    for (;;) {
        pe_status status = pe_buffer_reserve(bytes, READ_BYTES, err);
        if (status != PE_OK)
            return status;
        const ssize_t got = read(fd, bytes->data + bytes->size, READ_BYTES);
        if (got < 0 && errno != EINTR)
            return cannot_read(path, errno, err);
        if (got == 0)
            return PE_OK;
        bytes->size += got > 0 ? (size_t)got : 0;
        if (bytes->size > most)
            return fail_size(path, most, err);
    }
}

pe_status pe_file_read_all(const char *path, size_t most, char **out, size_t *size, pe_error *err)
{
    pe_buffer bytes = {0};
    struct stat facts;
    const int fd = pe_open(path, O_RDONLY, 0);
    if (fd < 0)
        return cannot_read(path, errno, err);
    const bool is_too_large = fstat(fd, &facts) == 0 && S_ISREG(facts.st_mode) && (uint64_t)facts.st_size > most;
    pe_status status = is_too_large ? fail_size(path, most, err) : read_until_end(fd, path, most, &bytes, err);
    close(fd); /* nothing was written, so a failure has no meaning */
    if (status == PE_OK)
        status = pe_make_array(out, bytes.size + 1, 1, err);
    if (status == PE_OK) {
        if (bytes.size > 0)
            memcpy(*out, bytes.data, bytes.size);
        *size = bytes.size;
    }
    pe_buffer_fini(&bytes);
    return status;
}

static pe_status cannot_write(const char *name, int number, pe_error *err)
{
    char reason[PE_ERRNO_TEXT_SIZE];
    if (number == EPIPE)
        return pe_fail(err, PE_ECLOSED, "the reader of %s closed it", name);
    return pe_fail(err, PE_EIO, "cannot write %s: %s", name, pe_errno_text(number, reason));
}

/* True when a write that failed with errno `number` is to be tried again. */
static bool try_again(int fd, int number)
{
    if (number == EAGAIN || number == EWOULDBLOCK) {
        struct pollfd ready = {.fd = fd, .events = POLLOUT, .revents = 0};
        (void)pe_poll(&ready, 1, -1); /* the next write reports any error */
        return true;
    }
    return number == EINTR;
}

/* offset < 0: at the file's position. */
static pe_status write_all(int fd, const unsigned char *bytes, size_t size, off_t offset, const char *name,
                           pe_error *err)
{
    size_t done = 0;
    int number = 0;
    pe_exit_cleanup_write_begin();
    while (done < size && number == 0) {
        const ssize_t put = offset < 0 ? write(fd, bytes + done, size - done)
                                       : pwrite(fd, bytes + done, size - done, offset + (off_t)done);
        if (put >= 0)
            done += (size_t)put;
        else if (!try_again(fd, errno))
            number = errno;
    }
    pe_exit_cleanup_write_end();
    return number == 0 ? PE_OK : cannot_write(name, number, err);
}

pe_status pe_write_full(int fd, const void *data, size_t size, const char *name, pe_error *err)
{
    return write_all(fd, data, size, -1, name, err);
}

pe_status pe_pwrite_full(int fd, const void *data, size_t size, uint64_t offset, const char *name, pe_error *err)
{
    if (offset > INT64_MAX || size > INT64_MAX - offset)
        return cannot_write(name, EFBIG, err);
    return write_all(fd, data, size, (off_t)offset, name, err);
}

static pe_status map_descriptor(int fd, const char *path, pe_map *out, pe_error *err)
{
    struct stat facts;
    if (fstat(fd, &facts) != 0)
        return cannot_read(path, errno, err);
    if (S_ISDIR(facts.st_mode))
        return cannot_read(path, EISDIR, err);
    if (!S_ISREG(facts.st_mode))
        return pe_fail(err, PE_ENOINPUT, "cannot read %s: it is not a regular file", path);
    out->data = NULL;
    out->size = (size_t)facts.st_size;
    if (out->size == 0)
        return PE_OK;
    void *const data = mmap(NULL, out->size, PROT_READ, MAP_SHARED, fd, 0);
    if (data == MAP_FAILED)
        return cannot_read(path, errno, err);
    out->data = data;
    return PE_OK;
}

pe_status pe_map_open(const char *path, pe_map *out, pe_error *err)
{
    const int fd =
        pe_open(path, O_RDONLY | O_NONBLOCK, 0); /* O_NONBLOCK: opening a pipe without a writer must not block */
    if (fd < 0)
        return cannot_read(path, errno, err);
    const pe_status status = map_descriptor(fd, path, out, err);
    close(fd); /* the mapping stays */
    return status;
}

/* The address of a mapping without const, as the system calls take it; nothing is written through it. */
static unsigned char *address_of(const pe_map *map)
{
    return (unsigned char *)(uintptr_t)map->data;
}

void pe_map_close(pe_map *map)
{
    if (map->data != NULL)
        munmap(address_of(map), map->size);
    *map = (pe_map){0};
}

void pe_map_release(const pe_map *map, uint64_t offset, size_t size)
{
    if (size == 0 || offset >= map->size)
        return;
    const uintptr_t base = (uintptr_t)map->data;
    const size_t last = size < map->size - offset ? (size_t)offset + size : map->size;
    uintptr_t from = (base + offset) / FAULT_WINDOW * FAULT_WINDOW;
    uintptr_t to = (base + last + FAULT_WINDOW - 1) / FAULT_WINDOW * FAULT_WINDOW;
    from = from < base ? base : from;
    to = to > base + map->size ? base + map->size : to;
    /* a failure costs memory only */
    (void)madvise(address_of(map) + (from - base), to - from, MADV_DONTNEED);
}

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* file.h - complete reads and writes, and memory-mapped files.
 */
#ifndef PE_FILE_H
#define PE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* pe_open - open(2) with O_CLOEXEC, at a descriptor of 3 or more: 0 to 2 may be closed in the host of the library, and a
 * file there would receive what the host prints. -1 with errno. */
int pe_open(const char *path, int flags, unsigned mode);

/* pe_file_lock - flock; false when another process has the lock, and still has it after a second: one that was killed keeps
 * it while it ends. A signal ends the wait. A file system without locks counts as locked. */
bool pe_file_lock(int fd);

/* pe_file_is_named - whether the name still leads to the open file. */
bool pe_file_is_named(int fd, const char *name);

/* pe_file_read_all - read a file of at most `most` bytes as a terminated string; free with free(). */
pe_status pe_file_read_all(const char *path, size_t most, char **out, size_t *size, pe_error *err);

/* pe_write_full - write all of data to fd; continues after short writes and EINTR.
 * Returns: PE_OK, PE_ECLOSED on EPIPE, PE_EIO with `name` and the system's reason */
pe_status pe_write_full(int fd, const void *data, size_t size, const char *name, pe_error *err);
pe_status pe_pwrite_full(int fd, const void *data, size_t size, uint64_t offset, const char *name, pe_error *err);

/* A regular file, mapped for reading. Zero-initialise. */
typedef struct pe_map {
    const unsigned char *data; /* NULL when size is 0 */
    size_t size;
} pe_map;

/* pe_map_open - map a regular file. PE_ENOINPUT with the system's reason. */
pe_status pe_map_open(const char *path, pe_map *out, pe_error *err);
void pe_map_close(pe_map *map);

/* pe_map_release - remove the pages of [offset, offset + size) from this process's resident set, which bounds memory for
 * files of any size.
 *
 * Call:  any thread, after its last read of the range. When another thread still reads there, a page fault brings the
 *        page back, and that thread's own release removes it.
 * Units: bytes; the range is rounded outwards to 2 MiB, the most that one page fault maps. So a thread has up to 4 MiB
 *        resident beside the range that it reads, and ranges of 256 KiB or more cost least.
 */
void pe_map_release(const pe_map *map, uint64_t offset, size_t size);

#endif

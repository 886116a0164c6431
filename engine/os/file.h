/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* file.h - complete reads and writes, memory-mapped files, output files that appear by rename.
 */
#ifndef PE_FILE_H
#define PE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

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

/* An output that is either replaced whole (whole = true: written to "path.part", renamed by commit) or grows under its
 * own name (whole = false). A path that exists and is not a regular file (/dev/null, a pipe, /dev/full) is written
 * directly either way. Begin removes an old file of the final name, so that a failed run leaves nothing that could be
 * taken for its result. Zero-initialise; fd is valid between begin and commit or abort. */
typedef struct pe_out_file {
    int fd;
    char *path; /* the final name */
    char *part; /* the name written to, or NULL when it is path itself */
    bool is_regular;
} pe_out_file;

/* Returns: PE_OK, PE_EOUTPUT (directory missing, no permission, a directory, another run writes path.part: flock) */
pe_status pe_out_begin(const char *path, bool whole, pe_out_file *out, pe_error *err);
pe_status pe_out_commit(pe_out_file *out, pe_error *err); /* fsync is not done; close and rename are checked */
void pe_out_abort(pe_out_file *out);                      /* whole: nothing stays; growing: close, keep the prefix */
void pe_out_discard(pe_out_file *out);                    /* nothing stays in either case */

#endif

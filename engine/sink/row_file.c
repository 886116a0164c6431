/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* row_file.c - a file of rows of equal size, written at their offsets.
 *
 * Threads: row_file.h.
 */
#include "sink/row_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/errno_text.h"
#include "os/file/durable.h"
#include "os/file/file.h"

pe_status pe_row_file_open(const char *path, uint64_t first, size_t row_bytes, pe_row_file *out, pe_error *err)
{
    char reason[PE_ERRNO_TEXT_SIZE];
    *out = (pe_row_file){0};
    char *absolute = realpath(path, NULL);
    const int fd = absolute == NULL ? -1 : pe_open(absolute, O_WRONLY, 0);
    if (fd < 0) {
        const int number = errno;
        free(absolute);
        return pe_fail(err, PE_EOUTPUT, "cannot write %s: %s", path, pe_errno_text(number, reason));
    }
    *out = (pe_row_file){.fd = fd, .path = absolute, .first = first, .row_bytes = row_bytes, .probe = first};
    return PE_OK;
}

bool pe_row_file_is_open(const pe_row_file *row_file)
{
    return row_file->path != NULL;
}

pe_status pe_row_file_write(const pe_row_file *row_file, uint64_t row, const void *data, size_t bytes, pe_error *err)
{
    return pe_pwrite_full(row_file->fd, data, bytes,
                          row_file->first + (row - row_file->first_row) * row_file->row_bytes, row_file->path, err);
}

pe_status pe_row_file_close(pe_row_file *row_file, bool is_durable, pe_error *err)
{
    char reason[PE_ERRNO_TEXT_SIZE];
    pe_status status = PE_OK;
    if (row_file->path != NULL && is_durable)
        status = pe_durable_data(row_file->fd, row_file->path, err);
    if (row_file->path != NULL && close(row_file->fd) != 0 && errno != EINTR && status == PE_OK)
        status = pe_fail(err, PE_EIO, "cannot write %s: %s", row_file->path, pe_errno_text(errno, reason));
    free(row_file->path);
    *row_file = (pe_row_file){0};
    return status;
}

static off_t probe_offset(const pe_row_file *row_file, uint64_t number)
{
    return (off_t)(row_file->probe + number * PE_PROBE_BYTES);
}

bool pe_row_file_write_probe(const pe_row_file *row_file, uint64_t number, const unsigned char probe[PE_PROBE_BYTES])
{
    const int fd = pe_open(row_file->path, O_WRONLY, 0);
    if (fd < 0)
        return false;
    const bool is_written = pwrite(fd, probe, PE_PROBE_BYTES, probe_offset(row_file, number)) == PE_PROBE_BYTES;
    return close(fd) == 0 && is_written;
}

bool pe_row_file_has_probe(const pe_row_file *row_file, uint64_t number, const unsigned char probe[PE_PROBE_BYTES])
{
    unsigned char seen[PE_PROBE_BYTES] = {0};
    const int fd = pe_open(row_file->path, O_RDONLY, 0);
    if (fd < 0)
        return false;
    const bool is_read = pread(fd, seen, sizeof seen, probe_offset(row_file, number)) == PE_PROBE_BYTES;
    (void)close(fd); /* nothing was written */
    return is_read && memcmp(seen, probe, sizeof seen) == 0;
}

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* places.c - rows written to their places in a file.
 *
 * Threads: places.h.
 */
#include "sink/row_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/errno_text.h"
#include "os/file.h"

pe_status pe_places_open(const char *path, uint64_t first, size_t row_bytes, pe_places *out, pe_error *err)
{
    char reason[PE_ERRNO_ROOM];
    *out = (pe_places){0};
    char *whole = realpath(path, NULL);
    const int fd = whole == NULL ? -1 : open(whole, O_WRONLY | O_CLOEXEC);
    if (fd < 0) {
        const int number = errno;
        free(whole);
        return pe_fail(err, PE_EOUTPUT, "cannot write %s: %s", path, pe_reason(number, reason));
    }
    *out = (pe_places){.fd = fd, .path = whole, .first = first, .row_bytes = row_bytes};
    return PE_OK;
}

bool pe_places_is_open(const pe_places *places)
{
    return places->path != NULL;
}

pe_status pe_places_write(const pe_places *places, uint64_t row, const void *data, size_t bytes, pe_error *err)
{
    return pe_pwrite_full(places->fd, data, bytes, places->first + (row - places->first_row) * places->row_bytes,
                          places->path, err);
}

pe_status pe_places_close(pe_places *places, pe_error *err)
{
    char reason[PE_ERRNO_ROOM];
    pe_status status = PE_OK;
    if (places->path != NULL && close(places->fd) != 0 && errno != EINTR)
        status = pe_fail(err, PE_EIO, "cannot write %s: %s", places->path, pe_reason(errno, reason));
    free(places->path);
    *places = (pe_places){0};
    return status;
}

static off_t place_of_mark(const pe_places *places, uint64_t number)
{
    return (off_t)(places->first + number * PE_MARK_BYTES);
}

bool pe_places_set_mark(const pe_places *places, uint64_t number, const unsigned char mark[PE_MARK_BYTES])
{
    const int fd = open(places->path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    const bool is_written = pwrite(fd, mark, PE_MARK_BYTES, place_of_mark(places, number)) == PE_MARK_BYTES;
    return close(fd) == 0 && is_written;
}

bool pe_places_has_mark(const pe_places *places, uint64_t number, const unsigned char mark[PE_MARK_BYTES])
{
    unsigned char seen[PE_MARK_BYTES] = {0};
    const int fd = open(places->path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    const bool is_read = pread(fd, seen, sizeof seen, place_of_mark(places, number)) == PE_MARK_BYTES;
    (void)close(fd); /* nothing was written */
    return is_read && memcmp(seen, mark, sizeof seen) == 0;
}

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* out_marker.c - the file beside an output which says that the temporary file is pengine's.
 *
 * Design:   a marker is known by its first bytes, which are those of a checkpoint: the first checkpoint of a run replaces
 *           the marker. An empty file of this name was left by a run that was killed between creating and writing it; one
 *           of zeros, or with a part of the first bytes, by a power cut.
 * Threads:  any; the file system orders two runs.
 * Not here: when a marker is made and removed (out_file.c).
 */
#include "os/file/out_marker.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/errno_text.h"
#include "os/file/file.h"
#include "os/file/out_file.h"
#include "os/file/out_path.h"

#define MAGIC_BYTES (sizeof PE_OUT_MARKER_MAGIC - 1)

static const char text[] = PE_OUT_MARKER_MAGIC "1\n"; /* short: it fits on a disk that is almost full */

bool pe_out_marker_is_ours(int fd, int64_t zeros_most)
{
    static const char zeros[MAGIC_BYTES] = {0};
    char begin[MAGIC_BYTES];
    struct stat facts;
    if (fstat(fd, &facts) != 0 || !S_ISREG(facts.st_mode))
        return false;
    const ssize_t size = read(fd, begin, sizeof begin);
    if (size < 0)
        return false;
    return memcmp(begin, PE_OUT_MARKER_MAGIC, (size_t)size) == 0 ||
           (facts.st_size <= zeros_most && memcmp(begin, zeros, (size_t)size) == 0);
}

static pe_status find(const char *marker, const char *path, int64_t zeros_most, bool *exists, pe_error *err)
{
    char reason[PE_ERRNO_TEXT_SIZE];
    *exists = false;
    const int fd = pe_open(marker, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);
    if (fd < 0 && errno == ENOENT)
        return PE_OK;
    if (fd < 0 && errno != ELOOP)
        return pe_fail(err, PE_EOUTPUT, "cannot create %s: %s: %s", path, marker, pe_errno_text(errno, reason));
    *exists = fd >= 0 && pe_out_marker_is_ours(fd, zeros_most);
    if (fd >= 0)
        (void)close(fd); /* nothing was written */
    return *exists ? PE_OK
                   : pe_fail(err, PE_EOUTPUT,
                             "cannot create %s: %s exists and is no checkpoint of pengine: move it away, or write to "
                             "another output",
                             path, marker);
}

bool pe_out_marker_is_bare(const char *path)
{
    struct stat facts;
    return stat(path, &facts) == 0 && S_ISREG(facts.st_mode) &&
           facts.st_size <= (off_t)strlen(PE_OUT_MARKER_MAGIC "1\n");
}

pe_status pe_out_marker_find(const char *marker, const char *path, bool *exists, pe_error *err)
{
    return find(marker, path, (int64_t)sizeof text - 1, exists, err);
}

pe_status pe_out_marker_create(const char *marker, const char *path, bool *is_new, pe_error *err)
{
    char reason[PE_ERRNO_TEXT_SIZE];
    const int fd = pe_open(marker, O_WRONLY | O_CREAT | O_EXCL, 0666);
    *is_new = fd >= 0;
    if (fd < 0 && errno == EEXIST)
        return PE_OK;
    if (fd < 0)
        return pe_out_cannot_create(path, errno, err);
    pe_status status = pe_write_full(fd, text, sizeof text - 1, marker, err);
    if (close(fd) != 0 && errno != EINTR && status == PE_OK)
        status = pe_fail(err, PE_EIO, "cannot write %s: %s", marker, pe_errno_text(errno, reason));
    if (status != PE_OK)
        (void)unlink(marker); /* the failure is reported already */
    return status;
}

/* A new file and a rename: at no moment is there no marker. */
pe_status pe_out_marker_reset(const char *marker, const char *path, pe_error *err)
{
    struct stat facts;
    pe_buffer fresh = {0};
    bool is_new = false, is_left = false;
    if (stat(marker, &facts) == 0 && facts.st_size <= (off_t)(sizeof text - 1))
        return PE_OK;
    pe_status status = pe_buffer_printf(&fresh, err, "%s.new", marker);
    if (status == PE_OK)
        status = find((const char *)fresh.data, path, INT64_MAX, &is_left, err);
    if (status == PE_OK && is_left) /* of a run that was killed while it wrote a checkpoint */
        (void)unlink((const char *)fresh.data);
    if (status == PE_OK)
        status = pe_out_marker_create((const char *)fresh.data, path, &is_new, err);
    if (status == PE_OK && rename((const char *)fresh.data, marker) != 0)
        status = pe_out_cannot_create(path, errno, err);
    pe_buffer_fini(&fresh);
    return status;
}

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* out_file.c - an output file that is written under a temporary name and takes its final name by rename.
 *
 * Design:   links are followed by name, so that the file that a link leads to is replaced and the link stays. The marker is
 *           made before the temporary file and removed after it, so that no moment has one of ours without its marker. The
 *           lock has an open file description of its own: the one that is written is closed before the rename, since
 *           some file systems report a failed write at the close only.
 * Threads:  one at a time.
 * Not here: what is written (sink, report).
 */
#include "os/file/out_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/errno_text.h"
#include "os/exit_cleanup.h"
#include "os/file/durable.h"
#include "os/file/file.h"
#include "os/file/out_lock.h"
#include "os/file/out_marker.h"
#include "os/file/out_path.h"
#include "os/interrupt.h"

#define MOST_TRIES 16 /* each try lost means that another run finished in between */

static bool name_exists(const char *name)
{
    struct stat facts;
    return lstat(name, &facts) == 0;
}

/* Opens the temporary file twice, for writing and for its lock. -1 with errno; *is_same is false when another run has
 * replaced the file in between. */
static int open_part(pe_out_file *out, int flags, bool *is_same)
{
    *is_same = false;
    out->fd = pe_open(out->part, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | flags, 0666);
    if (out->fd < 0)
        return -1;
    out->lock_fd = pe_open(out->part, O_WRONLY | O_NOFOLLOW | O_NONBLOCK, 0);
    if (out->lock_fd < 0 && errno != ENOENT)
        return -1;
    *is_same = out->lock_fd >= 0 && pe_file_is_named(out->fd, out->part) && pe_file_is_named(out->lock_fd, out->part);
    return 0;
}

static void close_part(pe_out_file *out)
{
    if (out->fd >= 0)
        (void)close(out->fd); /* what was written is thrown away */
    if (out->lock_fd >= 0)
        (void)close(out->lock_fd); /* nothing was written through it */
    out->fd = out->lock_fd = -1;
}

/* Removes the temporary file that this run has made, and its marker. */
static void unmake_part(pe_out_file *out, bool has_own_marker)
{
    if (out->fd >= 0)
        (void)unlink(out->part);
    if (has_own_marker)
        (void)unlink(out->marker);
    close_part(out);
}

/* Locks the temporary file and empties what a killed run left in it. */
static pe_status take_part(pe_out_file *out, bool *is_taken, bool has_own_marker, pe_error *err)
{
    struct stat facts;
    if (!pe_file_lock(out->lock_fd)) {
        close_part(out);
        return pe_out_is_in_use(out->path, out->part, err);
    }
    if (!pe_file_is_named(out->lock_fd, out->part)) { /* the run that had the lock has ended */
        close_part(out);
        return PE_OK;
    }
    /* a run that grows its output holds the lock of the file of the final name */
    if (pe_out_check_unused(out->path, out->path, err) != PE_OK) {
        unmake_part(out, has_own_marker);
        return err->status;
    }
    /* ext4 writes a file out at its close once it was truncated, even from nothing: an empty one is left alone */
    if (fstat(out->fd, &facts) != 0 || (facts.st_size > 0 && ftruncate(out->fd, 0) != 0)) {
        const pe_status failed = pe_out_cannot_create(out->path, errno, err);
        unmake_part(out, has_own_marker);
        return failed;
    }
    *is_taken = true;
    return PE_OK;
}

static pe_status is_foreign(const pe_out_file *out, pe_error *err)
{
    return pe_fail(err, PE_EOUTPUT,
                   "cannot create %s: %s exists and is not pengine's, since there is no %s beside it: move it away, or "
                   "write to another output",
                   out->path, out->part, out->marker);
}

/* *has_marker: there is a marker; without one, a temporary file is not ours. */
static pe_status find_marker(const pe_out_file *out, bool *has_marker, pe_error *err)
{
    const pe_status status = pe_out_marker_find(out->marker, out->path, has_marker, err);
    return status == PE_OK && !*has_marker && name_exists(out->part) ? is_foreign(out, err) : status;
}

/* One try to create the temporary file and its marker; *is_taken stays false when another run was faster. */
static pe_status try_result(pe_out_file *out, pe_out_kind kind, bool *is_taken, pe_error *err)
{
    bool has_marker = false, is_new = false, is_same = false;
    pe_status status = find_marker(out, &has_marker, err);
    if (status == PE_OK && !has_marker)
        status = pe_out_marker_create(out->marker, out->path, &is_new, err);
    if (status != PE_OK || (!has_marker && !is_new))
        return status;
    if (open_part(out, O_CREAT, &is_same) != 0) {
        const pe_status failed = pe_out_cannot_create(out->path, errno, err);
        if (is_new)
            unmake_part(out, true);
        close_part(out);
        return failed;
    }
    if (!is_same) {
        close_part(out);
        return PE_OK;
    }
    status = take_part(out, is_taken, is_new, err);
    if (status == PE_OK && *is_taken && !name_exists(out->marker)) /* the run that made it has ended and removed it */
        status = pe_out_marker_create(out->marker, out->path, &is_new, err);
    else if (status == PE_OK && *is_taken && !is_new && kind == PE_OUT_RESULT)
        status = pe_out_marker_reset(out->marker, out->path, err);
    if (status != PE_OK && *is_taken)
        unmake_part(out, false);
    return status;
}

/* The names beside the output. */
static pe_status name_files(pe_out_file *out, const char *marker, pe_error *err)
{
    pe_buffer part = {0}, beside = {0};
    pe_status status = pe_buffer_printf(&part, err, "%s.part", out->path);
    out->part = (char *)part.data;
    if (status == PE_OK && marker != NULL)
        return pe_copy_string(&out->marker, marker, err);
    if (status == PE_OK)
        status = pe_buffer_printf(&beside, err, "%s.checkpoint", out->path);
    out->marker = (char *)beside.data;
    return status;
}

pe_status pe_out_marker_path(const char *path, char **out, pe_error *err)
{
    char *final = NULL;
    pe_buffer marker = {0};
    pe_status status = pe_out_resolve(path, &final, err);
    if (status == PE_OK)
        status = pe_buffer_printf(&marker, err, "%s.checkpoint", final);
    free(final);
    *out = (char *)marker.data;
    return status;
}

static pe_status begin_result(pe_out_file *out, pe_out_kind kind, const char *marker, pe_error *err)
{
    bool is_taken = false;
    pe_status status = name_files(out, marker, err);
    for (int tries = 0; tries < MOST_TRIES && status == PE_OK && !is_taken; tries++)
        status = try_result(out, kind, &is_taken, err);
    if (status == PE_OK && !is_taken)
        status = pe_out_is_in_use(out->path, out->part, err);
    if (status == PE_OK)
        pe_exit_cleanup_add(out->part);
    if (status == PE_OK)
        pe_exit_cleanup_add(out->marker);
    return status;
}

static pe_status begin_log(pe_out_file *out, pe_error *err)
{
    if (pe_out_check_unused(out->path, out->path, err) != PE_OK)
        return err->status;
    for (int tries = 0; tries < MOST_TRIES; tries++) {
        uint64_t number = 0;
        bool is_same = false;
        pe_buffer part = {0};
        (void)getrandom(&number, sizeof number, 0); /* a name that is taken is tried again */
        const pe_status status =
            pe_buffer_printf(&part, err, "%s.%016" PRIx64 ".part", out->path, number + (uint64_t)tries);
        free(out->part);
        out->part = (char *)part.data;
        if (status != PE_OK)
            return status;
        if (open_part(out, O_CREAT | O_EXCL, &is_same) == 0 && is_same && pe_file_lock(out->lock_fd)) {
            pe_exit_cleanup_add(out->part);
            return PE_OK;
        }
        if (errno != EEXIST)
            break;
    }
    const pe_status failed = pe_out_cannot_create(out->path, errno, err);
    if (out->fd >= 0)
        unmake_part(out, false);
    return failed;
}

static void forget(pe_out_file *out)
{
    pe_exit_cleanup_drop(out->part);
    pe_exit_cleanup_drop(out->marker);
    free(out->path);
    free(out->part);
    free(out->marker);
    *out = (pe_out_file){.fd = -1, .lock_fd = -1};
}

static pe_status begin_regular(const char *path, pe_out_kind kind, const char *marker, pe_out_file *out, pe_error *err)
{
    out->is_regular = true;
    const pe_status status = pe_out_resolve(path, &out->path, err);
    if (status != PE_OK)
        return status;
    return kind == PE_OUT_LOG ? begin_log(out, err) : begin_result(out, kind, marker, err);
}

static pe_status begin_special(const char *path, pe_out_file *out, pe_error *err)
{
    const pe_status status = pe_copy_string(&out->path, path, err);
    if (status != PE_OK)
        return status;
    out->fd = pe_open(path, O_WRONLY | O_NOCTTY, 0);
    if (out->fd < 0 && errno == EINTR && pe_interrupt_seen() != NULL)
        return pe_fail(err, PE_ESTOPPED, "interrupted by %s while %s had no reader", pe_interrupt_seen(), path);
    return out->fd < 0 ? pe_out_cannot_create(path, errno, err) : PE_OK;
}

pe_status pe_out_check_own(const char *path, const char *marker, pe_error *err)
{
    bool has_marker = false;
    pe_out_file out = {.fd = -1, .lock_fd = -1};
    pe_status status = pe_out_resolve(path, &out.path, err);
    if (status == PE_OK)
        status = name_files(&out, marker, err);
    if (status == PE_OK)
        status = find_marker(&out, &has_marker, err);
    free(out.path);
    free(out.part);
    free(out.marker);
    return status;
}

pe_status pe_out_begin(const char *path, pe_out_kind kind, const char *marker, pe_out_file *out, pe_error *err)
{
    struct stat facts;
    *out = (pe_out_file){.fd = -1, .lock_fd = -1};
    if (path[0] == '\0')
        return pe_fail(err, PE_EOUTPUT, "cannot create the output: its path is empty");
    const bool exists = stat(path, &facts) == 0;
    if (!exists && errno != ENOENT)
        return pe_out_cannot_create(path, errno, err);
    if (exists && S_ISDIR(facts.st_mode))
        return pe_out_cannot_create(path, EISDIR, err);
    const bool is_special = exists && !S_ISREG(facts.st_mode);
    const pe_status status = is_special ? begin_special(path, out, err) : begin_regular(path, kind, marker, out, err);
    if (status != PE_OK)
        forget(out);
    return status;
}

/* ---- the file of an unfinished run ---- */

/* Is the name a regular file with this inode? */
static bool is_file_of(const char *name, uint64_t inode)
{
    struct stat facts;
    return lstat(name, &facts) == 0 && S_ISREG(facts.st_mode) && facts.st_ino == inode;
}

static pe_status is_exchanged(const pe_out_file *out, const char *what, pe_error *err)
{
    return pe_fail(err, PE_EOUTPUT,
                   "cannot go on with %s: %s since the checkpoint %s was written; --restart begins anew", out->path,
                   what, out->marker);
}

/* Finds the file, under its temporary or its final name; a whole one loses its final name. */
static pe_status find_unfinished(pe_out_file *out, bool is_whole, uint64_t inode, pe_error *err)
{
    if (is_file_of(out->part, inode))
        return PE_OK;
    if (!is_file_of(out->path, inode)) {
        const bool exists = name_exists(out->part) || name_exists(out->path);
        return is_exchanged(out, exists ? "another file has taken its place" : "it was removed", err);
    }
    if (is_whole) /* killed between the rename and the end */
        return rename(out->path, out->part) == 0 ? PE_OK : pe_out_cannot_create(out->path, errno, err);
    free(out->part);
    out->part = NULL;
    return PE_OK;
}

static pe_status open_unfinished(pe_out_file *out, const pe_out_state *state, pe_error *err)
{
    const char *const name = out->part != NULL ? out->part : out->path;
    const uint64_t bytes = state->ahead_end > state->bytes ? state->ahead_end : state->bytes;
    struct stat facts;
    out->fd = pe_open(name, O_WRONLY | O_NOFOLLOW, 0);
    out->lock_fd = out->fd < 0 ? -1 : pe_open(name, O_WRONLY | O_NOFOLLOW, 0);
    if (out->lock_fd < 0 || fstat(out->fd, &facts) != 0)
        return pe_out_cannot_create(out->path, errno, err);
    if (!pe_file_lock(out->lock_fd))
        return pe_out_is_in_use(out->path, name, err);
    if (!pe_file_is_named(out->lock_fd, name))
        return is_exchanged(out, "another run has ended", err);
    if ((uint64_t)facts.st_size < bytes) {
        char what[80];
        (void)snprintf(what, sizeof what, "it was cut to %lld of its %llu bytes", (long long)facts.st_size,
                       (unsigned long long)bytes);
        return is_exchanged(out, what, err);
    }
    if (ftruncate(out->fd, (off_t)bytes) != 0 || lseek(out->fd, (off_t)state->bytes, SEEK_SET) < 0)
        return pe_out_cannot_create(out->path, errno, err);
    return PE_OK;
}

pe_status pe_out_reopen(const char *path, const char *marker, bool is_whole, pe_out_state state, pe_out_file *out,
                        pe_error *err)
{
    *out = (pe_out_file){.fd = -1, .lock_fd = -1, .is_regular = true, .stays_at_exit = true};
    pe_status status = pe_out_resolve(path, &out->path, err);
    if (status == PE_OK)
        status = name_files(out, marker, err);
    if (status == PE_OK)
        status = find_unfinished(out, is_whole, state.inode, err);
    if (status == PE_OK)
        status = open_unfinished(out, &state, err);
    if (status != PE_OK) {
        close_part(out);
        forget(out);
    }
    return status;
}

bool pe_out_stay_at_exit(pe_out_file *out)
{
    struct stat facts;
    pe_exit_cleanup_drop(out->part);
    pe_exit_cleanup_drop(out->marker);
    out->stays_at_exit = !out->is_regular || (fstat(out->fd, &facts) == 0 && facts.st_nlink > 0);
    return out->stays_at_exit;
}

void pe_out_suspend(pe_out_file *out)
{
    if (out->path == NULL)
        return;
    close_part(out);
    forget(out);
}

pe_status pe_out_publish(pe_out_file *out, pe_error *err)
{
    char reason[PE_ERRNO_TEXT_SIZE];
    if (out->part == NULL)
        return PE_OK;
    if (rename(out->part, out->path) != 0)
        return pe_fail(err, PE_EIO, "cannot rename %s to %s: %s", out->part, out->path, pe_errno_text(errno, reason));
    pe_exit_cleanup_drop(out->part);
    free(out->part);
    out->part = NULL;
    return PE_OK;
}

static pe_status close_data(pe_out_file *out, pe_error *err)
{
    char reason[PE_ERRNO_TEXT_SIZE];
    const int fd = out->fd;
    out->fd = -1;
    if (close(fd) != 0 && errno != EINTR)
        return pe_fail(err, PE_EIO, "cannot write %s: %s", out->path, pe_errno_text(errno, reason));
    return PE_OK;
}

/* Removes what is beside the output and gives up the lock. */
static void finish(pe_out_file *out)
{
    if (out->part != NULL)
        (void)unlink(out->part);
    if (out->marker != NULL && !out->leaves_marker)
        (void)unlink(out->marker);
    close_part(out);
    forget(out);
}

pe_status pe_out_commit(pe_out_file *out, bool is_durable, pe_error *err)
{
    if (out->path == NULL)
        return PE_OK;
    const bool has_sync = is_durable && out->is_regular;
    pe_status status = has_sync ? pe_durable_data(out->fd, out->path, err) : PE_OK;
    if (status == PE_OK)
        status = close_data(out, err);
    if (status == PE_OK)
        status = pe_out_publish(out, err);
    if (status == PE_OK && has_sync)
        status = pe_durable_name(out->path, out->lock_fd, err);
    if (status != PE_OK && out->stays_at_exit) /* a later run commits what the checkpoint describes */
        pe_out_suspend(out);
    else
        finish(out);
    return status;
}

void pe_out_abort(pe_out_file *out)
{
    if (out->path != NULL)
        finish(out);
}

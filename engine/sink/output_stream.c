/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* outlet.c - the place that a sink's bytes go to.
 *
 * Design: stdout is written through a duplicate of its descriptor, so that the close which tells of a failed write
 *         can be checked while the process keeps its stdout. A failed write ends an outlet: no later write is tried.
 * Threads: one at a time.
 * Not here: part names, locks and renames (base/file.h).
 */
#include "sink/output_stream.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/errno_text.h"

#define HEAD_BYTES 128u /* of a segment: its fields, and the allocator's own */
#define DATA_BYTES (PE_OUTLET_SEGMENT_BYTES - HEAD_BYTES)

struct pe_segment {
    pe_segment *next;
    size_t size;
    unsigned char data[];
};

bool pe_path_is_stdout(const char *path)
{
    return path == NULL || strcmp(path, "-") == 0 || strcmp(path, "/dev/stdout") == 0;
}

static bool is_pipe(mode_t mode)
{
    return S_ISFIFO(mode) || S_ISSOCK(mode);
}

bool pe_path_is_held(const char *path, pe_order order)
{
    struct stat facts;
    if (order != PE_ORDER_WHOLE)
        return false;
    return pe_path_is_stdout(path) || (stat(path, &facts) == 0 && is_pipe(facts.st_mode));
}

static pe_status begin_stdout(pe_outlet *outlet, pe_order order, pe_error *err)
{
    char reason[PE_ERRNO_ROOM];
    outlet->is_stdout = true;
    outlet->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    if (outlet->fd < 0)
        return pe_fail(err, PE_EOUTPUT, "cannot write stdout: %s", pe_reason(errno, reason));
    outlet->is_held = order == PE_ORDER_WHOLE;
    outlet->can_rewrite = outlet->is_held;
    return PE_OK;
}

pe_status pe_outlet_begin(pe_outlet *outlet, const char *path, pe_order order, pe_error *err)
{
    const bool is_stdout = pe_path_is_stdout(path);
    outlet->fd = -1;
    pe_status status = pe_copy_string(&outlet->name, is_stdout ? "stdout" : path, err);
    if (status != PE_OK)
        return status;
    if (is_stdout)
        return begin_stdout(outlet, order, err);
    const bool is_held = pe_path_is_held(path, order);
    status = pe_out_begin(path, order == PE_ORDER_WHOLE, &outlet->file, err);
    if (status != PE_OK)
        return status;
    outlet->fd = outlet->file.fd;
    outlet->is_held = is_held && !outlet->file.is_regular;
    outlet->can_rewrite = outlet->is_held || outlet->file.is_regular;
    return PE_OK;
}

static pe_status hold(pe_outlet *outlet, const unsigned char *data, size_t size, pe_error *err)
{
    while (size > 0) {
        if (outlet->last == NULL || outlet->last->size == DATA_BYTES) {
            pe_segment *fresh = malloc(sizeof *fresh + DATA_BYTES);
            if (fresh == NULL)
                return pe_fail(
                    err, PE_ENOMEM,
                    "%s: out of memory: the whole result is held back until it is complete; write to a file, "
                    "or use mode imap",
                    outlet->name);
            fresh->next = NULL;
            fresh->size = 0;
            *(outlet->last == NULL ? &outlet->first : &outlet->last->next) = fresh;
            outlet->last = fresh;
        }
        const size_t room = DATA_BYTES - outlet->last->size;
        const size_t part = size < room ? size : room;
        memcpy(outlet->last->data + outlet->last->size, data, part);
        outlet->last->size += part;
        data += part;
        size -= part;
    }
    return PE_OK;
}

static pe_status send(pe_outlet *outlet, const void *data, size_t size, pe_error *err)
{
    pe_status status;
    if (size == 0)
        return PE_OK;
    status = outlet->is_held ? hold(outlet, data, size, err) : pe_write_full(outlet->fd, data, size, outlet->name, err);
    if (status != PE_OK)
        outlet->is_torn = true;
    else
        outlet->bytes += size;
    return status;
}

static pe_status send_pending(pe_outlet *outlet, pe_error *err)
{
    const size_t size = outlet->pending.size;
    outlet->pending.size = 0;
    return send(outlet, outlet->pending.data, size, err);
}

pe_status pe_outlet_start(pe_outlet *outlet, const void *data, size_t size, pe_error *err)
{
    if (outlet->can_rewrite)
        return send(outlet, data, size, err);
    return pe_buffer_append(&outlet->pending, data, size, err);
}

pe_status pe_outlet_write(pe_outlet *outlet, const void *data, size_t size, pe_error *err)
{
    assert(!outlet->is_torn);
    const pe_status status = send_pending(outlet, err);
    return status != PE_OK ? status : send(outlet, data, size, err);
}

const char *pe_outlet_file(const pe_outlet *outlet)
{
    assert(outlet->file.is_regular);
    return outlet->file.part != NULL ? outlet->file.part : outlet->file.path;
}

void pe_outlet_advance(pe_outlet *outlet, size_t size)
{
    outlet->bytes += size;
}

pe_status pe_outlet_rewrite(pe_outlet *outlet, const void *data, size_t size, pe_error *err)
{
    assert(outlet->can_rewrite && size <= outlet->bytes);
    if (!outlet->is_held)
        return pe_pwrite_full(outlet->fd, data, size, 0, outlet->name, err);
    const unsigned char *from = data;
    for (pe_segment *segment = outlet->first; size > 0; segment = segment->next) {
        const size_t part = size < segment->size ? size : segment->size;
        memcpy(segment->data, from, part);
        from += part;
        size -= part;
    }
    return PE_OK;
}

static pe_status send_held(pe_outlet *outlet, pe_error *err)
{
    pe_status status = PE_OK;
    while (outlet->first != NULL && status == PE_OK) {
        pe_segment *segment = outlet->first;
        status = pe_write_full(outlet->fd, segment->data, segment->size, outlet->name, err);
        outlet->first = segment->next;
        free(segment);
    }
    outlet->last = outlet->first == NULL ? NULL : outlet->last;
    return status;
}

static pe_status close_stdout(pe_outlet *outlet, pe_error *err)
{
    char reason[PE_ERRNO_ROOM];
    const int fd = outlet->fd;
    outlet->fd = -1;
    if (close(fd) != 0 && errno != EINTR)
        return pe_fail(err, PE_EIO, "cannot write stdout: %s", pe_reason(errno, reason));
    return PE_OK;
}

pe_status pe_outlet_commit(pe_outlet *outlet, pe_error *err)
{
    pe_status status = send_pending(outlet, err);
    if (status == PE_OK)
        status = send_held(outlet, err);
    if (status != PE_OK) {
        pe_outlet_abort(outlet, false);
        return status;
    }
    status = outlet->is_stdout ? close_stdout(outlet, err) : pe_out_commit(&outlet->file, err);
    outlet->fd = -1;
    return status;
}

/* Drops what a failed write left of its record. */
static void cut(pe_outlet *outlet)
{
    if (!outlet->is_torn || outlet->is_stdout || !outlet->file.is_regular)
        return;
    /* best effort: the run has failed already, and its reason is the one to tell */
    if (ftruncate(outlet->fd, (off_t)outlet->bytes) == 0)
        outlet->is_torn = false;
}

void pe_outlet_abort(pe_outlet *outlet, bool keeps)
{
    if (outlet->fd < 0)
        return;
    cut(outlet);
    if (outlet->is_stdout)
        close(outlet->fd);
    else if (keeps)
        pe_out_abort(&outlet->file);
    else
        pe_out_discard(&outlet->file);
    outlet->fd = -1;
}

void pe_outlet_fini(pe_outlet *outlet)
{
    pe_outlet_abort(outlet, false);
    while (outlet->first != NULL) {
        pe_segment *next = outlet->first->next;
        free(outlet->first);
        outlet->first = next;
    }
    pe_buffer_fini(&outlet->pending);
    free(outlet->name);
    memset(outlet, 0, sizeof *outlet);
    outlet->fd = -1;
}

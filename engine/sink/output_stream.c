/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* output_stream.c - one byte stream to a file, stdout or a pipe.
 *
 * Invariant: after a failed write no other write is tried.
 * Design: stdout is written through a duplicate of its descriptor. Closing the duplicate reports a failed write, and the
 *         process keeps its stdout.
 * Threads: one at a time.
 * Not here: temporary names, locks and renames (os/file/out_file.c).
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
#include "os/file/durable.h"
#include "os/file/file.h"

#define HEAD_BYTES 128u /* of a segment: its fields and those of the allocator */
#define DATA_BYTES (PE_SEGMENT_BYTES - HEAD_BYTES)

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

bool pe_path_is_buffered(const char *path, pe_order order)
{
    struct stat facts;
    if (order != PE_ORDER_WHOLE)
        return false;
    return pe_path_is_stdout(path) || (stat(path, &facts) == 0 && is_pipe(facts.st_mode));
}

static pe_status refuse_stdout(const char *why, pe_error *err)
{
    return pe_fail(err, PE_EOUTPUT, "cannot go on with stdout: %s; --restart begins anew", why);
}

/* stdout as the file that an earlier run wrote to: what follows its last checkpoint is cut. */
static pe_status continue_stdout(pe_output_stream *stream, const pe_sink_mark *from, const struct stat *facts,
                                 pe_error *err)
{
    const uint64_t size = (uint64_t)facts->st_size;
    if (facts->st_ino != from->inode)
        return refuse_stdout("it is another file than the one that the checkpoint describes", err);
    if (size < from->bytes)
        return refuse_stdout(size == 0 ? "the shell has emptied the file; append to it (>> in place of >)"
                                       : "the file was cut since the checkpoint was written",
                             err);
    if (ftruncate(stream->fd, (off_t)from->bytes) != 0 || lseek(stream->fd, (off_t)from->bytes, SEEK_SET) < 0)
        return refuse_stdout("the file cannot be cut to the length that the checkpoint has", err);
    stream->is_resumed = true;
    stream->bytes = from->bytes;
    return PE_OK;
}

/* A later run has to find the rows of this one. */
static pe_status record_stdout(pe_output_stream *stream, const pe_sink_mark *from, pe_error *err)
{
    struct stat facts;
    const int flags = fcntl(stream->fd, F_GETFL);
    if (flags < 0 || fstat(stream->fd, &facts) != 0)
        return refuse_stdout("the inode of its file cannot be read", err);
    stream->is_recorded_stdout = true;
    if (from != NULL && from->inode != 0)
        return continue_stdout(stream, from, &facts, err);
    const off_t at = (flags & O_APPEND) != 0 ? facts.st_size : lseek(stream->fd, 0, SEEK_CUR);
    stream->bytes = at > 0 ? (uint64_t)at : 0;
    return PE_OK;
}

static pe_status begin_stdout(pe_output_stream *stream, const pe_sink_spec *spec, pe_order order, pe_error *err)
{
    char reason[PE_ERRNO_TEXT_SIZE];
    stream->is_stdout = true;
    const int flags = fcntl(STDOUT_FILENO, F_GETFL);
    if (flags >= 0 && (flags & O_ACCMODE) == O_RDONLY) /* how the program replaces a closed stdout: os/std_fds.h */
        return pe_fail(err, PE_EOUTPUT, "cannot write stdout: it is closed");
    stream->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (stream->fd < 0)
        return pe_fail(err, PE_EOUTPUT, "cannot write stdout: %s", pe_errno_text(errno, reason));
    stream->is_buffered = order == PE_ORDER_WHOLE;
    stream->can_rewrite = stream->is_buffered;
    return spec->is_recorded_stdout ? record_stdout(stream, spec->resumed, err) : PE_OK;
}

/* The file: a new one, or that of an unfinished run. */
static pe_status begin_file(pe_output_stream *stream, const pe_sink_spec *spec, pe_order order, pe_error *err)
{
    const pe_sink_mark *const from = spec->resumed;
    const pe_out_kind kind = from == NULL && !spec->is_marker_held ? PE_OUT_RESULT : PE_OUT_RESULT_MARKED;
    if (from == NULL || from->inode == 0)
        return pe_out_begin(spec->path, kind, spec->marker, &stream->file, err);
    const pe_status status = pe_out_reopen(
        spec->path, spec->marker, order == PE_ORDER_WHOLE,
        (pe_out_state){.inode = from->inode, .bytes = from->bytes, .ahead_end = from->ahead_end}, &stream->file, err);
    stream->is_resumed = status == PE_OK;
    stream->bytes = status == PE_OK ? from->bytes : 0;
    stream->ahead_end = from->ahead_end;
    return status;
}

pe_status pe_output_stream_begin(pe_output_stream *stream, const pe_sink_spec *spec, pe_order order, pe_error *err)
{
    const char *const path = spec->path;
    const bool is_stdout = pe_path_is_stdout(path);
    stream->fd = -1;
    pe_status status = pe_copy_string(&stream->name, is_stdout ? "stdout" : path, err);
    if (status != PE_OK)
        return status;
    if (is_stdout)
        return begin_stdout(stream, spec, order, err);
    const bool is_buffered = pe_path_is_buffered(path, order);
    status = begin_file(stream, spec, order, err);
    if (status != PE_OK)
        return status;
    stream->fd = stream->file.fd;
    stream->is_growing = order != PE_ORDER_WHOLE && stream->file.is_regular;
    stream->is_buffered = is_buffered && !stream->file.is_regular;
    stream->can_rewrite = stream->is_buffered || stream->file.is_regular;
    return PE_OK;
}

static pe_status buffer_bytes(pe_output_stream *stream, const unsigned char *data, size_t size, pe_error *err)
{
    while (size > 0) {
        if (stream->last == NULL || stream->last->size == DATA_BYTES) {
            pe_segment *fresh = malloc(sizeof *fresh + DATA_BYTES);
            if (fresh == NULL)
                return pe_fail(
                    err, PE_ENOMEM,
                    "%s: out of memory: map to stdout or a pipe buffers the complete result; write to a file, "
                    "or use mode imap",
                    stream->name);
            fresh->next = NULL;
            fresh->size = 0;
            *(stream->last == NULL ? &stream->first : &stream->last->next) = fresh;
            stream->last = fresh;
        }
        const size_t free_bytes = DATA_BYTES - stream->last->size;
        const size_t part = size < free_bytes ? size : free_bytes;
        memcpy(stream->last->data + stream->last->size, data, part);
        stream->last->size += part;
        data += part;
        size -= part;
    }
    return PE_OK;
}

static pe_status send(pe_output_stream *stream, const void *data, size_t size, pe_error *err)
{
    pe_status status;
    if (size == 0)
        return PE_OK;
    if (stream->is_moved && lseek(stream->fd, (off_t)stream->bytes, SEEK_SET) < 0)
        return pe_fail(err, PE_EIO, "cannot write %s: its position cannot be set", stream->name);
    stream->is_moved = false;
    status = stream->is_buffered ? buffer_bytes(stream, data, size, err)
                                 : pe_write_full(stream->fd, data, size, stream->name, err);
    if (status != PE_OK)
        stream->is_torn = true;
    else
        stream->bytes += size;
    return status;
}

static pe_status send_pending(pe_output_stream *stream, pe_error *err)
{
    const size_t size = stream->pending.size;
    stream->pending.size = 0;
    return send(stream, stream->pending.data, size, err);
}

pe_status pe_output_stream_start(pe_output_stream *stream, const void *data, size_t size, pe_error *err)
{
    if (stream->is_resumed)
        return PE_OK;
    if (stream->can_rewrite || stream->is_recorded_stdout)
        return send(stream, data, size, err);
    return pe_buffer_append(&stream->pending, data, size, err);
}

/* A growing file takes its final name once it has rows. */
static pe_status publish_growing(pe_output_stream *stream, pe_error *err)
{
    return stream->is_growing ? pe_out_publish(&stream->file, err) : PE_OK;
}

pe_status pe_output_stream_write(pe_output_stream *stream, const void *data, size_t size, pe_error *err)
{
    assert(!stream->is_torn);
    pe_status status = send_pending(stream, err);
    if (status == PE_OK)
        status = send(stream, data, size, err);
    return status == PE_OK && size > 0 ? publish_growing(stream, err) : status;
}

const char *pe_output_stream_file(const pe_output_stream *stream)
{
    assert(stream->file.is_regular);
    return stream->file.part != NULL ? stream->file.part : stream->file.path;
}

pe_status pe_output_stream_advance(pe_output_stream *stream, size_t size, pe_error *err)
{
    stream->bytes += size;
    stream->is_moved = true;
    return publish_growing(stream, err);
}

pe_status pe_output_stream_rewrite(pe_output_stream *stream, const void *data, size_t size, pe_error *err)
{
    assert(stream->can_rewrite && size <= stream->bytes);
    if (!stream->is_buffered)
        return pe_pwrite_full(stream->fd, data, size, 0, stream->name, err);
    const unsigned char *from = data;
    for (pe_segment *segment = stream->first; size > 0; segment = segment->next) {
        const size_t part = size < segment->size ? size : segment->size;
        memcpy(segment->data, from, part);
        from += part;
        size -= part;
    }
    return PE_OK;
}

static pe_status send_segments(pe_output_stream *stream, pe_error *err)
{
    pe_status status = PE_OK;
    while (stream->first != NULL && status == PE_OK) {
        pe_segment *segment = stream->first;
        status = pe_write_full(stream->fd, segment->data, segment->size, stream->name, err);
        stream->first = segment->next;
        free(segment);
    }
    stream->last = stream->first == NULL ? NULL : stream->last;
    return status;
}

static pe_status close_stdout(pe_output_stream *stream, bool is_durable, pe_error *err)
{
    char reason[PE_ERRNO_TEXT_SIZE];
    pe_status status = is_durable ? pe_durable_data(stream->fd, stream->name, err) : PE_OK;
    if (close(stream->fd) != 0 && errno != EINTR && status == PE_OK)
        status = pe_fail(err, PE_EIO, "cannot write stdout: %s", pe_errno_text(errno, reason));
    return status;
}

pe_status pe_output_stream_commit(pe_output_stream *stream, bool is_durable, pe_error *err)
{
    pe_status status = send_pending(stream, err);
    if (status == PE_OK)
        status = send_segments(stream, err);
    if (status != PE_OK) {
        pe_output_stream_abort(stream);
        return status;
    }
    status = stream->is_stdout ? close_stdout(stream, is_durable, err) : pe_out_commit(&stream->file, is_durable, err);
    stream->fd = -1;
    return status;
}

/* Truncates the file to its complete writes. */
void pe_output_stream_trim(pe_output_stream *stream)
{
    if (stream->fd < 0 || !stream->is_torn || stream->is_stdout || !stream->file.is_regular)
        return;
    const uint64_t bytes = stream->ahead_end > stream->bytes ? stream->ahead_end : stream->bytes;
    /* when this fails too, the run reports its first error */
    if (ftruncate(stream->fd, (off_t)bytes) == 0)
        stream->is_torn = false;
}

void pe_output_stream_abort(pe_output_stream *stream)
{
    if (stream->fd < 0)
        return;
    if (!stream->is_suspended)
        stream->ahead_end = 0;
    pe_output_stream_trim(stream);
    if (stream->is_stdout)
        (void)close(stream->fd); /* the run has failed already */
    else if (stream->is_suspended)
        pe_out_suspend(&stream->file);
    else
        pe_out_abort(&stream->file);
    stream->fd = -1;
}

void pe_output_stream_fini(pe_output_stream *stream)
{
    pe_output_stream_abort(stream);
    while (stream->first != NULL) {
        pe_segment *next = stream->first->next;
        free(stream->first);
        stream->first = next;
    }
    pe_buffer_fini(&stream->pending);
    free(stream->name);
    memset(stream, 0, sizeof *stream);
    stream->fd = -1;
}

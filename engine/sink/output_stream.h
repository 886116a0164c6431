/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* output_stream.h - one byte stream to a file, stdout or a pipe; for the files of this folder.
 *
 * Invariant: a file never ends in half a record: the bytes after the last complete write are truncated.
 * Design: the sinks need not know where their bytes go. In map a file appears by rename, and stdout or a pipe is buffered
 *         in segments until commit.
 * Threads: one at a time.
 */
#ifndef PE_OUTPUT_STREAM_H
#define PE_OUTPUT_STREAM_H

#include "base/buffer.h"
#include "job/sink_spec.h"
#include "os/file/out_file.h"

#define PE_SEGMENT_BYTES ((size_t)1 << 20) /* memory of one segment */

typedef struct pe_segment pe_segment;

typedef struct pe_output_stream {
    int fd;
    char *name; /* for messages: the path, or "stdout" */
    bool is_stdout;
    bool is_recorded_stdout; /* a file that a later run may continue; bytes counts from its beginning */
    bool is_buffered;        /* the bytes stay in the segments until commit */
    bool is_growing;         /* a file that takes its final name with its first rows */
    bool can_rewrite;        /* bytes that were written can be replaced */
    bool is_resumed;         /* the file is that of an unfinished run */
    bool is_suspended;       /* abort leaves a file, for a later run that goes on */
    bool is_moved;           /* rows were written by others: the file's position is no longer after them */
    bool is_torn;            /* the file may have bytes after `bytes`: half a record, or rows that do not count yet */
    uint64_t bytes;          /* of complete writes */
    uint64_t ahead_end;      /* rows that were written ahead lie after them and before this offset; 0: there are none */
    pe_buffer pending;       /* the first bytes of a pipe: written together with the first rows */
    pe_out_file file;
    pe_segment *first, *last;
} pe_output_stream;

/* pe_path_is_stdout - "-" or /dev/stdout (or no path at all). */
bool pe_path_is_stdout(const char *path);

/* pe_path_is_buffered - output in this order to this path stays in memory until commit: map to stdout or a named pipe. */
bool pe_path_is_buffered(const char *path, pe_order order);

/* pe_output_stream_begin - open the output of a spec, or reopen that of an unfinished run (spec->resumed). Zero-initialise
 * the stream; call fini whatever this returns.
 * Returns: PE_OK, PE_EOUTPUT */
pe_status pe_output_stream_begin(pe_output_stream *stream, const pe_sink_spec *spec, pe_order order, pe_error *err);

/* pe_output_stream_start - the first bytes: names or a header. A file gets them now, a pipe with the first rows. A reopened
 * file has them. */
pe_status pe_output_stream_start(pe_output_stream *stream, const void *data, size_t size, pe_error *err);
pe_status pe_output_stream_write(pe_output_stream *stream, const void *data, size_t size, pe_error *err);

/* pe_output_stream_file - the name of the regular file that is written, so that other ranks can open it before the first
 * rows count. pe_output_stream_advance - count the next `size` bytes as written: other ranks wrote them. */
const char *pe_output_stream_file(const pe_output_stream *stream);
pe_status pe_output_stream_advance(pe_output_stream *stream, size_t size, pe_error *err);

/* pe_output_stream_rewrite - replace the first `size` bytes, which were written before; can_rewrite only. */
pe_status pe_output_stream_rewrite(pe_output_stream *stream, const void *data, size_t size, pe_error *err);

/* pe_output_stream_commit - write what is buffered, close, and give a file its final name; is_durable: with syncs. */
pe_status pe_output_stream_commit(pe_output_stream *stream, bool is_durable, pe_error *err);
/* pe_output_stream_abort - end a failed run: a file that has its final name stays up to its last complete write; any other is
 * removed. */
void pe_output_stream_abort(pe_output_stream *stream);
/* pe_output_stream_trim - truncate a file to its complete writes. */
void pe_output_stream_trim(pe_output_stream *stream);
void pe_output_stream_fini(pe_output_stream *stream);

#endif

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* output_stream.h - the place that a sink's bytes go to: a file, stdout, a pipe; the sinks' own.
 *
 * Design: what differs between row_file is here, so that the sinks do not ask. A file of the whole order appears by
 *         rename. stdout or a pipe of the whole order is held back in segments until commit. What a failed write left
 *         behind the last whole write is cut off again, so that a file never ends in half a record.
 * Threads: one at a time.
 */
#ifndef PE_OUTPUT_STREAM_H
#define PE_OUTPUT_STREAM_H

#include "base/buffer.h"
#include "base/enum_names.h"
#include "os/file.h"

#define PE_OUTPUT_STREAM_SEGMENT_BYTES ((size_t)1 << 20) /* what one segment takes of memory */

typedef struct pe_segment pe_segment;

typedef struct pe_output_stream {
    int fd;
    char *name; /* for messages: the path, or "stdout" */
    bool is_stdout;
    bool is_held;      /* the bytes are in the segments until commit */
    bool can_rewrite;  /* earlier bytes can be replaced */
    bool is_torn;      /* bytes beyond `bytes` do not count: half a record, or row_file filled before their turn */
    uint64_t bytes;    /* written in full */
    pe_buffer pending; /* the opening bytes of a place that cannot take them back: sent with the first others */
    pe_out_file file;
    pe_segment *first, *last;
} pe_output_stream;

/* pe_path_is_stdout - "-" or /dev/stdout (or no path at all). */
bool pe_path_is_stdout(const char *path);

/* pe_path_is_held - output of this order to this path is kept in memory until commit: stdout, or a named pipe. */
bool pe_path_is_held(const char *path, pe_order order);

/* pe_output_stream_begin - open the place. In the whole order and with holds the bytes of stdout or a pipe are held back.
 * Returns: PE_OK, PE_EOUTPUT. Zero-initialise; fini it whatever comes back. */
pe_status pe_output_stream_begin(pe_output_stream *stream, const char *path, pe_order order, pe_error *err);

/* pe_output_stream_start - the opening bytes: names or a header. A file gets them at once; a pipe with the first others. */
pe_status pe_output_stream_start(pe_output_stream *stream, const void *data, size_t size, pe_error *err);
pe_status pe_output_stream_write(pe_output_stream *stream, const void *data, size_t size, pe_error *err);

/* pe_output_stream_file - the name of the regular file that is written, for others to fill row_file beyond what was written here.
 * pe_output_stream_advance - they filled the next `size` bytes: those count as written. */
const char *pe_output_stream_file(const pe_output_stream *stream);
void pe_output_stream_advance(pe_output_stream *stream, size_t size);

/* pe_output_stream_rewrite - replace the first `size` bytes, all of which were written; can_rewrite only. */
pe_status pe_output_stream_rewrite(pe_output_stream *stream, const void *data, size_t size, pe_error *err);

pe_status pe_output_stream_commit(pe_output_stream *stream, pe_error *err);
/* pe_output_stream_abort - keeps: a growing file stays as far as it is whole; else nothing stays. */
void pe_output_stream_abort(pe_output_stream *stream, bool keeps);
void pe_output_stream_fini(pe_output_stream *stream);

#endif

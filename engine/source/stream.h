/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* stream.h - the bytes of a pipe, kept until they make whole items.
 *
 * Design: one growing buffer; fill reads into it, take moves its beginning. The caller of fill stops as soon as it has
 *         enough, so the buffer is no larger than that, one read more, and one item.
 * Threads: the main thread of rank 0.
 */
#ifndef PE_STREAM_H
#define PE_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "source/unpack_ahead.h"

#define PE_STREAM_READ_BYTES ((size_t)256 << 10)
#define PE_STREAM_RECORD_MAX ((size_t)1 << 30) /* a longer record is no record but a mistake */
#define PE_STREAM_FOREVER (-1)                 /* as timeout_ms */

/* Zero-initialise. */
typedef struct pe_stream {
    pe_buffer buffer;
    size_t begin;    /* of the bytes not yet taken */
    uint64_t offset; /* of those in the stream */
    bool has_ended;

    pe_unpack *unpack; /* of a packed file; else NULL */
    pe_buffer packed;  /* what was read and is not unpacked yet: from packed_begin on */
    size_t packed_begin;
    bool has_packed_ended;
    pe_unpack_ahead *ahead; /* of a packed file with several members; else NULL */
    pe_unpacked members;    /* taken from there; those before members_begin are in the buffer */
    size_t members_begin;
} pe_stream;

/* The time until which a call may wait. */
typedef struct pe_deadline {
    bool is_forever;
    uint64_t at_ns;
} pe_deadline;

pe_deadline pe_deadline_in(int timeout_ms);

/* pe_stream_unpack - before the first fill: what is read from fd is packed so. Members are unpacked ahead, in at most
 * most_bytes of memory. PE_ENOMEM. */
pe_status pe_stream_unpack(pe_stream *stream, pe_packing packing, int fd, size_t most_bytes, pe_error *err);

/* pe_stream_fill - read once, and wait for that until the deadline or a signal.
 * Returns: PE_OK with *arrived when there are more bytes or the stream's end was seen (has_ended); PE_EIO, PE_ENOMEM;
 *          PE_EDATA where packed bytes are damaged or cut short */
pe_status pe_stream_fill(pe_stream *stream, int fd, const char *name, pe_deadline deadline, bool *arrived,
                         pe_error *err);

/* The bytes not yet taken: valid until the next fill. */
const unsigned char *pe_stream_data(const pe_stream *stream);
size_t pe_stream_size(const pe_stream *stream);
void pe_stream_take(pe_stream *stream, size_t bytes);
/* The bytes of memory that the stream holds. */
size_t pe_stream_memory(const pe_stream *stream);
void pe_stream_fini(pe_stream *stream);

#endif

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* stream.c - the bytes of a pipe, kept until they make whole items.
 *
 * Design:   poll, then one read: a descriptor that poll calls readable does not block, so no call waits longer than it
 *           may, even where stdin is shared with others and cannot be made non-blocking.
 * Threads:  the main thread.
 * Not here: what an item is (text_stream.c, binary_rows.c).
 */
#include "source/stream.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "os/poll.h"

#define NS_PER_MS UINT64_C(1000000)

pe_deadline pe_deadline_in(int timeout_ms)
{
    if (timeout_ms < 0)
        return (pe_deadline){.is_forever = true};
    return (pe_deadline){.at_ns = pe_clock_ns() + (uint64_t)timeout_ms * NS_PER_MS};
}

/* What is left as poll wants it, rounded up, so that a wait of less than a millisecond is not a spin. */
static int left_ms(pe_deadline deadline)
{
    if (deadline.is_forever)
        return -1;
    const uint64_t now = pe_clock_ns();
    if (now >= deadline.at_ns)
        return 0;
    const uint64_t left = (deadline.at_ns - now + NS_PER_MS - 1) / NS_PER_MS;
    return left > INT_MAX ? INT_MAX : (int)left;
}

/* True when a read would not block; a signal ends the wait, so that an interrupt is noticed. */
static bool wait_readable(int fd, pe_deadline deadline)
{
    struct pollfd one = {.fd = fd, .events = POLLIN};
    const int ready = pe_poll(&one, 1, left_ms(deadline));
    return ready > 0 || (ready < 0 && errno != EINTR); /* what else went wrong, the read will tell */
}

static pe_status make_room(pe_stream *stream, pe_error *err)
{
    pe_buffer *const buffer = &stream->buffer;
    if (stream->begin > 0) {
        buffer->size -= stream->begin;
        memmove(buffer->data, buffer->data + stream->begin, buffer->size);
        stream->begin = 0;
    }
    return pe_buffer_reserve(buffer, PE_STREAM_READ_BYTES, err);
}

pe_status pe_stream_fill(pe_stream *stream, int fd, const char *name, pe_deadline deadline, bool *arrived,
                         pe_error *err)
{
    *arrived = stream->has_ended;
    if (stream->has_ended || !wait_readable(fd, deadline))
        return PE_OK;
    const pe_status status = make_room(stream, err);
    if (status != PE_OK)
        return status;
    const ssize_t got = read(fd, stream->buffer.data + stream->buffer.size, PE_STREAM_READ_BYTES);
    if (got < 0 && (errno == EINTR || errno == EAGAIN))
        return PE_OK;
    if (got < 0)
        return pe_fail(err, PE_EIO, "%s: cannot be read: %s", name, strerror(errno));
    stream->has_ended = got == 0;
    stream->buffer.size += (size_t)got;
    *arrived = true;
    return PE_OK;
}

const unsigned char *pe_stream_data(const pe_stream *stream)
{
    return stream->buffer.size == 0 ? (const unsigned char *)"" : stream->buffer.data + stream->begin;
}

size_t pe_stream_size(const pe_stream *stream)
{
    return stream->buffer.size - stream->begin;
}

void pe_stream_take(pe_stream *stream, size_t bytes)
{
    assert(bytes <= pe_stream_size(stream));
    stream->begin += bytes;
    stream->offset += bytes;
}

void pe_stream_fini(pe_stream *stream)
{
    pe_buffer_fini(&stream->buffer);
}

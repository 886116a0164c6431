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

/* What is left in the milliseconds of poll(), rounded up, so that a wait of less than a millisecond is not a spin. */
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
    return ready > 0 || (ready < 0 && errno != EINTR); /* any other failure is reported by the read */
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

pe_status pe_stream_unpack(pe_stream *stream, pe_packing packing, int fd, size_t most_bytes, pe_error *err)
{
    if (packing == PE_PACKING_NONE)
        return PE_OK;
    const pe_status status = pe_unpack_open(packing, &stream->unpack, err);
    return status == PE_OK ? pe_unpack_ahead_open(packing, fd, most_bytes, &stream->ahead, err) : status;
}

/* Gives some of the members that were unpacked ahead; *made 0: there are none for this place. */
static pe_status take_members(pe_stream *stream, int fd, const char *name, size_t *made, pe_error *err)
{
    pe_unpacked *const members = &stream->members;
    *made = 0;
    if (stream->members_begin == members->size && stream->ahead != NULL && pe_unpack_is_whole(stream->unpack)) {
        stream->members_begin = 0;
        if (!pe_unpack_ahead_take(stream->ahead, pe_unpack_offset(stream->unpack), members))
            return PE_OK;
        pe_unpack_jump(stream->unpack, members->end);
        stream->packed.size = stream->packed_begin = 0;
        if (lseek(fd, (off_t)members->end, SEEK_SET) < 0)
            return pe_fail(err, PE_EIO, "%s: cannot be read: %s", name, strerror(errno));
    }
    const size_t left = members->size - stream->members_begin;
    *made = left < PE_STREAM_READ_BYTES ? left : PE_STREAM_READ_BYTES;
    if (*made > 0)
        memcpy(stream->buffer.data + stream->buffer.size, members->data + stream->members_begin, *made);
    stream->members_begin += *made;
    stream->buffer.size += *made;
    return PE_OK;
}

/* Unpacks some of what was read; *made 0: more has to be read. */
static pe_status unpack(pe_stream *stream, const char *name, size_t *made, pe_error *err)
{
    pe_error reason = PE_ERROR_INIT;
    size_t used = 0;
    const unsigned char *const in = stream->packed.size == 0 ? NULL : stream->packed.data + stream->packed_begin;
    const pe_status status =
        pe_unpack_run(stream->unpack, in, stream->packed.size - stream->packed_begin, &used,
                      stream->buffer.data + stream->buffer.size, PE_STREAM_READ_BYTES, made, &reason);
    stream->packed_begin += used;
    stream->buffer.size += *made;
    if (status != PE_OK)
        return pe_fail(err, status, "%s: %s, at byte %llu of the file", name, reason.text,
                       (unsigned long long)pe_unpack_offset(stream->unpack));
    return PE_OK;
}

static pe_status read_packed(pe_stream *stream, int fd, const char *name, pe_error *err)
{
    const pe_status status = pe_buffer_reserve(&stream->packed, PE_STREAM_READ_BYTES, err);
    if (status != PE_OK)
        return status;
    const ssize_t got = read(fd, stream->packed.data, PE_STREAM_READ_BYTES);
    if (got < 0 && (errno == EINTR || errno == EAGAIN))
        return PE_OK;
    if (got < 0)
        return pe_fail(err, PE_EIO, "%s: cannot be read: %s", name, strerror(errno));
    stream->has_packed_ended = got == 0;
    stream->packed.size = (size_t)got;
    stream->packed_begin = 0;
    if (got == 0 && !pe_unpack_is_whole(stream->unpack))
        return pe_fail(err, PE_EDATA, "%s: the packed data are cut short: the file ends at byte %llu, within them",
                       name, (unsigned long long)pe_unpack_offset(stream->unpack));
    return PE_OK;
}

static pe_status fill_unpacked(pe_stream *stream, int fd, const char *name, pe_deadline deadline, bool *arrived,
                               pe_error *err)
{
    pe_status status = make_room(stream, err);
    while (status == PE_OK && !*arrived) {
        const size_t before = stream->packed_begin;
        size_t made = 0;
        status = take_members(stream, fd, name, &made, err);
        if (status == PE_OK && made == 0)
            status = unpack(stream, name, &made, err);
        *arrived = made > 0;
        if (status != PE_OK || made > 0 || stream->packed_begin > before)
            continue;
        if (!wait_readable(fd, deadline))
            return PE_OK;
        status = read_packed(stream, fd, name, err);
        stream->has_ended = *arrived = stream->has_packed_ended;
    }
    return status;
}

pe_status pe_stream_fill(pe_stream *stream, int fd, const char *name, pe_deadline deadline, bool *arrived,
                         pe_error *err)
{
    *arrived = stream->has_ended;
    if (stream->unpack != NULL && !stream->has_ended)
        return fill_unpacked(stream, fd, name, deadline, arrived, err);
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

size_t pe_stream_memory(const pe_stream *stream)
{
    return stream->buffer.capacity + stream->packed.capacity +
           (stream->unpack == NULL ? 0 : pe_unpack_memory(stream->unpack)) + pe_unpack_ahead_memory(stream->ahead);
}

void pe_stream_fini(pe_stream *stream)
{
    pe_unpack_ahead_close(stream->ahead);
    pe_unpack_close(stream->unpack);
    pe_buffer_fini(&stream->packed);
    pe_buffer_fini(&stream->buffer);
}

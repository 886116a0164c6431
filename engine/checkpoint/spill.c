/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* spill.c - the spill file: results that wait for earlier items, on disk instead of in memory.
 *
 * Design:  frames are only appended, and the file is truncated only while nothing is stored, so frames that a
 *          checkpoint lists stay where they are. The ranges are a sorted array, which stays short: behind one slow item
 *          all results that were stored in order are one range.
 * Threads: spill.h.
 */
#include "checkpoint/spill.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#include "base/alloc.h"
#include "base/errno_text.h"
#include "os/file/file.h"

#define FILE_MODE 0644

struct pe_spill {
    char *path;
    int fd; /* -1: not created yet */
    pe_stored_range *ranges;
    size_t count, room;
    uint64_t end; /* of the file: the offset of the next frame */
};

/* The header of a frame; the rows and the lines of the failure log follow. */
typedef struct frame_head {
    pe_block items;
    uint64_t rows, placed;
    uint64_t bytes, log_bytes;
    uint64_t data_checksum; /* of rows and log */
    uint64_t head_checksum; /* of the fields above */
} frame_head;

static pe_status fail_io(const pe_spill *spill, const char *verb, pe_error *err)
{
    char reason[PE_ERRNO_TEXT_SIZE];
    return pe_fail(err, PE_EIO, "cannot %s %s: %s", verb, spill->path, pe_errno_text(errno, reason));
}

pe_status pe_spill_create(const char *path, pe_spill **out, pe_error *err)
{
    pe_spill *spill = NULL;
    pe_status status = pe_make_array(&spill, 1, sizeof *spill, err);
    if (status != PE_OK)
        return status;
    spill->fd = -1;
    status = pe_copy_string(&spill->path, path, err);
    if (status != PE_OK) {
        free(spill);
        return status;
    }
    *out = spill;
    return PE_OK;
}

void pe_spill_close(pe_spill *spill, bool removes)
{
    if (spill == NULL)
        return;
    if (spill->fd >= 0 && removes)
        (void)unlink(spill->path); /* created by this run, or listed in its checkpoint */
    if (spill->fd >= 0)
        (void)close(spill->fd); /* a checkpoint lists only what was synced */
    free(spill->ranges);
    free(spill->path);
    free(spill);
}

/* ---- ranges ---- */

/* The index of the first range that begins at or behind item. */
static size_t find(const pe_spill *spill, uint64_t item)
{
    size_t low = 0, high = spill->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (spill->ranges[middle].items.first < item)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool follows(const pe_stored_range *range, const pe_stored_range *next)
{
    return range->items.first + range->items.count == next->items.first && range->offset + range->bytes == next->offset;
}

static void extend(pe_stored_range *range, const pe_stored_range *by)
{
    range->items.count += by->items.count;
    range->rows += by->rows;
    range->bytes += by->bytes;
}

static pe_status insert(pe_spill *spill, const pe_stored_range *range, pe_error *err)
{
    const size_t at = find(spill, range->items.first);
    if (at > 0 && follows(&spill->ranges[at - 1], range)) {
        extend(&spill->ranges[at - 1], range);
        return PE_OK;
    }
    if (spill->count == spill->room) {
        pe_stored_range *ranges = NULL;
        const size_t room = spill->room < 64 ? 64 : 2 * spill->room;
        const pe_status status = pe_make_array(&ranges, room, sizeof *ranges, err);
        if (status != PE_OK)
            return status;
        if (spill->count > 0)
            memcpy(ranges, spill->ranges, spill->count * sizeof *ranges);
        free(spill->ranges);
        spill->ranges = ranges;
        spill->room = room;
    }
    memmove(spill->ranges + at + 1, spill->ranges + at, (spill->count - at) * sizeof *spill->ranges);
    spill->ranges[at] = *range;
    spill->count++;
    return PE_OK;
}

bool pe_spill_has(const pe_spill *spill, uint64_t item)
{
    const size_t at = find(spill, item);
    return at < spill->count && spill->ranges[at].items.first == item;
}

uint64_t pe_spill_items(const pe_spill *spill)
{
    uint64_t items = 0;
    for (size_t r = 0; r < spill->count; r++)
        items += spill->ranges[r].items.count;
    return items;
}

pe_status pe_spill_list(const pe_spill *spill, pe_checkpoint *checkpoint, pe_error *err)
{
    pe_status status = PE_OK;
    for (size_t r = 0; r < spill->count && status == PE_OK; r++)
        status = pe_checkpoint_add_stored(checkpoint, &spill->ranges[r], err);
    return status;
}

/* ---- frames ---- */

static uint64_t sum_head(const frame_head *head)
{
    return XXH3_64bits(head, offsetof(frame_head, head_checksum));
}

static uint64_t sum_data(const void *rows, size_t row_bytes, const void *log, size_t log_bytes)
{
    const uint64_t of_rows = XXH3_64bits(rows, row_bytes);
    return XXH3_64bits_withSeed(log, log_bytes, of_rows);
}

static pe_status make_file(pe_spill *spill, pe_error *err)
{
    char reason[PE_ERRNO_TEXT_SIZE];
    if (spill->fd >= 0)
        return PE_OK;
    spill->fd = open(spill->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, FILE_MODE);
    return spill->fd >= 0 ? PE_OK
                          : pe_fail(err, PE_EOUTPUT, "cannot create %s for results that wait for an earlier item: %s",
                                    spill->path, pe_errno_text(errno, reason));
}

pe_status pe_spill_put(pe_spill *spill, pe_block block, const pe_chunk_result *result, pe_error *err)
{
    frame_head head = {.items = block,
                       .rows = result->rows,
                       .placed = result->placed,
                       .bytes = result->bytes.size,
                       .log_bytes = result->log.size,
                       .data_checksum =
                           sum_data(result->bytes.data, result->bytes.size, result->log.data, result->log.size)};
    head.head_checksum = sum_head(&head);
    const uint64_t offset = spill->end, size = sizeof head + head.bytes + head.log_bytes;
    const pe_stored_range range = {.items = block, .rows = result->rows, .offset = offset, .bytes = size};
    pe_status status = make_file(spill, err);
    if (status == PE_OK)
        status = pe_pwrite_full(spill->fd, &head, sizeof head, offset, spill->path, err);
    if (status == PE_OK)
        status =
            pe_pwrite_full(spill->fd, result->bytes.data, result->bytes.size, offset + sizeof head, spill->path, err);
    if (status == PE_OK)
        status = pe_pwrite_full(spill->fd, result->log.data, result->log.size, offset + sizeof head + head.bytes,
                                spill->path, err);
    if (status == PE_OK)
        status = insert(spill, &range, err);
    if (status == PE_OK)
        spill->end = offset + size;
    return status;
}

/* Reads exactly size bytes at offset; PE_EIO when the file is shorter. */
static pe_status read_full(const pe_spill *spill, void *out, size_t size, uint64_t offset, pe_error *err)
{
    for (size_t done = 0; done < size;) {
        const ssize_t got = pread(spill->fd, (char *)out + done, size - done, (off_t)(offset + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fail_io(spill, "read", err);
        if (got == 0)
            return pe_fail(err, PE_EIO, "%s: ends before byte %" PRIu64, spill->path, offset + size);
        done += (size_t)got;
    }
    return PE_OK;
}

static pe_status fail_frame(const pe_spill *spill, uint64_t offset, pe_error *err)
{
    return pe_fail(err, PE_EIO, "%s: byte %llu: this is not what was written here", spill->path,
                   (unsigned long long)offset);
}

static pe_status read_frame(const pe_spill *spill, const pe_stored_range *from, frame_head *head, pe_chunk_result *out,
                            pe_error *err)
{
    pe_status status = read_full(spill, head, sizeof *head, from->offset, err);
    if (status != PE_OK)
        return status;
    const uint64_t left = from->bytes - sizeof *head;
    if (head->head_checksum != sum_head(head) || head->items.first != from->items.first || head->items.count == 0 ||
        head->items.count > from->items.count || head->bytes > left || head->log_bytes > left - head->bytes)
        return fail_frame(spill, from->offset, err);
    out->bytes.size = out->log.size = 0;
    status = pe_buffer_reserve(&out->bytes, (size_t)head->bytes, err);
    if (status == PE_OK)
        status = pe_buffer_reserve(&out->log, (size_t)head->log_bytes, err);
    if (status == PE_OK)
        status = read_full(spill, out->bytes.data, (size_t)head->bytes, from->offset + sizeof *head, err);
    if (status == PE_OK)
        status =
            read_full(spill, out->log.data, (size_t)head->log_bytes, from->offset + sizeof *head + head->bytes, err);
    if (status != PE_OK)
        return status;
    out->bytes.size = (size_t)head->bytes;
    out->log.size = (size_t)head->log_bytes;
    out->items = head->items.count;
    out->rows = head->rows;
    out->placed = (size_t)head->placed;
    if (head->data_checksum != sum_data(out->bytes.data, out->bytes.size, out->log.data, out->log.size))
        return fail_frame(spill, from->offset, err);
    return PE_OK;
}

/* Removes the first frame from a range. */
static void shorten(pe_stored_range *range, const frame_head *head)
{
    const uint64_t size = sizeof *head + head->bytes + head->log_bytes;
    range->items.first += head->items.count;
    range->items.count -= head->items.count;
    range->rows -= head->rows < range->rows ? head->rows : range->rows;
    range->offset += size;
    range->bytes -= size;
}

pe_status pe_spill_get(pe_spill *spill, uint64_t item, pe_block *block, pe_chunk_result *result, pe_error *err)
{
    frame_head head;
    const size_t at = find(spill, item);
    assert(at < spill->count && spill->ranges[at].items.first == item);
    const pe_status status = read_frame(spill, &spill->ranges[at], &head, result, err);
    if (status != PE_OK)
        return status;
    *block = head.items;
    shorten(&spill->ranges[at], &head);
    if (spill->ranges[at].items.count == 0) {
        spill->count--;
        memmove(spill->ranges + at, spill->ranges + at + 1, (spill->count - at) * sizeof *spill->ranges);
    }
    return PE_OK;
}

/* ---- the file of an earlier run ---- */

static bool is_valid(const pe_spill *spill, pe_stored_range range)
{
    frame_head head;
    pe_chunk_result result = {.items = 0};
    bool is_right = range.bytes > 0;
    while (is_right && range.items.count > 0) {
        pe_error why = PE_ERROR_INIT;
        is_right = range.bytes >= sizeof head && read_frame(spill, &range, &head, &result, &why) == PE_OK;
        if (is_right)
            shorten(&range, &head);
    }
    pe_buffer_fini(&result.bytes);
    pe_buffer_fini(&result.log);
    return is_right && range.bytes == 0;
}

pe_status pe_spill_reopen(const char *path, const pe_checkpoint *checkpoint, pe_spill **out, pe_error *err)
{
    pe_spill *spill = NULL;
    pe_status status = pe_spill_create(path, &spill, err);
    if (status != PE_OK)
        return status;
    spill->fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (spill->fd < 0 && errno != ENOENT)
        status = fail_io(spill, "open", err);
    for (size_t s = 0; s < checkpoint->stored_count && status == PE_OK && spill->fd >= 0; s++) {
        const pe_stored_range *range = &checkpoint->stored[s];
        if (is_valid(spill, *range))
            status = insert(spill, range, err);
        if (range->offset + range->bytes > spill->end)
            spill->end = range->offset + range->bytes;
    }
    if (status != PE_OK) {
        pe_spill_close(spill, false);
        return status;
    }
    *out = spill;
    return PE_OK;
}

/* ---- the file ---- */

pe_status pe_spill_sync(pe_spill *spill, pe_error *err)
{
    return spill->fd < 0 || fdatasync(spill->fd) == 0 ? PE_OK : fail_io(spill, "write", err);
}

pe_status pe_spill_trim(pe_spill *spill, pe_error *err)
{
    if (spill->fd < 0 || spill->count > 0 || spill->end == 0)
        return PE_OK;
    if (ftruncate(spill->fd, 0) != 0)
        return fail_io(spill, "cut", err);
    spill->end = 0;
    return PE_OK;
}

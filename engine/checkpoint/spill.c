/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* spill.c - the spill file: results that wait for earlier items, on disk instead of in memory.
 *
 * Format:  a line that names the file, then frames.
 * Design:  frames are only appended, and the file is truncated only while nothing is spilled, so frames that a
 *          checkpoint lists stay where they are. The list of ranges stays short: while one slow item is computed, all results
 *          that were spilled in order are one range. Where the list is full, nothing is spilled that begins another one.
 *          A frame that cannot be written is cut off again, and the results stay in memory.
 *          A frame that was read keeps its place on the disk until the file is truncated: the checkpoint on disk may list it,
 *          and the file does not know up to where a later checkpoint does not.
 * Threads: spill.h. fd is set once, by the first put.
 * Not here: the bytes of a frame (spill_frame.c), the list of ranges (spilled_ranges.c).
 */
#include "checkpoint/spill.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/errno_text.h"
#include "checkpoint/spill_frame.h"
#include "checkpoint/spilled_ranges.h"
#include "os/exit_cleanup.h"
#include "os/file/file.h"
#include "os/log.h"

#define OPENING "pengine spill 1\n"
#define OPENING_BYTES (sizeof OPENING - 1)
#define FILE_MODE 0644

struct pe_spill {
    char *path;
    atomic_int fd; /* -1: not created yet */
    pe_spilled_ranges spilled;
    uint64_t end; /* of the file: the offset of the next frame */
    bool is_full; /* until nothing is spilled */
    bool has_warned;
};

static pe_status fail_io(const pe_spill *spill, const char *verb, pe_error *err)
{
    char reason[PE_ERRNO_TEXT_SIZE];
    return pe_fail(err, PE_EIO, "cannot %s %s: %s", verb, spill->path, pe_errno_text(errno, reason));
}

static int descriptor(const pe_spill *spill)
{
    return atomic_load_explicit(&spill->fd, memory_order_acquire);
}

static pe_spill_file open_file(const pe_spill *spill)
{
    return (pe_spill_file){.fd = descriptor(spill), .path = spill->path};
}

static pe_status make(const char *checkpoint_path, pe_spill **out, pe_error *err)
{
    pe_spill *spill = NULL;
    pe_buffer path = {0};
    pe_status status = pe_make_array(&spill, 1, sizeof *spill, err);
    if (status == PE_OK)
        status = pe_buffer_printf(&path, err, "%s.spill", checkpoint_path);
    if (status != PE_OK) {
        free(spill);
        return status;
    }
    spill->path = (char *)path.data;
    spill->end = OPENING_BYTES;
    atomic_init(&spill->fd, -1);
    *out = spill;
    return PE_OK;
}

/* Removes a file of this name that an earlier run has left. */
static pe_status remove_left(const char *path, pe_error *err)
{
    char begin[OPENING_BYTES];
    char reason[PE_ERRNO_TEXT_SIZE];
    struct stat facts;
    if (lstat(path, &facts) != 0)
        return PE_OK;
    const int fd = S_ISREG(facts.st_mode) ? open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK) : -1;
    const ssize_t size = fd < 0 ? -1 : read(fd, begin, sizeof begin);
    if (fd >= 0)
        (void)close(fd); /* only read from */
    if (size != 0 && (size < 0 || memcmp(begin, OPENING, (size_t)size) != 0))
        return pe_fail(err, PE_EOUTPUT, "%s: it is no file of pengine: move it away", path);
    return unlink(path) == 0 ? PE_OK
                             : pe_fail(err, PE_EOUTPUT, "cannot remove %s: %s", path, pe_errno_text(errno, reason));
}

pe_status pe_spill_create(const char *checkpoint_path, pe_spill **out, pe_error *err)
{
    pe_spill *spill = NULL;
    pe_status status = make(checkpoint_path, &spill, err);
    if (status == PE_OK)
        status = remove_left(spill->path, err);
    if (status != PE_OK) {
        pe_spill_close(spill, false);
        return status;
    }
    *out = spill;
    return PE_OK;
}

void pe_spill_close(pe_spill *spill, bool removes)
{
    if (spill == NULL)
        return;
    const int fd = descriptor(spill);
    const bool is_empty = spill->spilled.count == 0 && spill->end == OPENING_BYTES; /* no checkpoint lists anything */
    if (fd >= 0 && (removes || is_empty))
        (void)unlink(spill->path); /* created by this run, or listed in its checkpoint */
    if (fd >= 0)
        (void)close(fd); /* a checkpoint lists only what was synced */
    pe_exit_cleanup_drop(spill->path);
    pe_spilled_ranges_fini(&spill->spilled);
    free(spill->path);
    free(spill);
}

bool pe_spill_first(const pe_spill *spill, pe_spilled_range *out)
{
    if (spill->spilled.count > 0)
        *out = spill->spilled.ranges[0];
    return spill->spilled.count > 0;
}

pe_status pe_spill_list(const pe_spill *spill, pe_checkpoint *checkpoint, pe_error *err)
{
    pe_status status = PE_OK;
    for (size_t r = 0; r < spill->spilled.count && status == PE_OK; r++)
        status = pe_checkpoint_add_spilled(checkpoint, &spill->spilled.ranges[r], err);
    return status;
}

/* ---- putting and reading ---- */

static pe_status make_file(pe_spill *spill, pe_error *err)
{
    char reason[PE_ERRNO_TEXT_SIZE];
    if (descriptor(spill) >= 0)
        return PE_OK;
    const int fd = open(spill->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, FILE_MODE);
    if (fd < 0)
        return pe_fail(err, PE_EIO, "cannot create %s: %s", spill->path, pe_errno_text(errno, reason));
    pe_exit_cleanup_add(spill->path);
    atomic_store_explicit(&spill->fd, fd, memory_order_release); /* for pe_spill_sync */
    return pe_pwrite_full(fd, OPENING, OPENING_BYTES, 0, spill->path, err);
}

/* Has the disk room for more? What is spilled has to go into the output too, usually on the same disk. */
static bool has_disk(const pe_spill *spill, uint64_t size)
{
    struct statvfs disk;
    if (fstatvfs(descriptor(spill), &disk) != 0)
        return true; /* then the write fails */
    return (uint64_t)disk.f_bavail * disk.f_frsize > spill->end + 2 * size;
}

/* Until nothing is spilled any more, results wait in memory. */
static void stop_growing(pe_spill *spill, const char *why)
{
    spill->is_full = true;
    if (!spill->has_warned)
        pe_log(PE_LOG_WARN,
               "%s: results that are done wait in memory for an item that takes long, and others wait for them", why);
    spill->has_warned = true;
}

pe_status pe_spill_put(pe_spill *spill, pe_block block, uint64_t placed_end, const pe_chunk_result *result,
                       bool *is_spilled, pe_error *err)
{
    const pe_spill_head head = pe_spill_head_make(block, result);
    const uint64_t size = pe_spill_frame_bytes(&head);
    const pe_spilled_range range = {
        .items = block, .rows = result->rows, .offset = spill->end, .bytes = size, .placed_end = placed_end};
    pe_error why = PE_ERROR_INIT;
    if (spill->is_full || !pe_spilled_ranges_have_place(&spill->spilled, &range))
        return PE_OK;
    if (make_file(spill, &why) != PE_OK || (placed_end == 0 && !has_disk(spill, size))) {
        stop_growing(spill, why.status == PE_OK ? "the disk has no room to spare" : why.text);
        return PE_OK;
    }
    if (pe_spill_frame_write(open_file(spill), spill->end, &head, result, &why) != PE_OK) {
        (void)!ftruncate(descriptor(spill), (off_t)spill->end); /* else later frames write over it */
        stop_growing(spill, why.text);
        return PE_OK;
    }
    const pe_status status = pe_spilled_ranges_add(&spill->spilled, &range, err);
    *is_spilled = status == PE_OK;
    spill->end += status == PE_OK ? size : 0;
    return status;
}

static pe_spill_frame frame_of(const pe_spill_head *head)
{
    return (pe_spill_frame){.items = head->items, .rows = head->rows, .bytes = pe_spill_frame_bytes(head)};
}

pe_status pe_spill_read(const pe_spill *spill, const pe_spilled_range *range, pe_spill_frame *frame,
                        pe_chunk_result *result, pe_error *err)
{
    pe_spill_head head;
    pe_status status = pe_spill_frame_read_head(open_file(spill), range, &head, err);
    if (status == PE_OK)
        status = pe_spill_frame_read_data(open_file(spill), range->offset, &head, result, err);
    if (status == PE_OK)
        *frame = frame_of(&head);
    return status;
}

/* Removes the first frame from a range. */
static void shorten(pe_spilled_range *range, const pe_spill_frame *frame)
{
    range->items.first += frame->items.count;
    range->items.count -= frame->items.count;
    range->rows -= frame->rows < range->rows ? frame->rows : range->rows;
    range->offset += frame->bytes;
    range->bytes -= frame->bytes;
}

void pe_spill_drop(pe_spill *spill, const pe_spill_frame *frame)
{
    shorten(&spill->spilled.ranges[0], frame);
    if (spill->spilled.ranges[0].items.count > 0)
        return;
    pe_spilled_ranges_remove_first(&spill->spilled);
    spill->is_full = spill->is_full && spill->spilled.count > 0;
}

/* ---- the file of an earlier run ---- */

/* Lists the frames of a range that are whole. After a damaged head nothing is found. */
static pe_status take_whole(pe_spill *spill, pe_spilled_range left, pe_error *err)
{
    pe_spill_head head;
    pe_chunk_result result = {.items = 0};
    pe_error why = PE_ERROR_INIT;
    pe_status status = PE_OK;
    while (status == PE_OK && left.items.count > 0 &&
           pe_spill_frame_read_head(open_file(spill), &left, &head, &why) == PE_OK) {
        const pe_spill_frame frame = frame_of(&head);
        const pe_spilled_range whole = {.items = head.items,
                                        .rows = head.rows,
                                        .offset = left.offset,
                                        .bytes = frame.bytes,
                                        .placed_end = left.placed_end};
        if (pe_spill_frame_read_data(open_file(spill), left.offset, &head, &result, &why) == PE_OK)
            status = pe_spilled_ranges_add(&spill->spilled, &whole, err);
        shorten(&left, &frame);
    }
    pe_buffer_fini(&result.bytes);
    pe_buffer_fini(&result.log);
    return status;
}

pe_status pe_spill_reopen(const char *checkpoint_path, const pe_checkpoint *checkpoint, pe_spill **out, pe_error *err)
{
    pe_spill *spill = NULL;
    pe_status status = make(checkpoint_path, &spill, err);
    if (status != PE_OK)
        return status;
    const int fd = open(spill->path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 && errno != ENOENT)
        status = fail_io(spill, "open", err);
    atomic_store_explicit(&spill->fd, fd, memory_order_release);
    for (size_t s = 0; s < checkpoint->spilled_count && status == PE_OK && fd >= 0; s++) {
        const pe_spilled_range *range = &checkpoint->spilled[s];
        if (range->placed_end > 0 && checkpoint->progress.inode == 0)
            continue; /* the record that says which file they are in is damaged */
        status = take_whole(spill, *range, err);
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
    const int fd = descriptor(spill);
    if (fd >= 0 && fdatasync(fd) != 0)
        return fail_io(spill, "write", err);
    if (fd < 0)
        return PE_OK;
    pe_exit_cleanup_drop(spill->path);
    return pe_file_is_named(fd, spill->path) ? PE_OK : pe_fail(err, PE_EIO, "%s was removed", spill->path);
}

void pe_spill_trim(pe_spill *spill)
{
    if (descriptor(spill) < 0 || spill->spilled.count > 0 || spill->end == OPENING_BYTES)
        return;
    if (ftruncate(descriptor(spill), (off_t)OPENING_BYTES) == 0) /* else the file stays long */
        spill->end = OPENING_BYTES;
}

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* spill_frame.c - one frame of the spill file: the results of consecutive items with checksums.
 *
 * Design:  the head has a checksum of its own, so that its sizes are known to be right before they are used.
 * Threads: no state.
 */
#include "checkpoint/spill_frame.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <unistd.h>
#include <xxhash.h>

#include "base/errno_text.h"
#include "os/file/file.h"

static uint64_t sum_head(const pe_spill_head *head)
{
    return XXH3_64bits(head, offsetof(pe_spill_head, head_checksum));
}

static uint64_t sum_data(const pe_chunk_result *result)
{
    const uint64_t of_rows = XXH3_64bits(result->bytes.data, result->bytes.size);
    return XXH3_64bits_withSeed(result->log.data, result->log.size, of_rows);
}

pe_spill_head pe_spill_head_make(pe_block items, const pe_chunk_result *result)
{
    pe_spill_head head = {.items = items,
                          .rows = result->rows,
                          .placed = result->placed,
                          .bytes = result->bytes.size,
                          .log_bytes = result->log.size,
                          .data_checksum = sum_data(result)};
    head.head_checksum = sum_head(&head);
    return head;
}

uint64_t pe_spill_frame_bytes(const pe_spill_head *head)
{
    return sizeof *head + head->bytes + head->log_bytes;
}

pe_status pe_spill_frame_write(pe_spill_file file, uint64_t offset, const pe_spill_head *head,
                               const pe_chunk_result *result, pe_error *err)
{
    const pe_buffer *const rows = &result->bytes, *const log = &result->log;
    const uint64_t rows_at = offset + sizeof *head, log_at = rows_at + rows->size;
    pe_status status = pe_pwrite_full(file.fd, head, sizeof *head, offset, file.path, err);
    if (status == PE_OK)
        status = pe_pwrite_full(file.fd, rows->data, rows->size, rows_at, file.path, err);
    return status == PE_OK ? pe_pwrite_full(file.fd, log->data, log->size, log_at, file.path, err) : status;
}

/* Reads exactly size bytes at offset; PE_EIO when the file is shorter. */
static pe_status read_full(pe_spill_file file, void *out, size_t size, uint64_t offset, pe_error *err)
{
    char reason[PE_ERRNO_TEXT_SIZE];
    for (size_t done = 0; done < size;) {
        const ssize_t got = pread(file.fd, (char *)out + done, size - done, (off_t)(offset + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return pe_fail(err, PE_EIO, "cannot read %s: %s", file.path, pe_errno_text(errno, reason));
        if (got == 0)
            return pe_fail(err, PE_EIO, "%s: ends before byte %" PRIu64, file.path, offset + size);
        done += (size_t)got;
    }
    return PE_OK;
}

static pe_status fail_frame(pe_spill_file file, uint64_t offset, pe_error *err)
{
    return pe_fail(err, PE_EIO, "%s: byte %" PRIu64 ": this is not what was written here", file.path, offset);
}

pe_status pe_spill_frame_read_head(pe_spill_file file, const pe_spilled_range *range, pe_spill_head *out, pe_error *err)
{
    const pe_status status = range->bytes < sizeof *out ? fail_frame(file, range->offset, err)
                                                        : read_full(file, out, sizeof *out, range->offset, err);
    if (status != PE_OK)
        return status;
    const uint64_t left = range->bytes - sizeof *out;
    const bool is_right = out->head_checksum == sum_head(out) && out->items.first == range->items.first &&
                          out->items.count > 0 && out->items.count <= range->items.count && out->bytes <= left &&
                          out->log_bytes <= left - out->bytes;
    return is_right ? PE_OK : fail_frame(file, range->offset, err);
}

pe_status pe_spill_frame_read_data(pe_spill_file file, uint64_t offset, const pe_spill_head *head, pe_chunk_result *out,
                                   pe_error *err)
{
    const uint64_t rows_at = offset + sizeof *head, log_at = rows_at + head->bytes;
    out->bytes.size = out->log.size = 0;
    pe_status status = pe_buffer_reserve(&out->bytes, (size_t)head->bytes, err);
    if (status == PE_OK)
        status = pe_buffer_reserve(&out->log, (size_t)head->log_bytes, err);
    if (status == PE_OK)
        status = read_full(file, out->bytes.data, (size_t)head->bytes, rows_at, err);
    if (status == PE_OK)
        status = read_full(file, out->log.data, (size_t)head->log_bytes, log_at, err);
    if (status != PE_OK)
        return status;
    out->bytes.size = (size_t)head->bytes;
    out->log.size = (size_t)head->log_bytes;
    out->items = head->items.count;
    out->rows = head->rows;
    out->placed = (size_t)head->placed;
    return sum_data(out) == head->data_checksum ? PE_OK : fail_frame(file, offset, err);
}

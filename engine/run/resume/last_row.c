/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* last_row.c - the length of the last row of an output.
 *
 * Design:  lines are measured from their end: outside quotes a line end has an even number of quotes after it.
 * Threads: no state.
 */
#include "run/resume/last_row.h"

#include <errno.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/errno_text.h"

#define BLOCK_BYTES ((size_t)64 << 10)
#define NPY_PREFIX_BYTES 12 /* magic, version, length of the header */

static pe_status cannot_read(const char *path, int number, pe_error *err)
{
    char reason[PE_ERRNO_TEXT_SIZE];
    return pe_fail(err, PE_EOUTPUT, "cannot read %s: %s", path,
                   number == 0 ? "it has no such row" : pe_errno_text(number, reason));
}

/* The length of the last line of the file's first `size` bytes. */
static pe_status measure_line(const char *path, int fd, uint64_t size, int quote, uint64_t *bytes, pe_error *err)
{
    pe_buffer block = {0};
    bool is_quoted = false;
    pe_status status = pe_buffer_reserve(&block, BLOCK_BYTES, err);
    *bytes = 0;
    for (uint64_t end = size; end > 0 && status == PE_OK;) {
        const size_t wanted = end < BLOCK_BYTES ? (size_t)end : BLOCK_BYTES;
        if (pread(fd, block.data, wanted, (off_t)(end - wanted)) != (ssize_t)wanted)
            status = cannot_read(path, errno, err);
        for (size_t at = wanted; at > 0 && status == PE_OK; at--) {
            const int byte = block.data[at - 1];
            is_quoted = is_quoted != (byte == quote);
            if (byte == '\n' && !is_quoted && *bytes > 0) {
                pe_buffer_fini(&block);
                return PE_OK;
            }
            ++*bytes;
        }
        end -= wanted;
    }
    pe_buffer_fini(&block);
    return status;
}

/* All rows have the same length. */
static pe_status measure_row(const char *path, int fd, pe_format format, const pe_checkpoint_progress *progress,
                             uint64_t *bytes, pe_error *err)
{
    unsigned char prefix[NPY_PREFIX_BYTES];
    uint64_t header = 0;
    if (format == PE_FORMAT_NPY) {
        if (pread(fd, prefix, sizeof prefix, 0) != (ssize_t)sizeof prefix)
            return cannot_read(path, errno, err);
        header = 10 + (prefix[8] | (uint64_t)prefix[9] << 8);
        if (prefix[6] > 1)
            header =
                12 + (prefix[8] | (uint64_t)prefix[9] << 8 | (uint64_t)prefix[10] << 16 | (uint64_t)prefix[11] << 24);
    }
    if (progress->rows == 0 || progress->output_bytes < header ||
        (progress->output_bytes - header) % progress->rows != 0)
        return cannot_read(path, 0, err);
    *bytes = (progress->output_bytes - header) / progress->rows;
    return PE_OK;
}

bool pe_last_row_is_line(pe_format format)
{
    return format == PE_FORMAT_TXT || format == PE_FORMAT_CSV || format == PE_FORMAT_TSV || format == PE_FORMAT_JSONL;
}

pe_status pe_last_row_measure(const pe_sink_spec *sink, const char *path, int fd,
                              const pe_checkpoint_progress *progress, uint64_t *bytes, pe_error *err)
{
    const bool has_quotes = sink->format == PE_FORMAT_CSV || sink->format == PE_FORMAT_TSV;
    const int quote = !has_quotes ? -1 : sink->quote > 0 ? sink->quote : '"';
    if (progress->rows == 0)
        return cannot_read(path, 0, err);
    return pe_last_row_is_line(sink->format) ? measure_line(path, fd, progress->output_bytes, quote, bytes, err)
                                             : measure_row(path, fd, sink->format, progress, bytes, err);
}

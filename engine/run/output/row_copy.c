/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* row_copy.c - reads the rows of an output file one after the other, and copies or drops them.
 *
 * Threads:  one.
 * Not here: which rows (retried_rows.c).
 */
#include "run/output/row_copy.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/errno_text.h"

#define READ_BYTES ((size_t)256 << 10)

void pe_row_copy_fini(pe_row_copy *copy)
{
    pe_packed_reader_close(copy->packed);
    copy->packed = NULL;
    pe_buffer_fini(&copy->bytes);
    copy->at = 0;
}

/* READ_BYTES at most; *got is 0 at the end. */
static pe_status read_some(pe_row_copy *copy, unsigned char *out, size_t *got, pe_error *err)
{
    char reason[PE_ERRNO_TEXT_SIZE];
    ssize_t size = -1;
    if (copy->packed != NULL)
        return pe_packed_reader_read(copy->packed, out, READ_BYTES, got, err);
    do
        size = read(copy->fd, out, READ_BYTES);
    while (size < 0 && errno == EINTR);
    if (size < 0)
        return pe_fail(err, PE_EIO, "%s: %s", copy->name, pe_errno_text(errno, reason));
    *got = (size_t)size;
    return PE_OK;
}

/* Reads more after what is left. *has_ended: there is no more. */
static pe_status read_more(pe_row_copy *copy, bool *has_ended, pe_error *err)
{
    size_t got = 0;
    pe_buffer *const bytes = &copy->bytes;
    if (bytes->size > copy->at)
        memmove(bytes->data, bytes->data + copy->at, bytes->size - copy->at);
    bytes->size -= copy->at;
    copy->at = 0;
    pe_status status = pe_buffer_reserve(bytes, READ_BYTES, err);
    if (status == PE_OK)
        status = read_some(copy, bytes->data + bytes->size, &got, err);
    bytes->size += got;
    *has_ended = status == PE_OK && got == 0;
    return status;
}

/* The end of the line that begins at `from`, after its line end; 0: it is not all there. */
static size_t line_end(const pe_row_copy *copy, size_t from)
{
    const unsigned char *const data = copy->bytes.data;
    bool is_quoted = false;
    for (size_t at = from; at < copy->bytes.size; at++) {
        if (copy->quote != '\0' && data[at] == (unsigned char)copy->quote)
            is_quoted = !is_quoted;
        else if (data[at] == '\n' && !is_quoted)
            return at + 1;
    }
    return 0;
}

/* How many of the rows wanted are in memory, and the end of the last one. */
static uint64_t rows_there(const pe_row_copy *copy, uint64_t wanted, size_t *end)
{
    const size_t left = copy->bytes.size - copy->at;
    uint64_t rows = 0;
    *end = copy->at;
    if (copy->row_bytes > 0) {
        rows = left / copy->row_bytes < wanted ? left / copy->row_bytes : wanted;
        *end += (size_t)rows * copy->row_bytes;
        return rows;
    }
    for (size_t next = 0; rows < wanted && (next = line_end(copy, *end)) != 0; rows++)
        *end = next;
    return rows;
}

pe_status pe_row_copy_rows(pe_row_copy *copy, uint64_t rows, pe_sink *sink, pe_error *err)
{
    pe_status status = PE_OK;
    while (rows > 0 && status == PE_OK) {
        size_t end = 0;
        bool has_ended = false;
        const uint64_t there = rows_there(copy, rows, &end);
        if (there > 0 && sink != NULL)
            status = pe_sink_write(sink, copy->bytes.data + copy->at, end - copy->at, there, err);
        copy->at = end;
        rows -= there;
        if (rows > 0 && status == PE_OK)
            status = read_more(copy, &has_ended, err);
        if (has_ended)
            return pe_fail(err, PE_EDATA, "%s: it has fewer rows than the checkpoint says", copy->name);
    }
    return status;
}

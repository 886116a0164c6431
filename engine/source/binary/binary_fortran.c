/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* binary_fortran.c - fetches rows of an array in Fortran order: first index fastest.
 *
 * Design:   the array is a table of shape[0] lines, whose columns are all combinations of the other indices in C order. A
 *           block is a range of the table's cells, line by line. One column of it is consecutive in the file: it is read
 *           with pread in pieces and scattered. A mapping would keep pages of every column resident.
 * Threads:  any; a descriptor is only read with pread.
 * Not here: C order, which needs no fetching (binary_read.c).
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/errno_text.h"
#include "os/file/file.h"
#include "source/binary/binary_rows.h"

#define PIECE_BYTES ((size_t)16 << 10)

pe_status pe_binary_open_fortran(pe_binary_source *binary, pe_error *err)
{
    char reason[PE_ERRNO_TEXT_SIZE];
    if (binary->file > 0)
        return PE_OK;
    binary->file = pe_open(binary->base.spec->path, O_RDONLY, 0);
    if (binary->file > 0)
        return PE_OK;
    binary->file = 0;
    return pe_fail(err, PE_ENOINPUT, "%s: %s", binary->base.info.name, pe_errno_text(errno, reason));
}

static pe_status read_at(const pe_binary_source *binary, uint64_t offset, unsigned char *out, size_t size,
                         pe_error *err)
{
    char reason[PE_ERRNO_TEXT_SIZE];
    while (size > 0) {
        const ssize_t got = pread(binary->file, out, size, (off_t)offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return pe_fail(err, PE_EIO, "cannot read %s: %s", binary->base.info.name, pe_errno_text(errno, reason));
        if (got == 0)
            return pe_fail(err, PE_EDATA, "%s: was cut while it was read", binary->base.info.name);
        out += got;
        offset += (uint64_t)got;
        size -= (size_t)got;
    }
    return PE_OK;
}

/* Where column `column` of the table begins, in elements. */
static uint64_t column_start(const pe_binary_layout *rows, uint64_t column)
{
    uint64_t stride[PE_BINARY_DIMS] = {1}, at = 0;
    for (int d = 1; d < rows->dims; d++)
        stride[d] = stride[d - 1] * rows->shape[d - 1];
    for (int d = rows->dims - 1; d > 0; d--) {
        at += column % rows->shape[d] * stride[d];
        column /= rows->shape[d];
    }
    return at;
}

static void scatter(const unsigned char *from, size_t bytes, size_t count, unsigned char *out, size_t step)
{
    if (bytes == 8)
        for (size_t i = 0; i < count; i++)
            memcpy(out + i * step, from + i * 8, 8);
    else
        for (size_t i = 0; i < count; i++)
            memcpy(out + i * step, from + i * bytes, bytes);
}

/* `count` cells of one column from line `line` on, each `step` bytes after the other in out. */
static pe_status fetch_column(const pe_binary_source *binary, uint64_t column, uint64_t line, uint64_t count,
                              unsigned char *out, size_t step, pe_error *err)
{
    unsigned char piece[PIECE_BYTES];
    const size_t bytes = binary->layout.fields[0].element_bytes;
    const uint64_t from = column_start(&binary->layout, column) + line;
    const uint64_t fit = PIECE_BYTES / bytes;
    pe_status status = PE_OK;
    for (uint64_t done = 0; done < count && status == PE_OK; done += fit) {
        const size_t some = (size_t)(count - done < fit ? count - done : fit);
        status = read_at(binary, binary->layout.data_offset + (from + done) * bytes, piece, some * bytes, err);
        if (status == PE_OK)
            scatter(piece, bytes, some, out + done * step, step);
    }
    return status;
}

pe_status pe_binary_fetch_fortran(const pe_source *source, pe_block block, unsigned char *out, pe_error *err)
{
    const pe_binary_source *const binary = (const pe_binary_source *)source;
    const pe_binary_layout *const rows = &binary->layout;
    const size_t bytes = rows->fields[0].element_bytes;
    uint64_t columns = 1;
    for (int d = 1; d < rows->dims; d++)
        columns *= rows->shape[d];
    const uint64_t scale = rows->is_by_element ? 1 : columns; /* cells of an item */
    const uint64_t first = block.first * scale, count = block.count * scale;
    pe_status status = PE_OK;
    for (uint64_t k = 0; k < count && k < columns && status == PE_OK; k++)
        status = fetch_column(binary, (first + k) % columns, (first + k) / columns, (count - k + columns - 1) / columns,
                              out + k * bytes, (size_t)columns * bytes, err);
    return status;
}

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* packed_reader.c - reads the rows back that a run has packed into a .gz or .zst file.
 *
 * Threads:  one at a time.
 * Not here: packing (packer.c), inputs that are packed (source/stream.c).
 */
#include "sink/packed/packed_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/errno_text.h"
#include "format/packed/unpack.h"
#include "os/file/file.h"

#define READ_BYTES ((size_t)64 << 10)

struct pe_packed_reader {
    const char *path; /* borrowed */
    int fd;
    uint64_t left;   /* bytes to read */
    size_t at, size; /* of `bytes`: taken, and there */
    pe_unpack *unpack;
    unsigned char bytes[READ_BYTES];
};

pe_status pe_packed_reader_open(pe_packing packing, const char *path, uint64_t begin, uint64_t end,
                                pe_packed_reader **out, pe_error *err)
{
    char reason[PE_ERRNO_TEXT_SIZE];
    pe_packed_reader *reader = NULL;
    pe_status status = pe_make_array(&reader, 1, sizeof *reader, err);
    if (status != PE_OK)
        return status;
    *out = reader;
    reader->path = path;
    reader->left = end - begin;
    reader->fd = pe_open(path, O_RDONLY, 0);
    if (reader->fd < 0 || lseek(reader->fd, (off_t)begin, SEEK_SET) < 0)
        return pe_fail(err, PE_EOUTPUT, "cannot read %s: %s", path, pe_errno_text(errno, reason));
    return pe_unpack_open(packing, &reader->unpack, err);
}

void pe_packed_reader_close(pe_packed_reader *reader)
{
    if (reader == NULL)
        return;
    if (reader->fd >= 0)
        (void)close(reader->fd); /* only read from */
    pe_unpack_close(reader->unpack);
    free(reader);
}

static pe_status read_more(pe_packed_reader *reader, pe_error *err)
{
    char reason[PE_ERRNO_TEXT_SIZE];
    const size_t wanted = reader->left < READ_BYTES ? (size_t)reader->left : READ_BYTES;
    ssize_t got = -1;
    do
        got = read(reader->fd, reader->bytes, wanted);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return pe_fail(err, PE_EIO, "%s: %s", reader->path, pe_errno_text(errno, reason));
    if (got == 0)
        return pe_fail(err, PE_EDATA, "%s: it ends before its last %llu bytes", reader->path,
                       (unsigned long long)reader->left);
    reader->left -= (uint64_t)got;
    reader->at = 0;
    reader->size = (size_t)got;
    return PE_OK;
}

pe_status pe_packed_reader_read(pe_packed_reader *reader, unsigned char *out, size_t room, size_t *made, pe_error *err)
{
    pe_error why = PE_ERROR_INIT;
    *made = 0;
    for (;;) {
        size_t used = 0;
        if (reader->at == reader->size && reader->left > 0 && read_more(reader, err) != PE_OK)
            return err->status;
        if (pe_unpack_run(reader->unpack, reader->bytes + reader->at, reader->size - reader->at, &used, out, room, made,
                          &why) != PE_OK)
            return pe_fail(err, why.status, "%s: %s", reader->path, why.text);
        reader->at += used;
        const bool is_over = reader->at == reader->size && reader->left == 0;
        if (*made > 0 || (is_over && used == 0))
            return PE_OK;
    }
}

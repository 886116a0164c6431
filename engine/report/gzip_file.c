/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* gzip_file.c - a file of a report, written as it is or compressed, which appears whole.
 *
 * Threads: gzip_file.h.
 */
#include "report/gzip_file.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/alloc.h"
#include "os/file/file.h"

#define LEVEL 6
#define WINDOW_BITS (15 + 16) /* 16: with the header and the end of gzip */
#define MEMORY_LEVEL 8
#define ROOM ((size_t)64 << 10)

struct pe_gzip {
    z_stream stream;
    unsigned char in[ROOM], out[ROOM]; /* in: zlib takes what it does not promise not to write */
};

static bool is_compressed(const char *path)
{
    const size_t size = strlen(path);
    return size > 3 && strcmp(path + size - 3, ".gz") == 0;
}

static pe_status begin_gzip(pe_gzip_file *self, pe_error *err)
{
    pe_status status = pe_make_array(&self->gzip, 1, sizeof *self->gzip, err);
    if (status != PE_OK)
        return status;
    if (deflateInit2(&self->gzip->stream, LEVEL, Z_DEFLATED, WINDOW_BITS, MEMORY_LEVEL, Z_DEFAULT_STRATEGY) == Z_OK)
        return PE_OK;
    free(self->gzip);
    self->gzip = NULL;
    return pe_fail(err, PE_ENOMEM, "out of memory to compress %s", self->path);
}

pe_status pe_gzip_file_begin(pe_gzip_file *self, const char *path, pe_error *err)
{
    *self = (pe_gzip_file){.path = path};
    pe_status status = pe_out_begin(path, PE_OUT_LOG, NULL, &self->file, err);
    if (status == PE_OK && is_compressed(path))
        status = begin_gzip(self, err);
    if (status != PE_OK)
        pe_out_abort(&self->file);
    return status;
}

/* Compresses until all of the input is taken, and with Z_FINISH until the end is written. */
static pe_status deflate_all(pe_gzip_file *self, int flush, pe_error *err)
{
    z_stream *const stream = &self->gzip->stream;
    pe_status status = PE_OK;
    bool is_done = false;
    while (!is_done && status == PE_OK) {
        stream->next_out = self->gzip->out;
        stream->avail_out = (uInt)ROOM;
        const int result = deflate(stream, flush);
        status = pe_write_full(self->file.fd, self->gzip->out, ROOM - stream->avail_out, self->path, err);
        is_done = flush == Z_FINISH ? result != Z_OK : stream->avail_in == 0 && stream->avail_out > 0;
    }
    return status;
}

pe_status pe_gzip_file_write(pe_gzip_file *self, const void *bytes, size_t size, pe_error *err)
{
    if (self->gzip == NULL)
        return pe_write_full(self->file.fd, bytes, size, self->path, err);
    const unsigned char *at = bytes;
    pe_status status = PE_OK;
    while (size > 0 && status == PE_OK) {
        const size_t piece = size < ROOM ? size : ROOM;
        memcpy(self->gzip->in, at, piece);
        self->gzip->stream.next_in = self->gzip->in;
        self->gzip->stream.avail_in = (uInt)piece;
        status = deflate_all(self, Z_NO_FLUSH, err);
        at += piece;
        size -= piece;
    }
    return status;
}

pe_status pe_gzip_file_end(pe_gzip_file *self, pe_error *err)
{
    if (self->gzip != NULL && err->status == PE_OK)
        (void)deflate_all(self, Z_FINISH, err);
    if (self->gzip != NULL)
        (void)deflateEnd(&self->gzip->stream);
    free(self->gzip);
    self->gzip = NULL;
    if (err->status == PE_OK)
        return pe_out_commit(&self->file, false, err);
    pe_out_abort(&self->file);
    return err->status;
}

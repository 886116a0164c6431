/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* failed_file.c - a list of items in a file beside a checkpoint that only grows: those that failed, or their files' names.
 *
 * Format:   a line that names the file, then entries: head, line.
 * Threads:  failed_file.h.
 * Not here: what a line looks like (worker/failed_items.c).
 */
#include "checkpoint/failed_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "base/errno_text.h"
#include "os/file/durable.h"
#include "os/file/file.h"

#define OPENING "pengine items 1\n"
#define OPENING_BYTES (sizeof OPENING - 1)
#define PENDING_BYTES ((size_t)64 << 10)
#define LINE_MOST ((uint64_t)1 << 31)

typedef struct entry_head {
    uint64_t item, row, line_bytes, sum;
} entry_head;

static uint64_t sum_of(const entry_head *head, const char *line)
{
    const uint64_t numbers[] = {head->item, head->row, head->line_bytes};
    return XXH3_64bits_withSeed(line, (size_t)head->line_bytes, XXH3_64bits(numbers, sizeof numbers));
}

static pe_status name_file(const char *checkpoint, uint64_t list, char **out, pe_error *err)
{
    pe_buffer path = {0};
    static const char *const suffixes[] = {".failed", ".again.failed", ".names"};
    const pe_status status = pe_buffer_printf(&path, err, "%s%s", checkpoint, suffixes[list < 2 ? list : 2]);
    *out = (char *)path.data;
    return status;
}

static pe_status refuse(const char *path, const char *why, pe_error *err)
{
    return pe_fail(err, PE_EOUTPUT, "%s: %s", path, why);
}

static pe_status fail_errno(const pe_failed_file *file, pe_error *err)
{
    char reason[PE_ERRNO_TEXT_SIZE];
    return pe_fail(err, PE_EIO, "cannot write %s: %s", file->path, pe_errno_text(errno, reason));
}

/* Whether a file that begins so is ours. Where none of it counts, a power cut may have left zeros, or a part of the line. */
static bool is_ours(const char *begin, ssize_t size, bool has_entries)
{
    static const char zeros[OPENING_BYTES] = {0};
    if (has_entries)
        return size == (ssize_t)OPENING_BYTES && memcmp(begin, OPENING, OPENING_BYTES) == 0;
    return size <= 0 || memcmp(begin, OPENING, (size_t)size) == 0 || memcmp(begin, zeros, (size_t)size) == 0;
}

/* Opens the file, which is new, empty or one of ours. */
static pe_status open_file(pe_failed_file *file, pe_error *err)
{
    char begin[OPENING_BYTES];
    struct stat facts;
    char reason[PE_ERRNO_TEXT_SIZE];
    file->fd = pe_open(file->path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0666);
    if (file->fd < 0)
        return pe_fail(err, PE_EOUTPUT, "cannot create %s: %s", file->path, pe_errno_text(errno, reason));
    file->has_file = true;
    if (fstat(file->fd, &facts) != 0 || !S_ISREG(facts.st_mode))
        return refuse(file->path, "it is no file of pengine: move it away", err);
    const ssize_t size = pread(file->fd, begin, sizeof begin, 0);
    if (size > 0 && !is_ours(begin, size, file->bytes > 0))
        return refuse(file->path, "it is no file of pengine: move it away", err);
    if ((uint64_t)facts.st_size < file->bytes)
        return refuse(file->path, "it was cut since the checkpoint was written; --restart begins anew", err);
    if (ftruncate(file->fd, (off_t)file->bytes) != 0 || lseek(file->fd, (off_t)file->bytes, SEEK_SET) < 0)
        return fail_errno(file, err);
    return PE_OK;
}

pe_status pe_failed_file_begin(pe_failed_file *file, const char *checkpoint, uint64_t list, uint64_t bytes,
                               pe_error *err)
{
    *file = (pe_failed_file){.bytes = bytes};
    pe_status status = name_file(checkpoint, list, &file->path, err);
    if (status == PE_OK && (bytes > 0 || access(file->path, F_OK) == 0))
        status = open_file(file, err);
    return status;
}

pe_status pe_failed_file_flush(pe_failed_file *file, pe_error *err)
{
    if (file->pending.size == 0)
        return PE_OK;
    if (!file->has_file) {
        const uint64_t bytes = file->bytes;
        file->bytes = 0;
        const pe_status status = open_file(file, err);
        file->bytes = bytes;
        if (status != PE_OK)
            return status;
    }
    const pe_status status = pe_write_full(file->fd, file->pending.data, file->pending.size, file->path, err);
    file->pending.size = 0;
    return status;
}

pe_status pe_failed_file_add(pe_failed_file *file, const pe_failed_entry *entry, pe_error *err)
{
    entry_head head = {.item = entry->item, .row = entry->row, .line_bytes = entry->line_bytes};
    const size_t before = file->pending.size;
    if (file->path == NULL)
        return PE_OK;
    head.sum = sum_of(&head, entry->line);
    pe_status status = PE_OK;
    if (file->bytes == 0)
        status = pe_buffer_append(&file->pending, OPENING, OPENING_BYTES, err);
    if (status == PE_OK)
        status = pe_buffer_append(&file->pending, &head, sizeof head, err);
    if (status == PE_OK)
        status = pe_buffer_append(&file->pending, entry->line, entry->line_bytes, err);
    file->bytes += file->pending.size - before;
    return status == PE_OK && file->pending.size >= PENDING_BYTES ? pe_failed_file_flush(file, err) : status;
}

pe_status pe_failed_file_sync(const pe_failed_file *file, pe_error *err)
{
    return file->has_file ? pe_durable_data(file->fd, file->path, err) : PE_OK;
}

void pe_failed_file_end(pe_failed_file *file, bool removes)
{
    if (file->has_file)
        (void)close(file->fd); /* what counts was synced */
    if (file->has_file && removes)
        (void)unlink(file->path);
    pe_buffer_fini(&file->pending);
    free(file->path);
    *file = (pe_failed_file){0};
}

void pe_failed_file_drop(const char *checkpoint, uint64_t list)
{
    pe_error ignored = PE_ERROR_INIT;
    pe_failed_file file = {0};
    const pe_status status = pe_failed_file_begin(&file, checkpoint, list, 0, &ignored);
    pe_failed_file_end(&file, status == PE_OK);
}

/* ---- reading ---- */

static pe_status read_bytes(pe_failed_reader *reader, void *out, size_t size, pe_error *err)
{
    reader->at += size;
    if (fread(out, 1, size, reader->in) == size)
        return PE_OK;
    return ferror(reader->in) ? pe_fail(err, PE_EIO, "%s: a read failed", reader->path)
                              : pe_fail(err, PE_EDATA, "%s: it was cut since the checkpoint was written", reader->path);
}

pe_status pe_failed_reader_open(pe_failed_reader *reader, const char *checkpoint, uint64_t list, uint64_t bytes,
                                pe_error *err)
{
    char opening[OPENING_BYTES], reason[PE_ERRNO_TEXT_SIZE];
    *reader = (pe_failed_reader){.bytes = bytes};
    if (bytes == 0)
        return PE_OK;
    pe_status status = name_file(checkpoint, list, &reader->path, err);
    reader->in = status == PE_OK ? fopen(reader->path, "rbe") : NULL;
    if (status == PE_OK && reader->in == NULL)
        status = pe_fail(err, PE_EDATA, "%s: %s", reader->path, pe_errno_text(errno, reason));
    if (status == PE_OK)
        status = read_bytes(reader, opening, sizeof opening, err);
    if (status == PE_OK && memcmp(opening, OPENING, sizeof opening) != 0)
        status = pe_fail(err, PE_EDATA, "%s: it is no file of pengine", reader->path);
    return status;
}

void pe_failed_reader_close(pe_failed_reader *reader)
{
    if (reader->in != NULL)
        (void)fclose(reader->in); /* only read from */
    pe_buffer_fini(&reader->line);
    free(reader->path);
    *reader = (pe_failed_reader){0};
}

pe_status pe_failed_reader_next(pe_failed_reader *reader, pe_failed_entry *out, bool *has, pe_error *err)
{
    entry_head head;
    pe_buffer *const line = &reader->line;
    *has = reader->at < reader->bytes;
    if (!*has)
        return PE_OK;
    pe_status status = read_bytes(reader, &head, sizeof head, err);
    if (status == PE_OK && head.line_bytes > LINE_MOST)
        status = pe_fail(err, PE_EDATA, "%s: it is damaged", reader->path);
    line->size = 0;
    if (status == PE_OK)
        status = pe_buffer_reserve(line, (size_t)head.line_bytes + 1, err);
    if (status == PE_OK && head.line_bytes > 0)
        status = read_bytes(reader, line->data, (size_t)head.line_bytes, err);
    if (status == PE_OK && head.sum != sum_of(&head, (const char *)line->data))
        status = pe_fail(err, PE_EDATA, "%s: it is damaged", reader->path);
    if (status == PE_OK)
        *out = (pe_failed_entry){.item = head.item,
                                 .row = head.row,
                                 .line = (const char *)line->data,
                                 .line_bytes = (size_t)head.line_bytes};
    return status;
}

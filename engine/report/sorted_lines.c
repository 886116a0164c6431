/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* sorted_lines.c - lines that come in any order and are written in the order of their items: an external merge sort.
 *
 * Design:   lines are collected up to PENDING_BYTES, sorted, and appended to a scratch file as a run. At the end up to
 *           FAN_IN runs are merged at once; while there are more, the first FAN_IN become one longer run at the end of the
 *           scratch file. What one run needs of memory while it is merged is READ_BYTES.
 * Threads:  one at a time.
 */
#include "report/sorted_lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/errno_text.h"
#include "os/file/file.h"
#include "os/file/scratch_file.h"

#define PENDING_BYTES ((size_t)2 << 20)
#define READ_BYTES ((size_t)64 << 10)
#define WRITE_BYTES ((size_t)64 << 10)
#define FAN_IN 32

/* The head of a line, in memory and in the scratch file. */
typedef struct head {
    uint64_t item, bytes;
} head;

/* Where an entry begins in the pending lines. */
typedef struct entry {
    uint64_t item;
    size_t at;
} entry;

/* Where sorted lines go: as a run to the scratch file, with their heads, or to their destination. */
typedef struct writer {
    int fd;
    const char *name;
    bool is_run;
    uint64_t *offset; /* in the scratch file */
    pe_buffer out;
} writer;

/* One run that is being merged. */
typedef struct reader {
    uint64_t at, end; /* in the scratch file: what is not in `bytes` yet */
    pe_buffer bytes;
    size_t taken;
    head next; /* of the line that comes next; bytes hold it whole */
    bool has_next;
} reader;

void pe_sorted_lines_init(pe_sorted_lines *self, const char *beside)
{
    *self = (pe_sorted_lines){.beside = beside, .fd = -1};
}

void pe_sorted_lines_fini(pe_sorted_lines *self)
{
    pe_buffer_fini(&self->pending);
    free(self->runs);
    if (self->fd >= 0)
        (void)close(self->fd);
    *self = (pe_sorted_lines){.fd = -1};
}

/* ---- writing ---- */

static pe_status flush(writer *to, size_t most, pe_error *err)
{
    if (to->out.size <= most)
        return PE_OK;
    const pe_status status = to->is_run ? pe_pwrite_full(to->fd, to->out.data, to->out.size, *to->offset, to->name, err)
                                        : pe_write_full(to->fd, to->out.data, to->out.size, to->name, err);
    if (to->is_run)
        *to->offset += to->out.size;
    to->out.size = 0;
    return status;
}

/* An entry is a head with its line after it. */
static pe_status write_entry(writer *to, const unsigned char *bytes, const head *of, pe_error *err)
{
    const size_t skip = to->is_run ? 0 : sizeof *of;
    const pe_status status = pe_buffer_append(&to->out, bytes + skip, sizeof *of - skip + (size_t)of->bytes, err);
    return status == PE_OK ? flush(to, WRITE_BYTES, err) : status;
}

static int by_item(const void *a, const void *b)
{
    const entry *left = a, *right = b;
    return (left->item > right->item) - (left->item < right->item);
}

static pe_status write_pending(pe_sorted_lines *self, writer *to, pe_error *err)
{
    entry *entries = NULL;
    pe_status status = pe_make_array(&entries, self->pending_count, sizeof *entries, err);
    size_t at = 0;
    for (size_t i = 0; i < self->pending_count && status == PE_OK; i++) {
        head of;
        memcpy(&of, self->pending.data + at, sizeof of);
        entries[i] = (entry){.item = of.item, .at = at};
        at += sizeof of + (size_t)of.bytes;
    }
    if (status == PE_OK && self->pending_count > 1)
        qsort(entries, self->pending_count, sizeof *entries, by_item);
    for (size_t i = 0; i < self->pending_count && status == PE_OK; i++) {
        head of;
        memcpy(&of, self->pending.data + entries[i].at, sizeof of);
        status = write_entry(to, self->pending.data + entries[i].at, &of, err);
    }
    free(entries);
    self->pending.size = 0;
    self->pending_count = 0;
    return status == PE_OK ? flush(to, 0, err) : status;
}

/* ---- runs ---- */

static pe_status add_run(pe_sorted_lines *self, pe_sorted_run run, pe_error *err)
{
    const pe_status status = pe_grow_array(&self->runs, self->run_count, &self->run_room, sizeof run, FAN_IN, err);
    if (status != PE_OK)
        return status;
    self->runs[self->run_count++] = run;
    return PE_OK;
}

static pe_status spill(pe_sorted_lines *self, pe_error *err)
{
    const uint64_t begin = self->size;
    writer to = {.name = "a scratch file", .is_run = true, .offset = &self->size};
    pe_status status = self->fd >= 0 ? PE_OK : pe_scratch_file_open(self->beside, &self->fd, err);
    to.fd = self->fd;
    if (status == PE_OK)
        status = write_pending(self, &to, err);
    pe_buffer_fini(&to.out);
    return status == PE_OK ? add_run(self, (pe_sorted_run){.begin = begin, .end = self->size}, err) : status;
}

pe_status pe_sorted_lines_add(pe_sorted_lines *self, uint64_t item, const char *line, size_t bytes, pe_error *err)
{
    const head of = {.item = item, .bytes = bytes};
    pe_status status = PE_OK;
    if (self->pending_count > 0 && self->pending.size + sizeof of + bytes > PENDING_BYTES)
        status = spill(self, err);
    if (status == PE_OK && self->pending_count == 0)
        status = pe_buffer_reserve(&self->pending, PENDING_BYTES, err); /* at once: growing would double it */
    if (status == PE_OK)
        status = pe_buffer_append(&self->pending, &of, sizeof of, err);
    if (status == PE_OK)
        status = pe_buffer_append(&self->pending, line, bytes, err);
    if (status == PE_OK)
        self->pending_count++;
    return status;
}

/* ---- merging ---- */

static pe_status read_at_least(reader *from, int fd, size_t bytes, pe_error *err)
{
    const size_t have = from->bytes.size - from->taken;
    pe_status status = PE_OK;
    if (have >= bytes)
        return PE_OK;
    if (have > 0)
        memmove(from->bytes.data, from->bytes.data + from->taken, have);
    from->bytes.size = have;
    from->taken = 0;
    status = pe_buffer_reserve(&from->bytes, (bytes > READ_BYTES ? bytes : READ_BYTES) - have, err);
    while (status == PE_OK && from->bytes.size < bytes) {
        const uint64_t left = from->end - from->at;
        const size_t room = from->bytes.capacity - from->bytes.size;
        const ssize_t got =
            pread(fd, from->bytes.data + from->bytes.size, left < room ? (size_t)left : room, (off_t)from->at);
        char reason[PE_ERRNO_TEXT_SIZE];
        if (got > 0) {
            from->bytes.size += (size_t)got;
            from->at += (uint64_t)got;
        } else if (got == 0 || errno != EINTR) {
            status = pe_fail(err, PE_EIO, "cannot read a scratch file: %s",
                             got == 0 ? "it ends early" : pe_errno_text(errno, reason));
        }
    }
    return status;
}

static pe_status advance(reader *from, int fd, pe_error *err)
{
    from->has_next = from->at < from->end || from->taken < from->bytes.size;
    if (!from->has_next)
        return PE_OK;
    pe_status status = read_at_least(from, fd, sizeof from->next, err);
    if (status == PE_OK) {
        memcpy(&from->next, from->bytes.data + from->taken, sizeof from->next);
        status = read_at_least(from, fd, sizeof from->next + (size_t)from->next.bytes, err);
    }
    return status;
}

static reader *lowest(reader *readers, size_t count)
{
    reader *found = NULL;
    for (size_t r = 0; r < count; r++)
        if (readers[r].has_next && (found == NULL || readers[r].next.item < found->next.item))
            found = &readers[r];
    return found;
}

static pe_status merge(pe_sorted_lines *self, const pe_sorted_run *runs, size_t count, writer *to, pe_error *err)
{
    reader readers[FAN_IN] = {{.at = 0}};
    pe_status status = PE_OK;
    for (size_t r = 0; r < count && status == PE_OK; r++) {
        readers[r] = (reader){.at = runs[r].begin, .end = runs[r].end};
        status = advance(&readers[r], self->fd, err);
    }
    for (reader *from = NULL; status == PE_OK && (from = lowest(readers, count)) != NULL;) {
        status = write_entry(to, from->bytes.data + from->taken, &from->next, err);
        from->taken += sizeof from->next + (size_t)from->next.bytes;
        if (status == PE_OK)
            status = advance(from, self->fd, err);
    }
    for (size_t r = 0; r < count; r++)
        pe_buffer_fini(&readers[r].bytes);
    return status == PE_OK ? flush(to, 0, err) : status;
}

static pe_status merge_first_runs(pe_sorted_lines *self, pe_error *err)
{
    const uint64_t begin = self->size;
    writer to = {.fd = self->fd, .name = "a scratch file", .is_run = true, .offset = &self->size};
    pe_status status = merge(self, self->runs, FAN_IN, &to, err);
    pe_buffer_fini(&to.out);
    self->run_count -= FAN_IN;
    memmove(self->runs, self->runs + FAN_IN, self->run_count * sizeof *self->runs);
    return status == PE_OK ? add_run(self, (pe_sorted_run){.begin = begin, .end = self->size}, err) : status;
}

pe_status pe_sorted_lines_write(pe_sorted_lines *self, int fd, const char *name, pe_error *err)
{
    writer to = {.fd = fd, .name = name};
    pe_status status = PE_OK;
    if (self->run_count > 0 && self->pending_count > 0)
        status = spill(self, err);
    if (self->run_count == 0) {
        status = write_pending(self, &to, err);
    } else {
        pe_buffer_fini(&self->pending);
        while (status == PE_OK && self->run_count > FAN_IN)
            status = merge_first_runs(self, err);
        if (status == PE_OK)
            status = merge(self, self->runs, self->run_count, &to, err);
    }
    pe_buffer_fini(&to.out);
    self->run_count = 0;
    return status;
}

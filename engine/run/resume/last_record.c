/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* last_record.c - takes the result of the last item back, where its record had no line end and has grown since.
 *
 * Design:   the item is the last of the job, so in the ordered modes its row is the last one of the output, and if it has
 *           failed it is the last of the list. Lines are measured from their end: outside quotes a line end has an even number of
 *           quotes behind it. Where results wait in the spill file, the range that has the item is dropped.
 * Threads:  the main thread of rank 0.
 * Not here: what has grown (growth.c); the output is cut when it is opened (os/file/out_file.c).
 */
#include "run/resume/last_record.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/errno_text.h"
#include "checkpoint/failed_file.h"
#include "os/file/file.h"
#include "report/failure_log.h"
#include "run/job_to_specs.h"
#include "sink/output_stream.h"

#define BLOCK_BYTES ((size_t)64 << 10)
#define NPY_PREFIX_BYTES 12 /* magic, version, length of the header */

static pe_status refuse(const pe_growth *growth, const char *why, pe_error *err)
{
    return pe_fail(err, PE_ECONFIG, "%s: it has grown, and its last record had no line end: %s: --restart begins anew",
                   growth->path, why);
}

static bool has_lines(pe_format format)
{
    return format == PE_FORMAT_TXT || format == PE_FORMAT_CSV || format == PE_FORMAT_TSV || format == PE_FORMAT_JSONL;
}

static pe_status check_output(const pe_job *job, const pe_sink_spec *sink, const pe_growth *growth, uint64_t left_out,
                              pe_error *err)
{
    const pe_format format = sink->format;
    if (job->op_count > 0)
        return refuse(growth, "its result cannot be taken out of the reduction", err);
    if (pe_specs_has_item_files(job))
        return refuse(growth, "its result has a file of its own, whose name may change", err);
    if (job->order == PE_ORDER_UNORDERED)
        return refuse(growth, "nobody knows which row is its result, since the mode is unordered", err);
    if (left_out > 0)
        return refuse(growth, "nobody knows whether kernel.where has left it out", err);
    if (pe_path_is_stdout(job->output.path))
        return refuse(growth, "its result cannot be taken back from stdout", err);
    if (pe_packing_by_suffix(job->output.path) != PE_PACKING_NONE)
        return refuse(growth, "its result cannot be cut from a packed file", err);
    if (!has_lines(format) && format != PE_FORMAT_NPY && format != PE_FORMAT_RAW)
        return refuse(growth, "its result cannot be taken out of this output format", err);
    return PE_OK;
}

/* ---- what is done ---- */

/* The items are the last ones, or beyond. */
static pe_status remove_items(pe_item_set *set, pe_block items, pe_error *err)
{
    const pe_block whole = {.first = 0, .count = items.first + items.count};
    pe_item_set others = {0}, left = {0};
    pe_status status = pe_item_set_missing(set, whole, &others, err);
    if (status == PE_OK)
        status = pe_item_set_add(&others, items, err);
    if (status == PE_OK)
        status = pe_item_set_missing(&others, whole, &left, err);
    pe_item_set_fini(&others);
    if (status != PE_OK) {
        pe_item_set_fini(&left);
        return status;
    }
    pe_item_set_fini(set);
    *set = left;
    return PE_OK;
}

static pe_status drop_stored(pe_run_resume *resume, uint64_t item, pe_error *err)
{
    pe_checkpoint *const from = &resume->from;
    for (size_t s = 0; s < from->stored_count; s++) {
        const pe_block items = from->stored[s].items;
        if (item < items.first || item - items.first >= items.count)
            continue;
        from->stored[s] = from->stored[--from->stored_count];
        return remove_items(&resume->done, items, err);
    }
    return PE_OK;
}

/* ---- the item has failed ---- */

static bool names(const pe_failed_entry *entry, const char *reason)
{
    const size_t size = strlen(reason);
    for (size_t at = 0; at + size <= entry->line_bytes; at++) {
        if (memcmp(entry->line + at, reason, size) == 0)
            return true;
    }
    return false;
}

/* Which of the reasons it was: the only one, the one of this item, or the one that its line in the log names; -1: unknown. */
static int find_kind(const pe_failure_log *failures, const pe_failed_entry *entry)
{
    int found = -1, named = 0;
    for (int k = 0; k < failures->kind_count; k++) {
        if (failures->kind_count == 1 || failures->kinds[k].first_item == entry->item)
            return k;
        if (names(entry, failures->kinds[k].name)) {
            named++;
            found = k;
        }
    }
    return named == 1 ? found : -1;
}

/* The item is the last one, so that no other one of its kind is behind it. */
static void uncount(pe_failure_log *failures, int kind)
{
    failures->count--;
    if (failures->count == 0)
        *failures = (pe_failure_log){.count = 0};
    else if (--failures->kinds[kind].count == 0) {
        failures->kind_count--;
        memmove(&failures->kinds[kind], &failures->kinds[kind + 1],
                (size_t)(failures->kind_count - kind) * sizeof failures->kinds[0]);
        memset(&failures->kinds[failures->kind_count], 0, sizeof failures->kinds[0]);
    }
}

static pe_status forget_failure(const pe_growth *growth, const pe_failed_entry *entry, pe_checkpoint_progress *progress,
                                pe_error *err)
{
    pe_failure_log failures = {.count = 0};
    pe_buffer *const state = &progress->state;
    const size_t size = state->size < PE_FAILURE_COUNTED_BYTES ? state->size : PE_FAILURE_COUNTED_BYTES;
    pe_status status = pe_failure_log_load(&failures, state->data, size, err);
    if (status != PE_OK)
        return status;
    const int kind = find_kind(&failures, entry);
    if (kind < 0)
        return refuse(growth, "it has failed, and without a log nobody knows for which of the reasons", err);
    uncount(&failures, kind);
    memcpy(state->data, &failures, PE_FAILURE_COUNTED_BYTES);
    progress->failed--;
    return PE_OK;
}

/* *has_failed: the item was in the list of those that failed, and has gone from it. */
static pe_status take_failure(const pe_growth *growth, uint64_t item, pe_run_resume *resume, bool *has_failed,
                              pe_error *err)
{
    pe_checkpoint_progress *const progress = &resume->from.progress;
    pe_failed_reader reader = {0};
    pe_failed_entry entry = {.item = PE_NO_ITEM};
    uint64_t before = 0;
    bool has = true;
    *has_failed = false;
    pe_status status = pe_failed_reader_open(&reader, resume->path, progress->failed_list, progress->failed_bytes, err);
    while (status == PE_OK && has && !*has_failed) {
        before = reader.at;
        status = pe_failed_reader_next(&reader, &entry, &has, err);
        *has_failed = status == PE_OK && has && entry.item == item;
    }
    if (*has_failed && status == PE_OK)
        status = forget_failure(growth, &entry, progress, err);
    if (*has_failed && status == PE_OK)
        progress->failed_bytes = before;
    pe_failed_reader_close(&reader);
    return status;
}

/* ---- its row ---- */

static pe_status cannot_read(const pe_job *job, int number, pe_error *err)
{
    char reason[PE_ERRNO_TEXT_SIZE];
    return pe_fail(err, PE_EOUTPUT, "cannot read %s: %s", job->output.path,
                   number == 0 ? "it has no such row" : pe_errno_text(number, reason));
}

/* The length of the last line of the file's first `size` bytes. */
static pe_status measure_line(const pe_job *job, int fd, uint64_t size, int quote, uint64_t *bytes, pe_error *err)
{
    pe_buffer block = {0};
    bool is_quoted = false;
    pe_status status = pe_buffer_reserve(&block, BLOCK_BYTES, err);
    *bytes = 0;
    for (uint64_t end = size; end > 0 && status == PE_OK;) {
        const size_t wanted = end < BLOCK_BYTES ? (size_t)end : BLOCK_BYTES;
        if (pread(fd, block.data, wanted, (off_t)(end - wanted)) != (ssize_t)wanted)
            status = cannot_read(job, errno, err);
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
static pe_status measure_row(const pe_job *job, int fd, pe_format format, const pe_checkpoint_progress *progress,
                             uint64_t *bytes, pe_error *err)
{
    unsigned char prefix[NPY_PREFIX_BYTES];
    uint64_t header = 0;
    if (format == PE_FORMAT_NPY) {
        if (pread(fd, prefix, sizeof prefix, 0) != (ssize_t)sizeof prefix)
            return cannot_read(job, errno, err);
        header = 10 + (prefix[8] | (uint64_t)prefix[9] << 8);
        if (prefix[6] > 1)
            header =
                12 + (prefix[8] | (uint64_t)prefix[9] << 8 | (uint64_t)prefix[10] << 16 | (uint64_t)prefix[11] << 24);
    }
    if (progress->rows == 0 || progress->output_bytes < header ||
        (progress->output_bytes - header) % progress->rows != 0)
        return cannot_read(job, 0, err);
    *bytes = (progress->output_bytes - header) / progress->rows;
    return PE_OK;
}

/* Under its temporary or its final name; -1: it is not there. */
static int open_output(const pe_job *job, uint64_t inode, pe_error *err)
{
    struct stat facts;
    pe_buffer part = {0};
    int fd = -1;
    if (pe_buffer_printf(&part, err, "%s.part", job->output.path) != PE_OK)
        return -1;
    const char *const names[] = {(const char *)part.data, job->output.path};
    for (size_t n = 0; n < 2 && fd < 0; n++) {
        fd = pe_open(names[n], O_RDONLY, 0);
        if (fd >= 0 && (fstat(fd, &facts) != 0 || facts.st_ino != inode)) {
            (void)close(fd); /* only read from */
            fd = -1;
        }
    }
    pe_buffer_fini(&part);
    return fd;
}

/* The row is not counted any more; *is_there stays false when the output is not. */
static pe_status take_row(const pe_job *job, const pe_sink_spec *sink, pe_checkpoint_progress *progress, bool *is_there,
                          pe_error *err)
{
    uint64_t bytes = 0;
    const bool has_quotes = sink->format == PE_FORMAT_CSV || sink->format == PE_FORMAT_TSV;
    const int quote = !has_quotes ? -1 : sink->quote > 0 ? sink->quote : '"';
    const int fd = open_output(job, progress->inode, err);
    if (fd < 0)
        return err->status;
    *is_there = true;
    pe_status status = has_lines(sink->format) ? measure_line(job, fd, progress->output_bytes, quote, &bytes, err)
                                               : measure_row(job, fd, sink->format, progress, &bytes, err);
    (void)close(fd); /* only read from */
    if (status == PE_OK && progress->rows == 0)
        status = cannot_read(job, 0, err);
    if (status == PE_OK) {
        progress->output_bytes -= bytes;
        progress->rows--;
    }
    return status;
}

pe_status pe_last_record_take_back(const pe_job *job, const pe_output_spec *output, const pe_growth *growth,
                                   uint64_t item, pe_run_resume *resume, pe_error *err)
{
    pe_checkpoint_progress *const progress = &resume->from.progress;
    bool has_failed = false, is_there = false;
    if (!pe_item_set_has(&progress->done, item))
        return drop_stored(resume, item, err);
    pe_status status = check_output(job, &output->sink, growth, progress->left_out, err);
    if (status == PE_OK)
        status = take_failure(growth, item, resume, &has_failed, err);
    if (status == PE_OK && has_failed && job->errors.policy == PE_ON_ERROR_SKIP)
        is_there = true; /* it has no row */
    else if (status == PE_OK)
        status = take_row(job, &output->sink, progress, &is_there, err);
    if (status != PE_OK || !is_there)
        return status;
    status = remove_items(&progress->done, (pe_block){.first = item, .count = 1}, err);
    if (status == PE_OK)
        status = remove_items(&resume->done, (pe_block){.first = item, .count = 1}, err);
    if (status == PE_OK)
        status =
            pe_checkpoint_write(&resume->from, resume->path, resume->lock.path != NULL ? &resume->lock : NULL, err);
    return status;
}

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* retried_rows.c - puts the results of items that had failed where they belong in the output of a complete run.
 *
 * Design:   two lists are read side by side: the items that had failed, with their rows in the output, and those that have
 *           failed again, with their rows in the scratch file. Both are in the order of rows.
 * Threads:  retried_rows.h.
 * Not here: reading rows (row_copy.c), the lists (checkpoint/failed_file.c).
 */
#include "run/output/retried_rows.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/errno_text.h"
#include "os/file/file.h"
#include "os/file/scratch_file.h"
#include "run/output/row_copy.h"

#define RETRY_LIST ".retry" /* after the checkpoint's path: what failed again, while the retry runs */

/* ---- the scratch file ---- */

static bool has_lines(pe_format format)
{
    return format == PE_FORMAT_TXT || format == PE_FORMAT_CSV || format == PE_FORMAT_TSV || format == PE_FORMAT_JSONL;
}

static bool has_names(pe_format format)
{
    return format == PE_FORMAT_CSV || format == PE_FORMAT_TSV;
}

static bool is_packed(const pe_output *output)
{
    return pe_packing_by_suffix(output->spec->path) != PE_PACKING_NONE;
}

static pe_status check_format(const pe_output *output, pe_error *err)
{
    const pe_format format = output->spec->format;
    const bool is_binary = format == PE_FORMAT_NPY || format == PE_FORMAT_HDF5 || format == PE_FORMAT_RAW;
    if (has_lines(format) || (is_binary && output->row_bytes > 0))
        return PE_OK;
    return pe_fail(err, PE_ECONFIG,
                   "%s: --retry-failed: %s keeps no rows that could be replaced: --restart begins anew",
                   output->spec->where, pe_format_name(format));
}

/* Is this the file that the checkpoint describes? A packed one may be longer: its end is written after the last checkpoint. */
static bool is_as_it_was(const pe_output *output, const struct stat *facts)
{
    const pe_checkpoint_progress *const progress = &output->resume->from.progress;
    const uint64_t size = (uint64_t)facts->st_size;
    return facts->st_ino == progress->inode &&
           (is_packed(output) ? size >= progress->output_bytes : size == progress->output_bytes);
}

static pe_status open_old(pe_output *output, int *fd, pe_error *err)
{
    struct stat facts;
    char reason[PE_ERRNO_TEXT_SIZE];
    const char *const path = output->job->output.path;
    *fd = pe_open(path, O_RDONLY, 0);
    if (*fd < 0 || fstat(*fd, &facts) != 0)
        return pe_fail(err, PE_EOUTPUT, "cannot read %s: %s", path, pe_errno_text(errno, reason));
    if (is_as_it_was(output, &facts))
        return PE_OK;
    return pe_fail(
        err, PE_EOUTPUT,
        "cannot go on with %s: another file has taken its place, or it was changed, since the checkpoint %s was "
        "written; --restart begins anew",
        path, output->resume->path);
}

static pe_status begin_list(pe_output *output, pe_error *err)
{
    pe_buffer path = {0};
    pe_status status = pe_buffer_printf(&path, err, "%s" RETRY_LIST, output->resume->path);
    if (status == PE_OK)
        status = pe_failed_file_begin(&output->failed, (const char *)path.data, 0, 0, err);
    pe_buffer_fini(&path);
    return status;
}

pe_status pe_retry_begin(pe_output *output, pe_error *err)
{
    int old = -1;
    pe_status status = check_format(output, err);
    if (status == PE_OK)
        status = open_old(output, &old, err);
    if (old >= 0)
        (void)close(old); /* only read from */
    if (status == PE_OK)
        status = pe_scratch_file_open(output->job->output.path, &output->scratch_fd, err);
    return status == PE_OK ? begin_list(output, err) : status;
}

pe_status pe_retry_take(pe_output *output, const pe_chunk_result *out, pe_error *err)
{
    return pe_write_full(output->scratch_fd, out->bytes.data, out->bytes.size, "the scratch file of the retry", err);
}

void pe_retry_end(pe_output *output)
{
    if (output->scratch_fd >= 0)
        (void)close(output->scratch_fd); /* it has no name */
    output->scratch_fd = -1;
}

/* ---- the new output ---- */

typedef struct splice {
    pe_output *output;
    pe_sink *sink;          /* of the new file */
    pe_row_copy old, fresh; /* the rows of the output, and those of the scratch file */
    uint64_t old_rows;      /* that were read */
    uint64_t rows;          /* in the new output */
    pe_failed_reader had_failed, failed_again;
    pe_failed_entry again; /* the next of these */
    bool has_again;
    pe_failed_file list; /* of the new output */
} splice;

static bool is_filled(const splice *self)
{
    return self->output->job->errors.policy == PE_ON_ERROR_FILL;
}

static pe_status copy_old(splice *self, uint64_t rows, pe_error *err)
{
    self->old_rows += rows;
    self->rows += rows;
    return pe_row_copy_rows(&self->old, rows, self->sink, err);
}

/* Puts the row of an item that had failed in its place: the new one, or again none. */
static pe_status place_item(splice *self, const pe_failed_entry *item, pe_error *err)
{
    const bool has_failed = self->has_again && self->again.item == item->item;
    pe_status status = copy_old(self, item->row - self->old_rows, err);
    if (status == PE_OK && is_filled(self)) {
        self->old_rows++;
        status = pe_row_copy_rows(&self->old, 1, NULL, err);
    }
    if (status == PE_OK && has_failed) {
        self->again.row = self->rows;
        status = pe_failed_file_add(&self->list, &self->again, err);
        if (status == PE_OK)
            status = pe_failed_reader_next(&self->failed_again, &self->again, &self->has_again, err);
    }
    if (status != PE_OK || (has_failed && !is_filled(self)))
        return status;
    self->rows++;
    return pe_row_copy_rows(&self->fresh, 1, self->sink, err);
}

/* Unordered: the new rows stand after the others. */
static pe_status append_fresh(splice *self, pe_error *err)
{
    const uint64_t before = self->rows;
    pe_status status = pe_row_copy_rows(&self->fresh, self->output->rows, self->sink, err);
    self->rows += self->output->rows;
    while (status == PE_OK && self->has_again) {
        self->again.row += before;
        status = pe_failed_file_add(&self->list, &self->again, err);
        if (status == PE_OK)
            status = pe_failed_reader_next(&self->failed_again, &self->again, &self->has_again, err);
    }
    return status;
}

static pe_status copy_all(splice *self, pe_error *err)
{
    const bool is_ordered = self->output->job->order != PE_ORDER_UNORDERED;
    pe_failed_entry item;
    bool has = true;
    pe_status status = PE_OK;
    while (status == PE_OK && (is_ordered || is_filled(self))) {
        status = pe_failed_reader_next(&self->had_failed, &item, &has, err);
        if (status != PE_OK || !has)
            break;
        if (is_ordered) {
            status = place_item(self, &item, err);
        } else {
            status = copy_old(self, item.row - self->old_rows, err);
            self->old_rows++;
            if (status == PE_OK)
                status = pe_row_copy_rows(&self->old, 1, NULL, err);
        }
    }
    if (status == PE_OK)
        status = copy_old(self, self->output->resume->from.progress.rows - self->old_rows, err);
    return status == PE_OK && !is_ordered ? append_fresh(self, err) : status;
}

static pe_row_copy reader_of(const pe_output *output, const char *name, int fd)
{
    const pe_format format = output->spec->format;
    const int quote = output->spec->quote > 0 ? output->spec->quote : '"';
    return (pe_row_copy){.name = name,
                         .fd = fd,
                         .row_bytes = has_lines(format) ? 0 : output->row_bytes,
                         .quote = (char)(has_names(format) ? quote : '\0')};
}

static pe_status open_lists(splice *self, pe_error *err)
{
    pe_buffer path = {0};
    const pe_run_resume *const resume = self->output->resume;
    const uint64_t list = self->output->failed_list;
    pe_status status = pe_failed_file_flush(&self->output->failed, err);
    if (status == PE_OK)
        status = pe_buffer_printf(&path, err, "%s" RETRY_LIST, resume->path);
    if (status == PE_OK)
        status = pe_failed_reader_open(&self->had_failed, resume->path, list, resume->from.progress.failed_bytes, err);
    if (status == PE_OK)
        status =
            pe_failed_reader_open(&self->failed_again, (const char *)path.data, 0, self->output->failed.bytes, err);
    if (status == PE_OK)
        status = pe_failed_reader_next(&self->failed_again, &self->again, &self->has_again, err);
    if (status == PE_OK)
        status = pe_failed_file_begin(&self->list, resume->path, 1 - list, 0, err);
    pe_buffer_fini(&path);
    return status;
}

/* Opens the old rows, after the header. A header has the length of the new one's, names are a line. */
static pe_status skip_header(splice *self, int old, uint64_t header_bytes, pe_error *err)
{
    struct stat facts;
    const char *const path = self->output->job->output.path;
    if (!is_packed(self->output) && lseek(old, (off_t)header_bytes, SEEK_SET) >= 0)
        return PE_OK;
    if (!is_packed(self->output) || fstat(old, &facts) != 0)
        return pe_fail(err, PE_EIO, "%s: a seek failed", path);
    const pe_packing packing = pe_packing_by_suffix(path);
    pe_status status = pe_packed_reader_open(packing, path, 0, (uint64_t)facts.st_size, &self->old.packed, err);
    if (status == PE_OK && has_names(self->output->spec->format))
        status = pe_row_copy_rows(&self->old, 1, NULL, err);
    return status;
}

static pe_status open_sink(splice *self, const pe_sink_spec *of_job, int old, pe_error *err)
{
    const pe_sink_mark nothing = {.items = 0};
    pe_sink_spec spec = *of_job;
    pe_sink_mark mark = {0};
    pe_buffer state = {0};
    spec.resumed = &nothing; /* a new file beside a checkpoint that stays */
    spec.order = PE_ORDER_WHOLE;
    pe_status status = pe_sink_begin(&spec, &self->sink, err);
    if (status == PE_OK)
        status = pe_sink_mark_now(self->sink, &mark, &state, err);
    pe_buffer_fini(&state);
    return status == PE_OK ? skip_header(self, old, mark.bytes, err) : status;
}

/* Makes the new list of failed items the output's. The old list stays on disk until a checkpoint names the new one. */
static pe_status exchange_lists(splice *self, pe_error *err)
{
    pe_status status = pe_failed_file_flush(&self->list, err);
    pe_failed_file_end(&self->output->failed, true);
    if (status != PE_OK)
        return status;
    self->output->failed = self->list;
    self->output->failed_list = 1 - self->output->failed_list;
    self->list = (pe_failed_file){0};
    return PE_OK;
}

pe_status pe_retry_finish(pe_output *output, const pe_sink_spec *spec, pe_error *err)
{
    splice self = {.output = output};
    int old = -1;
    pe_status status = open_old(output, &old, err);
    self.old = reader_of(output, output->job->output.path, old);
    self.fresh = reader_of(output, "the scratch file of the retry", output->scratch_fd);
    if (status == PE_OK && lseek(output->scratch_fd, 0, SEEK_SET) < 0)
        status = pe_fail(err, PE_EIO, "the scratch file of the retry: a seek failed");
    if (status == PE_OK)
        status = open_lists(&self, err);
    if (status == PE_OK)
        status = open_sink(&self, spec, old, err);
    if (status == PE_OK)
        status = copy_all(&self, err);
    if (status == PE_OK)
        status = exchange_lists(&self, err);
    output->sink = self.sink;
    output->rows = self.rows;
    pe_failed_file_end(&self.list, true);
    pe_failed_reader_close(&self.had_failed);
    pe_failed_reader_close(&self.failed_again);
    pe_row_copy_fini(&self.old);
    pe_row_copy_fini(&self.fresh);
    if (old >= 0)
        (void)close(old); /* only read from */
    return status;
}

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* last_record.c - takes back the result of the last item where its record had no line end and has grown since.
 *
 * Design:   the item is the last of the job, so in the ordered modes its row is the last one of the output, and if it has
 *           failed it is the last of the list. Where results wait in the spill file, the range that has the item is dropped.
 *           The checkpoint is rewritten before the output is cut, under the output's lock: the run that holds it, if there
 *           is one, has a newer checkpoint.
 * Threads:  the main thread of rank 0.
 * Not here: what has grown (growth.c); the output is cut when it is opened (os/file/out_file.c).
 */
#include "run/resume/last_record.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "checkpoint/failed_file.h"
#include "os/file/file.h"
#include "os/file/out_lock.h"
#include "report/failure_log.h"
#include "run/prepare/job_to_specs.h"
#include "run/resume/last_row.h"
#include "sink/output_stream.h"

static pe_status refuse(const pe_growth *growth, const char *why, pe_error *err)
{
    return pe_fail(err, PE_ECONFIG, "%s: it has grown, and its last record had no line end: %s: --restart begins anew",
                   growth->path, why);
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
        return refuse(growth, "the mode is unordered, so its row cannot be found in the output", err);
    if (left_out > 0)
        return refuse(growth, "kernel.where may have left it out, which the checkpoint does not say", err);
    if (pe_path_is_stdout(job->output.path))
        return refuse(growth, "its result cannot be taken back from stdout", err);
    if (pe_packing_by_suffix(job->output.path) != PE_PACKING_NONE)
        return refuse(growth, "its result cannot be cut from a packed file", err);
    if (!pe_last_row_is_line(format) && format != PE_FORMAT_NPY && format != PE_FORMAT_RAW)
        return refuse(growth, "its result cannot be taken out of this output format", err);
    return PE_OK;
}

/* ---- what is done ---- */

/* Removes these items; the set has none after them. */
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

static pe_status drop_spilled(pe_run_resume *resume, uint64_t item, pe_error *err)
{
    pe_checkpoint *const from = &resume->from;
    for (size_t s = 0; s < from->spilled_count; s++) {
        const pe_block items = from->spilled[s].items;
        if (item < items.first || item - items.first >= items.count)
            continue;
        from->spilled[s] = from->spilled[--from->spilled_count];
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

/* The item is the last one, so that no other one of its kind is after it. */
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
        return refuse(
            growth, "it has failed, and without errors.log its reason cannot be taken out of the counts of the summary",
            err);
    uncount(&failures, kind);
    memcpy(state->data, &failures, PE_FAILURE_COUNTED_BYTES);
    progress->failed--;
    return PE_OK;
}

/* Removes the item from the list of failed ones; *has_failed: it was there. */
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

/* Under its temporary or its final name, locked; -1 without an error: it is not there. */
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
    if (fd >= 0 && !pe_file_lock(fd)) {
        (void)pe_out_is_in_use(job->output.path, job->output.path, err);
        (void)close(fd); /* only read from */
        return -1;
    }
    return fd;
}

/* The output is there, and no other run writes it. */
static pe_status take_result(const pe_job *job, const pe_sink_spec *sink, const pe_growth *growth, uint64_t item,
                             int fd, pe_run_resume *resume, pe_error *err)
{
    pe_checkpoint_progress *const progress = &resume->from.progress;
    const pe_block items = {.first = item, .count = 1};
    uint64_t bytes = 0;
    bool has_failed = false;
    pe_status status = take_failure(growth, item, resume, &has_failed, err);
    const bool has_row = !has_failed || job->errors.policy != PE_ON_ERROR_SKIP;
    if (status == PE_OK && has_row)
        status = pe_last_row_measure(sink, job->output.path, fd, progress, &bytes, err);
    if (status == PE_OK && has_row) {
        progress->output_bytes -= bytes;
        progress->rows--;
    }
    if (status == PE_OK)
        status = remove_items(&progress->done, items, err);
    if (status == PE_OK)
        status = remove_items(&resume->done, items, err);
    if (status == PE_OK)
        status =
            pe_checkpoint_write(&resume->from, resume->path, resume->lock.path != NULL ? &resume->lock : NULL, err);
    return status;
}

pe_status pe_last_record_take_back(const pe_job *job, const pe_output_spec *output, const pe_growth *growth,
                                   uint64_t item, pe_run_resume *resume, pe_error *err)
{
    const pe_checkpoint_progress *const progress = &resume->from.progress;
    if (!pe_item_set_has(&progress->done, item))
        return drop_spilled(resume, item, err);
    pe_status status = check_output(job, &output->sink, growth, progress->left_out, err);
    const int fd = status == PE_OK ? open_output(job, progress->inode, err) : -1;
    if (fd < 0)
        return err->status;
    status = take_result(job, &output->sink, growth, item, fd, resume, err);
    (void)close(fd); /* only read from */
    return status;
}

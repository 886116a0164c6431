/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* status.c - what a checkpoint holds, for people and for programs.
 *
 * Design:   the JSON object has the names of --stats (docs/report.md), as far as a checkpoint knows them.
 * Threads:  no state.
 */
#include "run/resume/status.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/enum_names.h"
#include "base/json_out.h"
#include "checkpoint/checkpoint.h"
#include "os/file/file.h"
#include "os/file/out_file.h"
#include "os/file/out_marker.h"
#include "report/failure_log.h"
#include "report/progress.h"

typedef struct contents {
    char *path; /* of the checkpoint */
    pe_checkpoint checkpoint;
    pe_item_set done;
    pe_failure_log failures;
    uint64_t items; /* of the job; UNKNOWN when it is not known */
    bool is_empty;  /* a run has begun and recorded nothing yet */
} contents;

#define UNKNOWN UINT64_MAX /* pe_json_count prints null */

static const char *describe_state(const contents *self)
{
    if (self->is_empty)
        return "begun";
    if (self->checkpoint.progress.is_complete == 0)
        return "unfinished";
    return self->failures.count > 0 ? "complete with failed items" : "complete";
}

/* Whether a file begins as a checkpoint does, also one of another version. */
static bool is_checkpoint(const char *path, bool may_be_empty)
{
    struct stat facts;
    const int fd = pe_open(path, O_RDONLY | O_NONBLOCK, 0);
    const bool is_ours =
        fd >= 0 && fstat(fd, &facts) == 0 && (facts.st_size > 0 || may_be_empty) && pe_out_marker_is_ours(fd, 0);
    if (fd >= 0)
        (void)close(fd); /* only read from */
    return is_ours;
}

static pe_status refuse(const char *path, const char *beside, pe_error *err)
{
    if (access(path, R_OK) != 0)
        return pe_fail(err, PE_ENOINPUT, "--status: there is neither a file %s that can be read nor a checkpoint %s",
                       path, beside);
    return pe_fail(
        err, PE_EDATA,
        "--status: %s is no checkpoint, and there is no %s beside it: a run that ended well leaves none, but "
        "with checkpoint.keep = true",
        path, beside);
}

/* A name is that of a checkpoint, or of an output whose checkpoint is beside it; symbolic links are resolved. */
static pe_status find_file(contents *self, const char *path, pe_error *err)
{
    char *beside = NULL;
    pe_status status = pe_out_marker_path(path, &beside, err);
    const bool has_beside = status == PE_OK && access(beside, F_OK) == 0;
    const bool is_direct = status == PE_OK && is_checkpoint(path, !has_beside);
    if (status == PE_OK && !is_direct && !has_beside)
        status = refuse(path, beside, err);
    if (status == PE_OK)
        status = pe_copy_string(&self->path, is_direct ? path : beside, err);
    free(beside);
    return status;
}

static pe_status read_contents(contents *self, pe_error *err)
{
    const pe_buffer *const state = &self->checkpoint.progress.state;
    self->is_empty = pe_out_marker_is_bare(self->path);
    if (self->is_empty)
        return PE_OK;
    pe_status status = pe_checkpoint_read(&self->checkpoint, self->path, err);
    if (status == PE_OK)
        status = pe_checkpoint_done(&self->checkpoint, &self->done, err);
    if (status == PE_OK && state->size >= PE_FAILURE_COUNTED_BYTES)
        status = pe_failure_log_load(&self->failures, state->data, PE_FAILURE_COUNTED_BYTES, err);
    const char *const items = pe_manifest_find(&self->checkpoint.manifest, "input.items");
    self->items = items == NULL ? UNKNOWN : strtoull(items, NULL, 10);
    return status;
}

static void print_text(const contents *self, FILE *out)
{
    const pe_checkpoint_progress *const progress = &self->checkpoint.progress;
    char done[32], all[32], time[32], waiting[32], failed[32];
    (void)fprintf(out, "%s: %s", self->path, describe_state(self));
    if (self->is_empty) {
        (void)fputs(", nothing is recorded yet\n", out);
        return;
    }
    (void)fprintf(out, ", %s%s%s items in %s and %" PRIu64 " run%s\n", pe_print_count(done, self->done.items),
                  self->items == UNKNOWN ? "" : " of ", self->items == UNKNOWN ? "" : pe_print_count(all, self->items),
                  pe_print_seconds(time, (double)progress->wall_ns * 1e-9), progress->runs, pe_plural(progress->runs));
    if (self->checkpoint.spilled_items.items > 0)
        (void)fprintf(out, "%s of them wait for an earlier item, in %s.spill\n",
                      pe_print_count(waiting, self->checkpoint.spilled_items.items), self->path);
    if (self->failures.count > 0)
        (void)fprintf(out, "%s item%s failed, the first is %" PRIu64 ": %s\n",
                      pe_print_count(failed, self->failures.count), pe_plural(self->failures.count),
                      self->failures.first_item, self->failures.first_text);
    if (self->checkpoint.damaged > 0)
        (void)fprintf(out, "damaged records: %" PRIu64 "; what they list is computed again\n",
                      self->checkpoint.damaged);
    for (size_t e = 0; e < self->checkpoint.manifest.count; e++)
        (void)fprintf(out, "  %s = %s\n", self->checkpoint.manifest.entries[e].key,
                      self->checkpoint.manifest.entries[e].value);
}

static void put_reasons(const pe_failure_log *failures, pe_json *json)
{
    pe_json_open(json, "reasons", '[');
    for (int k = 0; k < failures->kind_count; k++) {
        pe_json_open(json, NULL, '{');
        pe_json_text(json, "reason", failures->kinds[k].name);
        pe_json_count(json, "count", failures->kinds[k].count);
        pe_json_count(json, "item", failures->kinds[k].first_item);
        pe_json_close(json, '}');
    }
    pe_json_close(json, ']');
}

static void put_ranges(const pe_item_set *done, pe_json *json)
{
    pe_json_open(json, "ranges", '[');
    for (size_t r = 0; r < done->count; r++) {
        pe_json_open(json, NULL, '[');
        pe_json_count(json, NULL, done->ranges[r].first);
        pe_json_count(json, NULL, done->ranges[r].first + done->ranges[r].count - 1);
        pe_json_close(json, ']');
    }
    pe_json_close(json, ']');
}

static pe_status print_json(const contents *self, FILE *out, pe_error *err)
{
    const pe_checkpoint_progress *const progress = &self->checkpoint.progress;
    pe_json json = {.err = err, .is_spread = true};
    pe_json_open(&json, NULL, '{');
    pe_json_text(&json, "checkpoint", self->path);
    pe_json_text(&json, "outcome", describe_state(self));
    pe_json_count(&json, "items", self->is_empty ? UNKNOWN : self->items);
    pe_json_count(&json, "done", self->done.items);
    pe_json_count(&json, "before", self->done.items);
    pe_json_count(&json, "failed", self->failures.count);
    pe_json_count(&json, "skipped", progress->left_out);
    pe_json_number(&json, "seconds", (double)progress->wall_ns * 1e-9, 6);
    const uint64_t code = progress->is_complete == 0 ? 75 : self->failures.count > 0 ? 1 : 0;
    pe_json_count(&json, "exit_code", code);
    pe_json_count(&json, "runs", progress->runs);
    pe_json_count(&json, "output_bytes", progress->output_bytes);
    pe_json_count(&json, "damaged_records", self->checkpoint.damaged);
    pe_json_open(&json, "ranks", '[');
    pe_json_close(&json, ']');
    put_reasons(&self->failures, &json);
    put_ranges(&self->done, &json);
    pe_json_open(&json, "manifest", '{');
    for (size_t e = 0; e < self->checkpoint.manifest.count; e++)
        pe_json_text(&json, self->checkpoint.manifest.entries[e].key, self->checkpoint.manifest.entries[e].value);
    pe_json_close(&json, '}');
    pe_json_close(&json, '}');
    if (err->status == PE_OK)
        (void)fwrite(json.text.data, 1, json.text.size, out);
    (void)fputc('\n', out);
    pe_buffer_fini(&json.text);
    return err->status;
}

pe_status pe_status_print(const char *path, bool is_json, FILE *out, pe_error *err)
{
    contents self = {.items = UNKNOWN};
    pe_status status = find_file(&self, path, err);
    if (status == PE_OK)
        status = read_contents(&self, err);
    if (status == PE_OK && is_json)
        status = print_json(&self, out, err);
    else if (status == PE_OK)
        print_text(&self, out);
    if (status == PE_OK && (fflush(out) != 0 || ferror(out)))
        status = pe_fail(err, PE_EIO, "stdout: a write failed");
    pe_item_set_fini(&self.done);
    pe_checkpoint_fini(&self.checkpoint);
    free(self.path);
    return status;
}

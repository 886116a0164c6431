/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* checkpoint_path.c - whether a run keeps a checkpoint, and where.
 *
 * Threads:  the main thread of rank 0.
 * Not here: what is done with it (resume.c).
 */
#include "run/resume/checkpoint_path.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "os/file/out_file.h"
#include "os/log.h"
#include "sink/output_stream.h"
#include "worker/item_files/item_files.h"

static bool is_regular_or_new(const char *path)
{
    struct stat facts;
    return stat(path, &facts) != 0 || S_ISREG(facts.st_mode);
}

/* Why rows on stdout cannot be continued by another run; NULL: they can. */
static const char *why_not_stdout(const pe_job *job, const pe_output_spec *output)
{
    struct stat facts;
    if (fstat(STDOUT_FILENO, &facts) != 0 || !S_ISREG(facts.st_mode))
        return "stdout is no file (under mpirun it is a pipe)";
    if (job->order == PE_ORDER_WHOLE)
        return "rows of mode map go to stdout when all are there; say mode = \"imap\" (or istarmap)";
    return output->format == PE_FORMAT_NPY ? "npy on stdout has its length in front" : NULL;
}

static pe_status refuse(const pe_job *job, const pe_output_spec *output, pe_error *err)
{
    const char *const why = pe_checkpoint_path_is_stdout(job, output) ? why_not_stdout(job, output) : NULL;
    return pe_fail(err, PE_ECONFIG,
                   "%s: checkpoint.path: this output cannot be continued by another run: %s: write to a file",
                   job->file, why != NULL ? why : "it is no file");
}

/* Whether the output can be continued by another run: not a stream of rows that is gone once it is written. */
static bool can_be_continued(const pe_job *job, const pe_output_spec *output)
{
    if (job->items != NULL || !job->checkpoint.is_enabled || output->format == PE_FORMAT_NULL)
        return false;
    if (output->has_item_files)
        return true;
    if (job->op_count > 0 || output->format == PE_FORMAT_DIGEST)
        return true; /* a line at the end */
    return pe_path_is_stdout(job->output.path) ? why_not_stdout(job, output) == NULL
                                               : is_regular_or_new(job->output.path);
}

bool pe_checkpoint_path_is_stdout(const pe_job *job, const pe_output_spec *output)
{
    return job->op_count == 0 && output->format != PE_FORMAT_DIGEST && pe_path_is_stdout(job->output.path);
}

bool pe_checkpoint_path_is_beside(const pe_job *job, const pe_output_spec *output)
{
    return job->op_count == 0 && !output->has_item_files && !pe_path_is_stdout(job->output.path) &&
           is_regular_or_new(job->output.path);
}

/* The path where the job names none: "results/NAME.checkpoint" of "results/{index}.txt", with the number of a part, since parts
 * may run at once; *path stays NULL: nowhere. */
static pe_status find_default(const pe_job *job, const pe_output_spec *output, char **path, pe_error *err)
{
    char folder[PATH_MAX], part[48] = "";
    pe_buffer name = {0};
    if (pe_checkpoint_path_is_beside(job, output))
        return pe_out_marker_path(job->output.path, path, err);
    if (!output->has_item_files)
        return PE_OK;
    (void)pe_item_files_folder(job->output.path, folder, sizeof folder); /* too long: no file can be made there */
    const bool is_here = strcmp(folder, ".") == 0;
    const char *const slash = strrchr(job->name, '/');
    /* the name of a job without a file is its kernel, which may change before failed items are tried again */
    const bool has_file = strcmp(job->file, PE_JOB_COMMAND_LINE) != 0;
    const char *const stem = !has_file ? "pengine" : slash != NULL ? slash + 1 : job->name;
    if (job->part.of > 0)
        (void)snprintf(part, sizeof part, ".%" PRIu64 "-of-%" PRIu64, job->part.number, job->part.of);
    const pe_status status =
        pe_buffer_printf(&name, err, "%s%s%s%s.checkpoint", is_here ? "" : folder, is_here ? "" : "/", stem, part);
    *path = (char *)name.data;
    return status;
}

/* Does a job whose inputs can be read again keep a checkpoint? */
static bool is_wanted(const pe_job *job, const pe_output_spec *output)
{
    return can_be_continued(job, output) &&
           (job->checkpoint.path != NULL || pe_checkpoint_path_is_beside(job, output) || output->has_item_files);
}

static pe_status name_checkpoint(const pe_job *job, const pe_output_spec *output, char **path, pe_error *err)
{
    return job->checkpoint.path != NULL ? pe_copy_string(path, job->checkpoint.path, err)
                                        : find_default(job, output, path, err);
}

char *pe_run_spill_checkpoint(const pe_job *job, const pe_run_inputs *inputs, const pe_output_spec *output)
{
    pe_error ignored = PE_ERROR_INIT; /* then the plan has a line less */
    char *path = NULL;
    const bool is_ordered = job->op_count == 0 && job->order != PE_ORDER_UNORDERED;
    if (is_ordered && is_wanted(job, output) && pe_inputs_can_be_read_again(inputs->inputs))
        (void)name_checkpoint(job, output, &path, &ignored);
    return path;
}

pe_status pe_checkpoint_path_find(const pe_run_context *run, const pe_job *job, const pe_run_inputs *inputs,
                                  const pe_output_spec *output, char **path, pe_error *err)
{
    const bool can = can_be_continued(job, output);
    if (job->checkpoint.path != NULL && job->checkpoint.is_enabled && job->items == NULL && !can)
        return refuse(job, output, err);
    if (!is_wanted(job, output))
        return PE_OK;
    if (!pe_inputs_can_be_read_again(inputs->inputs)) {
        const bool is_asked = job->checkpoint.path != NULL || run->options->resume != PE_RESUME_NONE;
        pe_log(is_asked ? PE_LOG_WARN : PE_LOG_DEBUG,
               "%s: an input is read as it comes and cannot be read again, so this run cannot be resumed", job->name);
        return PE_OK;
    }
    return name_checkpoint(job, output, path, err);
}

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* read_job.c - the stages that read the job file and check the paths that it names.
 *
 * Design:  rank 0 reads the file; all ranks parse its text.
 * Threads: the main thread.
 * Not here: the grammar and the keys of a job file (job/job.c).
 */
#include <stdlib.h>
#include <string.h>

#include "os/file/file.h"
#include "run/expression/mentions.h"
#include "run/output/path_check.h"
#include "run/prepare/input_demand.h"
#include "run/stages.h"

#define JOB_FILE_MAX_BYTES ((size_t)16 << 20)

/* When the job file comes from stdin, no input can. */
static pe_status check_stdin(const pe_job *job, pe_error *err)
{
    for (int i = 0; i < job->input_count && err->status == PE_OK; i++)
        if (job->inputs[i].kind == PE_SOURCE_FILE && strcmp(job->inputs[i].path, "-") == 0)
            return pe_fail(err, PE_ECONFIG,
                           "%s: path \"-\" is stdin, but the job file came from there: save one of the two to a file",
                           job->inputs[i].where);
    return err->status;
}

pe_status pe_run_read_job(const pe_run_context *run, pe_job **out, pe_error *err)
{
    const pe_run_options *options = run->options;
    pe_buffer text = {0};
    char *content = NULL;
    size_t size = 0;
    const bool is_file = options->job_path != NULL;
    const bool is_stdin = is_file && strcmp(options->job_path, "-") == 0;
    const char *const file = is_stdin ? "stdin" : is_file ? options->job_path : PE_JOB_COMMAND_LINE;
    if (!is_file)
        (void)pe_buffer_append(&text, options->job_text, strlen(options->job_text), err);
    else if (run->is_root && pe_file_read_all(is_stdin ? "/dev/stdin" : options->job_path, JOB_FILE_MAX_BYTES, &content,
                                              &size, err) == PE_OK)
        (void)pe_buffer_append(&text, content, size, err);
    free(content);
    if (pe_run_agree(run, err) == PE_OK && pe_comm_bcast_buffer(run->comm, &text, err) == PE_OK)
        (void)pe_job_read(file, (const char *)text.data, text.size, options->overrides, options->override_count, out,
                          err);
    if (err->status == PE_OK && is_stdin)
        (void)check_stdin(*out, err);
    if (err->status == PE_OK && options->is_dry_run)
        (void)pe_job_make_dry(*out, err);
    if (err->status == PE_OK) {
        pe_input_demand_set(*out);
        pe_mentions_set(*out);
        (*out)->reports = options->reports;
    }
    pe_buffer_fini(&text);
    return pe_run_agree(run, err);
}

pe_status pe_run_check_paths(const pe_run_context *run, const pe_job *job, pe_error *err)
{
    const pe_status status = pe_path_check(job, err);
    if (status == PE_OK && run->is_root)
        (void)pe_path_check_folders(job, err);
    return pe_run_agree(run, err);
}

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* clean_up.c - removes or leaves the checkpoint at the end of a run, and adds the command that resumes to the message.
 *
 * Design:   a checkpoint beside its output ends with the output (os/file/out_file.c); one with a path of its own
 *           is removed here. The command is that of this run with --resume, quoted for a shell.
 * Threads:  the main thread of rank 0.
 */
#include "run/resume/clean_up.h"

#include <unistd.h>

#include "os/file/out_marker.h"
#include "sink/output_stream.h"

static void add_how_to_go_on(const pe_run_facts *facts, bool is_stdout, pe_error *err)
{
    pe_error ignored = PE_ERROR_INIT; /* the run has failed for another reason */
    pe_buffer command = {0};
    if (pe_run_facts_command(facts, "--resume", &command, &ignored) == PE_OK)
        pe_error_append(err, "; %s%s goes on", (const char *)command.data, is_stdout ? " >> the same file" : "");
    pe_buffer_fini(&command);
}

void pe_resume_clean_up(const pe_run_facts *facts, const pe_job *job, bool is_complete, const pe_run_resume *resume,
                        const pe_output_ending *ending, uint64_t run_ns, pe_error *err)
{
    pe_error ignored = PE_ERROR_INIT;
    bool exists = false;
    if (!resume->writes_checkpoints || (resume->is_retry && err->status != PE_OK && !ending->keeps_checkpoint))
        return;
    const bool is_long = run_ns > job->checkpoint.interval_ns;
    if (!is_complete && ending->is_resumable && (err->status == PE_ESTOPPED || is_long))
        add_how_to_go_on(facts, job->op_count == 0 && pe_path_is_stdout(job->output.path), err);
    const bool is_unused = is_complete ? !ending->keeps_checkpoint : !ending->is_resumable && !resume->is_resumed;
    if (is_unused && (job->checkpoint.path != NULL || resume->lock.path != NULL) &&
        pe_out_marker_find(resume->path, resume->path, &exists, &ignored) == PE_OK && exists)
        (void)unlink(resume->path);
}

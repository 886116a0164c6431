/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* clean_up.c - the end of a run as the user sees it: the checkpoint goes or stays, and the line to type that goes on.
 *
 * Design:   a checkpoint that lies beside its output ends with the output (os/file/out_file.c); one with a path of its own
 *           is removed here. The line is the command line of this run with --resume, as a shell reads it back.
 * Threads:  the main thread of rank 0.
 */
#include "run/resume/clean_up.h"

#include <string.h>
#include <unistd.h>

#include "os/file/out_marker.h"

/* Letters, digits and what no shell changes. */
static bool is_plain(const char *word)
{
    return word[0] != '\0' && word[strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                                "_-+=./,:@%")] == '\0';
}

static pe_status append_word(pe_buffer *out, const char *word, pe_error *err)
{
    pe_status status = pe_buffer_append(out, " ", 1, err);
    if (is_plain(word))
        return status == PE_OK ? pe_buffer_append(out, word, strlen(word), err) : status;
    status = pe_buffer_append(out, "'", 1, err);
    for (const char *at = word; *at != '\0' && status == PE_OK; at++)
        status = *at == '\'' ? pe_buffer_append(out, "'\\''", 4, err) : pe_buffer_append(out, at, 1, err);
    return status == PE_OK ? pe_buffer_append(out, "'", 1, err) : status;
}

static bool is_choice(const char *word)
{
    return strcmp(word, "--resume") == 0 || strcmp(word, "--restart") == 0 || strcmp(word, "--retry-failed") == 0;
}

/* With a blank before each word. */
static pe_status append_command(const pe_run_context *run, pe_buffer *out, pe_error *err)
{
    const pe_run_options *const options = run->options;
    const int ranks = pe_comm_size(run->comm);
    pe_status status = PE_OK;
    if (ranks > 1)
        status = pe_buffer_printf(out, err, " mpirun -n %d", ranks);
    for (int a = 0; options->argv != NULL && options->argv[a] != NULL && status == PE_OK; a++) {
        if (!is_choice(options->argv[a]))
            status = append_word(out, options->argv[a], err);
        if (a == 0 && status == PE_OK)
            status = pe_buffer_printf(out, err, " --resume");
    }
    return status;
}

static void tell_how_to_go_on(const pe_run_context *run, pe_error *err)
{
    pe_error ignored = PE_ERROR_INIT; /* the run has failed for another reason */
    pe_buffer command = {0};
    if (append_command(run, &command, &ignored) == PE_OK && pe_buffer_append(&command, "", 1, &ignored) == PE_OK)
        pe_error_append(err, ";%s goes on", (const char *)command.data);
    pe_buffer_fini(&command);
}

void pe_resume_clean_up(const pe_run_context *run, const pe_job *job, const pe_run_resume *resume,
                        const pe_output_ending *ending, uint64_t run_ns, pe_error *err)
{
    pe_error ignored = PE_ERROR_INIT;
    bool exists = false;
    if (!resume->is_recorded)
        return;
    const bool is_long = run_ns > job->checkpoint.interval_ns;
    if (ending->is_kept && (err->status == PE_ESTOPPED || is_long))
        tell_how_to_go_on(run, err);
    const bool is_unused =
        !ending->is_kept && !ending->keeps_checkpoint && (err->status == PE_OK || !resume->is_resumed);
    if (is_unused && job->checkpoint.path != NULL &&
        pe_out_marker_find(resume->path, resume->path, &exists, &ignored) == PE_OK && exists)
        (void)unlink(resume->path);
}

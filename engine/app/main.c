/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* main.c - the main function of pengine: parses the command line, runs the job, returns the exit code.
 *
 * Invariant: only rank 0 prints.
 * Design:   MPI is not started for --help, --version, --kernels or a wrong command line.
 * Threads:  the main thread.
 * Not here: the run (run/run.h).
 */
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "app/cli.h"
#include "base/attr.h"
#include "base/clock.h"
#include "comm/launcher.h"
#include "job/job.h"
#include "kernel/registry.h"
#include "os/interrupt.h"
#include "os/log.h"
#include "os/resident.h"
#include "os/std_fds.h"
#include "run/resume/status.h"
#include "run/run.h"
#include "threads/placement/omp_num_threads.h"

/* mpirun ends all ranks once one ends with a nonzero code, so the other ranks wait until rank 0 has printed the error.
 */
#define SILENCE_NS UINT64_C(10000000000) /* rank 0 may start that much later on a busy machine */

static void prepare_process(int argc, char **argv, char **env)
{
    pe_std_fds_hold();
    pe_omp_num_threads_begin(argc, argv, env);
}

PE_BEFORE_LIBRARIES(prepare_process);

static void print_listing(const pe_options *options, pe_error *err)
{
    const pe_cli_action action = options->action;
    if (action == PE_CLI_HELP)
        pe_cli_help(stdout);
    else if (action == PE_CLI_VERSION)
        pe_cli_version(stdout);
    else if (action == PE_CLI_SCHEMA)
        pe_job_print_schema(stdout);
    else if (action == PE_CLI_EXAMPLE)
        (void)fputs(options->example, stdout);
    else if (action == PE_CLI_STATUS)
        (void)pe_status_print(options->status, options->is_json, stdout, err);
    else
        pe_registry_print(stdout);
}

/* Prints a listing on rank 0. The other ranks return 0, since they do not know whether rank 0's stdout failed; mpirun
 * returns the first nonzero code. */
static int list(const pe_options *options, bool is_speaker)
{
    pe_error err = PE_ERROR_INIT;
    if (!is_speaker)
        return pe_status_exit(PE_OK);
    print_listing(options, &err);
    if (err.status != PE_OK) {
        pe_log(PE_LOG_ERROR, "%s", err.text);
        return pe_status_exit(err.status);
    }
    if (fflush(stdout) == 0 && !ferror(stdout))
        return pe_status_exit(PE_OK);
    pe_log(PE_LOG_ERROR, "stdout: a write failed");
    return pe_status_exit(PE_EIO);
}

/* Without this line a run that waits for typed items would seem to hang. */
static void explain_terminal(const pe_options *options)
{
    const bool is_run = options->run.action == PE_ACTION_RUN && options->run.verbosity != PE_QUIET;
    if (options->reads_terminal && is_run && isatty(STDIN_FILENO))
        pe_log(PE_LOG_INFO, "reading the items from the terminal, one per line; Ctrl-D ends them");
}

int main(int argc, char **argv)
{
    pe_options options = {0};
    pe_error err = PE_ERROR_INIT;
    const bool is_speaker = pe_launcher_rank() <= 0; /* from the launcher's environment, since MPI has not started */
    int code = 0;
    pe_resident_give_back();
    pe_interrupt_begin(is_speaker);
    pe_log_init(is_speaker, PE_LOG_INFO);
    if (pe_cli_parse(argc, argv, &options, &err) != PE_OK) {
        pe_log(PE_LOG_ERROR, "%s", err.text);
        if (!is_speaker)
            pe_sleep_ns(SILENCE_NS);
        code = pe_status_exit(err.status);
    } else if (options.action == PE_CLI_RUN) {
        if (options.run.action == PE_ACTION_RUN)
            pe_interrupt_ignore_pipe();
        explain_terminal(&options);
        code = pe_run(&options.run);
    } else {
        code = list(&options, is_speaker);
    }
    pe_cli_free(&options);
    return code;
}

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* options.h - what the command line asks of a run.
 */
#ifndef PE_OPTIONS_H
#define PE_OPTIONS_H

#include <stddef.h>

#include "job/job.h"
#include "report/progress.h"

typedef enum pe_run_action {
    PE_ACTION_RUN,
    PE_ACTION_CHECK,        /* --check: job, kernel and the inputs' headers; no item is computed */
    PE_ACTION_CHECK_SYNTAX, /* --check=syntax: the same, but no code of the job is compiled, loaded or imported */
    PE_ACTION_PLAN,         /* --plan: print what would run */
    PE_ACTION_PRINT_CONFIG  /* --print-config: the effective job as TOML */
} pe_run_action;

/* What becomes of the checkpoint that an earlier run has left. */
typedef enum pe_resume_choice {
    PE_RESUME_NONE,    /* not said: one that holds much work is refused */
    PE_RESUME_GO_ON,   /* --resume */
    PE_RESUME_RESTART, /* --restart */
    PE_RESUME_RETRY    /* --retry-failed */
} pe_resume_choice;

/* How much is said on stderr. */
typedef enum pe_verbosity { PE_QUIET, PE_NORMAL, PE_VERBOSE } pe_verbosity;

/* All pointers are the caller's and outlive the run. */
typedef struct pe_run_options {
    pe_run_action action;
    const char *job_path; /* "-" is stdin */
    const char *job_text; /* in place of a file, where that is NULL: the overrides are the job */
    bool is_dry_run;      /* print the commands of a program kernel */
    const pe_override *overrides;
    size_t override_count;
    pe_progress_mode progress;
    uint64_t sample; /* with --plan: this many items are computed; 0: none, UINT64_MAX: as many as a second allows */
    pe_job_reports reports;
    const char *const *argv; /* of the process, ended by NULL: to say how to repeat the run */
    pe_verbosity verbosity;
    pe_resume_choice resume;
} pe_run_options;

#endif

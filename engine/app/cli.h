/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* cli.h - parses the command line into a struct of options.
 */
#ifndef PE_CLI_H
#define PE_CLI_H

#include <stdio.h>

#include "app/cli_overrides.h"
#include "base/error.h"
#include "run/options.h"

typedef enum pe_cli_action {
    PE_CLI_RUN, /* run.action: run, check, plan or print the job */
    PE_CLI_KERNELS,
    PE_CLI_SCHEMA,
    PE_CLI_EXAMPLE, /* example: a job file to start from */
    PE_CLI_STATUS,  /* status: the path of a checkpoint */
    PE_CLI_HELP,
    PE_CLI_VERSION
} pe_cli_action;

typedef struct pe_options {
    pe_cli_action action;
    pe_run_options run;     /* run.overrides points to the list below */
    pe_overrides overrides; /* owned */
    pe_buffer job_text;     /* owned; run.job_text points to it */
    const char *example;    /* a constant */
    const char *status;     /* the caller's */
    bool is_json;           /* --json */
    bool reads_terminal;    /* a job without a file reads stdin: worth a word where that is a terminal */
} pe_options;

/* pe_cli_parse - parse argv. It prints nothing and never exits, since under mpirun only rank 0 prints.
 *
 * Owns:    the options borrow argv's strings, which must outlive them; argv is not reordered.
 * Returns: PE_OK; PE_EUSAGE with the wrong option and a hint to --help; PE_ENOMEM. Free *out with pe_cli_free in every
 *          case.
 */
pe_status pe_cli_parse(int argc, char **argv, pe_options *out, pe_error *err);
void pe_cli_free(pe_options *options);

void pe_cli_help(FILE *out);
void pe_cli_version(FILE *out);

#endif

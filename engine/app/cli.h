/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* cli.h - the command line as a value.
 */
#ifndef PE_CLI_H
#define PE_CLI_H

#include <stdio.h>

#include "base/error.h"
#include "run/options.h"

typedef enum pe_cli_action {
    PE_CLI_RUN, /* run.action says what of the job: run, check, plan, print */
    PE_CLI_KERNELS,
    PE_CLI_HELP,
    PE_CLI_VERSION
} pe_cli_action;

typedef struct pe_options {
    pe_cli_action action;
    pe_run_options run;     /* its overrides are the ones below */
    pe_override *overrides; /* owned, with all their strings */
    size_t override_count;
} pe_options;

/* pe_cli_parse - argv into options. Prints nothing and never exits, since under mpirun only rank 0 may speak.
 *
 * Owns:    argv's strings are borrowed and outlive the options; argv's order is left as it is.
 * Returns: PE_OK; PE_EUSAGE with the option that is wrong and a pointer to --help; PE_ENOMEM. *out is to be given to
 *          pe_cli_free in every case.
 */
pe_status pe_cli_parse(int argc, char **argv, pe_options *out, pe_error *err);
void pe_cli_free(pe_options *options);

void pe_cli_help(FILE *out);
void pe_cli_version(FILE *out);

#endif

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* cli_together.h - which options may stand beside which.
 */
#ifndef PE_CLI_TOGETHER_H
#define PE_CLI_TOGETHER_H

#include <stdbool.h>

#include "app/cli_options.h"
#include "base/error.h"

/* The options on a command line, by their keys. */
typedef struct pe_cli_given {
    bool has[PE_OPTION_VERSION + 1];
} pe_cli_given;

/* pe_cli_check_together - whether every option has an effect beside the others.
 *
 * Params:  job: the job as it was typed: a file, "-i 0:3"; NULL: there is none
 * Returns: PE_OK; PE_EUSAGE naming both options and why
 */
pe_status pe_cli_check_together(const pe_cli_given *given, const char *job, pe_error *err);

#endif

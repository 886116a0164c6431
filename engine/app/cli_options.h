/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* cli_options.h - the table of command line options, used to parse argv, to explain errors and to print the help.
 */
#ifndef PE_CLI_OPTIONS_H
#define PE_CLI_OPTIONS_H

#include <argp.h>
#include <stdio.h>

#include "base/error.h"

/* Keys of options without a letter: greater than any character. */
enum {
    PE_OPTION_CHECK = 256,
    PE_OPTION_PART,
    PE_OPTION_ITEMS,
    PE_OPTION_RESUME,
    PE_OPTION_TIME_LIMIT,
    PE_OPTION_STATUS,
    PE_OPTION_JSON,
    PE_OPTION_RESTART,
    PE_OPTION_RETRY,
    PE_OPTION_SKIP,
    PE_OPTION_KEEP,
    PE_OPTION_WHERE,
    PE_OPTION_ON_ERROR,
    PE_OPTION_DRY_RUN,
    PE_OPTION_EXAMPLE,
    PE_OPTION_PLAN,
    PE_OPTION_KERNELS,
    PE_OPTION_PRINT_CONFIG,
    PE_OPTION_PROGRESS,
    PE_OPTION_SAMPLE,
    PE_OPTION_SCHEMA,
    PE_OPTION_REPORT,
    PE_OPTION_TRACE,
    PE_OPTION_STATS,
    PE_OPTION_JOBLOG,
    PE_OPTION_VERSION
};

/* Jobs without a job file: one line per example, each indented. */
#define PE_CLI_ONELINE(indent)                                                                                         \
    indent "pengine -i 0:10 -k 'x*x'             an expression, for each number of a range\n" indent                   \
           "pengine -i points.csv -k f.py:score  a function, for each row of a file\n" indent                          \
           "ls *.gz | pengine -- gzip -t {}      a program, for each line of stdin\n"

extern const struct argp_option pe_cli_table[]; /* ended by an all-zero row */
extern const char *const pe_cli_usage[];        /* the ways to call pengine; ended by NULL */
extern const char pe_cli_about[];               /* what it does, in lines of at most 80 characters */
extern const char pe_cli_oneline[];             /* PE_CLI_ONELINE, not indented */
extern const char pe_cli_oneline_words[];       /* what -i, -k and -- are */
extern const char pe_cli_example[];             /* a whole job file */

/* pe_cli_each_exit - print each exit code with its sentence, in the order of the codes. */
typedef void (*pe_cli_exit_printer)(FILE *out, int code, const char *sentence);
void pe_cli_each_exit(FILE *out, pe_cli_exit_printer print);

/* pe_cli_find_dashes - the index of "--" in argv where it is no option's value, else argc. */
int pe_cli_find_dashes(int argc, char *const *argv);

/* pe_cli_explain - fail with PE_EUSAGE for the first word of argv that the table does not allow. */
pe_status pe_cli_explain(int argc, char *const *argv, pe_error *err);

#endif

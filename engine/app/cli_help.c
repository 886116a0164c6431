/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* cli_help.c - prints --help and --version.
 *
 * Design:   the help is made from the tables that the program uses: argp's table of options, the schema's keys, and
 *           PE_STATUS_TABLE for exit codes. So the help is always complete.
 * Threads:  no state.
 * Not here: which rank prints (main.c).
 */
#include "app/cli.h"

#include <string.h>

#include "app/cli_options.h"
#include "base/wrap_text.h"

#define HELP_COLUMN 26 /* where the meaning of an option begins */

const struct argp_option pe_cli_table[] = {
    {"input", 'i', "INPUT", 0, "without JOB.toml: 0:10, 0:1:0.1, a file, - for stdin", 0},
    {"kernel", 'k', "KERNEL", 0, "without JOB.toml: 'x*x', f.py:f, 'f.c:f:SIGNATURE'", 0},
    {"on-error", PE_OPTION_ON_ERROR, "stop/skip/fill", 0, "what follows a failed item: --set errors.on_error=...", 0},
    {"dry-run", PE_OPTION_DRY_RUN, NULL, 0, "print the commands of a program, run none", 0},
    {"set", 's', "KEY=VALUE", 0, "override a key of the job file; VALUE is TOML", 0},
    {"threads", 't', "N", 0, "workers of each rank: --set pool.threads=N", 0},
    {"output", 'o', "PATH", 0, "where results go: --set output.path=\"PATH\"", 0},
    {"part", PE_OPTION_PART, "K/N", 0, "run part K of N of the items: --set part=\"K/N\"", 0},
    {"items", PE_OPTION_ITEMS, "LIST", 0, "run only these, such as 17,40-60; print their results", 0},
    {"resume", PE_OPTION_RESUME, NULL, 0, "go on where the checkpoint says, or begin anew", 0},
    {"restart", PE_OPTION_RESTART, NULL, 0, "discard the checkpoint of an earlier run, begin anew", 0},
    {"retry-failed", PE_OPTION_RETRY, NULL, 0, "run failed items again, put their results in place", 0},
    {"time-limit", PE_OPTION_TIME_LIMIT, "T", 0, "end in good order within this time, such as 23h", 0},
    {"status", PE_OPTION_STATUS, "FILE", 0, "print what a checkpoint holds", 0},
    {"json", PE_OPTION_JSON, NULL, 0, "with --status: as a JSON object", 0},
    {"skip", PE_OPTION_SKIP, "N", 0, "go on after the first N items: --set skip=N", 0},
    {"keep", PE_OPTION_KEEP, "COLUMNS", 0, "input columns in front of the results: all, or a,b", 0},
    {"where", PE_OPTION_WHERE, "EXPR", 0, "leave out items for which the expression is false", 0},
    {"check", PE_OPTION_CHECK, "syntax", OPTION_ARG_OPTIONAL, "validate the job; =syntax: without running its code", 0},
    {"plan", PE_OPTION_PLAN, NULL, 0, "print what would run, run nothing", 0},
    {"example", PE_OPTION_EXAMPLE, "FORM", 0, "print a job file to start from: expr, python, ...", 0},
    {"sample", PE_OPTION_SAMPLE, "N", OPTION_ARG_OPTIONAL, "with --plan: compute some items, estimate the time", 0},
    {"kernels", PE_OPTION_KERNELS, NULL, 0, "list the built-in kernels", 0},
    {"print-config", PE_OPTION_PRINT_CONFIG, NULL, 0, "print the job with its defaults, as TOML", 0},
    {"schema", PE_OPTION_SCHEMA, NULL, 0, "print the JSON schema of job files, for editors", 0},
    {"progress", PE_OPTION_PROGRESS, "auto/always/never/json", 0, "when to show how far the run is; json: for programs",
     0},
    {"joblog", PE_OPTION_JOBLOG, "FILE", 0, "one line per item, as GNU parallel's (command, python)", 0},
    {"report", PE_OPTION_REPORT, "FILE", 0, "describe the run in an HTML file, for people", 0},
    {"trace", PE_OPTION_TRACE, "FILE", 0, "what each thread did when, for Perfetto (.json[.gz])", 0},
    {"stats", PE_OPTION_STATS, "FILE", 0, "describe the run in a JSON file, for programs", 0},
    {"quiet", 'q', NULL, 0, "say nothing but errors", 0},
    {"verbose", 'v', NULL, 0, "say more", 0},
    {"version", PE_OPTION_VERSION, NULL, 0, "print the version", 0},
    {"help", 'h', NULL, 0, "print this", 0},
    {NULL, '?', NULL, OPTION_ALIAS, NULL, 0},
    {NULL, 0, NULL, 0, NULL, 0},
};

/* The help of an option that is wider than its column begins on a line of its own. */
static void print_option(FILE *out, const struct argp_option *option)
{
    char names[64];
    char letter[8] = "    ";
    if (option->key < PE_OPTION_CHECK)
        snprintf(letter, sizeof letter, "-%c, ", option->key);
    const bool is_optional = (option->flags & OPTION_ARG_OPTIONAL) != 0;
    snprintf(names, sizeof names, "%s--%s%s%s%s", letter, option->name,
             option->arg == NULL ? ""
             : is_optional       ? "[="
                                 : " ",
             option->arg == NULL ? "" : option->arg, is_optional ? "]" : "");
    if (strlen(names) > HELP_COLUMN - 4)
        fprintf(out, "  %s\n%*s", names, HELP_COLUMN, "");
    else
        fprintf(out, "  %-*s", HELP_COLUMN - 2, names);
    pe_wrap_text(out, option->doc, HELP_COLUMN);
}

void pe_cli_each_exit(FILE *out, pe_cli_exit_printer print)
{
    static const pe_status all[] = {
#define X(status, exit_code, sentence) status,
        PE_STATUS_TABLE(X)
#undef X
    };
    for (int code = 0; code < 128; code++) /* sorted by code */
        for (size_t i = 0; i < sizeof all / sizeof *all; i++)
            if (pe_status_exit(all[i]) == code)
                print(out, code, pe_status_sentence(all[i]));
}

static void print_exit(FILE *out, int code, const char *sentence)
{
    fprintf(out, "  %3d  %s\n", code, sentence);
}

const char *const pe_cli_usage[] = {"pengine [OPTION...] JOB.toml", "pengine [OPTION...] [-i INPUT]... -k KERNEL",
                                    "pengine [OPTION...] [-i INPUT]... -- PROGRAM [ARGUMENT...]",
                                    "mpirun -n N pengine ...", NULL};

const char pe_cli_about[] = "Maps a kernel over an array on every core of every node, in order, in bounded\n"
                            "memory. A JOB.toml of - is read from stdin. Results go to stdout or to the\n"
                            "output file; all talk goes to stderr.\n";

const char pe_cli_oneline[] = PE_CLI_ONELINE("");

const char pe_cli_oneline_words[] = "-i is a range start:stop[:step], a file, or - (the default); several are the\n"
                                    "arguments of a starmap. -k is a built-in kernel, f.py:f, 'f.c:f:SIGNATURE',\n"
                                    "package.module:f, or else a C expression. A program runs once for each item\n"
                                    "where an argument holds {} {.} {/} {//} {/.} {#} {index} or {1}, as GNU parallel\n"
                                    "has them; else it reads the items as lines. --print-config prints the job file\n"
                                    "that the command line stands for.\n";

const char pe_cli_example[] = "input.range = [0, 1000000]\n"
                              "kernel.name = \"square\"\n"
                              "output.path = \"squares.npy\"\n";

/* Prints a text with each of its lines indented. */
static void print_indented(FILE *out, const char *text)
{
    for (; *text != '\0'; text += strcspn(text, "\n") + 1)
        fprintf(out, "  %.*s\n", (int)strcspn(text, "\n"), text);
}

void pe_cli_help(FILE *out)
{
    for (size_t i = 0; pe_cli_usage[i] != NULL; i++)
        fprintf(out, "%s%s\n", i == 0 ? "Usage: " : "       ", pe_cli_usage[i]);
    fprintf(out, "\n%s\nOptions:\n", pe_cli_about);
    for (const struct argp_option *option = pe_cli_table; option->name != NULL; option++)
        print_option(out, option);
    fprintf(out, "\nExit codes:\n");
    pe_cli_each_exit(out, print_exit);
    fprintf(out, "\nWithout a job file:\n");
    print_indented(out, pe_cli_oneline);
    fprintf(out, "%s", pe_cli_oneline_words);
    fprintf(out, "\nA whole job file, which squares a million numbers:\n");
    print_indented(out, pe_cli_example);
    fprintf(out, "\nKeys of the job file:\n\n");
    pe_job_print_keys(out);
}

void pe_cli_version(FILE *out)
{
    fprintf(out, "pengine " PENGINE_VERSION "\n");
}

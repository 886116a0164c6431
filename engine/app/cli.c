/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* cli.c - parses the command line into options.
 *
 * Invariant: parsing prints nothing and never exits, since under mpirun only rank 0 prints.
 * Design:   argp parses with its messages and exits disabled. It then reports only that argv is wrong, and
 *           cli_explain.c finds the reason. The words after "--" are a program and its arguments, which argp does not see.
 * Threads:  no state.
 * Not here: options that set a key of the job (cli_keys.c); options that exclude each other (cli_together.c); a job without
 *           a file (oneline.c); the help text (cli_help.c).
 */
#include "app/cli.h"

#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/cli_keys.h"
#include "app/cli_options.h"
#include "app/cli_together.h"
#include "app/examples.h"
#include "app/oneline.h"
#include "base/alloc.h"
#include "types/number.h"

typedef struct parsing {
    pe_options *out;
    pe_overrides keys; /* overrides that were typed; they come after those that oneline makes */
    pe_cli_given given;
    pe_oneline oneline;
    pe_error *err;
} parsing;

static pe_status add_input(parsing *in, const char *text)
{
    pe_oneline *const oneline = &in->oneline;
    if (oneline->input_count == PE_MAX_COLUMNS)
        return pe_fail(in->err, PE_EUSAGE, "--input: expected at most %d inputs; see pengine --help", PE_MAX_COLUMNS);
    oneline->inputs[oneline->input_count++] = text;
    return PE_OK;
}

static pe_status set_kernel(parsing *in, const char *text)
{
    if (in->oneline.kernel != NULL)
        return pe_fail(in->err, PE_EUSAGE, "expected one kernel, got -k %s and -k %s; see pengine --help",
                       in->oneline.kernel, text);
    if (strcmp(text, "--") == 0)
        return pe_fail(
            in->err, PE_EUSAGE,
            "-k: expected a kernel such as 'x*x', got --; results come in the order of their items without an "
            "option; see pengine --help");
    in->oneline.kernel = text;
    return PE_OK;
}

static pe_status set_progress(parsing *in, const char *word)
{
    static const char *const words[] = {"auto", "always", "never", "json"}; /* as pe_progress_mode */
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(words[i], word) == 0) {
            in->out->run.progress = (pe_progress_mode)i;
            return PE_OK;
        }
    }
    return pe_fail(in->err, PE_EUSAGE,
                   "--progress: expected auto, always, never or json, got \"%s\"; see pengine --help", word);
}

/* A file that describes the run. stdout is for results. */
static pe_status set_file(parsing *in, const char *option, const char *path, const char **out)
{
    if (*path == '\0' || strcmp(path, "-") == 0)
        return pe_fail(in->err, PE_EUSAGE, "%s: expected a path, got \"%s\"; see pengine --help", option, path);
    *out = path;
    return PE_OK;
}

/* Two words that are no options: a program without its dashes? */
static pe_status refuse_second(const char *first, const char *second, pe_error *err)
{
    const size_t size = strlen(first);
    if (size > 5 && strcmp(first + size - 5, ".toml") == 0)
        return pe_fail(err, PE_EUSAGE, "expected one job file, got \"%s\" and \"%s\"; see pengine --help", first,
                       second);
    return pe_fail(err, PE_EUSAGE,
                   "expected one job file, got \"%s\" and \"%s\"; a program comes after dashes: pengine -- %s %s; see "
                   "pengine --help",
                   first, second, first, second);
}

static pe_status set_job(parsing *in, const char *path)
{
    if (in->out->run.job_path != NULL)
        return refuse_second(in->out->run.job_path, path, in->err);
    if (*path == '\0')
        return pe_fail(in->err, PE_EUSAGE, "expected a job file, got \"\"; see pengine --help");
    in->out->run.job_path = path;
    return PE_OK;
}

static pe_status set_check(parsing *in, const char *level)
{
    if (level != NULL && strcmp(level, "syntax") != 0)
        return pe_fail(in->err, PE_EUSAGE,
                       "--check: expected --check or --check=syntax, got \"%s\"; see pengine --help", level);
    in->out->run.action = level == NULL ? PE_ACTION_CHECK : PE_ACTION_CHECK_SYNTAX;
    return PE_OK;
}

/* --help and --version win over all other options; of the two the first one wins. */
static pe_status set_listing(parsing *in, pe_cli_action action)
{
    const pe_cli_action now = in->out->action;
    if (now != PE_CLI_HELP && now != PE_CLI_VERSION)
        in->out->action = action;
    return PE_OK;
}

static pe_status set_example(parsing *in, const char *form)
{
    in->out->example = pe_example_find(form);
    if (in->out->example == NULL)
        return pe_fail(in->err, PE_EUSAGE, "--example: expected one of %s; got \"%s\"; see pengine --help",
                       pe_example_forms(), form);
    return set_listing(in, PE_CLI_EXAMPLE);
}

static pe_status set_status(parsing *in, const char *path)
{
    if (in->out->status != NULL)
        return pe_fail(in->err, PE_EUSAGE, "expected one --status, got \"%s\" and \"%s\"; see pengine --help",
                       in->out->status, path);
    in->out->status = path;
    return set_listing(in, PE_CLI_STATUS);
}

/* Takes an option that names a file about the run. False: the option is another one. */
static bool take_report(parsing *in, int key, const char *path, pe_status *status)
{
    pe_job_reports *const reports = &in->out->run.reports;
    switch (key) {
    case PE_OPTION_REPORT:
        *status = set_file(in, "--report", path, &reports->html);
        return true;
    case PE_OPTION_TRACE:
        *status = set_file(in, "--trace", path, &reports->trace);
        return true;
    case PE_OPTION_STATS:
        *status = set_file(in, "--stats", path, &reports->stats);
        return true;
    case PE_OPTION_JOBLOG:
        *status = set_file(in, "--joblog", path, &reports->joblog);
        return true;
    default:
        return false;
    }
}

static pe_status set_sample(parsing *in, const char *text)
{
    int64_t items = 0;
    if (text != NULL && (!pe_parse_element(text, strlen(text), PE_INT64, &items) || items < 1))
        return pe_fail(in->err, PE_EUSAGE, "--sample: expected a number of items, got \"%s\"; see pengine --help",
                       text);
    in->out->run.sample = text == NULL ? UINT64_MAX : (uint64_t)items;
    return PE_OK;
}

/* Takes an option about checkpoints. False: the option is another one. */
static bool take_checkpoint(parsing *in, int key, const char *value, pe_status *status)
{
    switch (key) {
    case PE_OPTION_STATUS:
        *status = set_status(in, value);
        return true;
    case PE_OPTION_JSON:
        in->out->is_json = true;
        return true;
    case PE_OPTION_RESUME:
        in->out->run.resume = PE_RESUME_GO_ON;
        return true;
    case PE_OPTION_RETRY:
        in->out->run.resume = PE_RESUME_RETRY;
        return true;
    case PE_OPTION_RESTART:
        in->out->run.resume = PE_RESUME_RESTART;
        return true;
    default:
        return false;
    }
}

/* Takes an option that prints something in place of a run. False: the option is another one. */
static bool take_listing(parsing *in, int key, const char *value, pe_status *status)
{
    switch (key) {
    case PE_OPTION_EXAMPLE:
        *status = set_example(in, value);
        return true;
    case PE_OPTION_KERNELS:
        *status = set_listing(in, PE_CLI_KERNELS);
        return true;
    case PE_OPTION_SCHEMA:
        *status = set_listing(in, PE_CLI_SCHEMA);
        return true;
    case PE_OPTION_VERSION:
        *status = set_listing(in, PE_CLI_VERSION);
        return true;
    case '?':
    case 'h':
        *status = set_listing(in, PE_CLI_HELP);
        return true;
    default:
        return false;
    }
}

/* Takes an option about what is done with the job. False: the option is another one. */
static bool take_action(parsing *in, int key, const char *value, pe_status *status)
{
    switch (key) {
    case PE_OPTION_CHECK:
        *status = set_check(in, value);
        return true;
    case PE_OPTION_PLAN:
        in->out->run.action = PE_ACTION_PLAN;
        return true;
    case PE_OPTION_PRINT_CONFIG:
        in->out->run.action = PE_ACTION_PRINT_CONFIG;
        return true;
    case PE_OPTION_DRY_RUN:
        in->out->run.is_dry_run = true;
        return true;
    case PE_OPTION_SAMPLE:
        *status = set_sample(in, value);
        return true;
    default:
        return false;
    }
}

/* Takes what is typed in place of a job file, or the job file, or how much is said. False: it is something else. */
static bool take_rest(parsing *in, int key, const char *value, pe_status *status)
{
    switch (key) {
    case 'i':
        *status = add_input(in, value);
        return true;
    case 'k':
        *status = set_kernel(in, value);
        return true;
    case 'q':
        in->out->run.verbosity = PE_QUIET;
        return true;
    case 'v':
        in->out->run.verbosity = PE_VERBOSE;
        return true;
    case PE_OPTION_PROGRESS:
        *status = set_progress(in, value);
        return true;
    case ARGP_KEY_ARG:
        *status = set_job(in, value);
        return true;
    default:
        return false;
    }
}

static error_t take(int key, char *value, struct argp_state *state)
{
    parsing *const in = state->input;
    pe_status status = PE_OK;
    if (key > 0 && key <= PE_OPTION_VERSION)
        in->given.has[key] = true;
    if (!pe_cli_take_key(&in->keys, key, value, &status, in->err) && !take_report(in, key, value, &status) &&
        !take_checkpoint(in, key, value, &status) && !take_listing(in, key, value, &status) &&
        !take_action(in, key, value, &status) && !take_rest(in, key, value, &status))
        return ARGP_ERR_UNKNOWN;
    return status == PE_OK ? 0 : EINVAL;
}

static pe_status run_argp(int argc, char **argv, parsing *in)
{
    const struct argp argp = {pe_cli_table, take, NULL, NULL, NULL, NULL, NULL};
    const unsigned flags = ARGP_NO_EXIT | ARGP_NO_ERRS | ARGP_NO_HELP;
    char **shuffled = NULL; /* a copy, since argp reorders argv */
    pe_status status = pe_make_array(&shuffled, (size_t)argc + 1, sizeof *shuffled, in->err);
    if (status != PE_OK)
        return status;
    memcpy(shuffled, argv, (size_t)argc * sizeof *shuffled);
    const error_t failed = argp_parse(&argp, argc, shuffled, flags, NULL, in);
    free(shuffled);
    if (failed == ENOMEM)
        return pe_fail(in->err, PE_ENOMEM, "out of memory while reading the command line");
    if (failed != 0 && in->err->status == PE_OK)
        return pe_cli_explain(argc, argv, in->err);
    return in->err->status;
}

static pe_status refuse_nothing(pe_error *err)
{
    static const char examples[] = "  pengine squares.toml\n" PE_CLI_ONELINE("  ");
    return pe_fail(err, PE_EUSAGE,
                   "expected a job file, or what to do on the command line:\n%s"
                   "pengine --example expr (or source, python, command, ...) prints a job file to start from;\n"
                   "see pengine --help",
                   examples);
}

/* The job without a file, from the words that were typed. */
static pe_status make_oneline(parsing *in)
{
    pe_options *const out = in->out;
    if (out->run.job_path != NULL)
        return pe_fail(
            in->err, PE_EUSAGE,
            "expected a job file (%s), or -i, -k and -- in place of one, not both; in a job file --set changes "
            "a key, such as --set input.range='[0, 10]'; see pengine --help",
            out->run.job_path);
    out->reads_terminal = pe_oneline_reads_stdin(&in->oneline, &in->keys);
    const pe_status status = pe_oneline_make(&in->oneline, &in->keys, &out->overrides, &out->job_text, in->err);
    out->run.job_text = out->job_text.size == 0 ? "" : (const char *)out->job_text.data;
    return status;
}

/* Overrides that were typed come last, since the last one of a key wins. */
static pe_status finish(parsing *in)
{
    pe_options *const out = in->out;
    const char *const job = out->run.job_path;
    if (out->action == PE_CLI_HELP || out->action == PE_CLI_VERSION)
        return PE_OK;
    const char *const said = job == NULL && in->oneline.has_dashes ? "-- PROGRAM" : job;
    pe_status status = pe_cli_check_together(&in->given, said, in->err);
    if (status == PE_OK && pe_oneline_is_given(&in->oneline))
        status = make_oneline(in);
    else if (status == PE_OK && out->action == PE_CLI_RUN && job == NULL)
        status = refuse_nothing(in->err);
    if (status == PE_OK)
        status = pe_overrides_append(&out->overrides, &in->keys, in->err);
    out->run.overrides = out->overrides.list;
    out->run.override_count = out->overrides.count;
    return status;
}

pe_status pe_cli_parse(int argc, char **argv, pe_options *out, pe_error *err)
{
    parsing in = {.out = out, .err = err};
    *out = (pe_options){.run = {.verbosity = PE_NORMAL}};
    const int dashes = pe_cli_find_dashes(argc, argv);
    in.oneline.has_dashes = dashes < argc;
    in.oneline.words = dashes < argc ? argv + dashes + 1 : NULL;
    in.oneline.word_count = dashes < argc ? argc - dashes - 1 : 0;
    out->run.argv = (const char *const *)argv;
    pe_status status = run_argp(dashes, argv, &in);
    if (status == PE_OK)
        status = finish(&in);
    pe_overrides_fini(&in.keys);
    return status;
}

void pe_cli_free(pe_options *options)
{
    pe_overrides_fini(&options->overrides);
    pe_buffer_fini(&options->job_text);
    *options = (pe_options){0};
}

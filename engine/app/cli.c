/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* cli.c - parses the command line into options.
 *
 * Invariant: parsing prints nothing and never exits, since under mpirun only rank 0 prints.
 * Design:   argp parses with its messages and exits disabled. It then reports only that argv is wrong, and
 *           cli_explain.c finds the reason. -t and -o become overrides of the job like --set, in the order of argv: the
 *           last one wins.
 * Threads:  no state.
 * Not here: the help text (cli_help.c); checks of keys and values of --set (job).
 */
#include "app/cli.h"

#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/cli_options.h"
#include "base/alloc.h"
#include "job/schema/schema.h"
#include "job/toml/quote.h"
#include "types/number.h"

typedef struct parsing {
    pe_options *out;
    pe_error *err;
} parsing;

/* Copies a string, which the override then owns. */
static pe_status copy_text(const char **out, const char *text, size_t size, pe_error *err)
{
    char *copy = NULL;
    const pe_status status = pe_make_array(&copy, size + 1, 1, err);
    if (status == PE_OK && size > 0)
        memcpy(copy, text, size);
    *out = copy;
    return status;
}

static pe_status copy_origin(const char **out, const char *option, const char *value, pe_error *err)
{
    pe_buffer text = {0};
    pe_status status = pe_buffer_printf(&text, err, "%s %s", option, value);
    if (status == PE_OK)
        status = copy_text(out, (const char *)text.data, text.size, err);
    pe_buffer_fini(&text);
    return status;
}

/* Appends an empty override. pe_cli_free frees its strings, also when only some of them were set. */
static pe_override *add_override(parsing *in)
{
    pe_options *const out = in->out;
    pe_override *grown = NULL;
    if (pe_make_array(&grown, out->override_count + 1, sizeof *grown, in->err) != PE_OK)
        return NULL;
    if (out->override_count > 0)
        memcpy(grown, out->overrides, out->override_count * sizeof *grown);
    free(out->overrides);
    out->overrides = grown;
    return &out->overrides[out->override_count++];
}

static pe_status override(parsing *in, const char *option, const char *typed, const char *key, size_t key_size,
                          const char *value, size_t value_size)
{
    pe_override *const added = add_override(in);
    if (added == NULL)
        return in->err->status;
    pe_status status = copy_origin(&added->origin, option, typed, in->err);
    if (status == PE_OK)
        status = copy_text(&added->key, key, key_size, in->err);
    if (status == PE_OK)
        status = copy_text(&added->value, value, value_size, in->err);
    return status;
}

/* Adds KEY=VALUE; spaces around both are ignored, as in TOML. */
static pe_status add_set(parsing *in, const char *text)
{
    const char *const equals = strchr(text, '=');
    const char *const key = text + strspn(text, " ");
    const char *key_end = equals;
    while (key_end != NULL && key_end > key && key_end[-1] == ' ')
        key_end--;
    const char *const value = equals == NULL ? NULL : equals + 1 + strspn(equals + 1, " ");
    if (equals == NULL || key_end <= key || *value == '\0')
        return pe_fail(in->err, PE_EUSAGE,
                       "--set: expected KEY=VALUE, such as --set pool.threads=8, got \"%s\"; see pengine --help", text);
    return override(in, "--set", text, key, (size_t)(key_end - key), value, strlen(value));
}

/* Adds an option whose value is an integer of the job: pool.threads or skip. */
static pe_status add_integer(parsing *in, const char *option, const char *typed, const char *table, const char *name)
{
    char valid[PE_VALID_ROOM], path[32], digits[PE_NUMBER_ROOM];
    int64_t number = 0;
    const pe_key *const key = pe_schema_find(table, name);
    if (!pe_parse_element(typed, strlen(typed), PE_INT64, &number) || number < key->least || number > key->most)
        return pe_fail(in->err, PE_EUSAGE, "%s: expected %s, got \"%s\"; see pengine --help", option,
                       pe_schema_valid(key, valid), typed);
    const int path_size = snprintf(path, sizeof path, "%s%s%s", table, *table == '\0' ? "" : ".", name);
    const size_t size = (size_t)(pe_print_int64(digits, number) - digits);
    return override(in, option, typed, path, (size_t)path_size, digits, size);
}

/* Adds an option whose value is a string of the job. */
static pe_status add_string(parsing *in, const char *option, const char *typed, const char *key)
{
    pe_buffer quoted = {0};
    pe_status status = pe_quote_string(&quoted, typed, strlen(typed), in->err);
    if (status == PE_OK)
        status = override(in, option, typed, key, strlen(key), (const char *)quoted.data, quoted.size);
    pe_buffer_fini(&quoted);
    return status;
}

/* --keep all, --keep id,price, --keep 0,3. */
static pe_status add_keep(parsing *in, const char *typed)
{
    pe_buffer list = {0};
    const bool is_numbers = *typed != '\0' && strspn(typed, "0123456789,") == strlen(typed);
    if (strcmp(typed, "all") == 0)
        return add_string(in, "--keep", typed, "output.keep");
    pe_status status = pe_buffer_append(&list, "[", 1, in->err);
    for (const char *at = typed; status == PE_OK; at++) {
        const size_t size = strcspn(at, ",");
        status = is_numbers ? pe_buffer_append(&list, at, size, in->err) : pe_quote_string(&list, at, size, in->err);
        at += size;
        if (*at == '\0' || status != PE_OK)
            break;
        status = pe_buffer_append(&list, ",", 1, in->err);
    }
    if (status == PE_OK)
        status = pe_buffer_append(&list, "]", 1, in->err);
    if (status == PE_OK)
        status =
            override(in, "--keep", typed, "output.keep", strlen("output.keep"), (const char *)list.data, list.size);
    pe_buffer_fini(&list);
    return status;
}

static pe_status add_output(parsing *in, const char *path)
{
    if (*path == '\0')
        return pe_fail(in->err, PE_EUSAGE, "--output: expected a path, or - for stdout, got \"\"; see pengine --help");
    return add_string(in, "--output", path, "output.path");
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

/* A file that tells of the run. stdout is for results. */
static pe_status set_file(parsing *in, const char *option, const char *path, const char **out)
{
    if (*path == '\0' || strcmp(path, "-") == 0)
        return pe_fail(in->err, PE_EUSAGE, "%s: expected a path, got \"%s\"; see pengine --help", option, path);
    *out = path;
    return PE_OK;
}

static pe_status set_job(parsing *in, const char *path)
{
    if (in->out->run.job_path != NULL)
        return pe_fail(in->err, PE_EUSAGE, "expected one job file, got \"%s\" and \"%s\"; see pengine --help",
                       in->out->run.job_path, path);
    if (*path == '\0')
        return pe_fail(in->err, PE_EUSAGE, "expected a job file, got \"\"; see pengine --help");
    in->out->run.job_path = path;
    return PE_OK;
}

/* --check, --plan, --print-config: two of them are an error, since only one of them can be done. */
static pe_status set_action(parsing *in, pe_run_action action)
{
    pe_run_options *const run = &in->out->run;
    if (run->action != PE_ACTION_RUN && run->action != action)
        return pe_fail(in->err, PE_EUSAGE,
                       "expected at most one of --check, --plan and --print-config; see pengine --help");
    run->action = action;
    return PE_OK;
}

static pe_status set_check(parsing *in, const char *level)
{
    if (level != NULL && strcmp(level, "syntax") != 0)
        return pe_fail(in->err, PE_EUSAGE,
                       "--check: expected --check or --check=syntax, got \"%s\"; see pengine --help", level);
    return set_action(in, level == NULL ? PE_ACTION_CHECK : PE_ACTION_CHECK_SYNTAX);
}

/* Of several, the first of --help, --version, --kernels is done, and a run last. */
static pe_status set_listing(parsing *in, pe_cli_action action)
{
    if (in->out->action == PE_CLI_RUN || action == PE_CLI_HELP)
        in->out->action = action;
    return PE_OK;
}

static pe_status set_verbosity(parsing *in, pe_verbosity verbosity)
{
    in->out->run.verbosity = verbosity;
    return PE_OK;
}

/* Takes an option that sets a key of the job. False: the option is another one. */
static bool take_key(parsing *in, int key, const char *value, pe_status *status)
{
    switch (key) {
    case 's':
        *status = add_set(in, value);
        return true;
    case 't':
        *status = add_integer(in, "--threads", value, "pool", "threads");
        return true;
    case 'o':
        *status = add_output(in, value);
        return true;
    case PE_OPTION_PART:
        *status = add_string(in, "--part", value, "part");
        return true;
    case PE_OPTION_ITEMS:
        *status = add_string(in, "--items", value, "items");
        return true;
    case PE_OPTION_SKIP:
        *status = add_integer(in, "--skip", value, "", "skip");
        return true;
    case PE_OPTION_KEEP:
        *status = add_keep(in, value);
        return true;
    case PE_OPTION_WHERE:
        *status = add_string(in, "--where", value, "kernel.where");
        return true;
    default:
        return false;
    }
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

/* They tell of a run. */
static pe_status check_reports(const pe_run_options *run, pe_error *err)
{
    const pe_job_reports *const files = &run->reports;
    const char *const option = files->html != NULL     ? "--report"
                               : files->trace != NULL  ? "--trace"
                               : files->stats != NULL  ? "--stats"
                               : files->joblog != NULL ? "--joblog"
                                                       : NULL;
    if (option == NULL || run->action == PE_ACTION_RUN)
        return PE_OK;
    return pe_fail(err, PE_EUSAGE, "%s tells of a run, but --check, --plan and --print-config run nothing", option);
}

static error_t take(int key, char *value, struct argp_state *state)
{
    parsing *const in = state->input;
    pe_status status = PE_OK;
    if (take_key(in, key, value, &status) || take_report(in, key, value, &status))
        return status == PE_OK ? 0 : EINVAL;
    switch (key) {
    case PE_OPTION_CHECK:
        status = set_check(in, value);
        break;
    case PE_OPTION_PLAN:
        status = set_action(in, PE_ACTION_PLAN);
        break;
    case PE_OPTION_PRINT_CONFIG:
        status = set_action(in, PE_ACTION_PRINT_CONFIG);
        break;
    case PE_OPTION_PROGRESS:
        status = set_progress(in, value);
        break;
    case 'q':
        status = set_verbosity(in, PE_QUIET);
        break;
    case 'v':
        status = set_verbosity(in, PE_VERBOSE);
        break;
    case PE_OPTION_KERNELS:
        status = set_listing(in, PE_CLI_KERNELS);
        break;
    case PE_OPTION_SCHEMA:
        status = set_listing(in, PE_CLI_SCHEMA);
        break;
    case PE_OPTION_VERSION:
        status = set_listing(in, PE_CLI_VERSION);
        break;
    case '?':
    case 'h':
        status = set_listing(in, PE_CLI_HELP);
        break;
    case ARGP_KEY_ARG:
        status = set_job(in, value);
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
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

pe_status pe_cli_parse(int argc, char **argv, pe_options *out, pe_error *err)
{
    parsing in = {out, err};
    *out = (pe_options){.run = {.verbosity = PE_NORMAL}};
    pe_status status = run_argp(argc, argv, &in);
    if (status == PE_OK && out->action == PE_CLI_RUN && out->run.job_path == NULL)
        status = pe_fail(err, PE_EUSAGE, "expected a job file, such as pengine squares.toml; see pengine --help");
    if (status == PE_OK)
        status = check_reports(&out->run, err);
    out->run.overrides = out->overrides;
    out->run.override_count = out->override_count;
    out->run.argv = (const char *const *)argv;
    return status;
}

static void free_text(const char *text)
{
    char *owned = NULL; /* the fields of pe_override are pointers to const; the options own them */
    memcpy(&owned, &text, sizeof owned);
    free(owned);
}

void pe_cli_free(pe_options *options)
{
    for (size_t i = 0; i < options->override_count; i++) {
        free_text(options->overrides[i].key);
        free_text(options->overrides[i].value);
        free_text(options->overrides[i].origin);
    }
    free(options->overrides);
    *options = (pe_options){0};
}

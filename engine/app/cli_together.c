/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* cli_together.c - refuses options that have no effect alone, or exclude each other.
 *
 * Design:   tables of option keys. An option that would have no effect is refused, so that no user relies on it.
 *           --help and --version need no check: they are done whatever the other options are.
 * Threads:  no state.
 * Not here: what depends on the job (run/prepare/).
 */
#include "app/cli_together.h"

#include <stdio.h>
#include <string.h>

#define GROUP_MOST 6

/* Options of which one excludes the others. */
static const int alternatives[][GROUP_MOST] = {
    {PE_OPTION_STATUS, PE_OPTION_KERNELS, PE_OPTION_SCHEMA, PE_OPTION_EXAMPLE},
    {PE_OPTION_CHECK, PE_OPTION_PLAN, PE_OPTION_PRINT_CONFIG, PE_OPTION_DRY_RUN},
    {PE_OPTION_RESUME, PE_OPTION_RESTART, PE_OPTION_RETRY},
};

/* An option that adds to another one. */
static const struct {
    int option, needed;
    const char *usage;
} additions[] = {
    {PE_OPTION_JSON, PE_OPTION_STATUS, "pengine --status FILE --json"},
    {PE_OPTION_SAMPLE, PE_OPTION_PLAN, "pengine --plan --sample JOB.toml"},
};

/* Options of the first list have no effect beside those of the second. */
static const struct {
    int idle[GROUP_MOST], beside[GROUP_MOST];
    const char *reason;
} contradictions[] = {
    {{PE_OPTION_REPORT, PE_OPTION_TRACE, PE_OPTION_STATS, PE_OPTION_JOBLOG},
     {PE_OPTION_CHECK, PE_OPTION_PLAN, PE_OPTION_PRINT_CONFIG, PE_OPTION_DRY_RUN},
     "describes a run, and there is none"},
    {{PE_OPTION_RESUME, PE_OPTION_RESTART, PE_OPTION_RETRY},
     {PE_OPTION_DRY_RUN},
     "says what a run does with a checkpoint, and there is no run"},
    {{PE_OPTION_RESUME, PE_OPTION_RESTART, PE_OPTION_RETRY},
     {PE_OPTION_ITEMS},
     "says what to do with the job's checkpoint, which a run of some items leaves alone"},
};

/* Options that are allowed beside one that only prints something: they do no harm. */
static const int harmless[] = {'q', 'v', PE_OPTION_PROGRESS, PE_OPTION_JSON};

static const char *name_of(int key)
{
    const struct argp_option *option = pe_cli_table;
    while (option->key != key)
        option++;
    return option->name;
}

static pe_status check_alternatives(const pe_cli_given *given, const int *group, pe_error *err)
{
    char list[128] = "";
    int count = 0;
    for (int i = 0; i < GROUP_MOST && group[i] != 0; i++) {
        const bool is_last = i + 1 == GROUP_MOST || group[i + 1] == 0;
        const size_t size = strlen(list);
        count += given->has[group[i]];
        (void)snprintf(list + size, sizeof list - size, "%s--%s",
                       i == 0    ? ""
                       : is_last ? " and "
                                 : ", ",
                       name_of(group[i]));
    }
    return count <= 1 ? PE_OK : pe_fail(err, PE_EUSAGE, "expected at most one of %s; see pengine --help", list);
}

/* The first of these that is given, or 0. */
static int first_given(const pe_cli_given *given, const int *group)
{
    for (int i = 0; i < GROUP_MOST && group[i] != 0; i++)
        if (given->has[group[i]])
            return group[i];
    return 0;
}

static bool is_one_of(int key, const int *keys, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (keys[i] == key)
            return true;
    return false;
}

/* An option that prints something else than a job, beside a job or what is said of one. */
static pe_status check_listing(const pe_cli_given *given, const char *job, pe_error *err)
{
    const int listing = first_given(given, alternatives[0]);
    if (listing == 0)
        return PE_OK;
    if (job != NULL)
        return pe_fail(err, PE_EUSAGE, "--%s runs no job: leave out %s; see pengine --help", name_of(listing), job);
    for (const struct argp_option *option = pe_cli_table; option->name != NULL; option++) {
        const bool is_idle =
            option->key != listing && !is_one_of(option->key, harmless, sizeof harmless / sizeof *harmless);
        if (given->has[option->key] && is_idle)
            return pe_fail(err, PE_EUSAGE, "--%s runs no job: leave out --%s; see pengine --help", name_of(listing),
                           option->name);
    }
    return PE_OK;
}

pe_status pe_cli_check_together(const pe_cli_given *given, const char *job, pe_error *err)
{
    pe_status status = PE_OK;
    for (size_t a = 0; a < sizeof alternatives / sizeof *alternatives && status == PE_OK; a++)
        status = check_alternatives(given, alternatives[a], err);
    for (size_t a = 0; a < sizeof additions / sizeof *additions && status == PE_OK; a++)
        if (given->has[additions[a].option] && !given->has[additions[a].needed])
            status = pe_fail(err, PE_EUSAGE, "--%s belongs to --%s: %s", name_of(additions[a].option),
                             name_of(additions[a].needed), additions[a].usage);
    if (status == PE_OK)
        status = check_listing(given, job, err);
    for (size_t c = 0; c < sizeof contradictions / sizeof *contradictions && status == PE_OK; c++) {
        const int idle = first_given(given, contradictions[c].idle);
        const int beside = first_given(given, contradictions[c].beside);
        if (idle != 0 && beside != 0)
            status = pe_fail(err, PE_EUSAGE, "--%s beside --%s: it %s; see pengine --help", name_of(idle),
                             name_of(beside), contradictions[c].reason);
    }
    return status;
}

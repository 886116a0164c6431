/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* cli_explain.c - finds the error in a command line that argp refused.
 *
 * Design:   argp reports an error only by printing, and only rank 0 may print. So argv is parsed a second time by the
 *           rules of getopt_long: a long name may be cut while it is unique, and letters may follow one "-".
 * Threads:  no state.
 * Not here: wrong values of right options (cli.c).
 */
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "app/cli_options.h"
#include "app/examples.h"
#include "base/suggest.h"

#define MOST_OPTIONS 32

static bool is_last(const struct argp_option *option)
{
    return option->name == NULL && option->key == 0;
}

/* The option with this long name, or with a long name that begins with it; *matches is the number of such options. */
static const struct argp_option *find_long(const char *name, size_t size, int *matches)
{
    const struct argp_option *found = NULL;
    *matches = 0;
    for (const struct argp_option *option = pe_cli_table; !is_last(option); option++) {
        if (option->name == NULL || strncmp(option->name, name, size) != 0)
            continue;
        found = option;
        *matches += 1;
        if (option->name[size] == '\0') {
            *matches = 1;
            return option;
        }
    }
    return found;
}

static const struct argp_option *find_letter(char letter)
{
    for (const struct argp_option *option = pe_cli_table; !is_last(option); option++)
        if (option->key == (unsigned char)letter)
            return option;
    return NULL;
}

static const char *find_nearest(const char *typed)
{
    const char *names[MOST_OPTIONS];
    size_t count = 0;
    for (const struct argp_option *option = pe_cli_table; !is_last(option) && count < MOST_OPTIONS; option++)
        if (option->name != NULL)
            names[count++] = option->name;
    return pe_suggest(typed, names, count);
}

/* Advice for an option of xargs or GNU parallel; NULL: it is none of theirs. */
static const char *foreign_option(const char *name, size_t size)
{
    static const struct {
        const char *letter, *name, *advice;
    } table[] = {
        {"j", "jobs", "--threads (-t) says how many run at once"},
        {"P", "max-procs", "--threads (-t) says how many run at once"},
        {"0", "null", "items are lines: find without -print0"},
        {"I", "replace", "{} after -- is the item"},
        {"n", "max-args", "a program after -- runs once for each item"},
        {"L", "max-lines", "a program after -- runs once for each item"},
        {"a", "arg-file", "-i FILE reads the items from a file"},
        {"d", "delimiter", "items are lines; -s 'input.delimiter=\";\"' is a csv's"},
        {"", "keep-order", "results come in the order of their items"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if ((strncmp(table[i].letter, name, size) == 0 && size == 1) ||
            (strncmp(table[i].name, name, size) == 0 && table[i].name[size] == '\0'))
            return table[i].advice;
    return NULL;
}

static pe_status refuse_unknown(const char *name, size_t size, pe_error *err)
{
    char typed[64] = "";
    memcpy(typed, name, size < sizeof typed ? size : sizeof typed - 1);
    const char *const nearest = find_nearest(typed), *const advice = foreign_option(name, size);
    if (advice != NULL)
        return pe_fail(err, PE_EUSAGE, "unknown option --%s: %s; see pengine --help", typed, advice);
    if (nearest == NULL)
        return pe_fail(err, PE_EUSAGE, "unknown option --%s; see pengine --help", typed);
    return pe_fail(err, PE_EUSAGE, "unknown option --%s; did you mean --%s? See pengine --help", typed, nearest);
}

/* Checks --name or --name=value; *skip is set when the next word is the value. */
static pe_status explain_long(const char *name, const char *next, bool *skip, pe_error *err)
{
    int matches = 0;
    const size_t size = strcspn(name, "=");
    const bool has_value = name[size] == '=';
    const struct argp_option *const option = find_long(name, size, &matches);
    if (matches == 0)
        return refuse_unknown(name, size, err);
    if (matches > 1)
        return pe_fail(err, PE_EUSAGE, "--%.*s is short for several options; see pengine --help", (int)size, name);
    if (option->arg == NULL && has_value)
        return pe_fail(err, PE_EUSAGE, "--%s takes no value, got \"%s\"; see pengine --help", option->name,
                       name + size + 1);
    if (option->key == PE_OPTION_EXAMPLE && !has_value && next == NULL)
        return pe_fail(err, PE_EUSAGE, "--example needs a form, such as --example python: one of %s",
                       pe_example_forms());
    const bool needs_value = option->arg != NULL && (option->flags & OPTION_ARG_OPTIONAL) == 0;
    if (needs_value && !has_value && next == NULL)
        return pe_fail(err, PE_EUSAGE, "--%s needs a value (%s); see pengine --help", option->name, option->arg);
    *skip = needs_value && !has_value;
    return PE_OK;
}

/* Checks -qv, -t8 or -t 8; *skip is set when the next word is the value. */
static pe_status explain_letters(const char *letters, const char *next, bool *skip, pe_error *err)
{
    for (const char *at = letters; *at != '\0'; at++) {
        const struct argp_option *const option = find_letter(*at);
        const char *const advice = option == NULL ? foreign_option(at, 1) : NULL;
        if (advice != NULL)
            return pe_fail(err, PE_EUSAGE, "unknown option -%c: %s; see pengine --help", *at, advice);
        if (option == NULL)
            return pe_fail(err, PE_EUSAGE, "unknown option -%.*s; see pengine --help",
                           (int)((*at & 0x80) != 0 ? strlen(at) : 1), at);
        if (option->arg == NULL)
            continue;
        if (at[1] == '\0' && next == NULL)
            return pe_fail(err, PE_EUSAGE, "-%c needs a value (%s); see pengine --help", *at, option->arg);
        *skip = at[1] == '\0';
        return PE_OK;
    }
    return PE_OK;
}

/* One word of argv that may be an option, and whether the next one is its value. */
static pe_status explain_word(const char *word, const char *next, bool *skip, pe_error *err)
{
    *skip = false;
    if (strncmp(word, "--", 2) == 0)
        return explain_long(word + 2, next, skip, err);
    return word[0] == '-' && word[1] != '\0' ? explain_letters(word + 1, next, skip, err) : PE_OK;
}

int pe_cli_find_dashes(int argc, char *const *argv)
{
    int i = 1;
    while (i < argc && strcmp(argv[i], "--") != 0) {
        bool skip = false;
        pe_error wrong = PE_ERROR_INIT; /* reported by pe_cli_explain */
        (void)explain_word(argv[i], i + 1 < argc ? argv[i + 1] : NULL, &skip, &wrong);
        i += skip ? 2 : 1;
    }
    return i < argc ? i : argc;
}

pe_status pe_cli_explain(int argc, char *const *argv, pe_error *err)
{
    for (int i = 1; i < argc; i++) {
        bool skip = false;
        const pe_status status = explain_word(argv[i], i + 1 < argc ? argv[i + 1] : NULL, &skip, err);
        if (status != PE_OK)
            return status;
        i += skip;
    }
    return pe_fail(err, PE_EUSAGE, "wrong command line; see pengine --help");
}

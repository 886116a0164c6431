/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* page_bash.c - the tables of options and keys as parts of a bash script.
 *
 * Threads:  no state.
 * Not here: the script (packaging/pages).
 */
#include "app/cli_options.h"
#include "app/pages/pages.h"

static void print_key(FILE *out, const char *table, const pe_key *key)
{
    pe_page_key_name(out, table, key);
    fprintf(out, " ");
}

static void print_keys(FILE *out)
{
    pe_page_each_key(out, print_key);
}

static void print_value(FILE *out, const char *value, bool is_string)
{
    fprintf(out, " %s%s", is_string ? "q:" : "", value);
}

static void print_values(FILE *out)
{
    pe_page_print_values(
        out, &(pe_page_values){.before = "    ", .between = ") echo", .after = " ;;\n", .print = print_value});
}

/* "-o | --output | --output=" */
static void print_pattern(FILE *out, const struct argp_option *option)
{
    fprintf(out, "    ");
    if (pe_page_has_letter(option))
        fprintf(out, "-%c | ", option->key);
    if (!pe_page_is_optional(option))
        fprintf(out, "--%s | ", option->name);
    fprintf(out, "--%s=) ", option->name);
}

static void print_case(FILE *out, const struct argp_option *option)
{
    print_pattern(out, option);
    switch (pe_page_value_of(option)) {
    case PE_PAGE_KEY:
        fprintf(out, "mapfile -t COMPREPLY < <(_pengine_set \"$word\")");
        break;
    case PE_PAGE_FILE:
        fprintf(out, "compopt -o filenames && mapfile -t COMPREPLY < <(compgen -f -- \"$word\")");
        break;
    case PE_PAGE_WORD:
        fprintf(out, "mapfile -t COMPREPLY < <(compgen -W '");
        pe_page_words(out, option);
        fprintf(out, "' -- \"$word\")");
        break;
    case PE_PAGE_NOTHING:
    case PE_PAGE_OTHER:
        fprintf(out, "COMPREPLY=()");
        break;
    }
    fprintf(out, " ;;\n");
}

static void print_cases(FILE *out)
{
    for (const struct argp_option *option = pe_cli_table; option->name != NULL; option++)
        if (pe_page_value_of(option) != PE_PAGE_NOTHING)
            print_case(out, option);
}

static void print_options(FILE *out)
{
    for (const struct argp_option *option = pe_cli_table; option->name != NULL; option++) {
        if (pe_page_has_letter(option))
            fprintf(out, "-%c ", option->key);
        fprintf(out, "--%s%s ", option->name, pe_page_is_optional(option) ? "=" : "");
        if (pe_page_is_optional(option))
            fprintf(out, "--%s ", option->name);
    }
}

const pe_page_hole pe_page_bash_holes[] = {{"bash_keys", print_keys},
                                           {"bash_values", print_values},
                                           {"bash_cases", print_cases},
                                           {"bash_options", print_options},
                                           {NULL, NULL}};

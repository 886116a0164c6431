/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* page_fish.c - the tables of options and keys as parts of a fish script.
 *
 * Threads:  no state.
 * Not here: the script (packaging/pages).
 */
#include "app/cli_options.h"
#include "app/pages/pages.h"

/* Prints text in single quotes. */
static void print_quoted(FILE *out, const char *text)
{
    fprintf(out, "'");
    pe_page_escaped(out, text, "\\'", "\\");
    fprintf(out, "'");
}

static void print_key(FILE *out, const char *table, const pe_key *key)
{
    fprintf(out, "    printf '%%s\\t%%s\\n' ");
    pe_page_key_name(out, table, key);
    fprintf(out, "= ");
    print_quoted(out, key->help);
    fprintf(out, "\n");
}

static void print_keys(FILE *out)
{
    pe_page_each_key(out, print_key);
}

static void print_value(FILE *out, const char *value, bool is_string)
{
    const char *const quote = is_string ? "\"" : "";
    fprintf(out, " '%s%s%s'", quote, value, quote);
}

static void print_values(FILE *out)
{
    pe_page_print_values(out, &(pe_page_values){.before = "            case ",
                                                .between = "\n                printf \"$key=%s\\n\"",
                                                .after = "\n",
                                                .print = print_value});
}

static void print_action(FILE *out, const struct argp_option *option)
{
    switch (pe_page_value_of(option)) {
    case PE_PAGE_NOTHING:
        break;
    case PE_PAGE_KEY:
        fprintf(out, " -x -a '(__pengine_set)'");
        break;
    case PE_PAGE_FILE:
        fprintf(out, " -r -F");
        break;
    case PE_PAGE_WORD:
        fprintf(out, " %s-a '", pe_page_is_optional(option) ? "" : "-x ");
        pe_page_words(out, option);
        fprintf(out, "'");
        break;
    case PE_PAGE_OTHER:
        fprintf(out, " -x");
        break;
    }
}

static void print_options(FILE *out)
{
    for (const struct argp_option *option = pe_cli_table; option->name != NULL; option++) {
        fprintf(out, "complete -c pengine");
        if (pe_page_has_letter(option))
            fprintf(out, " -s %c", option->key);
        fprintf(out, " -l %s", option->name);
        print_action(out, option);
        fprintf(out, " -d ");
        print_quoted(out, option->doc);
        fprintf(out, "\n");
    }
}

const pe_page_hole pe_page_fish_holes[] = {
    {"fish_keys", print_keys}, {"fish_values", print_values}, {"fish_options", print_options}, {NULL, NULL}};

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* page_zsh.c - the tables of options and keys as parts of a zsh script.
 *
 * Threads:  no state.
 * Not here: the script (packaging/pages).
 */
#include "app/cli_options.h"
#include "app/pages/pages.h"

/* Prints text for the inside of single quotes, with a backslash before each of the special characters. */
static void print_quoted(FILE *out, const char *text, const char *special)
{
    for (; *text != '\0'; text++) {
        const char letter[] = {*text, '\0'};
        if (*text == '\'')
            fprintf(out, "'\\''");
        else
            pe_page_escaped(out, letter, special, "\\");
    }
}

static void print_key(FILE *out, const char *table, const pe_key *key)
{
    fprintf(out, "    '");
    pe_page_key_name(out, table, key);
    fprintf(out, ":");
    print_quoted(out, key->help, "");
    fprintf(out, "'\n");
}

static void print_keys(FILE *out)
{
    pe_page_each_key(out, print_key);
}

static void print_value(FILE *out, const char *value, bool is_string)
{
    (void)is_string; /* the function in front of the values says */
    fprintf(out, " %s", value);
}

static void print_values(FILE *out)
{
    pe_page_print_values(out, &(pe_page_values){.before = "      ",
                                                .between = ") _pengine_strings",
                                                .after = " ;;\n",
                                                .between_bool = ") compadd --",
                                                .print = print_value});
}

/* ":PATH:_files", what completes the value. */
static void print_action(FILE *out, const struct argp_option *option)
{
    const pe_page_value value = pe_page_value_of(option);
    if (value == PE_PAGE_NOTHING)
        return;
    fprintf(out, "%s:", pe_page_is_optional(option) ? ":" : "");
    fprintf(out, "%s:", option->arg);
    if (value == PE_PAGE_KEY)
        fprintf(out, "_pengine_set");
    else if (value == PE_PAGE_FILE)
        fprintf(out, "_files");
    else if (value == PE_PAGE_WORD) {
        fprintf(out, "(");
        pe_page_words(out, option);
        fprintf(out, ")");
    }
}

/* '*'{-s,--set=}'[help]:KEY=VALUE:_pengine_set': the option may come again. */
static void print_option(FILE *out, const struct argp_option *option)
{
    const char *const equals = option->arg == NULL ? "" : pe_page_is_optional(option) ? "=-" : "=";
    fprintf(out, "  ");
    if (pe_page_has_letter(option))
        fprintf(out, "'*'{-%c%s,--%s%s}'", option->key, option->arg == NULL ? "" : "+", option->name, equals);
    else
        fprintf(out, "'*--%s%s", option->name, equals);
    fprintf(out, "[");
    print_quoted(out, option->doc, "[]");
    fprintf(out, "]");
    print_action(out, option);
    fprintf(out, "' \\\n");
}

static void print_options(FILE *out)
{
    for (const struct argp_option *option = pe_cli_table; option->name != NULL; option++)
        print_option(out, option);
}

const pe_page_hole pe_page_zsh_holes[] = {
    {"zsh_keys", print_keys}, {"zsh_values", print_values}, {"zsh_options", print_options}, {NULL, NULL}};

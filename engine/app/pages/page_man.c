/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* page_man.c - the tables of options, keys and kernels as roff, for the man pages.
 *
 * Threads:  no state.
 * Not here: the prose of the pages (packaging/pages).
 */
#include <limits.h>
#include <string.h>

#include "app/cli_options.h"
#include "app/pages/pages.h"
#include "kernel/registry.h"
#include "types/dtype.h"

/* Characters that roff takes for commands, or that a terminal would show as others. */
static const char *escape_of(char letter)
{
    static const struct {
        char letter;
        const char *escape;
    } escapes[] = {{'\\', "\\e"}, {'-', "\\-"}, {'\'', "\\(aq"}, {'`', "\\(ga"}, {'^', "\\(ha"}, {'~', "\\(ti"}};
    for (size_t i = 0; i < sizeof escapes / sizeof *escapes; i++)
        if (escapes[i].letter == letter)
            return escapes[i].escape;
    return NULL;
}

/* Prints text that fills lines, with a line break in place of a space where the line gets long. */
static void print_text_within(FILE *out, const char *text, int columns)
{
    int column = 0;
    for (; *text != '\0'; text++) {
        const char *const escape = escape_of(*text);
        const char letter = *text == ' ' && column > columns ? '\n' : *text;
        if (column == 0 && (letter == '.' || letter == '\''))
            fprintf(out, "\\&");
        if (escape != NULL)
            fprintf(out, "%s", escape);
        else
            (void)fputc(letter, out);
        column = letter == '\n' ? 0 : column + (escape != NULL ? (int)strlen(escape) : 1);
    }
}

static void print_text(FILE *out, const char *text)
{
    print_text_within(out, text, INT_MAX);
}

static void print_line(FILE *out, const char *text)
{
    print_text(out, text);
    fprintf(out, "\n");
}

/* Prints a sentence that begins after a word or two; `end` ends it. */
static void print_prose(FILE *out, const char *text, const char *end)
{
    print_text_within(out, text, 50);
    fprintf(out, "%s\n", end);
}

static void print_usage(FILE *out)
{
    fprintf(out, ".nf\n");
    for (size_t i = 0; pe_cli_usage[i] != NULL; i++)
        print_line(out, pe_cli_usage[i]);
    fprintf(out, ".fi\n");
}

static void print_about(FILE *out)
{
    print_text(out, pe_cli_about);
}

static void print_example(FILE *out)
{
    print_text(out, pe_cli_example);
}

static void print_oneline(FILE *out)
{
    print_text(out, pe_cli_oneline);
}

static void print_oneline_words(FILE *out)
{
    print_text_within(out, pe_cli_oneline_words, 50);
}

static void print_option(FILE *out, const struct argp_option *option)
{
    const bool is_optional = pe_page_is_optional(option);
    fprintf(out, ".TP\n");
    if (pe_page_has_letter(option))
        fprintf(out, "\\fB\\-%c\\fR, ", option->key);
    fprintf(out, "\\fB\\-\\-");
    print_text(out, option->name);
    if (option->arg != NULL) {
        fprintf(out, "\\fR%s\\fI", is_optional ? "[=" : " ");
        print_text(out, option->arg);
        fprintf(out, "\\fR%s\n", is_optional ? "]" : "");
    } else {
        fprintf(out, "\\fR\n");
    }
    print_prose(out, option->doc, "");
}

static void print_options(FILE *out)
{
    for (const struct argp_option *option = pe_cli_table; option->name != NULL; option++)
        print_option(out, option);
}

static void print_exit(FILE *out, int code, const char *sentence)
{
    fprintf(out, ".TP\n.B %d\n", code);
    print_line(out, sentence);
}

static void print_exits(FILE *out)
{
    pe_cli_each_exit(out, print_exit);
}

static void print_kernels(FILE *out)
{
    size_t count = 0;
    const pe_kernel *const *const kernels = pe_registry_all(&count);
    for (size_t k = 0; k < count; k++) {
        fprintf(out, ".TP\n\\fB%s\\fR ", kernels[k]->name);
        print_line(out, kernels[k]->signature);
        print_prose(out, kernels[k]->summary, "");
    }
}

/* What follows one of a list of names, before `left` others; each name has a line of its own. */
static const char *separator(int left)
{
    return left == 0 ? "" : left == 1 ? " or\n" : ",\n";
}

/* "range, linspace or path": the kinds whose bits are set. */
static void print_kinds(FILE *out, const pe_key_table *table, unsigned kinds)
{
    int left = 0;
    for (unsigned rest = kinds; rest != 0; rest &= rest - 1)
        left++;
    for (size_t i = 0; i < table->kind_count; i++)
        if ((kinds & 1u << i) != 0)
            fprintf(out, "%s%s", table->kinds[i], separator(--left));
}

static void print_key(FILE *out, const pe_key_table *table, const pe_key *key)
{
    char valid[PE_VALID_ROOM];
    const unsigned beside = pe_schema_beside(table, key);
    const char *const fallback = key->fallback != NULL ? key->fallback : key->unset;
    fprintf(out, ".TP\n.B ");
    pe_page_key_name(out, table->name, key);
    fprintf(out, "\n");
    print_prose(out, key->help, ".");
    fprintf(out, ".br\nTakes ");
    print_prose(out, pe_schema_valid(key, valid), ".");
    if (fallback != NULL) {
        fprintf(out, ".br\nDefault: ");
        print_prose(out, fallback, ".");
    }
    if (beside != 0) {
        fprintf(out, ".br\nOnly beside ");
        print_kinds(out, table, beside);
        fprintf(out, ".\n");
    }
}

static void print_table(FILE *out, const pe_key_table *table)
{
    if (*table->name == '\0')
        fprintf(out, ".SH TOP LEVEL\n");
    else
        fprintf(out, ".SH [%s]\n", table->name);
    if (strcmp(table->name, "input") == 0)
        fprintf(out, "One table, or one [[input]] for each argument of a starmap.\n");
    if (strcmp(table->name, "reduce") == 0)
        fprintf(out, "In place of [output].\n");
    if (table->kind_count > 0) {
        fprintf(out, "Exactly one of ");
        print_kinds(out, table, (1u << table->kind_count) - 1);
        fprintf(out, " must be given.\n");
    }
    for (size_t i = 0; i < table->count; i++)
        print_key(out, table, &table->keys[i]);
}

static void print_tables(FILE *out)
{
    size_t count = 0;
    const pe_key_table *const *const tables = pe_schema_tables(&count);
    for (size_t t = 0; t < count; t++)
        print_table(out, tables[t]);
}

static void print_dtypes(FILE *out)
{
    const int count = pe_dtype_count();
    for (int dtype = 1; dtype <= count; dtype++)
        fprintf(out, "%s%s", pe_dtype_name((pe_dtype)dtype), dtype + 1 == count ? " and\n" : separator(count - dtype));
}

const pe_page_hole pe_page_man_holes[] = {{"man_usage", print_usage},
                                          {"man_oneline", print_oneline},
                                          {"man_oneline_words", print_oneline_words},
                                          {"man_about", print_about},
                                          {"man_example", print_example},
                                          {"man_options", print_options},
                                          {"man_exits", print_exits},
                                          {"man_kernels", print_kernels},
                                          {"man_tables", print_tables},
                                          {"man_dtypes", print_dtypes},
                                          {NULL, NULL}};

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* pages.h - what fills the holes in the templates of packaging/pages: the tables of options, keys and kernels.
 */
#ifndef PE_PAGES_H
#define PE_PAGES_H

#include <argp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "job/schema/schema.h"

/* A hole: "@man_options@" in a template becomes what print prints. */
typedef struct pe_page_hole {
    const char *name;
    void (*print)(FILE *out);
} pe_page_hole;

/* The holes of each kind of page; the last name is NULL. */
extern const pe_page_hole pe_page_man_holes[], pe_page_bash_holes[], pe_page_zsh_holes[], pe_page_fish_holes[];

/* What the value of an option is. It follows from the name that the table gives it. */
typedef enum pe_page_value {
    PE_PAGE_NOTHING, /* the option takes no value */
    PE_PAGE_WORD,    /* one of the words that the name lists ("auto/always/never", "syntax"), KERNEL, FORM */
    PE_PAGE_FILE,    /* PATH, FILE, FILE.json, INPUT */
    PE_PAGE_KEY,     /* KEY=VALUE */
    PE_PAGE_OTHER    /* N, LIST, K/N */
} pe_page_value;

pe_page_value pe_page_value_of(const struct argp_option *option);
bool pe_page_has_letter(const struct argp_option *option);
bool pe_page_is_optional(const struct argp_option *option);

/* pe_page_words - print the words of an option's value, separated by spaces. */
void pe_page_words(FILE *out, const struct argp_option *option);
/* pe_page_escaped - print text with `before` in front of each of its characters that is one of `special`. */
void pe_page_escaped(FILE *out, const char *text, const char *special, const char *before);

/* pe_page_each_key - call print for each key, in the order of --help. */
typedef void (*pe_page_key_printer)(FILE *out, const char *table, const pe_key *key);
void pe_page_each_key(FILE *out, pe_page_key_printer print);
/* pe_page_key_name - print "input.range", or "mode" of the top level. */
void pe_page_key_name(FILE *out, const char *table, const pe_key *key);

/* How a page lists the values of a key: before KEY between VALUE... after. */
typedef void (*pe_page_value_printer)(FILE *out, const char *value, bool is_string); /* is_string: TOML quotes it */
typedef struct pe_page_values {
    const char *before, *between, *after;
    const char *between_bool; /* in place of between, for true and false; NULL: the same */
    pe_page_value_printer print;
} pe_page_values;

/* pe_page_print_values - list each key whose values can be listed: words, dtypes, the built-in kernels, true and false. */
void pe_page_print_values(FILE *out, const pe_page_values *page);

#endif

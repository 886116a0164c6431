/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* page_tables.c - what all pages ask the tables of options, keys and kernels.
 *
 * Threads:  no state.
 * Not here: the form of a page (page_man.c and the files beside it).
 */
#include <string.h>

#include "app/cli_options.h"
#include "app/examples.h"
#include "app/pages/pages.h"
#include "kernel/registry.h"
#include "types/dtype.h"

pe_page_value pe_page_value_of(const struct argp_option *option)
{
    const char *const name = option->arg;
    if (name == NULL)
        return PE_PAGE_NOTHING;
    if (strcmp(name, "KERNEL") == 0 || strcmp(name, "FORM") == 0)
        return PE_PAGE_WORD;
    if (strspn(name, "abcdefghijklmnopqrstuvwxyz/") == strlen(name))
        return PE_PAGE_WORD;
    if (strcmp(name, "KEY=VALUE") == 0)
        return PE_PAGE_KEY;
    const bool is_file = strncmp(name, "PATH", 4) == 0 || strncmp(name, "FILE", 4) == 0 || strcmp(name, "INPUT") == 0;
    return is_file ? PE_PAGE_FILE : PE_PAGE_OTHER;
}

bool pe_page_has_letter(const struct argp_option *option)
{
    return option->key < PE_OPTION_CHECK;
}

bool pe_page_is_optional(const struct argp_option *option)
{
    return (option->flags & OPTION_ARG_OPTIONAL) != 0;
}

void pe_page_escaped(FILE *out, const char *text, const char *special, const char *before)
{
    for (; *text != '\0'; text++)
        fprintf(out, "%s%c", strchr(special, *text) == NULL ? "" : before, *text);
}

void pe_page_each_key(FILE *out, pe_page_key_printer print)
{
    size_t count = 0;
    const pe_key_table *const *const tables = pe_schema_tables(&count);
    for (size_t t = 0; t < count; t++)
        for (size_t i = 0; i < tables[t]->count; i++)
            print(out, tables[t]->name, &tables[t]->keys[i]);
}

void pe_page_key_name(FILE *out, const char *table, const pe_key *key)
{
    fprintf(out, "%s%s%s", table, *table == '\0' ? "" : ".", key->name);
}

static size_t each_kernel(FILE *out, pe_page_value_printer print)
{
    size_t count = 0;
    const pe_kernel *const *const kernels = pe_registry_all(&count);
    for (size_t k = 0; k < count; k++) /* the descriptors of one name follow one another */
        if (k == 0 || strcmp(kernels[k]->name, kernels[k - 1]->name) != 0)
            print(out, kernels[k]->name, true);
    return count;
}

static void print_word(FILE *out, const char *value, bool is_string)
{
    (void)is_string;
    fprintf(out, "%s ", value);
}

void pe_page_words(FILE *out, const struct argp_option *option)
{
    if (strcmp(option->arg, "KERNEL") == 0) {
        (void)each_kernel(out, print_word);
        return;
    }
    const bool is_form = strcmp(option->arg, "FORM") == 0;
    for (const char *at = is_form ? pe_example_forms() : option->arg; *at != '\0'; at++)
        (void)fputc(strchr("/,|", *at) == NULL ? *at : ' ', out);
}

static size_t each_word(FILE *out, const pe_word *words, pe_page_value_printer print)
{
    size_t count = 0;
    for (; words[count].name != NULL; count++)
        print(out, words[count].name, true);
    return count;
}

static size_t each_dtype(FILE *out, pe_page_value_printer print)
{
    for (int dtype = 1; dtype <= pe_dtype_count(); dtype++)
        print(out, pe_dtype_name((pe_dtype)dtype), true);
    return (size_t)pe_dtype_count();
}

/* Prints each value of a key whose values can be listed: words, dtypes, the built-in kernels, true and false. Returns their
 * number, 0 for other keys. */
static size_t each_value(FILE *out, const char *table, const pe_key *key, pe_page_value_printer print)
{
    if (strcmp(table, "kernel") == 0 && strcmp(key->name, "name") == 0)
        return each_kernel(out, print);
    if (key->words != NULL)
        return each_word(out, key->words, print);
    if (key->type == PE_KEY_TYPE || key->type == PE_KEY_TYPES || key->type == PE_KEY_DTYPE)
        return each_dtype(out, print);
    if (key->type == PE_KEY_AUTO_INTEGER) {
        print(out, "auto", true);
        return 1;
    }
    if (key->type == PE_KEY_LIMIT) {
        print(out, "auto", true);
        print(out, "none", true);
        return 2;
    }
    if (key->type != PE_KEY_BOOL)
        return 0;
    print(out, "true", false);
    print(out, "false", false);
    return 2;
}

static void ignore(FILE *out, const char *value, bool is_string)
{
    (void)out, (void)value, (void)is_string;
}

static void print_values(FILE *out, const pe_page_values *page, const char *table, const pe_key *key)
{
    if (each_value(out, table, key, ignore) == 0)
        return;
    fprintf(out, "%s", page->before);
    pe_page_key_name(out, table, key);
    const bool is_other = key->type == PE_KEY_BOOL && page->between_bool != NULL;
    fprintf(out, "%s", is_other ? page->between_bool : page->between);
    (void)each_value(out, table, key, page->print);
    fprintf(out, "%s", page->after);
}

void pe_page_print_values(FILE *out, const pe_page_values *page)
{
    size_t count = 0;
    const pe_key_table *const *const tables = pe_schema_tables(&count);
    for (size_t t = 0; t < count; t++)
        for (size_t i = 0; i < tables[t]->count; i++)
            print_values(out, page, tables[t]->name, &tables[t]->keys[i]);
}

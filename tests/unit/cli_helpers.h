/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* cli_helpers.h - parses command lines, and checks options and error messages.
 */
#ifndef PE_TEST_CLI_HELPERS_H
#define PE_TEST_CLI_HELPERS_H

#include <stdbool.h>
#include <string.h>

/* The app is no part of the library, so its files come in as they are. */
#include "app/cli.c"
#include "app/cli_explain.c"
#include "app/cli_help.c"
#include "app/cli_keys.c"
#include "app/cli_overrides.c"
#include "app/cli_together.c"
#include "app/examples.c"
#include "app/oneline.c"
#include "app/oneline_kernel.c"
#include "unit.h"

#define MOST_WORDS 16

/* The words of a line, split at spaces; a tab stands for a space inside a word, ~ for an empty word. */
typedef struct words {
    char text[300];
    char *argv[MOST_WORDS + 1];
    int argc;
} words;

static inline void split(const char *line, words *out)
{
    memset(out, 0, sizeof *out);
    snprintf(out->text, sizeof out->text, "pengine %s", line);
    for (char *at = out->text; *at != '\0' && out->argc < MOST_WORDS;) {
        char *const end = at + strcspn(at, " ");
        const bool is_over = *end == '\0';
        *end = '\0';
        if (*at != '\0')
            out->argv[out->argc++] = strcmp(at, "~") == 0 ? end : at;
        for (; at < end; at++)
            *at = *at == '\t' ? ' ' : *at;
        at = is_over ? end : end + 1;
    }
}

static inline pe_options parse_words(words *line)
{
    pe_error err = PE_ERROR_INIT;
    pe_options options;
    ck_ok(pe_cli_parse(line->argc, line->argv, &options, &err), err);
    return options;
}

static inline void refuse(const char *line, const char *expected)
{
    words in;
    pe_error err = PE_ERROR_INIT;
    pe_options options;
    split(line, &in);
    const pe_status status = pe_cli_parse(in.argc, in.argv, &options, &err);
    ck_assert_msg(status == PE_EUSAGE, "status %d for: %s", (int)status, line);
    ck_assert_int_eq(pe_status_exit(err.status), 64);
    ck_assert_str_eq(err.text, expected);
    pe_cli_free(&options);
}

static inline void refuse_beginning(const char *line, const char *expected)
{
    words in;
    pe_error err = PE_ERROR_INIT;
    pe_options options;
    split(line, &in);
    ck_assert_int_eq(pe_cli_parse(in.argc, in.argv, &options, &err), PE_EUSAGE);
    ck_assert_msg(strncmp(err.text, expected, strlen(expected)) == 0, "%s", err.text);
    pe_cli_free(&options);
}

static inline void check_override(const pe_options *options, size_t i, const char *key, const char *value,
                                  const char *origin)
{
    ck_assert_uint_lt(i, options->run.override_count);
    ck_assert_str_eq(options->run.overrides[i].key, key);
    ck_assert_str_eq(options->run.overrides[i].value, value);
    ck_assert_str_eq(options->run.overrides[i].origin, origin);
}

/* The last override of this key among those of a line; "": there is none. */
static inline void line_gives(const char *line, const char *key, const char *value)
{
    words in;
    const char *last = "";
    split(line, &in);
    pe_options options = parse_words(&in);
    for (size_t i = 0; i < options.run.override_count; i++)
        if (strcmp(options.run.overrides[i].key, key) == 0)
            last = options.run.overrides[i].value;
    ck_assert_str_eq(last, value);
    pe_cli_free(&options);
}

#endif

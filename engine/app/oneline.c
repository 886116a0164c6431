/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* oneline.c - a job that is the command line itself.
 *
 * Design:   -i and -k are turned into overrides of an empty job, so that all checks and messages are those of a job file.
 *           A message about one opens with what was typed: "-i 0:x". A program's stdout passes as it is (format bytes),
 *           and an item that fails does not end the others, as with xargs.
 * Threads:  no state.
 * Not here: which kernel -k means (oneline_kernel.c), argv (cli.c).
 */
#include "app/oneline.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/oneline_kernel.h"
#include "base/enum_names.h"

#define NUMBER_BYTES "0123456789+-._eE"

bool pe_oneline_is_given(const pe_oneline *self)
{
    return self->input_count > 0 || self->kernel != NULL || self->has_dashes;
}

/* Without -i the items are those of stdin, but where --set names others. */
static bool is_stdin_implied(const pe_oneline *self, const pe_overrides *given)
{
    static const char *const others[] = {"input.range",  "input.linspace", "input.logspace", "input.value",
                                         "input.values", "input.path",     "input.glob"};
    bool is_implied = self->input_count == 0;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        is_implied = is_implied && !pe_overrides_has(given, others[i]);
    return is_implied;
}

bool pe_oneline_reads_stdin(const pe_oneline *self, const pe_overrides *given)
{
    bool reads = is_stdin_implied(self, given);
    for (int i = 0; i < self->input_count; i++)
        reads = reads || strcmp(self->inputs[i], "-") == 0;
    return reads;
}

/* ---- inputs ---- */

/* "0:10", "0.5:2:0.1": two or three numbers; *is_real: one of them is written as a float. */
static bool is_range(const char *text, bool *is_real)
{
    int numbers = 0;
    *is_real = false;
    while (numbers < 3) {
        const size_t size = strspn(text, NUMBER_BYTES);
        const size_t sign = *text == '-' || *text == '+' ? 1 : 0;
        const bool has_digit = text[sign] >= '0' && text[sign] <= '9';
        if (!has_digit && !(text[sign] == '.' && text[sign + 1] >= '0' && text[sign + 1] <= '9'))
            return false;
        *is_real = *is_real || memchr(text, '.', size) != NULL || memchr(text, 'e', size) != NULL ||
                   memchr(text, 'E', size) != NULL;
        numbers++;
        text += size;
        if (*text == '\0')
            return numbers >= 2;
        if (*text++ != ':')
            return false;
    }
    return false;
}

/* One bound as TOML: an integer beyond 64 bits is a string, one among floats a float, and a float has digits on both sides
 * of its point. */
static pe_status put_bound(const char *text, size_t size, bool is_real, pe_buffer *out, pe_error *err)
{
    const bool is_signed = *text == '-' || *text == '+';
    const bool is_float =
        memchr(text, '.', size) != NULL || memchr(text, 'e', size) != NULL || memchr(text, 'E', size) != NULL;
    if (!is_real)
        return pe_buffer_printf(out, err, size > 18 ? "\"%.*s\"" : "%.*s", (int)size, text);
    const bool lacks_zero = text[is_signed ? 1 : 0] == '.';
    return pe_buffer_printf(out, err, "%.*s%s%.*s%s", is_signed ? 1 : 0, text, lacks_zero ? "0" : "",
                            (int)(size - (is_signed ? 1 : 0)), text + (is_signed ? 1 : 0),
                            text[size - 1] == '.' ? "0"
                            : is_float            ? ""
                                                  : ".0");
}

static pe_status put_range(const char *text, bool is_real, pe_buffer *out, pe_error *err)
{
    pe_status status = pe_buffer_append(out, "[", 1, err);
    while (*text != '\0' && status == PE_OK) {
        const size_t size = strcspn(text, ":");
        status = put_bound(text, size, is_real, out, err);
        text += size + (text[size] == ':' ? 1 : 0);
        if (status == PE_OK)
            status = pe_buffer_printf(out, err, *text == '\0' ? "]" : ", ");
    }
    return status;
}

/* A file of a suffix that says nothing of a format is read by lines, as xargs -a would. */
static bool is_plain_text(const char *path)
{
    static const char *const plain[] = {".list", ".lst", ".log", ".text", ".lines"};
    const char *const slash = strrchr(path, '/');
    const char *const dot = strrchr(slash == NULL ? path : slash, '.');
    bool is_plain = dot == NULL || strncmp(path, "/dev/", strlen("/dev/")) == 0;
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        is_plain = is_plain || strcmp(dot, plain[i]) == 0;
    return is_plain;
}

static pe_status add_file(const char *path, const char *prefix, const char *origin, const pe_overrides *given,
                          pe_overrides *out, pe_error *err)
{
    char key[32];
    (void)snprintf(key, sizeof key, "%spath", prefix);
    const pe_status status = pe_overrides_add_string(out, origin, key, path, err);
    (void)snprintf(key, sizeof key, "%sformat", prefix);
    const bool is_known = strcmp(path, "-") == 0 || !is_plain_text(path) || pe_overrides_has(given, key);
    return status != PE_OK || is_known ? status : pe_overrides_add_string(out, origin, key, "txt", err);
}

/* "10", "1..10", "0-9", "0:n": a range as others write it, unless there is a file of this name. */
static pe_status check_file(const char *text, pe_error *err)
{
    const size_t numbers = strspn(text, NUMBER_BYTES ":"), digits = strcspn(text, "0123456789");
    const bool is_like_range = digits < numbers && (text[numbers] == '\0' || text[numbers - 1] == ':');
    if (!is_like_range || access(text, F_OK) == 0)
        return PE_OK;
    return pe_fail(
        err, PE_ENOINPUT,
        "-i %s: there is no such file, and a range is START:STOP or START:STOP:STEP in numbers, such as 0:10; "
        "see pengine --help",
        text);
}

static pe_status add_range(const char *text, bool is_real, const char *prefix, const char *origin, pe_overrides *out,
                           pe_error *err)
{
    char key[32];
    pe_buffer value = {0};
    const int size = snprintf(key, sizeof key, "%srange", prefix);
    pe_status status = put_range(text, is_real, &value, err);
    if (status == PE_OK)
        status = pe_overrides_add(out, origin, key, (size_t)size, (const char *)value.data, value.size, err);
    pe_buffer_fini(&value);
    return status;
}

static pe_status add_one(const pe_oneline *self, int number, const pe_overrides *given, pe_overrides *out,
                         pe_error *err)
{
    char prefix[24] = "input.";
    bool is_real = false;
    const char *const text = self->input_count == 0 ? "-" : self->inputs[number];
    pe_buffer origin = {0};
    if (self->input_count > 1)
        (void)snprintf(prefix, sizeof prefix, "input.%d.", number);
    pe_status status = pe_buffer_printf(&origin, err, "-i %s", text);
    if (status == PE_OK && *text == '\0')
        status =
            pe_fail(err, PE_EUSAGE,
                    "--input: expected a range such as 0:10, a file, or - for stdin, got \"\"; see pengine --help");
    if (status == PE_OK && is_range(text, &is_real))
        status = add_range(text, is_real, prefix, (const char *)origin.data, out, err);
    else if (status == PE_OK && check_file(text, err) != PE_OK)
        status = err->status;
    else if (status == PE_OK)
        status = add_file(text, prefix, (const char *)origin.data, given, out, err);
    pe_buffer_fini(&origin);
    return status;
}

/* ---- the whole job ---- */

/* A file with columns may give several arguments; a star mode takes one too. */
static bool may_have_columns(const pe_oneline *self)
{
    bool is_real = false;
    if (self->input_count != 1 || is_range(self->inputs[0], &is_real))
        return self->input_count > 1;
    const pe_format format = pe_format_by_suffix(self->inputs[0]);
    return format != PE_FORMAT_AUTO && format != PE_FORMAT_TXT && format != PE_FORMAT_RAW;
}

/* Several inputs are tables of an array, which an override reaches by number. */
static pe_status put_tables(int count, pe_buffer *out, pe_error *err)
{
    pe_status status = pe_buffer_append(out, "", 0, err);
    for (int i = 0; i < count && count > 1 && status == PE_OK; i++)
        status = pe_buffer_printf(out, err, "[[input]]\n");
    return status;
}

/* Is there a ::: as of GNU parallel? Here it would be an argument of the program, which is not what the user means. */
static bool has_colons(const pe_oneline *self)
{
    bool is_found = false;
    for (int w = 1; w < self->word_count && strcmp(self->words[0], "parallel") != 0; w++)
        is_found = is_found || strcmp(self->words[w], ":::") == 0 || strcmp(self->words[w], "::::") == 0;
    return is_found;
}

static pe_status check(const pe_oneline *self, pe_error *err)
{
    if (has_colons(self))
        return pe_fail(err, PE_EUSAGE,
                       "-- %s: ::: is GNU parallel's; here items are the lines of stdin, or those of -i FILE: printf "
                       "'%%s\\n' 1 2 3 | pengine -- %s {}; see pengine --help",
                       self->words[0], self->words[0]);
    if (self->has_dashes && self->word_count == 0)
        return pe_fail(err, PE_EUSAGE, "--: expected a program after it, such as -- wc -l {}; see pengine --help");
    if (self->has_dashes && self->kernel != NULL)
        return pe_fail(err, PE_EUSAGE, "expected a kernel (-k %s) or a program (-- %s), not both; see pengine --help",
                       self->kernel, self->words[0]);
    if (!self->has_dashes && self->kernel == NULL)
        return pe_fail(err, PE_EUSAGE,
                       "-i %s says what the items are, and nothing what to do with them: add -k KERNEL, such as "
                       "-k 'x*x', or -- PROGRAM; see pengine --help",
                       self->inputs[0]);
    return PE_OK;
}

pe_status pe_oneline_make(const pe_oneline *self, const pe_overrides *given, pe_overrides *out, pe_buffer *job_text,
                          pe_error *err)
{
    pe_status status = check(self, err);
    const int inputs = is_stdin_implied(self, given) ? 1 : self->input_count;
    if (status == PE_OK)
        status = put_tables(inputs, job_text, err);
    if (status == PE_OK)
        status =
            pe_overrides_add_string(out, "the command line", "mode", may_have_columns(self) ? "istarmap" : "imap", err);
    for (int i = 0; i < inputs && status == PE_OK; i++)
        status = add_one(self, i, given, out, err);
    if (status != PE_OK)
        return status;
    return self->has_dashes ? pe_oneline_add_program(self, given, out, err) : pe_oneline_add_kernel(self, out, err);
}

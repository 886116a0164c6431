/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* job_helpers.h - reads and prints job files, and checks error messages.
 */
#ifndef PE_TEST_JOB_HELPERS_H
#define PE_TEST_JOB_HELPERS_H

#include <stdio.h>
#include <string.h>

#include "job/job.h"
#include "unit.h"

#define KERNEL "kernel.name = \"square\"\n"
#define RANGE "input.range = [0, 10]\n"

static inline pe_job *read_job(const char *text)
{
    pe_error err = PE_ERROR_INIT;
    pe_job *job = NULL;
    ck_ok(pe_job_read("dir/job.toml", text, strlen(text), NULL, 0, &job, &err), err);
    return job;
}

static inline pe_job *read_input(const char *input)
{
    char text[1000];
    snprintf(text, sizeof text, KERNEL "[input]\n%s\n", input);
    return read_job(text);
}

/* The message is `expected`, or opens with it when it ends in "...". */
static inline void check_message(const pe_error *err, const char *expected)
{
    const size_t size = strlen(expected);
    const bool is_opening = size > 3 && strcmp(expected + size - 3, "...") == 0;
    if (is_opening)
        ck_assert_msg(strncmp(err->text, expected, size - 3) == 0, "got: %s\nnot: %s", err->text, expected);
    else
        ck_assert_str_eq(err->text, expected);
}

static inline void refuse(const char *text, const char *expected)
{
    pe_error err = PE_ERROR_INIT;
    pe_job *job = NULL;
    const pe_status status = pe_job_read("job.toml", text, strlen(text), NULL, 0, &job, &err);
    ck_assert_msg(status == PE_ECONFIG, "status %d for: %s", (int)status, text);
    ck_assert_ptr_null(job);
    check_message(&err, expected);
}

/* The text stands in line 3. */
static inline void refuse_input(const char *input, const char *expected)
{
    char text[4000];
    snprintf(text, sizeof text, KERNEL "[input]\n%s\n", input);
    refuse(text, expected);
}

static inline pe_status read_with(const char *text, const char *key, const char *value, pe_job **job, pe_error *err)
{
    char origin[200];
    snprintf(origin, sizeof origin, "--set %s=%s", key, value);
    const pe_override one = {key, value, origin};
    return pe_job_read("job.toml", text, strlen(text), &one, 1, job, err);
}

static inline void refuse_set(const char *key, const char *value, const char *expected)
{
    pe_error err = PE_ERROR_INIT;
    pe_job *job = NULL;
    const pe_status status = read_with(RANGE KERNEL, key, value, &job, &err);
    ck_assert_msg(status == PE_EUSAGE, "status %d for %s=%s: %s", (int)status, key, value, err.text);
    ck_assert_ptr_null(job);
    check_message(&err, expected);
}

static inline char *print_job(const pe_job *job)
{
    pe_error err = PE_ERROR_INIT;
    char *text = NULL;
    size_t size = 0;
    FILE *const out = open_memstream(&text, &size);
    ck_assert_ptr_nonnull(out);
    ck_ok(pe_job_print(job, out, &err), err);
    ck_assert_int_eq(fclose(out), 0);
    return text;
}

/* Reads, prints, reads what was printed, prints again: the same text. Returns the job read from the printed text. */
static inline pe_job *read_again(const char *text)
{
    pe_job *first = read_job(text);
    char *printed = print_job(first);
    pe_job *second = read_job(printed);
    char *again = print_job(second);
    ck_assert_str_eq(again, printed);
    free(again);
    free(printed);
    pe_job_free(first);
    return second;
}

#endif

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* form_helpers.h - a test fixture for a kernel in any form: one worker in a directory of its own, columns in, results out.
 */
#ifndef PE_TEST_FORM_HELPERS_H
#define PE_TEST_FORM_HELPERS_H

#include <check.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "kernel/call.h"
#include "kernel/form.h"
#include "unit.h"

#define FORM_ITEMS 5000
#define SECOND ((uint64_t)1000000000)
#define INT64 ((pe_type){.dtype = PE_INT64})
#define FLOAT64 ((pe_type){.dtype = PE_FLOAT64})
#define TEXT ((pe_type){.dtype = PE_TEXT})

static char form_home[] = "/tmp/pengine_form_XXXXXX";
static pe_type form_columns[4];
static bool form_untyped[4];
static pe_form_spec form_spec;
static pe_form *form_opened;
static pe_call *form_call;
static pe_error form_error = PE_ERROR_INIT;
static const void *form_args[4];
static union {
    int64_t integers[FORM_ITEMS];
    double reals[FORM_ITEMS];
    pe_text texts[FORM_ITEMS];
    pe_int128 wide[FORM_ITEMS];
    unsigned char bytes[FORM_ITEMS];
} form_out[3];
static int64_t form_numbers[FORM_ITEMS]; /* 0, 1, 2 ... */

static inline void write_file(const char *name, const char *text)
{
    FILE *const file = fopen(name, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

/* The kernel files lie here, and so does the test. */
static inline void enter_form(pe_form_kind kind)
{
    ck_assert_ptr_nonnull(mkdtemp(form_home));
    ck_assert_int_eq(chdir(form_home), 0);
    for (int64_t i = 0; i < FORM_ITEMS; i++)
        form_numbers[i] = i;
    form_columns[0] = INT64;
    form_args[0] = form_numbers;
    form_spec = (pe_form_spec){.kind = kind,
                               .where = "job.toml:3:1",
                               .directory = form_home,
                               .columns = form_columns,
                               .untyped = form_untyped,
                               .column_count = 1};
}

static inline void open_form(void)
{
    ck_ok(pe_form_open(&form_spec, NULL, &form_opened, &form_error), form_error);
    ck_ok(pe_call_make(pe_form_kernel(form_opened), pe_form_signature(form_opened), &form_spec.setup, &form_call,
                       &form_error),
          form_error);
}

/* The form is refused with a status and this very text. */
static inline void check_refused(pe_status status, const char *text)
{
    ck_assert_int_eq(pe_form_open(&form_spec, NULL, &form_opened, &form_error), status);
    ck_assert_str_eq(form_error.text, text);
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
}

/* f.py with this text, its function f with this signature. */
static inline void open_python(const char *text, const char *signature)
{
    if (form_spec.where == NULL)
        enter_form(PE_FORM_PYTHON);
    write_file("f.py", text);
    form_spec.python = "f.py:f";
    form_spec.signature = signature;
    open_form();
}

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static inline void set_command(const char *const *command)
{
    static const char *words[8];
    int count = 0;
    for (; command[count] != NULL; count++)
        words[count] = command[count];
    form_spec.command = words;
    form_spec.command_count = count;
}

static inline void open_command(const char *signature, const char *const *command)
{
    set_command(command);
    form_spec.signature = signature;
    open_form();
}

/* The worker and the form go, another may come. */
static inline void close_form(void)
{
    pe_call_free(form_call);
    pe_form_close(form_opened);
    form_call = NULL;
    form_opened = NULL;
}

/* The number of failed items among the first `count`. */
static inline size_t run_items(size_t count)
{
    void *const results[] = {&form_out[0], &form_out[1], &form_out[2]};
    size_t failed = 0;
    ck_ok(pe_call_run(form_call, 0, count, form_args, results, &form_error), form_error);
    (void)pe_call_failures(form_call, &failed);
    return failed;
}

static inline void check_failed(size_t n, uint64_t item, const char *reason)
{
    size_t failed = 0;
    const pe_failure *const failures = pe_call_failures(form_call, &failed);
    ck_assert_uint_lt(n, failed);
    ck_assert_str_eq(failures[n].reason, reason);
    ck_assert_uint_eq(failures[n].item, item);
}

static inline pe_text text_of(const char *text)
{
    return (pe_text){.data = text, .size = strlen(text)};
}

static inline void check_text(const pe_text *text, const char *expected)
{
    ck_assert_uint_eq(text->size, strlen(expected));
    ck_assert_int_eq(text->size == 0 ? 0 : memcmp(text->data, expected, text->size), 0);
}

/* The worker, the form and the directory go; no process of theirs stays. */
static inline void leave_form(void)
{
    char command[64];
    close_form();
    errno = 0;
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
    ck_assert_int_eq(errno, ECHILD);
    (void)snprintf(command, sizeof command, "rm -rf %s", form_home);
    ck_assert_int_eq(system(command), 0);
}

#endif

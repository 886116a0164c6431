/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* form_helpers.h - a test rig for a kernel in any form: one worker in a directory of its own, columns in, results out.
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

#define RIG_ITEMS 5000
#define SECOND ((uint64_t)1000000000)
#define INT64 ((pe_type){.dtype = PE_INT64})
#define FLOAT64 ((pe_type){.dtype = PE_FLOAT64})
#define TEXT ((pe_type){.dtype = PE_TEXT})

static char rig_home[] = "/tmp/pengine_form_XXXXXX";
static pe_type rig_columns[4];
static bool rig_untyped[4];
static pe_form_spec rig_spec;
static pe_form *rig_form;
static pe_call *rig_call;
static pe_error rig_error = PE_ERROR_INIT;
static const void *rig_args[4];
static union {
    int64_t integers[RIG_ITEMS];
    double reals[RIG_ITEMS];
    pe_text texts[RIG_ITEMS];
    pe_int128 wide[RIG_ITEMS];
    unsigned char bytes[RIG_ITEMS];
} rig_out[3];
static int64_t rig_count[RIG_ITEMS]; /* 0, 1, 2 ... */

static inline void rig_write(const char *name, const char *text)
{
    FILE *const file = fopen(name, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

/* The kernel files lie here, and so does the test. */
static inline void rig_enter(pe_form_kind kind)
{
    ck_assert_ptr_nonnull(mkdtemp(rig_home));
    ck_assert_int_eq(chdir(rig_home), 0);
    for (int64_t i = 0; i < RIG_ITEMS; i++)
        rig_count[i] = i;
    rig_columns[0] = INT64;
    rig_args[0] = rig_count;
    rig_spec = (pe_form_spec){.kind = kind,
                              .where = "job.toml:3:1",
                              .directory = rig_home,
                              .columns = rig_columns,
                              .untyped = rig_untyped,
                              .column_count = 1};
}

static inline void rig_open(void)
{
    ck_ok(pe_form_open(&rig_spec, NULL, &rig_form, &rig_error), rig_error);
    ck_ok(pe_call_make(pe_form_kernel(rig_form), pe_form_signature(rig_form), &rig_spec.setup, &rig_call, &rig_error),
          rig_error);
}

/* The form is refused with a status and this very text. */
static inline void rig_refused(pe_status status, const char *text)
{
    ck_assert_int_eq(pe_form_open(&rig_spec, NULL, &rig_form, &rig_error), status);
    ck_assert_str_eq(rig_error.text, text);
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
}

/* f.py with this text, its function f with this signature. */
static inline void rig_python(const char *text, const char *signature)
{
    if (rig_spec.where == NULL)
        rig_enter(PE_FORM_PYTHON);
    rig_write("f.py", text);
    rig_spec.python = "f.py:f";
    rig_spec.signature = signature;
    rig_open();
}

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static inline void rig_words(const char *const *command)
{
    static const char *words[8];
    int count = 0;
    for (; command[count] != NULL; count++)
        words[count] = command[count];
    rig_spec.command = words;
    rig_spec.command_count = count;
}

static inline void rig_command(const char *signature, const char *const *command)
{
    rig_words(command);
    rig_spec.signature = signature;
    rig_open();
}

/* The worker and the form go, another may come. */
static inline void rig_close(void)
{
    pe_call_free(rig_call);
    pe_form_close(rig_form);
    rig_call = NULL;
    rig_form = NULL;
}

/* The number of failed items among the first `count`. */
static inline size_t rig_run(size_t count)
{
    void *const results[] = {&rig_out[0], &rig_out[1], &rig_out[2]};
    size_t failed = 0;
    ck_ok(pe_call_run(rig_call, 0, count, rig_args, results, &rig_error), rig_error);
    (void)pe_call_failures(rig_call, &failed);
    return failed;
}

static inline void rig_failed(size_t n, uint64_t item, const char *reason)
{
    size_t failed = 0;
    const pe_failure *const failures = pe_call_failures(rig_call, &failed);
    ck_assert_uint_lt(n, failed);
    ck_assert_str_eq(failures[n].reason, reason);
    ck_assert_uint_eq(failures[n].item, item);
}

static inline pe_text rig_text(const char *text)
{
    return (pe_text){.data = text, .size = strlen(text)};
}

static inline void rig_text_is(const pe_text *text, const char *expected)
{
    ck_assert_uint_eq(text->size, strlen(expected));
    ck_assert_int_eq(text->size == 0 ? 0 : memcmp(text->data, expected, text->size), 0);
}

/* The worker, the form and the directory go; no process of theirs stays. */
static inline void rig_leave(void)
{
    char command[64];
    rig_close();
    errno = 0;
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
    ck_assert_int_eq(errno, ECHILD);
    (void)snprintf(command, sizeof command, "rm -rf %s", rig_home);
    ck_assert_int_eq(system(command), 0);
}

#endif

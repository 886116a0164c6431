/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* scratch_folder.h - a directory of the test's own: writes files in it, and checks what they hold.
 */
#ifndef PE_TEST_SCRATCH_FOLDER_H
#define PE_TEST_SCRATCH_FOLDER_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/file/file.h"
#include "unit.h"

static char scratch_home[] = "/tmp/pengine_file_XXXXXX";

/* Every test works in a directory of its own, made here and removed at the end. */
static inline void enter(void)
{
    ck_assert_ptr_nonnull(mkdtemp(scratch_home));
    ck_assert_int_eq(chdir(scratch_home), 0);
}

static inline void leave(void)
{
    static const char *const names[] = {"x",    "x.part",    "x.checkpoint", "y",   "y.part", "y.checkpoint",
                                        "link", "link.part", "hop",          "d/x", "d/y",    "d",
                                        "fifo", "fifo.part"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (unlink(names[i]) != 0)
            rmdir(names[i]);
    ck_assert_int_eq(rmdir(scratch_home), 0); /* nothing else was left behind */
}

static inline void put(const char *name, const char *text)
{
    FILE *const file = fopen(name, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

static inline bool exists(const char *name)
{
    struct stat facts;
    return lstat(name, &facts) == 0;
}

static inline void holds(const char *name, const char *expected)
{
    pe_error err = PE_ERROR_INIT;
    char *text = NULL;
    size_t size = 0;
    ck_ok(pe_file_read_all(name, 1u << 20, &text, &size, &err), err);
    ck_assert_str_eq(text, expected);
    ck_assert_uint_eq(size, strlen(expected));
    free(text);
}

static inline void says(const pe_error *err, pe_status status, const char *text)
{
    ck_assert_int_eq(err->status, status);
    ck_assert_str_eq(err->text, text);
}

#endif

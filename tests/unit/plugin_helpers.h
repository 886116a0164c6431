/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* plugin_helpers.h - compiles C text to a plugin in the test's own directory.
 */
#ifndef PE_TEST_PLUGIN_HELPERS_H
#define PE_TEST_PLUGIN_HELPERS_H

#include <check.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel/form.h"
#include "unit.h"

#define PLUGIN_HEAD "#include <stdlib.h>\n#include <string.h>\n#include <pengine/kernel.h>\n"

static char plugins_home[] = "/tmp/pengine_plugin_XXXXXX";

static inline void plugins_enter(void)
{
    ck_assert_ptr_nonnull(mkdtemp(plugins_home));
    ck_assert_int_eq(chdir(plugins_home), 0);
}

static inline void plugins_leave(void)
{
    (void)unlink("f.c");
    (void)unlink("f.so");
    ck_assert_int_eq(rmdir(plugins_home), 0);
}

/* The public headers, found from this file. */
static inline void plugins_include(char *out, size_t room)
{
    static const char here[] = __FILE__;
    const char *const tests = strstr(here, "tests/unit/");
    ck_assert_ptr_nonnull(tests);
    (void)snprintf(out, room, "-I%.*sengine/include", (int)(tests - here), here);
}

/* Writes f.c and makes f.so of it. */
static inline void plugins_make(const char *text)
{
    extern char **environ;
    char include[512];
    plugins_include(include, sizeof include);
    const char *const compiler = getenv("PENGINE_CC") != NULL ? getenv("PENGINE_CC") : "cc";
    const char *argv[] = {compiler, "-std=gnu11", "-O1", "-fPIC", "-shared", include, "-o", "f.so", "f.c", NULL};
    FILE *const file = fopen("f.c", "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(PLUGIN_HEAD, file), 0);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
    pid_t pid = 0;
    int status = -1;
    union {
        const char **given;
        char *const *wanted;
    } arguments = {argv};
    ck_assert_int_eq(posix_spawnp(&pid, argv[0], NULL, NULL, arguments.wanted, environ), 0);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
}

#endif

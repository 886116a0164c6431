/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* find_program.c - looks for a program in the folders of PATH.
 *
 * Threads:  any, while none changes the environment.
 */
#include "os/file/find_program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEFAULT_PATH "/usr/local/bin:/usr/bin:/bin"

bool pe_is_program(const char *path)
{
    struct stat facts;
    return stat(path, &facts) == 0 && S_ISREG(facts.st_mode) && access(path, X_OK) == 0;
}

bool pe_find_program(const char *name, char *out, size_t room)
{
    const char *const variable = getenv("PATH");
    const char *at = variable == NULL ? DEFAULT_PATH : variable;
    for (;;) {
        const size_t size = strcspn(at, ":"); /* an empty folder is the current one */
        const int used = snprintf(out, room, "%.*s/%s", size == 0 ? 1 : (int)size, size == 0 ? "." : at, name);
        if (used > 0 && (size_t)used < room && pe_is_program(out))
            return true;
        if (at[size] == '\0')
            return false;
        at += size + 1;
    }
}

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* out_path.c - the final name of an output, symbolic links resolved, and why a file cannot be created there.
 *
 * Design:   links are followed one by one, since realpath() fails where there is no file of the final name.
 * Threads:  any.
 */
#include "os/file/out_path.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/errno_text.h"

#define MOST_LINKS 40 /* as the limit of the kernel */

static bool directory_exists(const char *directory)
{
    struct stat facts;
    return stat(directory, &facts) == 0 && S_ISDIR(facts.st_mode);
}

pe_status pe_out_cannot_create(const char *path, int number, pe_error *err)
{
    char reason[PE_ERRNO_TEXT_SIZE], *directory = NULL;
    pe_status status = pe_copy_string(&directory, path, err);
    if (status != PE_OK)
        return status;
    char *const slash = strrchr(directory, '/');
    if (slash != NULL && slash != directory)
        *slash = '\0';
    if (number == ENOENT && slash != NULL && !directory_exists(directory))
        status = pe_fail(err, PE_EOUTPUT, "cannot create %s: the directory %s does not exist", path, directory);
    else
        status = pe_fail(err, PE_EOUTPUT, "cannot create %s: %s", path, pe_errno_text(number, reason));
    free(directory);
    return status;
}

/* One step along a symbolic link: *path becomes the name that it holds. */
static pe_status follow_link(char **path, pe_error *err)
{
    char target[PATH_MAX];
    const ssize_t size = readlink(*path, target, sizeof target - 1);
    if (size < 0)
        return pe_out_cannot_create(*path, errno, err);
    target[size] = '\0';
    const char *const slash = strrchr(*path, '/');
    const size_t kept = target[0] == '/' || slash == NULL ? 0 : (size_t)(slash + 1 - *path);
    pe_buffer name = {0};
    pe_status status = pe_buffer_append(&name, *path, kept, err);
    if (status == PE_OK)
        status = pe_buffer_append(&name, target, (size_t)size + 1, err);
    if (status != PE_OK) {
        pe_buffer_fini(&name);
        return status;
    }
    free(*path);
    *path = (char *)name.data;
    return PE_OK;
}

pe_status pe_out_resolve(const char *path, char **out, pe_error *err)
{
    struct stat facts;
    char *name = NULL;
    pe_status status = pe_copy_string(&name, path, err);
    int links = 0;
    while (status == PE_OK && lstat(name, &facts) == 0 && S_ISLNK(facts.st_mode)) {
        if (links++ == MOST_LINKS)
            status = pe_out_cannot_create(path, ELOOP, err);
        else
            status = follow_link(&name, err);
    }
    if (status != PE_OK) {
        free(name);
        return status;
    }
    *out = name;
    return PE_OK;
}

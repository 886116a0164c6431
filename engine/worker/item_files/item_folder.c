/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* item_folder.c - makes folders with their parents.
 *
 * Threads: no state.
 */
#include "worker/item_files/item_folder.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#define FOLDER_MODE 0777 /* less the umask */

static int make_one(const char *folder)
{
    struct stat facts;
    if (mkdir(folder, FOLDER_MODE) == 0)
        return 0;
    if (errno != EEXIST)
        return errno;
    return stat(folder, &facts) == 0 && !S_ISDIR(facts.st_mode) ? ENOTDIR : 0;
}

int pe_item_folder_make(const char *folder)
{
    char path[PATH_MAX];
    int number = 0;
    if (strlen(folder) >= sizeof path)
        return ENAMETOOLONG;
    memcpy(path, folder, strlen(folder) + 1);
    for (char *at = path + 1; *at != '\0' && number == 0; at++) {
        if (*at != '/')
            continue;
        *at = '\0';
        number = make_one(path);
        *at = '/';
        number = number == EACCES || number == EROFS ? 0 : number; /* a parent that is there need not be writable */
    }
    return number == 0 ? make_one(path) : number;
}

int pe_item_folder_make_for(const char *file)
{
    char path[PATH_MAX];
    const char *const slash = strrchr(file, '/');
    const size_t size = slash == NULL ? 0 : (size_t)(slash - file);
    if (size == 0)
        return 0;
    if (size >= sizeof path)
        return ENAMETOOLONG;
    memcpy(path, file, size);
    path[size] = '\0';
    return pe_item_folder_make(path);
}

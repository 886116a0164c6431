/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* found.h - whether a file is a marker that no checkpoint has replaced yet.
 */
#ifndef PE_FOUND_H
#define PE_FOUND_H

#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "os/file/out_file.h"

/* A run has begun, and recorded nothing yet. */
static inline bool pe_resume_is_marker(const char *path)
{
    struct stat facts;
    return stat(path, &facts) == 0 && S_ISREG(facts.st_mode) &&
           facts.st_size <= (off_t)strlen(PE_OUT_MARKER_MAGIC "1\n");
}

#endif

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* glob_match.h - the paths that a pattern matches, as a shell does it.
 */
#ifndef PE_GLOB_MATCH_H
#define PE_GLOB_MATCH_H

#include <stddef.h>

#include "base/error.h"

/* Paths, each with a terminating zero. Zero-initialise. */
typedef struct pe_paths {
    char **list;
    size_t count, room;
} pe_paths;

/* pe_glob_match - append the paths that a pattern matches: *, ?, [a-z], {a,b}, ~, and ** as a whole component for any
 * number of folders, none too. A name that begins with a dot is matched by a dot alone, and ** follows no symbolic link.
 * Returns: PE_OK (no match is no failure); PE_ENOINPUT when a folder cannot be read; PE_ENOMEM */
pe_status pe_glob_match(const char *pattern, const char *where, pe_paths *out, pe_error *err);

void pe_paths_fini(pe_paths *paths);

#endif

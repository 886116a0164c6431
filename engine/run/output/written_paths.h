/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* written_paths.h - the files that a job may leave on disk, for globs to leave out.
 */
#ifndef PE_WRITTEN_PATHS_H
#define PE_WRITTEN_PATHS_H

#include "job/job.h"

/* Zero-initialise. */
typedef struct pe_written_paths {
    char **list;
    size_t count;
} pe_written_paths;

/* pe_written_paths_make - list each path that a key of the job writes, and the names beside it: its .part and .checkpoint.
 * Returns: PE_OK, PE_ENOMEM */
pe_status pe_written_paths_make(const pe_job *job, pe_written_paths *out, pe_error *err);
void pe_written_paths_fini(pe_written_paths *paths);

#endif

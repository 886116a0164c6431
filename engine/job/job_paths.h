/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* job_paths.h - every file that a job names, with what is done to it.
 */
#ifndef PE_JOB_PATHS_H
#define PE_JOB_PATHS_H

#include "job/job.h"

typedef struct pe_job_path {
    char *where; /* "job.toml:14:1: output.path" */
    char *key;   /* "output.path"; of several inputs "path of input 2" */
    char *path;  /* as the process opens it; "-" is stdin or stdout */
    bool is_written;
} pe_job_path;

/* pe_job_list_paths - list the job file, and each path that a key of the schema gives (pe_key.path).
 *
 * Owns:    *out is the caller's, for pe_job_free_paths
 * Returns: PE_OK, PE_ENOMEM
 */
pe_status pe_job_list_paths(const pe_job *job, pe_job_path **out, size_t *count, pe_error *err);
void pe_job_free_paths(pe_job_path *paths, size_t count);

#endif

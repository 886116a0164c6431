/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* written_paths.c - the files that a job may leave on disk, for globs to leave out.
 *
 * Threads:  the main thread.
 * Not here: what a glob matches (source/glob/glob.c).
 */
#include "run/output/written_paths.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "job/job_paths.h"

static const char *const suffixes[] = {"", ".part", ".checkpoint"};
#define SUFFIXES (sizeof suffixes / sizeof *suffixes)

static pe_status add(pe_written_paths *out, const char *path, pe_error *err)
{
    pe_status status = PE_OK;
    for (size_t i = 0; i < SUFFIXES && status == PE_OK; i++) {
        const size_t room = strlen(path) + strlen(suffixes[i]) + 1;
        status = pe_make_array(&out->list[out->count], room, 1, err);
        if (status == PE_OK)
            (void)snprintf(out->list[out->count++], room, "%s%s", path, suffixes[i]);
    }
    return status;
}

pe_status pe_written_paths_make(const pe_job *job, pe_written_paths *out, pe_error *err)
{
    pe_job_path *paths = NULL;
    size_t count = 0;
    pe_status status = pe_job_list_paths(job, &paths, &count, err);
    if (status == PE_OK)
        status = pe_make_array(&out->list, count * SUFFIXES, sizeof *out->list, err);
    for (size_t i = 0; i < count && status == PE_OK; i++)
        if (paths[i].is_written && strcmp(paths[i].path, "-") != 0)
            status = add(out, paths[i].path, err);
    pe_job_free_paths(paths, count);
    return status;
}

void pe_written_paths_fini(pe_written_paths *paths)
{
    for (size_t i = 0; i < paths->count; i++)
        free(paths->list[i]);
    free(paths->list);
    *paths = (pe_written_paths){0};
}

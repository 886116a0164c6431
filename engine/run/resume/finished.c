/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* finished.c - finds whether the output of a complete run is still where the run left it.
 *
 * Design:   the file is known by its inode. The end of a packed file is written after its last checkpoint, so that only its
 *           least length is known.
 * Threads:  the main thread of rank 0.
 */
#include "run/resume/finished.h"

#include <inttypes.h>
#include <sys/stat.h>

#include "base/enum_names.h"
#include "run/prepare/job_to_specs.h"

static bool is_packed(const pe_job *job)
{
    return pe_packing_by_suffix(job->output.path) != PE_PACKING_NONE;
}

static bool find(const pe_job *job, const pe_checkpoint_progress *progress, uint64_t *size)
{
    struct stat facts;
    if (progress->inode == 0 || stat(job->output.path, &facts) != 0 || facts.st_ino != progress->inode)
        return false;
    *size = (uint64_t)facts.st_size;
    return true;
}

bool pe_finished_is_named(const pe_job *job, const pe_checkpoint_progress *progress)
{
    uint64_t size = 0;
    return find(job, progress, &size);
}

/* In map the output gets its final name last. Where the output grows under its final name, the header of an npy or the log of
 * failed items may be missing: they are written again. */
bool pe_finished_has_nothing_left(const pe_job *job, const pe_checkpoint_progress *progress)
{
    uint64_t size = 0;
    if (pe_specs_has_item_files(job))
        return true;
    return job->order == PE_ORDER_WHOLE && find(job, progress, &size) &&
           (is_packed(job) ? size >= progress->output_bytes : size == progress->output_bytes);
}

pe_status pe_finished_check_length(const pe_job *job, const pe_checkpoint_progress *progress, const char *path,
                                   pe_error *err)
{
    uint64_t size = 0;
    if (is_packed(job) || !find(job, progress, &size) || size <= progress->output_bytes)
        return PE_OK;
    return pe_fail(err, PE_EOUTPUT,
                   "cannot go on with %s: it has %" PRIu64 " bytes, and had %" PRIu64
                   " when the checkpoint %s was written; --restart begins anew",
                   job->output.path, size, progress->output_bytes, path);
}

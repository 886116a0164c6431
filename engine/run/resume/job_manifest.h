/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* job_manifest.h - makes the manifest of a job: everything that determines the bytes of its output.
 */
#ifndef PE_JOB_MANIFEST_H
#define PE_JOB_MANIFEST_H

#include "checkpoint/manifest.h"
#include "run/stages.h"

/* pe_job_manifest_make - list the keys of the job file that determine the bytes, the contents of inputs and kernel, the types.
 * Call:    rank 0.
 * Owns:    *out comes empty; pe_manifest_fini frees it, also after a failure.
 * Returns: PE_OK; PE_ENOINPUT or PE_EKERNEL for a file that cannot be read; PE_ENOMEM */
pe_status pe_job_manifest_make(const pe_job *job, const pe_run_inputs *inputs, const pe_run_kernel *kernel,
                               const pe_output_spec *output, pe_manifest *out, pe_error *err);

/* pe_job_manifest_is_of_kernel - whether this key is about the kernel, which --retry-failed allows to change. */
bool pe_job_manifest_is_of_kernel(const char *key);

#endif

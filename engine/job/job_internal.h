/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* job_internal.h - what the files that make a job share among themselves.
 */
#ifndef PE_JOB_INTERNAL_H
#define PE_JOB_INTERNAL_H

#include "job/job.h"
#include "job/section/section.h"

/* pe_job_read_input - read one [input] table; number is 0 for the only one, else from 1.
 * Owns: what was made before a failure is in *out all the same; pe_job_free_input takes it back. */
pe_status pe_job_read_input(const pe_section *section, int number, pe_source_spec *out, pe_error *err);
void pe_job_free_input(pe_source_spec *input);

/* pe_job_read_kernel - [kernel]: one form, and the keys that mean something for it. Owns: as pe_job_read_input. */
pe_status pe_job_read_kernel(const pe_section *section, pe_job *job, pe_error *err);

/* pe_job_read_output - [output], or [reduce] in its place. */
pe_status pe_job_read_output(const pe_section *output, const pe_section *reduce, pe_job *job, pe_error *err);

/* pe_job_read_errors - [errors]; whether an item can be ended depends on the kernel. */
pe_status pe_job_read_errors(const pe_section *section, pe_job *job, pe_error *err);

/* pe_job_find_kind - which one of the keys kinds[from .. count - 1] the table has; exactly one is right.
 *
 * Params:  noun is what they are kinds of ("input"); nothing says what a table without one fails to say.
 * Returns: PE_OK with its number in *out; PE_ECONFIG naming two, or listing all with an example
 */
typedef struct pe_job_kinds {
    const char *const *names;
    size_t from, count;
    const char *noun, *nothing;
} pe_job_kinds;
pe_status pe_job_find_kind(const pe_section *section, const pe_job_kinds *kinds, size_t *out, pe_error *err);

/* pe_job_format - the format by a path's suffix, where the key takes that format; else PE_FORMAT_AUTO. */
pe_format pe_job_format(const pe_section *section, const char *path);

/* pe_job_override - put all overrides into the tree, in their order. PE_EUSAGE opens with the override's origin. */
pe_status pe_job_override(pe_toml *root, const pe_override *overrides, size_t count, pe_error *err);

#endif

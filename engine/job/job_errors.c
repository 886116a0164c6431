/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* job_errors.c - the [errors] table as a validated value.
 *
 * Design:   a key without effect under the given policy is refused: a user who writes `fill` expects items to be filled.
 * Threads:  no state.
 * Not here: whether fill fits the results (run, when they are known).
 */
#include "job/job_internal.h"

static pe_status check_policy(const pe_section *section, pe_on_error policy, pe_error *err)
{
    const pe_toml *const fill = pe_section_given(section, "fill");
    const pe_toml *const most = pe_section_given(section, "max_failures");
    if (fill != NULL && policy != PE_ON_ERROR_FILL)
        return pe_section_refuse(section, "fill", fill, err, "means nothing without on_error = \"fill\"");
    if (most != NULL && policy == PE_ON_ERROR_STOP)
        return pe_section_refuse(section, "max_failures", most, err,
                                 "means nothing with on_error = \"stop\", which ends at the first; expected on_error = "
                                 "\"skip\" or \"fill\"");
    return PE_OK;
}

/* Refuses a timeout where items run in our own threads: only a process can be ended. */
static pe_status check_timeout(const pe_section *section, const pe_form_spec *kernel, pe_error *err)
{
    const pe_toml *const node = pe_section_given(section, "timeout");
    if (node == NULL || kernel->is_isolated || kernel->kind == PE_FORM_PYTHON || kernel->kind == PE_FORM_COMMAND)
        return PE_OK;
    return pe_section_refuse(section, "timeout", node, err,
                             "needs workers that can be ended: a python or command kernel, or kernel.isolate = true");
}

pe_status pe_job_read_errors(const pe_section *section, pe_job *job, pe_error *err)
{
    pe_status status = pe_section_where(section, "errors", section->table, &job->errors.where, err);
    if (status == PE_OK)
        status = pe_section_read(section, 0, job, err);
    if (status == PE_OK)
        status = check_policy(section, job->errors.policy, err);
    return status == PE_OK ? check_timeout(section, &job->kernel, err) : status;
}

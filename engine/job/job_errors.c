/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* job_errors.c - the [errors] table as a validated value.
 *
 * Design:   a key without effect under the policy given is refused: who writes fill believes that it fills.
 * Threads:  no state.
 * Not here: whether fill fits the results (run, when they are known).
 */
#include <stdlib.h>

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

/* An item that hangs in a thread of ours cannot be ended; one in a process can. */
static pe_status check_timeout(const pe_section *section, const pe_job_kernel *kernel, pe_error *err)
{
    const pe_toml *const node = pe_section_given(section, "timeout");
    if (node == NULL || kernel->is_isolated || kernel->kind == PE_JOB_KERNEL_PYTHON ||
        kernel->kind == PE_JOB_KERNEL_COMMAND)
        return PE_OK;
    return pe_section_refuse(section, "timeout", node, err,
                             "needs workers that can be ended: a python or command kernel, or kernel.isolate = true");
}

static pe_status read_limits(const pe_section *section, pe_job_errors *out, pe_error *err)
{
    uint64_t retries = 0;
    pe_status status = pe_section_integer(section, "retries", &retries, err);
    if (status == PE_OK)
        status = pe_section_time(section, "timeout", &out->timeout_ns, err);
    if (status == PE_OK)
        status =
            pe_section_portion(section, "max_failures", &out->max_is_share, &out->max_failures, &out->max_share, err);
    out->retries = (int)retries;
    out->has_max_failures = pe_section_given(section, "max_failures") != NULL;
    return status;
}

pe_status pe_job_read_errors(const pe_section *section, const pe_job_kernel *kernel, pe_job_errors *out, pe_error *err)
{
    size_t policy = 0;
    pe_status status = pe_section_where(section, "errors", section->table, &out->where, err);
    if (status == PE_OK)
        status = pe_section_word(section, "on_error", &policy, err);
    out->policy = (pe_on_error)policy;
    if (status == PE_OK)
        status = check_policy(section, out->policy, err);
    if (status == PE_OK)
        status = check_timeout(section, kernel, err);
    const pe_toml *const fill = pe_section_given(section, "fill");
    out->has_fill = fill != NULL;
    if (status == PE_OK && fill != NULL)
        status = pe_job_read_scalar(section, "fill", fill, &out->fill, err);
    if (status == PE_OK)
        status = read_limits(section, out, err);
    return status == PE_OK ? pe_section_string(section, "log", &out->log, err) : status;
}

void pe_job_free_errors(pe_job_errors *errors)
{
    free(errors->where);
    free(errors->fill.text);
    free(errors->log);
    *errors = (pe_job_errors){0};
}

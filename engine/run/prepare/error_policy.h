/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* error_policy.h - what workers do with failed items, from the job's [errors]: policy, retries, fill values.
 */
#ifndef PE_ERROR_POLICY_H
#define PE_ERROR_POLICY_H

#include "job/job.h"
#include "worker/worker.h"

/* pe_error_policy_set - set policy, retries and fill values for `count` results of these written types.
 * Returns: PE_OK; PE_ECONFIG for a fill value that is missing (integers, bool) or does not fit a result's dtype */
pe_status pe_error_policy_set(pe_work_errors *errors, const pe_job *job, const pe_type *results, int count,
                              pe_error *err);
/* pe_error_policy_unset - free the fill values. */
void pe_error_policy_unset(pe_work_errors *errors);

#endif

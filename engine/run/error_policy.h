/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* error_policy.h - the error policy of a job ([errors]): policy, retries, fill values, the limit of failed items.
 */
#ifndef PE_ERROR_POLICY_H
#define PE_ERROR_POLICY_H

#include "job/job.h"
#include "report/failure_log.h"
#include "worker/worker.h"

/* pe_error_policy_set - set policy, retries and fill values of the spec, whose result types must be known.
 * Returns: PE_OK; PE_ECONFIG for a fill value that is missing (integers, bool) or does not fit a result's dtype */
pe_status pe_error_policy_set(pe_work_spec *spec, const pe_job *job, pe_error *err);
/* pe_error_policy_unset - free the fill values. */
void pe_error_policy_unset(pe_work_spec *spec);

/* pe_error_policy_check - check the number of failed items against errors.max_failures.
 *
 * Params:  items is the number of items of the run, or PE_ITEMS_UNKNOWN: then a share is checked only when has_ended.
 * Returns: PE_OK; PE_EITEM with the number of failed items, the limit and the first failed item
 */
pe_status pe_error_policy_check(const pe_failure_log *failures, const pe_job *job, uint64_t items, bool has_ended,
                                pe_error *err);

#endif

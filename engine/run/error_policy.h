/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* error_policy.h - [errors]: what becomes of failed items, and when there are too many of them.
 */
#ifndef PE_ERROR_POLICY_H
#define PE_ERROR_POLICY_H

#include "job/job.h"
#include "report/failure_log.h"
#include "worker/worker.h"

/* pe_error_policy_set - the spec's policy, retries and fill values, from a job whose results' types are known.
 * Returns: PE_OK; PE_ECONFIG for a fill value that is missing (integers, bool) or that a result's dtype does not hold */
pe_status pe_error_policy_set(pe_work_spec *spec, const pe_job *job, pe_error *err);
void pe_error_policy_unset(pe_work_spec *spec);

/* pe_error_policy_check - are there now more failed items than [errors] max_failures allows.
 *
 * Params:  items is the run's total, or PE_ITEMS_UNKNOWN: then a share is judged when has_ended alone.
 * Returns: PE_OK; PE_EITEM saying how many, how many were allowed, and the first of them
 */
pe_status pe_error_policy_check(const pe_failure_log *failures, const pe_job *job, uint64_t items, bool has_ended,
                                pe_error *err);

#endif

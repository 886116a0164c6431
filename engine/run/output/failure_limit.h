/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* failure_limit.h - errors.max_failures: ends a run in which too many items have failed.
 */
#ifndef PE_FAILURE_LIMIT_H
#define PE_FAILURE_LIMIT_H

#include "job/job.h"
#include "plan/plan.h"
#include "report/failure_log.h"

/* pe_failure_limit_check - check the number of failed items against errors.max_failures.
 *
 * Params:  items is the number of items of the run, or PE_ITEMS_UNKNOWN: then a share is checked only when has_ended.
 * Returns: PE_OK; PE_EITEM with the number of failed items, the limit and the first failed item
 */
pe_status pe_failure_limit_check(const pe_failure_log *failures, const pe_job *job, uint64_t items, bool has_ended,
                                 pe_error *err);

#endif

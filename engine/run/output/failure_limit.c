/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* failure_limit.c - errors.max_failures: ends a run in which too many items have failed.
 *
 * Threads:  the thread that delivers results, one at a time.
 * Not here: counting them (report/failure_log.c).
 */
#include "run/output/failure_limit.h"

#include <inttypes.h>

pe_status pe_failure_limit_check(const pe_failure_log *failures, const pe_job *job, uint64_t items, bool has_ended,
                                 pe_error *err)
{
    const pe_job_portion *most = &job->errors.max_failures;
    if (!most->is_given || failures->count == 0)
        return PE_OK;
    if (most->is_share && items == PE_ITEMS_UNKNOWN && !has_ended)
        return PE_OK;
    const uint64_t allowed = most->is_share ? (uint64_t)(most->share * (double)items) : most->count;
    if (failures->count <= allowed)
        return PE_OK;
    return pe_fail_item(err, PE_EITEM, failures->first_item,
                        "%s.max_failures: %" PRIu64 " item%s failed, %" PRIu64 " %s allowed; item %" PRIu64 ": %s",
                        job->errors.where, failures->count, pe_plural(failures->count), allowed,
                        allowed == 1 ? "was" : "were", failures->first_item, failures->first_text);
}

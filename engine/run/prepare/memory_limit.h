/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* memory_limit.h - whether a plan fits into the memory that control groups leave to the ranks.
 */
#ifndef PE_MEMORY_LIMIT_H
#define PE_MEMORY_LIMIT_H

#include "comm/comm.h"
#include "os/cgroup.h"
#include "plan/plan.h"

/* pe_memory_limit_check - refuse a plan whose peak is beyond the limit of a control group. Collective.
 *
 * Params:  mine: the limit of this rank's control group; request, plan: the same on every rank
 *          worker_bytes: of a process that the kernel runs in, one per thread, beside the plan's peak
 *          where: begins the message: the job file
 * Returns: PE_OK on every rank, or PE_ECONFIG on every rank
 */
pe_status pe_memory_limit_check(pe_comm *comm, const pe_cgroup_limit *mine, const pe_plan_request *request,
                                const pe_plan *plan, uint64_t worker_bytes, const char *where, pe_error *err);

#endif

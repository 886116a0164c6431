/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* estimate.h - what a job will need in memory, for the plan.
 */
#ifndef PE_ESTIMATE_H
#define PE_ESTIMATE_H

#include "job/job.h"
#include "plan/plan.h"
#include "worker/worker.h"

/* pe_estimate - sizes of items, results and inputs as bound and encoded, for these items of the job, of which todo are computed; ranks and threads are
 * the caller's to add. */
pe_plan_request pe_estimate(const pe_job *job, const pe_work_spec *spec, const pe_inputs *inputs, pe_block items,
                            const pe_item_set *todo, const pe_sink_spec *output);

#endif

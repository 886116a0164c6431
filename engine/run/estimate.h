/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* estimate.h - estimates the memory per item and per worker of a job, as the request for the plan.
 */
#ifndef PE_ESTIMATE_H
#define PE_ESTIMATE_H

#include "job/job.h"
#include "plan/plan.h"
#include "worker/worker.h"

/* pe_estimate - the request with the sizes of arguments, results and inputs. items: the items of the job; todo: those
 * of them that this run computes. The caller sets ranks, threads and is_crowded. */
pe_plan_request pe_estimate(const pe_job *job, const pe_work_spec *spec, const pe_inputs *inputs, pe_block items,
                            const pe_item_set *todo, const pe_sink_spec *output);

#endif

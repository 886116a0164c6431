/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* plan_request.h - what the plan is made from: the sizes of a job's items, inputs and workers.
 */
#ifndef PE_PLAN_REQUEST_H
#define PE_PLAN_REQUEST_H

#include "job/job.h"
#include "plan/plan.h"
#include "worker/worker.h"

/* pe_plan_request_make - make the request with the sizes of arguments, results and inputs. items: the items of the job; todo:
 * those of them that this run computes. The caller sets ranks, threads and is_crowded. */
pe_plan_request pe_plan_request_make(const pe_job *job, const pe_work_spec *spec, const pe_inputs *inputs,
                                     pe_block items, const pe_item_set *todo, const pe_sink_spec *output);

#endif

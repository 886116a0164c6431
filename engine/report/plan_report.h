/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* plan_report.h - --plan: what would run, as a table for people.
 */
#ifndef PE_PLAN_REPORT_H
#define PE_PLAN_REPORT_H

#include <stdio.h>

#include "inputs/inputs.h"
#include "job/job.h"
#include "kernel/signature.h"
#include "plan/plan.h"
#include "threads/placement/thread_placement.h"

/* pe_plan_report_print - print the table. */
void pe_plan_report_print(FILE *out, const pe_job *job, const pe_inputs *inputs, pe_block items, const char *kernel,
                          const pe_signature *signature, pe_format format, const pe_thread_placement *place,
                          const pe_plan *plan);

#endif

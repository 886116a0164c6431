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

/* What the table shows. */
typedef struct pe_plan_report {
    const pe_job *job;
    const pe_inputs *inputs;
    pe_block items;     /* of the job's items, those of the output */
    const char *kernel; /* its name */
    const pe_signature *signature;
    pe_format format; /* of the output */
    const pe_thread_placement *placement;
    const pe_plan *plan;
} pe_plan_report;

/* pe_plan_report_print - print the table. */
void pe_plan_report_print(FILE *out, const pe_plan_report *report);

#endif

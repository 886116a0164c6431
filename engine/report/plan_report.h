/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* showplan.h - --plan: what would run, as a table for people.
 */
#ifndef PE_SHOWPLAN_H
#define PE_SHOWPLAN_H

#include <stdio.h>

#include "inputs/inputs.h"
#include "job/job.h"
#include "kernel/signature.h"
#include "plan/plan.h"
#include "threads/thread_placement.h"

/* pe_showplan - print the table. */
void pe_showplan(FILE *out, const pe_job *job, const pe_inputs *inputs, pe_block items, const char *kernel,
                 const pe_signature *signature, pe_format format, const pe_place *place, const pe_plan *plan);

#endif

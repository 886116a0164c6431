/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* earlier_runs.h - what the reports of a resumed job count of its earlier runs.
 *
 * Call: rank 0, after the records of this run were collected.
 */
#ifndef PE_EARLIER_RUNS_H
#define PE_EARLIER_RUNS_H

#include "report/run_facts.h"
#include "run/stages.h"

/* pe_earlier_runs_load - fill facts->earlier, and add the costs that were recorded to those of this run. */
void pe_earlier_runs_load(const pe_run_resume *resume, pe_run_facts *facts);

/* pe_earlier_runs_save - where this run leaves a checkpoint, write into it what was recorded, for the next run. A checkpoint
 * that cannot be written stays as it is: the next run then knows less of this one. */
void pe_earlier_runs_save(pe_run_resume *resume, const pe_run_facts *facts);

#endif

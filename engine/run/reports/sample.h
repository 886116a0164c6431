/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* sample.h - computes some items of a job, throws their results away, and says what the whole job will take: --plan --sample.
 *
 * Design: all workers of all ranks compute at the same time, so that they share caches, memory and cores as in the run. Each
 *         takes short blocks of items that are spread evenly over the job, for about a second. The mean cost of the blocks is
 *         that of an item; how much neighbouring blocks differ gives the spread. What they give is written to a file without
 *         a name in the output's folder, so that writing is part of the cost.
 */
#ifndef PE_SAMPLE_H
#define PE_SAMPLE_H

#include "run/stages.h"

#define PE_SAMPLE_AUTO UINT64_MAX /* the option's value: as many items as a second allows */

/* pe_run_sample - print the lines of the sample after the plan, on rank 0. Collective.
 *
 * Returns: PE_OK; PE_EUSAGE for a stream, or where only rank 0 can read the input; errors of the kernel and the input */
pe_status pe_run_sample(const pe_run_context *run, const pe_run_prepared *prepared, const pe_run_plan *plan,
                        pe_error *err);

#endif

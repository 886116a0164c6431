/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* summary.h - what rank 0 says of a run that has ended: its summary, or how far an interrupted run came.
 */
#ifndef PE_SUMMARY_H
#define PE_SUMMARY_H

#include "ranks/execute_plan.h"
#include "run/stages.h"

/* pe_summary_log - log one line: items, time, rate, workers, chunks. Params: before: the items of earlier runs; busy_ns is
 * the sum over all ranks; left_out of the items were no items of the output, by [kernel] where. */
void pe_summary_log(const pe_job *job, const pe_run_plan *plan, const pe_execute_plan_stats *stats, uint64_t before,
                    uint64_t busy_ns, uint64_t left_out);

/* pe_summary_interrupted - replace the message of a run that a signal ended: adds how many items were done, whether they
 * were written, and which options go on from there. is_by_limit: it was no signal but the time limit; a run that finished no
 * item then ends with PE_EITEM, so that a script that tries again on PE_ESTOPPED's exit code comes to an end. */
void pe_summary_interrupted(const pe_job *job, const pe_output_spec *output, const pe_run_resume *resume,
                            const pe_plan *plan, uint64_t items, bool is_by_limit, pe_error *err);

#endif

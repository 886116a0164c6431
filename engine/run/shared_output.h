/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* shared_output.h - whether every rank writes its rows to the output itself, or rank 0 gathers them.
 */
#ifndef PE_SHARED_OUTPUT_H
#define PE_SHARED_OUTPUT_H

#include "run/context.h"
#include "worker/worker.h"

/* pe_shared_output_begin - open work->row_file on every rank, or on none. Collective.
 *
 * Call:    after rank 0 has begun the output. work->row_file is closed before the output is committed, so that a failing
 *          close of any rank is known, and rank 0 sees what the others wrote.
 * Params:  sink is rank 0's; other ranks have none.
 * Returns: PE_OK with either result, or an error of rank 0's file or of the messages
 */
pe_status pe_shared_output_begin(const pe_run_context *run, const pe_job *job, const pe_plan *plan, const pe_sink *sink,
                                 pe_work_spec *work, pe_error *err);

#endif

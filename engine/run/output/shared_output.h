/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* shared_output.h - decides whether every rank writes its rows to the output file itself, or rank 0 gathers them.
 */
#ifndef PE_SHARED_OUTPUT_H
#define PE_SHARED_OUTPUT_H

#include "run/context.h"
#include "worker/worker.h"

/* pe_shared_output_begin - open work->row_file on every rank, or on none. Collective.
 *
 * Call:    after rank 0 has created the output. The caller closes work->row_file before the output is committed, so
 *          that an error of close on any rank is known and rank 0 sees all rows.
 * Params:  sink: only used on rank 0.
 * Returns: PE_OK in both cases; an error of rank 0's file or of MPI
 */
pe_status pe_shared_output_begin(const pe_run_context *run, const pe_job *job, const pe_plan *plan, const pe_sink *sink,
                                 pe_work_spec *work, pe_error *err);

#endif

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* reduction.h - the reduction of a run (the job's [reduce]): one fold per worker, merged per rank, then on rank 0.
 *
 * Invariant: each computed item is in exactly one fold.
 * Design: each worker adds its items to a fold of its own, without a lock. It merges that fold into the rank's when the
 *         worker is closed; the folds of the ranks are merged on rank 0 at the end of the run. Only folds are sent, not
 *         items.
 */
#ifndef PE_REDUCTION_H
#define PE_REDUCTION_H

#include "comm/comm.h"
#include "job/job.h"
#include "kernel/signature.h"
#include "reduce/fold.h"

typedef struct pe_reduction pe_reduction;

/* pe_reduction_spec - the fold that the job's operations need for these results. Owns: the results are borrowed. */
pe_fold_spec pe_reduction_spec(const pe_job *job, const pe_signature *signature);

/* pe_reduction_make - the reduction of this rank. Call: the main thread. */
pe_status pe_reduction_make(const pe_fold_spec *spec, pe_reduction **out, pe_error *err);
void pe_reduction_free(pe_reduction *reduction); /* NULL is fine */

/* pe_reduction_open - make the fold of one worker. pe_reduction_close - merge it into the reduction and free it.
 * Call: any worker. */
pe_status pe_reduction_open(const pe_reduction *reduction, pe_fold **out, pe_error *err);
void pe_reduction_close(pe_reduction *reduction, pe_fold *fold); /* NULL is fine */

/* pe_reduction_collect - merge the reductions of all ranks on rank 0. Collective. */
pe_status pe_reduction_collect(pe_reduction *reduction, pe_comm *comm, pe_error *err);

/* pe_reduction_print - append one line per operation. Call: rank 0, after collect. PE_EDATA as pe_fold_print. */
pe_status pe_reduction_print(pe_reduction *reduction, const pe_job *job, pe_format format, pe_buffer *out,
                             pe_error *err);

#endif

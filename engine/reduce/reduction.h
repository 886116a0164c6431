/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* reduction.h - [reduce]: what all items of a run come to.
 *
 * Design: each worker folds its own items, so that none of them waits; the folds of a rank's workers come together as
 *         they end, those of the ranks when the pool is done. No item moves.
 */
#ifndef PE_REDUCTION_H
#define PE_REDUCTION_H

#include "comm/comm.h"
#include "job/job.h"
#include "kernel/signature.h"
#include "reduce/fold.h"

typedef struct pe_reduction pe_reduction;

/* pe_reduction_spec - what the job asks to keep of these results, which are borrowed. */
pe_fold_spec pe_reduction_spec(const pe_job *job, const pe_signature *signature);

/* pe_reduction_make - this rank's. Call: the main thread. */
pe_status pe_reduction_make(const pe_fold_spec *spec, pe_reduction **out, pe_error *err);
void pe_reduction_free(pe_reduction *reduction); /* NULL is fine */

/* pe_reduction_open, pe_reduction_close - one worker's own fold, and its joining the reduction. Call: any worker. */
pe_status pe_reduction_open(const pe_reduction *reduction, pe_fold **out, pe_error *err);
void pe_reduction_close(pe_reduction *reduction, pe_fold *fold); /* NULL is fine */

/* pe_reduction_collect - all ranks' on rank 0. Collective. */
pe_status pe_reduction_collect(pe_reduction *reduction, pe_comm *comm, pe_error *err);

/* pe_reduction_print - one line an operation, on rank 0. PE_EDATA as pe_fold_print. */
pe_status pe_reduction_print(pe_reduction *reduction, const pe_job *job, pe_format format, pe_buffer *out,
                             pe_error *err);

#endif

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* total.h - [reduce]: what all items of a run come to.
 *
 * Design: each worker folds its own items, so that none of them waits; the folds of a rank's workers come together as
 *         they end, those of the ranks when the crew is done. No item moves.
 */
#ifndef PE_TOTAL_H
#define PE_TOTAL_H

#include "comm/comm.h"
#include "job/job.h"
#include "kernel/signature.h"
#include "reduce/fold.h"

typedef struct pe_total pe_total;

/* pe_total_spec - what the job asks to keep of these results, which are borrowed. */
pe_fold_spec pe_total_spec(const pe_job *job, const pe_signature *signature);

/* pe_total_make - this rank's. Call: the main thread. */
pe_status pe_total_make(const pe_fold_spec *spec, pe_total **out, pe_error *err);
void pe_total_free(pe_total *total); /* NULL is fine */

/* pe_total_open, pe_total_close - one worker's own fold, and its joining the total. Call: any worker. */
pe_status pe_total_open(const pe_total *total, pe_fold **out, pe_error *err);
void pe_total_close(pe_total *total, pe_fold *fold); /* NULL is fine */

/* pe_total_collect - all ranks' on rank 0. Collective. */
pe_status pe_total_collect(pe_total *total, pe_comm *comm, pe_error *err);

/* pe_total_print - one line an operation, on rank 0. PE_EDATA as pe_fold_print. */
pe_status pe_total_print(pe_total *total, const pe_job *job, pe_format format, pe_buffer *out, pe_error *err);

#endif

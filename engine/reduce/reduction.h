/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* reduction.h - the reduction of a run (the job's [reduce]): one fold per worker, merged per rank, then on rank 0.
 *
 * Invariant: each computed item is in exactly one fold.
 * Design: each worker adds its items to a fold of its own, without a lock. It merges that fold into the rank's when the
 *         worker is closed; the folds of the ranks are merged on rank 0 at the end of the run. Only folds are sent, not
 *         items. For checkpoints a part is a fold with the set of its items: workers merge theirs into the rank's now and
 *         then, and a rank's part moves to rank 0.
 */
#ifndef PE_REDUCTION_H
#define PE_REDUCTION_H

#include "comm/comm.h"
#include "job/job.h"
#include "kernel/signature.h"
#include "plan/item_set.h"
#include "reduce/fold.h"

typedef struct pe_reduction pe_reduction;

/* pe_reduction_spec - the fold that the job's operations need for these results. Owns: the results are borrowed. */
pe_fold_spec pe_reduction_spec(const pe_job *job, const pe_signature *signature);

/* pe_reduction_bytes - the memory of a rank's reduction. pe_reduction_part_bytes - of a worker's part. */
size_t pe_reduction_bytes(const pe_fold_spec *spec);
size_t pe_reduction_part_bytes(const pe_fold_spec *spec);

/* pe_reduction_saved_most - what pe_reduction_save appends at most, except for the list of items. items: folded. */
size_t pe_reduction_saved_most(const pe_fold_spec *spec, uint64_t items);

/* pe_reduction_make - make the reduction of this rank. Call: the main thread. */
pe_status pe_reduction_make(const pe_fold_spec *spec, pe_reduction **out, pe_error *err);
void pe_reduction_free(pe_reduction *reduction); /* NULL is fine */

/* A fold and the items that are in it. Zero-initialise. */
typedef struct pe_reduction_part {
    pe_fold *fold;
    pe_item_set items; /* empty when the run keeps no checkpoint */
    uint64_t since_ns; /* when the part was last merged */
} pe_reduction_part;

/* pe_reduction_merge_after - let workers merge their parts once this much time has passed; 0: only at the end, and no items are
 * listed. Call: the main thread, before there are workers. */
void pe_reduction_merge_after(pe_reduction *reduction, uint64_t ns);
bool pe_reduction_lists_items(const pe_reduction *reduction);

/* pe_reduction_settle - merge a worker's part into the reduction if its time has come, and empty it. Any worker. PE_ENOMEM. */
pe_status pe_reduction_settle(pe_reduction *reduction, pe_reduction_part *part, pe_error *err);

/* pe_reduction_make_room - before pe_fold_run items are added to the part: merge and empty it where it has no room for
 * them. Any worker. PE_ENOMEM. */
pe_status pe_reduction_make_room(pe_reduction *reduction, pe_reduction_part *part, pe_error *err);

/* pe_reduction_save - append the part of this rank as bytes; removes: and empty it. pe_reduction_add - merge such bytes.
 * items, unless NULL, gets the items that are in it. Any thread. PE_ENOMEM; PE_EDATA for other bytes, and nothing is merged. */
pe_status pe_reduction_save(pe_reduction *reduction, bool removes, pe_buffer *out, pe_item_set *items, pe_error *err);
pe_status pe_reduction_add(pe_reduction *reduction, const void *data, size_t size, pe_error *err);

/* pe_reduction_open - make the part of one worker. pe_reduction_close - merge it into the reduction and free it.
 * Call: any worker. */
pe_status pe_reduction_open(const pe_reduction *reduction, pe_reduction_part *out, pe_error *err);
void pe_reduction_close(pe_reduction *reduction, pe_reduction_part *part); /* a part that was not opened is fine */

/* pe_reduction_collect - merge the reductions of all ranks on rank 0. Collective. */
pe_status pe_reduction_collect(pe_reduction *reduction, pe_comm *comm, pe_error *err);

/* pe_reduction_keeps_fill_out - whether the fill values of failed items stay out of the folds, so that a retry can put real
 * ones in. Not where the first item with a value is asked for (argmin, argmax), with its arguments. */
bool pe_reduction_keeps_fill_out(const pe_job *job);

/* Failed items that are in no fold, and what they count for. */
typedef struct pe_reduction_fill {
    uint64_t count;
    void *const *values; /* one element of each result */
} pe_reduction_fill;

/* pe_reduction_print - append one line per operation, of the folded items and those of fill (NULL: none), which do not become
 * part of the reduction. Call: rank 0, after collect. PE_EDATA as pe_fold_print; PE_ENOMEM. */
pe_status pe_reduction_print(const pe_reduction *reduction, const pe_job *job, const pe_reduction_fill *fill,
                             const char *const *arg_names, pe_format format, pe_buffer *out, pe_error *err);

#endif

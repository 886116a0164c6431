/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* spill.h - results that wait for the items before them, in a file instead of in memory.
 *
 * Design: one mechanism bounds memory behind a slow item and keeps finished work: what is stored here is named by the next
 *         checkpoint, and a run that goes on finds it. Results are stored as frames, each with its items, its length and
 *         a checksum; ranges of items whose frames follow each other in the file are one range of the checkpoint.
 * Threads: one at a time: rank 0's deliverer.
 */
#ifndef PE_SPILL_H
#define PE_SPILL_H

#include "base/block.h"
#include "checkpoint/checkpoint.h"
#include "threads/chunk_result.h"

typedef struct pe_spill pe_spill;

/* pe_spill_create - a new file, which is made at the first put. Owns: path is copied. */
pe_status pe_spill_create(const char *path, pe_spill **out, pe_error *err);

/* pe_spill_reopen - the file of an earlier run, with the ranges that its checkpoint names. Every frame is read and checked;
 * a range with a wrong one is dropped as a whole, and its items are computed again.
 * Returns: PE_OK, also where the file is gone (then all ranges are dropped); PE_EIO */
pe_status pe_spill_reopen(const char *path, const pe_checkpoint *checkpoint, pe_spill **out, pe_error *err);

/* pe_spill_put - store the results of a block, none of whose items is stored. PE_EIO, PE_EOUTPUT, PE_ENOMEM. */
pe_status pe_spill_put(pe_spill *spill, pe_block block, const pe_chunk_result *result, pe_error *err);

/* pe_spill_has - are results stored that begin with this item? */
bool pe_spill_has(const pe_spill *spill, uint64_t item);

/* pe_spill_get - take the frame that begins with this item out of the store. Owns: result's buffers are overwritten, the
 * caller keeps them. Returns: PE_OK; PE_EIO when it cannot be read or is not what was written */
pe_status pe_spill_get(pe_spill *spill, uint64_t item, pe_block *block, pe_chunk_result *result, pe_error *err);

/* pe_spill_name - the ranges that are stored, into a checkpoint without any. */
pe_status pe_spill_name(const pe_spill *spill, pe_checkpoint *checkpoint, pe_error *err);

/* pe_spill_items - how many items are stored. */
uint64_t pe_spill_items(const pe_spill *spill);

/* pe_spill_sync - everything that was put is on stable storage. Call: any thread, beside puts. PE_EIO. */
pe_status pe_spill_sync(pe_spill *spill, pe_error *err);

/* pe_spill_trim - give the space back when nothing is stored; call it when the checkpoint on disk names nothing either. */
pe_status pe_spill_trim(pe_spill *spill, pe_error *err);

/* pe_spill_close - NULL is fine. removes: the file goes too. */
void pe_spill_close(pe_spill *spill, bool removes);

#endif

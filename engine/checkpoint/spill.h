/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* spill.h - the spill file: results that wait for earlier items, on disk instead of in memory.
 *
 * Invariant: no item is stored twice; a frame that a checkpoint lists is not overwritten while that checkpoint is on
 *            disk.
 * Design: the file bounds memory behind a slow item and also keeps finished work: the next checkpoint lists what is
 *         stored, and a resumed run reads it. Results are stored as frames, each with its items, its length and a
 *         checksum. Consecutive items whose frames follow each other in the file are one range of the checkpoint.
 * Threads: one thread at a time, the deliverer of rank 0; pe_spill_sync from any thread.
 */
#ifndef PE_SPILL_H
#define PE_SPILL_H

#include "base/block.h"
#include "checkpoint/checkpoint.h"
#include "threads/chunk_result.h"

typedef struct pe_spill pe_spill;

/* pe_spill_create - a new spill; the file is created by the first put. Owns: path is copied. */
pe_status pe_spill_create(const char *path, pe_spill **out, pe_error *err);

/* pe_spill_reopen - open the file of an earlier run, with the ranges that its checkpoint lists. Every frame is read and
 * checked; a range with a damaged frame is dropped as a whole, and its items are computed again.
 * Returns: PE_OK, also when the file does not exist (then all ranges are dropped); PE_EIO */
pe_status pe_spill_reopen(const char *path, const pe_checkpoint *checkpoint, pe_spill **out, pe_error *err);

/* pe_spill_put - store the results of a block; none of its items may be stored already. PE_EIO, PE_EOUTPUT,
 * PE_ENOMEM. */
pe_status pe_spill_put(pe_spill *spill, pe_block block, const pe_chunk_result *result, pe_error *err);

/* pe_spill_has - whether a stored range begins with this item. */
bool pe_spill_has(const pe_spill *spill, uint64_t item);

/* pe_spill_get - read and remove the frame that begins with this item, for which pe_spill_has is true.
 * Owns: the buffers of result are overwritten and stay the caller's. Returns: PE_OK; PE_EIO when it cannot be read or
 *       is damaged */
pe_status pe_spill_get(pe_spill *spill, uint64_t item, pe_block *block, pe_chunk_result *result, pe_error *err);

/* pe_spill_list - add the stored ranges to a checkpoint that has none. */
pe_status pe_spill_list(const pe_spill *spill, pe_checkpoint *checkpoint, pe_error *err);

/* pe_spill_items - the number of stored items. */
uint64_t pe_spill_items(const pe_spill *spill);

/* pe_spill_sync - write everything that was put to stable storage. Call: any thread, also during puts. PE_EIO. */
pe_status pe_spill_sync(pe_spill *spill, pe_error *err);

/* pe_spill_trim - truncate the file if nothing is stored. Call: when the checkpoint on disk lists nothing either. */
pe_status pe_spill_trim(pe_spill *spill, pe_error *err);

/* pe_spill_close - NULL is fine. removes: delete the file. */
void pe_spill_close(pe_spill *spill, bool removes);

#endif

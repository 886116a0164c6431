/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* spill.h - the spill file: results that wait for earlier items, on disk instead of in memory.
 *
 * Invariant: no item is spilled twice; a frame that a checkpoint lists is not overwritten while that checkpoint is on
 *            disk.
 * Words:  results wait when they are done and an earlier item is not. Spilled results are waiting results in this file. A
 *         spilled range is the checkpoint's record of spilled results of consecutive items.
 * Design: the file bounds memory while an item takes long and also keeps finished work: the next checkpoint lists what is
 *         spilled, and a resumed run reads it. Results are spilled as frames, each with its items, its length and a
 *         checksum. Consecutive items whose frames follow each other in the file are one range of the checkpoint. Of rows that
 *         are in the output already, at their places, a frame holds only the records of failed items.
 *         The file grows while the disk has as much free room as is spilled in it, since the output needs that room later.
 * Threads: the caller's lock, except for pe_spill_read, which reads a frame that stays, and pe_spill_sync.
 */
#ifndef PE_SPILL_H
#define PE_SPILL_H

#include "base/block.h"
#include "checkpoint/checkpoint.h"
#include "threads/chunk_result.h"

typedef struct pe_spill pe_spill;

/* A frame that was read. */
typedef struct pe_spill_frame {
    pe_block items;
    uint64_t rows, bytes; /* of the whole frame */
} pe_spill_frame;

/* pe_spill_create - make a new spill beside a checkpoint: CHECKPOINT.spill; the file is created by the first put. The file of
 * an earlier run is removed. PE_EOUTPUT when there is another file of this name; PE_ENOMEM. */
pe_status pe_spill_create(const char *checkpoint_path, pe_spill **out, pe_error *err);

/* pe_spill_reopen - open the file of an earlier run, with the ranges that its checkpoint lists. Every frame is read and
 * checked; damaged ones are dropped, and their items are computed again.
 * Returns: PE_OK, also when the file does not exist (then all ranges are dropped); PE_EIO */
pe_status pe_spill_reopen(const char *checkpoint_path, const pe_checkpoint *checkpoint, pe_spill **out, pe_error *err);

/* pe_spill_put - spill the results of a block; none of its items may be spilled already. placed_end: the end in the output of
 * rows that are there already, or 0.
 * Returns: PE_OK; *is_spilled stays false when the disk has no room, which a warning says once; PE_ENOMEM */
pe_status pe_spill_put(pe_spill *spill, pe_block block, uint64_t placed_end, const pe_chunk_result *result,
                       bool *is_spilled, pe_error *err);

/* pe_spill_first - the range with the lowest items; false: nothing is spilled. */
bool pe_spill_first(const pe_spill *spill, pe_spilled_range *out);

/* pe_spill_read - read the first frame of a range.
 * Owns: the buffers of result are overwritten and stay the caller's. Returns: PE_OK; PE_EIO when it cannot be read or
 *       is damaged */
pe_status pe_spill_read(const pe_spill *spill, const pe_spilled_range *range, pe_spill_frame *frame,
                        pe_chunk_result *result, pe_error *err);

/* pe_spill_drop - forget the frame, which is the first one of the range with the lowest items. */
void pe_spill_drop(pe_spill *spill, const pe_spill_frame *frame);

/* pe_spill_list - add the spilled ranges to a checkpoint that has none. */
pe_status pe_spill_list(const pe_spill *spill, pe_checkpoint *checkpoint, pe_error *err);

/* pe_spill_sync - write everything that was put to stable storage; the file then stays when the process ends. Any thread, also
 * during puts. PE_EIO. */
pe_status pe_spill_sync(pe_spill *spill, pe_error *err);

/* pe_spill_trim - truncate the file if nothing is spilled. Call: when the checkpoint on disk lists nothing either. */
void pe_spill_trim(pe_spill *spill);

/* pe_spill_close - NULL is fine. removes: delete the file, as it is where nothing is in it. */
void pe_spill_close(pe_spill *spill, bool removes);

#endif

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* meter.h - measures what a worker's items cost, where the run is recorded.
 *
 * Design: items that take long are computed in smaller batches, so that the slow ones are known one by one where the kernel
 *         takes them so; a batch is never so short that timing it costs more than 1 % of it, nor cut from what a vector unit
 *         computes at once. No byte of the output depends on batches. Cheap items are measured by the chunk
 *         (profile/lane.h).
 * Threads: one worker's own.
 */
#ifndef PE_METER_H
#define PE_METER_H

#include "kernel/item_text.h"
#include "worker/worker_internal.h"

/* pe_meter_begin_chunk - decide how the chunk's items are measured (is_metered), and the size of its batches (batch_items),
 * which would have `most` items where nothing is measured. */
void pe_meter_begin_chunk(pe_worker *worker, uint64_t most);

/* pe_meter_print_call - "hypot(3.0, 4.0)" of the one item of the batch that was run last; empty where its arguments
 * could not be read. */
void pe_meter_print_call(pe_worker *worker, pe_block block, char out[PE_ITEM_TEXT_ROOM]);

/* pe_meter_add - record a batch of a metered chunk that is complete: it began at began_ns, when the lane's away_ns was that. */
void pe_meter_add(pe_worker *worker, pe_block block, uint64_t began_ns, uint64_t away_ns);

#endif

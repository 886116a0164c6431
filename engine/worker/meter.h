/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* meter.h - measures what a worker's items cost, where the run is recorded.
 *
 * Design: items that take long are computed in smaller batches, so that the slow ones are known one by one; a batch is never
 *         so short that timing it costs more than 1 % of it. No byte of the output depends on batches. Cheap items are
 *         measured by the chunk (record/lane.h).
 * Threads: one worker's own.
 */
#ifndef PE_METER_H
#define PE_METER_H

#include "worker/worker_internal.h"

/* pe_meter_begin_chunk - decide how the chunk's items are measured. */
void pe_meter_begin_chunk(const pe_worker *worker);

/* pe_meter_batch_most - the size of the next batch, which would have `most` items where nothing is measured. */
uint64_t pe_meter_batch_most(const pe_worker *worker, uint64_t most);

/* pe_meter_run_batch - pe_worker_run_batch, timed. */
pe_status pe_meter_run_batch(pe_worker *worker, pe_block block, uint64_t end, const pe_buffer *payload, pe_error *err);

#endif

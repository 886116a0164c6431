/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* rank_pool_results.h - how results leave the pool of a rank: to the sink, to the spill file, or to the main thread, which
 * sends them to rank 0 or, on rank 0, delivers them.
 */
#ifndef PE_RANK_POOL_RESULTS_H
#define PE_RANK_POOL_RESULTS_H

#include "threads/pool/rank_pool.h"

/* pe_rank_pool_make_reorder - the pool's reorder buffer: on one rank it delivers chunks to the sink, on several it gathers
 * them to slices for the main thread. PE_ENOMEM. */
pe_status pe_rank_pool_make_reorder(pe_rank_pool *pool, pe_error *err);

/* ---- to the sink and to the spill file; one thread at a time ---- */

/* pe_rank_pool_write - call spec->write unless the run is stopped. */
void pe_rank_pool_write(pe_rank_pool *pool, const pe_chunk_result *out);
/* pe_rank_pool_spill - spill results whose turn has not come. Returns: whether they are spilled. */
bool pe_rank_pool_spill(pe_rank_pool *pool, const pe_chunk_result *out);

/* ---- to the main thread ---- */

/* pe_rank_pool_end_part - hand what was gathered of a slice to the main thread. pe_rank_pool_append_finished - hand it a chunk.
 * Call: the deliverer, or while nothing is delivered. */
void pe_rank_pool_end_part(pe_rank_pool *pool, pe_slice *slice, bool ends_slice);
void pe_rank_pool_append_finished(pe_rank_pool *pool, pe_chunk *result);
/* pe_rank_pool_finished - the oldest gathered results that were not taken yet, or NULL. pe_rank_pool_take_finished -
 * removes them from the list. Main thread. */
pe_chunk *pe_rank_pool_finished(pe_rank_pool *pool);
void pe_rank_pool_take_finished(pe_rank_pool *pool);
/* pe_rank_pool_free_result - release the buffer of results that were sent or written, and with the last results of a
 * slice the slice. Main thread. */
void pe_rank_pool_free_result(pe_rank_pool *pool, pe_chunk *result);

#endif

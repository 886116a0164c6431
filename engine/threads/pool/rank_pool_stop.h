/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* rank_pool_stop.h - the end of a pool's work before its last item: an error, the grace period after a failed item, a deadline.
 *
 * Threads: any, where a function does not say otherwise.
 */
#ifndef PE_RANK_POOL_STOP_H
#define PE_RANK_POOL_STOP_H

#include "base/error.h"

typedef struct pe_rank_pool pe_rank_pool;

/* pe_rank_pool_fail - keep an error and stop this rank: at once, or after the grace period for an error of an item. */
void pe_rank_pool_fail(pe_rank_pool *pool, const pe_error *err);
/* pe_rank_pool_stop - stop computing and writing. An error was recorded before, or comes from another rank. */
void pe_rank_pool_stop(pe_rank_pool *pool);
bool pe_rank_pool_is_stopped(const pe_rank_pool *pool);
/* pe_rank_pool_failure - the status of the error that was kept, or PE_OK. */
pe_status pe_rank_pool_failure(pe_rank_pool *pool);
/* pe_rank_pool_failing_item - the lowest item known here that ended the run, or PE_NO_ITEM. */
uint64_t pe_rank_pool_failing_item(pe_rank_pool *pool);

/* pe_rank_pool_begin_grace - start the grace period, when an item ended the run on this or another rank. */
void pe_rank_pool_begin_grace(pe_rank_pool *pool);
/* pe_rank_pool_renew_grace - start the grace period again, after a delivery: items before the failed one may remain. */
void pe_rank_pool_renew_grace(pe_rank_pool *pool);
/* pe_rank_pool_end_grace - stop when the grace period has passed. Main thread.
 * Returns: whether the pool is stopped */
bool pe_rank_pool_end_grace(pe_rank_pool *pool);

/* pe_rank_pool_end_at - the run ends at this time (pe_clock_ns; 0: never). Main thread. */
void pe_rank_pool_end_at(pe_rank_pool *pool, uint64_t ns);
/* pe_rank_pool_left - the time until the run ends, or UINT64_MAX. */
uint64_t pe_rank_pool_left(const pe_rank_pool *pool);

#endif

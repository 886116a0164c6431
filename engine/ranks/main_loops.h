/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* main_loops.h - the main threads' loops in a run with several ranks, and the back-off of an idle loop.
 */
#ifndef PE_MAIN_LOOPS_H
#define PE_MAIN_LOOPS_H

#include "ranks/execute_plan.h"

/* pe_root_loop - run the loop of rank 0. pe_member_loop - the loop of every other rank. Each returns when the run has ended
 * on all ranks and none of its messages is in flight; errors are in pool->error. */
void pe_root_loop(const pe_execute_plan_spec *spec, pe_rank_pool *pool);
void pe_member_loop(const pe_execute_plan_spec *spec, pe_rank_pool *pool);

#define PE_BACKOFF_LEAST_NS UINT64_C(20000)
#define PE_BACKOFF_MOST_NS UINT64_C(1000000)
#define PE_BACKOFF_AWAITED_NS UINT64_C(50000) /* the time in which a fast network transfers half a megabyte */

/* pe_backoff_next - the next sleep of an idle loop: twice backoff_ns, so that an idle rank does not use its core, and
 * at most PE_BACKOFF_AWAITED_NS while results are awaited. */
static inline uint64_t pe_backoff_next(uint64_t backoff_ns, bool is_awaited)
{
    const uint64_t most = is_awaited ? PE_BACKOFF_AWAITED_NS : PE_BACKOFF_MOST_NS;
    return backoff_ns == 0 ? PE_BACKOFF_LEAST_NS : backoff_ns * 2 < most ? backoff_ns * 2 : most;
}

#endif

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* main_loops.h - the loops of the main threads of several ranks, and how long an idle one sleeps.
 */
#ifndef PE_MAIN_LOOPS_H
#define PE_MAIN_LOOPS_H

#include "ranks/execute_plan.h"

/* pe_root_loop - rank 0; pe_member_loop - any other. Each returns when the run has ended everywhere and no message is
 * under way; errors are in pool->error. */
void pe_root_loop(const pe_execution_spec *spec, pe_rank_pool *pool);
void pe_member_loop(const pe_execution_spec *spec, pe_rank_pool *pool);

#define PE_BACKOFF_LEAST_NS UINT64_C(20000)
#define PE_BACKOFF_MOST_NS UINT64_C(1000000)
#define PE_BACKOFF_AWAITED_NS UINT64_C(50000) /* a fast network carries half a megabyte meanwhile */

/* pe_backoff_next - the sleep after one of backoff_ns: twice as long, so that an idle rank leaves its core to others; no
 * longer than PE_BACKOFF_AWAITED_NS where results are under way. */
static inline uint64_t pe_backoff_next(uint64_t backoff_ns, bool is_awaited)
{
    const uint64_t most = is_awaited ? PE_BACKOFF_AWAITED_NS : PE_BACKOFF_MOST_NS;
    return backoff_ns == 0 ? PE_BACKOFF_LEAST_NS : backoff_ns * 2 < most ? backoff_ns * 2 : most;
}

#endif

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* time_limit.h - ends a run in good order before the time is up that the user or the batch system gives it.
 *
 * Design: rank 0 has the limit, and counts from its own start. Some time before the end is reserved for what must be
 *         written and synced. A limit of the batch system is asked for once more before the run ends, since it may have
 *         been raised.
 * Threads: the main thread of rank 0, and a thread of this file's own that asks.
 */
#ifndef PE_TIME_LIMIT_H
#define PE_TIME_LIMIT_H

#include <pthread.h>
#include <stdatomic.h>

#include "job/job.h"
#include "os/batch_limit.h"

/* Zero-initialise: no limit. */
typedef struct pe_time_limit {
    uint64_t stop_ns; /* by pe_clock_ns: when the run ends; 0: never */
    uint64_t reserve_ns;
    bool is_of_batch; /* it may be raised */
    bool is_asking, has_asked_again;
    pthread_t thread;
    atomic_bool has_answer;
    pe_batch_limit answer; /* the thread's until has_answer is set */
} pe_time_limit;

/* pe_time_limit_begin - start with the job's pool.time_limit, or that of the batch system, counted from now. */
void pe_time_limit_begin(pe_time_limit *limit, const pe_job *job);
void pe_time_limit_end(pe_time_limit *limit); /* waits for the thread */

/* pe_time_limit_check - check the time. PE_ESTOPPED once the run has to end. sync_ns: how long the last checkpoint took to
 * write. Call: often. */
pe_status pe_time_limit_check(pe_time_limit *limit, uint64_t sync_ns, pe_error *err);

#endif

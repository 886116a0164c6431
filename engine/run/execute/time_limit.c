/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* time_limit.c - ends a run in good order before its time limit, which the user or the batch system sets.
 *
 * Threads:  time_limit.h.
 * Not here: how a batch system is asked (os/batch_limit.c), which chunks are still begun (threads/pool/rank_pool.c).
 */
#include "run/execute/time_limit.h"

#include "base/clock.h"
#include "os/log.h"
#include "report/progress.h"

#define NS_PER_S UINT64_C(1000000000)
#define LEAST_RESERVE_NS (NS_PER_S / 5)
#define MOST_RESERVE_NS (10 * NS_PER_S)
#define RESERVE_SHARE 20u            /* of the time that is left at the start: 1/20 is reserved, within these bounds */
#define ASK_AGAIN_NS (15 * NS_PER_S) /* before the run would end; asking takes at most ten seconds */

static void set(pe_time_limit *limit, uint64_t left_ns)
{
    const uint64_t share = left_ns / RESERVE_SHARE;
    limit->reserve_ns = share < LEAST_RESERVE_NS ? LEAST_RESERVE_NS : share > MOST_RESERVE_NS ? MOST_RESERVE_NS : share;
    if (limit->reserve_ns > left_ns / 2)
        limit->reserve_ns = left_ns / 2; /* a limit that is short leaves some time for items */
    const uint64_t usable = left_ns > limit->reserve_ns ? left_ns - limit->reserve_ns : 1;
    limit->stop_ns = pe_clock_ns() + usable;
}

static void take_answer(pe_time_limit *limit, const pe_batch_limit *answer)
{
    char time[32];
    if (answer->system == PE_BATCH_NONE || !answer->is_known)
        return;
    limit->is_of_batch = true;
    set(limit, answer->left_s > 0 ? (uint64_t)answer->left_s * NS_PER_S : 0);
    pe_log(PE_LOG_DEBUG, "time limit: %s left, by %s",
           pe_print_seconds(time, (double)(answer->left_s > 0 ? answer->left_s : 0)), answer->asked);
}

void pe_time_limit_begin(pe_time_limit *limit, const pe_job *job)
{
    const uint64_t given = job->pool.time_limit_ns;
    atomic_init(&limit->has_answer, false);
    if (given == PE_TIME_LIMIT_AUTO) {
        const pe_batch_limit answer = pe_batch_limit_ask();
        take_answer(limit, &answer);
        if (answer.problem != NULL)
            pe_log(PE_LOG_WARN, "the batch system does not say when this job ends (%s: %s): the run has no time limit",
                   answer.asked, answer.problem);
    } else if (given != PE_TIME_LIMIT_NONE) {
        set(limit, given);
    }
}

static void *ask(void *context)
{
    pe_time_limit *limit = context;
    limit->answer = pe_batch_limit_ask();
    atomic_store_explicit(&limit->has_answer, true, memory_order_release); /* publishes answer */
    return NULL;
}

void pe_time_limit_end(pe_time_limit *limit)
{
    if (limit->is_asking)
        (void)pthread_join(limit->thread, NULL);
    limit->is_asking = false;
}

/* The limit may have been raised since the start. */
static void ask_again(pe_time_limit *limit)
{
    if (!limit->has_asked_again) {
        limit->has_asked_again = true;
        limit->is_asking = pthread_create(&limit->thread, NULL, ask, limit) == 0;
    }
    if (!limit->is_asking || !atomic_load_explicit(&limit->has_answer, memory_order_acquire))
        return;
    const uint64_t before = limit->stop_ns;
    pe_time_limit_end(limit);
    take_answer(limit, &limit->answer);
    if (limit->stop_ns < before + NS_PER_S)
        return; /* as it was, except for rounding */
    limit->has_asked_again = false;
    atomic_store_explicit(&limit->has_answer, false, memory_order_relaxed); /* there is no thread */
}

pe_status pe_time_limit_check(pe_time_limit *limit, uint64_t sync_ns, pe_error *err)
{
    const uint64_t now = pe_clock_ns();
    if (limit->stop_ns == 0)
        return PE_OK;
    if (limit->is_of_batch && now + ASK_AGAIN_NS > limit->stop_ns)
        ask_again(limit);
    const uint64_t needed = 2 * sync_ns > limit->reserve_ns ? 2 * sync_ns - limit->reserve_ns : 0;
    return now + needed < limit->stop_ns ? PE_OK : pe_fail(err, PE_ESTOPPED, "the time limit ended the run");
}

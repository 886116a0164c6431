/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* emergency.c - the reports of a run that cannot end in order.
 *
 * Threads: emergency.h; all state is under the mutex.
 */
#include "run/reports/emergency.h"

#include <pthread.h>
#include <stdio.h>

#include "base/clock.h"
#include "run/reports/reports.h"
#include "worker/crash/crash_listener.h"

static struct {
    pthread_mutex_t mutex;
    const pe_run_context *run; /* NULL: there is nothing to report */
    const pe_run_facts *facts;
    const pe_run_resume *resume;
    pe_emergency_counts counts;
    uint64_t begin_ns;
} state = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static uint64_t count(const atomic_uint_fast64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed); /* relaxed: only shown */
}

static void add_how_to_go_on(pe_run_facts *facts)
{
    pe_buffer command = {0};
    pe_error ignored = PE_ERROR_INIT;
    const size_t size = strlen(facts->message);
    if (state.resume->writes_checkpoints && pe_run_facts_command(facts, "--resume", &command, &ignored) == PE_OK)
        (void)snprintf(facts->message + size, sizeof facts->message - size, "; %s goes on from the last checkpoint",
                       (const char *)command.data);
    pe_buffer_fini(&command);
}

static void write_end(const pe_error *end)
{
    pe_error ignored = PE_ERROR_INIT;
    (void)pthread_mutex_lock(&state.mutex);
    if (state.run != NULL) {
        pe_run_facts facts = *state.facts;
        pe_reports_take_end(&facts, end);
        facts.wall_ns = pe_clock_ns() - state.begin_ns;
        facts.before = state.resume->done.items;
        facts.done = count(state.counts.items);
        facts.rows = count(state.counts.rows);
        facts.failed += count(state.counts.failed);
        add_how_to_go_on(&facts);
        pe_reports_write(state.run, &facts, &ignored);
        state.run = NULL;
    }
    (void)pthread_mutex_unlock(&state.mutex);
}

void pe_emergency_begin(const pe_run_context *run, const pe_run_facts *facts, const pe_run_resume *resume,
                        const pe_emergency_counts *counts)
{
    if (!run->is_root || !pe_reports_are_wanted(run))
        return;
    (void)pthread_mutex_lock(&state.mutex);
    state.run = run;
    state.facts = facts;
    state.resume = resume;
    state.counts = *counts;
    state.begin_ns = pe_clock_ns();
    (void)pthread_mutex_unlock(&state.mutex);
    pe_crash_listen(write_end);
}

void pe_emergency_end(void)
{
    pe_crash_listen_end();
    (void)pthread_mutex_lock(&state.mutex);
    state.run = NULL;
    (void)pthread_mutex_unlock(&state.mutex);
}

void pe_emergency_write(pe_status status, const char *message)
{
    pe_error end = PE_ERROR_INIT;
    (void)pe_fail(&end, status, "%s", message);
    write_end(&end);
}

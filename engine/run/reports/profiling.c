/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* profiling.c - the profile of a run: begun on one clock on all ranks, and collected on rank 0.
 *
 * Design:  rank 0 says when the run begins; each rank turns that moment into a time of its own clock, which was compared with
 *          rank 0's before. The clocks are compared again at the end, since they drift apart.
 * Threads: the main thread.
 */
#include "run/reports/profiling.h"

#include <unistd.h>

#include "base/clock.h"
#include "os/resident.h"

/* Does an option need it? */
static bool is_wanted(const pe_run_options *options)
{
    const pe_job_reports *const reports = &options->reports;
    return options->action == PE_ACTION_RUN && (reports->html != NULL || reports->trace != NULL ||
                                                reports->stats != NULL || options->progress == PE_PROGRESS_JSON);
}

size_t pe_profiling_bytes(const pe_run_context *run, const pe_thread_placement *place)
{
    if (!is_wanted(run->options))
        return 0;
    return pe_profile_bytes(place->threads, place->all_threads, pe_comm_size(run->comm), run->is_root);
}

pe_status pe_profiling_begin(const pe_run_context *run, const pe_thread_placement *place, pe_profiling *out,
                             pe_error *err)
{
    uint64_t origin_ns = 0;
    if (!is_wanted(run->options))
        return PE_OK;
    if (pe_comm_clock_offset(run->comm, &out->clock_ns[0], err) != PE_OK)
        return err->status;
    origin_ns = pe_clock_ns();
    (void)pe_comm_bcast(run->comm, 0, &origin_ns, sizeof origin_ns, err);
    origin_ns += (uint64_t)out->clock_ns[0];
    if (err->status == PE_OK)
        (void)pe_profile_make(place->threads, place->all_threads, pe_comm_size(run->comm), origin_ns, &out->profile,
                              err);
    return pe_run_agree(run, err);
}

pe_status pe_profiling_end(const pe_run_context *run, pe_profiling *profiling, const pe_profiling_ending *ending,
                           pe_run_facts *facts, pe_error *err)
{
    const uint64_t now = pe_clock_ns();
    pe_rank_profile mine = {.chunk_items = ending->chunk_items,
                            .checkpoints = ending->checkpoints,
                            .checkpoint_ns = ending->checkpoint_ns,
                            .peak_bytes = pe_resident_peak()};
    if (profiling->profile == NULL)
        return PE_OK;
    mine.wall_ns = now - profiling->profile->origin_ns;
    pe_profile_end(profiling->profile, ending->sync_ns, now);
    (void)gethostname(mine.host, sizeof mine.host - 1);
    if (pe_comm_clock_offset(run->comm, &profiling->clock_ns[1], err) == PE_OK) {
        mine.clock_ns[0] = profiling->clock_ns[0];
        mine.clock_ns[1] = profiling->clock_ns[1];
        (void)pe_collect(run->comm, profiling->profile, &mine, &facts->collected, err);
    }
    facts->has_profile = run->is_root && err->status == PE_OK;
    pe_profile_free(profiling->profile);
    profiling->profile = NULL;
    return err->status;
}

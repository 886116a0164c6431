/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* earlier_runs.c - what the reports of a resumed job count of its earlier runs.
 *
 * Design:  a run that ends in good order (Ctrl-C, a time limit, a failure) writes the sum of what was recorded into the
 *          checkpoint that it leaves, which is complete by then. A run that is killed leaves the sum of the runs before it.
 * Threads: the main thread.
 */
#include "run/reports/earlier_runs.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "os/file/out_marker.h"

void pe_earlier_runs_load(const pe_run_resume *resume, pe_run_facts *facts)
{
    pe_error ignored = PE_ERROR_INIT;
    const pe_checkpoint *const from = &resume->from;
    facts->earlier_runs = from->progress.runs;
    facts->earlier_ns = from->progress.wall_ns;
    if (from->history.size == 0 || pe_make_array(&facts->earlier, 1, sizeof *facts->earlier, &ignored) != PE_OK)
        return;
    if (!pe_history_decode(facts->earlier, from->history.data, from->history.size)) {
        free(facts->earlier);
        facts->earlier = NULL;
        return;
    }
    if (facts->has_profile)
        pe_costs_merge(facts->collected.costs, &facts->earlier->costs);
}

/* collected.costs has those of the earlier runs already. */
static void sum_up(const pe_run_facts *facts, pe_history *sum)
{
    if (facts->earlier != NULL)
        *sum = *facts->earlier;
    sum->runs++;
    sum->costs = *facts->collected.costs;
    for (int r = 0; r < facts->collected.rank_count; r++) {
        const pe_rank_profile *const rank = &facts->collected.ranks[r];
        sum->items += rank->items;
        for (int phase = 0; phase < PE_PHASES; phase++)
            sum->worker_ns[phase] += rank->worker_ns[phase];
    }
}

static pe_status add_to_checkpoint(pe_run_resume *resume, const pe_history *history, pe_error *err)
{
    pe_checkpoint_lock *const lock = resume->lock.path != NULL ? &resume->lock : NULL;
    pe_checkpoint checkpoint = {0};
    pe_status status = pe_checkpoint_read(&checkpoint, resume->path, err);
    checkpoint.history.size = 0;
    if (status == PE_OK)
        status = pe_history_encode(history, &checkpoint.history, err);
    if (status == PE_OK && checkpoint.damaged == 0)
        status = pe_checkpoint_write(&checkpoint, resume->path, lock, err);
    pe_checkpoint_fini(&checkpoint);
    return status;
}

void pe_earlier_runs_save(pe_run_resume *resume, const pe_run_facts *facts)
{
    pe_error ignored = PE_ERROR_INIT;
    pe_history *sum = NULL;
    if (!resume->writes_checkpoints || !facts->has_profile || resume->path == NULL ||
        pe_out_marker_is_bare(resume->path))
        return;
    if (pe_make_array(&sum, 1, sizeof *sum, &ignored) != PE_OK)
        return;
    sum_up(facts, sum);
    (void)add_to_checkpoint(resume, sum, &ignored);
    free(sum);
}

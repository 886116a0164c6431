/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* summary.c - what rank 0 says of a run that has ended: its summary, or how far an interrupted run came.
 *
 * Threads: the main thread of rank 0.
 * Not here: the line of progress while the run lasts (report/progress.c).
 */
#include "run/execute/summary.h"

#include "base/fixed_point.h"
#include "os/log.h"
#include "report/progress.h"

#include <inttypes.h>

#define SHORT_RUN_NS ((uint64_t)200 * 1000 * 1000) /* over before chunks had the size that suits their items */

/* The size of a chunk, and what decided it: the user, the plan, or what the items were seen to cost. */
static const char *describe_chunks(const pe_plan *plan, const pe_execute_plan_stats *stats, uint64_t busy_ns,
                                   char out[96])
{
    char items[32], cost[32], digits[PE_FIXED_ROOM];
    const uint64_t chunk_items = plan->is_fixed ? plan->grain_items : stats->chunk_items;
    const double all = (double)(stats->items > 0 ? stats->items : 1);
    const double chunk_ms = (double)busy_ns * 1e-6 * (double)chunk_items / all;
    const bool is_planned = plan->is_fixed || chunk_items == plan->chunk_items;
    if (stats->wall_ns < SHORT_RUN_NS)
        (void)snprintf(cost, sizeof cost, "a short run");
    else
        (void)snprintf(cost, sizeof cost, "%.20s ms each", pe_print_fixed(digits, chunk_ms, chunk_ms < 1 ? 3 : 1));
    (void)snprintf(out, 96, "chunks of %s (%s)", pe_print_count(items, chunk_items), is_planned ? plan->why : cost);
    return out;
}

/* "1,000,000 items", and with earlier runs ", 712,000 of them from before". */
static const char *describe_items(uint64_t items, uint64_t before, char out[96])
{
    char all[32], earlier[32];
    if (before == 0)
        (void)snprintf(out, 96, "%s item%s", pe_print_count(all, items), pe_plural(items));
    else
        (void)snprintf(out, 96, "%s items, %s of them from before", pe_print_count(all, before + items),
                       pe_print_count(earlier, before));
    return out;
}

void pe_summary_log(const pe_job *job, const pe_run_plan *run_plan, const pe_execute_plan_stats *stats, uint64_t before,
                    uint64_t busy_ns, uint64_t left_out)
{
    char items[96], rate[32], time[32], chunks[96], note[PE_JOB_NOTE_ROOM], others[32], without[64] = "";
    const pe_plan *plan = &run_plan->plan;
    if (pe_job_note(job, note) != NULL)
        pe_log(PE_LOG_INFO, "%s: %s", job->name, note);
    const double seconds = (double)stats->wall_ns * 1e-9;
    const double all_ns = (double)stats->wall_ns * run_plan->placement.all_threads;
    if (job->kernel.condition != NULL)
        (void)snprintf(without, sizeof without, ", %s of them left out by where", pe_print_count(others, left_out));
    pe_log(PE_LOG_INFO, "%s: %s%s%s in %s, %s items/s, %d rank%s x %d thread%s, %.0f %% busy, %s", job->name,
           describe_items(stats->items, before, items), without, before > 0 || without[0] != '\0' ? "," : "",
           pe_print_seconds(time, seconds), pe_print_rate(rate, seconds > 0 ? (double)stats->items / seconds : 0),
           plan->ranks, plan->ranks == 1 ? "" : "s", plan->threads, plan->threads == 1 ? "" : "s",
           all_ns > 0 ? (double)busy_ns / all_ns * 100 : 0, describe_chunks(plan, stats, busy_ns, chunks));
}

/* ---- an interrupted run ---- */

/* Are rows in the output once they are delivered? Other results are written when all are known, or not at all. */
static bool is_written_as_it_comes(const pe_job *job, const pe_output_spec *output)
{
    if (output->has_item_files)
        return true;
    return job->order != PE_ORDER_WHOLE && job->op_count == 0 && output->format != PE_FORMAT_DIGEST &&
           output->format != PE_FORMAT_NULL;
}

/* Can another run write the rest, to be joined to what is there? */
static bool can_go_on(const pe_job *job, const pe_output_spec *output, const pe_plan *plan, uint64_t items)
{
    const bool has_axes = output->sink.axes != NULL && output->format == PE_FORMAT_NPY;
    return job->order == PE_ORDER_STREAM && plan->items != PE_ITEMS_UNKNOWN && items > 0 && !has_axes &&
           is_written_as_it_comes(job, output);
}

/* What has become of the items that are done. */
static void describe_written(const pe_job *job, const pe_output_spec *output, const pe_plan *plan, uint64_t items,
                             char out[120])
{
    char advice[80] = "";
    if (can_go_on(job, output, plan, items))
        (void)snprintf(advice, sizeof advice, "; --skip %" PRIu64 " with another output goes on", job->skip + items);
    (void)snprintf(out, 120, "%s%s",
                   is_written_as_it_comes(job, output) ? ", which were written" : "; nothing was written", advice);
}

void pe_summary_interrupted(const pe_job *job, const pe_output_spec *output, const pe_run_resume *resume,
                            const pe_plan *plan, uint64_t items, bool is_by_limit, pe_error *err)
{
    char done[32], all[32], cause[80], written[120] = "";
    const bool is_known = plan->items != PE_ITEMS_UNKNOWN;
    const uint64_t before = resume->done.items;
    (void)snprintf(cause, sizeof cause, "%.79s", err->text);
    if (is_by_limit && items == 0) {
        pe_error_clear(err);
        (void)pe_fail(err, PE_EITEM, "%s: no item was finished: one takes longer than the limit", cause);
        return;
    }
    if (!resume->writes_checkpoints || before + items == 0)
        describe_written(job, output, plan, items, written);
    pe_error_clear(err);
    (void)pe_fail(err, PE_ESTOPPED, "%s after %s%s%s items%s", cause, pe_print_count(done, before + items),
                  is_known ? " of " : "", is_known ? pe_print_count(all, before + plan->items) : "", written);
}

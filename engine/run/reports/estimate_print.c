/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* estimate_print.c - what a sample says of the whole job.
 *
 * Design:  each block stands for the same share of the job, so the mean of the blocks' costs is the mean cost of an
 *          item. Blocks that are neighbours in the job have about the same cost except for chance, so their differences
 *          give the uncertainty of the mean, also where the cost changes along the job.
 * Threads: no state.
 */
#include "run/reports/estimate_print.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "report/progress.h"

#define SPREAD_LEAST 0.05 /* of the time: what two runs of one job differ by */
#define LIMIT_FACTOR 1.5  /* of the longest time that is expected, for a time limit */
#define MEMORY_FACTOR 1.2
#define MIB ((uint64_t)1 << 20)
#define MINUTE 60.0

static int compare(const void *a, const void *b)
{
    const pe_sampled_block *const one = a, *const other = b;
    return one->first < other->first ? -1 : one->first > other->first;
}

static double cost_of(const pe_sampled_block *block)
{
    return (double)block->ns / (double)block->items;
}

static double mean_cost(const pe_sample_sum *sample)
{
    double sum = 0;
    for (size_t i = 0; i < sample->count; i++)
        sum += cost_of(&sample->blocks[i]);
    return sample->count > 0 ? sum / (double)sample->count : 0;
}

/* Two standard errors of the mean. */
static double uncertainty(const pe_sample_sum *sample)
{
    double squares = 0;
    if (sample->count < 2)
        return mean_cost(sample) / 2;
    for (size_t i = 1; i < sample->count; i++) {
        const double difference = cost_of(&sample->blocks[i]) - cost_of(&sample->blocks[i - 1]);
        squares += difference * difference;
    }
    return 2 * sqrt(squares / (2 * (double)(sample->count - 1)) / (double)sample->count);
}

static int compare_starts(const void *a, const void *b)
{
    const uint64_t one = *(const uint64_t *)a, other = *(const uint64_t *)b;
    return one < other ? -1 : one > other;
}

/* All workers end together; one that is ready later computes less, and nothing where the others have done it all by then. */
static double whole_seconds(const pe_plan *plan, const pe_sample_sum *sample, double cost_ns)
{
    double ns = (double)plan->items * cost_ns, ends = 0;
    for (int w = 0; w < sample->workers && (w == 0 || ends > (double)sample->start_ns[w]); w++) {
        ns += (double)sample->start_ns[w];
        ends = ns / (w + 1);
    }
    return ends * 1e-9;
}

static uint64_t sampled_items(const pe_sample_sum *sample)
{
    uint64_t items = 0;
    for (size_t i = 0; i < sample->count; i++)
        items += sample->blocks[i].items;
    return items;
}

static void print_cost(FILE *out, double ns)
{
    char text[32];
    if (ns < 1e6)
        (void)fprintf(out, "%.*f us", ns < 1e4 ? 3 : 1, ns * 1e-3);
    else
        (void)fputs(pe_print_seconds(text, ns * 1e-9), out);
}

/* Prints the time limit for SLURM: HH:MM:SS, with days in front where there are some. */
static void print_limit(FILE *out, double seconds)
{
    const uint64_t minutes = (uint64_t)(seconds / MINUTE) + 1;
    const uint64_t days = minutes / 1440;
    if (days > 0)
        (void)fprintf(out, "#SBATCH --time=%" PRIu64 "-%02" PRIu64 ":%02" PRIu64 ":00\n", days, minutes / 60 % 24,
                      minutes % 60);
    else
        (void)fprintf(out, "#SBATCH --time=%02" PRIu64 ":%02" PRIu64 ":00\n", minutes / 60, minutes % 60);
}

static void print_slurm(FILE *out, const pe_plan *plan, const pe_sample_sum *sample, double most_s)
{
    const double rank_bytes = (double)plan->peak_bytes + (double)sample->process_bytes;
    const uint64_t mib = (uint64_t)(rank_bytes * MEMORY_FACTOR / plan->threads / (double)MIB) + 1;
    (void)fprintf(out, "#SBATCH --ntasks=%d\n#SBATCH --cpus-per-task=%d\n#SBATCH --mem-per-cpu=%" PRIu64 "M\n",
                  plan->ranks, plan->threads, mib);
    print_limit(out, most_s * LIMIT_FACTOR);
}

static void print_rest(FILE *out, const pe_plan *plan, const pe_sample_sum *sample)
{
    char text[32];
    if (sample->failed > 0)
        (void)fprintf(out, "%-9s  %" PRIu64 " of these items failed\n", "failed", sample->failed);
    if (sample->row_bytes > 0)
        (void)fprintf(out, "%-9s  %s of results\n", "writes", pe_print_bytes(text, sample->row_bytes * plan->items));
    if (sample->process_bytes > 0)
        (void)fprintf(out, "%-9s  %s per rank for the processes of its workers, as they were seen\n", "processes",
                      pe_print_bytes(text, sample->process_bytes));
}

void pe_estimate_print(FILE *out, const pe_plan *plan, const pe_sample_sum *sample)
{
    char items[32], places[32], time[32], least[32], most[32];
    qsort(sample->blocks, sample->count, sizeof *sample->blocks, compare);
    qsort(sample->start_ns, (size_t)sample->workers, sizeof *sample->start_ns, compare_starts);
    (void)fprintf(out, "%-9s  %s items in %s places, on %d workers\n", "sample",
                  pe_print_count(items, sampled_items(sample)), pe_print_count(places, sample->count), sample->workers);
    if (sample->count == 0) {
        print_rest(out, plan, sample);
        return;
    }
    const double cost = mean_cost(sample), wide = uncertainty(sample);
    const double spread = wide > cost * SPREAD_LEAST ? wide : cost * SPREAD_LEAST;
    const double longest = whole_seconds(plan, sample, cost + spread);
    (void)fprintf(out, "%-9s  ", "cost");
    print_cost(out, cost);
    (void)fprintf(out, " an item\n%-9s  %s, within %s to %s\n", "time",
                  pe_print_seconds(time, whole_seconds(plan, sample, cost)),
                  pe_print_seconds(least, whole_seconds(plan, sample, cost > spread ? cost - spread : 0)),
                  pe_print_seconds(most, longest));
    print_rest(out, plan, sample);
    print_slurm(out, plan, sample, longest);
}

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* plan_report.c - --plan: what would run, as a table for people.
 *
 * Threads: the main thread of rank 0.
 */
#include "report/plan_report.h"

#include <string.h>

#include "report/progress.h"

static void row(FILE *out, const char *name, const char *value)
{
    (void)fprintf(out, "%-9s  %s\n", name, value);
}

static void show_inputs(FILE *out, const pe_job *job, const pe_inputs *inputs)
{
    char count[32];
    for (int s = 0; s < pe_inputs_sources(inputs); s++) {
        const pe_source_info *info = pe_inputs_info(inputs, s);
        const char *how = info->count == PE_COUNT_UNKNOWN ? "read as it comes" : "the same for every item";
        (void)fprintf(out, "%-9s  %s: ", s == 0 ? "input" : "", info->name);
        if (info->count == PE_COUNT_UNKNOWN || info->count == PE_COUNT_ANY)
            (void)fprintf(out, "%s", how);
        else
            (void)fprintf(out, "%s item%s", pe_print_count(count, info->count), pe_plural(info->count));
        (void)fprintf(out, ", %d argument%s\n", info->columns, info->columns == 1 ? "" : "s");
    }
    char note[PE_JOB_NOTE_ROOM];
    if (pe_job_note(job, note) != NULL)
        row(out, "note", note);
    if (pe_inputs_sources(inputs) > 1)
        row(out, "combine", job->combine == PE_COMBINE_PRODUCT ? "product, the last input fastest" : "zip");
}

static void show_output(FILE *out, const pe_job *job, pe_format format)
{
    if (job->op_count > 0)
        (void)fprintf(out, "%-9s  %s", "reduce", pe_reduce_op_name(job->ops[0]));
    for (int i = 1; i < job->op_count; i++)
        (void)fprintf(out, ", %s", pe_reduce_op_name(job->ops[i]));
    if (job->op_count > 0)
        (void)fputc('\n', out);
    (void)fprintf(out, "%-9s  %s, %s\n", "output", strcmp(job->output.path, "-") == 0 ? "stdout" : job->output.path,
                  pe_format_name(format));
}

static void show_counts(FILE *out, const pe_plan *plan)
{
    char a[32], b[32], c[32];
    if (plan->items == PE_ITEMS_UNKNOWN) {
        row(out, "items", "unknown: the input is a stream");
        (void)fprintf(out, "%-9s  as read, up to %s item%s or %s each\n", "slices",
                      pe_print_count(a, plan->slice_items), pe_plural(plan->slice_items),
                      pe_print_bytes(b, plan->chunk_in_bytes));
        return;
    }
    row(out, "items", pe_print_count(a, plan->items));
    const bool is_paced = plan->schedule == PE_SCHEDULE_DYNAMIC;
    const uint64_t chunk_items = plan->is_fixed ? plan->grain_items : plan->chunk_items;
    const uint64_t chunks = plan->slice_items / chunk_items;
    (void)fprintf(out, "%-9s  %s%s of %s item%s (%s chunk%s each)\n", "slices", pe_print_count(a, plan->slices),
                  is_paced ? " or more" : "", pe_print_count(b, plan->slice_items), pe_plural(plan->slice_items),
                  pe_print_count(c, chunks), pe_plural(chunks));
    (void)fprintf(out, "%-9s  %s item%s (%s)", "chunk", pe_print_count(a, chunk_items), pe_plural(chunk_items),
                  plan->why);
    if (!plan->is_fixed)
        (void)fputs(", fewer where they take long", out);
    else if (chunk_items < plan->chunk_items)
        (void)fprintf(out, ", up to %s claimed at once while they take next to no time",
                      pe_print_count(b, plan->chunk_items / chunk_items));
    (void)fputc('\n', out);
}

static void show_window(FILE *out, const pe_plan *plan)
{
    char a[32], b[32];
    if (plan->ranks == 1)
        (void)fprintf(
            out, "%-9s  %s chunks ahead of the oldest that is not delivered, more where chunks are smaller\n", "window",
            pe_print_count(a, (uint64_t)plan->slots * (plan->is_fixed ? plan->chunk_items / plan->grain_items : 1)));
    else
        (void)fprintf(
            out, "%-9s  %d slices per rank ahead of the oldest that is not delivered, more where slices are smaller\n",
            "window", plan->depth);
    (void)fprintf(out, "%-9s  peak %s per rank: buffers %s, the rest pengine and its libraries\n", "memory",
                  pe_print_bytes(a, plan->peak_bytes), pe_print_bytes(b, plan->buffer_bytes));
}

static void show_part(FILE *out, const pe_job *job, const pe_inputs *inputs, pe_block items)
{
    char all[32];
    if (job->part.of == 0 && job->skip == 0)
        return;
    (void)fprintf(out, "%-9s  ", "part");
    if (job->part.of > 0)
        (void)fprintf(out, "%llu of %llu: ", (unsigned long long)job->part.number, (unsigned long long)job->part.of);
    if (items.count == 0)
        (void)fprintf(out, "no item");
    else
        (void)fprintf(out, "items %llu to %llu", (unsigned long long)items.first,
                      (unsigned long long)(items.first + items.count - 1));
    (void)fprintf(out, " of %s\n", pe_print_count(all, pe_inputs_count(inputs)));
}

static void show_placement(FILE *out, const pe_thread_placement *place, const pe_plan *plan)
{
    (void)fprintf(out, "%-9s  %d rank%s x %d thread%s, %d worker%s in all, %d core%s for rank 0", "placement",
                  plan->ranks, plan->ranks == 1 ? "" : "s", plan->threads, plan->threads == 1 ? "" : "s",
                  place->all_threads, place->all_threads == 1 ? "" : "s", place->cores, place->cores == 1 ? "" : "s");
    if (place->cores < place->bound)
        (void)fprintf(out, " of %d, by %s", place->bound, place->limits.cores.path);
    (void)fputc('\n', out);
}

static void show_limit(FILE *out, const pe_thread_placement *place)
{
    char bytes[32];
    if (place->limits.memory.value != UINT64_MAX)
        (void)fprintf(out, "%-9s  %s for all processes of its control group, by %s\n", "limit",
                      pe_print_bytes(bytes, place->limits.memory.value), place->limits.memory.path);
}

void pe_plan_report_print(FILE *out, const pe_plan_report *report)
{
    const pe_job *const job = report->job;
    const pe_plan *const plan = report->plan;
    char text[PE_SIGNATURE_ROOM];
    (void)fprintf(out, "%-9s  %s (%s)\n", "job", job->name, job->mode);
    show_inputs(out, job, report->inputs);
    (void)fprintf(out, "%-9s  %s %s\n", "kernel", report->kernel, pe_signature_print(report->signature, text));
    show_output(out, job, report->format);
    show_placement(out, report->placement, plan);
    show_part(out, job, report->inputs, report->items);
    show_counts(out, plan);
    row(out, "schedule", pe_schedule_name(plan->schedule));
    show_window(out, plan);
    show_limit(out, report->placement);
}

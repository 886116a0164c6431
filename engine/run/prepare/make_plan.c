/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* make_plan.c - the stage that makes the plan; prints it for --plan.
 *
 * Design:  each rank measures its own memory and limits; the plan is made of the largest, so it is the same on every rank.
 * Threads: the main thread.
 * Not here: the sizes that the plan is made from (plan_request.c), the choice of sizes (plan/plan.c), the table of --plan
 *          (report/plan_report.c).
 */
#include <stdlib.h>

#include "base/saturate.h"
#include "report/plan_report.h"
#include "report/progress.h"
#include "run/output/item_file_names.h"
#include "run/prepare/memory_limit.h"
#include "run/prepare/plan_request.h"
#include "run/reports/profiling.h"
#include "run/stages.h"

/* What the plan refuses has to be changed in the job file, so the message begins with its name. */
static void make_plan(const pe_job *job, const pe_plan_request *request, pe_plan *out, pe_error *err)
{
    pe_error reason = PE_ERROR_INIT;
    if (pe_plan_make(request, out, &reason) != PE_OK)
        (void)pe_fail(err, reason.status, "%s: %s", job->file, reason.text);
}

pe_status pe_run_make_plan(const pe_run_context *run, const pe_run_prepared *prepared, pe_run_plan *out, pe_error *err)
{
    const pe_job *const job = prepared->job;
    const pe_run_inputs *const inputs = prepared->inputs;
    const pe_work_spec *const work = prepared->work;
    const pe_form *const form = prepared->kernel->form;
    if (pe_thread_placement_make(run->comm, (int)job->pool.threads, &out->placement, err) != PE_OK)
        return pe_run_agree(run, err);
    pe_plan_request request =
        pe_plan_request_make(job, work, inputs->inputs, inputs->items, &inputs->todo, &prepared->output->sink);
    request.ranks = pe_comm_size(run->comm);
    request.threads = out->placement.most_threads;
    request.is_in_processes = pe_form_is_in_processes(form);
    request.whole_run_bytes += pe_profiling_bytes(run, &out->placement);
    if (work->output.item_files != NULL && work->output.item_files->names_may_meet)
        request.whole_run_bytes = pe_add_most(request.whole_run_bytes, pe_item_file_names_bytes(inputs->items.count));
    char *const checkpoint = run->is_root ? pe_run_spill_checkpoint(job, inputs, prepared->output) : NULL;
    uint64_t most[] = {request.process_bytes, request.whole_run_bytes, out->placement.is_crowded ? 1 : 0,
                       checkpoint != NULL ? 1 : 0};
    free(checkpoint);
    (void)pe_comm_max(run->comm, most, 4, err); /* the plan is the same on every rank */
    request.process_bytes = most[0];
    request.whole_run_bytes = most[1];
    request.is_crowded = most[2] != 0;
    request.spills_results = most[3] != 0;
    if (pe_run_agree(run, err) == PE_OK)
        make_plan(job, &request, &out->plan, err);
    if (pe_run_agree(run, err) == PE_OK)
        (void)pe_memory_limit_check(run->comm, &out->placement.limits.memory, &request, &out->plan,
                                    pe_form_worker_bytes(form), job->file, err);
    return pe_run_agree(run, err);
}

/* The memory of processes that the kernel runs in, which the plan's peak of a rank leaves out. */
void pe_run_print_processes(FILE *file, const pe_run_prepared *prepared, const pe_run_plan *plan)
{
    char each[32], all[32];
    const pe_form *const form = prepared->kernel->form;
    const int threads = plan->plan.threads;
    const uint64_t bytes = pe_form_worker_bytes(form);
    if (!pe_form_is_in_processes(form))
        return;
    (void)fprintf(file, "%-9s  %d per rank, one per worker: ", "processes", threads);
    if (bytes > 0)
        (void)fprintf(file, "%s each once the function is imported, %s per rank beside the peak above\n",
                      pe_print_bytes(each, bytes), pe_print_bytes(all, bytes * (uint64_t)threads));
    else if (prepared->job->kernel.kind == PE_FORM_COMMAND)
        (void)fputs("programs, whose memory is not known before they run\n", file);
    else
        (void)fputs("forks, which share the rank's memory\n", file);
}

void pe_run_print_plan(FILE *file, const pe_run_prepared *prepared, const pe_run_plan *plan)
{
    const pe_work_spec *const work = prepared->work;
    const pe_plan_report report = {.job = prepared->job,
                                   .inputs = prepared->inputs->inputs,
                                   .items = prepared->inputs->items,
                                   .kernel = work->kernel.descriptor->name,
                                   .signature = &work->kernel.signature,
                                   .format = prepared->output->format,
                                   .placement = &plan->placement,
                                   .plan = &plan->plan};
    pe_plan_report_print(file, &report);
    char *const checkpoint = pe_run_spill_checkpoint(prepared->job, prepared->inputs, prepared->output);
    if (checkpoint != NULL)
        (void)fprintf(file, "%-9s  results that wait for an item that takes long go to %s.spill\n", "waiting",
                      checkpoint);
    free(checkpoint);
}

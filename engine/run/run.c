/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* run.c - the stages of a run, in their order, and the data that goes from stage to stage.
 *
 * Design: conduct() is the whole program: each stage takes what earlier stages made and gives what it makes.
 *
 *             options -> read_job    -> job      the validated job file
 *             job     -> check_paths            no file is written that is read
 *             job     -> open_inputs -> inputs   the open sources, and which items of them this run computes
 *             inputs  -> open_kernel -> kernel   the compiled or loaded kernel, its arguments bound to the inputs
 *             kernel  -> define_work -> output   format, types and path of what is written
 *                                       work     what a worker does with an item: kernel, encoder, error policy
 *             work    -> resume_work -> resume   what an earlier run has done; it is no longer among the inputs' items
 *             work    -> make_plan   -> plan     slices, chunks, threads, memory
 *             plan    -> execute     -> the committed output
 *
 *         The stages from make_plan on get what was made before them as one pe_run_prepared.
 *
 *         Each stage does its part on every rank and ends at a meeting point (pe_run_agree), so that all ranks go on
 *         together or stop together with one error.
 * Threads: the main thread.
 * Not here: how a stage does its work: prepare/ (a file for each stage, by its name), resume/resume.c, execute/execute.c.
 */
#include "run/run.h"

#include <stdio.h>

#include "comm/launcher.h"
#include "os/interrupt.h"
#include "os/log.h"
#include "run/lost_rank.h"
#include "run/reports/reports.h"
#include "run/reports/sample.h"
#include "run/stages.h"

static pe_status print_job(const pe_run_context *run, const pe_job *job, pe_error *err)
{
    if (run->is_root)
        (void)pe_job_print(job, stdout, err);
    return pe_run_agree(run, err);
}

/* --check and --plan: nothing is computed. */
static pe_status show_plan(const pe_run_context *run, const pe_run_prepared *prepared, const pe_run_plan *plan,
                           pe_error *err)
{
    if (run->is_root && run->options->action == PE_ACTION_PLAN) {
        pe_run_print_plan(stdout, prepared, plan);
        pe_run_print_processes(stdout, prepared, plan);
    }
    if (run->options->sample > 0 && pe_run_sample(run, prepared, plan, err) != PE_OK)
        return err->status;
    if (run->is_root && run->options->action == PE_ACTION_PLAN) {
        if (fflush(stdout) != 0)
            (void)pe_fail(err, PE_EIO, "stdout: a write failed");
    } else if (run->is_root) {
        pe_log(PE_LOG_INFO, "%s: valid", prepared->job->file);
    }
    return pe_run_agree(run, err);
}

/* --check=syntax: no code of the job runs, also not by being compiled, loaded or imported. */
static pe_status check_syntax(const pe_run_context *run, const pe_job *job, const pe_run_inputs *inputs, pe_error *err)
{
    if (pe_run_check_kernel(run, job, inputs, err) == PE_OK && run->is_root)
        pe_log(PE_LOG_INFO, "%s: valid, as far as can be known without its code", job->file);
    return err->status;
}

/* What the reports say of the plan. */
static void note_plan(const pe_work_spec *work, const pe_run_plan *plan, pe_run_facts *facts)
{
    (void)snprintf(facts->kernel, sizeof facts->kernel, "%s", work->kernel.descriptor->name);
    (void)pe_signature_print(&work->kernel.signature, facts->signature);
    facts->has_plan = true;
    facts->plan = plan->plan;
    facts->items = plan->plan.items;
    facts->all_threads = plan->placement.all_threads;
}

/* All stages after the job file was read. */
static pe_status conduct_job(const pe_run_context *run, const pe_job *job, pe_run_facts *facts, pe_error *err)
{
    const pe_run_action action = run->options->action;
    pe_run_inputs inputs = {0};
    pe_run_kernel kernel = {0};
    pe_output_spec output = {0};
    pe_work_spec work = {0};
    pe_run_resume resume = {0};
    const pe_run_prepared prepared = {job, &inputs, &kernel, &output, &work};
    pe_run_plan plan = {0};
    if (pe_run_check_paths(run, job, err) != PE_OK)
        goto out;
    facts->has_checked_paths = true;
    if (pe_run_open_inputs(run, job, &inputs, err) != PE_OK)
        goto out;
    if (action == PE_ACTION_CHECK_SYNTAX) {
        (void)check_syntax(run, job, &inputs, err);
        goto out;
    }
    if (pe_run_open_kernel(run, job, &inputs, &kernel, err) != PE_OK)
        goto out;
    if (pe_run_define_work(run, job, &inputs, &kernel, &output, &work, err) != PE_OK)
        goto out;
    if (action == PE_ACTION_RUN && pe_run_resume_work(run, job, &inputs, &kernel, &output, &resume, err) != PE_OK)
        goto out;
    if (pe_run_make_plan(run, &prepared, &plan, err) != PE_OK)
        goto out;
    note_plan(&work, &plan, facts);
    if (action != PE_ACTION_RUN)
        (void)show_plan(run, &prepared, &plan, err);
    else if (!resume.is_over)
        (void)pe_run_execute(run, &prepared, &plan, &resume, facts, err);
out:
    pe_run_resume_fini(&resume);
    pe_work_spec_fini(&work);
    pe_output_spec_fini(&output);
    pe_run_kernel_fini(&kernel);
    pe_run_inputs_fini(&inputs);
    return err->status;
}

static void log_error(const pe_error *err)
{
    if (err->status == PE_OK)
        return;
    pe_log(err->status == PE_ECLOSED ? PE_LOG_INFO : PE_LOG_ERROR, "%s", err->text);
    pe_interrupt_logged(pe_status_exit(err->status));
}

static pe_status conduct(const pe_run_context *run, pe_error *err)
{
    pe_job *job = NULL;
    pe_run_facts facts;
    pe_reports_begin(run, &facts);
    const pe_status status = pe_run_read_job(run, &job, err);
    facts.job = status == PE_OK ? job : NULL;
    if (status == PE_OK && run->options->action == PE_ACTION_PRINT_CONFIG)
        (void)print_job(run, job, err);
    else if (status == PE_OK)
        (void)conduct_job(run, job, &facts, err);
    log_error(err);
    (void)pe_reports_end(run, &facts, err);
    pe_job_free(job);
    return err->status;
}

int pe_run(const pe_run_options *options)
{
    static const pe_log_level levels[] = {
        [PE_QUIET] = PE_LOG_ERROR, [PE_NORMAL] = PE_LOG_INFO, [PE_VERBOSE] = PE_LOG_DEBUG};
    atomic_bool stop = false;
    pe_run_context run = {.options = options, .stop = &stop};
    pe_error err = PE_ERROR_INIT, late = PE_ERROR_INIT;
    pe_heartbeat *heartbeat = NULL;
    pe_status status = pe_comm_open(pe_launcher_is_present(), &run.comm, &err);
    if (status == PE_OK) {
        run.is_root = pe_comm_rank(run.comm) == 0;
        pe_log_init(run.is_root, levels[options->verbosity]);
        if (options->progress == PE_PROGRESS_JSON)
            pe_log_set_json();
        (void)pe_lost_rank_watch(run.comm, &heartbeat, &err); /* a failure is agreed at the first meeting point */
        status = conduct(&run, &err);
    } else {
        log_error(&err);
    }
    if (pe_heartbeat_end(heartbeat, &late) != PE_OK && status == PE_OK)
        pe_log(PE_LOG_ERROR, "%s", late.text);
    pe_comm_close(run.comm);
    return pe_status_exit(status);
}

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* run.c - the conductor: the only file that names every stage.
 *
 * Design: a run is the list of stages in conduct(), each of which does its part on every rank and ends at a meeting
 * point (pe_comm_agree), so that all ranks go on together or stop together with one error. Rank 0 reads the job file,
 *         opens the inputs and the output; the others work from the facts it sends.
 *
 *             job -> inputs -> kernel -> plan -> output -> crew -> commit
 *
 * Threads: the main thread, but for the functions that the crew calls (step.h says which thread).
 * Not here: how any stage does its work.
 */
#include "run/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/words.h"
#include "exec/crew.h"
#include "exec/launcher.h"
#include "kernel/form.h"
#include "run/aside.h"
#include "run/crash.h"
#include "run/estimate.h"
#include "run/interrupt.h"
#include "run/place.h"
#include "run/policy.h"
#include "run/results.h"
#include "run/showplan.h"
#include "run/specs.h"
#include "run/step.h"
#include "state/progress.h"

#define JOB_FILE_MOST ((size_t)16 << 20)
#define STREAM_BLOCK_LEAST ((size_t)64 << 10)

typedef struct session {
    const pe_run_options *options;
    pe_comm *comm;
    bool is_root;
    pe_job *job;
    pe_specs specs;
    pe_inputs *inputs;
    pe_type column_types[PE_MAX_COLUMNS];
    bool untyped[PE_MAX_COLUMNS];
    pe_form_spec form_spec;
    pe_form *form;
    atomic_bool stop; /* the crew sets it; kernels with processes of their own look at it */
    pe_recipe recipe;
    pe_format format;
    pe_place place;
    pe_plan plan;
    pe_results results;
    pe_progress progress;
    pe_crew_stats stats;
    uint64_t busy_ns; /* of all ranks (rank 0) */
    pe_error err;
} session;

/* Every stage ends here: afterwards all ranks hold the same error, or none. */
static pe_status meet(session *self)
{
    return pe_comm_agree(self->comm, &self->err);
}

/* ---- job ---- */

static pe_status read_job(session *self)
{
    const pe_run_options *options = self->options;
    pe_buffer text = {0};
    char *content = NULL;
    size_t size = 0;
    const bool is_stdin = strcmp(options->job_path, "-") == 0;
    if (self->is_root && pe_file_read_all(is_stdin ? "/dev/stdin" : options->job_path, JOB_FILE_MOST, &content, &size,
                                          &self->err) == PE_OK)
        (void)pe_buffer_append(&text, content, size, &self->err);
    free(content);
    if (meet(self) == PE_OK && pe_comm_bcast_buffer(self->comm, &text, &self->err) == PE_OK)
        (void)pe_job_read(is_stdin ? "stdin" : options->job_path, (const char *)text.data, text.size,
                          options->overrides, options->override_count, &self->job, &self->err);
    pe_buffer_fini(&text);
    return meet(self);
}

static pe_status print_job(session *self)
{
    if (self->is_root)
        (void)pe_job_print(self->job, stdout, &self->err);
    return meet(self);
}

/* ---- inputs ---- */

static pe_status open_inputs(session *self)
{
    const pe_job *job = self->job;
    pe_buffer facts = {0};
    pe_status status = pe_specs_inputs(&self->specs, job, &self->err);
    if (status == PE_OK && self->is_root)
        status = pe_inputs_open(self->specs.inputs, job->input_count, job->combine, &self->inputs, &self->err);
    if (status == PE_OK && self->is_root && pe_comm_size(self->comm) > 1)
        (void)pe_inputs_export(self->inputs, &facts, &self->err);
    if (meet(self) == PE_OK && pe_comm_bcast_buffer(self->comm, &facts, &self->err) == PE_OK && !self->is_root)
        (void)pe_inputs_import(self->specs.inputs, job->input_count, job->combine, facts.data, facts.size,
                               &self->inputs, &self->err);
    pe_buffer_fini(&facts);
    if (meet(self) != PE_OK)
        return self->err.status;
    uint64_t is_local = pe_inputs_is_local(self->inputs) ? 1 : 0;
    (void)pe_comm_min(self->comm, &is_local, 1, &self->err);
    if (is_local == 0)
        pe_inputs_set_remote(self->inputs);
    return meet(self);
}

/* ---- kernel ---- */

static pe_status check_arity(session *self)
{
    const pe_job *job = self->job;
    const int args = self->recipe.signature.arg_count;
    if (job->is_star || args == 1)
        return PE_OK;
    return pe_fail(&self->err, PE_ECONFIG,
                   "%s: mode \"%s\" takes one argument, but the inputs give %d and kernel \"%s\" "
                   "takes %d: use mode \"%s\"",
                   job->file, job->mode, pe_inputs_columns(self->inputs), job->kernel.name, args,
                   job->order == PE_ORDER_WHOLE    ? "starmap"
                   : job->order == PE_ORDER_STREAM ? "istarmap"
                                                   : "istarmap_unordered");
}

/* Rank 0 compiles what has to be; the others get the object from it. */
static pe_status open_form(session *self)
{
    const pe_job *job = self->job;
    pe_buffer object = {0};
    pe_inputs_types(self->inputs, self->column_types, self->untyped);
    pe_status status = pe_specs_kernel(&self->specs, job, self->column_types, self->untyped,
                                       pe_inputs_columns(self->inputs), &self->form_spec, &self->err);
    self->form_spec.stop = &self->stop;
    if (status == PE_OK && self->is_root)
        (void)pe_form_prepare(&self->form_spec, &object, &self->err);
    if (meet(self) == PE_OK && pe_comm_bcast_buffer(self->comm, &object, &self->err) == PE_OK)
        (void)pe_form_open(&self->form_spec, &object, &self->form, &self->err);
    pe_buffer_fini(&object);
    return meet(self);
}

static pe_status choose_kernel(session *self)
{
    const pe_job *job = self->job;
    pe_recipe *recipe = &self->recipe;
    pe_status status = open_form(self);
    if (status != PE_OK)
        return status;
    recipe->kernel = pe_form_kernel(self->form);
    recipe->signature = *pe_form_signature(self->form);
    recipe->setup = &self->form_spec.setup;
    recipe->rank = pe_comm_rank(self->comm);
    status = check_arity(self);
    if (status == PE_OK)
        status = pe_inputs_bind(self->inputs, recipe->signature.args, recipe->signature.arg_count, &self->err);
    if (status == PE_OK)
        status = pe_specs_output(&self->specs, job, self->inputs, &recipe->signature, &self->err);
    if (status == PE_OK)
        status = pe_sink_check(&self->specs.output, &self->format, &self->err);
    if (status == PE_OK && self->is_root)
        (void)pe_specs_check_paths(&self->specs, job, &self->err);
    memcpy(recipe->written, self->specs.written, sizeof recipe->written);
    if (status == PE_OK)
        (void)pe_policy_set(recipe, job, &self->err);
    return meet(self);
}

/* ---- plan ---- */

/* Only then may a kernel write straight into the bytes. */
static bool is_written_as_computed(const pe_recipe *recipe)
{
    bool is_same = true;
    for (int r = 0; r < recipe->signature.result_count; r++)
        is_same = is_same && pe_type_equal(recipe->written[r], recipe->signature.results[r]);
    return is_same;
}

/* What the plan cannot do is the job file's to mend. */
static void plan_within(session *self, const pe_plan_request *request)
{
    pe_error reason = PE_ERROR_INIT;
    if (pe_plan_make(request, &self->plan, &reason) != PE_OK)
        (void)pe_fail(&self->err, reason.status, "%s: %s", self->job->file, reason.text);
}

static pe_status make_plan(session *self)
{
    pe_recipe *recipe = &self->recipe;
    pe_status status = pe_place_make(self->comm, self->job->pool.threads, &self->place, &self->err);
    if (status != PE_OK)
        return meet(self);
    pe_encoder_init(&recipe->encoder, &self->specs.output, self->format);
    recipe->has_conversion = !is_written_as_computed(recipe);
    recipe->encoder.is_plain = recipe->encoder.is_plain && !recipe->has_conversion;
    pe_plan_request request = pe_estimate(self->job, recipe, self->inputs, &self->specs.output);
    request.ranks = pe_comm_size(self->comm);
    request.threads = self->place.most_threads;
    uint64_t most[2] = {request.process_bytes, request.kept_bytes}; /* the plan is the same everywhere */
    (void)pe_comm_max(self->comm, most, 2, &self->err);
    request.process_bytes = most[0];
    request.kept_bytes = most[1];
    if (self->err.status == PE_OK)
        plan_within(self, &request);
    recipe->plan = &self->plan;
    recipe->inputs = self->inputs;
    return meet(self);
}

static void show_table(const session *self, FILE *out)
{
    pe_showplan(out, self->job, self->inputs, self->recipe.kernel->name, &self->recipe.signature, self->format,
                &self->place, &self->plan);
}

static void show_plan(session *self)
{
    if (!self->is_root)
        return;
    if (self->options->action == PE_ACTION_PLAN) {
        show_table(self, stdout);
        if (fflush(stdout) != 0)
            (void)pe_fail(&self->err, PE_EIO, "stdout: a write failed");
    } else {
        pe_log(PE_LOG_INFO, "%s: valid", self->job->file);
    }
}

/* ---- run ---- */

static pe_status pack(void *context, pe_block block, pe_buffer *payload, pe_error *err)
{
    session *self = context;
    return pe_inputs_pack(self->inputs, block, payload, err);
}

static pe_status next(void *context, int timeout_ms, pe_buffer *payload, pe_block *block, bool *ended, pe_error *err)
{
    session *self = context;
    const size_t bytes = self->plan.payload_bytes > STREAM_BLOCK_LEAST ? self->plan.payload_bytes : STREAM_BLOCK_LEAST;
    return pe_inputs_next(self->inputs, self->plan.chunk_items, bytes, timeout_ms, payload, block, ended, err);
}

static pe_status open_step(void *context, void **step, pe_error *err)
{
    session *self = context;
    pe_step *made = NULL;
    pe_crash_guard();
    const pe_status status = pe_step_open(&self->recipe, &made, err);
    *step = made;
    return status;
}

static void close_step(void *step)
{
    pe_step_close(step);
    pe_crash_unguard();
}

static pe_status run_step(void *step, pe_block chunk, const pe_buffer *payload, pe_outcome *out,
                          const atomic_bool *stop, pe_error *err)
{
    return pe_step_run(step, chunk, payload, out, stop, err);
}

static pe_status take_results(void *context, const pe_outcome *out, pe_error *err)
{
    session *self = context;
    return pe_results_take(&self->results, out, err);
}

static pe_status tell_interrupt(const session *self, uint64_t items, pe_error *err)
{
    char done[32], all[32];
    const bool is_known = self->plan.items != PE_ITEMS_UNKNOWN;
    return pe_fail(err, PE_ESTOPPED, "interrupted by %s after %s%s%s items%s", pe_interrupt_seen(),
                   pe_print_count(done, items), is_known ? " of " : "",
                   is_known ? pe_print_count(all, self->plan.items) : "",
                   self->job->order == PE_ORDER_WHOLE ? "; nothing was written" : ", which were written");
}

static pe_status tick(void *context, uint64_t items, pe_error *err)
{
    session *self = context;
    if (pe_interrupt_seen() != NULL)
        return tell_interrupt(self, items, err);
    if (self->is_root)
        pe_progress_tick(&self->progress, items);
    return PE_OK;
}

static pe_status open_output(session *self)
{
    if (self->is_root)
        (void)pe_results_begin(&self->results, self->job, &self->specs.output, self->plan.items, &self->err);
    const bool is_alone = pe_comm_size(self->comm) == 1; /* several ranks gather on rank 0 */
    if (self->err.status == PE_OK && is_alone && pe_results_can_place(&self->results, &self->recipe.encoder))
        self->recipe.places = &self->results;
    return meet(self);
}

static pe_status run_crew(session *self)
{
    const pe_crew_spec spec = {.plan = &self->plan,
                               .comm = self->comm,
                               .threads = self->place.threads,
                               .has_payload = pe_inputs_is_remote(self->inputs),
                               .is_stream = pe_inputs_is_stream(self->inputs),
                               .context = self,
                               .stop = &self->stop,
                               .pack = pack,
                               .next = next,
                               .open = open_step,
                               .close = close_step,
                               .run = run_step,
                               .write = take_results,
                               .tick = tick};
    if (self->is_root)
        pe_progress_begin(&self->progress, self->job->name, self->plan.items, self->options->progress,
                          self->options->verbosity == PE_QUIET);
    pe_aside_begin(); /* what a kernel prints goes to stderr */
    (void)pe_crew_run(&spec, &self->stats, &self->err);
    pe_aside_end();
    if (self->is_root)
        pe_progress_end(&self->progress);
    return meet(self);
}

/* Commit only what every rank agrees is complete; the summary comes after, when the result is there. */
static pe_status close_output(session *self)
{
    if (self->is_root)
        (void)pe_results_end(&self->results, self->stats.items, &self->err);
    return meet(self);
}

static void summarise(session *self)
{
    char items[32], rate[32], time[32];
    const double seconds = (double)self->stats.wall_ns * 1e-9;
    const double all_ns = (double)self->stats.wall_ns * self->place.all_threads;
    pe_log(PE_LOG_INFO, "%s: %s item%s in %s, %s items/s, %d rank%s x %d thread%s, %.0f %% busy", self->job->name,
           pe_print_count(items, self->stats.items), pe_plural(self->stats.items), pe_print_seconds(time, seconds),
           pe_print_rate(rate, seconds > 0 ? (double)self->stats.items / seconds : 0), self->plan.ranks,
           self->plan.ranks == 1 ? "" : "s", self->plan.threads, self->plan.threads == 1 ? "" : "s",
           all_ns > 0 ? (double)self->busy_ns / all_ns * 100 : 0);
}

static pe_status sum_busy(session *self)
{
    const size_t ranks = (size_t)pe_comm_size(self->comm);
    uint64_t *all = calloc(ranks, sizeof *all);
    if (all == NULL)
        (void)pe_fail(&self->err, PE_ENOMEM, "out of memory for %zu ranks", ranks);
    if (meet(self) != PE_OK || all == NULL) {
        free(all);
        return self->err.status;
    }
    (void)pe_comm_gather(self->comm, &self->stats.busy_ns, sizeof *all, all, &self->err);
    for (size_t rank = 0; rank < ranks && self->err.status == PE_OK; rank++)
        self->busy_ns += all[rank];
    free(all);
    return meet(self);
}

static pe_status run_job(session *self)
{
    if (self->is_root && self->options->verbosity == PE_VERBOSE)
        show_table(self, stderr);
    if (self->is_root && self->place.warning[0] != '\0')
        pe_log(PE_LOG_WARN, "%s", self->place.warning);
    pe_interrupt_begin();
    pe_crash_begin(pe_comm_rank(self->comm), pe_comm_size(self->comm));
    pe_status status = open_output(self);
    if (status == PE_OK)
        status = run_crew(self);
    if (status == PE_OK)
        (void)sum_busy(self);
    (void)close_output(self);
    pe_crash_end();
    pe_interrupt_end();
    if (self->results.is_complete)
        summarise(self);
    return self->err.status;
}

static pe_status conduct(session *self)
{
    const pe_run_action action = self->options->action;
    pe_status status = read_job(self);
    if (status == PE_OK && action == PE_ACTION_PRINT_CONFIG)
        return print_job(self);
    if (status == PE_OK)
        status = open_inputs(self);
    if (status == PE_OK)
        status = choose_kernel(self);
    if (status == PE_OK)
        status = make_plan(self);
    if (status != PE_OK)
        return status;
    if (action == PE_ACTION_RUN)
        return run_job(self);
    show_plan(self);
    return meet(self);
}

static void tell(const session *self)
{
    if (self->err.status == PE_ECLOSED)
        pe_log(PE_LOG_INFO, "%s", self->err.text);
    else if (self->err.status != PE_OK)
        pe_log(PE_LOG_ERROR, "%s", self->err.text);
}

int pe_run(const pe_run_options *options)
{
    static const pe_log_level levels[] = {
        [PE_QUIET] = PE_LOG_ERROR, [PE_NORMAL] = PE_LOG_INFO, [PE_VERBOSE] = PE_LOG_DEBUG};
    session self = {.options = options, .err = PE_ERROR_INIT};
    pe_status status = pe_comm_open(pe_launcher_is_present(), &self.comm, &self.err);
    if (status == PE_OK) {
        self.is_root = pe_comm_rank(self.comm) == 0;
        pe_log_init(self.is_root, levels[options->verbosity]);
        status = conduct(&self);
    }
    tell(&self);
    pe_policy_unset(&self.recipe);
    pe_form_close(self.form);
    pe_inputs_close(self.inputs);
    pe_specs_fini(&self.specs);
    pe_job_free(self.job);
    pe_comm_close(self.comm);
    return pe_status_exit(status);
}

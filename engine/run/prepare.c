/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* prepare.c - from a job file to a plan.
 *
 * Design:  rank 0 reads the job file, opens the inputs and compiles; the others work from what it sends. Whatever can be
 *          known to be wrong is found here, before the first item is computed.
 * Threads: the main thread.
 * Not here: the order of the stages (run.c), the run itself (perform.c).
 */
#include <stdlib.h>
#include <string.h>

#include "os/file.h"
#include "report/plan_report.h"
#include "run/context.h"
#include "run/error_policy.h"
#include "run/estimate.h"
#include "run/item_range.h"

#define JOB_FILE_MOST ((size_t)16 << 20)

/* ---- job ---- */

pe_status pe_run_read_job(pe_run_context *self)
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
    if (pe_run_agree(self) == PE_OK && pe_comm_bcast_buffer(self->comm, &text, &self->err) == PE_OK)
        (void)pe_job_read(is_stdin ? "stdin" : options->job_path, (const char *)text.data, text.size,
                          options->overrides, options->override_count, &self->job, &self->err);
    pe_buffer_fini(&text);
    return pe_run_agree(self);
}

/* ---- inputs ---- */

pe_status pe_run_open_inputs(pe_run_context *self)
{
    const pe_job *job = self->job;
    pe_buffer facts = {0};
    pe_status status = pe_specs_inputs(&self->specs, job, &self->err);
    if (status == PE_OK && self->is_root)
        status = pe_inputs_open(self->specs.inputs, job->input_count, job->combine, &self->inputs, &self->err);
    if (status == PE_OK && self->is_root && pe_comm_size(self->comm) > 1)
        (void)pe_inputs_export(self->inputs, &facts, &self->err);
    if (pe_run_agree(self) == PE_OK && pe_comm_bcast_buffer(self->comm, &facts, &self->err) == PE_OK && !self->is_root)
        (void)pe_inputs_import(self->specs.inputs, job->input_count, job->combine, facts.data, facts.size,
                               &self->inputs, &self->err);
    pe_buffer_fini(&facts);
    if (pe_run_agree(self) != PE_OK)
        return self->err.status;
    uint64_t is_local = pe_inputs_is_local(self->inputs) ? 1 : 0;
    (void)pe_comm_min(self->comm, &is_local, 1, &self->err);
    if (is_local == 0)
        pe_inputs_set_remote(self->inputs);
    if (self->err.status == PE_OK)
        (void)pe_item_range_choose(job, pe_inputs_count(self->inputs), &self->items, &self->err);
    return pe_run_agree(self);
}

/* ---- kernel ---- */

static pe_status check_arity(pe_run_context *self)
{
    const pe_job *job = self->job;
    const int args = self->spec.signature.arg_count;
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
static pe_status open_form(pe_run_context *self)
{
    const pe_job *job = self->job;
    pe_buffer object = {0};
    pe_inputs_types(self->inputs, self->column_types, self->untyped);
    pe_status status = pe_specs_kernel(&self->specs, job, self->column_types, self->untyped,
                                       pe_inputs_columns(self->inputs), &self->form_spec, &self->err);
    self->form_spec.stop = &self->stop;
    if (status == PE_OK && self->is_root)
        (void)pe_form_prepare(&self->form_spec, &object, &self->err);
    if (pe_run_agree(self) == PE_OK && pe_comm_bcast_buffer(self->comm, &object, &self->err) == PE_OK)
        (void)pe_form_open(&self->form_spec, &object, &self->form, &self->err);
    pe_buffer_fini(&object);
    return pe_run_agree(self);
}

pe_status pe_run_choose_kernel(pe_run_context *self)
{
    const pe_job *job = self->job;
    pe_work_spec *spec = &self->spec;
    pe_status status = open_form(self);
    if (status != PE_OK)
        return status;
    spec->kernel = pe_form_kernel(self->form);
    spec->signature = *pe_form_signature(self->form);
    spec->setup = &self->form_spec.setup;
    spec->rank = pe_comm_rank(self->comm);
    status = check_arity(self);
    if (status == PE_OK)
        status = pe_inputs_bind(self->inputs, spec->signature.args, spec->signature.arg_count, &self->err);
    if (status == PE_OK)
        status = pe_specs_output(&self->specs, job, self->inputs, self->items.count, &spec->signature, &self->err);
    if (status == PE_OK)
        status = pe_sink_check(&self->specs.output, &self->format, &self->err);
    if (status == PE_OK && self->is_root)
        (void)pe_specs_check_paths(&self->specs, job, &self->err);
    memcpy(spec->written, self->specs.written, sizeof spec->written);
    if (status == PE_OK)
        (void)pe_error_policy_set(spec, job, &self->err);
    return pe_run_agree(self);
}

/* ---- plan ---- */

/* Only then may a kernel write straight into the bytes. */
static bool is_written_as_computed(const pe_work_spec *spec)
{
    bool is_same = true;
    for (int r = 0; r < spec->signature.result_count; r++)
        is_same = is_same && pe_type_equal(spec->written[r], spec->signature.results[r]);
    return is_same;
}

/* Each rank hashes its own rows of a digest, where the placement of every row in it is known from the start. */
static bool is_made_in_pieces(const pe_run_context *self)
{
    const pe_work_spec *spec = &self->spec;
    const bool is_gathered = self->job->output.is_gathered && pe_comm_size(self->comm) > 1;
    return spec->encoder.format == PE_FORMAT_DIGEST && spec->encoder.is_fixed && spec->policy != PE_ERROR_POLICY_SKIP &&
           !is_gathered;
}

/* What the plan cannot do is the job file's to mend. */
static void plan_within(pe_run_context *self, const pe_plan_request *request)
{
    pe_error reason = PE_ERROR_INIT;
    if (pe_plan_make(request, &self->plan, &reason) != PE_OK)
        (void)pe_fail(&self->err, reason.status, "%s: %s", self->job->file, reason.text);
}

pe_status pe_run_make_plan(pe_run_context *self)
{
    pe_work_spec *spec = &self->spec;
    pe_status status = pe_thread_placement_make(self->comm, self->job->pool.threads, &self->placement, &self->err);
    if (status != PE_OK)
        return pe_run_agree(self);
    const bool is_reduction = self->job->op_count > 0; /* then no item is written */
    pe_encoder_init(&spec->encoder, &self->specs.output, is_reduction ? PE_FORMAT_NULL : self->format);
    spec->has_conversion = !is_written_as_computed(spec);
    spec->encoder.is_plain = spec->encoder.is_plain && !spec->has_conversion;
    spec->makes_pieces = is_made_in_pieces(self);
    self->specs.output.comes_in_pieces = spec->makes_pieces;
    pe_plan_request request = pe_estimate(self->job, spec, self->inputs, self->items, &self->specs.output);
    request.ranks = pe_comm_size(self->comm);
    request.threads = self->placement.most_threads;
    request.is_elsewhere = pe_form_is_in_processes(self->form);
    uint64_t most[] = {request.process_bytes, request.kept_bytes, self->placement.is_crowded ? 1 : 0};
    (void)pe_comm_max(self->comm, most, 3, &self->err); /* the plan is the same everywhere */
    request.process_bytes = most[0];
    request.kept_bytes = most[1];
    request.is_crowded = most[2] != 0;
    if (self->err.status == PE_OK)
        plan_within(self, &request);
    spec->plan = &self->plan;
    spec->inputs = self->inputs;
    spec->first = self->items.first;
    return pe_run_agree(self);
}

void pe_run_show_plan(const pe_run_context *self, FILE *out)
{
    pe_plan_report_print(out, self->job, self->inputs, self->items, self->spec.kernel->name, &self->spec.signature,
                         self->format, &self->placement, &self->plan);
}

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* define_work.c - the stage that defines the output and what a worker does with an item.
 *
 * Design:  both follow from the job and from the types of inputs and kernel, so every rank defines the same.
 * Threads: the main thread.
 * Not here: the worker that does it (worker/worker.c), the output that takes it (run/output/output.c).
 */
#include <string.h>

#include "reduce/reduction.h"
#include "run/output/item_file_name_check.h"
#include "run/prepare/error_policy.h"
#include "run/stages.h"
#include "worker/item_files/item_files.h"

/* Is a result converted? Only without conversion may the kernel write straight into the encoded bytes. */
static bool has_conversion(const pe_work_spec *work)
{
    bool is_same = true;
    for (int r = 0; r < work->kernel.signature.result_count; r++)
        is_same = is_same && pe_type_equal(work->output.written[r], work->kernel.signature.results[r]);
    return !is_same;
}

/* Does each rank hash its own rows of a digest? The place of every row must be known from the start. */
static bool makes_partials(const pe_run_context *run, const pe_job *job, const pe_work_spec *work)
{
    const bool is_gathered = job->output.is_gathered && pe_comm_size(run->comm) > 1;
    return work->output.encoder.format == PE_FORMAT_DIGEST && work->output.encoder.is_fixed &&
           !pe_job_leaves_out(job) && !is_gathered && job->items == NULL;
}

/* The columns in front of the results, among those that the inputs deliver. */
static void define_kept(const pe_job *job, const pe_kept_columns *kept, const pe_inputs *inputs, pe_work_spec *work)
{
    work->input.reads_alone = job->combine == PE_COMBINE_ZIP || job->input_count == 1;
    work->output.kept_count = kept->count;
    for (int k = 0; k < kept->count; k++) {
        const int column = pe_kept_columns_column_of(kept, inputs, k);
        const pe_type type = kept->columns[k].type;
        work->output.kept[k] = (pe_work_kept){.column = column, .type = type, .blank = kept->blanks[k]};
        if (column >= work->kernel.signature.arg_count) {
            work->input.hidden[column - work->kernel.signature.arg_count] = type;
            work->input.hidden_count++;
        }
    }
}

static pe_status define_output(const pe_job *job, const pe_run_inputs *inputs, const pe_signature *signature,
                               pe_output_spec *out, pe_error *err)
{
    const uint64_t rows = job->items == NULL ? inputs->items.count : inputs->todo.items;
    pe_status status = pe_specs_output(job, inputs->inputs, rows, signature, out, err);
    if (status == PE_OK && pe_specs_has_item_files(job))
        pe_specs_item_format(&out->sink);
    out->sink.kept = inputs->kept.columns;
    out->sink.kept_count = inputs->kept.count;
    if (status == PE_OK)
        status = pe_sink_check(&out->sink, &out->format, err);
    return status;
}

static pe_status check_joblog(const pe_job *job, pe_error *err)
{
    const bool has_processes = job->kernel.kind == PE_FORM_COMMAND || job->kernel.kind == PE_FORM_PYTHON;
    if (job->reports.joblog == NULL || has_processes)
        return PE_OK;
    return pe_fail(
        err, PE_EUSAGE,
        "--joblog: has a line for each item of a command or a Python function, which this job's kernel is not: "
        "see --report or --trace");
}

/* Workers write the files, and nothing is left for the sink. */
static pe_status define_files(pe_output_spec *output, pe_work_spec *work, pe_error *err)
{
    const pe_status status = pe_item_files_make(&output->sink, output->format, work->kernel.signature.arg_count,
                                                work->errors.rank, &work->output.item_files, err);
    work->output.encoder.is_fixed = work->output.encoder.is_plain = false; /* no row has a place among others */
    output->sink.format = PE_FORMAT_NULL;
    output->has_item_files = true;
    return status;
}

static pe_work_where define_where(const pe_condition *condition)
{
    return (pe_work_where){.descriptor = condition->form == NULL ? NULL : pe_form_kernel(condition->form),
                           .mentions = condition->mentions,
                           .reads = condition->reads,
                           .names = condition->names.names};
}

static pe_work_spec begin_work(const pe_run_context *run, const pe_job *job, const pe_run_inputs *inputs,
                               const pe_run_kernel *kernel)
{
    const bool lists_failed = job->errors.policy != PE_ON_ERROR_STOP && job->checkpoint.is_enabled;
    return (pe_work_spec){.input = {.inputs = inputs->inputs, .todo = &inputs->todo},
                          .where = define_where(&kernel->condition),
                          .kernel = {.descriptor = pe_form_kernel(kernel->form),
                                     .signature = *pe_form_signature(kernel->form),
                                     .setup = &kernel->spec.setup,
                                     .is_in_processes = pe_form_is_in_processes(kernel->form),
                                     .gives_in_order = pe_form_gives_in_order(kernel->form)},
                          .errors = {.rank = pe_comm_rank(run->comm),
                                     .keeps_fill_out = pe_reduction_keeps_fill_out(job),
                                     .lists_failed = lists_failed,
                                     .has_log = job->errors.log != NULL,
                                     .has_joblog = job->reports.joblog != NULL},
                          .output = {.first_row = inputs->items.first}};
}

/* How the results become bytes. */
static pe_status define_encoder(const pe_run_context *run, const pe_job *job, pe_output_spec *output,
                                pe_work_spec *work, pe_error *err)
{
    const bool is_reduction = job->op_count > 0; /* then no item is written */
    pe_encoder *const encoder = &work->output.encoder;
    pe_encoder_init(encoder, &output->sink, is_reduction ? PE_FORMAT_NULL : output->format);
    const pe_status status = pe_encoder_name(encoder, &output->sink, err);
    work->output.has_conversion = has_conversion(work);
    encoder->is_plain = encoder->is_plain && !work->output.has_conversion;
    work->output.makes_partials = makes_partials(run, job, work);
    output->sink.takes_partials = work->output.makes_partials;
    return status;
}

pe_status pe_run_define_work(const pe_run_context *run, const pe_job *job, const pe_run_inputs *inputs,
                             const pe_run_kernel *kernel, pe_output_spec *output, pe_work_spec *work, pe_error *err)
{
    *work = begin_work(run, job, inputs, kernel);
    const pe_signature *const signature = &work->kernel.signature;
    pe_status status = check_joblog(job, err);
    if (status == PE_OK)
        status = define_output(job, inputs, signature, output, err);
    memcpy(work->output.written, output->written, sizeof work->output.written);
    define_kept(job, &inputs->kept, inputs->inputs, work);
    if (status == PE_OK)
        status = pe_error_policy_set(&work->errors, job, work->output.written, signature->result_count, err);
    if (status == PE_OK)
        status = define_encoder(run, job, output, work, err);
    if (status == PE_OK && pe_specs_has_item_files(job))
        status = define_files(output, work, err);
    if (status == PE_OK && run->is_root)
        (void)pe_item_file_name_check(work, job->output.where, err);
    return pe_run_agree(run, err);
}

void pe_work_spec_fini(pe_work_spec *work)
{
    pe_error_policy_unset(&work->errors);
    pe_encoder_fini(&work->output.encoder);
    pe_item_files_free(work->output.item_files);
    work->output.item_files = NULL;
}

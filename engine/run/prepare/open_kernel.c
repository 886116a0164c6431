/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* open_kernel.c - the stage that opens the kernel and binds the inputs' columns to its arguments.
 *
 * Design:  rank 0 compiles; the other ranks get the object as bytes. kernel.where is a kernel of its own, opened last.
 * Threads: the main thread.
 * Not here: the forms of kernels (kernel/form.c), kernel.where (run/expression/condition.c).
 */
#include "run/expression/mentions.h"
#include "run/stages.h"

/* Which columns hold names of files, and the shapes of their items. */
static void describe_columns(const pe_job *job, const pe_inputs *inputs, pe_run_kernel *out)
{
    int column = 0;
    for (int i = 0; i < job->input_count; i++)
        for (int c = 0; c < pe_inputs_info(inputs, i)->columns; c++) {
            out->is_path[column] = job->inputs[i].kind == PE_SOURCE_GLOB;
            out->shapes[column++] = pe_inputs_info(inputs, i)->item;
        }
}

/* What the forms get: the job's [kernel], and the columns. */
static void describe_kernel(const pe_run_context *run, const pe_job *job, const pe_inputs *inputs, pe_run_kernel *out)
{
    pe_inputs_types(inputs, out->column_types, out->untyped, out->numbers);
    out->spec = pe_specs_kernel(job, out->column_types, out->untyped, pe_inputs_columns(inputs));
    describe_columns(job, inputs, out);
    out->spec.is_path = out->is_path;
    out->spec.numbers = out->numbers;
    out->spec.shapes = out->shapes;
    out->spec.column_name = pe_mentions_column;
    out->spec.column_names_of = inputs;
    if (job->kernel.kind == PE_FORM_EXPR && job->kernel.args == NULL &&
        pe_mentions_names(job, inputs, &out->arguments)) {
        out->spec.arg_count = pe_inputs_columns(inputs);
        out->spec.args = out->arguments.names;
    }
    out->spec.stop = run->stop;
    out->spec.rank = pe_comm_rank(run->comm);
    out->spec.names_items = run->options->verbosity == PE_VERBOSE;
}

static pe_status open_form(const pe_run_context *run, const pe_job *job, const pe_inputs *inputs, pe_run_kernel *out,
                           pe_error *err)
{
    pe_buffer object = {0};
    describe_kernel(run, job, inputs, out);
    if (run->is_root)
        (void)pe_form_prepare(&out->spec, &object, err);
    if (pe_run_agree(run, err) == PE_OK && pe_comm_bcast_buffer(run->comm, &object, err) == PE_OK)
        (void)pe_form_open(&out->spec, &object, &out->form, err);
    pe_buffer_fini(&object);
    return pe_run_agree(run, err);
}

static pe_status check_arity(const pe_job *job, const pe_inputs *inputs, const pe_form *form, pe_error *err)
{
    const pe_signature *signature = pe_form_signature(form);
    if (job->is_star || signature->arg_count == 1)
        return PE_OK;
    return pe_fail(err, PE_ECONFIG,
                   "%s: mode \"%s\" takes one argument, but the inputs give %d and kernel \"%s\" "
                   "takes %d: use mode \"%s\"",
                   job->file, job->mode, pe_inputs_columns(inputs), pe_form_kernel(form)->name, signature->arg_count,
                   job->order == PE_ORDER_WHOLE    ? "starmap"
                   : job->order == PE_ORDER_STREAM ? "istarmap"
                                                   : "istarmap_unordered");
}

pe_status pe_run_open_kernel(const pe_run_context *run, const pe_job *job, pe_run_inputs *inputs, pe_run_kernel *out,
                             pe_error *err)
{
    if (open_form(run, job, inputs->inputs, out, err) != PE_OK)
        return err->status;
    const pe_signature *signature = pe_form_signature(out->form);
    if (check_arity(job, inputs->inputs, out->form, err) == PE_OK)
        (void)pe_inputs_bind(inputs->inputs, signature->args, signature->arg_count, err);
    if (err->status == PE_OK)
        (void)pe_kept_columns_bind(&inputs->kept, job, signature, err);
    if (pe_run_agree(run, err) != PE_OK)
        return err->status;
    return pe_condition_open(&out->condition, run, job, inputs->inputs, signature, err);
}

pe_status pe_run_check_kernel(const pe_run_context *run, const pe_job *job, const pe_run_inputs *inputs, pe_error *err)
{
    pe_run_kernel kernel = {0};
    describe_kernel(run, job, inputs->inputs, &kernel);
    (void)pe_form_check(&kernel.spec, err);
    return pe_run_agree(run, err);
}

void pe_run_kernel_fini(pe_run_kernel *kernel)
{
    pe_condition_fini(&kernel->condition);
    pe_form_close(kernel->form);
}

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* job_to_specs.c - the job's words turned into what sources, kernel forms and sinks take.
 *
 * Design: sources, forms and sinks do not know the job, so that each can be used and tested alone; this is the one
 *         translator.
 * Threads: the main thread.
 */
#include "run/job_to_specs.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"

static pe_scalar scalar_of(const pe_job_scalar *from)
{
    return (pe_scalar){.dtype = from->dtype,
                       .integer = from->integer,
                       .real = from->real,
                       .text = {.data = from->text, .size = from->text_size}};
}

static pe_source_kind kind_of(pe_job_input_kind kind)
{
    switch (kind) {
    case PE_INPUT_RANGE:
        return PE_SOURCE_RANGE;
    case PE_INPUT_LINSPACE:
        return PE_SOURCE_LINSPACE;
    case PE_INPUT_GLOB:
        return PE_SOURCE_GLOB;
    case PE_INPUT_VALUE:
        return PE_SOURCE_VALUE;
    case PE_INPUT_PATH:
    default:
        return PE_SOURCE_FILE;
    }
}

static pe_scalar step_of(const pe_job_input *input)
{
    if (input->has_step)
        return scalar_of(&input->range[2]);
    return (pe_scalar){.dtype = input->range[0].dtype == PE_FLOAT64 ? PE_FLOAT64 : PE_INT64, .integer = 1, .real = 1};
}

static pe_source_spec source_of(const pe_job_input *input, const pe_column_choice *columns)
{
    return (pe_source_spec){.kind = kind_of(input->kind),
                            .where = input->where,
                            .start = scalar_of(&input->range[0]),
                            .stop = scalar_of(&input->range[1]),
                            .step = step_of(input),
                            .first_value = input->linspace[0],
                            .last_value = input->linspace[1],
                            .points = input->points,
                            .value = scalar_of(&input->value),
                            .path = input->path,
                            .pattern = input->pattern,
                            .format = input->format,
                            .has_dtype = input->has_dtype,
                            .dtype = input->dtype,
                            .header = input->header,
                            .columns = input->column_count > 0 ? columns : NULL,
                            .column_count = input->column_count,
                            .has_first = input->has_first,
                            .has_count = input->has_count,
                            .first = input->first,
                            .count = input->count};
}

pe_status pe_specs_inputs(const pe_job *job, pe_input_specs *out, pe_error *err)
{
    size_t columns = 0, used = 0;
    for (int i = 0; i < job->input_count; i++)
        columns += (size_t)job->inputs[i].column_count;
    pe_status status = pe_make_array(&out->sources, (size_t)job->input_count, sizeof *out->sources, err);
    if (status == PE_OK)
        status = pe_make_array(&out->columns, columns, sizeof *out->columns, err);
    for (int i = 0; i < job->input_count && status == PE_OK; i++) {
        const pe_job_input *input = &job->inputs[i];
        out->sources[i] = source_of(input, out->columns + used);
        for (int c = 0; c < input->column_count; c++)
            out->columns[used++] =
                (pe_column_choice){.name = input->columns[c].name, .number = input->columns[c].number};
    }
    return status;
}

void pe_input_specs_fini(pe_input_specs *specs)
{
    free(specs->sources);
    free(specs->columns);
    *specs = (pe_input_specs){0};
}

static pe_form_kind form_of(pe_job_kernel_kind kind)
{
    switch (kind) {
    case PE_JOB_KERNEL_EXPR:
        return PE_FORM_EXPR;
    case PE_JOB_KERNEL_SOURCE:
        return PE_FORM_SOURCE;
    case PE_JOB_KERNEL_PLUGIN:
        return PE_FORM_PLUGIN;
    case PE_JOB_KERNEL_PYTHON:
        return PE_FORM_PYTHON;
    case PE_JOB_KERNEL_COMMAND:
        return PE_FORM_COMMAND;
    case PE_JOB_KERNEL_NAME:
    default:
        return PE_FORM_NAME;
    }
}

static pe_param param_of(const pe_job_param *from)
{
    return (pe_param){.name = from->name,
                      .dtype = from->value.dtype,
                      .integer = (int64_t)from->value.integer, /* TOML's integers have 64 bits */
                      .real = from->value.real,
                      .text = {.data = from->value.text, .size = from->value.text_size}};
}

/* C has no implicit way from char ** to what only reads it. */
static const char *const *borrow(char **strings)
{
    return (const char *const *)strings;
}

static pe_form_spec kernel_of(const pe_job *job)
{
    const pe_job_kernel *from = &job->kernel;
    return (pe_form_spec){.kind = form_of(from->kind),
                          .where = from->where,
                          .directory = job->directory,
                          .name = from->name,
                          .expr = from->expr,
                          .args = borrow(from->args),
                          .arg_count = from->arg_count,
                          .source = from->source,
                          .function = from->function,
                          .cflags = borrow(from->cflags),
                          .libs = borrow(from->libs),
                          .cflag_count = from->cflag_count,
                          .lib_count = from->lib_count,
                          .plugin = from->plugin,
                          .python = from->python,
                          .initializer = from->initializer,
                          .max_items_per_worker = from->max_items_per_worker,
                          .command = borrow(from->command),
                          .command_count = from->command_count,
                          .signature = from->signature,
                          .may_wrap = from->may_wrap,
                          .timeout_ns = job->errors.timeout_ns,
                          .is_isolated = from->is_isolated,
                          .has_output_dtype = job->output.has_dtype,
                          .output_dtype = job->output.dtype};
}

pe_status pe_specs_kernel(const pe_job *job, const pe_type *columns, const bool *untyped, int column_count,
                          pe_kernel_spec *out, pe_error *err)
{
    const size_t count = job->kernel.param_count;
    const pe_status status = pe_make_array(&out->params, count, sizeof *out->params, err);
    if (status != PE_OK)
        return status;
    for (size_t i = 0; i < count; i++)
        out->params[i] = param_of(&job->kernel.params[i]);
    out->form = kernel_of(job);
    out->form.setup = (pe_setup){.params = out->params, .param_count = count, .seed = job->kernel.seed};
    out->form.columns = columns;
    out->form.untyped = untyped;
    out->form.column_count = column_count;
    return PE_OK;
}

void pe_kernel_spec_fini(pe_kernel_spec *spec)
{
    free(spec->params);
    *spec = (pe_kernel_spec){0};
}

static pe_status write_as(pe_output_spec *out, const pe_job *job, const pe_signature *signature, pe_error *err)
{
    for (int r = 0; r < signature->result_count; r++) {
        out->written[r] = signature->results[r];
        if (!job->output.has_dtype)
            continue;
        if ((signature->results[r].dtype == PE_TEXT) != (job->output.dtype == PE_TEXT))
            return pe_fail(err, PE_ECONFIG, "%s.dtype: %s cannot be written as %s", job->output.where,
                           pe_dtype_name(signature->results[r].dtype), pe_dtype_name(job->output.dtype));
        out->written[r].dtype = job->output.dtype;
    }
    return PE_OK;
}

/* A product's npy has one axis per input; that of a value is one item long. */
static int list_axes(uint64_t *axes, const pe_inputs *inputs)
{
    const int count = pe_inputs_sources(inputs);
    for (int s = 0; s < count; s++)
        axes[s] = pe_inputs_info(inputs, s)->count;
    return count;
}

static pe_status check_ops(const pe_job *job, const pe_signature *signature, pe_error *err)
{
    for (int r = 0; r < signature->result_count; r++)
        for (int i = 0; i < job->op_count && signature->results[r].dtype == PE_TEXT; i++)
            if (job->ops[i] != PE_REDUCE_COUNT)
                return pe_fail(err, PE_ECONFIG, "%s.op: result %d is text, which has no %s; expected op = \"count\"",
                               job->output.where, r, pe_reduce_op_name(job->ops[i]));
    return PE_OK;
}

/* A reduction's lines are written whole, whatever the mode, and hold the operation's name first. */
static pe_status reduce(pe_output_spec *out, const pe_job *job, const pe_signature *signature, pe_error *err)
{
    const pe_format by_suffix = pe_format_by_suffix(job->output.path);
    pe_format format = job->output.format;
    if (format == PE_FORMAT_AUTO)
        format = strcmp(job->output.path, "-") == 0 ? PE_FORMAT_TXT : by_suffix;
    if (format != PE_FORMAT_CSV && format != PE_FORMAT_TSV && format != PE_FORMAT_TXT)
        return pe_fail(err, PE_ECONFIG,
                       "%s: the suffix of \"%s\" names no format of a reduction; set reduce.format to csv, tsv or txt",
                       job->output.where, job->output.path);
    out->sink = (pe_sink_spec){.where = job->output.where,
                               .path = job->output.path,
                               .format = format,
                               .order = PE_ORDER_WHOLE,
                               .results = out->written,
                               .result_count = signature->result_count,
                               .first_column = "op",
                               .names = job->output.name_count > 0 ? (const char *const *)job->output.names : NULL,
                               .name_count = job->output.name_count,
                               .items = PE_COUNT_UNKNOWN};
    return check_ops(job, signature, err);
}

/* A product's npy has a place for every item. */
static pe_status check_product(const pe_job *job, pe_error *err)
{
    const bool is_npy = job->output.format == PE_FORMAT_NPY || (job->output.format == PE_FORMAT_AUTO &&
                                                                pe_format_by_suffix(job->output.path) == PE_FORMAT_NPY);
    if (is_npy && job->errors.policy == PE_ON_ERROR_SKIP)
        return pe_fail(
            err, PE_ECONFIG,
            "%s: a product's npy has a place for every item: on_error = \"skip\" would leave holes, use \"fill\"",
            job->errors.where);
    if (is_npy && (job->part.of > 0 || job->skip > 0))
        return pe_fail(err, PE_ECONFIG,
                       "%s: a product's npy has an axis for each input, which %s has not: use format raw, csv or txt",
                       job->output.where, job->part.of > 0 ? "a part of it" : "what is left after skip");
    return PE_OK;
}

pe_status pe_specs_output(const pe_job *job, const pe_inputs *inputs, uint64_t items, const pe_signature *signature,
                          pe_output_spec *out, pe_error *err)
{
    pe_status status = write_as(out, job, signature, err);
    if (status == PE_OK)
        status = pe_make_array(&out->axes, (size_t)job->input_count, sizeof *out->axes, err);
    if (status != PE_OK)
        return status;
    if (job->op_count > 0)
        return reduce(out, job, signature, err);
    const bool is_product = job->combine == PE_COMBINE_PRODUCT && job->input_count > 1;
    const bool may_skip = job->errors.policy == PE_ON_ERROR_SKIP; /* then the rows are known at the end */
    if (is_product && check_product(job, err) != PE_OK)
        return err->status;
    out->sink = (pe_sink_spec){.where = job->output.where,
                               .path = job->output.path,
                               .format = job->output.format,
                               .order = job->order,
                               .results = out->written,
                               .result_count = signature->result_count,
                               .has_index = job->output.has_index,
                               .names = job->output.name_count > 0 ? (const char *const *)job->output.names : NULL,
                               .name_count = job->output.name_count,
                               .items = may_skip ? PE_COUNT_UNKNOWN : items,
                               .axes = is_product ? out->axes : NULL,
                               .axis_count = is_product ? list_axes(out->axes, inputs) : 0};
    return PE_OK;
}

pe_status pe_specs_check_paths(const pe_job *job, const pe_input_specs *inputs, const pe_output_spec *output,
                               pe_error *err)
{
    struct stat written, read;
    if (stat(output->sink.path, &written) != 0 || !S_ISREG(written.st_mode))
        return PE_OK; /* it is not there yet, or is a device or pipe */
    for (int i = 0; i < job->input_count; i++) {
        const char *path = inputs->sources[i].path;
        if (path == NULL || stat(path, &read) != 0)
            continue;
        if (read.st_dev == written.st_dev && read.st_ino == written.st_ino)
            return pe_fail(err, PE_ECONFIG, "%s.path: \"%s\" is also an input (%s): write to another file",
                           output->sink.where, output->sink.path, path);
    }
    return PE_OK;
}

void pe_output_spec_fini(pe_output_spec *spec)
{
    free(spec->axes);
    *spec = (pe_output_spec){0};
}

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

pe_status pe_specs_inputs(pe_specs *specs, const pe_job *job, pe_error *err)
{
    size_t columns = 0, used = 0;
    for (int i = 0; i < job->input_count; i++)
        columns += (size_t)job->inputs[i].column_count;
    pe_status status = pe_make_array(&specs->inputs, (size_t)job->input_count, sizeof *specs->inputs, err);
    if (status == PE_OK)
        status = pe_make_array(&specs->columns, columns, sizeof *specs->columns, err);
    for (int i = 0; i < job->input_count && status == PE_OK; i++) {
        const pe_job_input *input = &job->inputs[i];
        specs->inputs[i] = source_of(input, specs->columns + used);
        for (int c = 0; c < input->column_count; c++)
            specs->columns[used++] =
                (pe_column_choice){.name = input->columns[c].name, .number = input->columns[c].number};
    }
    return status;
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

pe_status pe_specs_kernel(pe_specs *specs, const pe_job *job, const pe_type *columns, const bool *untyped,
                          int column_count, pe_form_spec *out, pe_error *err)
{
    const size_t count = job->kernel.param_count;
    const pe_status status = pe_make_array(&specs->params, count, sizeof *specs->params, err);
    if (status != PE_OK)
        return status;
    for (size_t i = 0; i < count; i++)
        specs->params[i] = param_of(&job->kernel.params[i]);
    *out = kernel_of(job);
    out->setup = (pe_setup){.params = specs->params, .param_count = count, .seed = job->kernel.seed};
    out->columns = columns;
    out->untyped = untyped;
    out->column_count = column_count;
    return PE_OK;
}

static pe_status write_as(pe_specs *specs, const pe_job *job, const pe_signature *signature, pe_error *err)
{
    for (int r = 0; r < signature->result_count; r++) {
        specs->written[r] = signature->results[r];
        if (!job->output.has_dtype)
            continue;
        if ((signature->results[r].dtype == PE_TEXT) != (job->output.dtype == PE_TEXT))
            return pe_fail(err, PE_ECONFIG, "%s.dtype: %s cannot be written as %s", job->output.where,
                           pe_dtype_name(signature->results[r].dtype), pe_dtype_name(job->output.dtype));
        specs->written[r].dtype = job->output.dtype;
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
static pe_status reduce(pe_specs *specs, const pe_job *job, const pe_signature *signature, pe_error *err)
{
    const pe_format by_suffix = pe_format_by_suffix(job->output.path);
    pe_format format = job->output.format;
    if (format == PE_FORMAT_AUTO)
        format = strcmp(job->output.path, "-") == 0 ? PE_FORMAT_TXT : by_suffix;
    if (format != PE_FORMAT_CSV && format != PE_FORMAT_TSV && format != PE_FORMAT_TXT)
        return pe_fail(err, PE_ECONFIG,
                       "%s: the suffix of \"%s\" names no format of a reduction; set reduce.format to csv, tsv or txt",
                       job->output.where, job->output.path);
    specs->output = (pe_sink_spec){.where = job->output.where,
                                   .path = job->output.path,
                                   .format = format,
                                   .order = PE_ORDER_WHOLE,
                                   .results = specs->written,
                                   .result_count = signature->result_count,
                                   .lead = "op",
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

pe_status pe_specs_output(pe_specs *specs, const pe_job *job, const pe_inputs *inputs, uint64_t items,
                          const pe_signature *signature, pe_error *err)
{
    pe_status status = write_as(specs, job, signature, err);
    if (status == PE_OK)
        status = pe_make_array(&specs->axes, (size_t)job->input_count, sizeof *specs->axes, err);
    if (status != PE_OK)
        return status;
    if (job->op_count > 0)
        return reduce(specs, job, signature, err);
    const bool is_product = job->combine == PE_COMBINE_PRODUCT && job->input_count > 1;
    const bool may_skip = job->errors.policy == PE_ON_ERROR_SKIP; /* then the rows are known at the end */
    if (is_product && check_product(job, err) != PE_OK)
        return err->status;
    specs->output = (pe_sink_spec){.where = job->output.where,
                                   .path = job->output.path,
                                   .format = job->output.format,
                                   .order = job->order,
                                   .results = specs->written,
                                   .result_count = signature->result_count,
                                   .has_index = job->output.has_index,
                                   .names = job->output.name_count > 0 ? (const char *const *)job->output.names : NULL,
                                   .name_count = job->output.name_count,
                                   .items = may_skip ? PE_COUNT_UNKNOWN : items,
                                   .axes = is_product ? specs->axes : NULL,
                                   .axis_count = is_product ? list_axes(specs->axes, inputs) : 0};
    return PE_OK;
}

pe_status pe_specs_check_paths(const pe_specs *specs, const pe_job *job, pe_error *err)
{
    struct stat output, input;
    if (stat(specs->output.path, &output) != 0 || !S_ISREG(output.st_mode))
        return PE_OK; /* it is not there yet, or is a device or pipe */
    for (int i = 0; i < job->input_count; i++) {
        const char *path = specs->inputs[i].path;
        if (path == NULL || stat(path, &input) != 0)
            continue;
        if (input.st_dev == output.st_dev && input.st_ino == output.st_ino)
            return pe_fail(err, PE_ECONFIG, "%s.path: \"%s\" is also an input (%s): write to another file",
                           specs->output.where, specs->output.path, path);
    }
    return PE_OK;
}

void pe_specs_fini(pe_specs *specs)
{
    free(specs->inputs);
    free(specs->columns);
    free(specs->axes);
    free(specs->params);
    *specs = (pe_specs){0};
}

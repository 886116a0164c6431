/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* job_to_specs.c - the job's sections with what is known when inputs and kernel are open.
 *
 * Design: sources, forms and sinks take the job's sections as they are. Those of kernel and output are copied here, and
 *         the copy gets what only the run has.
 * Threads: the main thread.
 */
#include "run/prepare/job_to_specs.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/shell_quote.h"
#include "run/expression/condition.h"
#include "worker/item_files/item_files.h"

bool pe_specs_has_item_files(const pe_job *job)
{
    return job->op_count == 0 && pe_item_files_is_meant(job->output.path);
}

void pe_specs_item_format(pe_sink_spec *sink)
{
    const bool is_text = sink->result_count == 1 && sink->kept_count == 0 && sink->results[0].dtype == PE_TEXT;
    if (sink->format == PE_FORMAT_AUTO)
        sink->format = pe_format_by_suffix(sink->path);
    const char *const slash = strrchr(sink->path, '/');
    const char *const dot = strrchr(slash == NULL ? sink->path : slash, '.');
    const bool has_suffix = dot != NULL && strchr(dot, '{') == NULL; /* that names no format, for numbers */
    if (sink->format == PE_FORMAT_AUTO && is_text && !sink->has_index)
        sink->format = PE_FORMAT_BYTES;
    else if (sink->format == PE_FORMAT_AUTO && !has_suffix)
        sink->format = PE_FORMAT_TXT;
    sink->axes = NULL; /* a file has one item */
    sink->axis_count = 0;
    sink->items = 1;
}

/* Without a signature a Python function may return anything. */
static bool gives_json(const pe_job *job)
{
    return job->kernel.kind == PE_FORM_PYTHON && job->kernel.signature == NULL && job->op_count == 0 &&
           job->output.format == PE_FORMAT_JSONL;
}

pe_form_spec pe_specs_kernel(const pe_job *job, const pe_type *columns, const bool *untyped, int column_count)
{
    pe_form_spec out = job->kernel;
    out.directory = job->directory;
    out.timeout_ns = job->errors.timeout_ns;
    out.passes_failed = job->errors.policy != PE_ON_ERROR_STOP; /* which names the item and its last line */
    out.keeps_newline =
        job->output.format == PE_FORMAT_BYTES || (job->output.format == PE_FORMAT_AUTO && pe_specs_has_item_files(job));
    out.gives_json = gives_json(job);
    out.has_output_dtype = job->output.has_dtype;
    out.output_dtype = job->output.dtype;
    out.columns = columns;
    out.untyped = untyped;
    out.column_count = column_count;
    return out;
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

static bool is_array(const pe_job *job)
{
    return job->output.format == PE_FORMAT_NPY || job->output.format == PE_FORMAT_HDF5;
}

/* The shape of one array whose elements are the items, or of several that all have it; 0: none. */
static int take_shape(uint64_t *axes, const pe_inputs *inputs)
{
    const pe_source_info *const first = pe_inputs_info(inputs, 0);
    for (int s = 1; s < pe_inputs_sources(inputs); s++) {
        const pe_source_info *const info = pe_inputs_info(inputs, s);
        if (info->dims != first->dims || memcmp(info->shape, first->shape, sizeof info->shape) != 0)
            return 0;
    }
    memcpy(axes, first->shape, (size_t)first->dims * sizeof *axes);
    return first->dims;
}

/* The axes of an output array in which every item has a place; 0: there is one axis. */
static int find_axes(uint64_t *axes, const pe_job *job, const pe_inputs *inputs)
{
    if (job->combine == PE_COMBINE_PRODUCT && job->input_count > 1 && job->items == NULL)
        return list_axes(axes, inputs);
    const bool is_whole = job->items == NULL && job->part.of == 0 && job->skip == 0 && !pe_job_leaves_out(job) &&
                          job->order != PE_ORDER_UNORDERED;
    return is_whole && is_array(job) ? take_shape(axes, inputs) : 0;
}

/* Does the operation compare values? Complex numbers cannot be compared. */
static bool has_order(pe_reduce_op op)
{
    return op != PE_REDUCE_SUM && op != PE_REDUCE_MEAN && op != PE_REDUCE_COUNT;
}

static pe_status check_complex_ops(const pe_job *job, const pe_signature *signature, pe_error *err)
{
    for (int r = 0; r < signature->result_count; r++)
        for (int i = 0; i < job->op_count && pe_dtype_is_complex(signature->results[r].dtype); i++)
            if (has_order(job->ops[i]))
                return pe_fail(
                    err, PE_ECONFIG,
                    "%s.op: result %d is complex, and complex numbers have no order, so no %s: expected sum, mean "
                    "or count; a kernel that gives cabs(z) has one",
                    job->output.where, r, pe_reduce_op_name(job->ops[i]));
    return PE_OK;
}

static pe_status check_ops(const pe_job *job, const pe_signature *signature, pe_error *err)
{
    const char *const counts = job->reduce.quantile_count > 0   ? "quantiles"
                               : job->reduce.histogram.bins > 0 ? "histogram"
                                                                : NULL;
    for (int r = 0; r < signature->result_count && counts != NULL; r++)
        if (signature->results[r].dtype == PE_TEXT || pe_dtype_is_complex(signature->results[r].dtype))
            return pe_fail(err, PE_ECONFIG, "%s.%s: result %d is %s, which has none; expected op = \"count\" alone",
                           job->output.where, counts, r, pe_dtype_name(signature->results[r].dtype));
    if (check_complex_ops(job, signature, err) != PE_OK)
        return err->status;
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
    if (job->output.format == PE_FORMAT_AUTO)
        return pe_fail(err, PE_ECONFIG,
                       "%s: the suffix of \"%s\" names no format of a reduction; set reduce.format to csv, tsv or txt",
                       job->output.where, job->output.path);
    out->sink.order = PE_ORDER_WHOLE;
    out->sink.first_column = "op";
    out->sink.items = PE_COUNT_UNKNOWN;
    return check_ops(job, signature, err);
}

/* A product's npy has a place for every item. */
static pe_status check_product(const pe_job *job, pe_error *err)
{
    const bool is_npy = is_array(job);
    if (is_npy && job->kernel.condition != NULL)
        return pe_fail(err, PE_ECONFIG,
                       "%s: a product's npy has a place for every item, and where leaves holes: use format raw, csv or "
                       "txt",
                       job->kernel.condition_where);
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

static pe_status append_command(const pe_form_spec *kernel, pe_buffer *out, pe_error *err)
{
    pe_status status = PE_OK;
    for (int a = 0; a < kernel->command_count && status == PE_OK; a++) {
        status = pe_buffer_append(out, " ", a > 0 ? 1 : 0, err);
        if (status == PE_OK)
            status = pe_shell_quote(out, kernel->command[a], err);
    }
    return status;
}

static pe_status append_exprs(const pe_form_spec *kernel, pe_buffer *out, pe_error *err)
{
    pe_status status = PE_OK;
    for (int r = 0; r < pe_form_spec_exprs(kernel) && status == PE_OK; r++)
        status = pe_buffer_printf(out, err, "%s%s", r > 0 ? ", " : "", pe_form_spec_expr(kernel, r));
    return status;
}

/* What the job file says of the function: all expressions, "f.c:function", "f.py:f", the program and its arguments. */
static pe_status print_kernel(const pe_form_spec *kernel, pe_buffer *out, pe_error *err)
{
    pe_status status = PE_OK;
    if (kernel->kind == PE_FORM_EXPR)
        status = append_exprs(kernel, out, err);
    else if (kernel->kind == PE_FORM_COMMAND)
        status = append_command(kernel, out, err);
    else if (kernel->kind == PE_FORM_SOURCE)
        status = pe_buffer_printf(out, err, "%s:%s", kernel->source, kernel->function);
    else if (kernel->kind == PE_FORM_PLUGIN)
        status = pe_buffer_printf(out, err, kernel->name == NULL ? "%s" : "%s:%s", kernel->plugin, kernel->name);
    else
        status = pe_buffer_printf(out, err, "%s", kernel->python != NULL ? kernel->python : kernel->name);
    return status == PE_OK ? pe_buffer_append(out, "", 1, err) : status;
}

pe_status pe_specs_output(const pe_job *job, const pe_inputs *inputs, uint64_t items, const pe_signature *signature,
                          pe_output_spec *out, pe_error *err)
{
    pe_status status = write_as(out, job, signature, err);
    if (status == PE_OK)
        status = pe_make_array(&out->axes, (size_t)job->input_count + PE_SOURCE_DIMS, sizeof *out->axes, err);
    if (status != PE_OK)
        return status;
    out->sink = job->output;
    out->sink.results = out->written;
    out->sink.result_count = signature->result_count;
    out->sink.gives_json = gives_json(job);
    if (out->sink.gives_json && job->errors.policy == PE_ON_ERROR_FILL)
        return pe_fail(
            err, PE_ECONFIG,
            "%s.fill: what a Python function without a signature gives is JSON, which has no fill value: use "
            "on_error = \"skip\", or give a signature",
            job->errors.where);
    out->sink.job_name = job->name;
    if (print_kernel(&job->kernel, &out->kernel_text, err) != PE_OK)
        return err->status;
    out->sink.kernel_text = (const char *)out->kernel_text.data;
    out->sink.where_text = job->kernel.condition;
    if (job->op_count > 0)
        return reduce(out, job, signature, err);
    if (job->kernel.is_dry_run) { /* a command has no columns */
        out->sink.names = NULL;
        out->sink.name_count = 0;
    }
    const bool is_product = job->combine == PE_COMBINE_PRODUCT && job->input_count > 1 && job->items == NULL;
    const bool may_skip = pe_job_leaves_out(job); /* then the rows are known at the end */
    if (is_product && check_product(job, err) != PE_OK)
        return err->status;
    out->sink.order = job->order;
    out->sink.items = may_skip ? PE_COUNT_UNKNOWN : items;
    out->sink.axis_count = find_axes(out->axes, job, inputs);
    out->sink.axes = out->sink.axis_count > 0 ? out->axes : NULL;
    return PE_OK;
}

void pe_output_spec_fini(pe_output_spec *spec)
{
    free(spec->axes);
    pe_buffer_fini(&spec->kernel_text);
    *spec = (pe_output_spec){0};
}

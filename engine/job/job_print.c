/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* job_print.c - the effective job as TOML that reads back to the same job.
 *
 * Design:   the text is made in memory and written at once, so a full disk is found in one place. A default that
 *           depends on the machine (threads) or on nothing but the input is left out, all others are written.
 * Threads:  no state.
 * Not here: [kernel] and [errors] (job_print_kernel.c); how values look (writer.c); the table of keys (schema_print.c).
 */
#include <string.h>

#include "job/job_internal.h"

static void put_range(pe_writer *to, const pe_job_input *input)
{
    pe_writer_put(to, "range = [");
    pe_writer_scalar(to, &input->range[0]);
    pe_writer_put(to, ", ");
    pe_writer_scalar(to, &input->range[1]);
    if (input->has_step) {
        pe_writer_put(to, ", ");
        pe_writer_scalar(to, &input->range[2]);
    }
    pe_writer_put(to, "]\n");
}

static void put_linspace(pe_writer *to, const pe_job_input *input)
{
    pe_writer_put(to, "linspace = [");
    pe_writer_float(to, input->linspace[0]);
    pe_writer_put(to, ", ");
    pe_writer_float(to, input->linspace[1]);
    pe_writer_put(to, ", ");
    pe_writer_count(to, input->points);
    pe_writer_put(to, "]\n");
}

static void put_kind(pe_writer *to, const pe_job_input *input)
{
    switch (input->kind) {
    case PE_INPUT_RANGE:
        put_range(to, input);
        break;
    case PE_INPUT_LINSPACE:
        put_linspace(to, input);
        break;
    case PE_INPUT_PATH:
        pe_writer_pair(to, "path", input->path);
        break;
    case PE_INPUT_GLOB:
        pe_writer_pair(to, "glob", input->pattern);
        break;
    case PE_INPUT_VALUE:
        pe_writer_put(to, "value = ");
        pe_writer_scalar(to, &input->value);
        pe_writer_put(to, "\n");
        break;
    }
}

static void put_columns(pe_writer *to, const pe_job_input *input)
{
    pe_writer_put(to, "columns = [");
    for (int i = 0; i < input->column_count; i++) {
        const pe_job_column *const column = &input->columns[i];
        pe_writer_put(to, i == 0 ? "" : ", ");
        if (column->name != NULL)
            pe_writer_string(to, column->name);
        else
            pe_writer_count(to, column->number);
    }
    pe_writer_put(to, "]\n");
}

static void put_input(pe_writer *to, const pe_job_input *input)
{
    char type[PE_TYPE_NAME_ROOM];
    const pe_format format = pe_job_input_format(input);
    put_kind(to, input);
    if (format != PE_FORMAT_AUTO)
        pe_writer_pair(to, "format", pe_format_name(format));
    if (input->has_dtype)
        pe_writer_pair(to, "dtype", pe_type_print(input->dtype, type));
    if (input->column_count > 0)
        put_columns(to, input);
    if (input->has_header || format == PE_FORMAT_CSV || format == PE_FORMAT_TSV)
        pe_writer_flag(to, "header", input->header);
    if (input->has_first)
        pe_writer_number(to, "first", input->first);
    if (input->has_count)
        pe_writer_number(to, "count", input->count);
}

static pe_format output_format(const pe_job *job)
{
    if (job->output.format != PE_FORMAT_AUTO)
        return job->output.format;
    return strcmp(job->output.path, "-") == 0 ? PE_FORMAT_TXT : pe_format_by_suffix(job->output.path);
}

static void put_output(pe_writer *to, const pe_job *job)
{
    const pe_format format = output_format(job);
    pe_writer_put(to, "\n[output]\n");
    pe_writer_pair(to, "path", job->output.path);
    if (format != PE_FORMAT_AUTO)
        pe_writer_pair(to, "format", pe_format_name(format));
    if (job->output.has_dtype)
        pe_writer_pair(to, "dtype", pe_dtype_name(job->output.dtype));
    pe_writer_flag(to, "index", job->output.has_index);
    pe_writer_array(to, "names", job->output.names, job->output.name_count);
    pe_writer_pair(to, "gather", job->output.is_gathered ? "root" : "auto");
}

static void put_reduce(pe_writer *to, const pe_job *job)
{
    const pe_format format = output_format(job);
    pe_writer_put(to, "\n[reduce]\nop = [");
    for (int i = 0; i < job->op_count; i++) {
        pe_writer_put(to, i == 0 ? "" : ", ");
        pe_writer_string(to, pe_reduce_op_name(job->ops[i]));
    }
    pe_writer_put(to, "]\n");
    pe_writer_pair(to, "path", job->output.path);
    if (format >= PE_FORMAT_CSV && format <= PE_FORMAT_TXT) /* another suffix is refused when the output is opened */
        pe_writer_pair(to, "format", pe_format_name(format));
    pe_writer_array(to, "names", job->output.names, job->output.name_count);
}

static void put_pool(pe_writer *to, const pe_job *job)
{
    pe_writer_put(to, "\n[pool]\n");
    if (job->pool.threads > 0)
        pe_writer_number(to, "threads", (uint64_t)job->pool.threads);
    if (job->pool.chunk_size > 0)
        pe_writer_number(to, "chunk_size", job->pool.chunk_size);
    else
        pe_writer_pair(to, "chunk_size", "auto");
    pe_writer_pair(to, "schedule", pe_schedule_name(job->pool.schedule));
    pe_writer_size(to, "memory", job->pool.memory_bytes);
}

static void put_part(pe_writer *to, const pe_job *job)
{
    pe_writer_put(to, "part = \"");
    pe_writer_count(to, job->part.number);
    pe_writer_put(to, "/");
    pe_writer_count(to, job->part.of);
    pe_writer_put(to, "\"\n");
}

pe_status pe_job_print(const pe_job *job, FILE *out, pe_error *err)
{
    pe_writer to = {{0}, err};
    pe_writer_pair(&to, "mode", job->mode);
    pe_writer_pair(&to, "name", job->name);
    pe_writer_pair(&to, "combine", job->combine == PE_COMBINE_ZIP ? "zip" : "product");
    if (job->part.of > 0)
        put_part(&to, job);
    if (job->skip > 0)
        pe_writer_number(&to, "skip", job->skip);
    for (int i = 0; i < job->input_count; i++) {
        pe_writer_put(&to, job->input_count == 1 ? "\n[input]\n" : "\n[[input]]\n");
        put_input(&to, &job->inputs[i]);
    }
    pe_job_print_kernel(&to, &job->kernel);
    if (job->op_count > 0)
        put_reduce(&to, job);
    else
        put_output(&to, job);
    put_pool(&to, job);
    pe_job_print_errors(&to, &job->errors);
    if (err->status == PE_OK && (fwrite(to.text.data, 1, to.text.size, out) != to.text.size || fflush(out) != 0))
        (void)pe_fail(err, PE_EIO, "the job could not be printed: a write failed");
    pe_buffer_fini(&to.text);
    return err->status;
}

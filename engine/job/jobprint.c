/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* jobprint.c - the effective job as TOML that reads back to the same job.
 *
 * Design:   the text is made in memory and written at once, so a full disk is found in one place. A default that
 *           depends on the machine (threads) or on nothing but the input is left out, all others are written.
 * Threads:  no state.
 * Not here: the table of keys (schemaprint.c).
 */
#include <inttypes.h>
#include <string.h>

#include "base/buffer.h"
#include "job/jobparts.h"
#include "job/quote.h"

/* The first failure is in err, so that the lines below read as the file that they write. */
typedef struct printer {
    pe_buffer text;
    pe_error *err;
} printer;

static void put(printer *to, const char *text)
{
    if (to->err->status == PE_OK)
        (void)pe_buffer_append(&to->text, text, strlen(text), to->err);
}

static void put_bytes(printer *to, const char *text, size_t size)
{
    if (to->err->status == PE_OK)
        (void)pe_quote_string(&to->text, text, size, to->err);
}

static void put_string(printer *to, const char *text)
{
    put_bytes(to, text, strlen(text));
}

static void put_count(printer *to, uint64_t value)
{
    if (to->err->status == PE_OK)
        (void)pe_buffer_printf(&to->text, to->err, "%" PRIu64, value);
}

static void put_bool(printer *to, bool value)
{
    put(to, value ? "true" : "false");
}

static void put_float(printer *to, double value)
{
    if (to->err->status == PE_OK)
        (void)pe_quote_float64(&to->text, value, to->err);
}

static void put_scalar(printer *to, const pe_job_scalar *value)
{
    if (value->dtype == PE_TEXT)
        put_bytes(to, value->text, value->text_size);
    else if (value->dtype == PE_FLOAT64)
        put_float(to, value->real);
    else if (value->dtype == PE_BOOL)
        put_bool(to, value->integer != 0);
    else if (to->err->status == PE_OK)
        (void)pe_quote_int128(&to->text, value->integer, to->err);
}

static void put_key(printer *to, const char *key)
{
    put(to, key);
    put(to, " = ");
}

static void put_pair(printer *to, const char *key, const char *text)
{
    put_key(to, key);
    put_string(to, text);
    put(to, "\n");
}

static void put_number(printer *to, const char *key, uint64_t value)
{
    put_key(to, key);
    put_count(to, value);
    put(to, "\n");
}

static void put_range(printer *to, const pe_job_input *input)
{
    put(to, "range = [");
    put_scalar(to, &input->range[0]);
    put(to, ", ");
    put_scalar(to, &input->range[1]);
    if (input->has_step) {
        put(to, ", ");
        put_scalar(to, &input->range[2]);
    }
    put(to, "]\n");
}

static void put_linspace(printer *to, const pe_job_input *input)
{
    put(to, "linspace = [");
    put_float(to, input->linspace[0]);
    put(to, ", ");
    put_float(to, input->linspace[1]);
    put(to, ", ");
    put_count(to, input->points);
    put(to, "]\n");
}

static void put_kind(printer *to, const pe_job_input *input)
{
    switch (input->kind) {
    case PE_INPUT_RANGE:
        put_range(to, input);
        break;
    case PE_INPUT_LINSPACE:
        put_linspace(to, input);
        break;
    case PE_INPUT_PATH:
        put_pair(to, "path", input->path);
        break;
    case PE_INPUT_GLOB:
        put_pair(to, "glob", input->pattern);
        break;
    case PE_INPUT_VALUE:
        put(to, "value = ");
        put_scalar(to, &input->value);
        put(to, "\n");
        break;
    }
}

static void put_columns(printer *to, const pe_job_input *input)
{
    put(to, "columns = [");
    for (int i = 0; i < input->column_count; i++) {
        const pe_job_column *const column = &input->columns[i];
        put(to, i == 0 ? "" : ", ");
        if (column->name != NULL)
            put_string(to, column->name);
        else
            put_count(to, column->number);
    }
    put(to, "]\n");
}

static void put_input(printer *to, const pe_job_input *input)
{
    char type[PE_TYPE_NAME_ROOM];
    const pe_format format = pe_job_input_format(input);
    put_kind(to, input);
    if (format != PE_FORMAT_AUTO)
        put_pair(to, "format", pe_format_name(format));
    if (input->has_dtype)
        put_pair(to, "dtype", pe_type_print(input->dtype, type));
    if (input->column_count > 0)
        put_columns(to, input);
    if (input->has_header || format == PE_FORMAT_CSV || format == PE_FORMAT_TSV) {
        put_key(to, "header");
        put_bool(to, input->header);
        put(to, "\n");
    }
    if (input->has_first)
        put_number(to, "first", input->first);
    if (input->has_count)
        put_number(to, "count", input->count);
}

static void put_kernel(printer *to, const pe_job *job)
{
    put(to, "\n[kernel]\n");
    if (job->kernel.name != NULL)
        put_pair(to, "name", job->kernel.name);
    if (job->kernel.signature != NULL)
        put_pair(to, "signature", job->kernel.signature);
}

static pe_format output_format(const pe_job *job)
{
    if (job->output.format != PE_FORMAT_AUTO)
        return job->output.format;
    return strcmp(job->output.path, "-") == 0 ? PE_FORMAT_TXT : pe_format_by_suffix(job->output.path);
}

static void put_output(printer *to, const pe_job *job)
{
    const pe_format format = output_format(job);
    put(to, "\n[output]\n");
    put_pair(to, "path", job->output.path);
    if (format != PE_FORMAT_AUTO)
        put_pair(to, "format", pe_format_name(format));
    if (job->output.has_dtype)
        put_pair(to, "dtype", pe_dtype_name(job->output.dtype));
    put_key(to, "index");
    put_bool(to, job->output.has_index);
    put(to, "\n");
    if (job->output.name_count == 0)
        return;
    put(to, "names = [");
    for (int i = 0; i < job->output.name_count; i++) {
        put(to, i == 0 ? "" : ", ");
        put_string(to, job->output.names[i]);
    }
    put(to, "]\n");
}

/* The largest unit that divides it: 256 MiB, but 100000. */
static void put_memory(printer *to, uint64_t bytes)
{
    static const char *const units[] = {"", "KiB", "MiB", "GiB", "TiB"};
    size_t unit = 0;
    while (unit + 1 < sizeof units / sizeof *units && bytes % 1024 == 0 && bytes > 0) {
        bytes /= 1024;
        unit++;
    }
    put(to, unit == 0 ? "memory = " : "memory = \"");
    put_count(to, bytes);
    put(to, unit == 0 ? "" : " ");
    put(to, units[unit]);
    put(to, unit == 0 ? "\n" : "\"\n");
}

static void put_pool(printer *to, const pe_job *job)
{
    put(to, "\n[pool]\n");
    if (job->pool.threads > 0)
        put_number(to, "threads", (uint64_t)job->pool.threads);
    if (job->pool.chunk_size > 0)
        put_number(to, "chunk_size", job->pool.chunk_size);
    else
        put_pair(to, "chunk_size", "auto");
    put_pair(to, "schedule", pe_schedule_name(job->pool.schedule));
    put_memory(to, job->pool.memory_bytes);
}

pe_status pe_job_print(const pe_job *job, FILE *out, pe_error *err)
{
    printer to = {{0}, err};
    put_pair(&to, "mode", job->mode);
    put_pair(&to, "name", job->name);
    put_pair(&to, "combine", job->combine == PE_COMBINE_ZIP ? "zip" : "product");
    for (int i = 0; i < job->input_count; i++) {
        put(&to, job->input_count == 1 ? "\n[input]\n" : "\n[[input]]\n");
        put_input(&to, &job->inputs[i]);
    }
    put_kernel(&to, job);
    put_output(&to, job);
    put_pool(&to, job);
    if (err->status == PE_OK && (fwrite(to.text.data, 1, to.text.size, out) != to.text.size || fflush(out) != 0))
        (void)pe_fail(err, PE_EIO, "the job could not be printed: a write failed");
    pe_buffer_fini(&to.text);
    return err->status;
}

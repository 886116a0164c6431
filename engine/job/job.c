/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* job.c - turns the text of a job file into a validated job.
 *
 * Design:   text -> tree -> overrides -> unknown keys -> the tables, in their order. Defaults are a second tree, made
 *           from the schema, in which a key is looked up when the first has none. Nothing outside the text is looked
 *           at, so a job is judged the same on every rank and in every directory.
 * Threads:  no state.
 * Not here: whether inputs and kernel fit one another (run); printing (job_print.c).
 */
#include "job/job.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/utf8.h"
#include "job/job_internal.h"
#include "job/schema/schema.h"
#include "job/section/values.h"
#include "job/toml/toml.h"

typedef struct reading {
    const char *file; /* names the text in messages */
    pe_toml *root, *fallbacks;
    pe_job *job;
    pe_error *err;
} reading;

static pe_section open_section(const reading *in, const char *name)
{
    const bool is_top = *name == '\0';
    return (pe_section){
        .name = name,
        .file = in->file,
        .table = is_top ? in->root : pe_toml_get(in->root, name),
        .fallbacks = is_top ? in->fallbacks : pe_toml_get(in->fallbacks, name),
    };
}

/* The job of configs/squares.toml is "squares". A name is UTF-8, which the name of a file need not be. */
static pe_status name_by_file(const char *file, pe_job *job, pe_error *err)
{
    char *name = NULL;
    const char *const slash = strrchr(file, '/');
    const pe_status status = pe_copy_string(&name, slash == NULL ? file : slash + 1, err);
    char *const dot = status == PE_OK ? strrchr(name, '.') : NULL;
    if (dot != NULL && dot != name)
        *dot = '\0';
    for (const char *stray; status == PE_OK && (stray = pe_utf8_stray(name)) != NULL;)
        name[stray - name] = '?';
    job->name = name;
    return status;
}

static pe_status find_directory(const char *file, pe_job *job, pe_error *err)
{
    char *directory = NULL;
    const char *const slash = strrchr(file, '/');
    const pe_status status = pe_copy_string(&directory, slash == NULL ? "." : file, err);
    if (status == PE_OK && slash != NULL)
        directory[slash == file ? 1 : slash - file] = '\0';
    job->directory = directory;
    return status;
}

static pe_status read_top(reading *in)
{
    pe_job *const job = in->job;
    const pe_section top = open_section(in, "");
    pe_status status = pe_section_read(&top, 0, job, in->err);
    if (status == PE_OK && job->name == NULL)
        status = name_by_file(in->file, job, in->err);
    if (status == PE_OK)
        status = find_directory(in->file, job, in->err);
    job->mode = pe_schema_find("", "mode")->words[job->mode_key].name;
    job->order = (pe_order)(job->mode_key % 3); /* whole, stream, unordered; then the same as star modes */
    job->is_star = job->mode_key >= PE_JOB_STARMAP;
    return status;
}

/* The modes for one argument take one input; which star mode does the same is named. */
static pe_status check_mode(const reading *in, const pe_toml *second)
{
    const pe_job *const job = in->job;
    const pe_section top = open_section(in, "");
    const pe_toml *const mode = pe_section_given(&top, "mode");
    const char *const star = pe_schema_find("", "mode")->words[PE_JOB_STARMAP + (int)job->order].name;
    if (job->is_star || job->input_count == 1)
        return PE_OK;
    return pe_section_refuse(&top, "mode", mode != NULL ? mode : second, in->err,
                             "%s takes one argument and there are %d inputs; expected mode = \"%s\"", job->mode,
                             job->input_count, star);
}

static pe_status read_inputs(reading *in)
{
    const pe_section top = open_section(in, "");
    pe_section section = open_section(in, "input");
    pe_toml *const node = section.table;
    const bool is_array = node != NULL && node->kind == PE_TOML_ARRAY;
    const size_t count = is_array ? node->count : 1;
    if (node == NULL || count == 0)
        return pe_section_refuse(&top, NULL, NULL, in->err,
                                 "there is no [input]; say where the items come from, such as in a first line: "
                                 "input.range = [0, 10]");
    if (count > PE_MAX_COLUMNS)
        return pe_section_refuse(&section, NULL, node, in->err, "expected at most %d inputs, got %zu", PE_MAX_COLUMNS,
                                 count);
    pe_status status = pe_make_array(&in->job->inputs, count, sizeof *in->job->inputs, in->err);
    for (size_t i = 0; i < count && status == PE_OK; i++) {
        in->job->input_count++; /* counted first: a half read one is freed too */
        section.table = is_array ? &node->children[i] : node;
        status = pe_job_read_input(&section, count == 1 ? 0 : (int)i + 1, &in->job->inputs[i], in->err);
    }
    return status == PE_OK ? check_mode(in, count > 1 ? &node->children[1] : node) : status;
}

static pe_status read_kernel(reading *in)
{
    const pe_section top = open_section(in, "");
    const pe_section section = open_section(in, "kernel");
    if (section.table == NULL)
        return pe_section_refuse(&top, NULL, NULL, in->err,
                                 "there is no [kernel]; say what is computed, such as in a first line: "
                                 "kernel.name = \"square\"");
    return pe_job_read_kernel(&section, in->job, in->err);
}

static pe_status read_output(reading *in)
{
    const pe_section output = open_section(in, "output"), reduce = open_section(in, "reduce");
    return pe_job_read_output(&output, &reduce, in->job, in->err);
}

static pe_status read_pool(reading *in)
{
    const pe_section section = open_section(in, "pool");
    return pe_section_read(&section, 0, in->job, in->err);
}

static pe_status read_errors(reading *in)
{
    const pe_section section = open_section(in, "errors");
    return pe_job_read_errors(&section, in->job, in->err);
}

static pe_status read_checkpoint(reading *in)
{
    const pe_section section = open_section(in, "checkpoint");
    return pe_section_read(&section, 0, in->job, in->err);
}

static pe_status parse(reading *in, const char *text, size_t size)
{
    pe_buffer fallbacks = {0};
    pe_status status = pe_toml_parse(text, size, in->file, &in->root, in->err);
    if (status == PE_OK)
        status = pe_schema_fallbacks(&fallbacks, in->err);
    if (status == PE_OK)
        status = pe_toml_parse((const char *)fallbacks.data, fallbacks.size, "defaults", &in->fallbacks, in->err);
    pe_buffer_fini(&fallbacks);
    return status;
}

static pe_status read_tables(reading *in)
{
    static pe_status (*const readers[])(reading *) = {read_top,  read_inputs, read_kernel,    read_output,
                                                      read_pool, read_errors, read_checkpoint};
    pe_status status = pe_schema_check(in->root, in->err);
    for (size_t i = 0; i < sizeof readers / sizeof *readers && status == PE_OK; i++)
        status = readers[i](in);
    return status;
}

/* Results go to stdout, and no file of the job is written. */
static pe_status leave_files(pe_job *job, pe_error *err)
{
    pe_value_drop(&job->errors.log);
    pe_value_drop(&job->output.path);
    job->output.path = NULL;
    job->output.format = PE_FORMAT_AUTO;
    job->op_count = 0;
    return pe_value_copy(&job->output.path, "-", err);
}

/* A run that looks at some items leaves the job's own files alone. */
static pe_status keep_files(pe_job *job, const pe_override *overrides, size_t count, pe_error *err)
{
    bool has_output = false;
    for (size_t i = 0; i < count; i++)
        has_output = has_output || strcmp(overrides[i].key, "output.path") == 0;
    if (!has_output)
        return leave_files(job, err);
    pe_value_drop(&job->errors.log);
    return PE_OK;
}

pe_status pe_job_make_dry(pe_job *job, pe_error *err)
{
    if (job->kernel.kind != PE_FORM_COMMAND)
        return pe_fail(err, PE_EUSAGE,
                       "--dry-run: prints the commands of a program (kernel.command, or -- PROGRAM), and the kernel is "
                       "none; --plan says what would run");
    const pe_status status = leave_files(job, err);
    job->kernel.is_dry_run = true;
    job->output.format = PE_FORMAT_BYTES;
    job->output.has_index = job->output.has_dtype = false;
    pe_value_drop_keep(&job->output.keep); /* a line is a command and nothing else */
    if (job->errors.policy == PE_ON_ERROR_FILL)
        job->errors.policy = PE_ON_ERROR_SKIP;
    return status;
}

pe_status pe_job_read(const char *file, const char *text, size_t size, const pe_override *overrides,
                      size_t override_count, pe_job **out, pe_error *err)
{
    reading in = {.file = strcmp(file, "-") == 0 ? "stdin" : file, .err = err};
    pe_status status = pe_make_array(&in.job, 1, sizeof *in.job, err);
    if (status == PE_OK)
        status = pe_value_copy(&in.job->file, file, err);
    if (status == PE_OK)
        status = parse(&in, text, size);
    if (status == PE_OK)
        status = pe_job_override(in.root, overrides, override_count, err);
    if (status == PE_OK)
        status = read_tables(&in);
    if (status == PE_OK && in.job->items != NULL)
        status = keep_files(in.job, overrides, override_count, err);
    if (status == PE_OK) {
        *out = in.job;
        in.job = NULL;
    }
    pe_toml_free(in.fallbacks);
    pe_toml_free(in.root);
    pe_job_free(in.job);
    return status;
}

void pe_job_free(pe_job *job)
{
    static const char *const tables[] = {"", "kernel", "output", "reduce", "pool", "errors", "checkpoint"};
    if (job == NULL)
        return;
    for (int i = 0; i < job->input_count; i++)
        pe_job_free_input(&job->inputs[i]);
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        pe_section_free(tables[i], job);
    pe_value_drop(&job->kernel.where);
    pe_value_drop(&job->kernel.condition_where);
    pe_value_drop(&job->kernel.signature_where);
    pe_value_drop(&job->output.where);
    pe_value_drop(&job->errors.where);
    pe_value_drop(&job->directory);
    pe_value_drop(&job->file);
    free(job->inputs);
    free(job);
}

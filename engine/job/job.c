/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* job.c - turns the text of a job file into a validated job.
 *
 * Design:   text -> tree -> overrides -> unknown keys -> one reader a table. Defaults are a second tree, made from the
 *           schema, in which a key is looked up when the first has none. Nothing outside the text is looked at, so a
 *           job is judged the same on every rank and in every directory.
 * Threads:  no state.
 * Not here: whether inputs and kernel fit one another (run); printing (job_print.c).
 */
#include "job/job.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "job/job_internal.h"
#include "job/schema/schema.h"
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

/* dir/squares.toml is the job "squares". */
static pe_status name_by_file(reading *in)
{
    const char *const slash = strrchr(in->file, '/');
    const pe_status status = pe_copy_string(&in->job->name, slash == NULL ? in->file : slash + 1, in->err);
    char *const dot = status == PE_OK ? strrchr(in->job->name, '.') : NULL;
    if (dot != NULL && dot != in->job->name)
        *dot = '\0';
    return status;
}

static pe_status find_directory(reading *in)
{
    const char *const slash = strrchr(in->file, '/');
    if (slash == NULL)
        return pe_copy_string(&in->job->directory, ".", in->err);
    const pe_status status = pe_copy_string(&in->job->directory, in->file, in->err);
    if (status == PE_OK)
        in->job->directory[slash == in->file ? 1 : slash - in->file] = '\0';
    return status;
}

static pe_status read_part(reading *in, const pe_section *top)
{
    pe_job *const job = in->job;
    const pe_status status = pe_section_part(top, "part", &job->part.number, &job->part.of, in->err);
    if (status != PE_OK || job->part.of == 0)
        return status;
    return pe_section_where(top, "part", pe_section_given(top, "part"), &job->part.where, in->err);
}

static pe_status read_top(reading *in)
{
    pe_job *const job = in->job;
    const pe_section top = open_section(in, "");
    size_t mode = 0, combine = 0;
    pe_status status = pe_section_word(&top, "mode", &mode, in->err);
    if (status == PE_OK)
        status = pe_section_word(&top, "combine", &combine, in->err);
    if (status == PE_OK)
        status = read_part(in, &top);
    if (status == PE_OK)
        status = pe_section_integer(&top, "skip", &job->skip, in->err);
    if (status == PE_OK)
        status = pe_section_string(&top, "name", &job->name, in->err);
    if (status == PE_OK && job->name == NULL)
        status = name_by_file(in);
    if (status == PE_OK)
        status = find_directory(in);
    job->mode = pe_schema_find("", "mode")->words[mode];
    job->order = (pe_order)(mode % 3); /* whole, stream, unordered; then the same as star modes */
    job->is_star = mode >= 3;
    job->combine = (pe_combine)combine;
    return status;
}

/* The modes for one argument take one input; which star mode does the same is named. */
static pe_status check_mode(const reading *in, const pe_toml *second)
{
    const pe_job *const job = in->job;
    const pe_section top = open_section(in, "");
    const pe_toml *const mode = pe_section_given(&top, "mode");
    const char *const star = pe_schema_find("", "mode")->words[3 + (int)job->order];
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
    pe_job *const job = in->job;
    const pe_section top = open_section(in, "");
    const pe_section section = open_section(in, "kernel");
    if (section.table == NULL)
        return pe_section_refuse(&top, NULL, NULL, in->err,
                                 "there is no [kernel]; say what is computed, such as in a first line: "
                                 "kernel.name = \"square\"");
    return pe_job_read_kernel(&section, &job->kernel, in->err);
}

/* What [output] and [reduce] both have; formats begins where their words do. */
static pe_status read_place(reading *in, const pe_section *section, pe_format formats)
{
    pe_job *const job = in->job;
    size_t format = 0;
    pe_status status = pe_section_where(section, section->name, section->table, &job->output.where, in->err);
    if (status == PE_OK)
        status = pe_section_string(section, "path", &job->output.path, in->err);
    if (status == PE_OK)
        status = pe_section_word(section, "format", &format, in->err);
    if (status == PE_OK && pe_section_given(section, "format") != NULL)
        job->output.format = (pe_format)(formats + format);
    if (status == PE_OK)
        status = pe_section_strings(section, "names", &job->output.names, &job->output.name_count, in->err);
    return status;
}

static pe_status read_reduce(reading *in, const pe_section *section)
{
    pe_job *const job = in->job;
    size_t ops[PE_REDUCE_OPS] = {0};
    const pe_section output = open_section(in, "output");
    if (output.table != NULL)
        return pe_section_refuse(section, NULL, section->table, in->err,
                                 "a job has [output] or [reduce], not both: a reduction's values go to reduce.path");
    if (job->part.of > 0 || job->skip > 0)
        return pe_section_refuse(
            section, NULL, section->table, in->err,
            "a reduction is of all items: the mean or the float sum of the whole does not follow from "
            "those of its parts; expected no %s, or [output]",
            job->part.of > 0 ? "part" : "skip");
    if (pe_section_given(section, "op") == NULL)
        return pe_section_refuse(section, NULL, section->table, in->err,
                                 "expected what to reduce the items to, such as op = [\"sum\", \"count\"]");
    const pe_status status = pe_section_words(section, "op", ops, &job->op_count, in->err);
    for (int i = 0; i < job->op_count; i++)
        job->ops[i] = (pe_reduce_op)ops[i];
    return status == PE_OK ? read_place(in, section, PE_FORMAT_CSV) : status;
}

/* Who names a file expects it to be there afterwards. */
static pe_status check_null(const reading *in, const pe_section *section)
{
    const char *const path = in->job->output.path;
    const pe_toml *const node = pe_section_given(section, "path");
    if (in->job->output.format != PE_FORMAT_NULL || node == NULL || strcmp(path, "-") == 0 ||
        strcmp(path, "/dev/null") == 0)
        return PE_OK;
    return pe_section_refuse(section, "path", node, in->err,
                             "\"%s\" would not be written, since output.format = \"null\" writes nothing; expected "
                             "another format, or no path (-o - takes it away)",
                             path);
}

static pe_status read_output(reading *in)
{
    pe_job *const job = in->job;
    const pe_section section = open_section(in, "output");
    const pe_section reduce = open_section(in, "reduce");
    pe_type type = {PE_FLOAT64, 0};
    size_t gather = 0;
    if (reduce.table != NULL)
        return read_reduce(in, &reduce);
    pe_status status = read_place(in, &section, PE_FORMAT_NPY);
    if (status == PE_OK)
        status = check_null(in, &section);
    if (status == PE_OK)
        status = pe_section_type(&section, "dtype", &job->output.has_dtype, &type, in->err);
    if (status == PE_OK)
        status = pe_section_bool(&section, "index", &job->output.has_index, in->err);
    if (status == PE_OK)
        status = pe_section_word(&section, "gather", &gather, in->err);
    job->output.is_gathered = gather == 1;
    job->output.dtype = type.dtype;
    return status;
}

static pe_status read_pool(reading *in)
{
    pe_job *const job = in->job;
    const pe_section section = open_section(in, "pool");
    uint64_t threads = 0;
    size_t schedule = 0;
    pe_status status = pe_section_integer(&section, "threads", &threads, in->err);
    if (status == PE_OK)
        status = pe_section_integer(&section, "chunk_size", &job->pool.chunk_size, in->err);
    if (status == PE_OK)
        status = pe_section_word(&section, "schedule", &schedule, in->err);
    if (status == PE_OK)
        status = pe_section_bytes(&section, "memory", &job->pool.memory_bytes, in->err);
    job->pool.threads = (int)threads;
    job->pool.schedule = (pe_schedule)schedule;
    return status;
}

static pe_status read_errors(reading *in)
{
    const pe_section section = open_section(in, "errors");
    return pe_job_read_errors(&section, &in->job->kernel, &in->job->errors, in->err);
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
    static pe_status (*const readers[])(reading *) = {read_top,    read_inputs, read_kernel,
                                                      read_output, read_pool,   read_errors};
    pe_status status = pe_schema_check(in->root, in->err);
    for (size_t i = 0; i < sizeof readers / sizeof *readers && status == PE_OK; i++)
        status = readers[i](in);
    return status;
}

pe_status pe_job_read(const char *file, const char *text, size_t size, const pe_override *overrides,
                      size_t override_count, pe_job **out, pe_error *err)
{
    reading in = {.file = strcmp(file, "-") == 0 ? "stdin" : file, .err = err};
    pe_status status = pe_make_array(&in.job, 1, sizeof *in.job, err);
    if (status == PE_OK)
        status = pe_copy_string(&in.job->file, file, err);
    if (status == PE_OK)
        status = parse(&in, text, size);
    if (status == PE_OK)
        status = pe_job_override(in.root, overrides, override_count, err);
    if (status == PE_OK)
        status = read_tables(&in);
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
    if (job == NULL)
        return;
    for (int i = 0; i < job->input_count; i++)
        pe_job_free_input(&job->inputs[i]);
    for (int i = 0; i < job->output.name_count; i++)
        free(job->output.names[i]);
    free(job->inputs);
    pe_job_free_kernel(&job->kernel);
    pe_job_free_errors(&job->errors);
    free(job->part.where);
    free(job->output.where);
    free(job->output.path);
    free(job->output.names);
    free(job->name);
    free(job->directory);
    free(job->file);
    free(job);
}

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* job_paths.c - every file that a job names.
 *
 * Design:   the schema's rows say which keys are paths, so a new key of that sort is in the list by itself.
 * Threads:  no state.
 * Not here: whether two of them are the same file (run/output/path_check.c); what a glob matches (source/glob/glob.c).
 */
#include "job/job_paths.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buffer.h"
#include "job/schema/schema.h"

#define MOST_PATHS (PE_MAX_COLUMNS + 32) /* inputs, and the keys of the other tables */

typedef struct listing {
    const pe_job *job;
    pe_job_path *paths;
    size_t count;
    pe_error *err;
} listing;

static char *join(listing *in, const char *before, const char *between, const char *after)
{
    pe_buffer text = {0};
    (void)pe_buffer_printf(&text, in->err, "%s%s%s%c", before, between, after, '\0');
    return (char *)text.data;
}

/* "f.py:f" names the file f.py. */
static void cut_function(char *path)
{
    char *const colon = strrchr(path, ':');
    if (colon != NULL)
        *colon = '\0';
}

/* A name without a slash is a program of PATH, which no output is taken for. */
static const char *path_of(const pe_key *key, const void *base)
{
    const void *const field = (const char *)base + key->at;
    if (key->type != PE_KEY_COMMAND) {
        const char *const path = *(const char *const *)field;
        return key->path == PE_PATH_KERNEL && path != NULL && strchr(path, '\n') != NULL ? NULL : path; /* it is C */
    }
    const char *const *const words = *(const char *const *const *)field;
    return words != NULL && strchr(words[0], '/') != NULL ? words[0] : NULL;
}

static void add(listing *in, const char *where, const char *key, char *path, bool is_written)
{
    in->paths[in->count++] = (pe_job_path){
        .where = join(in, where, "", ""), .key = join(in, key, "", ""), .path = path, .is_written = is_written};
}

/* In the whole order a file is written as PATH.part beside its final name, links followed. */
static void add_part(listing *in, const char *where, const char *name, const char *path)
{
    char *const final = realpath(path, NULL);
    char *const key = join(in, "the .part file of ", name, "");
    if (strcmp(path, "-") != 0 && key != NULL)
        add(in, where, key, join(in, final != NULL ? final : path, ".part", ""), true);
    free(final);
    free(key);
}

/* A path of an input or an output is found from the current directory, one of the kernel from the job file's. */
static void add_key(listing *in, const pe_key *key, const void *base, const char *where, const char *name)
{
    const char *const path = path_of(key, base);
    if (path == NULL || in->err->status != PE_OK || in->count >= MOST_PATHS)
        return;
    const bool is_kernel = key->path == PE_PATH_KERNEL;
    const bool is_joined = is_kernel && path[0] != '/' && strcmp(in->job->directory, ".") != 0;
    char *const file = join(in, is_joined ? in->job->directory : "", is_joined ? "/" : "", path);
    if (file != NULL && key->type == PE_KEY_FUNCTION)
        cut_function(file);
    add(in, where, name, file, key->path == PE_PATH_OUTPUT);
    if (path == in->job->output.path && in->job->order == PE_ORDER_WHOLE && in->count < MOST_PATHS)
        add_part(in, where, name, path);
}

static const char *place_of(const pe_job *job, const char *table)
{
    if (strcmp(table, "output") == 0 || strcmp(table, "reduce") == 0)
        return job->output.where;
    return strcmp(table, "errors") == 0 ? job->errors.where : job->file;
}

static void add_table(listing *in, const pe_key_table *table)
{
    const char *const place = place_of(in->job, table->name);
    for (size_t i = 0; i < table->count && in->err->status == PE_OK; i++) {
        const pe_key *const key = &table->keys[i];
        if (key->path == PE_PATH_NONE)
            continue;
        char *const name = join(in, table->name, *table->name == '\0' ? "" : ".", key->name);
        char *const where = place == in->job->file ? join(in, place, ": ", name) : join(in, place, ".", key->name);
        if (in->err->status == PE_OK)
            add_key(in, key, in->job, where, name);
        free(name);
        free(where);
    }
}

static void add_inputs(listing *in)
{
    const pe_key *const key = pe_schema_find("input", "path");
    for (int i = 0; i < in->job->input_count && in->err->status == PE_OK; i++) {
        const pe_source_spec *const input = &in->job->inputs[i];
        char name[40] = "input.path";
        if (in->job->input_count > 1)
            (void)snprintf(name, sizeof name, "path of input %d", i + 1);
        add_key(in, key, input, input->where, name);
    }
}

/* Those that describe the run. */
static void add_reports(listing *in)
{
    const pe_job_reports *const reports = &in->job->reports;
    const struct {
        const char *option, *path;
    } files[] = {{"--report", reports->html},
                 {"--trace", reports->trace},
                 {"--stats", reports->stats},
                 {"--joblog", reports->joblog}};
    for (size_t i = 0; i < sizeof files / sizeof *files && in->err->status == PE_OK; i++)
        if (files[i].path != NULL && in->count < MOST_PATHS)
            add(in, files[i].option, files[i].option, join(in, files[i].path, "", ""), true);
}

pe_status pe_job_list_paths(const pe_job *job, pe_job_path **out, size_t *count, pe_error *err)
{
    size_t tables = 0;
    const pe_key_table *const *const all = pe_schema_tables(&tables);
    listing in = {.job = job, .err = err};
    if (pe_make_array(&in.paths, MOST_PATHS, sizeof *in.paths, err) != PE_OK)
        return err->status;
    if (strcmp(job->file, "-") != 0 && strcmp(job->file, "stdin") != 0 && strcmp(job->file, PE_JOB_COMMAND_LINE) != 0)
        add(&in, job->file, "the job file", join(&in, job->file, "", ""), false);
    add_inputs(&in);
    const char *const left_out = job->op_count > 0 ? "output" : "reduce"; /* they share their fields */
    for (size_t i = 0; i < tables && err->status == PE_OK; i++)
        if (strcmp(all[i]->name, "input") != 0 && strcmp(all[i]->name, left_out) != 0)
            add_table(&in, all[i]);
    add_reports(&in);
    *out = in.paths;
    *count = in.count;
    return err->status;
}

void pe_job_free_paths(pe_job_path *paths, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(paths[i].where);
        free(paths[i].key);
        free(paths[i].path);
    }
    free(paths);
}

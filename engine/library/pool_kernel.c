/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* pool_kernel.c - the kernels of a pool: loaded from the text of a job, or descriptors of the program.
 *
 * Design:  the text is read as a job file is, with an input that nothing reads; so every form and every key of [kernel] and
 *          [errors] works here, with the messages of a job file.
 * Threads: any; a kernel does not change once it is loaded, except for what pool_internal.h says.
 * Not here: the forms (kernel/form.h).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "job/toml/toml.h"
#include "library/pool_internal.h"
#include "run/prepare/error_policy.h"

#define JOB_NAME "job" /* before line and column in messages */

/* ---- the text ---- */

static pe_status check_pool_section(const pe_toml *section, pe_error *err)
{
    for (size_t i = 0; i < section->count; i++) {
        const pe_toml *const key = &section->children[i];
        if (strcmp(key->key, "chunk_size") != 0)
            return pe_fail(err, PE_ECONFIG,
                           JOB_NAME
                           ":%u:%u: pool.%s: the threads and the memory of a pool are options of pe_pool_open; "
                           "only pool.chunk_size belongs here",
                           key->key_line, key->key_column, key->key);
    }
    return PE_OK;
}

/* Sections that a pool would not read are refused. */
static pe_status check_sections(const char *text, bool may_have_kernel, pe_error *err)
{
    pe_toml *root = NULL;
    pe_status status = pe_toml_parse(text, strlen(text), JOB_NAME, &root, err);
    for (size_t i = 0; status == PE_OK && i < root->count; i++) {
        const pe_toml *const section = &root->children[i];
        if (strcmp(section->key, "pool") == 0 && section->kind == PE_TOML_TABLE)
            status = check_pool_section(section, err);
        else if (strcmp(section->key, "errors") != 0 && (strcmp(section->key, "kernel") != 0 || !may_have_kernel))
            status = pe_fail(err, PE_ECONFIG, JOB_NAME ":%u:%u: %s: expected %s[errors] and pool.chunk_size only",
                             section->key_line, section->key_column, section->key, may_have_kernel ? "[kernel], " : "");
    }
    pe_toml_free(root);
    return status;
}

static pe_status read_job(pe_pool_kernel *kernel, const char *text, bool has_kernel, pe_error *err)
{
    const pe_override overrides[] = {{.key = "input.range", .value = "[0, 1]", .origin = JOB_NAME},
                                     {.key = "kernel.name", .value = "\"square\"", .origin = JOB_NAME}};
    const char *const job = text == NULL ? "" : text;
    pe_status status = check_sections(job, has_kernel, err);
    if (status == PE_OK)
        status = pe_job_read(JOB_NAME, job, strlen(job), overrides, has_kernel ? 1 : 2, &kernel->job, err);
    if (status == PE_OK && kernel->job->kernel.condition != NULL)
        status = pe_fail(err, PE_ECONFIG, "%s: a pool computes all items that it is given: leave out others before",
                         kernel->job->kernel.condition_where);
    return status;
}

/* ---- types ---- */

/* "(float64, text)" */
static pe_status read_columns(pe_pool_kernel *kernel, const char *columns, pe_error *err)
{
    pe_signature signature;
    pe_error reason = PE_ERROR_INIT;
    if (pe_signature_parse_arguments(columns, &signature, &reason) != PE_OK)
        return pe_fail(err, PE_ECONFIG, "columns: expected types as in \"(float64, text, int64[3])\", got \"%s\": %s",
                       columns, reason.text);
    kernel->column_count = signature.arg_count;
    memcpy(kernel->columns, signature.args, sizeof kernel->columns);
    return PE_OK;
}

static pe_status check_columns(const pe_pool_kernel *kernel, pe_error *err)
{
    const pe_signature *signature = &kernel->work.signature;
    char column[PE_TYPE_NAME_ROOM], argument[PE_TYPE_NAME_ROOM];
    if (kernel->column_count != signature->arg_count)
        return pe_fail(err, PE_ECONFIG, "kernel \"%s\" takes %d argument%s, got %d column%s: %s",
                       kernel->work.descriptor->name, signature->arg_count, signature->arg_count == 1 ? "" : "s",
                       kernel->column_count, kernel->column_count == 1 ? "" : "s", kernel->signature);
    for (int c = 0; c < kernel->column_count; c++) {
        const pe_type from = kernel->columns[c], to = signature->args[c];
        if (from.width != to.width || pe_dtype_cast(from.dtype, to.dtype) == PE_CAST_REFUSED)
            return pe_fail(err, PE_ECONFIG, "kernel \"%s\": column %d is %s, and the argument is %s: %s",
                           kernel->work.descriptor->name, c, pe_type_print(from, column), pe_type_print(to, argument),
                           kernel->signature);
    }
    return PE_OK;
}

/* ---- loading ---- */

/* The kernel itself; rank 0 compiles. Collective over pool->comm. */
static pe_status open_form(pe_pool_kernel *kernel, pe_error *err)
{
    pe_pool *pool = kernel->pool;
    pe_buffer object = {0};
    kernel->spec = kernel->job->kernel;
    kernel->spec.directory = kernel->job->directory;
    kernel->spec.timeout_ns = kernel->job->errors.timeout_ns;
    kernel->spec.columns = kernel->columns;
    kernel->spec.untyped = kernel->untyped;
    kernel->spec.column_count = kernel->column_count;
    kernel->spec.stop = &kernel->stop;
    if (pe_comm_rank(pool->comm) == 0)
        (void)pe_form_prepare(&kernel->spec, &object, err);
    if (pe_comm_agree(pool->comm, err) == PE_OK && pe_comm_bcast_buffer(pool->comm, &object, err) == PE_OK)
        (void)pe_form_open(&kernel->spec, &object, &kernel->form, err);
    pe_buffer_fini(&object);
    return pe_comm_agree(pool->comm, err);
}

/* What a worker does with an item. */
static pe_status define_work(pe_pool_kernel *kernel, const pe_kernel *descriptor, const pe_signature *signature,
                             pe_error *err)
{
    kernel->work = (pe_work_kernel){
        .descriptor = descriptor, .signature = *signature, .setup = kernel->form != NULL ? &kernel->spec.setup : NULL};
    kernel->errors =
        (pe_work_errors){.rank = pe_comm_rank(kernel->pool->comm), .has_log = kernel->job->errors.log != NULL};
    (void)pe_signature_print(signature, kernel->signature);
    pe_status status = check_columns(kernel, err);
    if (status == PE_OK)
        status = pe_error_policy_set(&kernel->errors, kernel->job, signature->results, signature->result_count, err);
    return status == PE_OK ? pe_idle_calls_make(&kernel->work, &kernel->idle_calls, err) : status;
}

static pe_status open_descriptor(pe_pool_kernel *kernel, const pe_kernel *descriptor, pe_error *err)
{
    pe_signature signature;
    if (descriptor == NULL)
        return pe_fail(err, PE_EKERNEL, "no kernel: NULL was passed, is its name a built-in one?");
    if (descriptor->abi != PE_KERNEL_ABI || descriptor->size != sizeof *descriptor)
        return pe_fail(err, PE_EKERNEL, "kernel of ABI %u and size %u, this pengine has ABI %u and size %zu",
                       descriptor->abi, descriptor->size, PE_KERNEL_ABI, sizeof *descriptor);
    if (descriptor->name == NULL || descriptor->signature == NULL || descriptor->map == NULL)
        return pe_fail(err, PE_EKERNEL, "a kernel needs name, signature and map: one of them is NULL");
    const pe_status status = pe_signature_parse(descriptor->signature, &signature, err);
    if (status != PE_OK)
        return status;
    kernel->column_count = signature.arg_count;
    memcpy(kernel->columns, signature.args, sizeof kernel->columns);
    return define_work(kernel, descriptor, &signature, err);
}

static pe_status open_kernel(pe_pool_kernel *kernel, const pe_kernel *descriptor, const char *job, const char *columns,
                             pe_error *err)
{
    pe_status status = read_job(kernel, job, descriptor == NULL && columns != NULL, err);
    if (status == PE_OK && columns == NULL)
        return open_descriptor(kernel, descriptor, err);
    if (status == PE_OK)
        status = read_columns(kernel, columns, err);
    if (pe_comm_agree(kernel->pool->comm, err) == PE_OK)
        status = open_form(kernel, err);
    if (status == PE_OK)
        status = define_work(kernel, pe_form_kernel(kernel->form), pe_form_signature(kernel->form), err);
    return status;
}

/* Every rank has to pass the same text: items go from one to another as columns of its types. Collective over pool->comm. */
static void check_same_text(pe_pool *pool, const char *job, const char *columns, pe_error *err)
{
    const int rank = pe_comm_rank(pool->comm);
    pe_buffer own = {0}, root = {0};
    const char *const texts[] = {columns == NULL ? "" : columns, job == NULL ? "" : job};
    for (int i = 0; i < 2; i++)
        (void)pe_buffer_append(rank == 0 ? &root : &own, texts[i], strlen(texts[i]) + 1, err);
    if (pe_comm_agree(pool->comm, err) == PE_OK && pe_comm_bcast_buffer(pool->comm, &root, err) == PE_OK && rank != 0 &&
        (own.size != root.size || memcmp(own.data, root.data, own.size) != 0))
        (void)pe_fail(err, PE_EUSAGE, "rank %d loads a kernel with another job or other columns than rank 0", rank);
    pe_buffer_fini(&own);
    pe_buffer_fini(&root);
}

static void add(pe_pool *pool, pe_pool_kernel *kernel)
{
    (void)pthread_mutex_lock(&pool->mutex);
    kernel->next = pool->kernels;
    pool->kernels = kernel;
    (void)pthread_mutex_unlock(&pool->mutex);
}

/* Collective over pool->comm. */
static pe_pool_kernel *load(pe_pool *pool, const pe_kernel *descriptor, const char *job, const char *columns,
                            pe_fault *fault)
{
    pe_error err = PE_ERROR_INIT;
    pe_pool_kernel *kernel = NULL;
    if (pool == NULL)
        (void)pe_fail(&err, PE_EUSAGE, "no pool: NULL was passed, what did pe_pool_open say?");
    if (pool == NULL || pe_pool_check(pool, &err) != PE_OK) { /* this thread may not talk to other ranks */
        (void)pe_pool_fault(&err, fault);
        return NULL;
    }
    (void)pe_make_array(&kernel, 1, sizeof *kernel, &err);
    if (pe_comm_agree(pool->comm, &err) == PE_OK && kernel != NULL) {
        kernel->pool = pool;
        check_same_text(pool, job, columns, &err);
        if (pe_comm_agree(pool->comm, &err) == PE_OK)
            (void)open_kernel(kernel, descriptor, job, columns, &err);
        if (pe_comm_agree(pool->comm, &err) == PE_OK)
            add(pool, kernel);
    }
    if (pe_pool_fault(&err, fault) == 0)
        return kernel;
    pe_pool_free_kernel(kernel);
    return NULL;
}

pe_pool_kernel *pe_pool_load(pe_pool *pool, const char *job, const char *columns, pe_fault *fault)
{
    return load(pool, NULL, job, columns == NULL ? "" : columns, fault);
}

pe_pool_kernel *pe_pool_use(pe_pool *pool, const pe_kernel *kernel, const char *errors, pe_fault *fault)
{
    return load(pool, kernel, errors, NULL, fault);
}

void pe_pool_free_kernel(pe_pool_kernel *kernel)
{
    if (kernel == NULL)
        return;
    pe_idle_calls_free(kernel->idle_calls);
    pe_error_policy_unset(&kernel->errors);
    pe_form_close(kernel->form);
    pe_job_free(kernel->job);
    free(kernel);
}

/* ---- questions ---- */

const char *pe_pool_signature(const pe_pool_kernel *kernel)
{
    return kernel != NULL ? kernel->signature : NULL;
}

static pe_pool_type type_of(const pe_type *types, int count, int number)
{
    return number < 0 || number >= count ? (pe_pool_type){.width = 0}
                                         : (pe_pool_type){types[number].dtype, types[number].width};
}

int pe_pool_column_count(const pe_pool_kernel *kernel)
{
    return kernel != NULL ? kernel->column_count : 0;
}

pe_pool_type pe_pool_column(const pe_pool_kernel *kernel, int number)
{
    return type_of(kernel != NULL ? kernel->columns : NULL, pe_pool_column_count(kernel), number);
}

int pe_pool_result_count(const pe_pool_kernel *kernel)
{
    return kernel != NULL ? kernel->work.signature.result_count : 0;
}

pe_pool_type pe_pool_result(const pe_pool_kernel *kernel, int number)
{
    return type_of(kernel != NULL ? kernel->work.signature.results : NULL, pe_pool_result_count(kernel), number);
}

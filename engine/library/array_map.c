/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* array_map.c - the library interface of pengine.h: one map of a kernel over arrays in memory.
 *
 * Design:  a pool that is opened for one call (pool.h).
 * Threads: any; each call has a pool of its own.
 * Not here: a pool that stays (pool.c), files, MPI.
 */
#include <string.h>

#include "kernel/registry.h"
#include "library/pool_internal.h"

const pe_kernel *pe_array_kernel(const char *name, const char *signature)
{
    size_t count = 0;
    const pe_kernel *const *all = pe_registry_all(&count);
    pe_error err = PE_ERROR_INIT;
    pe_signature wanted, has;
    if (name == NULL || (signature != NULL && pe_signature_parse(signature, &wanted, &err) != PE_OK))
        return NULL;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(all[i]->name, name) != 0)
            continue;
        if (signature == NULL ||
            (pe_signature_parse(all[i]->signature, &has, &err) == PE_OK && pe_signature_equal(&wanted, &has)))
            return all[i];
    }
    return NULL;
}

/* What imap passes to the sink of its pool. */
typedef struct taker {
    pe_array_take take;
    void *context;
} taker;

static int take_block(void *context, const pe_pool_block *block)
{
    const taker *self = context;
    return self->take(self->context, block->first, block->count, block->results);
}

/* The caller has no place for texts. */
static pe_pool_kernel *load(pe_pool *pool, const pe_kernel *kernel, pe_fault *fault)
{
    pe_error err = PE_ERROR_INIT;
    pe_pool_kernel *loaded = pe_pool_use(pool, kernel, NULL, fault);
    for (int r = 0; loaded != NULL && r < pe_pool_result_count(loaded); r++)
        if (pe_pool_result(loaded, r).dtype == PE_TEXT)
            (void)pe_fail(&err, PE_EKERNEL, "kernel %s: text results cannot go to arrays: use pool.h", kernel->name);
    return loaded == NULL || pe_pool_fault(&err, fault) == 0 ? loaded : NULL;
}

static int run(const pe_kernel *kernel, const pe_array_options *options, pe_pool_call *call, pe_fault *fault)
{
    const pe_pool_options wanted = {.threads = options != NULL ? options->threads : 0};
    pe_fault own; /* the caller may pass NULL */
    pe_fault *const into = fault != NULL ? fault : &own;
    pe_pool *pool = pe_pool_open(&wanted, into);
    pe_pool_kernel *loaded = pool == NULL ? NULL : load(pool, kernel, into);
    call->chunk_size = options != NULL ? options->chunk_size : 0;
    const int code = loaded == NULL ? into->code : pe_pool_run(loaded, call, into);
    pe_pool_close(pool);
    return code;
}

int pe_array_map(const pe_kernel *kernel, uint64_t count, const void *const *args, void *const *results,
                 const pe_array_options *options, pe_fault *fault)
{
    return run(kernel, options, &(pe_pool_call){.count = count, .args = args, .results = results}, fault);
}

static int run_imap(const pe_kernel *kernel, const pe_array_options *options, pe_pool_call call, pe_array_take take,
                    void *context, pe_fault *fault)
{
    taker self = {.take = take, .context = context};
    call.sink = take != NULL ? take_block : NULL; /* which the pool refuses */
    call.sink_context = &self;
    return run(kernel, options, &call, fault);
}

int pe_array_imap(const pe_kernel *kernel, uint64_t count, const void *const *args, pe_array_take take, void *context,
                  const pe_array_options *options, pe_fault *fault)
{
    return run_imap(kernel, options, (pe_pool_call){.count = count, .args = args}, take, context, fault);
}

int pe_array_imap_unordered(const pe_kernel *kernel, uint64_t count, const void *const *args, pe_array_take take,
                            void *context, const pe_array_options *options, pe_fault *fault)
{
    return run_imap(kernel, options, (pe_pool_call){.count = count, .args = args, .is_unordered = 1}, take, context,
                    fault);
}

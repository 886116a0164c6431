/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* compiled_form.c - the kernel forms `expr` and `source`: a C expression or a C function, compiled for the job.
 *
 * Invariant: all ranks load the same bytes. Rank 0 generates the C text (codegen.c) and compiles it or finds it in the
 *           cache; the other ranks need no compiler and no shared disk.
 * Design:   overflow, division by zero and similar errors fail only their item. The text is compiled with the
 *           compiler's sanitizer checks and contains their handlers. There are several loops, and the loops for small
 *           values have no checks (embedded/compiled_loops.h). overflow = "wrap" keeps only the checks of operations
 *           that would kill the process: divisions, shifts beyond the type's width, indices out of bounds.
 * Threads:  the main thread; map as kernel.h.
 * Not here: the signature (compiled_signature.c), compiling (compilation.c), loading (object_load.c).
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "kernel/call.h"
#include "kernel/compiled/compiled_internal.h"
#include "kernel/compiled/object_load.h"

/* An open kernel; kernel.context points to it. */
typedef struct compiled {
    pe_object_image image;
    pthread_mutex_t lock; /* guards is_initialized, initialized and refusal, which stay as they are afterwards */
    bool is_initialized;
    int initialized;   /* not 0: the initializer failed */
    char refusal[300]; /* why */
    char initializer[128];
    char name[PE_COMPILED_NAME_ROOM];
    char signature[PE_SIGNATURE_ROOM];
} compiled;

static void fail_item(void *host, size_t item, const char *reason)
{
    pe_batch *batch = host;
    batch->fail(batch, item, reason);
}

static char *give_text(void *host, int result, size_t item, size_t size)
{
    pe_batch *batch = host;
    pe_call_advance(batch, item); /* items come in order when the result is a text */
    return batch->text(batch, result, item, size);
}

static size_t grow(void *host)
{
    pe_batch *batch = host;
    (void)pe_call_grow(batch);
    return batch->count;
}

static int map_compiled(pe_batch *batch)
{
    const compiled *self = batch->kernel->context;
    pe_object_call call = {.first = batch->first,
                           .seed = batch->setup->seed,
                           .count = batch->count,
                           .args = batch->args,
                           .ramps = (const void *)batch->ramps,
                           .results = batch->results,
                           .host = batch,
                           .fail = fail_item,
                           .text = give_text,
                           .grow = grow};
    const int stopped = self->image.descriptor->map(&call);
    if (stopped == 0)
        pe_call_advance(batch, batch->count); /* which may have grown */
    return stopped;
}

/* Called by each worker. The first one calls the user's initializer, and the others wait until it has returned: a table
 * that the function filled at its first call would be a data race between workers. */
static int open_worker(const pe_kernel *kernel, const pe_setup *setup, void **worker)
{
    compiled *self = (compiled *)(uintptr_t)kernel->context; /* the kernel's own state, from make_array */
    const char *reason = "";
    (void)setup, (void)worker;
    (void)pthread_mutex_lock(&self->lock);
    if (!self->is_initialized) {
        pe_call_refuse(self->initializer[0] == '\0' ? "%s" : "kernel.initializer %s", self->initializer);
        self->initialized = self->image.descriptor->initialize(&reason);
        pe_call_refuse("%s", "");
        self->is_initialized = true;
        (void)snprintf(self->refusal, sizeof self->refusal, "kernel.initializer %s: %s", self->initializer, reason);
    }
    (void)pthread_mutex_unlock(&self->lock);
    if (self->initialized != 0)
        pe_call_refuse("%s", self->refusal);
    return self->initialized;
}

static pe_status open_compiled(const pe_form_spec *spec, const pe_buffer *object, pe_form *form, pe_error *err)
{
    compiled *self = NULL;
    pe_error wrong = PE_ERROR_INIT;
    pe_status status = pe_compiled_signature(spec, &form->signature, err);
    if (status == PE_OK)
        status = pe_make_array(&self, 1, sizeof *self, err);
    if (status != PE_OK)
        return status;
    form->state = self;
    (void)pthread_mutex_init(&self->lock, NULL); /* cannot fail with these attributes */
    self->image = (pe_object_image)PE_OBJECT_IMAGE_INIT;
    if (pe_object_load(object, &self->image, &wrong) != PE_OK)
        return pe_fail(err, wrong.status, "%s: %s", spec->where, wrong.text);
    if (form->signature.result_count == 0) {
        form->signature.result_count = self->image.descriptor->result_count;
        for (int r = 0; r < form->signature.result_count; r++)
            form->signature.results[r] = (pe_type){.dtype = (pe_dtype)self->image.descriptor->dtypes[r], .width = 0};
    }
    (void)snprintf(self->initializer, sizeof self->initializer, "%s",
                   spec->initializer == NULL ? "" : spec->initializer);
    form->kernel =
        (pe_kernel){.abi = PE_KERNEL_ABI,
                    .size = sizeof(pe_kernel),
                    .name = pe_compiled_name(spec, self->name),
                    .signature = pe_signature_print(&form->signature, self->signature),
                    .summary = spec->kind == PE_FORM_EXPR ? "an expression of the job" : "a C function of the job",
                    .map = map_compiled,
                    .open = self->image.descriptor->initialize == NULL ? NULL : open_worker,
                    .context = self,
                    .takes_ramps = 1};
    return PE_OK;
}

static void close_compiled(pe_form *form)
{
    compiled *self = form->state;
    if (self != NULL)
        pe_object_unload(&self->image);
    if (self != NULL)
        (void)pthread_mutex_destroy(&self->lock);
    free(self);
}

const pe_form_ops pe_form_compiled = {.prepare = pe_compiled_prepare, .open = open_compiled, .close = close_compiled};

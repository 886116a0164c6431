/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* compiled_form.c - a C expression or a C function as a kernel.
 *
 * Design:   rank 0 writes the C text (codegen.c), compiles it or finds it in the cache, and every rank loads the same
 *           bytes: the others need no compiler and no shared disk. Overflow, division by zero and the like fail their
 *           item: the text is compiled with the compiler's own checks, whose handlers are part of it, into several loops
 *           most of which have no check left (embedded/compiled_loops.h). overflow = "wrap" keeps only the checks of what
 *           would kill the process: divisions, shifts by more than there are bits, indices out of bounds.
 * Threads:  the main thread; map as kernel.h.
 * Not here: compiling (compilation.c), loading (object_load.c).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "kernel/compiled/compiled_internal.h"
#include "kernel/compiled/object_load.h"
#include "kernel/overload.h"

#define NAME_MOST 40 /* bytes of an expression in messages */

/* What was opened; kernel.context. */
typedef struct compiled {
    pe_object_image image;
    char name[PE_COMPILED_NAME_ROOM];
    char signature[PE_SIGNATURE_ROOM];
} compiled;

const char *const pe_compiled_names[] = {"x", "y", "z"};
#define DEFAULT_NAMES 3

const char *pe_compiled_name(const pe_form_spec *spec, char out[PE_COMPILED_NAME_ROOM])
{
    const char *whole = spec->kind == PE_FORM_EXPR ? spec->expr : spec->function;
    size_t size = strlen(whole);
    const bool is_cut = size > NAME_MOST;
    if (is_cut)
        size = NAME_MOST;
    while (is_cut && size > 0 && ((unsigned char)whole[size] & 0xC0u) == 0x80u)
        size--;
    (void)snprintf(out, PE_COMPILED_NAME_ROOM, "%.*s%s", (int)size, whole, is_cut ? "..." : "");
    return out;
}

/* ---- the signature ---- */

/* A given signature must fit the inputs, by the rules of every form. */
static pe_status fit_signature(const pe_form_spec *spec, pe_signature *out, pe_error *err)
{
    char name[PE_COMPILED_NAME_ROOM];
    pe_error wrong = PE_ERROR_INIT;
    if (pe_signature_parse(spec->signature, out, &wrong) != PE_OK)
        return pe_fail(err, PE_ECONFIG, "%s: signature: %s", spec->where, wrong.text);
    const pe_kernel row = {.name = pe_compiled_name(spec, name), .signature = spec->signature};
    const pe_kernel *const rows[] = {&row};
    const pe_kernel *picked = NULL;
    const pe_kernel_request request = {.name = row.name,
                                       .where = spec->where,
                                       .columns = spec->columns,
                                       .untyped = spec->untyped,
                                       .column_count = spec->column_count,
                                       .has_output_dtype = spec->has_output_dtype,
                                       .output_dtype = spec->output_dtype};
    return pe_overload_pick(&request, rows, 1, &picked, out, err);
}

/* Arguments as the inputs have them; what has no type yet is float64. */
static void take_columns(const pe_form_spec *spec, pe_signature *out)
{
    *out = (pe_signature){.arg_count = spec->column_count};
    for (int c = 0; c < spec->column_count; c++)
        out->args[c] = spec->untyped[c] ? (pe_type){.dtype = PE_FLOAT64, .width = 0} : spec->columns[c];
}

static pe_status check_names(const pe_form_spec *spec, int args, pe_error *err)
{
    char name[PE_COMPILED_NAME_ROOM];
    pe_compiled_name(spec, name);
    if (spec->args == NULL && args > DEFAULT_NAMES)
        return pe_fail(err, PE_ECONFIG,
                       "%s: \"%s\" gets %d arguments: name them with kernel.args = [\"a\", \"b\", ...]", spec->where,
                       name, args);
    if (spec->args != NULL && spec->arg_count != args)
        return pe_fail(err, PE_ECONFIG, "%s: kernel.args names %d argument%s of \"%s\", but %s %d", spec->where,
                       spec->arg_count, spec->arg_count == 1 ? "" : "s", name,
                       spec->signature == NULL ? "the input gives" : "kernel.signature has", args);
    return PE_OK;
}

pe_status pe_compiled_signature(const pe_form_spec *spec, pe_signature *out, pe_error *err)
{
    pe_status status = PE_OK;
    if (spec->signature != NULL)
        status = fit_signature(spec, out, err);
    else if (spec->kind == PE_FORM_EXPR)
        take_columns(spec, out);
    else
        status = pe_fail(err, PE_ECONFIG, "%s: a C function needs kernel.signature, such as \"(float64) -> float64\"",
                         spec->where);
    if (status == PE_OK && spec->kind == PE_FORM_EXPR)
        status = check_names(spec, out->arg_count, err);
    return status;
}

/* ---- running ---- */

static void fail_item(void *host, size_t item, const char *reason)
{
    pe_batch *batch = host;
    batch->fail(batch, item, reason);
}

static char *give_text(void *host, int result, size_t item, size_t size)
{
    pe_batch *batch = host;
    return batch->text(batch, result, item, size);
}

static int map_compiled(pe_batch *batch)
{
    const compiled *self = batch->kernel->context;
    const pe_object_call call = {.first = batch->first,
                                 .seed = batch->setup->seed,
                                 .count = batch->count,
                                 .args = batch->args,
                                 .ramps = (const void *)batch->ramps,
                                 .results = batch->results,
                                 .host = batch,
                                 .fail = fail_item,
                                 .text = give_text};
    return self->image.descriptor->map(&call);
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
    self->image = (pe_object_image)PE_OBJECT_IMAGE_INIT;
    if (pe_object_load(object, &self->image, &wrong) != PE_OK)
        return pe_fail(err, wrong.status, "%s: %s", spec->where, wrong.text);
    if (form->signature.result_count == 0) {
        form->signature.result_count = 1;
        form->signature.results[0] = (pe_type){.dtype = (pe_dtype)self->image.descriptor->dtype, .width = 0};
    }
    form->kernel =
        (pe_kernel){.abi = PE_KERNEL_ABI,
                    .size = sizeof(pe_kernel),
                    .name = pe_compiled_name(spec, self->name),
                    .signature = pe_signature_print(&form->signature, self->signature),
                    .summary = spec->kind == PE_FORM_EXPR ? "an expression of the job" : "a C function of the job",
                    .map = map_compiled,
                    .context = self,
                    .takes_ramps = 1};
    return PE_OK;
}

static void close_compiled(pe_form *form)
{
    compiled *self = form->state;
    if (self != NULL)
        pe_object_unload(&self->image);
    free(self);
}

const pe_form_ops pe_form_compiled = {.prepare = pe_compiled_prepare, .open = open_compiled, .close = close_compiled};

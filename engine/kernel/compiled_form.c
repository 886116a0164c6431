/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* compiled_form.c - a C expression or a C function as a kernel.
 *
 * Design:   rank 0 writes the C text (codegen.c), compiles it or finds it in the cache, and every rank loads the same
 *           bytes: the others need no compiler and no shared disk. Overflow, division by zero and the like fail their
 *           item: the text is compiled with the compiler's own checks, whose handlers are part of it, into several loops
 *           of which most have no check left (codeloops.c says how and what it costs). overflow = "wrap" leaves only
 *           what would kill the process: divisions, shifts by more than there are bits, indices out of bounds.
 *           No flag may change a float's bits: no contraction, no -ffast-math. That errno is not set and no floating
 *           point trap is enabled changes none.
 * Threads:  the main thread; map as kernel.h.
 * Not here: the text (codegen.c), the compiler (compiler.c), its messages (compiler_said.c).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/log.h"
#include "kernel/codegen.h"
#include "kernel/compiler.h"
#include "kernel/compiler_said.h"
#include "kernel/cpu.h"
#include "kernel/form.h"
#include "kernel/object_cache.h"
#include "kernel/object_load.h"
#include "kernel/overload.h"

#define SOURCE_MOST ((size_t)64 << 20)
#define NAME_ROOM 48
#define NAME_MOST 40 /* bytes of an expression in messages */

static const char *const flags[] = {"-fPIC", NULL};
static const char *const always[] = {"-O3",
                                     "-march=native",
                                     "-ffp-contract=off",
                                     "-fopenmp-simd",
                                     "-fno-math-errno",
                                     "-fno-trapping-math",
                                     "-fvisibility=hidden",
                                     "-fno-sanitize-recover=all",
                                     "-Werror=implicit-function-declaration"};
#define ALWAYS (sizeof always / sizeof *always)
#define MORE 8

/* What was opened; kernel.context. */
typedef struct compiled {
    pe_object_image image;
    char name[NAME_ROOM];
    char signature[PE_SIGNATURE_ROOM];
} compiled;

/* Everything of one compilation. */
typedef struct compilation {
    const pe_form_spec *spec;
    pe_codegen code;
    char *source;                             /* its bytes */
    pe_buffer path, folder;                   /* of the source: as the user sees it; where its own includes are */
    const char *compile_flags[ALWAYS + MORE]; /* ended by NULL */
    pe_buffer text, expanded, said;
    pe_compiler compiler;
    pe_compiler_job job;
    char key[PE_OBJECT_KEY_ROOM];
} compilation;

static const char *const default_names[] = {"x", "y", "z"};
#define DEFAULT_NAMES 3

static const char *print_name(const pe_form_spec *spec, char out[NAME_ROOM])
{
    const char *whole = spec->kind == PE_FORM_EXPR ? spec->expr : spec->function;
    size_t size = strlen(whole);
    const bool is_cut = size > NAME_MOST;
    if (is_cut)
        size = NAME_MOST;
    while (is_cut && size > 0 && ((unsigned char)whole[size] & 0xC0u) == 0x80u)
        size--;
    (void)snprintf(out, NAME_ROOM, "%.*s%s", (int)size, whole, is_cut ? "..." : "");
    return out;
}

/* ---- the signature ---- */

/* A given signature must fit the inputs, by the rules of every form. */
static pe_status fit_signature(const pe_form_spec *spec, pe_signature *out, pe_error *err)
{
    char name[NAME_ROOM];
    pe_error wrong = PE_ERROR_INIT;
    if (pe_signature_parse(spec->signature, out, &wrong) != PE_OK)
        return pe_fail(err, PE_ECONFIG, "%s: signature: %s", spec->where, wrong.text);
    const pe_kernel row = {.name = print_name(spec, name), .signature = spec->signature};
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
    char name[NAME_ROOM];
    print_name(spec, name);
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

static pe_status find_signature(const pe_form_spec *spec, pe_signature *out, pe_error *err)
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

/* ---- the text ---- */

static pe_status read_source(compilation *self, pe_error *err)
{
    const pe_form_spec *spec = self->spec;
    pe_error wrong = PE_ERROR_INIT;
    size_t size = 0;
    const char *slash = strrchr(spec->source, '/');
    const bool is_here = spec->source[0] == '/' || spec->directory == NULL || spec->directory[0] == '\0' ||
                         strcmp(spec->directory, ".") == 0;
    pe_status status =
        pe_buffer_printf(&self->path, err, "%s%s%s", is_here ? "" : spec->directory, is_here ? "" : "/", spec->source);
    if (status == PE_OK)
        status = pe_buffer_printf(&self->folder, err, "%.*s", slash == NULL ? 1 : (int)(slash - spec->source) + 1,
                                  slash == NULL ? "." : spec->source);
    if (status == PE_OK &&
        pe_file_read_all((const char *)self->path.data, SOURCE_MOST, &self->source, &size, &wrong) != PE_OK)
        return pe_fail(err, PE_EKERNEL, "%s: %s", spec->where, wrong.text);
    if (status == PE_OK && strlen(self->source) != size)
        return pe_fail(err, PE_EKERNEL, "%s: %s is no C text: it holds a byte 0", spec->where, spec->source);
    return status;
}

static pe_status write_text(compilation *self, pe_error *err)
{
    const pe_form_spec *spec = self->spec;
    pe_codegen *code = &self->code;
    pe_error wrong = PE_ERROR_INIT;
    code->setup = &spec->setup;
    code->may_wrap = spec->may_wrap;
    if (spec->kind == PE_FORM_EXPR) {
        code->expr = spec->expr;
        code->names = spec->args != NULL ? spec->args : default_names;
    } else {
        code->function = spec->function;
        code->text = self->source;
        code->path = (const char *)self->path.data;
    }
    if (pe_codegen_write(code, &self->text, &wrong) != PE_OK)
        return pe_fail(err, wrong.status, "%s: %s", spec->where, wrong.text);
    return PE_OK;
}

/* ---- compiling ---- */

static void choose_flags(compilation *self)
{
    const pe_form_spec *spec = self->spec;
    const bool is_expr = spec->kind == PE_FORM_EXPR;
    size_t count = 0;
    for (; count < ALWAYS; count++)
        self->compile_flags[count] = always[count];
    const char **more = self->compile_flags + count;
    *more++ = spec->may_wrap ? "-fsanitize=integer-divide-by-zero,signed-integer-overflow,shift-exponent"
                             : "-fsanitize=integer-divide-by-zero,signed-integer-overflow,shift,float-cast-overflow";
    if (spec->may_wrap)
        *more++ = "-fwrapv"; /* what is left of signed-integer-overflow is the quotient that does not fit */
    if (is_expr) {
        *more++ = "-fsanitize=bounds";
        *more++ = "-Werror=overflow";
    } else {
        *more++ = "-iquote";
        *more++ = (const char *)self->folder.data;
    }
    *more = NULL;
    self->job =
        (pe_compiler_job){.text = &self->text,
                          .flags = flags,
                          .compile_flags = self->compile_flags,
                          .cflags = spec->cflags,
                          .cflag_count = spec->cflag_count,
                          .libs = spec->libs,
                          .lib_count = spec->lib_count,
                          .directory = spec->directory != NULL && spec->directory[0] != '\0' ? spec->directory : NULL};
}

static pe_status add_words(pe_buffer *to, const char *const *list, int count, pe_error *err)
{
    pe_status status = PE_OK;
    for (int w = 0; w < count && status == PE_OK; w++)
        status = pe_buffer_append(to, list[w], strlen(list[w]) + 1, err);
    return status;
}

/* A source's own includes decide too, so it is hashed as the preprocessor leaves it. */
static pe_status find_key(compilation *self, pe_error *err)
{
    const pe_form_spec *spec = self->spec;
    pe_buffer parts = {0};
    int flag_count = 0;
    while (self->compile_flags[flag_count] != NULL)
        flag_count++;
    pe_status status = pe_buffer_printf(&parts, err, "pengine object %u\n%s\n%s\n", PE_OBJECT_ABI, self->compiler.path,
                                        (const char *)self->compiler.version.data);
    if (status == PE_OK)
        status = pe_cpu_features(&parts, err);
    if (status == PE_OK)
        status = add_words(&parts, self->compile_flags, flag_count, err);
    if (status == PE_OK)
        status = add_words(&parts, spec->cflags, spec->cflag_count, err);
    if (status == PE_OK)
        status = pe_buffer_append(&parts, "\nlibs", 6, err);
    if (status == PE_OK)
        status = add_words(&parts, spec->libs, spec->lib_count, err);
    if (status == PE_OK)
        status = pe_buffer_append(&parts, self->text.data, self->text.size, err);
    if (status == PE_OK)
        status = pe_buffer_append(&parts, self->expanded.data, self->expanded.size, err);
    if (status == PE_OK)
        pe_object_cache_key(&parts, self->key);
    pe_buffer_fini(&parts);
    return status;
}

static pe_status refuse(const compilation *self, const pe_error *wrong, pe_error *err)
{
    const pe_form_spec *spec = self->spec;
    char name[NAME_ROOM];
    pe_buffer prototype = {0};
    pe_error ignored = PE_ERROR_INIT;
    if (spec->kind == PE_FORM_SOURCE)
        (void)pe_codegen_prototype(&self->code.signature, spec->function, &prototype, &ignored);
    (void)pe_buffer_append(&prototype, "", 1, &ignored);
    const pe_compiler_failure failure = {.where = spec->where,
                                         .name = print_name(spec, name),
                                         .source = (const char *)self->path.data,
                                         .prototype = (const char *)prototype.data,
                                         .signature = spec->signature,
                                         .said = self->said.size > 0 ? (const char *)self->said.data : "",
                                         .reason = wrong->text};
    const pe_status status = pe_compiler_refuse(&failure, wrong->status, err);
    pe_buffer_fini(&prototype);
    return status;
}

static pe_status compile(compilation *self, pe_buffer *object, pe_error *err)
{
    const size_t before = object->size;
    pe_error wrong = PE_ERROR_INIT;
    pe_status status = pe_compiler_find(&self->compiler, &wrong);
    if (status == PE_OK && self->spec->kind == PE_FORM_SOURCE)
        status = pe_compiler_expand(&self->compiler, &self->job, &self->expanded, &self->said, &wrong);
    if (status == PE_OK)
        status = find_key(self, &wrong);
    if (status == PE_OK && pe_object_cache_get(self->key, object)) {
        pe_log(PE_LOG_DEBUG, "%s: compiled before (%s)", self->spec->where, self->key);
        return PE_OK;
    }
    self->said.size = 0;
    if (status == PE_OK)
        status = pe_compiler_run(&self->compiler, &self->job, object, &self->said, &wrong);
    if (status != PE_OK)
        return refuse(self, &wrong, err);
    pe_log(PE_LOG_DEBUG, "%s: compiled by %s, %zu bytes", self->spec->where, self->compiler.path,
           object->size - before);
    pe_object_cache_put(self->key, object);
    return PE_OK;
}

static pe_status prepare_compiled(const pe_form_spec *spec, pe_buffer *object, pe_error *err)
{
    compilation self = {.spec = spec};
    pe_status status = find_signature(spec, &self.code.signature, err);
    if (status == PE_OK && spec->kind == PE_FORM_SOURCE)
        status = read_source(&self, err);
    if (status == PE_OK)
        status = write_text(&self, err);
    if (status == PE_OK) {
        choose_flags(&self);
        status = compile(&self, object, err);
    }
    pe_compiler_fini(&self.compiler);
    pe_buffer_fini(&self.text);
    pe_buffer_fini(&self.expanded);
    pe_buffer_fini(&self.said);
    pe_buffer_fini(&self.path);
    pe_buffer_fini(&self.folder);
    free(self.source);
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
    pe_status status = find_signature(spec, &form->signature, err);
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
                    .name = print_name(spec, self->name),
                    .signature = pe_signature_print(&form->signature, self->signature),
                    .summary = spec->kind == PE_FORM_EXPR ? "an expression of the job" : "a C function of the job",
                    .map = map_compiled,
                    .context = self};
    return PE_OK;
}

static void close_compiled(pe_form *form)
{
    compiled *self = form->state;
    if (self != NULL)
        pe_object_unload(&self->image);
    free(self);
}

const pe_form_ops pe_form_compiled = {.prepare = prepare_compiled, .open = open_compiled, .close = close_compiled};

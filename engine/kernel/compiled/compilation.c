/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* compilation.c - compiles a kernel on rank 0: from the job's text to the bytes of a shared object, through the cache.
 *
 * Invariant: no flag of pengine changes the bits of a float: no contraction, no -ffast-math. (-fno-math-errno and
 *          -fno-trapping-math do not change them.)
 * Design:  the key of the object in the cache is the hash of all that determines it: the text, the compiler and its
 *          version, the flags, the processor's features, and the source after the preprocessor, with all includes. The
 *          user's flags come last.
 * Threads: the main thread.
 * Not here: generating the text (codegen.c), running the compiler (compiler.c), its messages (compiler_messages.c), the
 *          cache's files (object_cache.c).
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "kernel/compiled/codegen.h"
#include "kernel/compiled/compiled_internal.h"
#include "kernel/compiled/compiler/compiler.h"
#include "kernel/compiled/compiler/compiler_messages.h"
#include "kernel/compiled/embedded/compiled_abi.h"
#include "kernel/compiled/object_cache.h"
#include "kernel/cpu.h"
#include "os/file/file.h"
#include "os/log.h"

#define SOURCE_MOST ((size_t)64 << 20)

static const char *const flags[] = {"-fPIC", NULL};
static const char *const always[] = {
    "-O3",
#ifdef __x86_64__ /* elsewhere processors are not compared between ranks (cpu.c), and not all compilers take these */
    "-march=native",
    "-mprefer-vector-width=512", /* on processors with AVX-512, as for built-in kernels */
#endif
    "-ffp-contract=off",
    "-fopenmp-simd",
    "-fno-math-errno",
    "-fno-trapping-math",
    "-fvisibility=hidden",
    "-fno-sanitize-recover=all",
    "-Werror=implicit-function-declaration"};
#define ALWAYS (sizeof always / sizeof *always)
#define MORE 10

/* The state of one compilation. */
typedef struct compilation {
    const pe_form_spec *spec;
    pe_codegen code;
    char *source;                             /* its bytes */
    pe_buffer path, folder;                   /* of the source: as the user sees it; where its own includes are */
    const char *compile_flags[ALWAYS + MORE]; /* ended by NULL */
    pe_buffer text, random, expanded, output;
    pe_compiler compiler;
    pe_compiler_job job;
    char key[PE_OBJECT_KEY_ROOM];
} compilation;

/* ---- the text ---- */

/* The text is in the job file itself. */
static pe_status take_text(compilation *self, pe_error *err)
{
    pe_status status = pe_copy_string(&self->source, self->spec->source, err);
    if (status == PE_OK)
        status = pe_buffer_printf(&self->path, err, "kernel.source");
    return status == PE_OK ? pe_buffer_printf(&self->folder, err, ".") : status;
}

static pe_status read_source(compilation *self, pe_error *err)
{
    if (pe_form_source_is_text(self->spec))
        return take_text(self, err);
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
        code->exprs = spec->exprs;
        code->expr_count = spec->expr_count;
        code->names = spec->args != NULL ? spec->args : pe_compiled_names;
    } else {
        code->function = spec->function;
        code->text = self->source;
        code->path = (const char *)self->path.data;
        code->initializer = spec->initializer;
        if (pe_codegen_random(&self->random, err) != PE_OK)
            return err->status;
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
        *more++ = "-fwrapv"; /* with it, signed-integer-overflow checks only quotients */
    if (is_expr) {
        *more++ = "-fsanitize=bounds";
        *more++ = "-Werror=overflow";
        *more++ = "-Werror=int-conversion";
    } else {
        *more++ = "-Wconversion"; /* shown to users: narrowing inside the function has no other check */
        *more++ = "-Warith-conversion";
        *more++ = "-Wno-sign-conversion";
        *more++ = "-iquote";
        *more++ = (const char *)self->folder.data;
    }
    *more = NULL;
    self->job =
        (pe_compiler_job){.text = &self->text,
                          .random = is_expr ? NULL : &self->random,
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

/* Computes the key. The included files matter too, so the source is hashed after the preprocessor. */
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
    char name[PE_COMPILED_NAME_ROOM];
    pe_buffer prototype = {0};
    pe_error ignored = PE_ERROR_INIT;
    if (spec->kind == PE_FORM_SOURCE)
        (void)pe_codegen_prototype(&self->code.signature, spec->function, &prototype, &ignored);
    (void)pe_buffer_append(&prototype, "", 1, &ignored);
    const pe_compiler_failure failure = {.where = spec->where,
                                         .name = pe_compiled_name(spec, name),
                                         .source = (const char *)self->path.data,
                                         .prototype = (const char *)prototype.data,
                                         .signature = spec->signature,
                                         .initializer = spec->initializer,
                                         .output = self->output.size > 0 ? (const char *)self->output.data : "",
                                         .reason = wrong->text};
    const pe_status status = pe_compiler_messages_refuse(&failure, wrong->status, err);
    pe_buffer_fini(&prototype);
    return status;
}

/* Gets the object from the cache, or else from the compiler. */
static pe_status get_object(compilation *self, pe_buffer *object, pe_error *err)
{
    const size_t before = object->size;
    if (pe_object_cache_get(self->key, object)) {
        pe_log(PE_LOG_DEBUG, "%s: compiled before (%s)", self->spec->where, self->key);
        return PE_OK;
    }
    self->output.size = 0;
    const pe_status status = pe_compiler_run(&self->compiler, &self->job, object, &self->output, err);
    if (status != PE_OK)
        return status;
    if (self->output.size > 0)
        pe_compiler_messages_warn(self->spec->where, (const char *)self->output.data);
    pe_log(PE_LOG_DEBUG, "%s: compiled by %s, %zu bytes", self->spec->where, self->compiler.path,
           object->size - before);
    pe_object_cache_put(self->key, object);
    return PE_OK;
}

static pe_status compile(compilation *self, pe_buffer *object, pe_error *err)
{
    const bool is_source = self->spec->kind == PE_FORM_SOURCE;
    const size_t before = object->size;
    pe_error wrong = PE_ERROR_INIT;
    pe_status status = pe_compiler_find(&self->compiler, &wrong);
    if (status == PE_OK && is_source)
        status = pe_compiler_expand(&self->compiler, &self->job, &self->expanded, &self->output, &wrong);
    if (status == PE_OK)
        status = find_key(self, &wrong);
    if (status == PE_OK)
        status = get_object(self, object, &wrong);
    if (status != PE_OK)
        return refuse(self, &wrong, err);
    status = is_source ? pe_compiled_check_source(self->spec, &self->expanded, err) : PE_OK;
    if (status != PE_OK)
        object->size = before;
    return status;
}

pe_status pe_compiled_prepare(const pe_form_spec *spec, pe_buffer *object, pe_error *err)
{
    compilation self = {.spec = spec};
    pe_status status = pe_compiled_signature(spec, &self.code.signature, err);
    if (status == PE_OK && spec->kind == PE_FORM_SOURCE)
        status = read_source(&self, err);
    if (status == PE_OK)
        status = write_text(&self, err);
    if (status == PE_OK && spec->kind == PE_FORM_EXPR)
        status = pe_compiled_check_expr(spec, &self.code.signature, self.code.names, err);
    if (status == PE_OK) {
        choose_flags(&self);
        status = compile(&self, object, err);
    }
    pe_compiler_fini(&self.compiler);
    pe_buffer_fini(&self.text);
    pe_buffer_fini(&self.random);
    pe_buffer_fini(&self.expanded);
    pe_buffer_fini(&self.output);
    pe_buffer_fini(&self.path);
    pe_buffer_fini(&self.folder);
    free(self.source);
    return status;
}

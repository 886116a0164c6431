/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* codegen.c - the C text of a compiled kernel.
 *
 * Design: the text needs no header of ours: what it shares with the engine (embedded/) is part of it. A user's file comes
 *         first, untouched and under its own name and lines, so that its own definitions (_GNU_SOURCE) mean what they do
 *         anywhere. An expression becomes a function of its arguments. Its result's type is asked of the compiler: the
 *         expression stands in a prototype, which _Generic then looks at.
 * Threads: no state.
 * Not here: the loops (codeloops.c); compiling (compiler.c).
 */
#include "kernel/compiled/codegen.h"

#include <string.h>

#include "kernel/compiled/codegen_loops.h"
#include "kernel/compiled/codegen_names.h"
#include "kernel/cpu.h"

#define PUT(writer, ...) (void)pe_buffer_printf((writer)->out, (writer)->err, __VA_ARGS__)
#define OURS "#line 1 \"" PE_CODEGEN_OURS "\"\n"

typedef struct writer {
    const pe_codegen *spec;
    pe_buffer *out;
    pe_error *err;
} writer;

static void put_text(const writer *w, const char *text)
{
    (void)pe_buffer_append(w->out, text, strlen(text), w->err);
}

static void put_embedded(const writer *w, const unsigned char *text, size_t size)
{
    (void)pe_buffer_append(w->out, text, size, w->err);
}

/* ---- a function ---- */

static void put_type(const writer *w, pe_dtype dtype, bool is_long_long)
{
    if (is_long_long && (dtype == PE_INT64 || dtype == PE_UINT64))
        PUT(w, "%s", dtype == PE_INT64 ? "long long" : "unsigned long long");
    else
        PUT(w, "%s", pe_codegen_names_type(dtype));
}

static void put_prototype(const writer *w, const char *name, bool is_long_long)
{
    const pe_signature *signature = &w->spec->signature;
    const bool is_text = signature->results[0].dtype == PE_TEXT;
    const bool is_returned = signature->result_count == 1 && signature->results[0].width == 0 && !signature->or_error;
    if (is_text)
        PUT(w, "size_t");
    else if (is_returned)
        put_type(w, signature->results[0].dtype, is_long_long);
    else
        PUT(w, "%s", signature->or_error ? "int" : "void");
    PUT(w, " %s(", name);
    for (int a = 0; a < signature->arg_count; a++) {
        const pe_type type = signature->args[a];
        PUT(w, "%s%s", a == 0 ? "" : ", ", type.width > 0 ? "const " : "");
        if (type.dtype == PE_TEXT)
            PUT(w, "const char *, size_t");
        else
            put_type(w, type.dtype, is_long_long);
        PUT(w, "%s", type.width > 0 ? " *" : "");
    }
    for (int r = 0; r < signature->result_count && !is_text && !is_returned; r++) {
        PUT(w, ", ");
        put_type(w, signature->results[r].dtype, is_long_long);
        PUT(w, " *");
    }
    PUT(w, is_text ? ", char *, size_t)" : ")");
}

pe_status pe_codegen_prototype(const pe_signature *signature, const char *function, pe_buffer *out, pe_error *err)
{
    const pe_codegen spec = {.signature = *signature};
    const writer w = {.spec = &spec, .out = out, .err = err};
    put_prototype(&w, function, false);
    return err->status;
}

static pe_status check_function(const pe_codegen *spec, pe_error *err)
{
    const pe_signature *signature = &spec->signature;
    for (int r = 0; r < signature->result_count; r++)
        if (signature->results[r].dtype == PE_TEXT && (signature->result_count > 1 || signature->or_error))
            return pe_fail(err, PE_ECONFIG,
                           "signature: a C function gives a text as its only result, and without \"or error\"");
    return pe_codegen_names_check(spec->function, "the function", err);
}

/* Defined behind the user's file, since they need headers that it may want in its own way. */
static void put_function_checks(const writer *w)
{
    PUT(w, "#line 1 \"" PE_CODEGEN_SIGNATURE "\"\ntypedef ");
    put_prototype(w, "pe_expected", false);
    PUT(w, ";\ntypedef ");
    put_prototype(w, "pe_expected_too", true);
    PUT(w,
        ";\n_Static_assert(__builtin_types_compatible_p(__typeof__(%s), pe_expected) || "
        "__builtin_types_compatible_p(__typeof__(%s), pe_expected_too), \"signature\");\n" OURS
        "#define PE_IS_LONG_LONG !__builtin_types_compatible_p(__typeof__(%s), pe_expected)\n",
        w->spec->function, w->spec->function, w->spec->function);
    PUT(w, "typedef __typeof__(__builtin_choose_expr(PE_IS_LONG_LONG, 0LL, (int64_t)0)) pe_int64;\n"
           "typedef __typeof__(__builtin_choose_expr(PE_IS_LONG_LONG, 0ULL, (uint64_t)0)) pe_uint64;\n"
           "#define PE_RESULT_DTYPE 0\n"
           "static inline __attribute__((unused)) void pe_fail_returned(const pe_object_call *call, size_t item, const "
           "char *name, int seen)\n{\n"
           "    char reason[96];\n"
           "    snprintf(reason, sizeof reason, \"%%s returned %%d\", name, seen);\n"
           "    call->fail(call->host, item, reason);\n}\n"
           "static inline __attribute__((unused)) void pe_shorten(const pe_object_call *call, size_t item, const char "
           "*text, size_t size)\n{\n"
           "    char *shorter = call->text(call->host, 0, item, size);\n"
           "    if (shorter != NULL)\n"
           "        memcpy(shorter, text, size);\n}\n");
}

static void put_function(const writer *w)
{
    const pe_setup *setup = w->spec->setup;
    for (size_t p = 0; p < setup->param_count; p++) {
        PUT(w, "static ");
        (void)pe_codegen_names_param(&setup->params[p], w->out, w->err);
    }
    PUT(w, "#line 1 \"");
    for (const char *c = w->spec->path; *c != '\0'; c++)
        PUT(w, *c == '"' || *c == '\\' ? "\\%c" : "%c", *c);
    PUT(w, "\"\n");
    put_text(w, w->spec->text);
    PUT(w, "\n" OURS);
    put_embedded(w, pe_text_compiled_abi, pe_text_compiled_abi_size);
    put_embedded(w, pe_text_compiled_checks, pe_text_compiled_checks_size);
    put_function_checks(w);
}

/* ---- an expression ---- */

static pe_status check_expr(const pe_codegen *spec, pe_error *err)
{
    const pe_signature *signature = &spec->signature;
    pe_status status = PE_OK;
    for (int a = 0; a < signature->arg_count && status == PE_OK; a++) {
        status = pe_codegen_names_check(spec->names[a], "the argument", err);
        if (status == PE_OK && signature->args[a].dtype == PE_TEXT)
            status =
                pe_fail(err, PE_ECONFIG,
                        "the argument \"%s\" is a text: an expression takes numbers; use source, python or command",
                        spec->names[a]);
        for (int b = 0; b < a && status == PE_OK; b++)
            if (strcmp(spec->names[a], spec->names[b]) == 0)
                status = pe_fail(err, PE_ECONFIG, "two arguments are named \"%s\"", spec->names[a]);
        for (size_t p = 0; p < spec->setup->param_count && status == PE_OK; p++)
            if (strcmp(spec->names[a], spec->setup->params[p].name) == 0)
                status = pe_fail(err, PE_ECONFIG, "an argument and a parameter are named \"%s\"", spec->names[a]);
    }
    const bool is_plain =
        signature->result_count == 0 || (signature->result_count == 1 && signature->results[0].width == 0 &&
                                         signature->results[0].dtype != PE_TEXT && !signature->or_error);
    if (status == PE_OK && !is_plain)
        status = pe_fail(err, PE_ECONFIG, "signature: an expression gives one number, and no \"or error\"");
    return status;
}

/* The parameters of pe_expr; without names for a type. */
static void put_parameters(const writer *w, bool is_wide, bool has_names)
{
    const pe_signature *signature = &w->spec->signature;
    PUT(w, has_names ? "uint64_t pe_seed, uint64_t pe_item" : "uint64_t, uint64_t");
    for (int a = 0; a < signature->arg_count; a++) {
        const pe_type type = signature->args[a];
        const char *name = has_names ? w->spec->names[a] : "";
        if (type.width > 0)
            PUT(w, ", const %s (*%s)[%u]", pe_codegen_names_type(type.dtype), name, type.width);
        else if (type.dtype == PE_UINT64 && (w->spec->may_wrap || !has_names))
            PUT(w, ", uint64_t %s", name);
        else
            PUT(w, ", %s %s", pe_codegen_loops_expr_type(type.dtype, is_wide), name);
    }
    if (pe_codegen_loops_has_index(w->spec))
        PUT(w, has_names ? ", int64_t i" : ", int64_t");
}

/* A vector's name stands for the array that it points to, whose bounds are checked. */
static void put_vectors(const writer *w, bool is_begin)
{
    for (int a = 0; a < w->spec->signature.arg_count; a++) {
        const char *name = w->spec->names[a];
        if (w->spec->signature.args[a].width > 0 && is_begin)
            PUT(w, "#define %s (*%s)\n", name, name);
        else if (w->spec->signature.args[a].width > 0)
            PUT(w, "#undef %s\n", name);
    }
}

static void put_expr(const writer *w)
{
    PUT(w, "\n");
    put_vectors(w, true);
    PUT(w, "#line 1 \"" PE_CODEGEN_EXPR "\"\n");
    put_text(w, w->spec->expr);
    PUT(w, "\n");
    put_vectors(w, false);
    PUT(w, OURS);
}

/* The parameters again, as the expression's C type has them: an uint64 is one here, whatever the loops make of it. */
static void put_probe_parameters(const writer *w)
{
    const pe_setup *setup = w->spec->setup;
    const pe_signature *signature = &w->spec->signature;
    PUT(w, "uint64_t pe_seed, uint64_t pe_item");
    for (int a = 0; a < signature->arg_count; a++) {
        const pe_type type = signature->args[a];
        if (type.width > 0)
            PUT(w, ", const %s (*%s)[%u]", pe_codegen_names_type(type.dtype), w->spec->names[a], type.width);
        else
            PUT(w, ", %s %s", type.dtype == PE_UINT64 ? "uint64_t" : pe_codegen_loops_expr_type(type.dtype, false),
                w->spec->names[a]);
    }
    if (pe_codegen_loops_has_index(w->spec))
        PUT(w, ", int64_t i");
    for (size_t p = 0; p < setup->param_count; p++)
        PUT(w, ", %s %s",
            setup->params[p].dtype == PE_FLOAT64 ? "double"
            : setup->params[p].dtype == PE_TEXT  ? "const char *"
                                                 : "int64_t",
            setup->params[p].name);
}

static void put_probe_type(const writer *w, const char *result)
{
    const pe_setup *setup = w->spec->setup;
    PUT(w, "void (*)(");
    put_parameters(w, false, false);
    for (size_t p = 0; p < setup->param_count; p++)
        PUT(w, ", %s",
            setup->params[p].dtype == PE_FLOAT64 ? "double"
            : setup->params[p].dtype == PE_TEXT  ? "const char *"
                                                 : "int64_t");
    PUT(w, ", %s *)", result);
}

/* PE_RESULT by what the C language says: integers are int64, larger ones keep their size. */
static void put_probe(const writer *w)
{
    static const struct {
        const char *seen, *result;
    } rows[] = {{"float", "float"},
                {"double", "double"},
                {"long double", "double"},
                {"__int128", "__int128"},
                {"unsigned __int128", "__int128"},
                {"unsigned long", "uint64_t"},
                {"unsigned long long", "uint64_t"}};
    PUT(w, "static void pe_probe(");
    put_probe_parameters(w);
    PUT(w, ", __typeof__(+(");
    put_expr(w);
    PUT(w, ")) *pe_result);\ntypedef __typeof__(_Generic(&pe_probe");
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
        PUT(w, ",\n    ");
        put_probe_type(w, rows[r].seen);
        PUT(w, ": (%s)0", rows[r].result);
    }
    PUT(w,
        ",\n    default: (int64_t)0)) PE_RESULT;\n"
        "enum { PE_RESULT_DTYPE = _Generic((PE_RESULT)0, float: %d, double: %d, __int128: %d, uint64_t: %d, default: "
        "%d) "
        "};\n",
        PE_FLOAT32, PE_FLOAT64, PE_INT128, PE_UINT64, PE_INT64);
}

static void put_expr_function(const writer *w, bool is_wide)
{
    PUT(w, "static inline __attribute__((always_inline)) PE_RESULT pe_expr%s(", is_wide ? "_wide" : "");
    put_parameters(w, is_wide, true);
    PUT(w, ")\n{\n");
    for (size_t p = 0; p < w->spec->setup->param_count; p++)
        (void)pe_codegen_names_param(&w->spec->setup->params[p], w->out, w->err);
    PUT(w, "    (void)pe_seed, (void)pe_item;\n");
    PUT(w, "    __auto_type pe_value = (");
    put_expr(w);
    PUT(w, ");\n    return PE_RESULT_OF(PE_RESULT, pe_value);\n}\n");
}

static void put_expression(const writer *w)
{
    const pe_signature *signature = &w->spec->signature;
    const char *expr = w->spec->expr;
    PUT(w, "#define _GNU_SOURCE\n" OURS "#include <math.h>\n#include <stdlib.h>\n");
    put_embedded(w, pe_text_compiled_abi, pe_text_compiled_abi_size);
    put_embedded(w, pe_text_compiled_checks, pe_text_compiled_checks_size);
    PUT(w, "#define PE_MAY_WRAP %d\n", w->spec->may_wrap ? 1 : 0);
    put_embedded(w, pe_text_compiled_expr, pe_text_compiled_expr_size);
    if (strstr(expr, "uniform") != NULL || strstr(expr, "normal") != NULL || strstr(expr, "integer") != NULL) {
        put_embedded(w, pe_text_compiled_philox, pe_text_compiled_philox_size);
        put_embedded(w, pe_text_draws, pe_text_draws_size);
    }
    if (signature->result_count == 0) {
        put_probe(w);
    } else {
        PUT(w, "typedef %s PE_RESULT;\n#define PE_RESULT_DTYPE 0\n",
            pe_codegen_names_type(signature->results[0].dtype));
    }
    put_expr_function(w, false);
    if (pe_codegen_loops_has_wide(w->spec) && !w->spec->may_wrap)
        put_expr_function(w, true);
}

pe_status pe_codegen_write(const pe_codegen *spec, pe_buffer *out, pe_error *err)
{
    const writer w = {.spec = spec, .out = out, .err = err};
    pe_status status = spec->expr != NULL ? check_expr(spec, err) : check_function(spec, err);
    for (size_t p = 0; p < spec->setup->param_count && status == PE_OK; p++)
        status = pe_codegen_names_check(spec->setup->params[p].name, "the parameter", err);
    if (status != PE_OK)
        return status;
    if (spec->expr != NULL)
        put_expression(&w);
    else
        put_function(&w);
    put_embedded(&w, pe_text_compiled_ramps, pe_text_compiled_ramps_size);
    pe_codegen_loops_write(spec, out, err);
    (void)pe_cpu_text(out, err);
    put_embedded(&w, pe_text_compiled_map, pe_text_compiled_map_size);
    return err->status;
}

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* codegen.c - generates the C text of a compiled kernel.
 *
 * Design:  the text includes no header of pengine: the definitions that it shares with the engine (embedded/) are
 *          copied into it. The files of embedded/ are fixed; the parts that depend on the job are macros and types
 *          between them. A user's file comes first and unchanged, with its file name and line numbers, so that its
 *          definitions (_GNU_SOURCE) work as usual. An expression becomes the function pe_expr of its arguments. The
 *          compiler determines the result type: _Generic tests the type of the expression in a prototype.
 * Threads: no state.
 * Not here: the loops (codegen_loops.c, embedded/compiled_loops.h); compiling (compiler.c).
 */
#include "kernel/compiled/codegen.h"

#include <stdio.h>
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
    const bool is_returned = pe_codegen_loops_is_returned(signature);
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
    const pe_status status = pe_codegen_names_check(spec->function, "the function", err);
    if (status == PE_OK && spec->initializer != NULL)
        return pe_codegen_names_check(spec->initializer, "the initializer", err);
    return status;
}

/* Writes the types that the signature expects, after the user's file: the file may have to include the headers that
 * they need in a special way. */
static void put_expected_types(const writer *w)
{
    const char *name = w->spec->function;
    PUT(w, "#line 1 \"" PE_CODEGEN_SIGNATURE "\"\ntypedef ");
    put_prototype(w, "pe_expected", false);
    PUT(w, ";\ntypedef ");
    put_prototype(w, "pe_expected_too", true);
    PUT(w,
        ";\n_Static_assert(__builtin_types_compatible_p(__typeof__(%s), pe_expected) || "
        "__builtin_types_compatible_p(__typeof__(%s), pe_expected_too), \"signature\");\n" OURS
        "#define PE_FUNCTION %s\n",
        name, name, name);
}

static void put_initializer(const writer *w)
{
    const char *name = w->spec->initializer;
    PUT(w,
        "#line 1 \"" PE_CODEGEN_INITIALIZER "\"\n"
        "_Static_assert(__builtin_types_compatible_p(__typeof__(%s), void(void)) || "
        "__builtin_types_compatible_p(__typeof__(%s), int(void)), \"initializer\");\n" OURS
        "#define PE_INITIALIZER %s\n",
        name, name, name);
}

pe_status pe_codegen_random(pe_buffer *out, pe_error *err)
{
    static const char before[] = "#pragma once\n#include <math.h>\n#include <stdint.h>\n";
    (void)pe_buffer_append(out, before, sizeof before - 1, err);
    (void)pe_buffer_append(out, pe_text_compiled_philox, pe_text_compiled_philox_size, err);
    return pe_buffer_append(out, pe_text_draws, pe_text_draws_size, err);
}

static void put_function(const writer *w)
{
    const pe_setup *setup = w->spec->setup;
    for (size_t p = 0; p < setup->param_count; p++) {
        PUT(w, "static ");
        (void)pe_codegen_names_param(&setup->params[p], "char", w->out, w->err);
    }
    PUT(w, "#line 1 \"");
    for (const char *c = w->spec->path; *c != '\0'; c++)
        PUT(w, *c == '"' || *c == '\\' ? "\\%c" : *c == '\n' ? "\\%03o" : "%c", (unsigned char)*c);
    PUT(w, "\"\n");
    put_text(w, w->spec->text);
    PUT(w, "\n" OURS);
    put_embedded(w, pe_text_compiled_abi, pe_text_compiled_abi_size);
    put_embedded(w, pe_text_compiled_checks, pe_text_compiled_checks_size);
    put_expected_types(w);
    put_embedded(w, pe_text_compiled_function, pe_text_compiled_function_size);
    if (w->spec->initializer != NULL)
        put_initializer(w);
}

/* ---- an expression ---- */

static pe_status check_expr(const pe_codegen *spec, pe_error *err)
{
    const pe_signature *signature = &spec->signature;
    pe_status status = PE_OK;
    for (int a = 0; a < signature->arg_count && status == PE_OK; a++) {
        status = pe_codegen_names_check(spec->names[a], "the argument", err);
        for (int b = 0; b < a && status == PE_OK; b++)
            if (strcmp(spec->names[a], spec->names[b]) == 0)
                status = pe_fail(err, PE_ECONFIG, "two arguments are named \"%s\"", spec->names[a]);
        for (size_t p = 0; p < spec->setup->param_count && status == PE_OK; p++)
            if (strcmp(spec->names[a], spec->setup->params[p].name) == 0)
                status = pe_fail(err, PE_ECONFIG, "an argument and a parameter are named \"%s\"", spec->names[a]);
    }
    bool is_plain = !signature->or_error;
    for (int r = 0; r < signature->result_count; r++)
        is_plain = is_plain && signature->results[r].width == 0 && signature->results[r].dtype != PE_TEXT;
    const int results = signature->result_count, exprs = pe_codegen_exprs(spec);
    if (status == PE_OK && (!is_plain || (exprs == 1 && results > 1)))
        status = pe_fail(err, PE_ECONFIG, "signature: an expression gives one number, and no \"or error\"");
    else if (status == PE_OK && results > 0 && results != exprs)
        status =
            pe_fail(err, PE_ECONFIG, "signature: expected %d results, one for each expression, got %d", exprs, results);
    return status;
}

/* The parameters in a macro of put_parameters. */
typedef enum parameters { PROBED, BOUNDED, WIDE } parameters;

static const char *parameter_type(const writer *w, pe_dtype dtype, parameters which)
{
    if (dtype == PE_UINT64 && (w->spec->may_wrap || which == PROBED))
        return "uint64_t";
    return dtype == PE_TEXT ? pe_codegen_names_type(dtype) : pe_codegen_loops_expr_type(dtype, which == WIDE);
}

/* Is an argument or a param called so? */
static bool has_name(const pe_codegen *spec, const char *name)
{
    bool has = false;
    for (int a = 0; a < spec->signature.arg_count; a++)
        has = has || strcmp(spec->names[a], name) == 0;
    for (size_t p = 0; p < spec->setup->param_count; p++)
        has = has || strcmp(spec->setup->params[p].name, name) == 0;
    return has;
}

/* Writes a macro with the parameters of pe_expr. The job's params are constants in pe_expr; the prototype that
 * determines the result type has no body, so the params are further parameters of it. */
static void put_parameters(const writer *w, const char *macro, parameters which)
{
    const pe_signature *signature = &w->spec->signature;
    const pe_setup *setup = w->spec->setup;
    PUT(w, "#define %s uint64_t pe_seed, uint64_t pe_item", macro);
    for (int a = 0; a < signature->arg_count; a++) {
        const pe_type type = signature->args[a];
        if (type.width > 0)
            PUT(w, ", const %s (*%s)[%u]", pe_codegen_names_type(type.dtype), w->spec->names[a], type.width);
        else
            PUT(w, ", %s %s", parameter_type(w, type.dtype, which), w->spec->names[a]);
    }
    if (pe_codegen_loops_has_index(w->spec))
        PUT(w, ", int64_t i");
    for (size_t p = 0; p < setup->param_count && which == PROBED; p++)
        PUT(w, ", %s %s",
            setup->params[p].dtype == PE_FLOAT64 ? "double"
            : setup->params[p].dtype == PE_TEXT  ? "pe_object_text"
                                                 : "int64_t",
            setup->params[p].name);
    PUT(w, "\n");
}

/* Defines a vector's name as the array that it points to, so that the compiler checks indices. */
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

static void put_expr(const writer *w, int number)
{
    PUT(w, "\n");
    put_vectors(w, true);
    PUT(w, "#line 1 \"" PE_CODEGEN_EXPR "\"\n");
    put_text(w, pe_codegen_expr(w->spec, number));
    PUT(w, "\n");
    put_vectors(w, false);
    PUT(w, OURS);
}

/* The suffix of what belongs to one of several expressions; the first has none. */
static const char *suffix_of(int number, char out[16])
{
    out[0] = '\0';
    if (number > 0)
        (void)snprintf(out, 16, "_%d", number);
    return out;
}

/* Writes PE_RESULT, PE_RESULT_1 ...: the C type of an expression, or the type in the signature. pe_probe is a name in
 * PE_PROBED_TYPE, so it stands for the current prototype. */
static void put_result_type(const writer *w, int number)
{
    char suffix[16];
    const pe_signature *signature = &w->spec->signature;
    suffix_of(number, suffix);
    if (signature->result_count > 0) {
        PUT(w, "typedef %s PE_RESULT%s;\n#define PE_RESULT_DTYPE%s 0\n",
            pe_codegen_names_type(signature->results[number].dtype), suffix, suffix);
        return;
    }
    PUT(w, "#undef pe_probe\n#define pe_probe pe_probe_of%s\n", suffix);
    PUT(w, "static void pe_probe(PE_PROBE_PARAMETERS, __typeof__(+(");
    put_expr(w, number);
    PUT(w, ")) *pe_result);\ntypedef PE_PROBED_TYPE PE_RESULT%s;\n", suffix);
    PUT(w, "#define PE_RESULT_DTYPE%s PE_DTYPE_OF(PE_RESULT%s)\n", suffix, suffix);
}

static void put_result_types(const writer *w)
{
    char suffix[16];
    put_parameters(w, "PE_PROBE_PARAMETERS", PROBED);
    for (int r = 0; r < pe_codegen_exprs(w->spec); r++)
        put_result_type(w, r);
    PUT(w, "#define PE_RESULT_DTYPES");
    for (int r = 0; r < pe_codegen_exprs(w->spec); r++)
        PUT(w, "%s PE_RESULT_DTYPE%s", r == 0 ? "" : ",", suffix_of(r, suffix));
    PUT(w, "\n");
}

static void put_expr_function(const writer *w, int number, bool is_wide)
{
    char suffix[16];
    suffix_of(number, suffix);
    PUT(w, "static inline __attribute__((always_inline)) PE_RESULT%s pe_expr%s%s(%s)\n", suffix, suffix,
        is_wide ? "_wide" : "", is_wide ? "PE_PARAMETERS_WIDE" : "PE_PARAMETERS");
    PUT(w, "{\n    (void)pe_seed, (void)pe_item;\n");
    for (size_t p = 0; p < w->spec->setup->param_count; p++)
        (void)pe_codegen_names_param(&w->spec->setup->params[p], "pe_object_text", w->out, w->err);
    PUT(w, "    __auto_type pe_value = (");
    put_expr(w, number);
    PUT(w, ");\n    return PE_RESULT_OF(PE_RESULT%s, pe_value);\n}\n", suffix);
}

static void put_expr_functions(const writer *w, bool is_wide)
{
    put_parameters(w, is_wide ? "PE_PARAMETERS_WIDE" : "PE_PARAMETERS", is_wide ? WIDE : BOUNDED);
    for (int r = 0; r < pe_codegen_exprs(w->spec); r++)
        put_expr_function(w, r, is_wide);
}

static bool draws(const writer *w)
{
    static const char *const names[] = {"uniform", "normal", "integer"};
    for (int r = 0; r < pe_codegen_exprs(w->spec); r++)
        for (size_t n = 0; n < sizeof names / sizeof *names; n++)
            if (strstr(pe_codegen_expr(w->spec, r), names[n]) != NULL)
                return true;
    return false;
}

static void put_expression(const writer *w)
{
    PUT(w, "#define _GNU_SOURCE\n" OURS "#include <complex.h>\n#include <math.h>\n#include <stdlib.h>\n");
    put_embedded(w, pe_text_compiled_abi, pe_text_compiled_abi_size);
    put_embedded(w, pe_text_compiled_checks, pe_text_compiled_checks_size);
    PUT(w,
        "#define PE_MAY_WRAP %d\nenum { PE_INT64 = %d, PE_UINT64 = %d, PE_INT128 = %d, PE_FLOAT32 = %d, PE_FLOAT64 = "
        "%d, PE_COMPLEX64 = %d, PE_COMPLEX128 = %d };\n",
        w->spec->may_wrap ? 1 : 0, PE_INT64, PE_UINT64, PE_INT128, PE_FLOAT32, PE_FLOAT64, PE_COMPLEX64, PE_COMPLEX128);
    put_embedded(w, pe_text_compiled_expr, pe_text_compiled_expr_size);
    PUT(w, "#define PE_IS_EXPRESSION\n%s", has_name(w->spec, "I") ? "#undef I\n" : "");
    if (draws(w)) {
        put_embedded(w, pe_text_compiled_philox, pe_text_compiled_philox_size);
        put_embedded(w, pe_text_draws, pe_text_draws_size);
    }
    put_result_types(w);
    put_expr_functions(w, false);
    if (pe_codegen_loops_has_wide(w->spec))
        put_expr_functions(w, true);
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
    put_embedded(&w, pe_text_compiled_loops, pe_text_compiled_loops_size);
    (void)pe_cpu_text(out, err);
    put_embedded(&w, pe_text_compiled_map, pe_text_compiled_map_size);
    return err->status;
}

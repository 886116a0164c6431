/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* codegen_loops.c - generates the macros for embedded/compiled_loops.h: the columns, the scalars and the call of a job.
 *
 * Design:  the loops are a fixed text. Only the names and types of the columns depend on the job; they are written as
 *          macros, with one call of a macro of compiled_loops.h per column.
 * Threads: no state.
 * Not here: the loops (embedded/compiled_loops.h), ramps (embedded/compiled_ramps.h).
 */
#include "kernel/compiled/codegen_loops.h"

#include <string.h>

#include "kernel/compiled/codegen_names.h"

#define PUT(writer, ...) (void)pe_buffer_printf((writer)->out, (writer)->err, __VA_ARGS__)

typedef struct writer {
    const pe_codegen *spec;
    pe_buffer *out;
    pe_error *err;
} writer;

static bool is_expr(const writer *w)
{
    return w->spec->expr != NULL;
}

static bool is_text(const writer *w)
{
    return !is_expr(w) && w->spec->signature.results[0].dtype == PE_TEXT;
}

bool pe_codegen_loops_is_returned(const pe_signature *signature)
{
    return signature->result_count == 1 && signature->results[0].width == 0 && !signature->or_error;
}

const char *pe_codegen_loops_expr_type(pe_dtype dtype, bool is_wide)
{
    if (dtype == PE_FLOAT16)
        return "float";
    if (pe_dtype_is_float(dtype) || pe_dtype_is_complex(dtype) || dtype == PE_INT128)
        return pe_codegen_names_type(dtype);
    return is_wide && dtype == PE_UINT64 ? "__int128" : "int64_t";
}

bool pe_codegen_loops_has_wide(const pe_codegen *spec)
{
    for (int a = 0; a < spec->signature.arg_count; a++)
        if (spec->expr != NULL && spec->signature.args[a].dtype == PE_UINT64 && spec->signature.args[a].width == 0)
            return !spec->may_wrap;
    return false;
}

bool pe_codegen_loops_has_index(const pe_codegen *spec)
{
    bool is_taken = true;
    for (int r = 0; r < pe_codegen_exprs(spec); r++)
        is_taken = is_taken && !pe_codegen_names_mentions(pe_codegen_expr(spec, r), "i");
    for (int a = 0; a < spec->signature.arg_count && !is_taken; a++)
        is_taken = strcmp(spec->names[a], "i") == 0;
    for (size_t p = 0; p < spec->setup->param_count && !is_taken; p++)
        is_taken = strcmp(spec->setup->params[p].name, "i") == 0;
    return !is_taken;
}

/* ---- one argument; number arg_count is the index ---- */

static pe_type type_of(const writer *w, int a)
{
    return a == w->spec->signature.arg_count ? (pe_type){.dtype = PE_INT64} : w->spec->signature.args[a];
}

/* The width in bits of the signed integer that argument a is used as; 0: it is no integer, or is not checked. */
static int bits_of(const writer *w, int a)
{
    const pe_type type = type_of(w, a);
    const bool is_index = a == w->spec->signature.arg_count;
    if (type.width > 0 || w->spec->may_wrap || (is_index && !pe_codegen_loops_has_index(w->spec)))
        return 0;
    if (type.dtype == PE_INT128)
        return 128;
    if (is_expr(w)) /* in an expression every other integer is an int64_t */
        return type.dtype == PE_BOOL || pe_dtype_is_int(type.dtype) ? 64 : 0;
    return type.dtype == PE_INT64 ? 64 : type.dtype == PE_INT32 ? 32 : 0;
}

/* The C type of a column; in a function an int64 is a long or a long long, as in the function's declaration. */
static const char *column_type(const writer *w, pe_dtype dtype)
{
    if (!is_expr(w) && (dtype == PE_INT64 || dtype == PE_UINT64))
        return dtype == PE_INT64 ? "pe_int64" : "pe_uint64";
    return pe_codegen_names_type(dtype);
}

/* May an argument of this type be a ramp (embedded/compiled_ramps.h)? */
static bool can_ramp(pe_type type)
{
    return type.width == 0 && (type.dtype == PE_INT64 || type.dtype == PE_INT128);
}

static const char *unsigned_type(pe_dtype dtype)
{
    return dtype == PE_INT128 ? "unsigned __int128" : "uint64_t";
}

/* Writes the value of argument a for item pe_k. */
static void put_item(const writer *w, int a)
{
    const pe_type type = type_of(w, a);
    if (a == w->spec->signature.arg_count)
        PUT(w, "PE_INDEX");
    else if (can_ramp(type))
        PUT(w, "PE_RAMP_ITEM(%d, %s)", a, unsigned_type(type.dtype));
    else
        PUT(w, "PE_ITEM(%d)", a);
}

/* Writes the scalar pe_x<a>; is_bounded: with the type of a bounded level. */
static void put_scalar(const writer *w, int a, bool is_bounded)
{
    const pe_dtype dtype = type_of(w, a).dtype;
    const int bits = bits_of(w, a);
    const char *type = !is_expr(w) ? column_type(w, dtype)
                       : w->spec->may_wrap && dtype == PE_UINT64
                           ? "uint64_t"
                           : pe_codegen_loops_expr_type(dtype, !w->spec->may_wrap);
    if (!is_bounded || bits == 0)
        PUT(w, " PE_SCALAR(%d, %s, ", a, type);
    else if (is_expr(w) && dtype == PE_UINT64)
        PUT(w, " PE_BOUNDED_UINT64(level, %d, ", a);
    else
        PUT(w, " PE_BOUNDED_SCALAR(level, %d, %d, ", bits, a);
    put_item(w, a);
    PUT(w, ")");
}

/* ---- all arguments ---- */

static void put_scalars(const writer *w, const char *name, bool is_bounded)
{
    const pe_signature *signature = &w->spec->signature;
    PUT(w, "#define %s", name);
    for (int a = 0; a < signature->arg_count; a++)
        if (signature->args[a].width == 0 && signature->args[a].dtype != PE_TEXT)
            put_scalar(w, a, is_bounded);
    if (pe_codegen_loops_has_index(w->spec))
        put_scalar(w, signature->arg_count, is_bounded);
    PUT(w, "\n");
}

static void put_columns(const writer *w)
{
    const pe_signature *signature = &w->spec->signature;
    for (int a = 0; a < signature->arg_count; a++)
        if (can_ramp(signature->args[a]))
            PUT(w, "PE_LINE(%d, %s, %s)\n", a, column_type(w, signature->args[a].dtype),
                unsigned_type(signature->args[a].dtype));
    PUT(w, "#define PE_COLUMNS");
    for (int a = 0; a < signature->arg_count; a++) {
        const pe_dtype dtype = signature->args[a].dtype;
        if (can_ramp(signature->args[a]))
            PUT(w, " PE_ARGUMENT(%d, %s, %s)", a, column_type(w, dtype), unsigned_type(dtype));
        else
            PUT(w, " PE_COLUMN(%d, %s)", a, column_type(w, dtype));
    }
    for (int r = 0; r < pe_codegen_exprs(w->spec); r++)
        PUT(w, r == 0 ? " PE_RESULT_COLUMN(%d, PE_RESULT)" : " PE_RESULT_COLUMN(%d, PE_RESULT_%d)", r, r);
    for (int r = 0; r < signature->result_count && !is_expr(w); r++)
        if (signature->results[r].dtype != PE_TEXT)
            PUT(w, " PE_RESULT_COLUMN(%d, %s)", r, column_type(w, signature->results[r].dtype));
    PUT(w, "\n");
}

/* Writes the macros of the levels: whether there are any, the type that an expression tests, and the columns by which
 * the level of a function is chosen. */
static void put_levels(const writer *w)
{
    int widest = 0;
    for (int a = 0; a <= w->spec->signature.arg_count; a++)
        widest = bits_of(w, a) > widest ? bits_of(w, a) : widest;
    PUT(w,
        "#define PE_IS_EXPR %d\n#define PE_IS_TEXT %d\n#define PE_HAS_LEVELS %d\n#define PE_TEST %s\n#define "
        "PE_BOUNDED_COLUMNS(DO)",
        is_expr(w) ? 1 : 0, is_text(w) ? 1 : 0, widest > 0 ? 1 : 0, widest == 128 ? "__int128" : "int64_t");
    for (int a = 0; a < w->spec->signature.arg_count; a++)
        if (bits_of(w, a) > 0)
            PUT(w, " DO(%d, %d, %s)", a, bits_of(w, a), column_type(w, w->spec->signature.args[a].dtype));
    PUT(w, "\n");
}

/* ---- the call ---- */

/* Writes the arguments of the call, separated by commas. */
static void put_arguments(const writer *w)
{
    const pe_signature *signature = &w->spec->signature;
    for (int a = 0; a < signature->arg_count; a++) {
        const pe_type type = signature->args[a];
        PUT(w, a == 0 ? "" : ", ");
        if (type.dtype == PE_TEXT)
            PUT(w, is_expr(w) ? "PE_ITEM(%d)" : "PE_TEXT_ITEM(%d)", a);
        else if (type.width > 0 && is_expr(w))
            PUT(w, "(const %s(*)[%u])pe_a%d + pe_k", pe_codegen_names_type(type.dtype), type.width, a);
        else if (type.width > 0)
            PUT(w, "pe_a%d + pe_k * %u", a, type.width);
        else
            PUT(w, "pe_x%d", a);
    }
    if (pe_codegen_loops_has_index(w->spec))
        PUT(w, ", pe_x%d", signature->arg_count);
}

static void put_expr_call(const writer *w, const char *name, bool is_wide)
{
    PUT(w, "#define %s", name);
    for (int r = 0; r < pe_codegen_exprs(w->spec); r++) {
        PUT(w, " pe_r%d[pe_k] = pe_expr", r);
        if (r > 0)
            PUT(w, "_%d", r);
        PUT(w, "%s(call->seed, call->first + pe_k, ", is_wide ? "_wide" : "");
        put_arguments(w);
        PUT(w, ");");
    }
    PUT(w, "\n");
}

static void put_text_call(const writer *w)
{
    PUT(w, "#define PE_TEXT_CALL(out, room) %s(", w->spec->function);
    put_arguments(w);
    PUT(w, ", out, room)\n#define PE_CALL PE_TEXT_RESULT\n");
}

static void put_function_call(const writer *w)
{
    const pe_signature *signature = &w->spec->signature;
    const char *name = w->spec->function;
    const bool is_returned = pe_codegen_loops_is_returned(signature);
    PUT(w, is_returned ? "#define PE_CALL pe_r0[pe_k] = %s(" : "#define PE_CALL %s(",
        signature->or_error ? "PE_OR_ERROR" : name);
    if (signature->or_error)
        PUT(w, "\"%.40s\", %s(", name, name);
    put_arguments(w);
    for (int r = 0; r < signature->result_count && !is_returned; r++)
        PUT(w, ", pe_r%d + pe_k * %u", r, pe_type_elements(signature->results[r]));
    PUT(w, signature->or_error ? "))\n" : ");\n");
}

void pe_codegen_loops_write(const pe_codegen *spec, pe_buffer *out, pe_error *err)
{
    const writer w = {.spec = spec, .out = out, .err = err};
    put_levels(&w);
    put_columns(&w);
    put_scalars(&w, "PE_BOUNDED_SCALARS(level)", true);
    put_scalars(&w, "PE_SCALARS", false);
    if (is_expr(&w)) {
        put_expr_call(&w, "PE_CALL", false);
        put_expr_call(&w, "PE_CALL_WIDE", pe_codegen_loops_has_wide(spec));
        return;
    }
    if (is_text(&w))
        put_text_call(&w);
    else
        put_function_call(&w);
    PUT(&w, "#define PE_CALL_WIDE PE_CALL\n");
}

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* compiled_signature.c - determines the name and the signature of a C expression or a C function.
 *
 * Threads:  any; pure functions of the form's spec.
 * Not here: compiling (compilation.c).
 */
#include <stdio.h>
#include <string.h>

#include "kernel/compiled/compiled_internal.h"
#include "kernel/compiled/expr/expr.h"
#include "kernel/overload.h"

#define NAME_MOST 40 /* bytes of an expression in messages */
#define DEFAULT_NAMES 3

const char *const pe_compiled_names[] = {"x", "y", "z"};

const char *pe_compiled_name(const pe_form_spec *spec, char out[PE_COMPILED_NAME_ROOM])
{
    char all[NAME_MOST + 8] = "";
    const char *whole = spec->kind == PE_FORM_EXPR ? spec->expr : spec->function;
    for (int r = 0; spec->kind == PE_FORM_EXPR && pe_form_spec_exprs(spec) > 1 && r < pe_form_spec_exprs(spec); r++) {
        const size_t used = strlen(all);
        (void)snprintf(all + used, sizeof all - used, "%s%s", r == 0 ? "" : ", ", pe_form_spec_expr(spec, r));
        whole = all;
    }
    size_t size = strlen(whole);
    const bool is_cut = size > NAME_MOST;
    if (is_cut)
        size = NAME_MOST;
    while (is_cut && size > 0 && ((unsigned char)whole[size] & 0xC0u) == 0x80u)
        size--;
    (void)snprintf(out, PE_COMPILED_NAME_ROOM, "%.*s%s", (int)size, whole, is_cut ? "..." : "");
    return out;
}

/* Checks that a given signature fits the inputs; the rules are those of all forms. */
static pe_status fit_signature(const pe_form_spec *spec, pe_signature *out, pe_error *err)
{
    char name[PE_COMPILED_NAME_ROOM];
    pe_error wrong = PE_ERROR_INIT;
    if (pe_signature_parse(spec->signature, out, &wrong) != PE_OK)
        return spec->signature_where != NULL ? pe_fail(err, PE_ECONFIG, "%s: %s", spec->signature_where, wrong.text)
                                             : pe_fail(err, PE_ECONFIG, "%s: signature: %s", spec->where, wrong.text);
    const pe_kernel row = {.name = pe_compiled_name(spec, name), .signature = spec->signature};
    const pe_kernel *const rows[] = {&row};
    const pe_kernel *picked = NULL;
    const pe_kernel_request request = pe_form_request(spec, row.name);
    return pe_overload_pick(&request, rows, 1, &picked, out, err);
}

/* The type of an untyped column of a text file: text if the expression uses it as text, else the number type of the
 * first records that are numbers. */
static pe_type type_for(const pe_form_spec *spec, int column)
{
    const char *const *names = spec->args != NULL ? spec->args : pe_compiled_names;
    const int count = spec->args != NULL ? spec->arg_count : DEFAULT_NAMES;
    bool is_text = column < count && spec->condition != NULL && pe_expr_uses_text(spec->condition, names[column]);
    for (int r = 0; r < pe_form_spec_exprs(spec) && column < count; r++)
        is_text = is_text || pe_expr_uses_text(pe_form_spec_expr(spec, r), names[column]);
    const pe_dtype number = spec->numbers != NULL ? spec->numbers[column] : PE_FLOAT64;
    return (pe_type){.dtype = is_text ? PE_TEXT : number, .width = 0};
}

/* Takes the arguments' types from the input columns. */
static void take_columns(const pe_form_spec *spec, pe_signature *out)
{
    *out = (pe_signature){.arg_count = spec->column_count};
    for (int c = 0; c < spec->column_count; c++)
        out->args[c] = spec->untyped[c] ? type_for(spec, c) : spec->columns[c];
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

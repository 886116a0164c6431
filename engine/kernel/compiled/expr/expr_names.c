/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* expr_names.c - the names of an expression: arguments, parameters, the index, constants, function calls.
 *
 * Design:  an unknown name is refused (expr_unknown.c), unless headers or libraries of the user's may define
 *          it: then the compiler decides, and its value has an unknown type. Functions that keep a state are refused
 *          even there.
 * Threads: no state.
 */
#include "kernel/compiled/expr/expr_internal.h"

static bool is_name(const pe_expr_parser *p, pe_expr_token token, const char *name)
{
    return pe_expr_is(p->text, token, name);
}

static pe_expr_kind kind_of(pe_type type)
{
    if (type.width > 0)
        return PE_EXPR_VECTOR;
    if (type.dtype == PE_TEXT)
        return PE_EXPR_TEXT;
    if (type.dtype == PE_BOOL)
        return PE_EXPR_BOOL;
    if (pe_dtype_is_complex(type.dtype))
        return PE_EXPR_COMPLEX;
    return pe_dtype_is_int(type.dtype) || type.dtype == PE_INT128 ? PE_EXPR_INTEGER : PE_EXPR_FLOAT;
}

static bool find_argument(pe_expr_parser *p, pe_expr_token name, pe_expr_value *out)
{
    for (int a = 0; a < p->scope->arg_count; a++)
        if (is_name(p, name, p->scope->arg_names[a])) {
            p->facts->reads_arg[a] = true;
            out->kind = kind_of(p->scope->args[a]);
            out->type = p->scope->args[a];
            return true;
        }
    return false;
}

static bool find_parameter(pe_expr_parser *p, pe_expr_token name, pe_expr_value *out)
{
    for (size_t c = 0; c < p->scope->param_count; c++)
        if (is_name(p, name, p->scope->params[c].name)) {
            const pe_dtype dtype = p->scope->params[c].dtype;
            if (p->facts->reads_param != NULL)
                p->facts->reads_param[c] = true;
            out->kind = kind_of((pe_type){.dtype = dtype, .width = 0});
            return true;
        }
    return false;
}

/* An argument, a parameter, the index or a constant. */
static bool find_value(pe_expr_parser *p, pe_expr_token name, pe_expr_value *out)
{
    if (find_argument(p, name, out) || find_parameter(p, name, out))
        return true;
    if (is_name(p, name, "i")) {
        p->facts->reads_index = true;
        out->kind = PE_EXPR_INTEGER;
        return true;
    }
    out->kind = pe_expr_constant_find(p->text + name.begin, name.end - name.begin);
    return out->kind != PE_EXPR_UNKNOWN;
}

/* ---- calls ---- */

static pe_status check_argument(pe_expr_parser *p, const pe_expr_function *function, char type,
                                const pe_expr_value *value)
{
    if (type == 't' && value->kind != PE_EXPR_TEXT && value->kind != PE_EXPR_UNKNOWN)
        return pe_expr_refuse(p->err, p->text, value->begin, "%s takes texts here, such as \"DE\"", function->name);
    if (type == 't')
        return PE_OK;
    if (type == 'i')
        return pe_expr_need_integer(p, value, function->name);
    pe_status status = pe_expr_need_number(p, value);
    if (status == PE_OK && type != 'z')
        status = pe_expr_need_real(p, value, function->name);
    if (status == PE_OK && type != 'n')
        pe_expr_becomes_float(p, value);
    return status;
}

static pe_status refuse_count(pe_expr_parser *p, pe_expr_token name, const pe_expr_function *function, size_t got)
{
    const size_t wanted = strlen(function->types) - 2;
    return pe_expr_refuse(p->err, p->text, name.begin, "%s takes %zu argument%s, and got %zu", function->name, wanted,
                          wanted == 1 ? "" : "s", got);
}

static void give_result(pe_expr_parser *p, const pe_expr_function *function, const pe_expr_value *first,
                        pe_expr_kind joined, pe_expr_value *out)
{
    static const char *const draws[] = {"uniform", "normal", "integer"};
    switch (function->types[0]) {
    case 'd':
        out->kind = PE_EXPR_FLOAT;
        break;
    case 'z':
        out->kind = PE_EXPR_COMPLEX;
        break;
    case 'i':
        out->kind = PE_EXPR_INTEGER;
        break;
    case 'b':
        out->kind = PE_EXPR_BOOL;
        break;
    default:
        out->kind = joined;
        out->division = joined == PE_EXPR_INTEGER ? first->division : (pe_expr_division){.end = 0};
        break;
    }
    for (size_t d = 0; d < sizeof draws / sizeof *draws; d++)
        p->facts->draws = p->facts->draws || strcmp(draws[d], function->name) == 0;
}

/* A call's arguments so far: how many, the first or the first with a division, the kinds of all together. */
pe_status pe_expr_add_argument(pe_expr_parser *p, pe_expr_call *call, const pe_expr_value *value)
{
    call->joined = call->count == 0 ? value->kind : pe_expr_join(call->joined, value->kind);
    call->first = call->count == 0 || call->first.division.end == 0 ? *value : call->first;
    call->count++;
    if (call->function == NULL || call->count > strlen(call->function->types) - 2)
        return PE_OK;
    return check_argument(p, call->function, call->function->types[1 + call->count], value);
}

pe_status pe_expr_end_call(pe_expr_parser *p, pe_expr_token name, const pe_expr_call *call, pe_expr_value *out)
{
    if (call->function == NULL)
        return PE_OK;
    if (call->count != strlen(call->function->types) - 2)
        return refuse_count(p, name, call->function, call->count);
    if (call->joined == PE_EXPR_FLOAT)
        pe_expr_becomes_float(p, &call->first);
    give_result(p, call->function, &call->first, call->joined, out);
    return PE_OK;
}

pe_status pe_expr_begin_call(pe_expr_parser *p, pe_expr_token name, pe_expr_call *out)
{
    const size_t size = name.end - name.begin;
    pe_expr_value ignored = {.end = 0};
    *out = (pe_expr_call){.function = pe_expr_function_find(p->text + name.begin, size)};
    if (find_value(p, name, &ignored))
        return pe_expr_refuse(p->err, p->text, p->token.begin, "%.*s is no function: a product is written %.*s*(...)",
                              (int)(size > 60 ? 60 : size), p->text + name.begin, (int)(size > 60 ? 60 : size),
                              p->text + name.begin);
    if (out->function == NULL && (!p->scope->is_open || pe_expr_advice(p->text + name.begin, size, true) != NULL))
        return pe_expr_refuse_unknown(p, name, true);
    return PE_OK;
}

pe_status pe_expr_name(pe_expr_parser *p, pe_expr_token name, pe_expr_value *out)
{
    if (find_value(p, name, out) || p->scope->is_open)
        return PE_OK;
    if (pe_expr_function_find(p->text + name.begin, name.end - name.begin) == NULL)
        return pe_expr_refuse_unknown(p, name, false);
    return pe_expr_refuse(p->err, p->text, name.begin, "%.*s is a function: write its arguments in parentheses",
                          (int)(name.end - name.begin), p->text + name.begin);
}

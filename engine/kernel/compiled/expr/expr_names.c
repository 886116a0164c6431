/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* expr_names.c - the names of an expression: arguments, parameters, the index, constants, function calls.
 *
 * Design:  an unknown name is refused with the nearest known one, unless headers or libraries of the user's may define
 *          it: then the compiler decides, and its value has an unknown type. Functions that keep a state are refused
 *          even there.
 * Threads: no state.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/suggest.h"
#include "kernel/compiled/expr/expr_internal.h"
#include "kernel/registry.h"

#define NAME_ROOM 64
#define MOST_BUILT_INS 128
#define SUGGEST_LEAST 3 /* characters that a name must have to be taken for a misspelt constant */

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

/* ---- unknown names ---- */

/* The candidates are the functions for a call, else the job's names and the constants. */
static pe_status list_known(pe_expr_parser *p, size_t size, bool is_call, const char ***out, size_t *count)
{
    size_t functions = 0;
    const pe_expr_function *const table = pe_expr_functions(&functions);
    *count = 0;
    size_t constants = 0;
    const char *const *const names = pe_expr_constants(&constants);
    const size_t room = functions + constants + (size_t)p->scope->arg_count + p->scope->param_count;
    const pe_status status = pe_make_array(out, room, sizeof **out, p->err);
    if (status != PE_OK)
        return status;
    for (size_t f = 0; f < functions && is_call; f++)
        (*out)[(*count)++] = table[f].name;
    for (size_t c = 0; c < constants && !is_call && size >= SUGGEST_LEAST; c++)
        (*out)[(*count)++] = names[c];
    for (int a = 0; a < p->scope->arg_count && !is_call; a++)
        (*out)[(*count)++] = p->scope->arg_names[a];
    for (size_t c = 0; c < p->scope->param_count && !is_call; c++)
        (*out)[(*count)++] = p->scope->params[c].name;
    return PE_OK;
}

/* "x and y" of the arguments, for the message. */
static void list_arguments(const pe_expr_parser *p, char out[256])
{
    size_t used = 0;
    out[0] = '\0';
    for (int a = 0; a < p->scope->arg_count && used < 200; a++) {
        const char *comma = a == 0 ? "" : a == p->scope->arg_count - 1 ? " and " : ", ";
        used += (size_t)snprintf(out + used, 256 - used, "%s%.40s", comma, p->scope->arg_names[a]);
    }
}

/* The built-in kernel that a name is nearest to, where it is the whole expression: then a kernel was meant. NULL: none. */
static const char *find_built_in(const pe_expr_parser *p, pe_expr_token name)
{
    const char *names[MOST_BUILT_INS];
    char typed[NAME_ROOM];
    size_t count = 0, used = 0;
    const pe_kernel *const *const all = pe_registry_all(&count);
    const size_t before = strspn(p->text, " \t\n"), behind = strspn(p->text + name.end, " \t\n");
    if (before != name.begin || p->text[name.end + behind] != '\0' || name.end - name.begin >= sizeof typed)
        return NULL;
    for (size_t k = 0; k < count && used < MOST_BUILT_INS; k++)
        names[used++] = all[k]->name;
    (void)snprintf(typed, sizeof typed, "%.*s", (int)(name.end - name.begin), p->text + name.begin);
    return pe_suggest(typed, names, used);
}

static pe_status refuse_unknown(pe_expr_parser *p, pe_expr_token name, bool is_call)
{
    const size_t size = name.end - name.begin;
    char typed[NAME_ROOM], arguments[256];
    const char **known = NULL;
    size_t count = 0;
    (void)snprintf(typed, sizeof typed, "%.*s", (int)(size > 60 ? 60 : size), p->text + name.begin);
    pe_status status = list_known(p, size, is_call, &known, &count);
    if (status != PE_OK)
        return status;
    const char *advice = pe_expr_advice(typed, strlen(typed), is_call);
    const char *nearest = pe_suggest(typed, known, count);
    const char *built_in = find_built_in(p, name);
    list_arguments(p, arguments);
    if (advice != NULL)
        status = pe_expr_refuse(p->err, p->text, name.begin, is_call ? "%s(): %s" : "unknown name \"%s\": %s", typed,
                                advice);
    else if (is_call && nearest != NULL)
        status = pe_expr_refuse(p->err, p->text, name.begin, "no function \"%s\"; did you mean %s?", typed, nearest);
    else if (is_call)
        status = pe_expr_refuse(p->err, p->text, name.begin,
                                "no function \"%s\": an expression has the functions of math.h; others come with "
                                "kernel.libs and cflags = [\"-include\", \"their.h\"]",
                                typed);
    else if (nearest != NULL)
        status = pe_expr_refuse(p->err, p->text, name.begin, "unknown name \"%s\"; did you mean %s?", typed, nearest);
    else if (built_in != NULL)
        status = pe_expr_refuse(
            p->err, p->text, name.begin,
            "unknown name \"%s\"; did you mean the built-in kernel %s? pengine --kernels lists them", typed, built_in);
    else
        status = pe_expr_refuse(p->err, p->text, name.begin,
                                "unknown name \"%s\": the argument%s %s, i is the item's index, constants come from "
                                "kernel.params",
                                typed, p->scope->arg_count == 1 ? " is" : "s are", arguments);
    free(known);
    return status;
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
        return refuse_unknown(p, name, true);
    return PE_OK;
}

pe_status pe_expr_name(pe_expr_parser *p, pe_expr_token name, pe_expr_value *out)
{
    if (find_value(p, name, out) || p->scope->is_open)
        return PE_OK;
    if (pe_expr_function_find(p->text + name.begin, name.end - name.begin) == NULL)
        return refuse_unknown(p, name, false);
    return pe_expr_refuse(p->err, p->text, name.begin, "%.*s is a function: write its arguments in parentheses",
                          (int)(name.end - name.begin), p->text + name.begin);
}

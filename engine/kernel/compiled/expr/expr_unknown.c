/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* expr_unknown.c - what is said of a name in an expression that nothing has.
 *
 * Design:  the nearest name is proposed: of a call a function, else an argument, a param, a constant, or a column of the input
 *          that is no argument yet, because the arguments are the columns that the expression mentions.
 * Threads: no state.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/suggest.h"
#include "kernel/compiled/expr/expr_internal.h"
#include "kernel/registry.h"

#define NAME_ROOM 64
#define COLUMNS_ROOM 320
#define MOST_BUILT_INS 128
#define SUGGEST_LEAST 3 /* characters that a name must have to be taken for a misspelt constant */

static const char *column_name(const pe_expr_scope *scope, uint64_t number)
{
    return scope->column_name == NULL ? NULL : scope->column_name(scope->column_names_of, number);
}

static size_t count_columns(const pe_expr_scope *scope)
{
    size_t count = 0;
    while (column_name(scope, count) != NULL)
        count++;
    return count;
}

static bool is_identifier(const char *name)
{
    const size_t size = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
    return size > 0 && name[size] == '\0' && strchr("0123456789", *name) == NULL;
}

/* The candidates are the functions for a call, else the job's names, the files' columns and the constants. */
static pe_status list_known(pe_expr_parser *p, size_t size, bool is_call, const char ***out, size_t *count)
{
    size_t functions = 0;
    const pe_expr_function *const table = pe_expr_functions(&functions);
    *count = 0;
    size_t constants = 0;
    const char *const *const names = pe_expr_constants(&constants);
    const size_t columns = is_call ? 0 : count_columns(p->scope);
    const size_t room = functions + constants + (size_t)p->scope->arg_count + p->scope->param_count + columns;
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
    for (size_t c = 0; c < columns; c++)
        if (is_identifier(column_name(p->scope, c)))
            (*out)[(*count)++] = column_name(p->scope, c);
    return PE_OK;
}

/* "; the input has id, price and qty", for the message; "" without names. */
static void list_columns(const pe_expr_parser *p, char out[COLUMNS_ROOM])
{
    const size_t count = count_columns(p->scope);
    size_t used = 0;
    out[0] = '\0';
    for (size_t c = 0; c < count; c++) {
        const bool fits = used + 60 < COLUMNS_ROOM;
        const char *const name = column_name(p->scope, c);
        const char *const comma = c == 0 ? "; the input has " : c + 1 == count && fits ? " and " : ", ";
        used +=
            (size_t)snprintf(out + used, COLUMNS_ROOM - used, "%s%.40s", comma, name != NULL && fits ? name : "...");
        if (!fits)
            break;
    }
    const char *const delimiter = count == 1 ? strpbrk(column_name(p->scope, 0), ";|\t") : NULL;
    if (delimiter != NULL && used + 60 < COLUMNS_ROOM)
        (void)snprintf(out + used, COLUMNS_ROOM - used, ": input.delimiter = \"%s%c\" cuts it into columns",
                       *delimiter == '\t' ? "\\" : "", *delimiter == '\t' ? 't' : *delimiter);
}

/* A column of this name that is no argument. */
static bool is_column(const pe_expr_parser *p, const char *typed)
{
    for (size_t c = 0; column_name(p->scope, c) != NULL; c++)
        if (strcmp(column_name(p->scope, c), typed) == 0)
            return true;
    return false;
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
    const size_t before = strspn(p->text, " \t\n"), after = strspn(p->text + name.end, " \t\n");
    if (before != name.begin || p->text[name.end + after] != '\0' || name.end - name.begin >= sizeof typed)
        return NULL;
    for (size_t k = 0; k < count && used < MOST_BUILT_INS; k++)
        names[used++] = all[k]->name;
    (void)snprintf(typed, sizeof typed, "%.*s", (int)(name.end - name.begin), p->text + name.begin);
    return pe_suggest(typed, names, used);
}

pe_status pe_expr_refuse_unknown(pe_expr_parser *p, pe_expr_token name, bool is_call)
{
    const size_t size = name.end - name.begin;
    char typed[NAME_ROOM], arguments[256], columns[COLUMNS_ROOM];
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
    list_columns(p, columns);
    if (!is_call && is_column(p, typed))
        status = pe_expr_refuse(p->err, p->text, name.begin,
                                "\"%s\" is a column of the input and no argument: input.columns leaves it out, or "
                                "input.names or kernel.args call it otherwise; the argument%s %s",
                                typed, p->scope->arg_count == 1 ? " is" : "s are", arguments);
    else if (advice != NULL)
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
                                "kernel.params%s",
                                typed, p->scope->arg_count == 1 ? " is" : "s are", arguments, columns);
    free(known);
    return status;
}

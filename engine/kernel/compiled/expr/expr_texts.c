/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* expr_texts.c - finds the arguments that an expression uses as texts.
 *
 * Design:  a column of a csv file has no type of its own, so it gets the one that the expression asks for: the type is
 *          needed before the grammar is applied. An argument is a text where it is alone between the parentheses or
 *          commas of a text function's call. The depth of parentheses is bounded; deeper ones are no calls of interest.
 * Threads: no state.
 */
#include "kernel/compiled/expr/expr_internal.h"

#define DEPTH_MOST 256

/* Does the name open a call whose arguments are texts? */
static bool takes_texts(const char *text, pe_expr_token name)
{
    const pe_expr_function *function =
        name.kind == PE_TOKEN_NAME ? pe_expr_function_find(text + name.begin, name.end - name.begin) : NULL;
    return function != NULL && strchr(function->types + 2, 't') != NULL;
}

/* Is the text in [before, after] alone an argument of a call? */
static bool stands_alone(const char *text, pe_expr_token before, pe_expr_token after)
{
    return (pe_expr_is(text, before, "(") || pe_expr_is(text, before, ",")) &&
           (pe_expr_is(text, after, ")") || pe_expr_is(text, after, ","));
}

bool pe_expr_uses_text(const char *text, const char *name)
{
    bool is_text_call[DEPTH_MOST + 1] = {false};
    size_t depth = 0;
    pe_error ignored = PE_ERROR_INIT;
    pe_expr_token before = {.kind = PE_TOKEN_END}, token = before, after = before;
    if (pe_expr_scan(text, 0, &token, &ignored) != PE_OK)
        return false;
    while (token.kind != PE_TOKEN_END) {
        if (pe_expr_scan(text, token.end, &after, &ignored) != PE_OK)
            return false;
        if (pe_expr_is(text, token, "(") && depth < DEPTH_MOST)
            is_text_call[++depth] = takes_texts(text, before);
        else if (pe_expr_is(text, token, ")") && depth > 0)
            depth--;
        else if (token.kind == PE_TOKEN_NAME && pe_expr_is(text, token, name) && is_text_call[depth] &&
                 stands_alone(text, before, after))
            return true;
        before = token;
        token = after;
    }
    return false;
}

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* expr_internal.h - what the files of expr/ share: tokens, values, names.
 */
#ifndef PE_EXPR_INTERNAL_H
#define PE_EXPR_INTERNAL_H

#include <string.h>

#include "kernel/compiled/expr/expr.h"

typedef enum pe_expr_token_kind {
    PE_TOKEN_END,
    PE_TOKEN_INTEGER,
    PE_TOKEN_FLOAT,
    PE_TOKEN_NAME,
    PE_TOKEN_TEXT,
    PE_TOKEN_CHARACTER,
    PE_TOKEN_OPERATOR
} pe_expr_token_kind;

/* text[begin] to text[end - 1]. */
typedef struct pe_expr_token {
    pe_expr_token_kind kind;
    size_t begin, end;
} pe_expr_token;

typedef enum pe_expr_kind {
    PE_EXPR_UNKNOWN, /* of a name that the user's headers define */
    PE_EXPR_BOOL,
    PE_EXPR_INTEGER,
    PE_EXPR_FLOAT,
    PE_EXPR_COMPLEX,
    PE_EXPR_TEXT,
    PE_EXPR_VECTOR
} pe_expr_kind;

/* A division of integers whose quotient is part of a value; end is 0 without one. */
typedef struct pe_expr_division {
    size_t begin, place, end; /* place: of the / */
} pe_expr_division;

/* A part of the expression that was read. */
typedef struct pe_expr_value {
    pe_expr_kind kind;
    pe_type type; /* of a vector */
    size_t begin, end;
    pe_expr_division division;
    bool is_comparison; /* without parentheses around it; then its right side begins at right */
    size_t right;
    bool is_literal; /* an integer, of this value */
    int64_t literal;
} pe_expr_value;

typedef struct pe_expr_parser {
    const char *text;
    const pe_expr_scope *scope;
    pe_expr_facts *facts;
    pe_expr_token token; /* the next one */
    size_t end;          /* of the one before it */
    int depth;
    bool has_warned_of_division, has_warned_of_xor;
    pe_error *err;
} pe_expr_parser;

/* ---- expr_lex.c ---- */

/* pe_expr_scan - find the token at or after text[at]. PE_EKERNEL for what is no token of C. */
pe_status pe_expr_scan(const char *text, size_t at, pe_expr_token *out, pe_error *err);

static inline bool pe_expr_is(const char *text, pe_expr_token token, const char *what)
{
    const size_t size = strlen(what);
    return token.end - token.begin == size && memcmp(text + token.begin, what, size) == 0;
}

/* ---- expr_message.c ---- */

/* pe_expr_refuse - PE_EKERNEL: the sentence, the line of text that holds place, a caret below it. */
pe_status pe_expr_refuse(pe_error *err, const char *text, size_t place, const char *format, ...) PE_PRINTF(4, 5);

/* pe_expr_describe - "x", or the end, for messages; returns out. */
#define PE_EXPR_TOKEN_ROOM 48
const char *pe_expr_describe(const char *text, pe_expr_token token, char out[PE_EXPR_TOKEN_ROOM]);

/* ---- expr_functions.c ---- */

/* pe_expr_function_find - find a function by its name, which may have C's suffix f or l; NULL without one. */
const pe_expr_function *pe_expr_function_find(const char *name, size_t size);
/* pe_expr_constant_find - the kind of a constant of math.h and its like; PE_EXPR_UNKNOWN when name is none. */
pe_expr_kind pe_expr_constant_find(const char *name, size_t size);
/* pe_expr_constants - the names of all of them; *count is set. */
const char *const *pe_expr_constants(size_t *count);
/* pe_expr_advice - what to write in place of a name or function that C lacks or that is of no use here; NULL: nothing. */
const char *pe_expr_advice(const char *name, size_t size, bool is_call);

/* ---- expr_unknown.c ---- */

/* pe_expr_refuse_unknown - PE_EKERNEL: no such name, or function, with the nearest one that there is. */
pe_status pe_expr_refuse_unknown(pe_expr_parser *p, pe_expr_token name, bool is_call);

/* ---- expr_names.c ---- */

/* A function call while its arguments are read; function is NULL for one of the user's, which takes anything. */
typedef struct pe_expr_call {
    const pe_expr_function *function;
    size_t count;
    pe_expr_value first; /* the first argument, or the first that holds a division of integers */
    pe_expr_kind joined; /* of all arguments together */
} pe_expr_call;

/* pe_expr_name - the value of a name that is not called. */
pe_status pe_expr_name(pe_expr_parser *p, pe_expr_token name, pe_expr_value *out);
/* A call of name: begun, each argument added, ended, which gives its result. */
pe_status pe_expr_begin_call(pe_expr_parser *p, pe_expr_token name, pe_expr_call *out);
pe_status pe_expr_add_argument(pe_expr_parser *p, pe_expr_call *call, const pe_expr_value *value);
pe_status pe_expr_end_call(pe_expr_parser *p, pe_expr_token name, const pe_expr_call *call, pe_expr_value *out);

/* ---- expr_operators.c ---- */

/* pe_expr_need_number - refuse a vector and a text where C needs a number; what: "the condition of ?". */
pe_status pe_expr_need_number(pe_expr_parser *p, const pe_expr_value *value);
pe_status pe_expr_need_integer(pe_expr_parser *p, const pe_expr_value *value, const char *what);
/* pe_expr_need_real - refuse a complex number; what: the function, whose complex twin is named, or NULL. */
pe_status pe_expr_need_real(pe_expr_parser *p, const pe_expr_value *value, const char *what);
/* pe_expr_join - the kind of a number that is computed from two. */
pe_expr_kind pe_expr_join(pe_expr_kind a, pe_expr_kind b);
/* pe_expr_becomes_float - value is converted to a float here: a division of integers in it earns the warning. */
void pe_expr_becomes_float(pe_expr_parser *p, const pe_expr_value *value);
/* pe_expr_binary - left becomes "left op right". */
pe_status pe_expr_binary(pe_expr_parser *p, pe_expr_token op, pe_expr_value *left, const pe_expr_value *right);
/* pe_expr_power - how strongly a binary operator binds, 2 to 11; 0 when op is none. */
int pe_expr_power(const char *text, pe_expr_token op);
/* pe_expr_refuse_operator - why the token after a whole value is not valid there. */
pe_status pe_expr_refuse_operator(pe_expr_parser *p, const pe_expr_value *left);

#endif

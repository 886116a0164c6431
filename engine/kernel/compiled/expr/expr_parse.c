/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* expr_parse.c - the grammar of C's expressions, as a Pratt parser that types what it reads.
 *
 * Design:  an operator binds its neighbours by its power; a value is read, then operators of at least the asked power
 *          take it as their left side. Nothing is built: the compiler gets the text as it was written, so the parser
 *          only refuses, warns and finds types. Values are numbers, texts and vectors; C's pointers, assignments,
 *          statements and comments have no place. The depth is bounded, so no text can overflow the stack.
 * Threads: no state.
 */
#include <stdlib.h>

#include "kernel/compiled/expr/expr_internal.h"

#define DEPTH_MOST 200
#define LOWEST 1 /* the power of ?: */
#define UNARY 12 /* the power of - ! ~ and casts */

static pe_status next(pe_expr_parser *p)
{
    p->end = p->token.end;
    return pe_expr_scan(p->text, p->token.end, &p->token, p->err);
}

static bool is_next(const pe_expr_parser *p, const char *what)
{
    return p->token.kind == PE_TOKEN_OPERATOR && pe_expr_is(p->text, p->token, what);
}

/* Skips the operator `what`, which must come now. */
static pe_status take(pe_expr_parser *p, const char *what)
{
    char seen[PE_EXPR_TOKEN_ROOM];
    if (is_next(p, what))
        return next(p);
    if (what[0] == ')' && p->token.kind == PE_TOKEN_END)
        return pe_expr_refuse(p->err, p->text, p->token.begin, "a closing ) is missing at the end");
    const pe_expr_value left = {.begin = p->end, .end = p->end};
    if (p->token.kind == PE_TOKEN_OPERATOR &&
        (is_next(p, "=") || is_next(p, "**") || is_next(p, "//") || is_next(p, ",")))
        return pe_expr_refuse_operator(p, &left);
    return pe_expr_refuse(p->err, p->text, p->token.begin, "expected \"%s\", got %s", what,
                          pe_expr_describe(p->text, p->token, seen));
}

static pe_status parse(pe_expr_parser *p, int least_power, pe_expr_value *out);

/* ---- types in casts ---- */

/* What a word of a type adds; PE_EXPR_UNKNOWN: it is none. */
static pe_expr_kind type_word(const pe_expr_parser *p)
{
    static const struct {
        const char *name;
        pe_expr_kind kind;
    } words[] = {{"float", PE_EXPR_FLOAT},      {"double", PE_EXPR_FLOAT},     {"bool", PE_EXPR_BOOL},
                 {"_Bool", PE_EXPR_BOOL},       {"char", PE_EXPR_INTEGER},     {"short", PE_EXPR_INTEGER},
                 {"int", PE_EXPR_INTEGER},      {"long", PE_EXPR_INTEGER},     {"signed", PE_EXPR_INTEGER},
                 {"unsigned", PE_EXPR_INTEGER}, {"__int128", PE_EXPR_INTEGER}, {"int8_t", PE_EXPR_INTEGER},
                 {"int16_t", PE_EXPR_INTEGER},  {"int32_t", PE_EXPR_INTEGER},  {"int64_t", PE_EXPR_INTEGER},
                 {"uint8_t", PE_EXPR_INTEGER},  {"uint16_t", PE_EXPR_INTEGER}, {"uint32_t", PE_EXPR_INTEGER},
                 {"uint64_t", PE_EXPR_INTEGER}, {"size_t", PE_EXPR_INTEGER},   {"ssize_t", PE_EXPR_INTEGER}};
    for (size_t w = 0; p->token.kind == PE_TOKEN_NAME && w < sizeof words / sizeof *words; w++)
        if (pe_expr_is(p->text, p->token, words[w].name))
            return words[w].kind;
    return PE_EXPR_UNKNOWN;
}

/* An argument or a parameter may have the name of a type: then it is meant. */
static bool is_own_name(const pe_expr_parser *p)
{
    for (int a = 0; a < p->scope->arg_count; a++)
        if (pe_expr_is(p->text, p->token, p->scope->arg_names[a]))
            return true;
    for (size_t c = 0; c < p->scope->param_count; c++)
        if (pe_expr_is(p->text, p->token, p->scope->params[c].name))
            return true;
    return false;
}

static bool is_type(const pe_expr_parser *p)
{
    return type_word(p) != PE_EXPR_UNKNOWN && !is_own_name(p);
}

static pe_status read_type(pe_expr_parser *p, pe_expr_kind *out)
{
    pe_status status = PE_OK;
    *out = type_word(p);
    while (status == PE_OK && is_type(p)) {
        *out = type_word(p) == PE_EXPR_FLOAT ? PE_EXPR_FLOAT : *out; /* long double */
        status = next(p);
    }
    if (status == PE_OK && is_next(p, "*"))
        return pe_expr_refuse(p->err, p->text, p->token.begin, "an expression has no pointers");
    return status == PE_OK ? take(p, ")") : status;
}

/* After the type's opening parenthesis. The quotient of (double)(a / b) is dropped on purpose: no warning. */
static pe_status read_cast(pe_expr_parser *p, pe_expr_value *out)
{
    pe_expr_kind kind = PE_EXPR_UNKNOWN;
    pe_status status = read_type(p, &kind);
    if (status == PE_OK)
        status = parse(p, UNARY, out);
    if (status == PE_OK)
        status = pe_expr_need_number(p, out);
    if (status == PE_OK)
        status = pe_expr_need_real(p, out, "a conversion");
    *out = (pe_expr_value){.kind = kind};
    return status;
}

/* ---- what a value can begin with ---- */

static pe_status read_parenthesis(pe_expr_parser *p, pe_expr_value *out)
{
    pe_status status = next(p);
    if (status == PE_OK && is_type(p))
        return read_cast(p, out);
    if (status == PE_OK)
        status = parse(p, LOWEST, out);
    out->is_comparison = false;
    return status == PE_OK ? take(p, ")") : status;
}

static pe_status read_unary(pe_expr_parser *p, pe_expr_value *out)
{
    const char sign = p->text[p->token.begin];
    pe_status status = next(p);
    if (status == PE_OK)
        status = parse(p, UNARY, out);
    if (status == PE_OK)
        status = sign == '~' ? pe_expr_need_integer(p, out, "~") : pe_expr_need_number(p, out);
    if (out->kind == PE_EXPR_BOOL || sign == '!')
        out->kind = sign == '!' ? PE_EXPR_BOOL : PE_EXPR_INTEGER;
    if (sign == '!')
        out->division.end = 0;
    out->is_literal = out->is_literal && (sign == '-' || sign == '+');
    if (sign == '-' && out->is_literal)
        out->literal = out->literal == INT64_MIN ? INT64_MIN : -out->literal;
    out->is_comparison = false;
    return status;
}

static pe_status refuse_start(pe_expr_parser *p)
{
    char seen[PE_EXPR_TOKEN_ROOM];
    if (is_next(p, "*"))
        return pe_expr_refuse(p->err, p->text, p->token.begin,
                              "expected a value, got \"*\": an expression has no pointers; an element is written x[0]");
    if (is_next(p, "&"))
        return pe_expr_refuse(p->err, p->text, p->token.begin,
                              "expected a value, got \"&\": an expression has no pointers");
    if (is_next(p, "--") || is_next(p, "++"))
        return pe_expr_refuse(p->err, p->text, p->token.begin,
                              "%s changes a variable: write the signs apart, as in x - -y",
                              is_next(p, "--") ? "--" : "++");
    if (is_next(p, "//") || is_next(p, "/*"))
        return pe_expr_refuse(p->err, p->text, p->token.begin, "an expression has no comments");
    return pe_expr_refuse(p->err, p->text, p->token.begin, "expected a value, got %s",
                          pe_expr_describe(p->text, p->token, seen));
}

static pe_status read_literal(pe_expr_parser *p, pe_expr_value *out)
{
    const pe_expr_token token = p->token;
    out->kind = token.kind == PE_TOKEN_FLOAT  ? PE_EXPR_FLOAT
                : token.kind == PE_TOKEN_TEXT ? PE_EXPR_TEXT
                                              : PE_EXPR_INTEGER;
    if (token.kind == PE_TOKEN_INTEGER) {
        const unsigned long long value = strtoull(p->text + token.begin, NULL, 0);
        out->is_literal = value <= INT64_MAX;
        out->literal = out->is_literal ? (int64_t)value : 0;
    }
    return next(p);
}

static pe_status read_call(pe_expr_parser *p, pe_expr_token name, pe_expr_value *out)
{
    pe_expr_call call = {.function = NULL};
    pe_expr_value value = {.end = 0};
    pe_status status = pe_expr_begin_call(p, name, &call);
    if (status == PE_OK)
        status = take(p, "(");
    bool ends = status != PE_OK || is_next(p, ")");
    while (status == PE_OK && !ends) {
        status = parse(p, LOWEST, &value);
        if (status == PE_OK)
            status = pe_expr_add_argument(p, &call, &value);
        ends = !is_next(p, ",");
        if (status == PE_OK && !ends)
            status = next(p);
    }
    if (status == PE_OK)
        status = take(p, ")");
    return status == PE_OK ? pe_expr_end_call(p, name, &call, out) : status;
}

static pe_status read_name(pe_expr_parser *p, pe_expr_value *out)
{
    const pe_expr_token name = p->token;
    if (is_type(p))
        return pe_expr_refuse(p->err, p->text, name.begin, "%.*s is a type: a conversion is written (%.*s)(x)",
                              (int)(name.end - name.begin), p->text + name.begin, (int)(name.end - name.begin),
                              p->text + name.begin);
    const pe_status status = next(p);
    if (status != PE_OK)
        return status;
    return is_next(p, "(") ? read_call(p, name, out) : pe_expr_name(p, name, out);
}

/* ---- elements ---- */

static pe_status check_bounds(pe_expr_parser *p, const pe_expr_value *vector, const pe_expr_value *index)
{
    if (index->is_literal && (index->literal < 0 || (uint64_t)index->literal >= vector->type.width))
        return pe_expr_refuse(p->err, p->text, index->begin, "the elements of this vector are numbered from 0 to %u",
                              vector->type.width - 1);
    return PE_OK;
}

static pe_status read_index(pe_expr_parser *p, pe_expr_value *vector)
{
    pe_expr_value index = {.end = 0};
    if (vector->kind != PE_EXPR_VECTOR && vector->kind != PE_EXPR_UNKNOWN)
        return pe_expr_refuse(p->err, p->text, p->token.begin, "only a vector has elements, and %.*s is none",
                              (int)(vector->end - vector->begin > 40 ? 40 : vector->end - vector->begin),
                              p->text + vector->begin);
    pe_status status = next(p);
    if (status == PE_OK)
        status = parse(p, LOWEST, &index);
    if (status == PE_OK)
        status = pe_expr_need_integer(p, &index, "an index");
    if (status == PE_OK && vector->kind == PE_EXPR_VECTOR)
        status = check_bounds(p, vector, &index);
    if (status == PE_OK)
        status = take(p, "]");
    const bool is_float = pe_dtype_is_float(vector->type.dtype);
    const pe_expr_kind kind = vector->kind == PE_EXPR_UNKNOWN           ? PE_EXPR_UNKNOWN
                              : pe_dtype_is_complex(vector->type.dtype) ? PE_EXPR_COMPLEX
                              : is_float                                ? PE_EXPR_FLOAT
                                                                        : PE_EXPR_INTEGER;
    *vector = (pe_expr_value){.kind = kind, .begin = vector->begin, .end = p->end};
    return status;
}

static pe_status read_operand(pe_expr_parser *p, pe_expr_value *out)
{
    const size_t begin = p->token.begin;
    pe_status status;
    if (p->token.kind == PE_TOKEN_NAME)
        status = read_name(p, out);
    else if (p->token.kind != PE_TOKEN_OPERATOR && p->token.kind != PE_TOKEN_END)
        status = read_literal(p, out);
    else if (is_next(p, "("))
        status = read_parenthesis(p, out);
    else if (is_next(p, "-") || is_next(p, "+") || is_next(p, "!") || is_next(p, "~"))
        status = read_unary(p, out);
    else
        status = refuse_start(p);
    out->begin = begin;
    out->end = p->end;
    while (status == PE_OK && is_next(p, "["))
        status = read_index(p, out);
    return status;
}

/* ---- operators ---- */

/* After the condition: ? a : b */
static pe_status read_choice(pe_expr_parser *p, pe_expr_value *condition)
{
    pe_expr_value yes = {.end = 0}, no = {.end = 0};
    pe_expr_value *const sides[] = {&yes, &no};
    pe_status status = pe_expr_need_number(p, condition);
    if (status == PE_OK)
        status = next(p);
    if (status == PE_OK)
        status = parse(p, LOWEST, &yes);
    if (status == PE_OK)
        status = take(p, ":");
    if (status == PE_OK)
        status = parse(p, LOWEST, &no);
    for (int s = 0; s < 2 && status == PE_OK; s++)
        status = pe_expr_need_number(p, sides[s]);
    if (status != PE_OK)
        return status;
    pe_expr_value out = {.kind = yes.kind, .begin = condition->begin, .end = no.end};
    if (yes.kind == PE_EXPR_COMPLEX || no.kind == PE_EXPR_COMPLEX || yes.kind == PE_EXPR_FLOAT ||
        no.kind == PE_EXPR_FLOAT) {
        out.kind = pe_expr_join(yes.kind, no.kind);
        pe_expr_becomes_float(p, &yes);
        pe_expr_becomes_float(p, &no);
    } else if (yes.kind != no.kind) {
        out.kind = yes.kind == PE_EXPR_UNKNOWN || no.kind == PE_EXPR_UNKNOWN ? PE_EXPR_UNKNOWN : PE_EXPR_INTEGER;
    }
    if (out.kind == PE_EXPR_INTEGER)
        out.division = yes.division.end > 0 ? yes.division : no.division;
    *condition = out;
    return PE_OK;
}

static pe_status read_operators(pe_expr_parser *p, int least_power, pe_expr_value *left)
{
    pe_status status = PE_OK;
    while (status == PE_OK) {
        const pe_expr_token op = p->token;
        const int power = pe_expr_power(p->text, op);
        if (least_power <= LOWEST && is_next(p, "?")) {
            status = read_choice(p, left);
        } else if (power > 0 && power >= least_power) {
            pe_expr_value right = {.end = 0};
            status = next(p);
            if (status == PE_OK)
                status = parse(p, power + 1, &right);
            if (status == PE_OK)
                status = pe_expr_binary(p, op, left, &right);
        } else {
            return PE_OK;
        }
    }
    return status;
}

static pe_status parse(pe_expr_parser *p, int least_power, pe_expr_value *out)
{
    *out = (pe_expr_value){.kind = PE_EXPR_UNKNOWN, .begin = p->token.begin};
    if (p->depth == DEPTH_MOST)
        return pe_expr_refuse(p->err, p->text, p->token.begin, "more than %d parentheses or signs inside one another",
                              DEPTH_MOST);
    p->depth++;
    pe_status status = read_operand(p, out);
    if (status == PE_OK)
        status = read_operators(p, least_power, out);
    p->depth--;
    return status;
}

/* ---- the whole ---- */

pe_status pe_expr_check(const char *text, const pe_expr_scope *scope, pe_expr_facts *facts, pe_error *err)
{
    pe_expr_parser p = {.text = text, .scope = scope, .facts = facts, .err = err};
    pe_expr_value value = {.end = 0};
    pe_status status = next(&p);
    if (status == PE_OK && p.token.kind == PE_TOKEN_END)
        return pe_expr_refuse(err, text, 0, "the expression is empty");
    if (status == PE_OK)
        status = parse(&p, LOWEST, &value);
    if (status == PE_OK && p.token.kind != PE_TOKEN_END)
        status = pe_expr_refuse_operator(&p, &value);
    if (status == PE_OK)
        status = pe_expr_need_number(&p, &value);
    if (status == PE_OK && scope->gives_real)
        status = pe_expr_need_real(&p, &value, "the result in kernel.signature");
    if (status == PE_OK && scope->gives_float)
        pe_expr_becomes_float(&p, &value);
    return status;
}

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* expr_operators.c - which operators bind how, what they take and give, and what to write in place of those that do not exist.
 *
 * Design:  an operator of C that most writers read in another way is refused with both readings: 0 < x < 2, x & 1 == 0,
 *          x ** 2. A value keeps the division of integers that it holds, so that the warning comes only where the
 *          quotient turns into a float.
 * Threads: no state.
 */
#include <stdio.h>

#include "kernel/compiled/expr/expr_internal.h"

#define SLICE_MOST 40 /* bytes of the expression in a sentence */

/* The arguments of %.*s for text[begin] to text[end - 1], with the blanks around it left out. */
static int slice_size(const char *text, size_t begin, size_t end)
{
    while (end > begin && strchr(" \t\r\n", text[end - 1]) != NULL)
        end--;
    return (int)(end - begin > SLICE_MOST ? SLICE_MOST : end - begin);
}
#define SLICE(p, begin, end) slice_size((p)->text, begin, end), (p)->text + (begin)

int pe_expr_power(const char *text, pe_expr_token op)
{
    static const struct {
        const char *name;
        int power;
    } rows[] = {{"||", 2}, {"&&", 3}, {"|", 4},  {"^", 5},  {"&", 6},  {"==", 7}, {"!=", 7}, {"<", 8},  {">", 8},
                {"<=", 8}, {">=", 8}, {"<<", 9}, {">>", 9}, {"+", 10}, {"-", 10}, {"*", 11}, {"/", 11}, {"%", 11}};
    for (size_t r = 0; op.kind == PE_TOKEN_OPERATOR && r < sizeof rows / sizeof *rows; r++)
        if (pe_expr_is(text, op, rows[r].name))
            return rows[r].power;
    return 0;
}

pe_status pe_expr_need_number(pe_expr_parser *p, const pe_expr_value *value)
{
    char type[PE_TYPE_NAME_ROOM];
    if (value->kind == PE_EXPR_VECTOR)
        return pe_expr_refuse(p->err, p->text, value->begin,
                              "%.*s is a vector %s: write %.*s[0], or take columns = [0]; "
                              "of an npy or HDF5, input.each = \"element\" makes each number an item",
                              SLICE(p, value->begin, value->end), pe_type_print(value->type, type),
                              SLICE(p, value->begin, value->end));
    if (value->kind == PE_EXPR_TEXT)
        return pe_expr_refuse(p->err, p->text, value->begin,
                              "%.*s is a text, and a number is needed here: texts go to equals(s, \"DE\"), "
                              "starts_with(s, \"x\"), ends_with, contains and length",
                              SLICE(p, value->begin, value->end));
    return PE_OK;
}

pe_status pe_expr_need_integer(pe_expr_parser *p, const pe_expr_value *value, const char *what)
{
    const pe_status status = pe_expr_need_number(p, value);
    if (status == PE_OK && (value->kind == PE_EXPR_FLOAT || value->kind == PE_EXPR_COMPLEX))
        return pe_expr_refuse(p->err, p->text, value->begin, "%s takes integers, and %.*s is %s", what,
                              SLICE(p, value->begin, value->end), value->kind == PE_EXPR_FLOAT ? "a float" : "complex");
    return status;
}

pe_status pe_expr_need_real(pe_expr_parser *p, const pe_expr_value *value, const char *what)
{
    char twin[32];
    if (value->kind != PE_EXPR_COMPLEX)
        return PE_OK;
    (void)snprintf(twin, sizeof twin, "c%s", what);
    if (pe_expr_function_find(twin, strlen(twin)) != NULL)
        return pe_expr_refuse(p->err, p->text, value->begin,
                              "%s drops the imaginary part of %.*s, which is complex: write %s(%.*s)", what,
                              SLICE(p, value->begin, value->end), twin, SLICE(p, value->begin, value->end));
    return pe_expr_refuse(p->err, p->text, value->begin,
                          "%s takes real numbers, and %.*s is complex: write creal(%.*s) or cabs(%.*s)", what,
                          SLICE(p, value->begin, value->end), SLICE(p, value->begin, value->end),
                          SLICE(p, value->begin, value->end));
}

pe_expr_kind pe_expr_join(pe_expr_kind a, pe_expr_kind b)
{
    if (a == PE_EXPR_COMPLEX || b == PE_EXPR_COMPLEX)
        return PE_EXPR_COMPLEX;
    if (a == PE_EXPR_FLOAT || b == PE_EXPR_FLOAT)
        return PE_EXPR_FLOAT;
    return a == PE_EXPR_UNKNOWN || b == PE_EXPR_UNKNOWN ? PE_EXPR_UNKNOWN : PE_EXPR_INTEGER;
}

static pe_error *new_warning(pe_expr_parser *p)
{
    if (p->facts->warning_count == PE_EXPR_WARNINGS)
        return NULL;
    pe_error *warning = &p->facts->warnings[p->facts->warning_count++];
    *warning = (pe_error)PE_ERROR_INIT;
    return warning;
}

static bool is_digits(const char *text, size_t begin, size_t end)
{
    while (begin < end && text[begin] >= '0' && text[begin] <= '9')
        begin++;
    return begin == end;
}

void pe_expr_becomes_float(pe_expr_parser *p, const pe_expr_value *value)
{
    const pe_expr_division *division = &value->division;
    if (division->end == 0 || p->has_warned_of_division)
        return;
    size_t right = division->place + 1;
    while (p->text[right] == ' ')
        right++;
    const bool is_literal = is_digits(p->text, right, division->end);
    p->has_warned_of_division = true;
    pe_error *warning = new_warning(p);
    if (warning != NULL)
        (void)pe_expr_refuse(warning, p->text, division->place,
                             "%.*s divides integers, which drops the remainder, but the result is a float: write "
                             "%.*s/%s%.*s%s",
                             SLICE(p, division->begin, division->end), SLICE(p, division->begin, division->place),
                             is_literal ? "" : "(double)", SLICE(p, right, division->end), is_literal ? ".0" : "");
}

static void warn_of_xor(pe_expr_parser *p, pe_expr_token op, const pe_expr_value *left, const pe_expr_value *right)
{
    pe_error *warning = p->has_warned_of_xor ? NULL : new_warning(p);
    p->has_warned_of_xor = true;
    if (warning != NULL)
        (void)pe_expr_refuse(warning, p->text, op.begin,
                             "^ is C's exclusive or of bits: a power is written pow(%.*s, %.*s)",
                             SLICE(p, left->begin, left->end), SLICE(p, right->begin, right->end));
}

/* ---- what an operator takes and gives ---- */

/* C's usual conversions: a float where either is one. */
static void join(pe_expr_parser *p, pe_expr_value *left, const pe_expr_value *right, pe_expr_value *out)
{
    out->kind = pe_expr_join(left->kind, right->kind);
    if (out->kind == PE_EXPR_FLOAT || out->kind == PE_EXPR_COMPLEX) {
        pe_expr_becomes_float(p, right);
        pe_expr_becomes_float(p, left);
    }
    if (out->kind == PE_EXPR_INTEGER)
        out->division = left->division.end > 0 ? left->division : right->division;
}

static pe_status compare(pe_expr_parser *p, pe_expr_token op, pe_expr_value *left, const pe_expr_value *right,
                         pe_expr_value *out)
{
    if (left->is_comparison)
        return pe_expr_refuse(p->err, p->text, op.begin,
                              "%.*s compares the result of %.*s, which is 0 or 1, with %.*s: write %.*s && %.*s",
                              SLICE(p, left->begin, right->end), SLICE(p, left->begin, left->end),
                              SLICE(p, right->begin, right->end), SLICE(p, left->begin, left->end),
                              SLICE(p, left->right, right->end));
    if (right->is_comparison)
        return pe_expr_refuse(p->err, p->text, op.begin,
                              "%.*s compares with the result of %.*s, which is 0 or 1: join two comparisons with &&, "
                              "or write parentheses around the second",
                              SLICE(p, left->begin, right->end), SLICE(p, right->begin, right->end));
    join(p, left, right, out);
    if (out->kind == PE_EXPR_COMPLEX && pe_expr_power(p->text, op) == 8)
        return pe_expr_refuse(p->err, p->text, op.begin,
                              "complex numbers have no order: compare creal(...), cimag(...) or cabs(...)");
    out->division = (pe_expr_division){.end = 0};
    out->kind = PE_EXPR_BOOL;
    out->is_comparison = true;
    out->right = right->begin;
    return PE_OK;
}

static pe_status compare_texts(pe_expr_parser *p, pe_expr_token op, const pe_expr_value *left,
                               const pe_expr_value *right)
{
    const bool is_equal = pe_expr_is(p->text, op, "=="), is_unequal = pe_expr_is(p->text, op, "!=");
    if (!is_equal && !is_unequal)
        return pe_expr_refuse(p->err, p->text, op.begin, "texts have no order here: write equals(s, \"DE\")");
    return pe_expr_refuse(p->err, p->text, op.begin,
                          "%.*s compares addresses in C, not texts: write %sequals(%.*s, %.*s)",
                          SLICE(p, left->begin, right->end), is_unequal ? "!" : "", SLICE(p, left->begin, left->end),
                          SLICE(p, right->begin, right->end));
}

static pe_status take_bits(pe_expr_parser *p, pe_expr_token op, pe_expr_value *left, const pe_expr_value *right,
                           pe_expr_value *out)
{
    char name[8];
    (void)snprintf(name, sizeof name, "%.*s", (int)(op.end - op.begin), p->text + op.begin);
    const pe_expr_value *const complex = left->kind == PE_EXPR_COMPLEX    ? left
                                         : right->kind == PE_EXPR_COMPLEX ? right
                                                                          : NULL;
    const pe_expr_value *wrong = left->kind == PE_EXPR_FLOAT ? left : right->kind == PE_EXPR_FLOAT ? right : NULL;
    if (complex != NULL)
        return pe_expr_need_integer(p, complex, name);
    if (wrong != NULL && name[0] == '%')
        return pe_expr_refuse(
            p->err, p->text, op.begin, "%% takes integers, and %.*s is a float: write fmod(%.*s, %.*s)",
            SLICE(p, wrong->begin, wrong->end), SLICE(p, left->begin, left->end), SLICE(p, right->begin, right->end));
    if (wrong != NULL && name[0] == '^')
        return pe_expr_refuse(p->err, p->text, op.begin,
                              "^ is C's exclusive or of bits, and %.*s is a float: a power is written pow(%.*s, %.*s)",
                              SLICE(p, wrong->begin, wrong->end), SLICE(p, left->begin, left->end),
                              SLICE(p, right->begin, right->end));
    if (wrong != NULL)
        return pe_expr_need_integer(p, wrong, name);
    if (strchr("&|^", name[0]) != NULL && left->is_comparison != right->is_comparison)
        return pe_expr_refuse(p->err, p->text, op.begin,
                              "a comparison binds stronger than %s: write parentheses, such as (x %s 1) == 0", name,
                              name);
    if (name[0] == '^')
        warn_of_xor(p, op, left, right);
    join(p, left, right, out);
    return PE_OK;
}

static pe_status calculate(pe_expr_parser *p, pe_expr_token op, pe_expr_value *left, const pe_expr_value *right,
                           pe_expr_value *out)
{
    join(p, left, right, out);
    const bool is_exact = left->is_literal && right->is_literal && right->literal != 0 &&
                          (left->literal == INT64_MIN || left->literal % right->literal == 0);
    if (p->text[op.begin] == '/' && out->kind == PE_EXPR_INTEGER && !is_exact)
        out->division = (pe_expr_division){.begin = left->begin, .place = op.begin, .end = right->end};
    return PE_OK;
}

pe_status pe_expr_binary(pe_expr_parser *p, pe_expr_token op, pe_expr_value *left, const pe_expr_value *right)
{
    const int power = pe_expr_power(p->text, op);
    pe_expr_value out = {.begin = left->begin, .end = right->end};
    if ((power == 7 || power == 8) && left->kind == PE_EXPR_TEXT && right->kind == PE_EXPR_TEXT)
        return compare_texts(p, op, left, right);
    pe_status status = pe_expr_need_number(p, left);
    if (status == PE_OK)
        status = pe_expr_need_number(p, right);
    if (status != PE_OK)
        return status;
    if (power <= 3) /* && and || */
        out.kind = PE_EXPR_BOOL;
    else if (power == 7 || power == 8)
        status = compare(p, op, left, right, &out);
    else if (power <= 9 || p->text[op.begin] == '%')
        status = take_bits(p, op, left, right, &out);
    else
        status = calculate(p, op, left, right, &out);
    *left = out;
    return status;
}

/* ---- what is no binary operator ---- */

static const struct {
    const char *name, *sentence;
} no_operators[] = {
    {"//",
     "// begins a comment in C: a quotient rounded down is written floor(x / 2.0), or x / 2 where both are integers"},
    {"/*", "an expression has no comments"},
    {"=", "= assigns in C: a comparison is written =="},
    {"++", "++ changes a variable: write x + 1"},
    {"--", "-- changes a variable: write x - -y, or x - 1"},
    {",", "a comma stands only between the arguments of a function; a decimal point is a point"},
    {".", "functions have no prefix, and a number's point stands between digits: write sqrt(x), 1.5; "
          "input.columns = [\"a.b\"] makes a nested key of jsonl an argument"},
    {"->", "an expression has no pointers"},
    {";", "an expression has no statements: write a C function, kernel.source"},
    {"{", "an expression has no statements: write a C function, kernel.source"},
    {"}", "an expression has no statements: write a C function, kernel.source"},
};

pe_status pe_expr_refuse_operator(pe_expr_parser *p, const pe_expr_value *left)
{
    char seen[PE_EXPR_TOKEN_ROOM];
    const pe_expr_token token = p->token;
    const size_t size = token.end - token.begin;
    if (pe_expr_is(p->text, token, "**"))
        return pe_expr_refuse(p->err, p->text, token.begin, "** is no operator of C: write pow(%.*s, 2), or %.*s*%.*s",
                              SLICE(p, left->begin, left->end), SLICE(p, left->begin, left->end),
                              SLICE(p, left->begin, left->end));
    for (size_t n = 0; n < sizeof no_operators / sizeof *no_operators; n++)
        if (pe_expr_is(p->text, token, no_operators[n].name))
            return pe_expr_refuse(p->err, p->text, token.begin, "%s", no_operators[n].sentence);
    if (token.kind == PE_TOKEN_OPERATOR && size > 1 && p->text[token.end - 1] == '=')
        return pe_expr_refuse(p->err, p->text, token.begin, "%.*s changes a variable: write x %.*s y", (int)size,
                              p->text + token.begin, (int)size - 1, p->text + token.begin);
    if (pe_expr_is(p->text, token, ")"))
        return pe_expr_refuse(p->err, p->text, token.begin, "this ) closes no parenthesis");
    if (token.kind == PE_TOKEN_NAME && pe_expr_advice(p->text + token.begin, size, false) != NULL)
        return pe_expr_refuse(p->err, p->text, token.begin, "C has no \"%.*s\": %s", (int)size, p->text + token.begin,
                              pe_expr_advice(p->text + token.begin, size, false));
    return pe_expr_refuse(p->err, p->text, token.begin, "expected an operator or the end after %.*s, got %s",
                          SLICE(p, left->begin, left->end), pe_expr_describe(p->text, token, seen));
}

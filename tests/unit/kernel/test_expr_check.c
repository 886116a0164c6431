/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_expr_check.c - the grammar of expressions: what is refused with which sentence, what passes, what earns a warning.
 *
 * What passes is C: each row was compiled by gcc as it stands.
 */
#include <check.h>
#include <string.h>

#include "kernel/compiled/expr/expr.h"
#include "unit.h"

static const pe_type types[] = {{.dtype = PE_INT64},
                                {.dtype = PE_FLOAT64},
                                {.dtype = PE_FLOAT64, .width = 3},
                                {.dtype = PE_TEXT},
                                {.dtype = PE_BOOL}};
static const char *const names[] = {"n", "x", "v", "s", "yes"};
static const pe_param params[] = {{.name = "rate", .dtype = PE_FLOAT64}, {.name = "country", .dtype = PE_TEXT}};
static const pe_expr_scope scope = {
    .args = types, .arg_names = names, .arg_count = 5, .params = params, .param_count = 2};

static pe_expr_facts facts;
static bool read_params[2];
static pe_error error;

static pe_status check_in(const pe_expr_scope *in, const char *text)
{
    memset(read_params, 0, sizeof read_params);
    facts = (pe_expr_facts){.reads_param = read_params};
    error = (pe_error)PE_ERROR_INIT;
    return pe_expr_check(text, in, &facts, &error);
}

static void refused(const char *text, const char *message)
{
    ck_assert_int_eq(check_in(&scope, text), PE_EKERNEL);
    ck_assert_str_eq(error.text, message);
}

START_TEST(expr_that_means_something_else_in_c_is_refused_with_the_right_spelling)
{
    static const char *const rows[][2] = {
        {"n // 2",
         "// begins a comment in C: a quotient rounded down is written floor(x / 2.0), or x / 2 where both are "
         "integers\n  n // 2\n    ^"},
        {"n /* twice */", "an expression has no comments\n  n /* twice */\n    ^"},
        {"x = 3", "= assigns in C: a comparison is written ==\n  x = 3\n    ^"},
        {"x += 3", "+= changes a variable: write x + y\n  x += 3\n    ^"},
        {"n++", "++ changes a variable: write x + 1\n  n++\n   ^"},
        {"x, 2", "a comma stands only between the arguments of a function; a decimal point is a point\n  x, 2\n   ^"},
        {"(x, 2)",
         "a comma stands only between the arguments of a function; a decimal point is a point\n  (x, 2)\n    ^"},
        {"0 < x < 2", "0 < x < 2 compares the result of 0 < x, which is 0 or 1, with 2: write 0 < x && x < 2\n"
                      "  0 < x < 2\n        ^"},
        {"x**2", "** is no operator of C: write pow(x, 2), or x*x\n  x**2\n   ^"},
        {"s == \"DE\"",
         "s == \"DE\" compares addresses in C, not texts: write equals(s, \"DE\")\n  s == \"DE\"\n    ^"},
        {"s != country", "s != country compares addresses in C, not texts: write !equals(s, country)\n"
                         "  s != country\n    ^"},
        {"s < \"DE\"", "texts have no order here: write equals(s, \"DE\")\n  s < \"DE\"\n    ^"},
        {"n & 1 == 0", "a comparison binds stronger than &: write parentheses, such as (x & 1) == 0\n"
                       "  n & 1 == 0\n    ^"},
        {"n % 010", "010 begins with 0, which makes it octal in C: write it without the 0\n  n % 010\n      ^"},
        {"s == 'DE'", "a text stands in double quotes in C: write \"DE\"\n  s == 'DE'\n       ^"},
        {"x ^ 2", "^ is C's exclusive or of bits, and x is a float: a power is written pow(x, 2)\n  x ^ 2\n    ^"},
        {"gamma(x)", "gamma(): in C it is an old name of lgamma: write lgamma(x) or tgamma(x)\n  gamma(x)\n  ^"},
        {"x + rand()", "rand(): it keeps a state, so results would depend on the order: write uniform(0), normal(0) or "
                       "integer(0, 1, 7)\n  x + rand()\n      ^"},
        {"labs(x)", "labs takes integers, and x is a float\n  labs(x)\n       ^"},
        {"n + 18446744073709551616", "18446744073709551616 does not fit 64 bits: write it as a float, or as a product\n"
                                     "  n + 18446744073709551616\n      ^"},
    };
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++)
        refused(rows[r][0], rows[r][1]);
}
END_TEST

START_TEST(expr_where_c_takes_a_pointer_for_a_number_is_refused)
{
    static const char *const rows[] = {"v",           "v > 0",     "v ? 1 : 0", "!v",          "v == 0",
                                       "(int64_t) v", "sqrt(v)",   "v && yes",  "yes ? v : x", "-v",
                                       "v + 1",       "max(v, x)", "x < v",     "(v)"};
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
        ck_assert_int_eq(check_in(&scope, rows[r]), PE_EKERNEL);
        const char *wanted = strchr(rows[r], '(') != NULL && strcmp(rows[r], "(v)") == 0
                                 ? "(v) is a vector float64[3]: write (v)[0], or take columns = [0]"
                                 : "v is a vector float64[3]: write v[0], or take columns = [0]";
        ck_assert_msg(strncmp(error.text, wanted, strlen(wanted)) == 0, "%s: %s", rows[r], error.text);
    }
    static const char *const texts[] = {"s", "s ? 1 : 0", "!s", "sqrt(s)", "s + 1", "\"a\"", "country"};
    for (size_t t = 0; t < sizeof texts / sizeof *texts; t++) {
        ck_assert_int_eq(check_in(&scope, texts[t]), PE_EKERNEL);
        ck_assert_msg(strstr(error.text, " is a text, and a number is needed here") != NULL, "%s: %s", texts[t],
                      error.text);
    }
    refused("v[3]", "the elements of this vector are numbered from 0 to 2\n  v[3]\n    ^");
    refused("v[-1]", "the elements of this vector are numbered from 0 to 2\n  v[-1]\n    ^");
    refused("v[x]", "an index takes integers, and x is a float\n  v[x]\n    ^");
    refused("x[0]", "only a vector has elements, and x is none\n  x[0]\n   ^");
    refused("*v", "expected a value, got \"*\": an expression has no pointers; an element is written x[0]\n  *v\n  ^");
    refused("(int *) n", "an expression has no pointers\n  (int *) n\n       ^");
}
END_TEST

START_TEST(expr_that_is_broken_is_refused_at_its_place)
{
    static const char *const rows[][2] = {
        {"", "the expression is empty\n  \n  ^"},
        {" \n ", "the expression is empty\n   \n  ^"},
        {"sqrt(x", "a closing ) is missing at the end\n  sqrt(x\n        ^"},
        {"x)", "this ) closes no parenthesis\n  x)\n   ^"},
        {"x *", "expected a value, got the end\n  x *\n     ^"},
        {"x y", "expected an operator or the end after x, got \"y\"\n  x y\n    ^"},
        {"2x", "\"x\" cannot follow the number 2: a product is written 2*x\n  2x\n   ^"},
        {"n ? 1", "expected \":\", got the end\n  n ? 1\n       ^"},
        {"x;", "an expression has no statements: write a C function, kernel.source\n  x;\n   ^"},
        {"x @ 2", "\"@\" is no character of a C expression\n  x @ 2\n    ^"},
        {"x\n+ \xC3\xA4", "a character that no C expression has: byte 0xC3\n  + \xC3\xA4\n    ^"},
        {"equals(s, \"\xC3\xA4\") + (",
         "expected a value, got the end\n  equals(s, \"\xC3\xA4\") + (\n                    ^"},
        {"equals(s, \"a)", "the text that begins here has no closing \"\n  equals(s, \"a)\n            ^"},
        {"x if yes else 2", "C has no \"if\": a choice is written: condition ? a : b\n  x if yes else 2\n    ^"},
        {"yes and x > 0", "C has no \"and\": write &&\n  yes and x > 0\n      ^"},
        {"math.sqrt(x)", "unknown name \"math\": functions have no prefix: write sqrt(x)\n  math.sqrt(x)\n  ^"},
        {"sine(x)", "no function \"sine\"; did you mean sin?\n  sine(x)\n  ^"},
        {"x * rat", "unknown name \"rat\"; did you mean rate?\n  x * rat\n      ^"},
        {"x + M_P", "unknown name \"M_P\"; did you mean M_PI?\n  x + M_P\n      ^"},
        {"pow(x)", "pow takes 2 arguments, and got 1\n  pow(x)\n  ^"},
        {"x(2)", "x is no function: a product is written x*(...)\n  x(2)\n   ^"},
        {"sqrt + 1", "sqrt is a function: write its arguments in parentheses\n  sqrt + 1\n  ^"},
        {"float(n)", "float is a type: a conversion is written (float)(x)\n  float(n)\n  ^"},
        {"n % 2.5", "% takes integers, and 2.5 is a float: write fmod(n, 2.5)\n  n % 2.5\n    ^"},
    };
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++)
        refused(rows[r][0], rows[r][1]);
}
END_TEST

START_TEST(expr_of_c_passes)
{
    static const char *const rows[] = {
        "x",
        "x*x + i",
        "-x",
        "- -n",
        "+x",
        "~n & 0xFF",
        "!yes || n > 3 && x < 2.5e-3",
        "n << 3 | n >> 1",
        "(n > 0) == (x > 0)",
        "(n & 1) == 0",
        "(n > 0) & (x > 0)",
        "n > 0 ? x : v[n % 3]",
        "yes ? 1 : n ? 2 : 3",
        "v[0] * v[1] + v[2]",
        "v[(int)x]",
        "(double)n / 3",
        "(unsigned long)n % 7u",
        "(int64_t)-x",
        "((x))",
        "1.f + .5 + 1. + 0x1p3",
        "pow(x, 2) + sqrtf(x) + fabsl(x)",
        "min(n, 3) + max(x, 2) + abs(n)",
        "uniform(n) + normal(1) + integer(2, 0, 9)",
        "equals(s, country) + starts_with(s, \"D\\\"E\") + contains(\"abc\", s) * length(s)",
        "ldexp(x, n)",
        "jn(2, x)",
        "rate * M_PI + INT64_MAX + true",
        "x\n + \t1",
        "isnan(x) ? 0 : x",
        "10000000000000000000",
        "'a' + n",
        "x - -1",
        "x==1"};
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
        ck_assert_msg(check_in(&scope, rows[r]) == PE_OK, "%s: %s", rows[r], error.text);
        ck_assert_msg(facts.warning_count == 0, "%s: %s", rows[r], facts.warnings[0].text);
    }
}
END_TEST

START_TEST(expr_facts_are_what_it_reads)
{
    ck_assert_int_eq(check_in(&scope, "x * rate + uniform(0) + equals(s, \"n i\")"), PE_OK);
    ck_assert(!facts.reads_arg[0] && facts.reads_arg[1] && !facts.reads_arg[2] && facts.reads_arg[3]);
    ck_assert(read_params[0] && !read_params[1] && !facts.reads_index && facts.draws);
    ck_assert_int_eq(check_in(&scope, "n + i"), PE_OK);
    ck_assert(facts.reads_index && !facts.draws && !read_params[0]);
    ck_assert(pe_expr_names("sin(x)*i", "i") && !pe_expr_names("sin(ii) + i2 + equals(s, \"i\")", "i"));
    ck_assert(!pe_expr_names("", "i") && !pe_expr_names("i \x01", "x"));
}
END_TEST

START_TEST(expr_of_integers_that_becomes_a_float_is_warned_of_once)
{
    static const char *const rows[][2] = {
        {"5/9*(x-32)", "5/9 divides integers, which drops the remainder, but the result is a float: write 5/9.0\n"
                       "  5/9*(x-32)\n   ^"},
        {"exp(-n*n/2)",
         "-n*n/2 divides integers, which drops the remainder, but the result is a float: write -n*n/2.0\n"
         "  exp(-n*n/2)\n          ^"},
        {"n/i + x + n/i",
         "n/i divides integers, which drops the remainder, but the result is a float: write n/(double)i\n"
         "  n/i + x + n/i\n   ^"},
        {"yes ? n/2 : x", "n/2 divides integers, which drops the remainder, but the result is a float: write n/2.0\n"
                          "  yes ? n/2 : x\n         ^"},
        {"max(n/2, x)", "n/2 divides integers, which drops the remainder, but the result is a float: write n/2.0\n"
                        "  max(n/2, x)\n       ^"},
        {"n ^ 2", "^ is C's exclusive or of bits: a power is written pow(n, 2)\n  n ^ 2\n    ^"},
    };
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
        ck_assert_msg(check_in(&scope, rows[r][0]) == PE_OK, "%s", error.text);
        ck_assert_int_eq(facts.warning_count, 1);
        ck_assert_str_eq(facts.warnings[0].text, rows[r][1]);
    }
    static const char *const silent[] = {"n/2",    "n/2 + 1", "(double)(n/2) * x", "n/2.0", "4/2*x", "n/2 > 3",
                                         "v[n/2]", "x/2"};
    for (size_t r = 0; r < sizeof silent / sizeof *silent; r++) {
        ck_assert_int_eq(check_in(&scope, silent[r]), PE_OK);
        ck_assert_msg(facts.warning_count == 0, "%s", silent[r]);
    }
    pe_expr_scope floats = scope;
    floats.gives_float = true;
    ck_assert_int_eq(check_in(&floats, "n/2"), PE_OK);
    ck_assert_int_eq(facts.warning_count, 1);
}
END_TEST

START_TEST(expr_with_headers_of_the_users_lets_names_pass)
{
    pe_expr_scope open = scope;
    open.is_open = true;
    ck_assert_int_eq(check_in(&open, "gsl_sf_bessel_J0(x) + SCALE * norm(v, s, \"a\") / 2"), PE_OK);
    ck_assert_int_eq(facts.warning_count, 0);
    ck_assert_int_eq(check_in(&open, "rand()"), PE_EKERNEL);
    ck_assert_int_eq(check_in(&open, "SCALE + v"), PE_EKERNEL);
}
END_TEST

START_TEST(expr_uses_an_argument_as_a_text_where_it_stands_alone_in_a_text_call)
{
    ck_assert(pe_expr_uses_text("equals(s, \"DE\") + x", "s") && !pe_expr_uses_text("equals(s, \"DE\") + x", "x"));
    ck_assert(pe_expr_uses_text("x + 2*starts_with(\"s\", s)", "s") && pe_expr_uses_text("max(length(s), 1)", "s"));
    ck_assert(!pe_expr_uses_text("max(s, 1) + equals(a, b)", "s") && !pe_expr_uses_text("", "s"));
    ck_assert(!pe_expr_uses_text("equals(\"s\", (s + 1))", "s") && !pe_expr_uses_text("equals(s", "s"));
}
END_TEST

START_TEST(expr_of_any_depth_is_bounded)
{
    static char deep[100001];
    memset(deep, '(', sizeof deep - 1);
    ck_assert_int_eq(check_in(&scope, deep), PE_EKERNEL);
    ck_assert_ptr_nonnull(strstr(error.text, "more than 200 parentheses or signs inside one another"));
    for (size_t at = 0; at < sizeof deep - 1; at++)
        deep[at] = at % 2 == 0 ? 'x' : '+';
    deep[sizeof deep - 2] = '\0'; /* what ends in x */
    ck_assert_int_eq(check_in(&scope, deep), PE_OK);
}
END_TEST

UNIT_MAIN("expr_check", expr_that_means_something_else_in_c_is_refused_with_the_right_spelling,
          expr_where_c_takes_a_pointer_for_a_number_is_refused, expr_that_is_broken_is_refused_at_its_place,
          expr_of_c_passes, expr_facts_are_what_it_reads, expr_of_integers_that_becomes_a_float_is_warned_of_once,
          expr_with_headers_of_the_users_lets_names_pass, expr_of_any_depth_is_bounded,
          expr_uses_an_argument_as_a_text_where_it_stands_alone_in_a_text_call)

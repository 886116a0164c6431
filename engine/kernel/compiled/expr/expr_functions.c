/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* expr_functions.c - the functions and constants that an expression may name, and what to write in place of others.
 *
 * Design:  the functions of math.h that have no pointers, a few of ours that C lacks, and nothing that keeps a state
 *          between calls: the result of an item may not depend on what was computed before it. docs/expressions.md lists
 *          the table; a test holds that both agree.
 * Threads: no state.
 */
#include "kernel/compiled/expr/expr_internal.h"

/* clang-format off */
static const pe_expr_function functions[] = {
    /* roots and powers */
    {"sqrt", "d:d", "square root"},
    {"cbrt", "d:d", "cube root"},
    {"hypot", "d:dd", "sqrt(x*x + y*y) without overflow"},
    {"pow", "d:dd", "x to the power y"},
    /* exponentials and logarithms */
    {"exp", "d:d", "e to the power x"},
    {"exp2", "d:d", "2 to the power x"},
    {"exp10", "d:d", "10 to the power x"},
    {"expm1", "d:d", "exp(x) - 1, exact near 0"},
    {"log", "d:d", "natural logarithm"},
    {"log2", "d:d", "logarithm to base 2"},
    {"log10", "d:d", "logarithm to base 10"},
    {"log1p", "d:d", "log(1 + x), exact near 0"},
    {"logb", "d:d", "the exponent of x as a float"},
    {"ilogb", "i:d", "the exponent of x as an integer"},
    /* angles */
    {"sin", "d:d", "sine"},
    {"cos", "d:d", "cosine"},
    {"tan", "d:d", "tangent"},
    {"asin", "d:d", "the angle whose sine is x"},
    {"acos", "d:d", "the angle whose cosine is x"},
    {"atan", "d:d", "the angle whose tangent is x"},
    {"atan2", "d:dd", "the angle of the point (y, x): y comes first"},
    {"sinh", "d:d", "hyperbolic sine"},
    {"cosh", "d:d", "hyperbolic cosine"},
    {"tanh", "d:d", "hyperbolic tangent"},
    {"asinh", "d:d", "inverse hyperbolic sine"},
    {"acosh", "d:d", "inverse hyperbolic cosine"},
    {"atanh", "d:d", "inverse hyperbolic tangent"},
    /* rounding */
    {"floor", "d:d", "the whole number below"},
    {"ceil", "d:d", "the whole number above"},
    {"trunc", "d:d", "the whole number towards 0"},
    {"round", "d:d", "the nearest whole number, halves away from 0"},
    {"rint", "d:d", "the nearest whole number, halves to even (Python's round)"},
    {"nearbyint", "d:d", "as rint"},
    {"lround", "i:d", "round as an integer"},
    {"llround", "i:d", "round as an integer"},
    {"lrint", "i:d", "rint as an integer"},
    {"llrint", "i:d", "rint as an integer"},
    /* remainders */
    {"fmod", "d:dd", "the remainder of x / y with the sign of x"},
    {"remainder", "d:dd", "x less the nearest multiple of y"},
    /* floats in parts */
    {"fabs", "d:d", "absolute value of a float"},
    {"copysign", "d:dd", "x with the sign of y"},
    {"fdim", "d:dd", "x - y, or 0 where that is below 0"},
    {"fmax", "d:dd", "the larger one; nan only where both are"},
    {"fmin", "d:dd", "the smaller one; nan only where both are"},
    {"fma", "d:ddd", "x*y + z rounded once"},
    {"ldexp", "d:di", "x times 2 to the power n"},
    {"scalbn", "d:di", "as ldexp"},
    {"nextafter", "d:dd", "the float next to x towards y"},
    {"isnan", "b:d", "is x not a number?"},
    {"isinf", "b:d", "is x infinite?"},
    {"isfinite", "b:d", "is x neither infinite nor nan?"},
    {"isnormal", "b:d", "is x neither 0, infinite, nan nor subnormal?"},
    {"signbit", "b:d", "has x a minus sign, as -0.0 has?"},
    /* special functions */
    {"erf", "d:d", "error function"},
    {"erfc", "d:d", "1 - erf(x), exact for large x"},
    {"tgamma", "d:d", "the gamma function"},
    {"lgamma", "d:d", "log of the absolute value of the gamma function"},
    {"j0", "d:d", "Bessel function of the first kind, order 0"},
    {"j1", "d:d", "the same, order 1"},
    {"jn", "d:id", "the same, order n: n comes first"},
    {"y0", "d:d", "Bessel function of the second kind, order 0"},
    {"y1", "d:d", "the same, order 1"},
    {"yn", "d:id", "the same, order n: n comes first"},
    /* complex numbers */
    {"CMPLX", "z:dd", "x + y*I, whatever x and y are"},
    {"creal", "d:z", "the real part"},
    {"cimag", "d:z", "the imaginary part"},
    {"cabs", "d:z", "the absolute value of a complex number"},
    {"carg", "d:z", "the angle of a complex number, from -pi to pi"},
    {"conj", "z:z", "the conjugate"},
    {"cexp", "z:z", "exp of a complex number"},
    {"clog", "z:z", "natural logarithm of a complex number"},
    {"csqrt", "z:z", "square root of a complex number"},
    {"cpow", "z:zz", "v to the power w, of complex numbers"},
    {"csin", "z:z", "sine of a complex number"},
    {"ccos", "z:z", "cosine of a complex number"},
    {"ctan", "z:z", "tangent of a complex number"},
    {"casin", "z:z", "asin of a complex number"},
    {"cacos", "z:z", "acos of a complex number"},
    {"catan", "z:z", "atan of a complex number"},
    {"csinh", "z:z", "sinh of a complex number"},
    {"ccosh", "z:z", "cosh of a complex number"},
    {"ctanh", "z:z", "tanh of a complex number"},
    {"casinh", "z:z", "asinh of a complex number"},
    {"cacosh", "z:z", "acosh of a complex number"},
    {"catanh", "z:z", "atanh of a complex number"},
    /* any number */
    {"abs", "n:n", "absolute value, of the type of x"},
    {"min", "n:nn", "the smaller one; x where either is nan"},
    {"max", "n:nn", "the larger one; x where either is nan"},
    {"labs", "i:i", "absolute value of an integer"},
    {"llabs", "i:i", "absolute value of an integer"},
    /* texts */
    {"equals", "b:tt", "are both texts the same?"},
    {"starts_with", "b:tt", "does the first text begin with the second?"},
    {"ends_with", "b:tt", "does the first text end with the second?"},
    {"contains", "b:tt", "is the second text a part of the first?"},
    {"length", "i:t", "the bytes of a text"},
    /* random numbers by (seed, item, n) */
    {"uniform", "d:i", "draw n of the item, uniform in [0, 1)"},
    {"normal", "d:i", "draw n of the item, of mean 0 and variance 1"},
    {"integer", "i:iii", "draw n of the item, an integer in [low, high)"},
};
#define FUNCTIONS (sizeof functions / sizeof *functions)

/* Floats, then integers, then truth values. */
static const char *const constants[] = {
    "M_PI", "M_PI_2", "M_PI_4", "M_1_PI", "M_2_PI", "M_2_SQRTPI", "M_E", "M_LOG2E", "M_LOG10E", "M_LN2", "M_LN10",
    "M_SQRT2", "M_SQRT1_2", "INFINITY", "NAN", "HUGE_VAL", "DBL_EPSILON", "DBL_MAX", "DBL_MIN", "DBL_TRUE_MIN",
    "FLT_EPSILON", "FLT_MAX", "FLT_MIN",
    "CHAR_BIT", "INT_MAX", "INT_MIN", "UINT_MAX", "LONG_MAX", "LONG_MIN", "ULONG_MAX", "LLONG_MAX", "LLONG_MIN",
    "SHRT_MAX", "SHRT_MIN", "INT8_MAX", "INT8_MIN", "INT16_MAX", "INT16_MIN", "INT32_MAX", "INT32_MIN", "INT64_MAX",
    "INT64_MIN", "UINT8_MAX", "UINT16_MAX", "UINT32_MAX", "UINT64_MAX", "FP_ILOGB0", "FP_ILOGBNAN",
    "true", "false"};
#define CONSTANTS (sizeof constants / sizeof *constants)
#define FLOATS 23
#define INTEGERS 25

typedef struct advice {
    const char *name, *text;
} advice;

#define DRAWS "it keeps a state, so results would depend on the order: write uniform(0), normal(0) or integer(0, 1, 7)"
#define DATE "its result would be another in every run"
static const advice about_calls[] = {
    {"rand", DRAWS}, {"rand_r", DRAWS}, {"random", DRAWS}, {"random_r", DRAWS}, {"drand48", DRAWS}, {"erand48", DRAWS},
    {"lrand48", DRAWS}, {"nrand48", DRAWS}, {"mrand48", DRAWS}, {"jrand48", DRAWS}, {"arc4random", DRAWS},
    {"arc4random_uniform", DRAWS}, {"getentropy", DRAWS}, {"srand", DRAWS}, {"srandom", DRAWS}, {"srand48", DRAWS},
    {"randint", "write integer(0, low, high)"}, {"randn", "write normal(0)"}, {"gauss", "write normal(0)"},
    {"time", DATE}, {"clock", DATE},
    {"gamma", "in C it is an old name of lgamma: write lgamma(x) or tgamma(x)"},
    {"gammaf", "in C it is an old name of lgammaf: write lgammaf(x) or tgammaf(x)"},
    {"ln", "write log(x)"}, {"sqr", "write x*x"}, {"power", "write pow(x, y)"}, {"mod", "write x % y, or fmod(x, y)"},
    {"arcsin", "write asin(x)"}, {"arccos", "write acos(x)"}, {"arctan", "write atan(x)"},
    {"arctan2", "write atan2(y, x)"}, {"sign", "write (x > 0) - (x < 0)"}, {"len", "write length(s)"},
    {"factorial", "write tgamma(x + 1)"}, {"maximum", "write max(x, y)"}, {"minimum", "write min(x, y)"},
    {"not", "write !x"}, {"complex", "write x + y*I, or CMPLX(x, y)"}, {"real", "write creal(z)"},
    {"imag", "write cimag(z)"}, {"phase", "write carg(z)"}, {"modf", "it needs a pointer: write x - trunc(x), or trunc(x)"},
    {"frexp", "it needs a pointer: write ilogb(x)"}, {"sincos", "it needs pointers: write sin(x) or cos(x)"},
    {"strcmp", "write equals(s, \"DE\")"}, {"strlen", "write length(s)"}, {"strstr", "write contains(s, \"x\")"},
    {"strncmp", "write starts_with(s, \"x\")"}, {"nan", "write NAN"}};
static const advice about_names[] = {
    {"and", "write &&"}, {"or", "write ||"}, {"not", "write !"}, {"True", "write true"}, {"False", "write false"},
    {"if", "a choice is written: condition ? a : b"}, {"else", "a choice is written: condition ? a : b"},
    {"math", "functions have no prefix: write sqrt(x)"}, {"np", "functions have no prefix: write sqrt(x)"},
    {"numpy", "functions have no prefix: write sqrt(x)"}, {"pi", "write M_PI"}, {"PI", "write M_PI"},
    {"e", "write M_E, or exp(1)"}, {"j", "the imaginary unit is I"}, {"inf", "write INFINITY"}, {"nan", "write NAN"}, {"mod", "write %, or fmod(x, y)"},
    {"None", "a missing value is written NAN"}, {"null", "a missing value is written NAN"},
    {"NULL", "an expression has no pointers"}, {"return", "an expression has no statements"},
    {"lambda", "only the expression itself is written"}, {"RAND_MAX", "write uniform(0) for a number in [0, 1)"},
    {"is", "write =="}, {"index", "the item's index is i"}, {"pe_item", "the item's index is i"}};
/* clang-format on */

static bool is_name(const char *name, size_t size, const char *what)
{
    return strlen(what) == size && memcmp(name, what, size) == 0;
}

const pe_expr_function *pe_expr_functions(size_t *count)
{
    *count = FUNCTIONS;
    return functions;
}

/* The functions of math.h: a name and its variant of float or long double mean the same here. */
static bool has_variants(const pe_expr_function *function)
{
    static const char *const none[] = {"isnan",   "isinf",   "isfinite", "isnormal",
                                       "signbit", "uniform", "normal",   "CMPLX"};
    if (strpbrk(function->types, "dz") == NULL)
        return false;
    for (size_t n = 0; n < sizeof none / sizeof *none; n++)
        if (strcmp(function->name, none[n]) == 0)
            return false;
    return true;
}

const pe_expr_function *pe_expr_function_find(const char *name, size_t size)
{
    for (size_t f = 0; f < FUNCTIONS; f++)
        if (is_name(name, size, functions[f].name))
            return &functions[f];
    if (size > 1 && (name[size - 1] == 'f' || name[size - 1] == 'l'))
        for (size_t f = 0; f < FUNCTIONS; f++)
            if (is_name(name, size - 1, functions[f].name) && has_variants(&functions[f]))
                return &functions[f];
    return NULL;
}

const char *const *pe_expr_constants(size_t *count)
{
    *count = CONSTANTS;
    return constants;
}

pe_expr_kind pe_expr_constant_find(const char *name, size_t size)
{
    if (is_name(name, size, "I"))
        return PE_EXPR_COMPLEX;
    for (size_t c = 0; c < CONSTANTS; c++)
        if (is_name(name, size, constants[c]))
            return c < FLOATS ? PE_EXPR_FLOAT : c < FLOATS + INTEGERS ? PE_EXPR_INTEGER : PE_EXPR_BOOL;
    return PE_EXPR_UNKNOWN;
}

const char *pe_expr_advice(const char *name, size_t size, bool is_call)
{
    const advice *rows = is_call ? about_calls : about_names;
    const size_t count = is_call ? sizeof about_calls / sizeof *about_calls : sizeof about_names / sizeof *about_names;
    for (size_t r = 0; r < count; r++)
        if (is_name(name, size, rows[r].name))
            return rows[r].text;
    return NULL;
}

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* expr_lex.c - the tokens of an expression, as C has them.
 *
 * Design:  the longest token wins, as in C. Operators that no expression may have (=, ++, **, comments) are tokens here
 *          too, so that the parser can say what to write. What C reads as something that no one means is refused here:
 *          octal numbers, characters of several letters, integers that do not fit 64 bits.
 * Threads: no state.
 */
#include <stdio.h>

#include "kernel/compiled/expr/expr_internal.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}

/* ---- numbers ---- */

static size_t skip_digits(const char *text, size_t at, bool is_base16)
{
    while (is_base16 ? is_hex(text[at]) : is_digit(text[at]))
        at++;
    return at;
}

/* After an exponent at text[at], or at when there is none. */
static size_t skip_exponent(const char *text, size_t at, char letter)
{
    if (text[at] != letter && text[at] != letter - 'a' + 'A')
        return at;
    const size_t digits = at + (text[at + 1] == '+' || text[at + 1] == '-' ? 2 : 1);
    return is_digit(text[digits]) ? skip_digits(text, digits, false) : at;
}

/* After C's suffix of a number: u, l, ll in any order, or f, l. */
static size_t skip_suffix(const char *text, size_t at, bool is_float)
{
    static const char *const integers[] = {"ull", "llu", "ul", "lu", "ll", "u", "l"};
    static const char *const floats[] = {"f", "l"};
    const size_t count = is_float ? sizeof floats / sizeof *floats : sizeof integers / sizeof *integers;
    for (size_t s = 0; s < count; s++) {
        const char *suffix = is_float ? floats[s] : integers[s];
        size_t size = 0;
        while (suffix[size] != '\0' && (text[at + size] == suffix[size] || text[at + size] == suffix[size] - 'a' + 'A'))
            size++;
        if (suffix[size] == '\0')
            return at + size;
    }
    return at;
}

static bool fits_64_bits(const char *text, size_t begin, size_t end, bool is_base16)
{
    const unsigned base = is_base16 ? 16 : 10;
    uint64_t value = 0;
    for (size_t at = begin; at < end; at++) {
        const char c = text[at];
        const unsigned digit = is_digit(c) ? (unsigned)(c - '0') : (unsigned)((c | 32) - 'a') + 10;
        if (value > (UINT64_MAX - digit) / base)
            return false;
        value = value * base + digit;
    }
    return true;
}

/* An integer ends at end; its digits begin at digits. */
static pe_status check_integer(const char *text, size_t begin, size_t digits, size_t end, pe_error *err)
{
    const int size = (int)(end - begin > 40 ? 40 : end - begin);
    if (digits == begin && text[begin] == '0' && end > begin + 1)
        return pe_expr_refuse(err, text, begin, "%.*s begins with 0, which makes it octal in C: write it without the 0",
                              size, text + begin);
    if (!fits_64_bits(text, digits, end, digits > begin))
        return pe_expr_refuse(err, text, begin, "%.*s does not fit 64 bits: write it as a float, or as a product", size,
                              text + begin);
    return PE_OK;
}

static pe_status scan_number(const char *text, pe_expr_token *out, pe_error *err)
{
    const size_t begin = out->begin;
    const bool is_base16 = text[begin] == '0' && (text[begin + 1] == 'x' || text[begin + 1] == 'X');
    const size_t digits = begin + (is_base16 ? 2 : 0);
    size_t at = skip_digits(text, digits, is_base16);
    const size_t whole = at;
    if (text[at] == '.')
        at = skip_digits(text, at + 1, is_base16);
    const size_t fraction = at;
    at = skip_exponent(text, at, is_base16 ? 'p' : 'e');
    const bool is_float = at > whole;
    if ((is_base16 && fraction - digits <= (fraction > whole ? 1u : 0u)) || (is_base16 && is_float && at == fraction))
        return pe_expr_refuse(err, text, begin, "a number in base 16 is written 0x1F, or 0x1.8p3");
    pe_status status = is_float ? PE_OK : check_integer(text, begin, digits, whole, err);
    at = skip_suffix(text, at, is_float);
    if (status == PE_OK && (is_letter(text[at]) || is_digit(text[at]))) {
        size_t end = at;
        while (is_letter(text[end]) || is_digit(text[end]))
            end++;
        return pe_expr_refuse(err, text, at, "\"%.*s\" cannot follow the number %.*s: a product is written %.*s*%.*s",
                              (int)(end - at > 40 ? 40 : end - at), text + at, (int)(at - begin > 40 ? 40 : at - begin),
                              text + begin, (int)(at - begin > 40 ? 40 : at - begin), text + begin,
                              (int)(end - at > 40 ? 40 : end - at), text + at);
    }
    out->kind = is_float ? PE_TOKEN_FLOAT : PE_TOKEN_INTEGER;
    out->end = at;
    return status;
}

/* ---- texts, operators ---- */

static pe_status scan_quoted(const char *text, pe_expr_token *out, pe_error *err)
{
    const char quote = text[out->begin];
    size_t at = out->begin + 1, characters = 0;
    for (; text[at] != quote; at++, characters++) {
        if (text[at] == '\0' || text[at] == '\n')
            return pe_expr_refuse(err, text, out->begin, "the text that begins here has no closing %c", quote);
        if (text[at] == '\\' && text[at + 1] != '\0')
            at++;
    }
    out->end = at + 1;
    out->kind = quote == '"' ? PE_TOKEN_TEXT : PE_TOKEN_CHARACTER;
    if (quote == '\'' && characters != 1 && text[out->begin + 1] != '\\')
        return pe_expr_refuse(err, text, out->begin, "a text stands in double quotes in C: write \"%.*s\"",
                              (int)(at - out->begin - 1 > 40 ? 40 : at - out->begin - 1), text + out->begin + 1);
    return PE_OK;
}

static size_t operator_size(const char *text)
{
    static const char *const operators[] = {"<<=", ">>=", "++", "--", "<<", ">>", "<=", ">=", "==", "!=", "&&", "||",
                                            "+=",  "-=",  "*=", "/=", "%=", "&=", "|=", "^=", "**", "//", "/*", "->"};
    for (size_t o = 0; o < sizeof operators / sizeof *operators; o++)
        if (strncmp(text, operators[o], strlen(operators[o])) == 0)
            return strlen(operators[o]);
    return strchr("+-*/%<>=!&|^~?:()[],.;{}", text[0]) != NULL ? 1 : 0;
}

static pe_status scan_operator(const char *text, pe_expr_token *out, pe_error *err)
{
    const size_t size = operator_size(text + out->begin);
    const unsigned char c = (unsigned char)text[out->begin];
    out->kind = PE_TOKEN_OPERATOR;
    out->end = out->begin + size;
    if (size == 0 && c > ' ' && c < 0x7F)
        return pe_expr_refuse(err, text, out->begin, "\"%c\" is no character of a C expression", c);
    if (size == 0)
        return pe_expr_refuse(err, text, out->begin, "a character that no C expression has: byte 0x%02X", c);
    return PE_OK;
}

pe_status pe_expr_scan(const char *text, size_t at, pe_expr_token *out, pe_error *err)
{
    while (is_space(text[at]))
        at++;
    *out = (pe_expr_token){.kind = PE_TOKEN_END, .begin = at, .end = at};
    if (text[at] == '\0')
        return PE_OK;
    if (is_digit(text[at]) || (text[at] == '.' && is_digit(text[at + 1])))
        return scan_number(text, out, err);
    if (text[at] == '"' || text[at] == '\'')
        return scan_quoted(text, out, err);
    if (!is_letter(text[at]))
        return scan_operator(text, out, err);
    out->kind = PE_TOKEN_NAME;
    while (is_letter(text[out->end]) || is_digit(text[out->end]))
        out->end++;
    return PE_OK;
}

/* Is the name there? A call of it may not count. */
static bool finds_name(const char *text, const char *name, bool counts_calls)
{
    pe_error ignored = PE_ERROR_INIT;
    pe_expr_token token = {.end = 0};
    bool was_name = false; /* the token before is the name, which may open a call */
    do {
        if (pe_expr_scan(text, token.end, &token, &ignored) != PE_OK)
            return was_name;
        if (was_name && !pe_expr_is(text, token, "("))
            return true;
        was_name = token.kind == PE_TOKEN_NAME && pe_expr_is(text, token, name);
        if (was_name && counts_calls)
            return true;
    } while (token.kind != PE_TOKEN_END);
    return false;
}

bool pe_expr_names(const char *text, const char *name)
{
    return finds_name(text, name, true);
}

bool pe_expr_mentions(const char *text, const char *name)
{
    return finds_name(text, name, false);
}

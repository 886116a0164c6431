/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* float_format.c - printf formats of one double, as a user gives them.
 *
 * Design:  a format reaches snprintf only after every character of it was checked, so it can ask for one double and no
 *          more. The sign of a nan is dropped, since two processors need not agree on it.
 * Threads: any.
 */
#include "types/float_format.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define NUMBER_DIGITS_MOST 2

/* Moves past at most two digits. */
static bool skip_number(const char **at)
{
    const size_t digits = strspn(*at, "0123456789");
    *at += digits;
    return digits <= NUMBER_DIGITS_MOST;
}

bool pe_float_format_is_valid(const char *format)
{
    const char *at = format + 1;
    if (*format != '%')
        return false;
    at += strspn(at, "-+ #0");
    if (!skip_number(&at))
        return false;
    if (*at == '.') {
        at++;
        if (!skip_number(&at))
            return false;
    }
    return *at != '\0' && strchr("eEfFgGaA", *at) != NULL && at[1] == '\0';
}

/* A sign, the digits of the largest double, a point, 99 decimals; or a width of 99. */
size_t pe_float_format_room(const char *format)
{
    const bool is_fixed = strpbrk(format, "fF") != NULL;
    return (is_fixed ? DBL_MAX_10_EXP + 1 : 24) + 2 + 99 + 1;
}

char *pe_float_format_print(char *out, const char *format, double value)
{
    const size_t room = pe_float_format_room(format);
    const double shown = isnan(value) ? (double)NAN : value;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    const int size = snprintf(out, room, format, isnan(shown) ? fabs(shown) : shown);
#pragma GCC diagnostic pop
    return out + (size > 0 ? size : 0);
}

/* One part of a complex number at *out, without the blanks of a width, which no reader takes within a number. */
static char *print_part(char *out, const char *format, double value, bool has_sign)
{
    char *end = pe_float_format_print(out, format, value);
    while (end > out && end[-1] == ' ')
        end--;
    size_t blanks = 0;
    while (out + blanks < end && out[blanks] == ' ')
        blanks++;
    const bool lacks_sign = has_sign && out[blanks] != '-' && out[blanks] != '+';
    const size_t size = (size_t)(end - out) - blanks;
    memmove(out + lacks_sign, out + blanks, size);
    if (lacks_sign)
        *out = '+';
    return out + lacks_sign + size;
}

size_t pe_complex_format_room(const char *format)
{
    return 2 * pe_float_format_room(format) + sizeof "(+j)";
}

char *pe_complex_format_print(char *out, const char *format, const double value[2])
{
    *out++ = '(';
    out = print_part(out, format, value[0], false);
    out = print_part(out, format, value[1], true);
    *out++ = 'j';
    *out++ = ')';
    return out;
}

void pe_complex_element(pe_dtype dtype, const void *element, double out[2])
{
    size_t bad = 0;
    pe_error none = PE_ERROR_INIT; /* a wider one holds each value */
    (void)pe_convert(dtype, element, PE_COMPLEX128, out, 1, &bad, &none);
}

double pe_float_element(pe_dtype dtype, const void *element)
{
    double value = 0;
    size_t bad = 0;
    pe_error none = PE_ERROR_INIT; /* a wider float holds each value */
    (void)pe_convert(dtype, element, PE_FLOAT64, &value, 1, &bad, &none);
    return value;
}

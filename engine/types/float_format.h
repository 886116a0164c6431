/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* float_format.h - printf formats of one double, as a user gives them.
 */
#ifndef PE_FLOAT_FORMAT_H
#define PE_FLOAT_FORMAT_H

#include <stdbool.h>
#include <stddef.h>

#include "types/dtype.h"

/* pe_float_format_is_valid - one conversion of a double and nothing else: % with flags, a width and a precision of at most
 * 99 each, and one of e, f, g, a or their capitals. */
bool pe_float_format_is_valid(const char *format);

/* pe_float_format_room - the most bytes that a valid format prints. */
size_t pe_float_format_room(const char *format);

/* pe_float_format_print - print a double by a valid format; nan and inf as Python's repr, padded to the width. Returns the
 * end. */
char *pe_float_format_print(char *out, const char *format, double value);

/* pe_complex_format_room, pe_complex_format_print - the same of a complex number: both parts by the format, as
 * "(1.000-2.500j)", without the blanks of a width. */
size_t pe_complex_format_room(const char *format);
char *pe_complex_format_print(char *out, const char *format, const double value[2]);

/* pe_complex_element - one complex64 or complex128 as its two parts. */
void pe_complex_element(pe_dtype dtype, const void *element, double out[2]);

/* pe_float_element - one float16, float32 or float64 as a double. */
double pe_float_element(pe_dtype dtype, const void *element);

#endif

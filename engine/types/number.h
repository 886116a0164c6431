/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* number.h - prints numbers as Python's repr does, and parses them, independent of the locale.
 *
 * Design: C functions around libstdc++'s charconv (charconv_cxx.cc), which prints the shortest text that reads back
 *         exactly.
 */
#ifndef PE_NUMBER_H
#define PE_NUMBER_H

#include <stdbool.h>
#include <stddef.h>

#include "types/dtype.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The longest text of one element: a complex128 has two float64 of 24 bytes, (+j). No text has a terminator. */
#define PE_NUMBER_ROOM 52

/* Each writes at out, without a terminating zero, and returns the end. */
char *pe_print_int64(char *out, int64_t value);
char *pe_print_uint64(char *out, uint64_t value);
char *pe_print_int128(char *out, pe_int128 value);
char *pe_print_float64(char *out, double value); /* as repr: 1.0, 1e+16, 1e-05, nan, inf, -0.0 */
char *pe_print_float32(char *out, float value);  /* shortest for float32, as repr(numpy.float32) prints: 0.1 */

/* pe_print_element - print one element of any dtype except text; bool prints True or False, complex as Python's repr (1+2j). */
char *pe_print_element(char *out, pe_dtype dtype, const void *element);

/* The most bytes pe_print_element writes for a dtype (int64: 20, float64: 24, bool: 5 ...). */
size_t pe_number_room(pe_dtype dtype);

/* pe_parse_element - parse the whole text as one element of a dtype other than text.
 * Surrounding spaces and tabs and one leading '+' are allowed; nan, inf, infinity in any case for floats; True, False,
 * true, false, 1, 0 for bool. No hex, no underscores, no locale. An integer dtype takes digits only ("1.0" is refused).
 * A float dtype rounds a text with a point or an exponent to the nearest float; digits alone are an integer, which it
 * must hold exactly (9007199254740993 is refused as float64). A complex dtype takes what Python's complex() takes: 1+2j,
 * (1+2j), 2j, 1, with the rules of a float for each part.
 * Returns: true with *out set; false when the text is not such a number, or the number does not fit */
bool pe_parse_element(const char *text, size_t size, pe_dtype dtype, void *out);

/* pe_is_integer_text - is the text an integer, however large: digits, with a sign or none, with spaces around? */
bool pe_is_integer_text(const char *text, size_t size);

#ifdef __cplusplus
}
#endif
#endif

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* charconv.h - parses decimal numbers as floats with fast_float or C++'s std::from_chars, which round correctly and know no
 *              locale.
 */
#ifndef PE_CHARCONV_H
#define PE_CHARCONV_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum pe_chars {
    PE_CHARS_OK,
    PE_CHARS_RANGE, /* too large or too small for the type; out is not written */
    PE_CHARS_BAD    /* not a number, or a number followed by other text */
} pe_chars;

/* Parse the whole text as the nearest float. A leading '-' is allowed; '+' and spaces are not. */
pe_chars pe_chars_to_float64(const char *text, size_t size, double *out);
pe_chars pe_chars_to_float32(const char *text, size_t size, float *out);

#ifdef __cplusplus
}
#endif
#endif

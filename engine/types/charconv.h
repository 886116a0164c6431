/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* charconv.h - plain decimal numbers as floats: the part of parsing that C++ does better.
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
    PE_CHARS_BAD    /* not a number, or more than one */
} pe_chars;

/* The whole of text as the nearest float. No leading sign but '-', no spaces. */
pe_chars pe_chars_to_float64(const char *text, size_t size, double *out);
pe_chars pe_chars_to_float32(const char *text, size_t size, float *out);

#ifdef __cplusplus
}
#endif
#endif

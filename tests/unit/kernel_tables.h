/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* kernel_tables.h - what Python and numpy say the built-in kernels give; kernel_tables.py wrote the rows.
 */
#ifndef PE_KERNEL_TABLES_H
#define PE_KERNEL_TABLES_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>

typedef struct words {
    uint64_t low, high;
} words;
typedef struct int64_row {
    int64_t x, y;
    int fits;
} int64_row;
typedef struct int64_pair {
    int64_t x, y, z;
    int fits;
} int64_pair;
typedef struct int128_row {
    words x, y;
    int fits;
} int128_row;
typedef struct int128_pair {
    words x, y, z;
    int fits;
} int128_pair;
typedef struct float_row {
    double x, y, square, cube, sum;
} float_row;
typedef struct hypot_row {
    double x, y, length;
} hypot_row;
typedef struct norm_row {
    double x, y, z, numpy, formula;
} norm_row;
typedef struct prime_row {
    int64_t n;
    int is_prime;
} prime_row;
typedef struct mandelbrot_row {
    double re, im;
    int64_t steps;
} mandelbrot_row;
typedef struct option_row {
    double given[5]; /* spot, strike, years, rate, volatility */
    double price;
} option_row;
typedef struct divmod_row {
    int64_t x, y, quotient, remainder;
} divmod_row;
typedef struct ep_row {
    int64_t number;
    double x, y;
    int64_t counts[10];
} ep_row;
typedef struct text_row {
    const char *data;
    size_t size;
    int64_t length;
    const char *upper;
    size_t upper_size;
} text_row;
typedef struct broken_row {
    const char *data;
    size_t size, at;
} broken_row;

#include "kernel_tables.inc"

#endif

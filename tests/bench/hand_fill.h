/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* hand_fill.h - what the hand-written programs compute, 8 bytes per item, and the head of an npy file for it.
 *
 * Design:  every function is in the program that calls it, so that the compiler can inline and vectorise it.
 * Threads: no state.
 */
#ifndef HAND_FILL_H
#define HAND_FILL_H

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#define ITEM_BYTES 8
#define HEADER_BYTES 128

typedef void fill(void *out, int64_t first, int64_t items, int64_t count);

typedef struct ramp {
    double first, step;
} ramp;

static inline void fill_square(void *out, int64_t first, int64_t items, int64_t count)
{
    double *squares = out;
    (void)count;
    for (int64_t i = 0; i < items; i++) {
        const double x = (double)(first + i);
        squares[i] = x * x;
    }
}

static inline ramp make_ramp(double first, double last, int64_t count)
{
    return (ramp){first, count > 1 ? (last - first) / (double)(count - 1) : 0};
}

static inline double at(ramp line, int64_t i)
{
    return line.first + (double)i * line.step;
}

static inline double normal_cdf(double x)
{
    return 0.5 * erfc(-x * 0.70710678118654752440);
}

/* Five linspaces, the ones of bench.py. */
static inline void fill_black_scholes(void *out, int64_t first, int64_t items, int64_t count)
{
    const ramp spots = make_ramp(50, 150, count);
    const ramp strikes = make_ramp(60, 140, count);
    const ramp terms = make_ramp(0.1, 2, count);
    const ramp rates = make_ramp(0.01, 0.05, count);
    const ramp volatilities = make_ramp(0.1, 0.6, count);
    double *prices = out;
    for (int64_t i = 0; i < items; i++) {
        const double spot = at(spots, first + i);
        const double strike = at(strikes, first + i);
        const double years = at(terms, first + i);
        const double rate = at(rates, first + i);
        const double volatility = at(volatilities, first + i);
        const double spread = volatility * sqrt(years);
        const double d1 = (log(spot / strike) + (rate + 0.5 * volatility * volatility) * years) / spread;
        prices[i] = spot * normal_cdf(d1) - strike * exp(-rate * years) * normal_cdf(d1 - spread);
    }
}

static inline int64_t count_steps(uint64_t n)
{
    int64_t steps = __builtin_ctzll(n);
    n >>= steps;
    while (n != 1) {
        n = 3 * n + 1;
        const int halvings = __builtin_ctzll(n);
        n >>= halvings;
        steps += halvings + 1;
    }
    return steps;
}

/* Of 1, 2, ...: 64 bits are enough up to 10^9 (the highest point on any path from below 10^9 is
 * 1,414,236,446,719,942,480, of 319,804,831, in Roosendaal's table of path records). */
static inline void fill_collatz(void *out, int64_t first, int64_t items, int64_t count)
{
    int64_t *steps = out;
    (void)count;
    for (int64_t i = 0; i < items; i++)
        steps[i] = count_steps((uint64_t)(first + i + 1));
}

/* As in bench_kernels.c: all the cost lies in the first tenth of the items, 100 us each. */
static inline void fill_uneven(void *out, int64_t first, int64_t items, int64_t count)
{
    double *values = out;
    for (int64_t i = 0; i < items; i++) {
        const int64_t item = first + i;
        double x = (double)item;
        for (int64_t k = 0; item < count / 10 && k < 40000; k++)
            x = x * 0.999999 + 1e-7;
        values[i] = x;
    }
}

/* The head of count items of an npy type such as "<f8". */
static inline void make_header(char header[HEADER_BYTES + 1], const char *type, int64_t count)
{
    char text[HEADER_BYTES - 10];
    (void)snprintf(header, HEADER_BYTES, "\x93NUMPY\x01");
    header[7] = 0;
    header[8] = HEADER_BYTES - 10;
    header[9] = 0;
    (void)snprintf(text, sizeof text, "{'descr': '%s', 'fortran_order': False, 'shape': (%" PRId64 ",), }", type,
                   count);
    (void)snprintf(header + 10, HEADER_BYTES - 9, "%-117s\n", text);
}

#endif

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* bench_kernels.c - the functions of the hand-written programs, as a user of `source` would write them.
 */
#include <math.h>
#include <stddef.h>
#include <stdint.h>

int64_t square(int64_t x)
{
    return x * x;
}

double square_float(double x)
{
    return x * x;
}

int64_t collatz(int64_t n)
{
    int64_t steps = __builtin_ctzll((uint64_t)n);
    n >>= steps;
    while (n != 1) {
        n = 3 * n + 1;
        const int halvings = __builtin_ctzll((uint64_t)n);
        n >>= halvings;
        steps += halvings + 1;
    }
    return steps;
}

static double normal_cdf(double x)
{
    return 0.5 * erfc(-x * 0.70710678118654752440);
}

double black_scholes(double spot, double strike, double years, double rate, double volatility)
{
    const double spread = volatility * sqrt(years);
    const double d1 = (log(spot / strike) + (rate + 0.5 * volatility * volatility) * years) / spread;
    return spot * normal_cdf(d1) - strike * exp(-rate * years) * normal_cdf(d1 - spread);
}

/* Each step waits for the one before: about a microsecond in all. */
double microsecond(double x)
{
    for (int i = 0; i < 400; i++)
        x = x * 0.999999 + 1e-7;
    return x;
}

double microsecond_wide(const double *v)
{
    double x = 0;
    for (int i = 0; i < 400; i++)
        x = x * 0.999999 + v[i % 48];
    return x;
}

/* Each step waits for the one before. */
double spin(int64_t task, int64_t iterations)
{
    double x = (double)task;
    for (int64_t i = 0; i < iterations; i++)
        x = x * 0.999999 + 1e-7;
    return x;
}

int64_t empty(int64_t x)
{
    return x;
}

/* All the cost lies in the items below `costly`: a hundred microseconds each. */
double costly_at_first(int64_t item, int64_t costly)
{
    return spin(item, item < costly ? 40000 : 0);
}

/* Words are what awk takes for words: blanks and tabs separate them. */
int64_t count_words(const char *line, size_t size)
{
    int64_t words = 0;
    int was_blank = 1;
    for (size_t i = 0; i < size; i++) {
        const int is_blank = (line[i] == ' ') | (line[i] == '\t');
        words += was_blank & !is_blank;
        was_blank = is_blank;
    }
    return words;
}

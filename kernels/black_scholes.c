/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* black_scholes.c - kernel: the price of a European call option.
 *
 * Design: Black and Scholes (1973): spot * N(d1) - strike * exp(-rate * years) * N(d2), N from erfc, which keeps its
 *         digits where the option is far out of the money.
 * Threads: no state.
 * Not here: dividends; puts (price - spot + strike * exp(-rate * years)).
 */
#include <math.h>

#include "builtin.h"

#define SQRT_HALF 0.70710678118654752440

/* The standard normal distribution function. */
static inline double normal_cdf(double x)
{
    return 0.5 * erfc(-x * SQRT_HALF);
}

static double call_price(double spot, double strike, double years, double rate, double volatility)
{
    const double spread = volatility * sqrt(years);
    const double d1 = (log(spot / strike) + (rate + 0.5 * volatility * volatility) * years) / spread;
    const double d2 = d1 - spread;
    return spot * normal_cdf(d1) - strike * exp(-rate * years) * normal_cdf(d2);
}

static inline int is_positive(double x)
{
    return x > 0 && x <= 1.7976931348623157e308; /* neither nan nor inf */
}

/* Why these arguments have no price, or NULL. */
static const char *why_not(double spot, double strike, double years, double rate, double volatility)
{
    if (!is_positive(spot))
        return "spot must be positive and finite";
    if (!is_positive(strike))
        return "strike must be positive and finite";
    if (!is_positive(years))
        return "years must be positive and finite";
    if (!is_positive(volatility))
        return "volatility must be positive and finite";
    return isfinite(rate) ? NULL : "rate must be finite";
}

static int map_float64(pe_batch *batch)
{
    const double *restrict spot = batch->args[0];
    const double *restrict strike = batch->args[1];
    const double *restrict years = batch->args[2];
    const double *restrict rate = batch->args[3];
    const double *restrict volatility = batch->args[4];
    double *restrict price = batch->results[0];
    for (size_t i = 0; i < batch->count; i++) {
        const char *reason = why_not(spot[i], strike[i], years[i], rate[i], volatility[i]);
        if (reason != NULL) {
            batch->fail(batch, i, reason);
            continue;
        }
        price[i] = call_price(spot[i], strike[i], years[i], rate[i], volatility[i]);
        if (isnan(price[i]))
            batch->fail(batch, i, "the price is not a number: arguments too extreme for float64");
    }
    return 0;
}

const pe_kernel pe_kernel_black_scholes_float64 = {
    .abi = PE_KERNEL_ABI,
    .size = sizeof(pe_kernel),
    .name = "black_scholes",
    .signature = "(float64, float64, float64, float64, float64) -> float64",
    .summary = "European call price from spot, strike, years, rate, volatility (per year, as fractions)",
    .map = map_float64,
};

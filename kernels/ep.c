/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* ep.c - kernel: one batch of EP, the embarrassingly parallel benchmark of NAS.
 *
 * Design: NAS Parallel Benchmarks (D. Bailey and others, report RNR-94-007, section 2.2.1; NPB 3.4, EP/ep.f90). Uniform
 *         numbers come from x = 5^13 * x mod 2^46, which starts at 271828183 and is multiplied forward to the batch's
 *         place, so that a batch needs no other. Of 2^16 pairs in the square (-1, 1)^2 those in the unit circle become
 *         pairs of Gaussian deviates (Marsaglia's polar method); the results are the sums of both deviates, and how many
 *         pairs have the larger of |X| and |Y| in [l, l + 1), for l from 0 to 9.
 * Threads: no state.
 */
#include <math.h>

#include "builtin.h"

#define MULTIPLIER UINT64_C(1220703125) /* 5^13 */
#define SEED UINT64_C(271828183)
#define MASK ((UINT64_C(1) << 46) - 1)
#define PAIRS ((size_t)1 << 16)
#define ANNULI 10

/* base^power mod 2^46: the low 46 bits of a product need only those of its factors. */
static uint64_t raise(uint64_t base, uint64_t power)
{
    uint64_t result = 1;
    for (; power > 0; power /= 2) {
        if (power % 2 == 1)
            result = result * base & MASK;
        base = base * base & MASK;
    }
    return result;
}

/* The next number, moved from (0, 1) to (-1, 1); exact. */
static double next(uint64_t *state)
{
    *state = *state * MULTIPLIER & MASK;
    return 2.0 * ((double)(int64_t)*state * 0x1p-46) - 1.0;
}

static void run_batch(uint64_t number, double *sum_x, double *sum_y, int64_t counts[ANNULI])
{
    const uint64_t jump = raise(MULTIPLIER, 2 * PAIRS);
    uint64_t state = SEED * raise(jump, number) & MASK;
    double all_x = 0, all_y = 0;
    for (int l = 0; l < ANNULI; l++)
        counts[l] = 0;
    for (size_t i = 0; i < PAIRS; i++) {
        const double u = next(&state);
        const double v = next(&state);
        const double t = u * u + v * v;
        if (t > 1.0)
            continue;
        const double stretch = sqrt(-2.0 * log(t) / t); /* t is never 0: u and v are odd multiples of 2^-45 */
        const double x = u * stretch;
        const double y = v * stretch;
        const double larger = fmax(fabs(x), fabs(y));
        counts[larger < ANNULI ? (int)larger : ANNULI - 1]++; /* 10 and more come once in 10^22 pairs */
        all_x += x;
        all_y += y;
    }
    *sum_x = all_x;
    *sum_y = all_y;
}

static int map_int64(pe_batch *batch)
{
    const int64_t *numbers = batch->args[0];
    double *sum_x = batch->results[0];
    double *sum_y = batch->results[1];
    int64_t *counts = batch->results[2];
    for (size_t i = 0; i < batch->count; i++) {
        if (numbers[i] < 0)
            batch->fail(batch, i, "ep needs the number of a batch, 0 or more");
        else
            run_batch((uint64_t)numbers[i], &sum_x[i], &sum_y[i], counts + i * ANNULI);
    }
    return 0;
}

const pe_kernel pe_kernel_ep_int64 = {
    .abi = PE_KERNEL_ABI,
    .size = sizeof(pe_kernel),
    .name = "ep",
    .signature = "(int64) -> (float64, float64, int64[10])",
    .summary = "batch of NAS EP: sums of 2^16 tries at Gaussian pairs, pairs by their larger part",
    .map = map_int64,
};

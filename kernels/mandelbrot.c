/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* mandelbrot.c - kernel: the escape time of a point of the plane.
 *
 * Design: z starts at 0; the result is how often z = z * z + c is applied until |z| > 2, or 1000 when it never is
 *         within 1000 times. |z| > 2 is tested as x*x + y*y > 4. Points are iterated eight abreast, so that the loop is
 *         vectorised; a point that is out stays out, so its count does not depend on its neighbours.
 * Threads: no state.
 */
#include "builtin.h"

#define LIMIT 1000
#define ABREAST 8
#define BETWEEN_LOOKS 8 /* iterations from one look at whether any point is left to the next */

typedef double lanes __attribute__((vector_size(ABREAST * sizeof(double))));
typedef int64_t masks __attribute__((vector_size(ABREAST * sizeof(int64_t)))); /* all ones is true */

PE_CLONES static void escape_times(const double *restrict re, const double *restrict im, int64_t *restrict steps,
                                   size_t count)
{
    lanes c_re = {0}, c_im = {0}, x = {0}, y = {0};
    masks inside = {0}, taken = {0};
    for (size_t l = 0; l < count; l++) {
        c_re[l] = re[l];
        c_im[l] = im[l];
        inside[l] = -1;
    }
    for (int n = 0; n < LIMIT; n++) {
        const lanes xx = x * x;
        const lanes yy = y * y;
        inside &= ~(masks)(xx + yy > 4.0);
        taken -= inside;
        y = 2.0 * x * y + c_im;
        x = xx - yy + c_re;
        if (n % BETWEEN_LOOKS == 0) {
            int64_t any = 0;
            for (int l = 0; l < ABREAST; l++)
                any |= inside[l];
            if (any == 0)
                break;
        }
    }
    for (size_t l = 0; l < count; l++)
        steps[l] = taken[l];
}

static int map_float64(pe_batch *batch)
{
    const double *re = batch->args[0];
    const double *im = batch->args[1];
    int64_t *steps = batch->results[0];
    for (size_t i = 0; i < batch->count; i += ABREAST) {
        const size_t left = batch->count - i;
        escape_times(re + i, im + i, steps + i, left < ABREAST ? left : ABREAST);
    }
    return 0;
}

const pe_kernel pe_kernel_mandelbrot_float64 = {
    .abi = PE_KERNEL_ABI,
    .size = sizeof(pe_kernel),
    .name = "mandelbrot",
    .signature = "(float64, float64) -> int64",
    .summary = "escape time of re + im*i: iterations until |z| > 2, at most 1000; uneven cost",
    .map = map_float64,
};

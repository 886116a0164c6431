/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* norm3.c - kernel: the Euclidean norm of a vector of three.
 *
 * Design: sqrt(x*x + y*y + z*z), summed from left to right, each step rounded: numpy.linalg.norm to within one unit in
 *         the last place. Squares beyond float64 make it inf, as there.
 * Threads: no state.
 */
#include <math.h>

#include "builtin.h"

static int map_float64(pe_batch *batch)
{
    const double *restrict v = batch->args[0];
    double *restrict norm = batch->results[0];
    for (size_t i = 0; i < batch->count; i++) {
        const double x = v[3 * i];
        const double y = v[3 * i + 1];
        const double z = v[3 * i + 2];
        norm[i] = sqrt(x * x + y * y + z * z);
    }
    return 0;
}

const pe_kernel pe_kernel_norm3_float64 = {
    .abi = PE_KERNEL_ABI,
    .size = sizeof(pe_kernel),
    .name = "norm3",
    .signature = "(float64[3]) -> float64",
    .summary = "Euclidean norm, sqrt(x*x + y*y + z*z)",
    .map = map_float64,
};

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* hypot.c - kernel: the length of (x, y), the C library's hypot.
 *
 * Threads: no state.
 */
#include <math.h>

#include "builtin.h"

static int map_float64(pe_batch *batch)
{
    const double *restrict x = batch->args[0];
    const double *restrict y = batch->args[1];
    double *restrict length = batch->results[0];
    for (size_t i = 0; i < batch->count; i++)
        length[i] = hypot(x[i], y[i]);
    return 0;
}

const pe_kernel pe_kernel_hypot_float64 = {
    .abi = PE_KERNEL_ABI,
    .size = sizeof(pe_kernel),
    .name = "hypot",
    .signature = "(float64, float64) -> float64",
    .summary = "length of the vector (x, y), within 1 ulp of math.hypot; no step overflows on the way",
    .map = map_float64,
};

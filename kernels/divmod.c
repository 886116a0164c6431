/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* divmod.c - kernel: quotient and remainder as Python's divmod.
 *
 * Design: the quotient is rounded down and the remainder has the divisor's sign, so q * y + r == x always. C rounds
 *         towards zero, so both are moved by one where the signs differ and something remains.
 * Threads: no state.
 */
#include "builtin.h"

static int map_int64(pe_batch *batch)
{
    const int64_t *restrict x = batch->args[0];
    const int64_t *restrict y = batch->args[1];
    int64_t *restrict quotient = batch->results[0];
    int64_t *restrict remainder = batch->results[1];
    for (size_t i = 0; i < batch->count; i++) {
        if (y[i] == 0) {
            batch->fail(batch, i, "integer division or modulo by zero");
            continue;
        }
        if (y[i] == -1 && x[i] == INT64_MIN) {
            batch->fail(batch, i, PE_NO_INT64);
            continue;
        }
        const int64_t rest = x[i] % y[i];
        const int64_t down = rest != 0 && (rest < 0) != (y[i] < 0);
        quotient[i] = x[i] / y[i] - down;
        remainder[i] = rest + down * y[i];
    }
    return 0;
}

const pe_kernel pe_kernel_divmod_int64 = {
    .abi = PE_KERNEL_ABI,
    .size = sizeof(pe_kernel),
    .name = "divmod",
    .signature = "(int64, int64) -> (int64, int64)",
    .summary = "x // y and x % y as Python has them; division by zero fails the item",
    .map = map_int64,
};

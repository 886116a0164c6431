/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* collatz_steps.c - kernel: how often n is halved, or tripled with one added, until it is 1.
 *
 * Design: 64 bits as long as 3n + 1 fits them, 128 bits from there on: exact for every int64 whose path is known. A run
 *         of halvings is one shift. Cost differs widely from item to item.
 * Threads: no state.
 */
#include "builtin.h"

#define MOST_64 ((UINT64_MAX - 1) / 3)
#define MOST_128 ((~(pe_uint128)0 - 1) / 3)

static inline unsigned trailing_zeros(pe_uint128 n)
{
    const uint64_t low = (uint64_t)n;
    return (unsigned)(low != 0 ? __builtin_ctzll(low) : 64 + __builtin_ctzll((uint64_t)(n >> 64)));
}

/* The steps from n on, or -1 where the path leaves 128 bits. */
static int64_t count_wide(pe_uint128 n)
{
    int64_t steps = 0;
    for (;;) {
        const unsigned halvings = trailing_zeros(n);
        n >>= halvings;
        steps += halvings;
        if (n == 1)
            return steps;
        if (n > MOST_128)
            return -1;
        n = 3 * n + 1;
        steps++;
    }
}

static int64_t count_steps(uint64_t n)
{
    int64_t steps = __builtin_ctzll(n);
    n >>= steps;
    while (n != 1) {
        if (n > MOST_64) {
            const int64_t more = count_wide(n);
            return more < 0 ? more : steps + more;
        }
        n = 3 * n + 1;
        const int halvings = __builtin_ctzll(n);
        n >>= halvings;
        steps += halvings + 1;
    }
    return steps;
}

static int map_int64(pe_batch *batch)
{
    const int64_t *restrict n = batch->args[0];
    int64_t *restrict steps = batch->results[0];
    for (size_t i = 0; i < batch->count; i++) {
        if (n[i] < 1) {
            batch->fail(batch, i, "collatz_steps needs an integer of 1 or more");
            continue;
        }
        steps[i] = count_steps((uint64_t)n[i]);
        if (steps[i] < 0)
            batch->fail(batch, i, "the path leaves 128 bits");
    }
    return 0;
}

const pe_kernel pe_kernel_collatz_steps_int64 = {
    .abi = PE_KERNEL_ABI,
    .size = sizeof(pe_kernel),
    .name = "collatz_steps",
    .signature = "(int64) -> int64",
    .summary = "steps of the 3n + 1 problem from n down to 1; uneven cost; n below 1 fails",
    .map = map_int64,
};

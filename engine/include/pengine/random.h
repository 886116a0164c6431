/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* random.h - random numbers by (seed, item, draw): the same for any ranks, threads and chunks.
 *
 * Design: Philox4x32-10 of Random123 (package librandom123-dev) maps the seed (its key) and the item with the number of the
 *         draw (its counter) to four words. There is no state: draws can be made in any order.
 *         Seed: batch->setup->seed. Item: batch->first + i.
 * Threads: any.
 */
#ifndef PENGINE_RANDOM_H
#define PENGINE_RANDOM_H

#include <math.h>
#include <stdint.h>

#include <Random123/philox.h>

/* Four words of the counter (item, block, kind) under the key (seed). */
typedef struct pe_random_words {
    uint32_t word[4];
} pe_random_words;

static inline pe_random_words pe_random_philox(uint64_t seed, uint64_t item, uint32_t block, uint32_t kind)
{
    const philox4x32_ctr_t counter = {{(uint32_t)item, (uint32_t)(item >> 32), block, kind}};
    const philox4x32_key_t key = {{(uint32_t)seed, (uint32_t)(seed >> 32)}};
    const philox4x32_ctr_t out = philox4x32(counter, key);
    const pe_random_words words = {{out.v[0], out.v[1], out.v[2], out.v[3]}};
    return words;
}

#include <pengine/draws.h>

#endif

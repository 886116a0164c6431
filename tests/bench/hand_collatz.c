/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* hand_collatz.c - the lengths of the 3n + 1 paths from 1 to COUNT, hashed in order, as written for this job alone.
 *
 * Usage:   hand_collatz COUNT; prints count, bytes and the XXH3-128 of the results, as format = "digest".
 * Design:  as hand_squares.c; COUNT is refused above 10^9, up to where 64 bits are enough (hand_fill.h).
 * Threads: each has its own buffer; the hash state is touched in the ordered region alone.
 */
#include <stdlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "hand_fill.h"

#define CHUNK_ITEMS 8192
#define COUNT_MOST UINT64_C(1000000000)

static XXH128_hash_t hash_steps(int64_t count)
{
    const int64_t chunks = (count + CHUNK_ITEMS - 1) / CHUNK_ITEMS;
    XXH3_state_t *state = XXH3_createState();
    if (!state)
        exit(EXIT_FAILURE);
    XXH3_128bits_reset(state);
#pragma omp parallel default(none) shared(state, count, chunks)
    {
        int64_t steps[CHUNK_ITEMS];
#pragma omp for ordered schedule(dynamic)
        for (int64_t c = 0; c < chunks; c++) {
            const int64_t first = c * CHUNK_ITEMS;
            const int64_t items = count - first < CHUNK_ITEMS ? count - first : CHUNK_ITEMS;
            fill_collatz(steps, first, items, count);
#pragma omp ordered
            XXH3_128bits_update(state, steps, (size_t)items * sizeof *steps);
        }
    }
    const XXH128_hash_t hash = XXH3_128bits_digest(state);
    XXH3_freeState(state);
    return hash;
}

int main(int argc, char **argv)
{
    const uint64_t count = argc == 2 ? strtoull(argv[1], NULL, 10) : 0;
    if (argc != 2 || count > COUNT_MOST) {
        fputs("usage: hand_collatz COUNT\n", stderr);
        return EXIT_FAILURE;
    }
    const XXH128_hash_t hash = hash_steps((int64_t)count);
    printf("%" PRIu64 " %" PRIu64 " %016" PRIx64 "%016" PRIx64 "\n", count, count * 8, hash.high64, hash.low64);
    return EXIT_SUCCESS;
}

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* hand_squares.c - the squares of a range, hashed in order, as an expert would write it for this job alone.
 *
 * Usage:   hand_squares int64|int128 COUNT; prints count, bytes and the XXH3-128 of the results, as format = "digest".
 * Design:  `omp for ordered`: threads fill buffers that stay in their own cache, and hash them in turn. Hashing is the
 *          serial part, so it is inlined and uses what -march=native offers. There is no overflow check: COUNT is
 *          refused where it would be needed.
 * Threads: each has its own buffer; the hash state is touched in the ordered region alone.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define BUFFER_BYTES ((size_t)512 * 1024)
#define COUNT_INT64_MOST UINT64_C(3037000500) /* the square of one less is the last below 2^63 */

static void fill_int64(int64_t *out, int64_t first, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        out[i] = (first + i) * (first + i);
}

/* x = a * 2^32 + b by halves: the compiler vectorises it, which it does not with __int128 (four times faster). */
static void fill_int128(uint64_t *out, uint64_t first, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        const uint64_t x = first + (uint64_t)i;
        const uint64_t a = x >> 32;
        const uint64_t b = x & UINT32_MAX;
        const uint64_t bb = b * b;
        const uint64_t low = bb + (a * b << 33);
        out[2 * i] = low;
        out[2 * i + 1] = a * a + (a * b >> 31) + (low < bb);
    }
}

static XXH128_hash_t hash_squares(int64_t count, bool is_wide)
{
    const int64_t item_bytes = is_wide ? 16 : 8;
    const int64_t chunk = (int64_t)BUFFER_BYTES / item_bytes;
    const int64_t chunks = (count + chunk - 1) / chunk;
    XXH3_state_t *state = XXH3_createState();
    if (!state)
        exit(EXIT_FAILURE);
    XXH3_128bits_reset(state);
#pragma omp parallel default(none) shared(state, count, chunk, chunks, item_bytes, is_wide)
    {
        void *buffer = aligned_alloc(4096, BUFFER_BYTES);
        if (!buffer)
            exit(EXIT_FAILURE);
#pragma omp for ordered schedule(dynamic)
        for (int64_t c = 0; c < chunks; c++) {
            const int64_t first = c * chunk;
            const int64_t items = count - first < chunk ? count - first : chunk;
            if (is_wide)
                fill_int128(buffer, (uint64_t)first, items);
            else
                fill_int64(buffer, first, items);
            const size_t bytes = (size_t)(items * item_bytes);
#pragma omp ordered
            XXH3_128bits_update(state, buffer, bytes);
        }
        free(buffer);
    }
    const XXH128_hash_t hash = XXH3_128bits_digest(state);
    XXH3_freeState(state);
    return hash;
}

int main(int argc, char **argv)
{
    const bool is_wide = argc == 3 && strcmp(argv[1], "int128") == 0;
    const uint64_t count = argc == 3 ? strtoull(argv[2], NULL, 10) : 0;
    if (argc != 3 || (!is_wide && strcmp(argv[1], "int64") != 0) || (!is_wide && count > COUNT_INT64_MOST)) {
        fputs("usage: hand_squares int64|int128 COUNT\n", stderr);
        return EXIT_FAILURE;
    }
    const XXH128_hash_t hash = hash_squares((int64_t)count, is_wide);
    printf("%" PRIu64 " %" PRIu64 " %016" PRIx64 "%016" PRIx64 "\n", count, count * (is_wide ? 16 : 8), hash.high64,
           hash.low64);
    return EXIT_SUCCESS;
}

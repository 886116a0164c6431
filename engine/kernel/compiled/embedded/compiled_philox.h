/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* compiled_philox.h - pe_random_philox for expressions, which are compiled where Random123 may not be installed.
 *
 * Design: Philox4x32-10 as in Salmon, Moraes, Dror, Shaw: Parallel random numbers, as easy as 1, 2, 3 (2011); the same
 *         bits as pengine/random.h (a test holds it). What follows it is the text of pengine/draws.h.
 *         A C function gets both as <pengine/random.h>.
 */
typedef struct pe_random_words {
    uint32_t word[4];
} pe_random_words;

static inline pe_random_words pe_random_philox(uint64_t seed, uint64_t item, uint32_t block, uint32_t kind)
{
    uint32_t c0 = (uint32_t)item, c1 = (uint32_t)(item >> 32), c2 = block, c3 = kind;
    uint32_t k0 = (uint32_t)seed, k1 = (uint32_t)(seed >> 32);
    for (int round = 0; round < 10; round++) {
        const uint64_t p0 = (uint64_t)0xD2511F53u * c0, p1 = (uint64_t)0xCD9E8D57u * c2;
        c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
        c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
        c1 = (uint32_t)p1;
        c3 = (uint32_t)p0;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    return (pe_random_words){{c0, c1, c2, c3}};
}

#ifdef PE_IS_EXPRESSION
#define uniform(draw) pe_random_uniform(pe_seed, pe_item, (uint32_t)(draw))
#define normal(draw) pe_random_normal(pe_seed, pe_item, (uint32_t)(draw))
#define integer(draw, low, high) pe_random_integer(pe_seed, pe_item, (uint32_t)(draw), low, high)
#else
/* The job's seed and the index of the item that this thread computes: the loops set them before each call. */
#define PE_HAS_RANDOM 1
static __thread uint64_t pe_seed, pe_item;
#endif

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* block_size.h - how many items a sampled block has.
 *
 * Design:  a block grows until two of one size take long enough, as chunks do: one alone may have been interrupted. A kernel in
 *          another process costs a round trip per block, which takes long where other programs have the cores. There larger
 *          sizes are tried, and the one that makes items cheapest is taken; two larger ones in turn must miss, since one
 *          may have been interrupted.
 * Threads: none.
 */
#ifndef PE_BLOCK_SIZE_H
#define PE_BLOCK_SIZE_H

#include <stdbool.h>
#include <stdint.h>

typedef struct pe_block_size {
    uint64_t items, most; /* the present size */
    bool is_growing;
    bool has_round_trip;          /* each block costs one */
    int long_blocks;              /* of this size, one after the other */
    uint64_t long_ns;             /* the shorter one of them */
    uint64_t best_items, best_ns; /* the size that made items cheapest, and its block; 0: none was long enough so far */
    int missed;                   /* larger sizes, one after the other, that made items no cheaper */
} pe_block_size;

/* pe_block_size_learn - update the size: a block of this size took this long. Returns whether the size has changed: then blocks
 * that were measured before say nothing, since short blocks cost more an item. */
bool pe_block_size_learn(pe_block_size *size, uint64_t ns);

#endif

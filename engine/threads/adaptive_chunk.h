/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* adaptive_chunk.h - how many items are handed out at once, by what the last ones cost.
 *
 * Design: begins with the least and at most quadruples, up to what the plan allows, so that items of any cost are
 *         balanced from the first on. A piece is to take a 256th of what lies before its taker, but no less than 2 ms (what
 *         handing out costs vanishes in that) and no more than 100 ms (others wait for the last piece). But where larger
 *         pieces make an item cheaper, the time is the pieces' own (each starts a program): then they grow. What comes out
 *         depends on time, so nothing that is written may depend on it.
 * Threads: any; the size is a hint, so the last one to learn wins.
 */
#ifndef PE_ADAPTIVE_CHUNK_H
#define PE_ADAPTIVE_CHUNK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct pe_adaptive_chunk_spec {
    uint64_t least, most; /* items at once */
    uint64_t unit;        /* only whole multiples of this, 0 for 1; least and most are such */
    uint64_t share;       /* items that lie before each taker; UINT64_MAX when not known */
    uint64_t least_ns;    /* that a piece is to take, where 2 ms are too little */
    uint64_t piece_ns;    /* not 0: what a piece is to take, whatever lies before its taker */
    bool is_fixed;        /* always `most` */
} pe_adaptive_chunk_spec;

typedef struct pe_adaptive_chunk {
    pe_adaptive_chunk_spec spec;
    atomic_uint_fast64_t items;               /* the size now */
    atomic_uint_fast64_t long_items, long_ns; /* a piece that took too long; 0: there was none */
} pe_adaptive_chunk;

void pe_adaptive_chunk_init(pe_adaptive_chunk *chunking, const pe_adaptive_chunk_spec *spec);
uint64_t pe_adaptive_chunk_items(const pe_adaptive_chunk *chunking); /* least to most */
/* pe_adaptive_chunk_piece - how many items to hand out from `first` on: none beyond the next multiple of `most`, since the plan knows
 * what such pieces take in memory, and what is left up to there in equal pieces: a short one after a long one would leave
 * its taker without work. Near pe_adaptive_chunk_items, up to half as many again. */
uint64_t pe_adaptive_chunk_piece(const pe_adaptive_chunk *chunking, uint64_t first);
void pe_adaptive_chunk_learn(pe_adaptive_chunk *chunking, uint64_t items, uint64_t ns);

#endif

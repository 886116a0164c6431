/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* adaptive_chunk.h - the adaptive size of a chunk: how many items are handed out at once, from the measured cost of
 * items.
 *
 * Invariant: the size is a multiple of unit between least and most. It depends on measured times, so no byte of the
 *         output may depend on it.
 * Design: the size begins at least and grows at most fourfold per measurement, so that the first chunks are balanced
 *         whatever an item costs. A chunk should take 1/256 of the work of its taker (share), but not
 *         less than 2 ms, since handing out a chunk then costs next to nothing in comparison, and not more than 100 ms,
 *         since the other workers wait for the last chunk. If a chunk takes longer, but larger chunks make an item
 *         cheaper, the time is a cost per chunk (such as the start of a program) and the size grows.
 *         Every level that hands out work uses this one: the work queue of a rank for chunks (rank_pool.c), also for
 *         runs of chunks whose size the user chose (piece_ns), and rank 0 for slices (ranks/root.c). What else decides
 *         an amount has another question: plan.c sets the bounds from memory and caches without knowing a time;
 *         ranks/dispatch.c decides how many slices a rank holds in advance, which depends on the latency of a message;
 *         split_range.h halves what is left when an estimate was wrong.
 * Threads: any; the size is a hint, and concurrent updates overwrite each other.
 */
#ifndef PE_ADAPTIVE_CHUNK_H
#define PE_ADAPTIVE_CHUNK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct pe_adaptive_chunk_spec {
    uint64_t least, most; /* items at once */
    uint64_t unit;        /* sizes are multiples of this, as least and most are; 0 is taken as 1 */
    uint64_t share;       /* items that each taker has to compute; UINT64_MAX when not known */
    uint64_t least_ns;    /* the least time of a chunk where 2 ms are too short; 0: 2 ms */
    uint64_t piece_ns;    /* not 0: the time that a chunk should take, whatever share is */
    bool is_fixed;        /* the size is always most */
} pe_adaptive_chunk_spec;

typedef struct pe_adaptive_chunk {
    pe_adaptive_chunk_spec spec;
    atomic_uint_fast64_t items;               /* the present size */
    atomic_uint_fast64_t long_items, long_ns; /* size and time of a chunk that took too long; 0: none so far */
} pe_adaptive_chunk;

void pe_adaptive_chunk_init(pe_adaptive_chunk *chunking, const pe_adaptive_chunk_spec *spec);
uint64_t pe_adaptive_chunk_items(const pe_adaptive_chunk *chunking); /* the present size */

/* pe_adaptive_chunk_piece - how many items to hand out from item `first` on.
 *
 * The chunk does not cross a multiple of most, because the plan has computed the memory of chunks aligned to it. The
 * items up to that multiple are divided equally, because a short last chunk would leave its taker idle earlier than the
 * others. So the result is close to pe_adaptive_chunk_items, and at most 1.5 times as many. */
uint64_t pe_adaptive_chunk_piece(const pe_adaptive_chunk *chunking, uint64_t first);

/* pe_adaptive_chunk_learn - update the size: a chunk of this many items took this long. */
void pe_adaptive_chunk_learn(pe_adaptive_chunk *chunking, uint64_t items, uint64_t ns);

#endif

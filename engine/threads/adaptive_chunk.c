/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* adaptive_chunk.c - the adaptive size of a chunk, from the measured cost of items. Design: adaptive_chunk.h.
 *
 * Threads: adaptive_chunk.h.
 */
#include "threads/adaptive_chunk.h"

#define LEAST_NS 2000000.0
#define MOST_NS 100000000.0
#define PIECES 256.0 /* chunks in what a taker has to compute */
#define GROWTH 4
#define CHEAPER 0.75 /* an item in a larger chunk must cost less than this much of one in a smaller chunk */

void pe_adaptive_chunk_init(pe_adaptive_chunk *chunking, const pe_adaptive_chunk_spec *spec)
{
    chunking->spec = *spec;
    if (chunking->spec.least > spec->most)
        chunking->spec.least = spec->most;
    atomic_init(&chunking->items, spec->is_fixed ? spec->most : chunking->spec.least);
    atomic_init(&chunking->long_items, 0);
    atomic_init(&chunking->long_ns, 0);
}

uint64_t pe_adaptive_chunk_items(const pe_adaptive_chunk *chunking)
{
    return atomic_load_explicit(&chunking->items, memory_order_relaxed); /* a hint: orders nothing */
}

uint64_t pe_adaptive_chunk_piece(const pe_adaptive_chunk *chunking, uint64_t first)
{
    const uint64_t unit = chunking->spec.unit > 0 ? chunking->spec.unit : 1;
    const uint64_t items = pe_adaptive_chunk_items(chunking);
    const uint64_t to_end = chunking->spec.most - first % chunking->spec.most;
    const uint64_t pieces = to_end <= items ? 1 : to_end / items + (to_end % items > items / 2 ? 1 : 0);
    const uint64_t units = to_end / pieces / unit + (to_end / pieces % unit != 0 ? 1 : 0);
    return units * unit < to_end ? units * unit : to_end;
}

static double within(double value, double least, double most)
{
    return value < least ? least : value > most ? most : value;
}

/* Whether items were cheaper in the larger chunk. If the larger chunk as a whole took much less time, its items were of
 * another kind, and the comparison says nothing. */
static bool is_cheaper_when_larger(uint64_t large, uint64_t large_ns, uint64_t small, uint64_t small_ns)
{
    return (double)large_ns / (double)large < CHEAPER * (double)small_ns / (double)small && large_ns > small_ns / 2;
}

/* Compares the last two chunks that took too long. Returns twice the larger size if its items were cheaper, else 0.
 * After a chunk of one item there is nothing to compare with, so the next size is 2. (Relaxed, and the two fields may
 * belong to different chunks: the size is a hint.) */
static uint64_t larger_if_cheaper(pe_adaptive_chunk *chunking, uint64_t items, uint64_t ns)
{
    const uint64_t other = atomic_load_explicit(&chunking->long_items, memory_order_relaxed);
    const uint64_t other_ns = atomic_load_explicit(&chunking->long_ns, memory_order_relaxed);
    if (items > 1 ? items >= 2 * other || items <= other / 2 : other == 0) {
        atomic_store_explicit(&chunking->long_items, items, memory_order_relaxed);
        atomic_store_explicit(&chunking->long_ns, ns, memory_order_relaxed);
    }
    if (other <= 1)
        return items == 1 ? 2 : 0;
    if (items > other)
        return is_cheaper_when_larger(items, ns, other, other_ns) ? items * 2 : 0;
    return is_cheaper_when_larger(other, other_ns, items, ns) ? other * 2 : 0;
}

/* The time that a chunk should take. */
static double target_ns(const pe_adaptive_chunk_spec *spec, double item_ns, double most_ns)
{
    const double least_ns = (double)spec->least_ns > LEAST_NS ? (double)spec->least_ns : LEAST_NS;
    if (spec->piece_ns != 0)
        return (double)spec->piece_ns;
    return within(item_ns * (double)spec->share / PIECES, least_ns, most_ns);
}

static uint64_t whole_units(const pe_adaptive_chunk_spec *spec, double items)
{
    const uint64_t unit = spec->unit > 0 ? spec->unit : 1;
    const uint64_t units = (uint64_t)(items / (double)unit);
    return units > 0 ? units * unit : unit;
}

void pe_adaptive_chunk_learn(pe_adaptive_chunk *chunking, uint64_t items, uint64_t ns)
{
    const pe_adaptive_chunk_spec *spec = &chunking->spec;
    if (spec->is_fixed || items == 0)
        return;
    const double most_ns = (double)spec->least_ns > MOST_NS ? (double)spec->least_ns : MOST_NS;
    const double item_ns = (double)(ns + 1) / (double)items;
    const uint64_t most = items > spec->most / GROWTH ? spec->most : items * GROWTH;
    const double by_time = within(target_ns(spec, item_ns, most_ns) / item_ns, 1, (double)most);
    const uint64_t larger = (double)ns > most_ns && spec->piece_ns == 0 ? larger_if_cheaper(chunking, items, ns) : 0;
    const double wanted = within(larger > 0 ? (double)larger : by_time, (double)spec->least, (double)spec->most);
    atomic_store_explicit(&chunking->items, whole_units(spec, wanted), memory_order_relaxed); /* as above */
}

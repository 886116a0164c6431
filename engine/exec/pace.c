/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* pace.c - how many items are handed out at once: pace.h.
 *
 * Threads: pace.h.
 */
#include "exec/pace.h"

#define LEAST_NS 2000000.0
#define MOST_NS 100000000.0
#define PIECES 256.0 /* of what lies before a worker */
#define GROWTH 4

void pe_pace_init(pe_pace *pace, uint64_t least, uint64_t most, uint64_t share, bool is_fixed)
{
    pace->least = least < most ? least : most;
    pace->most = most;
    pace->share = share;
    pace->is_fixed = is_fixed;
    atomic_init(&pace->items, is_fixed ? most : pace->least);
}

uint64_t pe_pace_items(const pe_pace *pace)
{
    return atomic_load_explicit(&pace->items, memory_order_relaxed); /* a hint: orders nothing */
}

static double within(double value, double least, double most)
{
    return value < least ? least : value > most ? most : value;
}

void pe_pace_learn(pe_pace *pace, uint64_t items, uint64_t ns)
{
    if (pace->is_fixed || items == 0)
        return;
    const double item_ns = (double)(ns + 1) / (double)items;
    const double piece_ns = within(item_ns * (double)pace->share / PIECES, LEAST_NS, MOST_NS);
    const uint64_t most = items > pace->most / GROWTH ? pace->most : items * GROWTH;
    const double wanted = within(piece_ns / item_ns, (double)pace->least, (double)most);
    atomic_store_explicit(&pace->items, (uint64_t)wanted, memory_order_relaxed); /* as above */
}

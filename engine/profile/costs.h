/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* costs.h - what items cost: a histogram, and the slowest of them with their arguments.
 *
 * Design: items are measured one by one where an item takes long, else together; then the histogram has them with their
 *         mean cost, and the slowest are groups. The struct is plain data, so it is sent and merged as it is.
 * Threads: one thread at a time.
 */
#ifndef PE_COSTS_H
#define PE_COSTS_H

#include <stdbool.h>
#include <stdint.h>

#define PE_COST_BUCKETS 112 /* two an octave, from 2^-6 ns up to 2^50 ns, which is 13 days */
#define PE_COST_SLOWEST 20
#define PE_COST_TEXT_ROOM 400

typedef struct pe_slow_item {
    uint64_t item;  /* the first, in the job's numbers */
    uint64_t count; /* measured together */
    uint64_t ns;    /* of all of them */
    double each_ns;
    char text[PE_COST_TEXT_ROOM]; /* "hypot(3.0, 4.0)" of a single item; empty: not known */
} pe_slow_item;

typedef struct pe_costs {
    uint64_t items[PE_COST_BUCKETS];
    double ns[PE_COST_BUCKETS];
    pe_slow_item slowest[PE_COST_SLOWEST]; /* descending by each_ns */
    int slow_count;
} pe_costs;

/* pe_costs_add - add a cost: this many items took this long. */
void pe_costs_add(pe_costs *costs, uint64_t items, uint64_t ns);
/* pe_costs_is_slow - would items of this mean cost be among the slowest? */
bool pe_costs_is_slow(const pe_costs *costs, double each_ns);
/* pe_costs_keep - put it among the slowest, which pe_costs_is_slow said it is. */
void pe_costs_keep(pe_costs *costs, const pe_slow_item *item);
void pe_costs_merge(pe_costs *into, const pe_costs *other);

/* pe_cost_bucket_ns - where a bucket begins; it ends where the next one begins. */
double pe_cost_bucket_ns(int bucket);
/* pe_costs_quantile_ns - the cost that the given share of the items does not exceed; 0 without items. */
double pe_costs_quantile_ns(const pe_costs *costs, double share);

#endif

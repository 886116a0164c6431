/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* costs.c - what items cost: a histogram, and the slowest of them with their arguments.
 *
 * Threads: costs.h.
 */
#include "profile/costs.h"

#include <math.h>

#define FIRST_EXPONENT (-6)
#define ROOT_OF_HALF 0.70710678118654752

static int bucket_of(double each_ns)
{
    int exponent = 0;
    const double mantissa = frexp(each_ns, &exponent); /* 0.5 <= mantissa < 1, and the value is mantissa * 2^exponent */
    const int bucket = 2 * (exponent - 1 - FIRST_EXPONENT) + (mantissa >= ROOT_OF_HALF ? 1 : 0);
    return bucket < 0 ? 0 : bucket < PE_COST_BUCKETS ? bucket : PE_COST_BUCKETS - 1;
}

double pe_cost_bucket_ns(int bucket)
{
    return ldexp(bucket % 2 == 0 ? 1 : 2 * ROOT_OF_HALF, bucket / 2 + FIRST_EXPONENT);
}

void pe_costs_add(pe_costs *costs, uint64_t items, uint64_t ns)
{
    if (items == 0)
        return;
    const int bucket = bucket_of((double)ns / (double)items);
    costs->items[bucket] += items;
    costs->ns[bucket] += (double)ns;
}

bool pe_costs_is_slow(const pe_costs *costs, double each_ns)
{
    return costs->slow_count < PE_COST_SLOWEST || each_ns > costs->slowest[PE_COST_SLOWEST - 1].each_ns;
}

void pe_costs_keep(pe_costs *costs, const pe_slow_item *item)
{
    if (costs->slow_count < PE_COST_SLOWEST)
        costs->slow_count++;
    int at = costs->slow_count - 1;
    for (; at > 0 && costs->slowest[at - 1].each_ns < item->each_ns; at--)
        costs->slowest[at] = costs->slowest[at - 1];
    costs->slowest[at] = *item;
}

void pe_costs_merge(pe_costs *into, const pe_costs *other)
{
    for (int bucket = 0; bucket < PE_COST_BUCKETS; bucket++) {
        into->items[bucket] += other->items[bucket];
        into->ns[bucket] += other->ns[bucket];
    }
    for (int i = 0; i < other->slow_count; i++)
        if (pe_costs_is_slow(into, other->slowest[i].each_ns))
            pe_costs_keep(into, &other->slowest[i]);
}

double pe_costs_quantile_ns(const pe_costs *costs, double share)
{
    uint64_t all = 0, sum = 0;
    for (int bucket = 0; bucket < PE_COST_BUCKETS; bucket++)
        all += costs->items[bucket];
    for (int bucket = 0; bucket < PE_COST_BUCKETS && all > 0; bucket++) {
        sum += costs->items[bucket];
        if ((double)sum >= share * (double)all)
            return costs->ns[bucket] / (double)(costs->items[bucket] > 0 ? costs->items[bucket] : 1);
    }
    return 0;
}

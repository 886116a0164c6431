/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* meter.c - measures what a worker's items cost, where the run is recorded.
 *
 * Threads: meter.h.
 */
#include "worker/meter.h"

#include "base/clock.h"
#include "profile/lane.h"

#define BATCH_NS 100000.0         /* a timed batch: what a batch costs, and reading the clock twice, take 400 ns */
#define VECTOR_ITEMS 16u          /* a kernel may compute this many at once: fewer would take as long */
#define TRAVEL_BATCH_NS 4000000.0 /* in another process a batch costs a round trip of 20 us */

static double batch_ns(const pe_worker *worker)
{
    return worker->spec->kernel.is_in_processes ? TRAVEL_BATCH_NS : BATCH_NS;
}

static uint64_t metered_batch(const pe_worker *worker, const pe_lane *lane, uint64_t most)
{
    if (!lane->is_metered || lane->item_ns <= 0)
        return most;
    const double items = batch_ns(worker) / lane->item_ns;
    if (items >= (double)most)
        return most;
    if (worker->spec->kernel.is_in_processes || (worker->spec->kernel.gives_in_order && items < 1))
        return items < 1 ? 1 : (uint64_t)items;
    const uint64_t least = most < VECTOR_ITEMS ? most : VECTOR_ITEMS;
    return items < VECTOR_ITEMS ? least : (uint64_t)items / VECTOR_ITEMS * VECTOR_ITEMS;
}

/* Decides by the cost of items in the chunk before. The first chunks are small, so their batches are timed. */
void pe_meter_begin_chunk(pe_worker *worker, uint64_t most)
{
    pe_lane *const lane = pe_lane_here;
    worker->chunk.batch_items = worker->spec->errors.has_joblog ? 1 : most;
    worker->chunk.is_metered = false;
    if (lane == NULL)
        return;
    const double planned_ns = lane->item_ns * (double)worker->spec->plan->batch_items;
    lane->is_metered = worker->chunk.is_metered = lane->item_ns <= 0 || planned_ns >= BATCH_NS;
    worker->chunk.batch_items = metered_batch(worker, lane, worker->chunk.batch_items);
}

/* The arguments are those of the batch, unless they could not be read. */
void pe_meter_print_call(pe_worker *worker, pe_block block, char out[PE_ITEM_TEXT_ROOM])
{
    const pe_work_spec *const spec = worker->spec;
    const pe_block read = worker->args.read;
    pe_error ignored = PE_ERROR_INIT;
    out[0] = '\0';
    if (block.count != 1 || block.first < read.first || block.first - read.first >= read.count ||
        pe_arguments_values(&worker->args, block, &ignored) != PE_OK)
        return;
    pe_item_text_print(spec->kernel.descriptor->name, &spec->kernel.signature, worker->args.values, 0, out);
}

_Static_assert((int)PE_COST_TEXT_ROOM == (int)PE_ITEM_TEXT_ROOM, "a slow item has room for the text of an item");

static void add_cost(pe_worker *worker, pe_lane *lane, pe_block block, uint64_t ns)
{
    const double each_ns = (double)ns / (double)block.count;
    pe_costs_add(&lane->costs, block.count, ns);
    if (!pe_costs_is_slow(&lane->costs, each_ns))
        return;
    pe_slow_item slow = {.item = block.first, .count = block.count, .ns = ns, .each_ns = each_ns};
    pe_meter_print_call(worker, block, slow.text);
    pe_costs_keep(&lane->costs, &slow);
}

void pe_meter_add(pe_worker *worker, pe_block block, uint64_t began_ns, uint64_t away_ns)
{
    pe_lane *const lane = pe_lane_here;
    const uint64_t ns = pe_clock_ns() - began_ns, away = lane->away_ns - away_ns;
    add_cost(worker, lane, block, ns > away ? ns - away : 0);
}

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* plan.c - computes slices, chunks, batches and buffers of a run from items, ranks, threads and memory: integers only.
 *
 * Invariant: the buffers of a plan fit pool.memory; slices and chunks cover every item exactly once (plan.h).
 * Design: sizes are chosen first, then the number of buffers of that size that the memory allows. A chunk fills part of
 *         the second-level cache, but is small enough that every worker gets many chunks for balance. One rank delivers
 *         chunks; several ranks send slices, which are as many chunks as make a message worth its cost.
 *         The plan does not measure time, so it sets bounds only; within them threads/adaptive_chunk.h and ranks/dispatch.c
 *         adapt the sizes to the measured cost of items.
 * Not here: the bytes that the buffers take (plan_memory.c), the sizes of items and inputs
 *         (run/prepare/plan_request.c), claiming chunks (threads/work_queue.c).
 */
#include "plan/plan.h"

#include "base/saturate.h"
#include "plan/plan_internal.h"

#define CHUNK_BYTES (256 * KIB) /* half of a common second-level cache, for input or output of one chunk */
#define PLACED_BYTES (1 * MIB)  /* of one write to the file: smaller ones contend for its lock and share more pages */
#define SUMMED_BYTES (4 * MIB)  /* of rows that are digested: the digests then fill half a cache */
#define SLICE_BYTES (512 * KIB) /* messages of 256 KiB to 4 MiB between ranks of a node have the best bandwidth */
#define BATCH_BYTES (24 * KIB)  /* columns of one kernel call: most of a first-level cache */
#define BATCH_MOST 4096
#define BATCH_LEAST 16
#define CHUNK_GRAINS 4           /* grains in a chunk at least; each costs its worker a wait for its writes */
#define TRAVEL_BYTES CHUNK_BYTES /* of a batch to another process: a round trip costs tens of microseconds */
#define TRAVEL_MOST 8192         /* items of such a batch: more Python objects do not fit the second-level cache */
#define BALANCE_CHUNKS 64        /* chunks per worker at least, for balance */
#define BALANCE_SLICES 32        /* slices per rank at least, for balance */
#define CHUNK_MOST ((uint64_t)1 << 20)
#define RUN_CHUNKS_MOST 1024     /* chunks of a size chosen by the user that are claimed at once */
#define MEMORY_BYTES (256 * MIB) /* pool.memory by default */
#define SLOTS_MOST 1024
#define DEPTH_MOST 1024
#define THREADS_MOST (1 << 20) /* of a rank, so that slots and depth, a few times as many, fit an int */
#define DEPTH_SOLO 32          /* slices that a single rank reads ahead of a stream: its memory is for results */
#define PARTS_MOST                                                                                                     \
    32 /* the window may hold this many times more parts of slices, or of chunks, than whole ones; at most */
#define CHUNKS_MOST 4096
#define PULLS_LEAST 4 /* results received at once take a quarter of the window, which keeps a fast network busy */
#define PULLS_MOST 64
#define PULL_SHARE 4
#define AHEAD_NS 2000000u           /* of work in advance: longer than a main thread sleeps and a message takes */
#define AHEAD_CROWDED_NS 200000000u /* the same where main threads wait for a core: several time slices */
#define RUN_BYTES (64 * KIB)        /* of results in a run of slices; a larger slice is dispatched by itself */
#define RUN_SHARE 256               /* a run has at most pool.memory / 256 bytes of results */
#define WINDOW_MOST 16384           /* entries of the window, and one more per rank: 3 MiB, and 220 bytes per rank */
#define TEXT_BYTES_LEAST 64
#define TEXT_SHARE 4               /* the longest text is pool.memory / 4, */
#define TEXT_BYTES_MOST (64 * MIB) /* or this, if it is more and pool.memory allows it */

static size_t input_bytes(const pe_plan_request *request, uint64_t chunk_items)
{
    return request->chunk_input_bytes == NULL ? 0 : request->chunk_input_bytes(request->source, chunk_items);
}

/* The bytes that the columns or rows of a chunk should have. */
static size_t best_bytes(const pe_plan_request *request)
{
    return request->is_placed ? PLACED_BYTES : request->digested_bytes != NULL ? SUMMED_BYTES : CHUNK_BYTES;
}

/* The most items of a chunk. */
static uint64_t most_items(const pe_plan_request *request)
{
    const size_t chunk_bytes = best_bytes(request);
    const size_t larger = pe_at_least(pe_at_least(request->in_item_bytes, request->out_item_bytes), 1);
    return pe_at_most(pe_at_least(chunk_bytes / larger, 1), CHUNK_MOST);
}

static size_t output_bytes(const pe_plan_request *request, uint64_t chunk_items)
{
    size_t bytes = pe_mul_most(chunk_items, request->out_item_bytes);
    if (request->has_text_result)
        bytes = pe_add_most(bytes, pe_at_least(pe_mul_most(2, input_bytes(request, chunk_items)),
                                               pe_mul_most(chunk_items, TEXT_BYTES_LEAST)));
    else if (request->has_text_lines)
        bytes = pe_add_most(bytes, pe_mul_most(2, input_bytes(request, chunk_items)));
    if (request->digested_bytes != NULL && bytes < SIZE_MAX)
        bytes = request->digested_bytes(bytes);
    return pe_at_least(bytes, 64);
}

/* The size of a chunk: the largest that fits best_bytes and leaves every worker BALANCE_CHUNKS chunks. */
static uint64_t best_chunk(const pe_plan_request *request, const char **why)
{
    const size_t input_most = 2 * pe_at_most(best_bytes(request), PLACED_BYTES);
    uint64_t items = most_items(request);
    *why = request->is_placed                ? "1 MiB at once"
           : request->digested_bytes != NULL ? "4 MiB at once"
                                             : "fills half a cache";
    if (request->items != PE_ITEMS_UNKNOWN) {
        const uint64_t workers = (uint64_t)request->ranks * (uint64_t)request->threads;
        const uint64_t by_balance = pe_at_least(request->items / pe_mul_most(workers, BALANCE_CHUNKS), 1);
        *why = by_balance < items ? "64 or more per worker" : *why;
        items = pe_at_most(items, by_balance);
    }
    while (items > 1 && input_bytes(request, items) > input_most)
        items /= 2;
    return items;
}

/* Small chunks of a size that the user chose are claimed several at once. Exceptions: chunks of a stream, which must
 * not wait for later items, and chunks that go to another process. */
static void choose_chunk(const pe_plan_request *request, pe_plan *plan)
{
    const bool is_stream = request->items == PE_ITEMS_UNKNOWN;
    plan->chunk_items = best_chunk(request, &plan->why);
    if (!plan->is_fixed)
        return;
    /* the bytes of a stream's chunk are bounded too, so there the given size is an upper bound */
    plan->grain_items =
        pe_at_most(request->chunk_items, is_stream ? most_items(request) : pe_at_least(request->items, 1));
    const uint64_t run = pe_at_most(plan->chunk_items / plan->grain_items, RUN_CHUNKS_MOST);
    plan->chunk_items = plan->grain_items * (is_stream || request->is_in_processes ? 1 : pe_at_least(run, 1));
    plan->why = "as given";
}

static uint64_t choose_slice_chunks(const pe_plan_request *request, const pe_plan *plan)
{
    if (request->ranks == 1 || request->items == PE_ITEMS_UNKNOWN)
        return 1;
    const size_t slice_bytes =
        request->memory_bytes != 0 ? pe_at_most(SLICE_BYTES, pe_at_least(request->memory_bytes / 64, 1)) : SLICE_BYTES;
    const size_t chunk_bytes = pe_at_least(plan->chunk_out_bytes, plan->chunk_in_bytes);
    const uint64_t chunks = pe_divide_up(pe_at_least(request->items, 1), plan->chunk_items);
    const uint64_t by_balance = chunks / ((uint64_t)request->ranks * BALANCE_SLICES);
    return pe_at_least(pe_at_most(pe_divide_up(slice_bytes, chunk_bytes), by_balance), 1);
}

/* How many slices may be dispatched and gathered as one, if their results are small: fewer messages for rank 0. */
static uint64_t choose_run(const pe_plan_request *request, const pe_plan *plan, size_t memory)
{
    if (plan->ranks == 1 || plan->schedule == PE_SCHEDULE_STATIC || request->items == PE_ITEMS_UNKNOWN)
        return 1;
    return pe_at_least(pe_at_most(RUN_BYTES, memory / RUN_SHARE) / pe_plan_slice_out_bytes(plan), 1);
}

static int choose_pulls(const pe_plan *plan, size_t window)
{
    const uint64_t pulls = window / PULL_SHARE / pe_plan_dispatch_out_bytes(plan);
    return plan->ranks == 1 ? 0 : (int)pe_at_most(pe_at_least(pulls, PULLS_LEAST), PULLS_MOST);
}

static void set_chunks_most(pe_plan *plan)
{
    const uint64_t least = (uint64_t)plan->slots;
    plan->chunks_most =
        (int)pe_at_least(pe_at_most(plan->chunk_items > 1 ? least * PARTS_MOST : least, CHUNKS_MOST), least);
}

/* The largest window that the memory allows: slots on one rank, slices a rank on several. */
static pe_status choose_window(const pe_plan_request *request, pe_plan *plan, pe_error *err)
{
    const size_t most = request->memory_bytes != 0 ? request->memory_bytes : MEMORY_BYTES;
    const size_t wanted = pe_plan_wanted_bytes(most, plan->ranks);
    const int least_slots = 2 * plan->threads + 2;
    const int ahead = (int)pe_divide_up(2 * (uint64_t)plan->threads, plan->chunks_per_slice) + 1;

    plan->ahead = ahead;
    plan->run_slices = choose_run(request, plan, most);
    plan->pulls = choose_pulls(plan, wanted);
    plan->pull_bytes = pe_plan_dispatch_out_bytes(plan);
    plan->text_bytes = pe_at_most(most, pe_at_least(most / TEXT_SHARE, TEXT_BYTES_MOST));
    const int deepest = plan->ranks == 1 ? DEPTH_SOLO : DEPTH_MOST;
    for (int depth = deepest > 2 * ahead ? deepest : 2 * ahead; depth >= ahead; depth = depth * 3 / 4) {
        plan->depth = depth;
        plan->slots = plan->ranks > 1
                          ? depth + (int)pe_at_most(plan->chunks_per_slice, SLOTS_MOST) + least_slots
                          : (int)pe_at_least(pe_at_most(32 * (uint64_t)depth, SLOTS_MOST), (uint64_t)least_slots);
        plan->window_slices =
            pe_at_most((uint64_t)plan->ranks * (uint64_t)depth * PARTS_MOST, WINDOW_MOST + (uint64_t)plan->ranks);
        set_chunks_most(plan);
        while (plan->ranks == 1 && plan->slots > least_slots && pe_plan_buffer_bytes(request, plan, most) > wanted) {
            plan->slots = (int)pe_at_least((uint64_t)plan->slots * 3 / 4, (uint64_t)least_slots);
            set_chunks_most(plan);
        }
        if (pe_plan_buffer_bytes(request, plan, most) <= wanted || depth <= ahead)
            break;
    }
    plan->buffer_bytes = pe_plan_buffer_bytes(request, plan, most);
    return plan->buffer_bytes == SIZE_MAX ? pe_plan_refuse_overflow(request, plan, err)
           : plan->buffer_bytes > most    ? pe_plan_refuse_memory(plan, most, err)
                                          : PE_OK;
}

static void choose_batch(const pe_plan_request *request, pe_plan *plan)
{
    const bool is_summed = request->digested_bytes != NULL; /* digests read the rows from the cache */
    const size_t columns = request->is_generated ? 0 : request->in_item_bytes;
    const size_t touched = pe_at_least(pe_add_most(columns, is_summed ? request->out_item_bytes : 0), 1);
    /* a chunk of a given size may take long, and a stop is checked between batches */
    const bool is_large = request->is_generated && !is_summed && !plan->is_fixed;
    const size_t bytes = request->is_in_processes ? TRAVEL_BYTES : is_large ? CHUNK_BYTES : BATCH_BYTES;
    const uint64_t most = request->is_in_processes ? TRAVEL_MOST : is_large ? CHUNK_MOST : BATCH_MOST;
    const uint64_t items = pe_at_least(pe_at_most(bytes / touched, most), BATCH_LEAST);
    const uint64_t part =
        pe_at_least(plan->chunk_items / CHUNK_GRAINS, BATCH_LEAST); /* other workers can steal the rest */
    const uint64_t whole = plan->is_fixed ? plan->grain_items : plan->chunk_items;
    plan->batch_items = pe_at_most(plan->is_fixed || request->is_in_processes ? items : pe_at_most(items, part), whole);
    const uint64_t batches = plan->chunk_items / (CHUNK_GRAINS * plan->batch_items);
    if (!plan->is_fixed)
        plan->grain_items = plan->batch_items * (is_summed ? 1 : pe_at_least(batches, 1)); /* small against the chunk */
    plan->read_items = plan->is_fixed ? pe_at_most(items, plan->chunk_items) : plan->batch_items;
}

/* All sizes that follow from chunk_items. */
static pe_status choose_sizes(const pe_plan_request *request, pe_plan *plan, pe_error *err)
{
    plan->chunk_in_bytes = input_bytes(request, plan->chunk_items);
    plan->chunk_out_bytes = output_bytes(request, plan->chunk_items);
    plan->chunks_per_slice = choose_slice_chunks(request, plan);
    plan->slice_items = plan->chunk_items * plan->chunks_per_slice;
    plan->payload_bytes = request->has_payload ? pe_mul_most(plan->chunk_in_bytes, plan->chunks_per_slice) : 0;
    if (request->items != PE_ITEMS_UNKNOWN)
        plan->slices = pe_divide_up(request->items, plan->slice_items);
    choose_batch(request, plan);
    return choose_window(request, plan, err);
}

pe_status pe_plan_make(const pe_plan_request *request, pe_plan *out, pe_error *err)
{
    pe_plan plan = {.items = request->items,
                    .ranks = request->ranks,
                    .threads = request->threads,
                    .order = request->order,
                    .is_fixed = request->chunk_items != 0,
                    .counts_bytes = request->has_text_result || request->has_lines,
                    .ahead_ns = request->is_crowded ? AHEAD_CROWDED_NS : AHEAD_NS,
                    .slices = PE_ITEMS_UNKNOWN};
    plan.schedule = request->schedule == PE_SCHEDULE_STATIC && request->items != PE_ITEMS_UNKNOWN
                        ? PE_SCHEDULE_STATIC
                        : PE_SCHEDULE_DYNAMIC; /* a stream's slices do not exist before they are read */
    if (request->threads < 1 || request->threads > THREADS_MOST || request->ranks < 1)
        return pe_fail(err, PE_ECONFIG, "pool.threads: expected 1 to %d threads on 1 or more ranks, got %d on %d",
                       THREADS_MOST, request->threads, request->ranks);
    choose_chunk(request, &plan);
    const uint64_t least = plan.is_fixed ? plan.grain_items : 1;
    pe_status status = choose_sizes(request, &plan, err);
    while (status != PE_OK && plan.chunk_items > least) { /* the memory is too small: try smaller chunks */
        *err = (pe_error)PE_ERROR_INIT;
        plan.chunk_items = plan.chunk_items / least / 2 * least;
        plan.why = plan.is_fixed ? plan.why : "fits pool.memory";
        status = choose_sizes(request, &plan, err);
    }
    if (status != PE_OK)
        return status;
    plan.peak_bytes = pe_plan_peak_bytes(request, &plan);
    if (plan.peak_bytes == SIZE_MAX)
        return pe_plan_refuse_peak(request, &plan, err);
    *out = plan;
    return PE_OK;
}

uint64_t pe_plan_span(const pe_plan *plan, pe_block block)
{
    return pe_divide_up(block.count, plan->slice_items);
}

uint64_t pe_plan_share(const pe_plan *plan)
{
    const uint64_t workers = (uint64_t)plan->ranks * (uint64_t)plan->threads;
    return plan->items == PE_ITEMS_UNKNOWN ? UINT64_MAX : pe_at_least(plan->items / workers, 1);
}

int pe_plan_owner(const pe_plan *plan, uint64_t slice)
{
    return (int)(slice % (uint64_t)plan->ranks);
}

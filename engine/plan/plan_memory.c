/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* plan_memory.c - the bytes that a plan takes in one rank, and the refusal of a plan that takes too many.
 *
 * Invariant: no sum or product wraps around: it ends at SIZE_MAX (base/saturate.h), which no plan may have.
 * Design:    a refusal names the first size that is too large and the numbers that it is made of, since the sum alone
 *            does not say which of them to change.
 * Not here:  the choice of sizes that fit (plan.c).
 */
#include "base/saturate.h"
#include "plan/plan_internal.h"

#define WINDOW_BYTES (16 * MIB) /* the window: this many bytes of buffers where pool.memory allows it, */
#define WINDOW_SHARE 8          /* or pool.memory / 8 on one rank, which fills it only while a slow item is computed, */
#define WINDOW_SHARE_RANKS                                                                                             \
    16                /* or pool.memory / 16 on several, which cycle through all of it, so it should fit caches */
#define TEXT_COPIES 3 /* of the longest text that a rank holds at the same time */
#define PART_BYTES_LEAST (4 * KIB)
#define PART_BYTES_MOST (1 * MIB)
#define PARTS_A_WORKER 8         /* parts of a chunk in the window, per worker */
#define PART_COPIES 4            /* of a part that a worker holds: computed, encoded, and while a buffer grows */
#define THREAD_BYTES (512 * KIB) /* per worker: stack, C library arena, pages at the ends of mapped files */
#define MAPPED_BYTES (4 * MIB)   /* per worker: pages of a mapped input that are read and not yet released */
#define MPI_BYTES (24 * MIB)     /* that MPI allocates for messages after its start */
#define SLACK_BYTES (4 * MIB)

/* What the buffers of a rank take where pool.memory allows it. */
size_t pe_plan_wanted_bytes(size_t memory, int ranks)
{
    return pe_at_most(pe_at_least(memory / (ranks == 1 ? WINDOW_SHARE : WINDOW_SHARE_RANKS), WINDOW_BYTES), memory);
}

/* Texts have no known size: their window is a part of the memory, whatever number of them it holds. */
static size_t text_window(const pe_plan_request *request, size_t memory)
{
    return request->has_text_result ? pe_plan_wanted_bytes(memory, request->ranks) / 2 : 0;
}

size_t pe_plan_slice_out_bytes(const pe_plan *plan)
{
    return pe_mul_most(plan->chunk_out_bytes, plan->chunks_per_slice);
}

size_t pe_plan_dispatch_out_bytes(const pe_plan *plan)
{
    return pe_mul_most(pe_plan_slice_out_bytes(plan), plan->run_slices);
}

static size_t result_bytes(const pe_plan_request *request, const pe_plan *plan, size_t memory)
{
    size_t bytes = pe_mul_most((size_t)plan->slots, plan->chunk_out_bytes);
    if (plan->ranks > 1)
        bytes = pe_add_most(bytes, pe_mul_most((size_t)plan->depth, pe_plan_slice_out_bytes(plan)));
    if (plan->run_slices > 1)
        bytes = pe_add_most(bytes, pe_mul_most((size_t)plan->slots, pe_plan_dispatch_out_bytes(plan)));
    return pe_at_least(bytes, text_window(request, memory));
}

/* The results of a chunk may be delivered in parts of this size, so that several fit into the window for each
 * worker. */
static size_t part_bytes(const pe_plan_request *request, const pe_plan *plan)
{
    if (!request->has_text_result)
        return PE_PLAN_NO_PARTS;
    return pe_at_most(
        pe_at_least(plan->result_bytes / (PARTS_A_WORKER * ((size_t)plan->threads + 2)), PART_BYTES_LEAST),
        PART_BYTES_MOST);
}

static size_t item_bytes(const pe_plan_request *request)
{
    return pe_add_most(request->in_item_bytes, request->out_item_bytes);
}

/* What one worker holds: its columns, its reader's scratch, its input, and texts as they grow. */
static size_t worker_bytes(const pe_plan_request *request, const pe_plan *plan)
{
    const size_t copies = request->is_in_processes ? 3 : 1; /* on the way there, on the way back */
    size_t bytes = pe_mul_most(pe_mul_most(copies, plan->read_items), item_bytes(request));
    if (request->reader_bytes != NULL)
        bytes = pe_add_most(bytes, request->reader_bytes(request->source, plan->chunk_items));
    if (request->has_text_result)
        bytes = pe_add_most(bytes, PART_COPIES * plan->part_bytes);
    return pe_add_most(bytes, pe_add_most(request->worker_bytes, plan->chunk_in_bytes));
}

/* What one rank holds: chunks and slices, payloads, pulls, and its workers. */
size_t pe_plan_buffer_bytes(const pe_plan_request *request, pe_plan *plan, size_t memory)
{
    plan->result_bytes = result_bytes(request, plan, memory);
    plan->part_bytes = part_bytes(request, plan);
    size_t bytes = pe_add_most(plan->result_bytes, (size_t)plan->chunks_most * PE_PLAN_CHUNK_BYTES);
    bytes = pe_add_most(bytes, pe_mul_most((size_t)plan->threads, worker_bytes(request, plan)));
    if (plan->ranks > 1) {
        bytes = pe_add_most(bytes, pe_mul_most((size_t)plan->pulls, plan->pull_bytes));
        bytes = pe_add_most(bytes, (size_t)plan->window_slices * (PE_PLAN_ENTRY_BYTES + PE_PLAN_PART_BYTES));
        bytes = pe_add_most(bytes, (size_t)plan->ranks * PE_PLAN_RANK_BYTES);
    }
    const size_t payloads = (size_t)plan->depth * (plan->ranks > 1 ? 2 : 1) + 2;
    return request->has_payload ? pe_add_most(bytes, pe_mul_most(payloads, plan->payload_bytes)) : bytes;
}

/* In the form of pool.memory: whole MiB or KiB, rounded up. */
static const char *print_size(char out[32], size_t bytes)
{
    const bool is_large = bytes % MIB == 0 || bytes >= 16 * MIB;
    (void)snprintf(out, 32, is_large ? "%zu MiB" : "%zu KiB", (size_t)pe_divide_up(bytes, is_large ? MIB : KIB));
    return out;
}

pe_status pe_plan_refuse_memory(const pe_plan *plan, size_t most, pe_error *err)
{
    char given[32], needed[32];
    return pe_fail(
        err, PE_ECONFIG,
        "pool.memory: %s cannot hold the smallest window of this job, which takes %s (%llu item%s per chunk, "
        "%d thread%s): raise pool.memory%s",
        print_size(given, most), print_size(needed, plan->buffer_bytes), (unsigned long long)plan->chunk_items,
        pe_plural(plan->chunk_items), plan->threads, pe_plural((uint64_t)plan->threads),
        plan->chunk_items > 1 ? " or lower pool.chunk_size"
        : plan->threads > 1   ? " or lower --threads"
                              : "");
}

/* Names the first of the sizes that is beyond 64 bits, with the numbers that it is made of. */
pe_status pe_plan_refuse_overflow(const pe_plan_request *request, const pe_plan *plan, pe_error *err)
{
    static const char beyond[] = "are more bytes than 64 bits can count";
    const unsigned long long items = plan->chunk_items;
    const size_t worker = worker_bytes(request, plan);
    if (item_bytes(request) == SIZE_MAX)
        return pe_fail(err, PE_ECONFIG, "an item: %zu bytes of arguments and %zu of results %s", request->in_item_bytes,
                       request->out_item_bytes, beyond);
    if (plan->chunk_in_bytes == SIZE_MAX || plan->chunk_out_bytes == SIZE_MAX)
        return pe_fail(
            err, PE_ECONFIG,
            "pool.chunk_size: %llu item%s per chunk, with %zu bytes of arguments and %zu of results each, %s", items,
            pe_plural(items), request->in_item_bytes, request->out_item_bytes, beyond);
    if (worker == SIZE_MAX || pe_mul_most(worker, (size_t)plan->threads) == SIZE_MAX)
        return pe_fail(err, PE_ECONFIG, "pool.threads: %d thread%s with %zu bytes each (%llu item%s per chunk) %s",
                       plan->threads, pe_plural((uint64_t)plan->threads), worker, items, pe_plural(items), beyond);
    return pe_fail(err, PE_ECONFIG,
                   "pool.chunk_size: %d chunks of %llu item%s, with %zu bytes of results each chunk, %s", plan->slots,
                   items, pe_plural(items), plan->chunk_out_bytes, beyond);
}

pe_status pe_plan_refuse_peak(const pe_plan_request *request, const pe_plan *plan, pe_error *err)
{
    return pe_fail(err, PE_ECONFIG,
                   "pool.memory: the peak is more bytes than 64 bits can count: buffers of %zu, inputs and output "
                   "kept in memory %zu, the process itself %zu",
                   plan->buffer_bytes, request->whole_run_bytes, request->process_bytes);
}

/* The list of spilled results, and what is read of them at a time. Of slices with an item that takes long, which is one per
 * worker at most, the input. */
static size_t spill_bytes(const pe_plan_request *request, const pe_plan *plan)
{
    const size_t part = request->has_text_result ? pe_add_most(2 * plan->part_bytes, plan->text_bytes)
                                                 : pe_plan_dispatch_out_bytes(plan);
    const size_t payloads = request->has_payload ? pe_mul_most((size_t)plan->threads, plan->payload_bytes) : 0;
    return pe_add_most(pe_add_most(PE_PLAN_SPILL_BYTES, part), payloads);
}

/* Where slices come in parts, each chunk of each rank may be announced apart. */
static size_t announced_bytes(const pe_plan_request *request, const pe_plan *plan)
{
    const bool has_parts = plan->ranks > 1 && (request->has_text_result || request->spills_results);
    return has_parts ? (size_t)plan->ranks * (size_t)plan->chunks_most * PE_PLAN_PART_BYTES : 0;
}

/* A line is put together by a worker, and waits on rank 0 to be written to the log and to the checkpoint's list. */
static size_t line_bytes(const pe_plan_request *request, const pe_plan *plan)
{
    const size_t copies = (size_t)plan->threads + 2;
    return request->has_text_lines ? pe_mul_most(copies, pe_mul_most(2, plan->chunk_in_bytes)) : 0;
}

/* The peak of the whole process: buffers, the memory of source and sink, stacks, mapped input, MPI. */
size_t pe_plan_peak_bytes(const pe_plan_request *request, const pe_plan *plan)
{
    const size_t threads = (size_t)plan->threads;
    size_t bytes = pe_add_most(plan->buffer_bytes, pe_add_most(request->whole_run_bytes, request->process_bytes));
    bytes = pe_add_most(bytes, SLACK_BYTES + (plan->ranks > 1 ? MPI_BYTES : 0));
    bytes = pe_add_most(bytes, pe_mul_most(threads + 1, pe_add_most(THREAD_BYTES, plan->chunk_in_bytes)));
    if (plan->chunk_in_bytes > 0 && !request->has_payload)
        bytes = pe_add_most(bytes, threads * MAPPED_BYTES);
    if (request->spills_results)
        bytes = pe_add_most(bytes, spill_bytes(request, plan));
    bytes = pe_add_most(bytes, announced_bytes(request, plan));
    bytes = pe_add_most(bytes, line_bytes(request, plan));
    return request->has_text_result ? pe_add_most(bytes, pe_mul_most(TEXT_COPIES, plan->text_bytes)) : bytes;
}

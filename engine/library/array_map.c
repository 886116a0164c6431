/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* array_map.c - the library interface of pengine.h: maps a kernel over arrays in memory.
 *
 * Invariant: each item is computed once; imap passes blocks to the caller in the order of the items.
 * Design: a run with one rank and its own worker vtable. Workers read the caller's arrays. For map they write into the
 *         caller's result arrays, so a chunk has no bytes to deliver. For imap the buffer of a chunk holds a header and
 *         its result columns one after the other; the reorder buffer delivers them in order.
 * Threads: a worker belongs to one thread; array_run does not change during the run, but for stop.
 * Not here: files, MPI.
 */
#include <pengine/pengine.h>

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "kernel/call.h"
#include "kernel/item_text.h"
#include "kernel/registry.h"
#include "ranks/execute_plan.h"
#include "threads/thread_placement.h"

#define COLUMN_ALIGN 64u

typedef struct array_run {
    const pe_kernel *kernel;
    pe_signature signature;
    const void *const *args;
    void *const *results; /* map's; NULL for imap */
    pe_array_take take;
    void *context;
    atomic_bool stop;
    pe_plan plan;
    size_t arg_bytes, result_bytes; /* of one item */
} array_run;

typedef struct array_worker {
    const array_run *run;
    pe_call *call;
} array_worker;

static size_t aligned(size_t bytes)
{
    return (bytes + COLUMN_ALIGN - 1) / COLUMN_ALIGN * COLUMN_ALIGN;
}

static void close_worker(void *context)
{
    array_worker *worker = context;
    if (worker != NULL)
        pe_call_free(worker->call);
    free(worker);
}

static pe_status open_worker(const void *work_spec, void **out, pe_error *err)
{
    const array_run *run = work_spec;
    array_worker *worker = NULL;
    pe_status status = pe_make_array(&worker, 1, sizeof *worker, err);
    if (status != PE_OK)
        return status;
    worker->run = run;
    *out = worker; /* the pool closes it in either case */
    return pe_call_make(run->kernel, &run->signature, NULL, &worker->call, err);
}

/* The header of a chunk's buffer; the columns follow. */
typedef struct array_head {
    pe_block block; /* the items that were computed; the tail of the claimed block may have been stolen */
    uint64_t room;  /* capacity of each column, in items */
} array_head;

/* Sets results to the beginning of the chunk's columns: in the caller's arrays, or in the chunk's buffer behind the
 * header. */
static pe_status set_results(const array_run *run, pe_block chunk, pe_buffer *out, void *results[PE_MAX_COLUMNS],
                             pe_error *err)
{
    const pe_signature *signature = &run->signature;
    size_t bytes = aligned(sizeof(array_head));
    for (int r = 0; r < signature->result_count; r++) {
        const size_t item_bytes = pe_type_bytes(signature->results[r]);
        if (run->results != NULL)
            results[r] = (unsigned char *)run->results[r] + chunk.first * item_bytes;
        else
            bytes += aligned(chunk.count * item_bytes);
    }
    if (run->results != NULL)
        return PE_OK;
    const pe_status status = pe_buffer_reserve(out, bytes, err);
    if (status != PE_OK)
        return status;
    out->size = bytes;
    bytes = aligned(sizeof(array_head));
    for (int r = 0; r < signature->result_count; r++) {
        results[r] = out->data + bytes;
        bytes += aligned(chunk.count * pe_type_bytes(signature->results[r]));
    }
    return PE_OK;
}

static pe_status run_batch(array_worker *worker, pe_block batch, void *const *results, pe_error *err)
{
    const array_run *run = worker->run;
    const pe_signature *signature = &run->signature;
    const void *args[PE_MAX_COLUMNS];
    char text[PE_ITEM_TEXT_ROOM];
    for (int a = 0; a < signature->arg_count; a++)
        args[a] = (const unsigned char *)run->args[a] + batch.first * pe_type_bytes(signature->args[a]);
    const pe_status status = pe_call_run(worker->call, batch.first, batch.count, args, results, err);
    size_t failed = 0;
    const pe_failure *failures = status == PE_OK ? pe_call_failures(worker->call, &failed) : NULL;
    if (failed == 0)
        return status;
    pe_item_text_print(run->kernel->name, signature, args, failures[0].item - batch.first, text);
    return pe_fail_item(err, PE_EITEM, failures[0].item, "item %llu: %s: %s", (unsigned long long)failures[0].item,
                        text, failures[0].reason);
}

static pe_status run_grain(array_worker *worker, pe_block grain, void *const *results, const atomic_bool *stop,
                           pe_error *err)
{
    const array_run *run = worker->run;
    void *shifted[PE_MAX_COLUMNS];
    pe_status status = PE_OK;
    for (uint64_t done = 0; done < grain.count && status == PE_OK; done += run->plan.batch_items) {
        const uint64_t left = grain.count - done;
        const uint64_t count = left < run->plan.batch_items ? left : run->plan.batch_items;
        if (atomic_load_explicit(stop, memory_order_relaxed)) /* only to end sooner */
            break;
        for (int r = 0; r < run->signature.result_count; r++)
            shifted[r] = (unsigned char *)results[r] + done * pe_type_bytes(run->signature.results[r]);
        status = run_batch(worker, (pe_block){.first = grain.first + done, .count = count}, shifted, err);
    }
    return status;
}

static pe_status run_worker(void *context, pe_split_range *range, const pe_buffer *payload, pe_chunk_result *out,
                            const pe_chunk_flow *flow, pe_error *err)
{
    (void)payload;
    array_worker *worker = context;
    const array_run *run = worker->run;
    const pe_block claimed = range->block;
    void *results[PE_MAX_COLUMNS];
    pe_status status = set_results(run, claimed, &out->bytes, results, err);
    for (pe_block grain; status == PE_OK && pe_split_range_next(range, &grain);) {
        status = run_grain(worker, grain, results, flow->stop, err);
        if (status == PE_OK)
            out->items += grain.count;
        else if (status == PE_EITEM) /* all items before it are computed */
            out->items = err->item - claimed.first;
        for (int r = 0; r < run->signature.result_count; r++)
            results[r] = (unsigned char *)results[r] + grain.count * pe_type_bytes(run->signature.results[r]);
    }
    out->rows = out->items;
    const array_head head = {.block = {.first = claimed.first, .count = out->items}, .room = claimed.count};
    if (out->items > 0 && run->results == NULL) /* also when an item ends the run */
        memcpy(out->bytes.data, &head, sizeof head);
    return status;
}

static const pe_worker_vtable array_worker_vtable = {.open = open_worker, .run = run_worker, .close = close_worker};

/* Passes a chunk to the caller of imap, in blocks of at most the chunk size that the caller chose. */
static pe_status deliver(void *context, const pe_chunk_result *out, pe_error *err)
{
    const array_run *run = context;
    const void *results[PE_MAX_COLUMNS];
    array_head head;
    if (run->take == NULL)
        return PE_OK;
    memcpy(&head, out->bytes.data, sizeof head);
    const uint64_t most = run->plan.is_fixed ? run->plan.grain_items : head.block.count;
    for (uint64_t done = 0; done < head.block.count; done += most) {
        const uint64_t left = head.block.count - done, count = left < most ? left : most;
        const unsigned char *at = out->bytes.data + aligned(sizeof head);
        for (int r = 0; r < run->signature.result_count; r++) {
            const size_t item_bytes = pe_type_bytes(run->signature.results[r]);
            results[r] = at + done * item_bytes;
            at += aligned(head.room * item_bytes);
        }
        if (run->take(run->context, head.block.first + done, count, results) != 0)
            return pe_fail(err, PE_ESTOPPED, "ended by the caller after item %llu",
                           (unsigned long long)(head.block.first + done + count - 1));
    }
    return PE_OK;
}

static pe_status tick(void *context, uint64_t items, pe_error *err)
{
    (void)context, (void)items, (void)err;
    return PE_OK;
}

static pe_status read_signature(array_run *run, pe_error *err)
{
    const pe_kernel *kernel = run->kernel;
    pe_status status = PE_OK;
    if (kernel->abi != PE_KERNEL_ABI || kernel->size != sizeof *kernel)
        return pe_fail(err, PE_EKERNEL, "kernel of ABI %u and size %u, this pengine has ABI %u and size %zu",
                       kernel->abi, kernel->size, PE_KERNEL_ABI, sizeof *kernel);
    status = pe_signature_parse(kernel->signature, &run->signature, err);
    for (int a = 0; a < run->signature.arg_count && status == PE_OK; a++)
        run->arg_bytes += pe_type_bytes(run->signature.args[a]);
    for (int r = 0; r < run->signature.result_count && status == PE_OK; r++) {
        run->result_bytes += pe_type_bytes(run->signature.results[r]);
        if (run->signature.results[r].dtype == PE_TEXT)
            status = pe_fail(err, PE_EKERNEL, "kernel %s: text results cannot go to arrays", kernel->name);
    }
    return status;
}

static pe_status run_arrays(array_run *run, uint64_t count, pe_order order, const pe_array_options *options,
                            pe_error *err)
{
    pe_comm *comm = NULL;
    pe_thread_placement placement = {0};
    pe_execution_stats stats;
    pe_status status = read_signature(run, err);
    if (status == PE_OK)
        status = pe_comm_open(false, &comm, err);
    if (status == PE_OK)
        status = pe_thread_placement_make(comm, options != NULL ? options->threads : 0, &placement, err);
    const pe_plan_request request = {.items = count,
                                     .ranks = 1,
                                     .threads = placement.threads,
                                     .order = order,
                                     .chunk_items = options != NULL ? options->chunk_size : 0,
                                     .in_item_bytes = run->arg_bytes,
                                     .out_item_bytes = run->result_bytes};
    if (status == PE_OK)
        status = pe_plan_make(&request, &run->plan, err);
    const pe_execution_spec spec = {.pool = {.plan = &run->plan,
                                             .threads = placement.threads,
                                             .worker = &array_worker_vtable,
                                             .work_spec = run,
                                             .stop = &run->stop,
                                             .context = run,
                                             .write = deliver,
                                             .tick = tick},
                                    .comm = comm};
    if (status == PE_OK)
        status = pe_execute_plan(&spec, &stats, err);
    pe_comm_close(comm);
    return status;
}

static int run_and_report(array_run *run, uint64_t count, pe_order order, const pe_array_options *options,
                          pe_fault *fault)
{
    pe_error err = PE_ERROR_INIT;
    const pe_status status = run_arrays(run, count, order, options, &err);
    *fault = (pe_fault){.code = pe_status_exit(status), .item = err.item};
    memcpy(fault->text, err.text, sizeof fault->text);
    return fault->code;
}

const pe_kernel *pe_array_kernel(const char *name, const char *signature)
{
    size_t count = 0;
    const pe_kernel *const *all = pe_registry_all(&count);
    pe_error err = PE_ERROR_INIT;
    pe_signature wanted, has;
    if (signature != NULL && pe_signature_parse(signature, &wanted, &err) != PE_OK)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(all[i]->name, name) != 0)
            continue;
        if (signature == NULL ||
            (pe_signature_parse(all[i]->signature, &has, &err) == PE_OK && pe_signature_equal(&wanted, &has)))
            return all[i];
    }
    return NULL;
}

int pe_array_map(const pe_kernel *kernel, uint64_t count, const void *const *args, void *const *results,
                 const pe_array_options *options, pe_fault *fault)
{
    array_run run = {.kernel = kernel, .args = args, .results = results};
    return run_and_report(&run, count, PE_ORDER_UNORDERED, options,
                          fault); /* results are written in place, so order does not matter */
}

int pe_array_imap(const pe_kernel *kernel, uint64_t count, const void *const *args, pe_array_take take, void *context,
                  const pe_array_options *options, pe_fault *fault)
{
    array_run run = {.kernel = kernel, .args = args, .take = take, .context = context};
    return run_and_report(&run, count, PE_ORDER_STREAM, options, fault);
}

int pe_array_imap_unordered(const pe_kernel *kernel, uint64_t count, const void *const *args, pe_array_take take,
                            void *context, const pe_array_options *options, pe_fault *fault)
{
    array_run run = {.kernel = kernel, .args = args, .take = take, .context = context};
    return run_and_report(&run, count, PE_ORDER_UNORDERED, options, fault);
}

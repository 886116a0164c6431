/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* worker.c - what one worker does with one chunk: read, compute, deal with failed items, encode.
 *
 * Design:   a chunk is done in batches small enough for the first-level cache: the source fills argument columns, the
 *           kernel fills result columns, the encoder appends bytes. Where the result's column is the bytes (one result,
 *           binary format, no conversion) the kernel writes straight into the chunk's buffer. Of a digest's rows the
 *           sums go there, while they are in the cache. Failed items cost something only in the batches that have them:
 *           they are tried again one by one, then logged, and their rows are filled or left out.
 * Threads:  a worker belongs to one worker; the spec is constant.
 * Not here: which chunk (threads), what is done with the bytes (sink), the list of failed items (kernel/failures.c), what
 *           becomes of them (failed_items.c), further attempts (retry.c).
 */
#include "worker/worker.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "os/interrupt.h"
#include "worker/crash.h"
#include "worker/worker_internal.h"

#define SUMMED_BYTES ((size_t)16 << 10) /* of rows at once, where batches are smaller: still in the first cache */
#define SIGNAL_MS 20                    /* that a signal to all processes may take to reach this one */
#define NS_PER_MS ((uint64_t)1000000)
#define RELEASE_BYTES ((size_t)1 << 20) /* of mapped input at once: each release costs a call and a TLB flush */

static pe_status make_columns(pe_worker *worker, pe_error *err)
{
    const pe_work_spec *spec = worker->spec;
    const pe_signature *signature = &spec->signature;
    const size_t items = spec->plan->batch_items;
    pe_status status = PE_OK;
    for (int r = 0; r < signature->result_count && status == PE_OK && !spec->encoder.is_plain; r++)
        status = pe_make_array(&worker->results[r], items, pe_type_bytes(signature->results[r]), err);
    for (int r = 0; r < signature->result_count && status == PE_OK; r++) {
        if (pe_type_equal(spec->written[r], signature->results[r]))
            worker->written[r] = worker->results[r];
        else
            status = pe_make_array(&worker->written[r], items, pe_type_bytes(spec->written[r]), err);
    }
    return status;
}

static pe_status init(pe_worker *worker, const pe_work_spec *spec, pe_error *err)
{
    worker->spec = spec;
    pe_status status = pe_arguments_open(&worker->args, spec, err);
    if (status == PE_OK)
        status = pe_call_make(spec->kernel, &spec->signature, spec->setup, &worker->call, err);
    if (status == PE_OK && spec->reduction != NULL)
        status = pe_reduction_open(spec->reduction, &worker->fold, err);
    if (status == PE_OK)
        pe_call_set_ramps(worker->call, worker->args.ramps);
    return status == PE_OK ? make_columns(worker, err) : status;
}

static pe_status open_worker(const void *work_spec, void **out, pe_error *err)
{
    pe_worker *worker = NULL;
    pe_crash_guard();
    const pe_status status = pe_make_array(&worker, 1, sizeof *worker, err);
    if (status != PE_OK)
        return status;
    *out = worker;
    return init(worker, work_spec, err);
}

static void free_worker(pe_worker *worker)
{
    for (int c = 0; c < PE_MAX_COLUMNS; c++) {
        if (worker->written[c] != worker->results[c])
            free(worker->written[c]);
        free(worker->results[c]);
    }
    pe_reduction_close(worker->spec->reduction, worker->fold);
    pe_arguments_close(&worker->args);
    pe_call_free(worker->call);
    pe_failures_fini(&worker->failures);
    pe_buffer_fini(&worker->failure_counts);
    pe_arena_fini(&worker->kept_texts);
    pe_buffer_fini(&worker->unsummed);
    free(worker);
}

static void close_worker(void *worker)
{
    if (worker != NULL)
        free_worker(worker);
    pe_crash_unguard();
}

static const void *const *constant(void *const *columns)
{
    return (const void *const *)columns;
}

/* ---- compute ---- */

static pe_status compute(pe_worker *worker, pe_worker_batch *at, pe_error *err)
{
    const pe_work_spec *spec = worker->spec;
    const uint64_t began = spec->has_log ? pe_clock_ns() : 0;
    const pe_status status =
        pe_call_run(worker->call, at->block.first, at->block.count, worker->args.given, at->results, err);
    if (status != PE_OK)
        return status;
    pe_call_take_failures(worker->call, &worker->failures);
    if (worker->failures.count == 0)
        return PE_OK;
    at->seconds = began == 0 ? 0 : (double)(pe_clock_ns() - began) * 1e-9;
    for (size_t i = 0; i < worker->failures.count; i++)
        worker->failures.list[i].seconds = at->seconds;
    return PE_OK;
}

/* ---- encode ---- */

/* The rows that are left, moved together where they are. */
static void close_gaps(const pe_worker *worker, const pe_worker_batch *at)
{
    const size_t row = worker->spec->encoder.row_bytes;
    unsigned char *const rows = at->results[0];
    size_t kept = 0;
    pe_good_run run = {0};
    while (pe_failures_next_run(&worker->failures, at->block.first, at->block.count, &run)) {
        memmove(rows + kept * row, rows + (run.first - at->block.first) * row, run.count * row);
        kept += run.count;
    }
    worker->rows->size += kept * row;
}

/* Rows go behind those that are there, or into this worker's part of a reduction. */
static pe_status encode_rows(const pe_worker *worker, uint64_t first, size_t count, const void *const *columns,
                             pe_error *err)
{
    if (worker->fold == NULL)
        return pe_encode(&worker->spec->encoder, first, count, columns, worker->rows, err);
    pe_fold_add(worker->fold, columns, count);
    return PE_OK;
}

static pe_status encode_runs(const pe_worker *worker, const pe_worker_batch *at, pe_error *err)
{
    const pe_work_spec *spec = worker->spec;
    const void *columns[PE_MAX_COLUMNS];
    pe_status status = PE_OK;
    pe_good_run run = {0};
    while (status == PE_OK && pe_failures_next_run(&worker->failures, at->block.first, at->block.count, &run)) {
        const uint64_t skip = run.first - at->block.first;
        for (int r = 0; r < spec->signature.result_count; r++)
            columns[r] = (const unsigned char *)at->written[r] + skip * pe_type_bytes(spec->written[r]);
        status = encode_rows(worker, run.first, run.count, columns, err);
    }
    return status;
}

static pe_status encode(const pe_worker *worker, const pe_worker_batch *at, pe_chunk_result *out, pe_error *err)
{
    const pe_work_spec *spec = worker->spec;
    const bool has_gaps = worker->failures.count > 0 && spec->policy == PE_ON_ERROR_SKIP;
    out->items += at->block.count;
    out->rows += at->block.count - (has_gaps ? worker->failures.count : 0);
    if (has_gaps) {
        if (!spec->encoder.is_plain)
            return encode_runs(worker, at, err);
        close_gaps(worker, at);
        return PE_OK;
    }
    if (!spec->encoder.is_plain)
        return encode_rows(worker, at->block.first, at->block.count, constant(at->written), err);
    worker->rows->size += at->block.count * spec->encoder.row_bytes;
    return PE_OK;
}

/* ---- a batch, a chunk ---- */

/* The run ends at the first failed item; the rows before it are the last ones. */
static pe_status stop_at_failure(const pe_worker *worker, const pe_worker_batch *at, pe_chunk_result *out,
                                 pe_error *err)
{
    pe_worker_batch before = *at;
    before.block.count = worker->failures.list[0].item - at->block.first;
    const pe_status status = before.block.count > 0 ? encode(worker, &before, out, err) : PE_OK;
    if (status != PE_OK)
        return status;
    return pe_failed_items_stop(&worker->failures, worker->spec, at->block.first, worker->args.values, err);
}

/* After this the failures are dealt with, but for rows that encode leaves out. */
static pe_status settle(pe_worker *worker, const pe_worker_batch *at, pe_chunk_result *out, pe_error *err)
{
    const pe_work_spec *spec = worker->spec;
    if (worker->failures.count == 0)
        return PE_OK;
    pe_failures_settle(&worker->failures);
    const pe_status status = pe_arguments_values(&worker->args, at->block, err);
    if (status != PE_OK)
        return status;
    if (spec->policy == PE_ON_ERROR_STOP)
        return stop_at_failure(worker, at, out, err);
    if (spec->policy == PE_ON_ERROR_FILL)
        pe_failed_items_fill(&worker->failures, spec, at->block.first, at->written);
    return pe_failed_items_log(&worker->failures, spec, at->block.first, worker->args.values, &worker->failure_counts,
                               &out->log, err);
}

static pe_worker_batch place(pe_worker *worker, pe_block block)
{
    const bool is_plain = worker->spec->encoder.is_plain;
    worker->plain = worker->rows->data + worker->rows->size;
    return (pe_worker_batch){.block = block,
                             .results = is_plain ? &worker->plain : worker->results,
                             .written = is_plain ? &worker->plain : worker->written};
}

/* The items whose arguments were taken. */
static pe_status run_taken(pe_worker *worker, pe_block block, pe_chunk_result *out, pe_error *err)
{
    const pe_work_spec *spec = worker->spec;
    pe_worker_batch at = place(worker, block);
    pe_status status = compute(worker, &at, err);
    if (status == PE_OK && worker->failures.count > 0 && spec->retries > 0)
        status = pe_worker_retry(worker, &at, err);
    if (status == PE_OK && spec->has_conversion)
        status = pe_worker_convert(worker, &at, err);
    if (status == PE_OK)
        status = settle(worker, &at, out, err);
    if (status == PE_OK)
        status = encode(worker, &at, out, err);
    return status;
}

/* An item that cannot be read fails as one does that the kernel refuses, unless failed items end the run: then the
 * input's own error does. An error of the whole input ends it in any case. */
static pe_status run_unreadable(pe_worker *worker, uint64_t item, pe_chunk_result *out, pe_error *err)
{
    const pe_work_spec *spec = worker->spec;
    if (spec->policy == PE_ON_ERROR_STOP || err->status != PE_EDATA || err->item == PE_NO_ITEM)
        return err->status;
    const pe_worker_batch at = place(worker, (pe_block){.first = item, .count = 1});
    const pe_error reason = *err;
    pe_error_clear(err);
    pe_failures_clear(&worker->failures);
    pe_status status = pe_failures_add_unread(&worker->failures, item, reason.text, err);
    if (status == PE_OK && spec->policy == PE_ON_ERROR_FILL)
        pe_failed_items_fill(&worker->failures, spec, item, at.written);
    if (status == PE_OK)
        status = pe_failed_items_log(&worker->failures, spec, item, NULL, &worker->failure_counts, &out->log, err);
    return status == PE_OK ? encode(worker, &at, out, err) : status;
}

/* Items that can be read are computed together, up to one that cannot. Where the input does not tell which one that is (a
 * product), the batch is done item by item. */
static pe_status run_batch(pe_worker *worker, pe_block block, uint64_t end, const pe_buffer *payload,
                           pe_chunk_result *out, pe_error *err)
{
    uint64_t most = block.count, done = 0;
    bool by_one = false;
    pe_status status = PE_OK;
    while (done < block.count && status == PE_OK) {
        const uint64_t left = block.count - done, first = block.first + done;
        const pe_block part = {.first = first, .count = most < left ? most : left};
        status = pe_arguments_take(&worker->args, part, part.count == left ? end : first + part.count, payload, err);
        if (status != PE_OK && part.count > 1) {
            const bool is_inside = err->item > first && err->item < first + part.count;
            most = is_inside ? err->item - first : 1;
            pe_error_clear(err);
            status = PE_OK;
            continue;
        }
        by_one = by_one || (status == PE_OK && part.count == 1 && left > 1);
        status = status == PE_OK ? run_taken(worker, part, out, err) : run_unreadable(worker, first, out, err);
        done += part.count;
        most = by_one ? 1 : block.count;
    }
    return status;
}

/* Several chunks at once: what other workers still read of them they map again. A part of another's chunk may lie before
 * the last one. */
static void release(pe_worker *worker, pe_block chunk)
{
    const pe_plan *plan = worker->spec->plan;
    pe_block *all = &worker->unreleased;
    const bool is_first = worker->unreleased_items == 0;
    const uint64_t first = is_first || chunk.first < all->first ? chunk.first : all->first;
    const uint64_t end = is_first || chunk.first > all->first ? chunk.first + chunk.count : all->first + all->count;
    *all = (pe_block){.first = first, .count = end - first};
    worker->unreleased_items += chunk.count;
    const double share = (double)worker->unreleased_items / (double)plan->chunk_items;
    if (share * (double)plan->chunk_in_bytes < RELEASE_BYTES)
        return;
    pe_inputs_release(worker->spec->inputs, *all);
    worker->unreleased_items = 0;
}

/* The chunk's rows go to their row_file in the output. */
static pe_status write_in_place(const pe_work_spec *spec, uint64_t first, pe_chunk_result *out, pe_error *err)
{
    out->placed = out->bytes.size;
    out->bytes.size = 0;
    return pe_row_file_write(&spec->row_file, first, out->bytes.data, out->placed, err);
}

/* For the rows of one more batch. */
static bool lacks_room(const pe_worker *worker)
{
    const pe_work_spec *spec = worker->spec;
    return worker->rows->capacity - worker->rows->size < spec->encoder.row_bytes * spec->plan->batch_items;
}

/* Items of the job, consecutive as the pool numbers them. */
static pe_status run_grain(pe_worker *worker, pe_block grain, uint64_t end, const pe_buffer *payload,
                           pe_chunk_result *out, const atomic_bool *stop, pe_error *err)
{
    const uint64_t most = worker->spec->plan->batch_items;
    pe_status status = PE_OK;
    for (uint64_t done = 0; done < grain.count && status == PE_OK;) {
        if (atomic_load_explicit(stop, memory_order_relaxed)) /* only saves time: the chunk is dropped by its worker */
            return PE_OK;
        const uint64_t left = grain.count - done;
        const pe_block block = {.first = grain.first + done, .count = left < most ? left : most};
        status = run_batch(worker, block, end, payload, out, err);
        if (status == PE_OK && worker->spec->makes_partials && lacks_room(worker))
            status = pe_digest_partial_take(&worker->piece, worker->rows, &out->bytes, err);
        done += block.count;
    }
    return status;
}

/* Where the range's rows go, with room for what the kernel writes itself. */
static pe_status begin_rows(pe_worker *worker, pe_block block, pe_chunk_result *out, pe_error *err)
{
    const pe_work_spec *spec = worker->spec;
    const size_t row = spec->encoder.row_bytes;
    worker->rows = spec->makes_partials ? &worker->unsummed : &out->bytes;
    if (!spec->makes_partials)
        return pe_buffer_reserve(&out->bytes, row * block.count, err);
    const size_t batch = row * spec->plan->batch_items;
    const size_t at_once = batch > SUMMED_BYTES ? batch : SUMMED_BYTES;
    worker->unsummed.size = 0;
    pe_status status = pe_buffer_reserve(&worker->unsummed, at_once + PE_DIGEST_UNSUMMED, err);
    if (status == PE_OK)
        status = pe_buffer_reserve(&out->bytes, pe_digest_partial_most(row * block.count), err);
    const uint64_t offset = row * (block.first - spec->first_row);
    return status == PE_OK ? pe_digest_partial_begin(&worker->piece, offset, &out->bytes, err) : status;
}

/* They are complete, or end before the item that ends the run. */
static pe_status end_rows(pe_worker *worker, uint64_t first, pe_chunk_result *out, pe_error *err)
{
    const pe_work_spec *spec = worker->spec;
    if (spec->makes_partials)
        return pe_digest_partial_end(&worker->piece, worker->rows, &out->bytes, err);
    return pe_row_file_is_open(&spec->row_file) ? write_in_place(spec, first, out, err) : PE_OK;
}

static pe_status run_chunk(pe_worker *worker, pe_split_range *range, const pe_buffer *payload, pe_chunk_result *out,
                           const atomic_bool *stop, pe_error *err)
{
    const pe_work_spec *spec = worker->spec;
    const uint64_t ahead =
        pe_item_set_from(spec->todo, range->block.first).first - range->block.first; /* of the pool's */
    const uint64_t first = range->block.first + ahead, end = first + range->block.count;
    pe_status status = begin_rows(worker, (pe_block){.first = first, .count = range->block.count}, out, err);
    pe_arguments_forget(&worker->args);
    worker->failure_counts.size = 0;
    for (pe_block grain; status == PE_OK && pe_split_range_next(range, &grain);)
        status = run_grain(worker, (pe_block){.first = grain.first + ahead, .count = grain.count}, end, payload, out,
                           stop, err);
    if (status == PE_OK || err->item != PE_NO_ITEM) {
        pe_error other = PE_ERROR_INIT;
        if (end_rows(worker, first, out, &other) != PE_OK ||
            pe_buffer_append(&out->log, worker->failure_counts.data, worker->failure_counts.size, &other) != PE_OK) {
            *err = other; /* more than one item is lost */
            status = other.status;
        }
    }
    if (err->item != PE_NO_ITEM)
        err->item = pe_item_set_rank(spec->todo, err->item);
    if (status == PE_OK)
        release(worker, (pe_block){.first = first, .count = out->items});
    return status;
}

/* A signal to every process of a job (Ctrl-C, scancel) ends a kernel's own processes too, perhaps before this process
 * hears of it. What that did to their items is no failure, and the chunk is not delivered. */
static pe_status run_worker(void *worker, pe_split_range *range, const pe_buffer *payload, pe_chunk_result *out,
                            const atomic_bool *stop, pe_error *err)
{
    const pe_status status = run_chunk(worker, range, payload, out, stop, err);
    for (int ms = 0; status == PE_EITEM && pe_interrupt_seen() == NULL && ms < SIGNAL_MS; ms++)
        pe_sleep_ns(NS_PER_MS);
    if (pe_interrupt_seen() == NULL)
        return status;
    while (!atomic_load_explicit(stop, memory_order_acquire)) /* the pool's tick ends the run */
        pe_sleep_ns(NS_PER_MS);
    pe_error_clear(err);
    return PE_OK;
}

const pe_worker_vtable pe_job_worker = {.open = open_worker, .run = run_worker, .close = close_worker};

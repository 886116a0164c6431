/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* worker.c - what one worker does with one chunk: read, compute, deal with failed items, encode.
 *
 * Design:   a chunk is done in batches small enough for the first-level cache: the source fills argument columns, the
 *           kernel fills result columns, the encoder appends bytes. Where the result's column is the bytes (one result,
 *           binary format, no conversion) the kernel writes straight into the chunk's buffer. For a digest the sums of
 *           the rows go there, made while the rows are in the cache. Failed items cost something only in the batches
 *           that have them: they are tried again one by one, then logged, and their rows are filled or left out.
 * Threads:  a worker belongs to one thread; the spec is constant.
 * Not here: which chunk (threads), what is done with the bytes (sink), the list of failed items (kernel/failures.c), what
 *           becomes of them (failed_items.c), further attempts (retry.c).
 */
#include "worker/worker.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "os/interrupt.h"
#include "profile/lane.h"
#include "report/failure_record.h"
#include "worker/crash/crash.h"
#include "worker/joblog_line.h"
#include "worker/meter.h"
#include "worker/worker_internal.h"

#define SUMMED_BYTES ((size_t)16 << 10) /* of rows at once, where batches are smaller: still in the first cache */
#define SIGNAL_MS 20                    /* that a signal to all processes may take to reach this one */
#define NS_PER_MS ((uint64_t)1000000)
#define TEXT_BATCH 16
#define RELEASE_BYTES ((size_t)1 << 20) /* of mapped input at once: each release costs a call and a TLB flush */

static pe_status make_columns(pe_worker *worker, pe_error *err)
{
    const pe_work_spec *spec = worker->spec;
    const pe_signature *signature = &spec->kernel.signature;
    const size_t items = spec->plan->read_items; /* a batch may grow to this many */
    pe_status status = PE_OK;
    for (int r = 0; r < signature->result_count && status == PE_OK && !spec->output.encoder.is_plain; r++)
        status = pe_make_array(&worker->results[r], items, pe_type_bytes(signature->results[r]), err);
    for (int r = 0; r < signature->result_count && status == PE_OK; r++) {
        if (pe_type_equal(spec->output.written[r], signature->results[r]))
            worker->written[r] = worker->results[r];
        else
            status = pe_make_array(&worker->written[r], items, pe_type_bytes(spec->output.written[r]), err);
    }
    return status;
}

static void free_worker(pe_worker *worker)
{
    for (int c = 0; c < PE_MAX_COLUMNS; c++) {
        if (worker->written[c] != worker->results[c])
            free(worker->written[c]);
        free(worker->results[c]);
    }
    pe_reduction_close(worker->spec->output.reduction, &worker->part);
    pe_arguments_close(&worker->args);
    pe_worker_where_close(worker);
    pe_call_free(worker->call);
    pe_failures_fini(&worker->failures);
    pe_buffer_fini(&worker->failure_counts);
    pe_buffer_fini(&worker->failure_places);
    pe_arena_fini(&worker->kept_texts);
    pe_buffer_fini(&worker->unsummed);
    pe_item_writer_free(worker->item_writer);
    free(worker);
}

static void close_worker(void *worker)
{
    if (worker != NULL)
        free_worker(worker);
    pe_crash_unguard();
}

/* Releases the mapped input of several chunks at once. Other workers that still read there map it again. A stolen part may
 * lie before the chunk of the call before. */
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
    pe_inputs_release(worker->spec->input.inputs, *all);
    worker->unreleased_items = 0;
}

/* The chunk's rows go to their places in the output file. */
static pe_status write_in_place(const pe_work_spec *spec, uint64_t first, pe_chunk_result *out, pe_error *err)
{
    const uint64_t began = pe_pause_begin(PE_PHASE_WRITE);
    out->placed = out->bytes.size;
    out->bytes.size = 0;
    const pe_status status = pe_row_file_write(&spec->output.row_file, first, out->bytes.data, out->placed, err);
    pe_pause_end(PE_PHASE_WRITE, PE_PHASE_COMPUTE, began);
    return status;
}

/* Is the room too small for the rows of one more batch? */
static bool lacks_room(const pe_worker *worker)
{
    const pe_work_spec *spec = worker->spec;
    return worker->rows->capacity - worker->rows->size < spec->output.encoder.row_bytes * spec->plan->batch_items;
}

/* The most items of a batch. It is small where a kernel with text results does not report its progress: then all texts of a
 * batch are in memory until it ends. */
static uint64_t batch_most(const pe_work_spec *spec)
{
    const uint64_t planned = spec->plan->batch_items;
    const bool is_bounded =
        !spec->output.encoder.has_text_result || (spec->kernel.gives_in_order && spec->errors.retries == 0);
    return is_bounded || planned < TEXT_BATCH ? planned : TEXT_BATCH;
}

/* Runs a batch, and measures it or logs its items where that is wanted. */
static pe_status run_batch(pe_worker *worker, pe_block block, uint64_t end, const pe_buffer *payload, pe_error *err)
{
    const bool has_joblog = worker->spec->errors.has_joblog;
    if (!has_joblog && !worker->chunk.is_metered)
        return pe_worker_run_batch(worker, block, end, payload, err);
    const uint64_t away_ns = worker->chunk.is_metered ? pe_lane_here->away_ns : 0, began = pe_clock_ns();
    const pe_status status = has_joblog ? pe_joblog_line_run(worker, block, end, payload, err)
                                        : pe_worker_run_batch(worker, block, end, payload, err);
    if (worker->chunk.is_metered)
        pe_meter_add(worker, block, began, away_ns);
    return status;
}

/* Computes one grain, whose items are consecutive in the pool's numbers, in batches. */
static pe_status run_grain(pe_worker *worker, pe_block grain, uint64_t end, const pe_buffer *payload, pe_error *err)
{
    const uint64_t most = worker->chunk.batch_items;
    pe_status status = PE_OK;
    for (uint64_t done = 0; done < grain.count && status == PE_OK;) {
        if (atomic_load_explicit(worker->chunk.flow->stop,
                                 memory_order_relaxed)) /* only saves time: the pool drops the chunk */
            return PE_OK;
        const uint64_t left = grain.count - done;
        const pe_block block = {.first = grain.first + done, .count = left < most ? left : most};
        status = run_batch(worker, block, end, payload, err);
        if (status == PE_OK && worker->spec->output.makes_partials && lacks_room(worker))
            status = pe_digest_partial_take(&worker->piece, worker->rows, &worker->chunk.out->bytes, err);
        if (status == PE_OK)
            status = pe_worker_hand_over_if_full(worker, err);
        done += block.count;
    }
    return status;
}

/* Sets where the rows of the range go, with room for what the kernel writes itself. */
static pe_status begin_rows(pe_worker *worker, pe_block block, pe_chunk_result *out, pe_error *err)
{
    const pe_work_spec *spec = worker->spec;
    const size_t row = spec->output.encoder.row_bytes;
    worker->rows = spec->output.makes_partials ? &worker->unsummed : &out->bytes;
    if (!spec->output.makes_partials)
        return pe_buffer_reserve(&out->bytes, row * block.count, err);
    const size_t batch = row * spec->plan->batch_items;
    const size_t at_once = batch > SUMMED_BYTES ? batch : SUMMED_BYTES;
    worker->unsummed.size = 0;
    pe_status status = pe_buffer_reserve(&worker->unsummed, at_once + PE_DIGEST_UNSUMMED, err);
    if (status == PE_OK)
        status = pe_buffer_reserve(&out->bytes, pe_digest_partial_most(row * block.count), err);
    const uint64_t offset = row * (block.first - spec->output.first_row);
    return status == PE_OK ? pe_digest_partial_begin(&worker->piece, offset, &out->bytes, err) : status;
}

/* Sums or writes the rows, which are complete or end before the item that ends the run. */
static pe_status end_rows(pe_worker *worker, uint64_t first, pe_chunk_result *out, pe_error *err)
{
    const pe_work_spec *spec = worker->spec;
    if (spec->output.makes_partials)
        return pe_digest_partial_end(&worker->piece, worker->rows, &out->bytes, err);
    return pe_row_file_is_open(&spec->output.row_file) ? write_in_place(spec, first, out, err) : PE_OK;
}

static pe_status run_chunk(pe_worker *worker, pe_split_range *range, const pe_buffer *payload, pe_chunk_result *out,
                           const pe_chunk_flow *flow, pe_error *err)
{
    const pe_work_spec *spec = worker->spec;
    const uint64_t ahead =
        pe_item_set_from(spec->input.todo, range->block.first).first - range->block.first; /* of the pool's */
    const uint64_t first = range->block.first + ahead, end = first + range->block.count;
    pe_status status = begin_rows(worker, (pe_block){.first = first, .count = range->block.count}, out, err);
    worker->chunk.range = range;
    worker->chunk.out = out;
    worker->chunk.flow = flow;
    if (pe_lane_here != NULL)
        pe_lane_here->ahead = ahead;
    pe_meter_begin_chunk(worker, batch_most(spec));
    worker->chunk.may_grow = pe_worker_may_grow(worker);
    worker->chunk.handed_items = 0;
    pe_arguments_forget(&worker->args);
    worker->failure_counts.size = worker->failure_places.size = 0;
    for (pe_block grain; status == PE_OK && pe_split_range_next(range, &grain);)
        status = run_grain(worker, (pe_block){.first = grain.first + ahead, .count = grain.count}, end, payload, err);
    if (status == PE_OK || err->item != PE_NO_ITEM) {
        pe_error other = PE_ERROR_INIT;
        if (end_rows(worker, first, out, &other) != PE_OK || pe_worker_add_counts(worker, &other) != PE_OK) {
            *err = other; /* more than one item is lost */
            status = other.status;
        }
    }
    if (err->item != PE_NO_ITEM)
        err->item = pe_item_set_position(spec->input.todo, err->item);
    if (status == PE_OK && worker->part.fold != NULL)
        status = pe_reduction_settle(spec->output.reduction, &worker->part, err);
    if (status == PE_OK)
        release(worker, (pe_block){.first = first, .count = worker->chunk.handed_items + out->items});
    return status;
}

/* A signal to every process of a job (Ctrl-C, scancel) ends a kernel's own processes too, perhaps before this process
 * gets its signal. What that did to their items is no failure, and the chunk is not delivered. */
static pe_status run_worker(void *worker, pe_split_range *range, const pe_buffer *payload, pe_chunk_result *out,
                            const pe_chunk_flow *flow, pe_error *err)
{
    const pe_status status = run_chunk(worker, range, payload, out, flow, err);
    for (int ms = 0; status == PE_EITEM && pe_interrupt_seen() == NULL && ms < SIGNAL_MS; ms++)
        pe_sleep_ns(NS_PER_MS);
    if (pe_interrupt_seen() == NULL)
        return status;
    while (!atomic_load_explicit(flow->stop, memory_order_acquire)) /* the pool's tick ends the run */
        pe_sleep_ns(NS_PER_MS);
    pe_error_clear(err);
    return PE_OK;
}

static pe_status init(pe_worker *worker, const pe_work_spec *spec, pe_error *err)
{
    worker->spec = spec;
    pe_status status = pe_arguments_open(&worker->args, spec, err);
    if (status == PE_OK)
        status = pe_call_make(spec->kernel.descriptor, &spec->kernel.signature, spec->kernel.setup, &worker->call, err);
    if (status == PE_OK && spec->output.item_files != NULL)
        status = pe_item_writer_make(spec->output.item_files, &spec->output.encoder, &worker->item_writer, err);
    if (status == PE_OK && spec->output.reduction != NULL)
        status = pe_reduction_open(spec->output.reduction, &worker->part, err);
    if (status == PE_OK)
        pe_call_set_ramps(worker->call, worker->args.ramps);
    if (status == PE_OK)
        pe_worker_bound_texts(worker);
    if (status == PE_OK)
        pe_worker_let_grow(worker);
    if (status == PE_OK)
        status = pe_worker_where_open(worker, err);
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

const pe_worker_vtable pe_job_worker = {
    .open = open_worker, .run = run_worker, .close = close_worker, .join_logs = pe_failure_record_join};

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* batch.c - one batch of a worker: the kernel's call, and all that comes after it.
 *
 * Design:   a batch goes through the kernel, further attempts at failed items, the conversion of results, the log or the
 *           fill values of failed items, and the encoder. Where results are texts the kernel may still compute while the
 *           items before go through all that (pe_call_advance): so the texts of a batch do not lie in memory together.
 * Threads:  a worker belongs to one thread.
 * Not here: which batches (worker.c), batches that grow (grow.c), further attempts (retry.c), the log (failed_items.c), rows
 *           (encode_items.c).
 */
#include <string.h>

#include "base/clock.h"
#include "os/interrupt.h"
#include "report/failure_record.h"
#include "worker/retry.h"
#include "worker/worker_internal.h"

/* ---- failed items ---- */

/* The failures of the current items, from the call. */
static void take_failures(pe_worker *worker, pe_worker_items *items)
{
    pe_call_take_failures(worker->call, &worker->failures);
    if (worker->failures.count == 0)
        return;
    pe_interrupt_await(); /* Ctrl-C may have ended the item's process: then it has not failed (run_worker) */
    items->seconds = worker->batch.began_ns == 0 ? 0 : (double)(pe_clock_ns() - worker->batch.began_ns) * 1e-9;
    for (size_t i = 0; i < worker->failures.count; i++)
        worker->failures.list[i].seconds = items->seconds;
}

/* The run ends at the first failed item; the rows before it are the last ones. */
static pe_status stop_at_failure(pe_worker *worker, const pe_worker_items *items, pe_error *err)
{
    pe_worker_items before = *items;
    before.block.count = worker->failures.list[0].item - items->block.first;
    const pe_status status = before.block.count > 0 ? pe_worker_encode(worker, &before, err) : PE_OK;
    if (status != PE_OK)
        return status;
    return pe_failed_items_stop(&worker->failures, &worker->spec->kernel, &worker->spec->errors,
                                worker->batch.block.first, worker->args.values, err);
}

static pe_status log_failures(pe_worker *worker, uint64_t first, uint64_t batch_first, const void *const *args,
                              pe_error *err)
{
    pe_chunk_result *const out = worker->chunk.out;
    const pe_failed_items_logs to = {.first = first,
                                     .rows = out->rows,
                                     .counts = &worker->failure_counts,
                                     .log = &out->log,
                                     .places = &worker->failure_places};
    return pe_failed_items_log(&worker->failures, &worker->spec->kernel, &worker->spec->errors, batch_first, args, &to,
                               err);
}

static void fill_failed(pe_worker *worker, uint64_t first, void *const *written)
{
    const pe_work_spec *spec = worker->spec;
    pe_failed_items_fill(&worker->failures, &spec->errors, spec->output.written, spec->kernel.signature.result_count,
                         first, written);
}

/* After this the failures are dealt with, except for rows that encode leaves out. */
static pe_status settle(pe_worker *worker, const pe_worker_items *items, pe_error *err)
{
    const pe_work_spec *spec = worker->spec;
    if (worker->failures.count == 0)
        return PE_OK;
    pe_failures_settle(&worker->failures);
    const pe_status status = pe_arguments_values(&worker->args, worker->batch.block, err);
    if (status != PE_OK)
        return status;
    if (spec->errors.policy == PE_ON_ERROR_STOP)
        return stop_at_failure(worker, items, err);
    if (spec->errors.policy == PE_ON_ERROR_FILL)
        fill_failed(worker, items->block.first, items->written);
    return log_failures(worker, items->block.first, worker->batch.block.first, worker->args.values, err);
}

/* ---- a batch ---- */

static void shift(void **out, void *const *columns, const pe_type *types, int count, size_t items)
{
    for (int c = 0; c < count; c++)
        out[c] = (unsigned char *)columns[c] + items * pe_type_bytes(types[c]);
}

/* The items of the batch from the finished ones to before `end`. */
static pe_worker_items next_items(pe_worker *worker, size_t end)
{
    const pe_work_spec *spec = worker->spec;
    const size_t skip = worker->batch.finished;
    pe_worker_items items = {.block = {.first = worker->batch.block.first + skip, .count = end - skip}};
    const bool is_plain = spec->output.encoder.is_plain; /* then they are never finished early */
    items.results = is_plain ? &worker->batch.plain : worker->results;
    items.written = is_plain ? &worker->batch.plain : worker->written;
    if (skip > 0) {
        shift(worker->batch.shifted_results, items.results, spec->kernel.signature.results,
              spec->kernel.signature.result_count, skip);
        shift(worker->batch.shifted_written, items.written, spec->output.written, spec->kernel.signature.result_count,
              skip);
        items.results = worker->batch.shifted_results;
        items.written = worker->batch.shifted_written;
    }
    return items;
}

/* Names the files of these items; an item that can have no file fails. */
static pe_status name_files(pe_worker *worker, const pe_worker_items *items, pe_error *err)
{
    const size_t row = (size_t)(items->block.first - worker->args.taken.first);
    const pe_status status = pe_arguments_values(&worker->args, worker->batch.block, err);
    return status != PE_OK ? status
                           : pe_item_writer_name(worker->item_writer, items->block, &worker->spec->kernel.signature,
                                                 worker->args.values, row, &worker->failures, err);
}

static pe_status retry(pe_worker *worker, const pe_worker_items *items, pe_error *err)
{
    const pe_retry batch = {.signature = &worker->spec->kernel.signature,
                            .call = worker->call,
                            .retries = worker->spec->errors.retries,
                            .first = items->block.first,
                            .count = items->block.count,
                            .args = worker->args.values,
                            .results = items->results,
                            .failures = &worker->failures,
                            .kept_texts = &worker->kept_texts};
    const pe_status status = pe_arguments_values(&worker->args, items->block, err);
    return status == PE_OK ? pe_retry_run(&batch, err) : status;
}

/* Does all that comes after the kernel, for the items of the batch before `end`. */
static pe_status finish_items(pe_worker *worker, size_t end, pe_error *err)
{
    const pe_work_spec *spec = worker->spec;
    pe_worker_items items = next_items(worker, end);
    pe_status status = PE_OK;
    take_failures(worker, &items);
    if (worker->failures.count > 0 && spec->errors.retries > 0)
        status = retry(worker, &items, err);
    if (status == PE_OK && spec->output.has_conversion)
        status = pe_worker_convert(worker, &items, err);
    if (status == PE_OK && worker->item_writer != NULL)
        status = name_files(worker, &items, err);
    if (status == PE_OK)
        status = settle(worker, &items, err);
    if (status == PE_OK)
        status = pe_worker_encode(worker, &items, err);
    worker->batch.finished = end;
    return status;
}

pe_status pe_worker_add_counts(pe_worker *worker, pe_error *err)
{
    const pe_buffer counts = worker->failure_counts, places = worker->failure_places;
    worker->failure_counts.size = worker->failure_places.size = 0;
    const pe_status status = pe_buffer_append(&worker->chunk.out->log, counts.data, counts.size, err);
    if (status != PE_OK || places.size == 0)
        return status;
    const pe_failure_record list = {
        .message = "", .is_list = true, .line = (const char *)places.data, .line_bytes = places.size};
    return pe_failure_record_append(&worker->chunk.out->log, &list, err);
}

pe_status pe_worker_hand_over_if_full(pe_worker *worker, pe_error *err)
{
    const pe_chunk_result *out = worker->chunk.out;
    if (out->bytes.size + out->log.size + worker->failure_places.size < worker->chunk.flow->part_bytes)
        return PE_OK;
    const pe_status status = pe_worker_add_counts(worker, err);
    worker->chunk.handed_items += out->items;
    worker->chunk.flow->hand_over(worker->chunk.flow->context);
    return status;
}

/* The call's finish_before: the kernel goes on after these items. An attempt at failed ones would need the call. */
static bool finish_before(void *context, size_t done)
{
    pe_worker *worker = context;
    size_t failed = 0;
    (void)pe_call_failures(worker->call, &failed);
    if (worker->batch.finish_error.status != PE_OK) /* the run ends before these items */
        return true;
    if (failed > 0 && worker->spec->errors.retries > 0)
        return false;
    if (finish_items(worker, done, &worker->batch.finish_error) == PE_OK)
        (void)pe_worker_hand_over_if_full(worker, &worker->batch.finish_error);
    return true;
}

/* The call's wait_for_room. */
static void wait_for_room(void *context, size_t bytes)
{
    const pe_worker *worker = context;
    worker->chunk.flow->wait_for_room(worker->chunk.flow->context, bytes);
}

void pe_worker_bound_texts(pe_worker *worker)
{
    const pe_plan *plan = worker->spec->plan;
    if (plan->part_bytes == PE_PLAN_NO_PARTS)
        return;
    pe_call_bound_texts(worker->call, &(pe_call_texts){.most_bytes = plan->part_bytes,
                                                       .longest = plan->text_bytes,
                                                       .context = worker,
                                                       .finish_before = finish_before,
                                                       .wait_for_room = wait_for_room});
}

static void begin_batch(pe_worker *worker, pe_block block)
{
    worker->batch.block = block;
    worker->batch.finished = 0;
    worker->batch.began_ns = worker->spec->errors.has_log ? pe_clock_ns() : 0;
    worker->batch.finish_error.status = PE_OK;
    worker->batch.plain = worker->rows->data + worker->rows->size;
}

/* Runs the kernel on the items whose arguments were taken, and finishes them. */
static pe_status run_taken(pe_worker *worker, pe_block block, pe_error *err)
{
    begin_batch(worker, block);
    const pe_worker_items items = next_items(worker, block.count);
    const pe_status status =
        pe_call_run(worker->call, block.first, block.count, worker->args.given, items.results, err);
    if (worker->batch.finish_error.status != PE_OK) {
        *err = worker->batch.finish_error;
        return err->status;
    }
    const uint64_t count = worker->batch.block.count; /* it may have grown */
    return status == PE_OK && worker->batch.finished < count ? finish_items(worker, count, err) : status;
}

/* An item for which kernel.where has no answer fails like one that the kernel refuses. */
static pe_status run_unjudged(pe_worker *worker, uint64_t item, pe_error *err)
{
    const pe_failures *const failures = &worker->where.failures;
    size_t f = 0;
    while (failures->list[f].item != item)
        f++;
    begin_batch(worker, (pe_block){.first = item, .count = 1});
    const pe_worker_items items = next_items(worker, 1);
    pe_failures_clear(&worker->failures);
    pe_status status = pe_failures_add(&worker->failures, item, 0, failures->list[f].reason, err);
    if (status == PE_OK)
        status = settle(worker, &items, err);
    return status == PE_OK ? pe_worker_encode(worker, &items, err) : status;
}

/* The same for those of the items that [kernel] where chooses, in runs of consecutive ones. */
static pe_status run_chosen(pe_worker *worker, pe_block block, uint64_t end, const pe_buffer *payload, pe_error *err)
{
    pe_status status = pe_worker_where_choose(worker, block, err);
    for (uint64_t done = 0; done < block.count && status == PE_OK;) {
        const pe_block run = pe_worker_where_next(worker, block, done);
        const unsigned char choice = worker->where.choices[done];
        done += run.count;
        if (choice == PE_CHOICE_OUT) {
            worker->chunk.out->items += run.count;
            continue;
        }
        status = pe_arguments_take(&worker->args, run, end, payload, err); /* they are there: this moves pointers */
        if (status == PE_OK)
            status = choice == PE_CHOICE_IN ? run_taken(worker, run, err) : run_unjudged(worker, run.first, err);
    }
    return status;
}

/* An item that cannot be read fails like one that the kernel refuses, unless failed items end the run: then it ends with
 * the input's own error. An error of the whole input ends the run in any case. */
static pe_status run_unreadable(pe_worker *worker, uint64_t item, const pe_buffer *payload, pe_error *err)
{
    const pe_work_spec *spec = worker->spec;
    if (err->status == PE_EDATA && err->item != PE_NO_ITEM && pe_worker_where_is_out(worker, item, payload)) {
        pe_error_clear(err);
        worker->chunk.out->items++;
        return PE_OK;
    }
    if (spec->errors.policy == PE_ON_ERROR_STOP || err->status != PE_EDATA || err->item == PE_NO_ITEM)
        return err->status;
    begin_batch(worker, (pe_block){.first = item, .count = 1});
    const pe_worker_items items = next_items(worker, 1);
    const pe_error reason = *err;
    pe_error_clear(err);
    pe_failures_clear(&worker->failures);
    pe_status status = pe_failures_add_unread(&worker->failures, item, reason.text, err);
    if (status == PE_OK && spec->errors.policy == PE_ON_ERROR_FILL) {
        fill_failed(worker, item, items.written);
        pe_arguments_take_kept(&worker->args, item, payload);
    }
    if (status == PE_OK)
        status = log_failures(worker, item, item, NULL, err);
    if (status == PE_OK && worker->item_writer != NULL)
        status = pe_item_writer_name(worker->item_writer, items.block, &spec->kernel.signature, NULL, 0,
                                     &worker->failures, err);
    return status == PE_OK ? pe_worker_encode(worker, &items, err) : status;
}

pe_status pe_worker_run_batch(pe_worker *worker, pe_block block, uint64_t end, const pe_buffer *payload, pe_error *err)
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
        worker->batch.room =
            status == PE_OK && worker->chunk.may_grow && part.count == left ? pe_worker_room_to_grow(worker) : 0;
        if (status != PE_OK)
            status = run_unreadable(worker, first, payload, err);
        else if (worker->where.call != NULL)
            status = run_chosen(worker, part, end, payload, err);
        else
            status = run_taken(worker, part, err);
        done += part.count;
        most = by_one ? 1 : block.count;
    }
    return status;
}

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* batch.c - one batch of a worker: the kernel's call, and all that comes behind it.
 *
 * Design:   a batch goes through the kernel, further attempts at failed items, the conversion of results, the log or the
 *           fill values of failed items, and the encoder. Where results are texts the kernel may still compute while the
 *           items before go through all that (pe_call_advance): so the texts of a batch do not lie in memory together.
 * Threads:  a worker belongs to one thread.
 * Not here: which batches (worker.c), further attempts (retry.c), the log (failed_items.c).
 */
#include <string.h>

#include "base/clock.h"
#include "os/interrupt.h"
#include "report/failure_record.h"
#include "worker/retry.h"
#include "worker/worker_internal.h"

/* ---- failures ---- */

/* The failures of the items at hand, from the call. */
static void take_failures(pe_worker *worker, pe_worker_batch *at)
{
    pe_call_take_failures(worker->call, &worker->failures);
    if (worker->failures.count == 0)
        return;
    at->seconds = worker->began_ns == 0 ? 0 : (double)(pe_clock_ns() - worker->began_ns) * 1e-9;
    for (size_t i = 0; i < worker->failures.count; i++)
        worker->failures.list[i].seconds = at->seconds;
}

/* ---- encode ---- */

/* Closes the gaps that failed items leave among rows which the kernel has written in place. */
static void close_gaps(const pe_worker *worker, const pe_worker_batch *at)
{
    const size_t row = worker->spec->output.encoder.row_bytes;
    unsigned char *const rows = at->results[0];
    size_t kept = 0;
    pe_good_run run = {0};
    while (pe_failures_next_run(&worker->failures, at->block.first, at->block.count, &run)) {
        memmove(rows + kept * row, rows + (run.first - at->block.first) * row, run.count * row);
        kept += run.count;
    }
    worker->rows->size += kept * row;
}

/* The columns of a row, from item `first` of the batch at hand on: kept ones, then the written results. */
static void gather_columns(const pe_worker *worker, const pe_worker_batch *at, uint64_t first,
                           const void *columns[PE_MAX_COLUMNS])
{
    const pe_work_spec *spec = worker->spec;
    const int kept = worker->part.fold == NULL ? spec->output.kept_count : 0;
    for (int k = 0; k < kept; k++)
        columns[k] = (const unsigned char *)worker->args.given[spec->output.kept[k].column] +
                     (first - worker->args.taken.first) * pe_type_bytes(spec->output.kept[k].type);
    for (int r = 0; r < spec->kernel.signature.result_count; r++)
        columns[kept + r] =
            (const unsigned char *)at->written[r] + (first - at->block.first) * pe_type_bytes(spec->output.written[r]);
}

/* The run is stopped or interrupted: its chunk is not delivered, and what processes of the kernel gave may be cut. */
static bool is_ending(const pe_worker *worker)
{
    /* the kernel that gave up because of it has seen it on this thread */
    return atomic_load_explicit(worker->flow->stop, memory_order_relaxed) || pe_interrupt_seen() != NULL;
}

/* A run of rows into this worker's part of the reduction. */
static pe_status fold_run(pe_worker *worker, uint64_t first, size_t count, const void *const *columns, pe_error *err)
{
    if (pe_reduction_make_room(worker->spec->output.reduction, &worker->part, err) != PE_OK)
        return err->status;
    if (pe_fold_add(worker->part.fold, first, columns, count)) {
        const pe_block taken = worker->args.taken;
        if (pe_arguments_values(&worker->args, taken, err) != PE_OK)
            return err->status;
        pe_fold_put_arguments(worker->part.fold, taken.first, worker->args.values, taken.count);
    }
    if (!pe_reduction_lists_items(worker->spec->output.reduction))
        return PE_OK;
    return pe_item_set_add(&worker->part.items, (pe_block){.first = first, .count = count}, err);
}

static pe_status fold_rows(pe_worker *worker, uint64_t first, size_t count, const void *const *columns, pe_error *err)
{
    const void *at[PE_MAX_COLUMNS];
    const size_t most = pe_fold_run(worker->part.fold);
    pe_status status = PE_OK;
    for (size_t done = 0, run = 0; done < count && status == PE_OK; done += run) {
        run = count - done < most ? count - done : most;
        for (int r = 0; r < worker->spec->kernel.signature.result_count; r++)
            at[r] = (const unsigned char *)columns[r] + done * pe_type_bytes(worker->spec->kernel.signature.results[r]);
        status = fold_run(worker, first + done, run, at, err);
    }
    return status;
}

/* Rows go behind those that are there, into files of their own, or into this worker's part of a reduction. Of a run that is
 * ending the first go with the chunk; the others would stay. */
static pe_status encode_rows(pe_worker *worker, uint64_t first, size_t count, const void *const *columns, pe_error *err)
{
    if (worker->item_writer == NULL && worker->part.fold == NULL)
        return pe_encode(&worker->spec->output.encoder, first, count, columns, worker->rows, err);
    if (is_ending(worker))
        return PE_OK;
    return worker->item_writer != NULL
               ? pe_item_writer_write(worker->item_writer, first, count, columns, worker->rows, err)
               : fold_rows(worker, first, count, columns, err);
}

static pe_status encode_runs(pe_worker *worker, const pe_worker_batch *at, pe_error *err)
{
    const void *columns[PE_MAX_COLUMNS];
    pe_status status = PE_OK;
    pe_good_run run = {0};
    while (status == PE_OK && pe_failures_next_run(&worker->failures, at->block.first, at->block.count, &run)) {
        gather_columns(worker, at, run.first, columns);
        status = encode_rows(worker, run.first, run.count, columns, err);
    }
    return status;
}

static pe_status encode(pe_worker *worker, const pe_worker_batch *at, pe_chunk_result *out, pe_error *err)
{
    const pe_work_spec *spec = worker->spec;
    const bool is_skipping = spec->errors.policy == PE_ON_ERROR_SKIP;
    const bool has_gaps = worker->failures.count > 0 && (is_skipping || spec->errors.keeps_fill_out);
    out->items += at->block.count;
    out->rows += at->block.count - (is_skipping ? worker->failures.count : 0);
    if (has_gaps) {
        if (!spec->output.encoder.is_plain)
            return encode_runs(worker, at, err);
        close_gaps(worker, at);
        return PE_OK;
    }
    if (!spec->output.encoder.is_plain) {
        const void *columns[PE_MAX_COLUMNS];
        gather_columns(worker, at, at->block.first, columns);
        return encode_rows(worker, at->block.first, at->block.count, columns, err);
    }
    worker->rows->size += at->block.count * spec->output.encoder.row_bytes;
    return PE_OK;
}

/* ---- what becomes of failed items ---- */

/* The run ends at the first failed item; the rows before it are the last ones. */
static pe_status stop_at_failure(pe_worker *worker, const pe_worker_batch *at, pe_chunk_result *out, pe_error *err)
{
    pe_worker_batch before = *at;
    before.block.count = worker->failures.list[0].item - at->block.first;
    const pe_status status = before.block.count > 0 ? encode(worker, &before, out, err) : PE_OK;
    if (status != PE_OK)
        return status;
    return pe_failed_items_stop(&worker->failures, &worker->spec->kernel, &worker->spec->errors, worker->batch.first,
                                worker->args.values, err);
}

static pe_status log_failures(pe_worker *worker, uint64_t first, uint64_t batch_first, const void *const *args,
                              pe_error *err)
{
    pe_chunk_result *const out = worker->out;
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

/* After this the failures are dealt with, but for rows that encode leaves out. */
static pe_status settle(pe_worker *worker, const pe_worker_batch *at, pe_chunk_result *out, pe_error *err)
{
    const pe_work_spec *spec = worker->spec;
    if (worker->failures.count == 0)
        return PE_OK;
    pe_failures_settle(&worker->failures);
    const pe_status status = pe_arguments_values(&worker->args, worker->batch, err);
    if (status != PE_OK)
        return status;
    if (spec->errors.policy == PE_ON_ERROR_STOP)
        return stop_at_failure(worker, at, out, err);
    if (spec->errors.policy == PE_ON_ERROR_FILL)
        fill_failed(worker, at->block.first, at->written);
    return log_failures(worker, at->block.first, worker->batch.first, worker->args.values, err);
}

/* ---- a batch ---- */

static void shift(void **out, void *const *columns, const pe_type *types, int count, size_t items)
{
    for (int c = 0; c < count; c++)
        out[c] = (unsigned char *)columns[c] + items * pe_type_bytes(types[c]);
}

/* The items of the batch from the finished ones to before `end`. */
static pe_worker_batch next_items(pe_worker *worker, size_t end)
{
    const pe_work_spec *spec = worker->spec;
    const size_t skip = worker->finished;
    pe_worker_batch at = {.block = {.first = worker->batch.first + skip, .count = end - skip}};
    const bool is_plain = spec->output.encoder.is_plain; /* then they are never finished early */
    at.results = is_plain ? &worker->plain : worker->results;
    at.written = is_plain ? &worker->plain : worker->written;
    if (skip > 0) {
        shift(worker->shifted_results, at.results, spec->kernel.signature.results, spec->kernel.signature.result_count,
              skip);
        shift(worker->shifted_written, at.written, spec->output.written, spec->kernel.signature.result_count, skip);
        at.results = worker->shifted_results;
        at.written = worker->shifted_written;
    }
    return at;
}

/* The names of the files of these items, of which one that can have none fails. */
static pe_status name_files(pe_worker *worker, const pe_worker_batch *at, pe_error *err)
{
    const size_t row = (size_t)(at->block.first - worker->args.taken.first);
    const pe_status status = pe_arguments_values(&worker->args, worker->batch, err);
    return status != PE_OK ? status
                           : pe_item_writer_name(worker->item_writer, at->block, &worker->spec->kernel.signature,
                                                 worker->args.values, row, &worker->failures, err);
}

static pe_status retry(pe_worker *worker, const pe_worker_batch *at, pe_error *err)
{
    const pe_retry batch = {.signature = &worker->spec->kernel.signature,
                            .call = worker->call,
                            .retries = worker->spec->errors.retries,
                            .first = at->block.first,
                            .count = at->block.count,
                            .args = worker->args.values,
                            .results = at->results,
                            .failures = &worker->failures,
                            .kept_texts = &worker->kept_texts};
    const pe_status status = pe_arguments_values(&worker->args, at->block, err);
    return status == PE_OK ? pe_retry_run(&batch, err) : status;
}

/* All that comes behind the kernel, for the items of the batch before `end`. */
static pe_status finish_items(pe_worker *worker, size_t end, pe_error *err)
{
    const pe_work_spec *spec = worker->spec;
    pe_worker_batch at = next_items(worker, end);
    pe_status status = PE_OK;
    take_failures(worker, &at);
    if (worker->failures.count > 0 && spec->errors.retries > 0)
        status = retry(worker, &at, err);
    if (status == PE_OK && spec->output.has_conversion)
        status = pe_worker_convert(worker, &at, err);
    if (status == PE_OK && worker->item_writer != NULL)
        status = name_files(worker, &at, err);
    if (status == PE_OK)
        status = settle(worker, &at, worker->out, err);
    if (status == PE_OK)
        status = encode(worker, &at, worker->out, err);
    worker->finished = end;
    return status;
}

pe_status pe_worker_add_counts(pe_worker *worker, pe_error *err)
{
    const pe_buffer counts = worker->failure_counts, places = worker->failure_places;
    worker->failure_counts.size = worker->failure_places.size = 0;
    const pe_status status = pe_buffer_append(&worker->out->log, counts.data, counts.size, err);
    if (status != PE_OK || places.size == 0)
        return status;
    const pe_failure_record list = {
        .message = "", .is_list = true, .line = (const char *)places.data, .line_bytes = places.size};
    return pe_failure_record_append(&worker->out->log, &list, err);
}

pe_status pe_worker_hand_over_if_full(pe_worker *worker, pe_error *err)
{
    const pe_chunk_result *out = worker->out;
    if (out->bytes.size + out->log.size + worker->failure_places.size < worker->flow->part_bytes)
        return PE_OK;
    const pe_status status = pe_worker_add_counts(worker, err);
    worker->handed_items += out->items;
    worker->flow->hand_over(worker->flow->context);
    return status;
}

/* The call's finish_before: the kernel goes on behind these items. An attempt at failed ones would need the call. */
static bool finish_before(void *context, size_t done)
{
    pe_worker *worker = context;
    size_t failed = 0;
    (void)pe_call_failures(worker->call, &failed);
    if (worker->early.status != PE_OK) /* the run ends before these items */
        return true;
    if (failed > 0 && worker->spec->errors.retries > 0)
        return false;
    if (finish_items(worker, done, &worker->early) == PE_OK)
        (void)pe_worker_hand_over_if_full(worker, &worker->early);
    return true;
}

/* The call's wait_for_room: a text lies in memory once as it is given, and once as it is encoded. */
static void wait_for_room(void *context, size_t bytes)
{
    pe_worker *worker = context;
    worker->flow->wait_for_room(worker->flow->context, 2 * bytes);
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
    worker->batch = block;
    worker->finished = 0;
    worker->began_ns = worker->spec->errors.has_log ? pe_clock_ns() : 0;
    worker->early.status = PE_OK;
    worker->plain = worker->rows->data + worker->rows->size;
}

/* The items whose arguments were taken. */
static pe_status run_taken(pe_worker *worker, pe_block block, pe_error *err)
{
    begin_batch(worker, block);
    const pe_worker_batch at = next_items(worker, block.count);
    const pe_status status = pe_call_run(worker->call, block.first, block.count, worker->args.given, at.results, err);
    if (worker->early.status != PE_OK) {
        *err = worker->early;
        return err->status;
    }
    return status == PE_OK && worker->finished < block.count ? finish_items(worker, block.count, err) : status;
}

/* An item for which kernel.where has no answer fails like one that the kernel refuses. */
static pe_status run_unjudged(pe_worker *worker, uint64_t item, pe_error *err)
{
    const pe_failures *const failures = &worker->where.failures;
    size_t f = 0;
    while (failures->list[f].item != item)
        f++;
    begin_batch(worker, (pe_block){.first = item, .count = 1});
    const pe_worker_batch at = next_items(worker, 1);
    pe_failures_clear(&worker->failures);
    pe_status status = pe_failures_add(&worker->failures, item, 0, failures->list[f].reason, err);
    if (status == PE_OK)
        status = settle(worker, &at, worker->out, err);
    return status == PE_OK ? encode(worker, &at, worker->out, err) : status;
}

/* The items whose arguments were taken and that where chooses, in runs of consecutive ones. */
static pe_status run_chosen(pe_worker *worker, pe_block block, uint64_t end, const pe_buffer *payload, pe_error *err)
{
    pe_status status = pe_worker_where_choose(worker, block, err);
    for (uint64_t done = 0; done < block.count && status == PE_OK;) {
        const pe_block run = pe_worker_where_next(worker, block, done);
        const unsigned char choice = worker->where.choices[done];
        done += run.count;
        if (choice == PE_CHOICE_OUT) {
            worker->out->items += run.count;
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
        worker->out->items++;
        return PE_OK;
    }
    if (spec->errors.policy == PE_ON_ERROR_STOP || err->status != PE_EDATA || err->item == PE_NO_ITEM)
        return err->status;
    begin_batch(worker, (pe_block){.first = item, .count = 1});
    const pe_worker_batch at = next_items(worker, 1);
    pe_chunk_result *out = worker->out;
    const pe_error reason = *err;
    pe_error_clear(err);
    pe_failures_clear(&worker->failures);
    pe_status status = pe_failures_add_unread(&worker->failures, item, reason.text, err);
    if (status == PE_OK && spec->errors.policy == PE_ON_ERROR_FILL) {
        fill_failed(worker, item, at.written);
        pe_arguments_take_kept(&worker->args, item, payload);
    }
    if (status == PE_OK)
        status = log_failures(worker, item, item, NULL, err);
    if (status == PE_OK && worker->item_writer != NULL)
        status = pe_item_writer_name(worker->item_writer, at.block, &spec->kernel.signature, NULL, 0, &worker->failures,
                                     err);
    return status == PE_OK ? encode(worker, &at, out, err) : status;
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

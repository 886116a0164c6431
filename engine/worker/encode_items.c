/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* encode_items.c - the results of some items become rows of the chunk, files of their own, or a part of the reduction.
 *
 * Design:   failed items that have no row are left out here, so the items are encoded in runs of good ones. Rows that the
 *           kernel has written in place are moved together instead.
 * Threads:  a worker belongs to one thread.
 */
#include <string.h>

#include "os/interrupt.h"
#include "worker/worker_internal.h"

/* Closes the gaps that failed items leave among rows which the kernel has written in place. */
static void close_gaps(const pe_worker *worker, const pe_worker_items *items)
{
    const size_t row = worker->spec->output.encoder.row_bytes;
    unsigned char *const rows = items->results[0];
    size_t kept = 0;
    pe_good_run run = {0};
    while (pe_failures_next_run(&worker->failures, items->block.first, items->block.count, &run)) {
        memmove(rows + kept * row, rows + (run.first - items->block.first) * row, run.count * row);
        kept += run.count;
    }
    worker->rows->size += kept * row;
}

/* The columns of a row, from item `first` of the current batch on: kept ones, then the written results. */
static void gather_columns(const pe_worker *worker, const pe_worker_items *items, uint64_t first,
                           const void *columns[PE_MAX_COLUMNS])
{
    const pe_work_spec *spec = worker->spec;
    const int kept = worker->part.fold == NULL ? spec->output.kept_count : 0;
    for (int k = 0; k < kept; k++)
        columns[k] = (const unsigned char *)worker->args.given[spec->output.kept[k].column] +
                     (first - worker->args.taken.first) * pe_type_bytes(spec->output.kept[k].type);
    for (int r = 0; r < spec->kernel.signature.result_count; r++)
        columns[kept + r] = (const unsigned char *)items->written[r] +
                            (first - items->block.first) * pe_type_bytes(spec->output.written[r]);
}

/* The run is stopped or interrupted: its chunk is not delivered, and what processes of the kernel gave may be cut. */
static bool is_ending(const pe_worker *worker)
{
    /* the kernel that gave up because of it has seen it on this thread */
    return atomic_load_explicit(worker->chunk.flow->stop, memory_order_relaxed) || pe_interrupt_seen() != NULL;
}

/* Adds a run of rows to this worker's part of the reduction. */
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

/* Rows are appended, written to one file per item, or added to this worker's part of a reduction. When the run is ending its
 * chunk is dropped with the appended rows; files and folds could not be undone, so none are made. */
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

static pe_status encode_runs(pe_worker *worker, const pe_worker_items *items, pe_error *err)
{
    const void *columns[PE_MAX_COLUMNS];
    pe_status status = PE_OK;
    pe_good_run run = {0};
    while (status == PE_OK && pe_failures_next_run(&worker->failures, items->block.first, items->block.count, &run)) {
        gather_columns(worker, items, run.first, columns);
        status = encode_rows(worker, run.first, run.count, columns, err);
    }
    return status;
}

pe_status pe_worker_encode(pe_worker *worker, const pe_worker_items *items, pe_error *err)
{
    const pe_work_spec *spec = worker->spec;
    pe_chunk_result *const out = worker->chunk.out;
    const bool is_skipping = spec->errors.policy == PE_ON_ERROR_SKIP;
    const bool has_gaps = worker->failures.count > 0 && (is_skipping || spec->errors.keeps_fill_out);
    out->items += items->block.count;
    out->rows += items->block.count - (is_skipping ? worker->failures.count : 0);
    if (has_gaps) {
        if (!spec->output.encoder.is_plain)
            return encode_runs(worker, items, err);
        close_gaps(worker, items);
        return PE_OK;
    }
    if (!spec->output.encoder.is_plain) {
        const void *columns[PE_MAX_COLUMNS];
        gather_columns(worker, items, items->block.first, columns);
        return encode_rows(worker, items->block.first, items->block.count, columns, err);
    }
    worker->rows->size += items->block.count * spec->output.encoder.row_bytes;
    return PE_OK;
}

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* column_worker.c - the worker of the library: columns in, columns out, failed items reported one by one.
 *
 * Design:  column_worker.h. A batch goes through its arguments (column_arguments.c), the kernel, further attempts
 *          (worker/retry.c), and what [errors] says of failed items.
 * Threads: a worker belongs to one thread; pe_column_work does not change during a run.
 * Not here: how many items a chunk has (threads), what is done with blocks and notes (pool_deliver.c).
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "library/columns/column_worker_internal.h"
#include "worker/failed_items.h"
#include "worker/retry.h"

#define TEXT_BATCH 64 /* items of a batch with result texts, which lie in memory twice until it ends */

static _Thread_local const void *entered; /* the pool */

void pe_column_worker_enter(const void *pool)
{
    entered = pool;
}

const void *pe_column_worker_inside(void)
{
    return entered;
}

/* ---- failed items ---- */

static pe_outcome outcome_of(const char *reason)
{
    static const char late[] = "timeout after "; /* pe_process_form_timeout_text */
    return strncmp(reason, late, sizeof late - 1) == 0 ? PE_ITEM_TIMED_OUT : PE_ITEM_FAILED;
}

static void mark_outcomes(const pe_failures *failures, uint64_t first, uint64_t count, unsigned char *outcomes)
{
    memset(outcomes, PE_ITEM_OK, count);
    for (size_t f = 0; f < failures->count && failures->list[f].item - first < count; f++)
        outcomes[failures->list[f].item - first] = (unsigned char)outcome_of(failures->list[f].reason);
}

static pe_status append_note(pe_buffer *notes, const pe_failure *failure, pe_error *err)
{
    const pe_failed_note note = {.item = failure->item,
                                 .outcome = (uint32_t)outcome_of(failure->reason),
                                 .reason_bytes = (uint32_t)strlen(failure->reason)};
    const pe_status status = pe_buffer_append(notes, &note, sizeof note, err);
    return status == PE_OK ? pe_buffer_append(notes, failure->reason, note.reason_bytes, err) : status;
}

size_t pe_failed_note_read(const pe_buffer *notes, size_t at, pe_failed_note *out)
{
    memcpy(out, notes->data + at, sizeof *out);
    out->reason = (const char *)notes->data + at + sizeof *out;
    return at + sizeof *out + out->reason_bytes;
}

/* The places of failed items that have no value. */
static void clear_results(const pe_failures *failures, const pe_signature *signature, uint64_t first,
                          void *const *results)
{
    for (int r = 0; r < signature->result_count; r++) {
        const size_t bytes = pe_type_bytes(signature->results[r]);
        for (size_t f = 0; f < failures->count; f++)
            memset((unsigned char *)results[r] + (failures->list[f].item - first) * bytes, 0, bytes);
    }
}

/* [errors] on_error = "skip" and "fill": the call goes on. */
static pe_status record_failures(pe_column_worker_state *self, const pe_column_batch *batch, pe_error *err)
{
    const pe_work_errors *errors = self->work->errors;
    const pe_signature *signature = &self->work->kernel->signature;
    const pe_failures *failures = &self->failures;
    pe_status status = PE_OK;
    if (errors->policy == PE_ON_ERROR_FILL)
        pe_failed_items_fill(failures, errors, signature->results, signature->result_count, batch->first,
                             batch->results);
    else
        clear_results(failures, signature, batch->first, batch->results);
    for (size_t f = 0; f < failures->count && status == PE_OK; f++)
        status = append_note(&self->notes, &failures->list[f], err);
    const pe_failed_items_logs to = {.first = batch->first, .counts = &self->counts, .log = &self->lines};
    return status == PE_OK
               ? pe_failed_items_log(failures, self->work->kernel, errors, batch->first, batch->args, &to, err)
               : status;
}

/* A section of the chunk's log from what has been noted. */
static pe_status append_section(pe_column_worker_state *self, pe_buffer *log, pe_error *err)
{
    const uint64_t sizes[] = {self->notes.size, self->counts.size + self->lines.size};
    if (sizes[0] + sizes[1] == 0)
        return PE_OK;
    pe_status status = pe_buffer_append(log, sizes, sizeof sizes, err);
    const pe_buffer *const parts[] = {&self->notes, &self->counts, &self->lines};
    for (int p = 0; p < 3 && status == PE_OK; p++)
        status = pe_buffer_append(log, parts[p]->data, parts[p]->size, err);
    self->notes.size = self->counts.size = self->lines.size = 0;
    return status;
}

bool pe_column_log_next(const pe_buffer *log, size_t *at, pe_buffer *notes, pe_buffer *records)
{
    uint64_t sizes[2];
    if (*at >= log->size)
        return false;
    memcpy(sizes, log->data + *at, sizeof sizes);
    *notes = (pe_buffer){.data = log->data + *at + sizeof sizes, .size = sizes[0], .capacity = sizes[0]};
    *records = (pe_buffer){.data = notes->data + sizes[0], .size = sizes[1], .capacity = sizes[1]};
    *at += sizeof sizes + sizes[0] + sizes[1];
    return true;
}

/* ---- a batch ---- */

static pe_column_types result_types(const pe_column_work *work)
{
    return (pe_column_types){work->kernel->signature.results, work->kernel->signature.result_count};
}

/* Where the results of the batch go. */
static pe_status begin_results(pe_column_worker_state *self, pe_column_batch *batch, pe_buffer *out, pe_error *err)
{
    const pe_column_work *work = self->work;
    const pe_signature *signature = &work->kernel->signature;
    if (self->makes_blocks) {
        const pe_status status =
            pe_column_block_begin(out, result_types(work), batch->first, batch->count, &self->block, err);
        memcpy(batch->results, self->block.columns, sizeof batch->results);
        return status;
    }
    for (int r = 0; r < signature->result_count; r++)
        batch->results[r] =
            (unsigned char *)work->results[r] + (batch->first - work->origin) * pe_type_bytes(signature->results[r]);
    return PE_OK;
}

/* The first `done` items of the batch have results. */
static pe_status end_results(pe_column_worker_state *self, const pe_column_batch *batch, uint64_t done, pe_buffer *out,
                             pe_error *err)
{
    const pe_column_work *work = self->work;
    const pe_failures *failures = &self->failures;
    const bool has_failed = failures->count > 0 && work->errors->policy != PE_ON_ERROR_STOP;
    unsigned char *outcomes =
        work->outcomes == NULL || self->makes_blocks ? NULL : work->outcomes + (batch->first - work->origin);
    if (self->makes_blocks && has_failed) {
        self->outcomes.size = 0;
        if (pe_buffer_reserve(&self->outcomes, batch->count, err) != PE_OK)
            return err->status;
        outcomes = self->outcomes.data;
    }
    if (outcomes != NULL)
        mark_outcomes(failures, batch->first, done, outcomes);
    if (!self->makes_blocks)
        return PE_OK;
    self->block.count = done;
    return pe_column_block_end(out, result_types(work), &self->block, has_failed ? outcomes : NULL, err);
}

static pe_status retry(pe_column_worker_state *self, const pe_column_batch *batch, pe_error *err)
{
    const pe_retry failed = {.signature = &self->work->kernel->signature,
                             .call = self->call,
                             .retries = self->work->errors->retries,
                             .first = batch->first,
                             .count = batch->count,
                             .args = batch->args,
                             .results = batch->results,
                             .failures = &self->failures,
                             .unfit = &self->unfit,
                             .kept_texts = &self->kept_texts};
    return pe_retry_run(&failed, err);
}

static pe_status run_batch(pe_column_worker_state *self, pe_column_batch *batch, pe_chunk_result *out, pe_error *err)
{
    const pe_work_errors *errors = self->work->errors;
    pe_status status = pe_column_arguments_take(self, batch, err);
    if (status == PE_OK)
        status = begin_results(self, batch, &out->bytes, err);
    if (status == PE_OK)
        status = pe_call_run(self->call, batch->first, batch->count, batch->args, batch->results, err);
    if (status != PE_OK)
        return status;
    pe_call_take_failures(self->call, &self->failures);
    if (self->failures.count > 0 && errors->retries > 0)
        status = retry(self, batch, err);
    if (status == PE_OK && self->unfit.count > 0)
        status = pe_column_arguments_add_unfit(self, err);
    if (status != PE_OK)
        return status;
    const bool is_end = self->failures.count > 0 && errors->policy == PE_ON_ERROR_STOP;
    const uint64_t done = is_end ? self->failures.list[0].item - batch->first : batch->count;
    if (self->failures.count > 0 && !is_end)
        status = record_failures(self, batch, err);
    if (status == PE_OK)
        status = end_results(self, batch, done, &out->bytes, err);
    if (status != PE_OK)
        return status;
    out->items += done;
    return is_end ? pe_failed_items_stop(&self->failures, self->work->kernel, errors, batch->first, batch->args, err)
                  : PE_OK;
}

/* ---- a chunk ---- */

static pe_status run_grain(pe_column_worker_state *self, pe_block grain, pe_chunk_result *out,
                           const pe_chunk_flow *flow, pe_error *err)
{
    const uint64_t planned = self->work->plan->batch_items;
    const uint64_t most = self->has_text && planned > TEXT_BATCH ? TEXT_BATCH : planned;
    pe_status status = PE_OK;
    for (uint64_t done = 0; done < grain.count && status == PE_OK; done += most) {
        const uint64_t left = grain.count - done;
        pe_column_batch batch = {.first = self->work->first + grain.first + done, .count = left < most ? left : most};
        if (atomic_load_explicit(flow->stop, memory_order_relaxed)) /* only to end sooner */
            break;
        status = run_batch(self, &batch, out, err);
        if (status == PE_OK && out->bytes.size + out->log.size >= flow->part_bytes) {
            status = append_section(self, &out->log, err);
            out->rows = out->items;
            flow->hand_over(flow->context);
        }
    }
    return status;
}

static pe_status run_worker(void *context, pe_split_range *range, const pe_buffer *payload, pe_chunk_result *out,
                            const pe_chunk_flow *flow, pe_error *err)
{
    pe_column_worker_state *self = context;
    pe_error other = PE_ERROR_INIT;
    pe_status status = PE_OK;
    self->has_payload = payload->size > 0;
    self->makes_blocks = self->work->results == NULL || (self->work->is_shared && self->has_payload);
    if (self->has_payload)
        pe_column_block_read(payload->data, 0, self->work->columns, &self->payload);
    const void *const before = pe_column_worker_inside(); /* a small map runs on the caller's thread */
    pe_column_worker_enter(self->work->inside);
    for (pe_block grain; status == PE_OK && pe_split_range_next(range, &grain);)
        status = run_grain(self, grain, out, flow, err);
    pe_column_worker_enter(before);
    out->rows = out->items;
    if (err->item != PE_NO_ITEM)
        err->item -= self->work->first;
    if (append_section(self, &out->log, &other) != PE_OK && err->status == PE_OK)
        *err = other;
    return err->status;
}

/* ---- open and close ---- */

static void close_worker(void *context)
{
    pe_column_worker_state *self = context;
    if (self == NULL)
        return;
    pe_idle_calls_put(self->work->idle_calls, self->call);
    for (int a = 0; a < PE_MAX_COLUMNS; a++)
        free(self->scratch[a]);
    pe_failures_fini(&self->failures);
    pe_failures_fini(&self->unfit);
    pe_arena_fini(&self->kept_texts);
    pe_buffer_fini(&self->counts);
    pe_buffer_fini(&self->lines);
    pe_buffer_fini(&self->notes);
    pe_buffer_fini(&self->outcomes);
    free(self);
}

static pe_status open_worker(const void *work_spec, void **out, pe_error *err)
{
    const pe_column_work *work = work_spec;
    const pe_signature *signature = &work->kernel->signature;
    pe_column_worker_state *self = NULL;
    pe_status status = pe_make_array(&self, 1, sizeof *self, err);
    if (status != PE_OK)
        return status;
    self->work = work;
    *out = self; /* the pool closes it in either case */
    for (int r = 0; r < signature->result_count; r++)
        self->has_text = self->has_text || signature->results[r].dtype == PE_TEXT;
    status = pe_column_arguments_open(self, err);
    return status == PE_OK ? pe_idle_calls_take(work->idle_calls, &self->call, err) : status;
}

const pe_worker_vtable pe_column_worker = {.open = open_worker, .run = run_worker, .close = close_worker};

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* pool_deliver.c - what a call does with results: blocks to the sink or to the caller's columns, failed items to their list.
 *
 * Threads: one thread at a time: a worker that delivers, or the thread that runs the call.
 * Not here: the results that workers write into the caller's columns themselves (column_worker.c).
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "library/pool_internal.h"
#include "run/output/failure_limit.h"

#define LEAST_FAILURES 16

/* ---- failed items ---- */

/* Items often fail for the same reason as the one before: then they share its text. */
static const char *keep_reason(pe_pool_task *task, const pe_failed_note *note, pe_error *err)
{
    const char *const last = task->failure_count == 0 ? NULL : task->failures[task->failure_count - 1].reason;
    if (last != NULL && strlen(last) == note->reason_bytes && memcmp(last, note->reason, note->reason_bytes) == 0)
        return last;
    char *const copy = pe_arena_get(&task->texts, (size_t)note->reason_bytes + 1);
    if (copy == NULL) {
        (void)pe_fail(err, PE_ENOMEM, "out of memory: no room for the reasons of failed items");
        return NULL;
    }
    memcpy(copy, note->reason, note->reason_bytes);
    copy[note->reason_bytes] = '\0';
    return copy;
}

pe_status pe_pool_add_failure(pe_pool_task *task, const pe_failed_note *note, pe_error *err)
{
    const pe_status status = pe_grow_array(&task->failures, task->failure_count, &task->failure_room,
                                           sizeof *task->failures, LEAST_FAILURES, err);
    const char *const reason = status == PE_OK ? keep_reason(task, note, err) : NULL;
    if (reason == NULL)
        return err->status;
    task->failures[task->failure_count++] =
        (pe_pool_failure){.item = note->item, .outcome = (pe_outcome)note->outcome, .reason = reason};
    return PE_OK;
}

static int compare(const void *a, const void *b)
{
    const uint64_t left = ((const pe_pool_failure *)a)->item, right = ((const pe_pool_failure *)b)->item;
    return left < right ? -1 : left > right ? 1 : 0;
}

void pe_pool_sort_failures(pe_pool_task *task)
{
    if (task->failure_count > 1)
        qsort(task->failures, task->failure_count, sizeof *task->failures, compare);
}

static pe_status take_log(pe_pool_task *task, const pe_buffer *log, pe_error *err)
{
    pe_buffer notes, records;
    pe_status status = PE_OK;
    for (size_t at = 0; status == PE_OK && pe_column_log_next(log, &at, &notes, &records);) {
        for (size_t note_at = 0; note_at < notes.size && status == PE_OK;) {
            pe_failed_note note;
            note_at = pe_failed_note_read(&notes, note_at, &note);
            status = pe_pool_add_failure(task, &note, err);
        }
        if (status == PE_OK)
            status = pe_failure_log_take(&task->log, &records, err);
    }
    const uint64_t items = task->call.source != NULL ? PE_ITEMS_UNKNOWN : task->call.count;
    return status == PE_OK && log->size > 0 ? pe_failure_limit_check(&task->log, task->kernel->job, items, false, err)
                                            : status;
}

/* ---- results ---- */

static pe_status copy_texts(pe_pool_task *task, const pe_column_block *block, int result, pe_text *out, pe_error *err)
{
    const pe_text *in = block->columns[result];
    size_t bytes = 0;
    for (uint64_t i = 0; i < block->count; i++)
        bytes += in[i].size;
    char *at = pe_arena_get(&task->texts, bytes);
    if (at == NULL)
        return pe_fail(err, PE_ENOMEM, "out of memory: no room for result texts (%zu bytes)", bytes);
    for (uint64_t i = 0; i < block->count; i++) {
        const pe_text text = pe_column_block_text(block, in[i]);
        if (text.size > 0)
            memcpy(at, text.data, text.size);
        out[i] = (pe_text){.data = at, .size = text.size};
        at += text.size;
    }
    return PE_OK;
}

static pe_status to_columns(pe_pool_task *task, const pe_column_block *block, pe_error *err)
{
    const pe_column_types types = pe_pool_result_types(task->kernel);
    pe_status status = PE_OK;
    for (int r = 0; r < types.count && status == PE_OK; r++) {
        const size_t bytes = pe_type_bytes(types.list[r]);
        unsigned char *const out = (unsigned char *)task->results[r] + (block->first - task->origin) * bytes;
        if (types.list[r].dtype == PE_TEXT)
            status = copy_texts(task, block, r, (pe_text *)(void *)out, err);
        else
            memcpy(out, block->columns[r], block->count * bytes);
    }
    return status;
}

static pe_status to_sink(pe_pool_task *task, const pe_column_block *block, pe_error *err)
{
    const pe_column_types types = pe_pool_result_types(task->kernel);
    const void *results[PE_MAX_COLUMNS];
    const void *const before = pe_column_worker_inside();
    for (int r = 0; r < types.count; r++) {
        pe_text *texts = types.list[r].dtype == PE_TEXT ? block->columns[r] : NULL;
        for (uint64_t i = 0; i < block->count && texts != NULL; i++)
            texts[i] = pe_column_block_text(block, texts[i]);
        results[r] = block->columns[r];
    }
    const pe_pool_block taken = {
        .first = block->first, .count = block->count, .results = results, .outcomes = block->outcomes};
    pe_column_worker_enter(task->kernel->pool);
    const int refused = task->call.sink(task->call.sink_context, &taken);
    pe_column_worker_enter(before);
    if (refused == 0)
        return PE_OK;
    return pe_fail(err, PE_ESTOPPED, "ended by the caller after item %llu",
                   (unsigned long long)(block->first + block->count - 1));
}

static pe_status take_block(pe_pool_task *task, const pe_column_block *block, pe_error *err)
{
    unsigned char *const outcomes = task->call.outcomes;
    if (block->count == 0)
        return PE_OK;
    if (outcomes != NULL && block->outcomes != NULL)
        memcpy(outcomes + (block->first - task->origin), block->outcomes, block->count);
    else if (outcomes != NULL)
        memset(outcomes + (block->first - task->origin), PE_ITEM_OK, block->count);
    return task->call.sink != NULL ? to_sink(task, block, err) : to_columns(task, block, err);
}

pe_status pe_pool_deliver(void *context, const pe_chunk_result *out, pe_error *err)
{
    pe_pool_task *task = context;
    const pe_column_types types = pe_pool_result_types(task->kernel);
    pe_status status = PE_OK;
    pe_column_block block;
    for (size_t at = 0; at < out->bytes.size && status == PE_OK; at = block.end) {
        pe_column_block_read(out->bytes.data, at, types, &block);
        status = take_block(task, &block, err);
    }
    (void)atomic_fetch_add_explicit(&task->items, out->items, memory_order_relaxed); /* only shown */
    if (status == PE_OK)
        status = take_log(task, &out->log, err);
    if (status != PE_OK && err->item != PE_NO_ITEM)
        err->item -= task->first;
    return status;
}

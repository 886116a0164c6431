/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* retry.c - further attempts at the failed items of a batch, one by one.
 *
 * Threads:  one worker's own.
 * Not here: what becomes of those that fail again (worker.c).
 */
#include <string.h>

#include "base/clock.h"
#include "worker/worker_internal.h"

/* The next run of the kernel takes back the result texts of this one, so those of `count` items move to memory of the
 * worker. */
static pe_status keep_texts(pe_worker *worker, const pe_worker_batch *at, uint64_t first, uint64_t count, pe_error *err)
{
    const pe_signature *signature = &worker->spec->signature;
    for (int r = 0; r < signature->result_count; r++) {
        pe_text *texts = signature->results[r].dtype == PE_TEXT ? at->results[r] : NULL;
        for (uint64_t i = first; i < first + count && texts != NULL; i++) {
            char *const copy = pe_arena_get(&worker->kept_texts, texts[i].size);
            if (copy == NULL)
                return pe_fail(err, PE_ENOMEM, "out of memory: no room for result texts (%zu bytes)", texts[i].size);
            if (texts[i].size > 0)
                memcpy(copy, texts[i].data, texts[i].size);
            texts[i].data = copy;
        }
    }
    return PE_OK;
}

static pe_status try_once(pe_worker *worker, const pe_worker_batch *at, pe_failure *failure, bool *is_mended,
                          pe_error *err)
{
    const pe_signature *signature = &worker->spec->signature;
    const void *args[PE_MAX_COLUMNS];
    void *results[PE_MAX_COLUMNS];
    const size_t index = failure->item - at->block.first;
    for (int a = 0; a < signature->arg_count; a++)
        args[a] = (const unsigned char *)worker->args.values[a] + index * pe_type_bytes(signature->args[a]);
    for (int r = 0; r < signature->result_count; r++)
        results[r] = (unsigned char *)at->results[r] + index * pe_type_bytes(signature->results[r]);
    const uint64_t began = pe_clock_ns();
    const pe_status status = pe_call_run(worker->call, failure->item, 1, args, results, err);
    size_t failed = 0;
    const pe_failure *failures = pe_call_failures(worker->call, &failed);
    failure->attempts++;
    failure->seconds = (double)(pe_clock_ns() - began) * 1e-9;
    *is_mended = status == PE_OK && failed == 0;
    if (status != PE_OK || failed == 0)
        return status;
    return pe_failures_set_reason(&worker->failures, failure, failures[0].reason, err);
}

pe_status pe_worker_retry(pe_worker *worker, const pe_worker_batch *at, pe_error *err)
{
    pe_failures *const failures = &worker->failures;
    size_t kept = 0;
    pe_status status = pe_arguments_values(&worker->args, at->block, err);
    pe_arena_reset(&worker->kept_texts);
    if (status == PE_OK)
        status = keep_texts(worker, at, 0, at->block.count, err);
    for (size_t i = 0; i < failures->count && status == PE_OK; i++) {
        bool is_mended = false;
        for (uint32_t retry = 0; retry < worker->spec->retries && !is_mended && status == PE_OK; retry++)
            status = try_once(worker, at, &failures->list[i], &is_mended, err);
        if (status == PE_OK && is_mended)
            status = keep_texts(worker, at, failures->list[i].item - at->block.first, 1, err);
        if (!is_mended)
            failures->list[kept++] = failures->list[i];
    }
    failures->count = status == PE_OK ? kept : failures->count;
    return status;
}

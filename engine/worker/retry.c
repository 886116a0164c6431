/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* retry.c - the failed items of a batch are tried once more, one by one.
 *
 * Threads:  worker.h.
 * Not here: what becomes of those that fail again (worker.c).
 */
#include <string.h>

#include "base/clock.h"
#include "worker/worker_internal.h"

/* The next run of the kernel takes back the texts of this one: so they move to memory of the worker. */
static pe_status keep_texts(pe_worker *worker, const pe_worker_batch *at, pe_error *err)
{
    const pe_signature *signature = &worker->spec->signature;
    size_t bytes = 0;
    for (int r = 0; r < signature->result_count; r++) {
        const pe_text *texts = signature->results[r].dtype == PE_TEXT ? at->results[r] : NULL;
        for (size_t i = 0; i < at->block.count && texts != NULL; i++)
            bytes += texts[i].size;
    }
    worker->kept_turn = 1 - worker->kept_turn;
    pe_buffer *const kept = &worker->kept[worker->kept_turn];
    kept->size = 0;
    const pe_status status = pe_buffer_reserve(kept, bytes, err); /* at once: appending may not move it */
    for (int r = 0; r < signature->result_count && status == PE_OK; r++) {
        pe_text *texts = signature->results[r].dtype == PE_TEXT ? at->results[r] : NULL;
        for (size_t i = 0; i < at->block.count && texts != NULL; i++) {
            unsigned char *to = kept->data + kept->size;
            if (texts[i].size > 0)
                memcpy(to, texts[i].data, texts[i].size);
            texts[i].data = (const char *)to;
            kept->size += texts[i].size;
        }
    }
    return status;
}

static pe_status try_once(pe_worker *worker, const pe_worker_batch *at, pe_batch_failure *failure, bool *is_mended,
                          pe_error *err)
{
    const pe_signature *signature = &worker->spec->signature;
    const void *args[PE_MAX_COLUMNS];
    void *results[PE_MAX_COLUMNS];
    for (int a = 0; a < signature->arg_count; a++)
        args[a] = (const unsigned char *)worker->args.values[a] + failure->item * pe_type_bytes(signature->args[a]);
    for (int r = 0; r < signature->result_count; r++)
        results[r] = (unsigned char *)at->results[r] + failure->item * pe_type_bytes(signature->results[r]);
    const uint64_t began = pe_clock_ns();
    const pe_status status = pe_call_run(worker->call, at->block.first + failure->item, 1, args, results, err);
    size_t failed = 0;
    const pe_failure *failures = pe_call_failures(worker->call, &failed);
    failure->attempts++;
    failure->seconds = (double)(pe_clock_ns() - began) * 1e-9;
    *is_mended = failed == 0;
    if (failed > 0)
        memcpy(failure->reason, failures[0].reason, sizeof failure->reason);
    return status;
}

pe_status pe_worker_retry(pe_worker *worker, const pe_worker_batch *at, pe_error *err)
{
    pe_status status = pe_arguments_values(&worker->args, at->block, err);
    if (status == PE_OK)
        status = keep_texts(worker, at, err);
    for (size_t i = 0; i < worker->failures.count && status == PE_OK;) {
        bool is_mended = false;
        for (uint32_t retry = 0; retry < worker->spec->retries && !is_mended && status == PE_OK; retry++)
            status = try_once(worker, at, &worker->failures.failures[i], &is_mended, err);
        if (status == PE_OK && is_mended && worker->spec->encoder.has_text)
            status = keep_texts(worker, at, err);
        if (is_mended)
            pe_batch_failures_remove(&worker->failures, i);
        else
            i++;
    }
    return status;
}

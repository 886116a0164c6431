/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* retry.c - further attempts at the failed items of a batch, one by one.
 *
 * Threads:  one worker's own.
 * Not here: what becomes of those that fail again (batch.c).
 */
#include "worker/retry.h"

#include <string.h>

#include "base/clock.h"

/* The next run of the kernel takes back the result texts of this one, so those of `count` items move to memory of the
 * worker. */
static pe_status keep_texts(const pe_retry *self, uint64_t from, uint64_t count, pe_error *err)
{
    for (int r = 0; r < self->signature->result_count; r++) {
        pe_text *texts = self->signature->results[r].dtype == PE_TEXT ? self->results[r] : NULL;
        for (uint64_t i = from; i < from + count && texts != NULL; i++) {
            char *const copy = pe_arena_get(self->kept_texts, texts[i].size);
            if (copy == NULL)
                return pe_fail(err, PE_ENOMEM, "out of memory: no room for result texts (%zu bytes)", texts[i].size);
            if (texts[i].size > 0)
                memcpy(copy, texts[i].data, texts[i].size);
            texts[i].data = copy;
        }
    }
    return PE_OK;
}

static pe_status try_once(const pe_retry *self, pe_failure *failure, bool *is_fixed, pe_error *err)
{
    const pe_signature *signature = self->signature;
    const void *args[PE_MAX_COLUMNS];
    void *results[PE_MAX_COLUMNS];
    const size_t index = failure->item - self->first;
    for (int a = 0; a < signature->arg_count; a++)
        args[a] = (const unsigned char *)self->args[a] + index * pe_type_bytes(signature->args[a]);
    for (int r = 0; r < signature->result_count; r++)
        results[r] = (unsigned char *)self->results[r] + index * pe_type_bytes(signature->results[r]);
    const uint64_t began = pe_clock_ns();
    const pe_status status = pe_call_run(self->call, failure->item, 1, args, results, err);
    size_t failed = 0;
    const pe_failure *failures = pe_call_failures(self->call, &failed);
    failure->attempts++;
    failure->seconds = (double)(pe_clock_ns() - began) * 1e-9;
    *is_fixed = status == PE_OK && failed == 0;
    if (status != PE_OK || failed == 0)
        return status;
    return pe_failures_set_reason(self->failures, failure, failures[0].reason, err);
}

static bool is_unfit(const pe_retry *self, uint64_t item)
{
    for (size_t f = 0; self->unfit != NULL && f < self->unfit->count; f++)
        if (self->unfit->list[f].item == item)
            return true;
    return false;
}

pe_status pe_retry_run(const pe_retry *self, pe_error *err)
{
    pe_failures *const failures = self->failures;
    size_t kept = 0;
    pe_arena_reset(self->kept_texts);
    pe_status status = keep_texts(self, 0, self->count, err);
    for (size_t f = 0; f < failures->count && status == PE_OK; f++) {
        bool is_fixed = false;
        const uint32_t most = is_unfit(self, failures->list[f].item) ? 0 : self->retries;
        for (uint32_t retry = 0; retry < most && !is_fixed && status == PE_OK; retry++)
            status = try_once(self, &failures->list[f], &is_fixed, err);
        if (status == PE_OK && is_fixed)
            status = keep_texts(self, failures->list[f].item - self->first, 1, err);
        if (!is_fixed)
            failures->list[kept++] = failures->list[f];
    }
    failures->count = status == PE_OK ? kept : failures->count;
    return status;
}

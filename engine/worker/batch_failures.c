/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* batch_failures.c - the failed items of one batch: who, why, and what becomes of their rows.
 *
 * Design:   a short sorted list: most batches have none, and nothing here runs then.
 * Threads:  one worker's own.
 * Not here: finding failures (worker.c), the csv (report/failure_log.c).
 */
#include "worker/batch_failures.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "kernel/item_text.h"
#include "report/failure_log.h"

void pe_batch_failures_fini(pe_batch_failures *failures)
{
    free(failures->failures);
    *failures = (pe_batch_failures){0};
}

static pe_status reserve(pe_batch_failures *failures, pe_error *err)
{
    pe_batch_failure *grown = NULL;
    if (failures->count < failures->room)
        return PE_OK;
    const size_t room = failures->room == 0 ? 64 : failures->room * 2;
    const pe_status status = pe_make_array(&grown, room, sizeof *grown, err);
    if (status != PE_OK)
        return status;
    if (failures->count > 0)
        memcpy(grown, failures->failures, failures->count * sizeof *grown);
    free(failures->failures);
    failures->failures = grown;
    failures->room = room;
    return PE_OK;
}

/* Where item stands or belongs; most come in order, so the end is looked at first. */
static size_t find(const pe_batch_failures *failures, size_t item)
{
    size_t at = failures->count;
    while (at > 0 && failures->failures[at - 1].item >= item)
        at--;
    return at;
}

pe_status pe_batch_failures_add(pe_batch_failures *failures, size_t item, uint32_t attempts, double seconds,
                                const char *reason, pe_error *err)
{
    const size_t at = find(failures, item);
    if (at < failures->count && failures->failures[at].item == item)
        return PE_OK;
    const pe_status status = reserve(failures, err);
    if (status != PE_OK)
        return status;
    memmove(&failures->failures[at + 1], &failures->failures[at], (failures->count - at) * sizeof *failures->failures);
    failures->count++;
    pe_batch_failure *failure = &failures->failures[at];
    *failure = (pe_batch_failure){.item = item, .attempts = attempts, .seconds = seconds};
    (void)snprintf(failure->reason, sizeof failure->reason, "%s", reason);
    return PE_OK;
}

void pe_batch_failures_remove(pe_batch_failures *failures, size_t at)
{
    failures->count--;
    memmove(&failures->failures[at], &failures->failures[at + 1], (failures->count - at) * sizeof *failures->failures);
}

pe_status pe_batch_failures_log(const pe_batch_failures *failures, const pe_work_spec *spec, uint64_t first,
                                const void *const *args, pe_buffer *log, pe_error *err)
{
    char text[PE_ITEM_TEXT_ROOM];
    pe_status status = PE_OK;
    for (size_t i = 0; i < failures->count && status == PE_OK; i++) {
        const pe_batch_failure *failure = &failures->failures[i];
        pe_item_text_print(spec->kernel->name, &spec->signature, args, failure->item, text);
        const pe_failure_record record = {.item = first + failure->item,
                                          .arguments = text,
                                          .reason = failure->reason,
                                          .attempts = failure->attempts,
                                          .rank = spec->rank,
                                          .seconds = failure->seconds};
        status = pe_failure_log_append(log, &record, err);
    }
    return status;
}

pe_status pe_batch_failures_stop(const pe_batch_failures *failures, const pe_work_spec *spec, uint64_t first,
                                 const void *const *args, pe_error *err)
{
    char text[PE_ITEM_TEXT_ROOM];
    const pe_batch_failure *failure = &failures->failures[0];
    const uint64_t item = first + failure->item;
    pe_item_text_print(spec->kernel->name, &spec->signature, args, failure->item, text);
    return pe_fail_item(err, PE_EITEM, item, "item %" PRIu64 ": %s: %s", item, text, failure->reason);
}

void pe_batch_failures_fill(const pe_batch_failures *failures, const pe_work_spec *spec, void *const *written)
{
    for (int r = 0; r < spec->signature.result_count; r++) {
        const size_t bytes = pe_dtype_bytes(spec->written[r].dtype);
        const size_t elements = pe_type_elements(spec->written[r]);
        for (size_t i = 0; i < failures->count; i++) {
            unsigned char *at = (unsigned char *)written[r] + failures->failures[i].item * elements * bytes;
            for (size_t e = 0; e < elements; e++)
                memcpy(at + e * bytes, spec->fill[r], bytes);
        }
    }
}

size_t pe_batch_failures_next_run(const pe_batch_failures *failures, size_t count, size_t *begin)
{
    size_t at = find(failures, *begin);
    while (at < failures->count && failures->failures[at].item == *begin) {
        ++*begin;
        at++;
    }
    const size_t end = at < failures->count ? failures->failures[at].item : count;
    return end - *begin;
}

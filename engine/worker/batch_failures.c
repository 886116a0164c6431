/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* losses.c - the failed items of one batch: who, why, and what becomes of their rows.
 *
 * Design:   a short sorted list: most batches have none, and nothing here runs then.
 * Threads:  one worker's own.
 * Not here: finding failures (step.c), the csv (state/faults.c).
 */
#include "worker/batch_failures.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "kernel/item_text.h"
#include "report/failure_log.h"

void pe_losses_fini(pe_losses *losses)
{
    free(losses->losses);
    *losses = (pe_losses){0};
}

static pe_status reserve(pe_losses *losses, pe_error *err)
{
    pe_loss *grown = NULL;
    if (losses->count < losses->room)
        return PE_OK;
    const size_t room = losses->room == 0 ? 64 : losses->room * 2;
    const pe_status status = pe_make_array(&grown, room, sizeof *grown, err);
    if (status != PE_OK)
        return status;
    if (losses->count > 0)
        memcpy(grown, losses->losses, losses->count * sizeof *grown);
    free(losses->losses);
    losses->losses = grown;
    losses->room = room;
    return PE_OK;
}

/* Where item stands or belongs; most come in order, so the end is looked at first. */
static size_t find(const pe_losses *losses, size_t item)
{
    size_t at = losses->count;
    while (at > 0 && losses->losses[at - 1].item >= item)
        at--;
    return at;
}

pe_status pe_losses_add(pe_losses *losses, size_t item, uint32_t attempts, double seconds, const char *reason,
                        pe_error *err)
{
    const size_t at = find(losses, item);
    if (at < losses->count && losses->losses[at].item == item)
        return PE_OK;
    const pe_status status = reserve(losses, err);
    if (status != PE_OK)
        return status;
    memmove(&losses->losses[at + 1], &losses->losses[at], (losses->count - at) * sizeof *losses->losses);
    losses->count++;
    pe_loss *loss = &losses->losses[at];
    *loss = (pe_loss){.item = item, .attempts = attempts, .seconds = seconds};
    (void)snprintf(loss->reason, sizeof loss->reason, "%s", reason);
    return PE_OK;
}

void pe_losses_remove(pe_losses *losses, size_t at)
{
    losses->count--;
    memmove(&losses->losses[at], &losses->losses[at + 1], (losses->count - at) * sizeof *losses->losses);
}

pe_status pe_losses_log(const pe_losses *losses, const pe_recipe *recipe, uint64_t first, const void *const *args,
                        pe_buffer *log, pe_error *err)
{
    char text[PE_DESCRIBE_ROOM];
    pe_status status = PE_OK;
    for (size_t i = 0; i < losses->count && status == PE_OK; i++) {
        const pe_loss *loss = &losses->losses[i];
        pe_describe_call(recipe->kernel->name, &recipe->signature, args, loss->item, text);
        const pe_fault_record record = {.item = first + loss->item,
                                        .arguments = text,
                                        .reason = loss->reason,
                                        .attempts = loss->attempts,
                                        .rank = recipe->rank,
                                        .seconds = loss->seconds};
        status = pe_fault_append(log, &record, err);
    }
    return status;
}

pe_status pe_losses_stop(const pe_losses *losses, const pe_recipe *recipe, uint64_t first, const void *const *args,
                         pe_error *err)
{
    char text[PE_DESCRIBE_ROOM];
    const pe_loss *loss = &losses->losses[0];
    const uint64_t item = first + loss->item;
    pe_describe_call(recipe->kernel->name, &recipe->signature, args, loss->item, text);
    return pe_fail_item(err, PE_EITEM, item - recipe->first, "item %" PRIu64 ": %s: %s", item, text, loss->reason);
}

void pe_losses_fill(const pe_losses *losses, const pe_recipe *recipe, void *const *written)
{
    for (int r = 0; r < recipe->signature.result_count; r++) {
        const size_t bytes = pe_dtype_bytes(recipe->written[r].dtype);
        const size_t elements = pe_type_elements(recipe->written[r]);
        for (size_t i = 0; i < losses->count; i++) {
            unsigned char *at = (unsigned char *)written[r] + losses->losses[i].item * elements * bytes;
            for (size_t e = 0; e < elements; e++)
                memcpy(at + e * bytes, recipe->fill[r], bytes);
        }
    }
}

size_t pe_losses_next_run(const pe_losses *losses, size_t count, size_t *begin)
{
    size_t at = find(losses, *begin);
    while (at < losses->count && losses->losses[at].item == *begin) {
        ++*begin;
        at++;
    }
    const size_t end = at < losses->count ? losses->losses[at].item : count;
    return end - *begin;
}

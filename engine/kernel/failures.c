/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* failures.c - the failed items of one batch: in item order, each once, with the reason given first.
 *
 * Design:  additions go to the end; the list is sorted once, when all are there, and only when they came out of order. So
 *          a batch in which all items fail costs n log n at most, whatever the order. A repeated addition of the item that
 *          was added last is dropped at once, so that a kernel that fails an item in a loop takes no memory.
 * Threads: failures.h.
 * Not here: what becomes of a failed item (worker).
 */
#include "kernel/failures.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

#define LEAST_ROOM 16

void pe_failures_clear(pe_failures *failures)
{
    failures->count = 0;
    failures->is_settled = true;
    pe_arena_reset(&failures->reasons);
}

void pe_failures_fini(pe_failures *failures)
{
    free(failures->list);
    pe_arena_fini(&failures->reasons);
    *failures = (pe_failures){0};
}

/* A reason that is cut may not end inside a UTF-8 sequence. */
static size_t reason_bytes(const char *reason)
{
    size_t end = strnlen(reason, PE_REASON_ROOM);
    if (end == PE_REASON_ROOM) {
        end--;
        while (end > 0 && ((unsigned char)reason[end] & 0xC0u) == 0x80u)
            end--;
    }
    return end;
}

pe_status pe_failures_add_unread(pe_failures *failures, uint64_t item, const char *reason, pe_error *err)
{
    char text[PE_REASON_ROOM];
    (void)snprintf(text, sizeof text, "cannot be read: %s", reason);
    return pe_failures_add(failures, item, 0, text, err);
}

pe_status pe_failures_set_reason(pe_failures *failures, pe_failure *failure, const char *reason, pe_error *err)
{
    const size_t bytes = reason_bytes(reason);
    char *const copy = pe_arena_get(&failures->reasons, bytes + 1);
    if (copy == NULL)
        return pe_fail(err, PE_ENOMEM, "out of memory: no room for the reasons of failed items (%zu bytes)", bytes + 1);
    memcpy(copy, reason, bytes);
    copy[bytes] = '\0';
    failure->reason = copy;
    return PE_OK;
}

pe_status pe_failures_add(pe_failures *failures, uint64_t item, double seconds, const char *reason, pe_error *err)
{
    const pe_failure *const last = failures->count > 0 ? &failures->list[failures->count - 1] : NULL;
    if (last != NULL && last->item == item)
        return PE_OK;
    pe_status status =
        pe_grow_array(&failures->list, failures->count, &failures->room, sizeof *failures->list, LEAST_ROOM, err);
    if (status != PE_OK)
        return status;
    pe_failure *const added = &failures->list[failures->count];
    *added = (pe_failure){.item = item, .seconds = seconds, .attempts = 1, .order = (uint32_t)failures->count};
    if (last != NULL && strcmp(failures->list[failures->count - 1].reason, reason) == 0)
        added->reason = failures->list[failures->count - 1].reason; /* most items of a batch fail for one reason */
    else
        status = pe_failures_set_reason(failures, added, reason, err);
    if (status != PE_OK)
        return status;
    failures->is_settled = failures->count == 0 || (failures->is_settled && added[-1].item < item);
    failures->count++;
    return PE_OK;
}

static int compare(const void *a, const void *b)
{
    const pe_failure *left = a, *right = b;
    if (left->item != right->item)
        return left->item < right->item ? -1 : 1;
    return (left->order > right->order) - (left->order < right->order);
}

void pe_failures_settle(pe_failures *failures)
{
    size_t kept = 0;
    if (failures->is_settled || failures->count == 0)
        return;
    qsort(failures->list, failures->count, sizeof *failures->list, compare);
    for (size_t i = 0; i < failures->count; i++)
        if (kept == 0 || failures->list[kept - 1].item != failures->list[i].item)
            failures->list[kept++] = failures->list[i];
    failures->count = kept;
    failures->is_settled = true;
}

bool pe_failures_next_run(const pe_failures *failures, uint64_t batch_first, uint64_t batch_count, pe_good_run *run)
{
    const uint64_t end = batch_first + batch_count;
    uint64_t begin = run->next_failure == 0 && run->count == 0 ? batch_first : run->first + run->count;
    while (run->next_failure < failures->count && failures->list[run->next_failure].item == begin) {
        run->next_failure++;
        begin++;
    }
    run->first = begin;
    run->count = (run->next_failure < failures->count ? failures->list[run->next_failure].item : end) - begin;
    return run->count > 0;
}

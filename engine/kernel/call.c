/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* call.c - runs a kernel on one batch after another for one worker.
 *
 * Design: failures are appended in the order of the calls to fail, and sorted at the end of a run when they are not in
 *         item order. A bitmap has a bit per item, so that a second failure of an item is dropped and the first reason
 *         stays. The bitmap is cleared at the first failure of a run: a run without failures does not touch it.
 *         Result texts are stored in segments that never move. When a run needed several segments, the next run begins
 *         with one segment of their total size, so that a worker soon reuses the same memory in every run.
 *         The kernel may be the user's code: the arguments of fail and text are checked, and the first invalid call is
 *         kept in `fault` until map returns.
 * Threads: a call belongs to one worker; fail and text are called by the kernel inside map, on that worker's thread.
 * Not here: what becomes of a failed item.
 */
#include "kernel/call.h"

#include <inttypes.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "kernel/position.h"

#define SEGMENT_BYTES ((size_t)64 << 10) /* the first one; larger when one text is */

typedef struct segment {
    struct segment *next; /* the segment that was filled before */
    size_t used;
    size_t room;
    alignas(16) char bytes[];
} segment;

static const pe_setup no_setup = {0};

_Thread_local volatile pe_position pe_position_here;

struct pe_call {
    const pe_kernel *kernel;
    pe_signature signature;
    const pe_setup *setup;
    bool has_text; /* some result is a text */
    bool is_open;
    void *worker;
    const pe_ramp *ramps;

    uint64_t first; /* of the batch; not read from pe_batch, which the kernel could change */
    size_t count;
    void *const *results;

    pe_failure *failures;
    size_t failed, failure_room;
    bool is_sorted;
    pe_buffer seen; /* a bit for each item of the batch; only valid when failed > 0 */
    segment *texts; /* the segment being filled, then older ones */
    pe_error fault;
};

static uint64_t index_of(const pe_call *call, size_t item)
{
    return call->first + item;
}

/* True when the item failed before in this run. */
static bool is_known(pe_call *call, size_t item)
{
    const size_t bytes = call->count / 8 + 1;
    if (call->failed == 0) {
        call->seen.size = 0;
        if (pe_buffer_reserve(&call->seen, bytes, &call->fault) != PE_OK)
            return true;
        memset(call->seen.data, 0, bytes);
    }
    unsigned char *const byte = call->seen.data + item / 8;
    const unsigned bit = 1u << item % 8;
    const bool known = (*byte & bit) != 0;
    *byte = (unsigned char)(*byte | bit);
    return known;
}

static pe_status reserve_failure(pe_call *call)
{
    if (call->failed < call->failure_room)
        return PE_OK;
    const size_t room = call->failure_room == 0 ? 16 : call->failure_room * 2;
    pe_failure *grown = NULL;
    const pe_status status = pe_make_array(&grown, room, sizeof *grown, &call->fault);
    if (status == PE_OK) {
        if (call->failed > 0)
            memcpy(grown, call->failures, call->failed * sizeof *grown);
        free(call->failures);
        call->failures = grown;
        call->failure_room = room;
    }
    return status;
}

/* Cuts a long reason before a UTF-8 sequence that does not fit. */
static void copy_reason(char out[PE_REASON_ROOM], const char *reason)
{
    size_t end = strlen(reason);
    if (end >= PE_REASON_ROOM) {
        end = PE_REASON_ROOM - 1;
        while (end > 0 && ((unsigned char)reason[end] & 0xC0u) == 0x80u)
            end--;
    }
    memcpy(out, reason, end);
    out[end] = '\0';
}

static void fail_item(pe_batch *batch, size_t item, const char *reason)
{
    pe_call *const call = batch->host;
    if (item >= call->count) {
        (void)pe_fail(&call->fault, PE_EKERNEL, "kernel \"%s\" failed item %zu of a batch of %zu", call->kernel->name,
                      item, call->count);
        return;
    }
    if (is_known(call, item) || reserve_failure(call) != PE_OK)
        return;
    pe_failure *const failure = &call->failures[call->failed];
    failure->item = index_of(call, item);
    copy_reason(failure->reason, reason == NULL ? "no reason given" : reason);
    if (call->failed > 0 && failure->item < failure[-1].item)
        call->is_sorted = false;
    call->failed++;
}

static int compare_failures(const void *a, const void *b)
{
    const uint64_t left = ((const pe_failure *)a)->item;
    const uint64_t right = ((const pe_failure *)b)->item;
    return (left > right) - (left < right);
}

static void free_texts(pe_call *call)
{
    while (call->texts != NULL) {
        segment *const next = call->texts->next;
        free(call->texts);
        call->texts = next;
    }
}

static pe_status add_segment(pe_call *call, size_t room, pe_error *err)
{
    segment *added = room <= SIZE_MAX - sizeof *added ? malloc(sizeof *added + room) : NULL;
    if (added == NULL)
        return pe_fail(err, PE_ENOMEM, "out of memory: no room for result texts (%zu bytes)", room);
    added->next = call->texts;
    added->used = 0;
    added->room = room;
    call->texts = added;
    return PE_OK;
}

static pe_status rewind_texts(pe_call *call, pe_error *err)
{
    size_t room = 0;
    if (call->texts == NULL)
        return PE_OK;
    if (call->texts->next == NULL) {
        call->texts->used = 0;
        return PE_OK;
    }
    for (const segment *s = call->texts; s != NULL; s = s->next)
        room += s->room;
    free_texts(call);
    return add_segment(call, room, err);
}

static char *give_text(pe_batch *batch, int result, size_t item, size_t size)
{
    pe_call *const call = batch->host;
    const pe_signature *const signature = &call->signature;
    if (result < 0 || result >= signature->result_count || signature->results[result].dtype != PE_TEXT ||
        item >= call->count) {
        (void)pe_fail(&call->fault, PE_EKERNEL,
                      "kernel \"%s\" asked for the text of result %d of item %zu in a batch of %zu: there is none",
                      call->kernel->name, result, item, call->count);
        return NULL;
    }
    if (call->texts == NULL || size > call->texts->room - call->texts->used) {
        const size_t grown = call->texts == NULL ? SEGMENT_BYTES : call->texts->room;
        if (add_segment(call, size > grown ? size : grown, &call->fault) != PE_OK)
            return NULL;
    }
    char *const bytes = call->texts->bytes + call->texts->used;
    call->texts->used += size;
    ((pe_text *)call->results[result])[item] = (pe_text){.data = bytes, .size = size};
    return bytes;
}

static void empty_texts(const pe_call *call)
{
    for (int r = 0; r < call->signature.result_count; r++)
        if (call->signature.results[r].dtype == PE_TEXT)
            memset(call->results[r], 0, call->count * sizeof(pe_text));
}

static void enter(const pe_call *call, const pe_batch *batch)
{
    pe_position_here.signature = &call->signature;
    pe_position_here.batch = batch;
    pe_position_here.kernel = call->kernel;
}

static void leave(void)
{
    pe_position_here.kernel = NULL;
}

/* Returns what the kernel's open returned. */
static int open_worker(pe_call *call)
{
    if (call->kernel->open == NULL)
        return 0;
    enter(call, NULL);
    const int refused = call->kernel->open(call->kernel, call->setup, &call->worker);
    leave();
    return refused;
}

static void close_worker(pe_call *call)
{
    if (call->kernel->close == NULL)
        return;
    enter(call, NULL);
    call->kernel->close(call->worker);
    leave();
}

pe_status pe_call_make(const pe_kernel *kernel, const pe_signature *signature, const pe_setup *setup, pe_call **out,
                       pe_error *err)
{
    pe_call *call = NULL;
    pe_status status = pe_make_array(&call, 1, sizeof *call, err);
    if (status != PE_OK)
        return status;
    call->kernel = kernel;
    call->signature = *signature;
    call->setup = setup != NULL ? setup : &no_setup;
    for (int r = 0; r < signature->result_count; r++)
        call->has_text = call->has_text || signature->results[r].dtype == PE_TEXT;
    const int refused = open_worker(call);
    if (refused != 0) {
        status = pe_fail(err, PE_EKERNEL, "kernel \"%s\" could not start a worker: its open returned %d", kernel->name,
                         refused);
        pe_call_free(call);
        return status;
    }
    call->is_open = true;
    *out = call;
    return PE_OK;
}

void pe_call_free(pe_call *call)
{
    if (call == NULL)
        return;
    if (call->is_open)
        close_worker(call);
    free_texts(call);
    pe_buffer_fini(&call->seen);
    free(call->failures);
    free(call);
}

void pe_call_set_ramps(pe_call *call, const pe_ramp *ramps)
{
    call->ramps = ramps;
}

static pe_status begin_run(pe_call *call, uint64_t first, size_t count, void *const *results, pe_error *err)
{
    pe_status status = PE_OK;
    call->first = first;
    call->count = count;
    call->results = results;
    call->failed = 0;
    call->is_sorted = true;
    pe_error_clear(&call->fault);
    if (call->has_text) {
        status = rewind_texts(call, err);
        empty_texts(call);
    }
    return status;
}

/* The reason is that of the last failed item, where there is one. */
static pe_status report_stop(const pe_call *call, int stopped, pe_error *err)
{
    if (call->failed > 0) {
        const pe_failure *last = &call->failures[call->failed - 1];
        return pe_fail_item(err, PE_EKERNEL, last->item, "kernel \"%s\" gave up at item %" PRIu64 ": %s",
                            call->kernel->name, last->item, last->reason);
    }
    return pe_fail_item(err, PE_EKERNEL, call->first,
                        "kernel \"%s\" gave up in items %" PRIu64 " to %" PRIu64 ": its map returned %d",
                        call->kernel->name, call->first, index_of(call, call->count - 1), stopped);
}

static pe_status end_run(pe_call *call, int stopped, pe_error *err)
{
    if (call->fault.status != PE_OK)
        return pe_fail(err, call->fault.status, "%s", call->fault.text);
    if (stopped != 0)
        return report_stop(call, stopped, err);
    if (!call->is_sorted)
        qsort(call->failures, call->failed, sizeof *call->failures, compare_failures);
    return PE_OK;
}

pe_status pe_call_run(pe_call *call, uint64_t first, size_t count, const void *const *args, void *const *results,
                      pe_error *err)
{
    const pe_status status = begin_run(call, first, count, results, err);
    if (status != PE_OK || count == 0)
        return status;
    pe_batch batch = {.first = first,
                      .count = count,
                      .args = args,
                      .results = results,
                      .worker = call->worker,
                      .setup = call->setup,
                      .kernel = call->kernel,
                      .ramps = call->ramps,
                      .host = call,
                      .fail = fail_item,
                      .text = give_text};
    enter(call, &batch);
    const int stopped = call->kernel->map(&batch);
    leave();
    return end_run(call, stopped, err);
}

const pe_failure *pe_call_failures(const pe_call *call, size_t *count)
{
    *count = call->failed;
    return call->failures;
}

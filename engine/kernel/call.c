/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* call.c - runs a kernel on one batch after another for one worker.
 *
 * Design: result texts and the reasons of failures lie in arenas, which are reset before each batch.
 *         The kernel may be the user's code: the arguments of fail and text are checked, and the first invalid call is
 *         kept in `fault` until map returns.
 *         A kernel that gives its results in order reports its progress (pe_call_advance). Each time it has given
 *         most_bytes of texts, the results so far are used and freed, so that memory does not have to hold all texts of
 *         a batch.
 *         Once a batch is computed, more items may be claimed for it: by the kernel (pe_call_grow), else here, which calls
 *         it for them with the columns shifted. So a small chunk costs a claim, not the work around a whole batch.
 * Threads: a call belongs to one worker; fail and text are called by the kernel inside map, on that worker's thread.
 * Not here: the treatment of failed items (worker).
 */
#include "kernel/call.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "kernel/position.h"

static const pe_setup no_setup = {0};

_Thread_local volatile pe_position pe_position_here;

/* Why the open or map that runs on this thread refused; written to refusal_room, or where that is NULL to refusal. */
static _Thread_local char refusal[PE_REFUSAL_ROOM];
static _Thread_local char *refusal_room;
static _Thread_local bool lacks_something; /* memory or another resource: PE_ENOMEM */

struct pe_call {
    const pe_kernel *kernel;
    pe_signature signature;
    const pe_setup *setup;
    bool has_text; /* at least one result column is text */
    bool is_open;
    void *worker;
    const pe_ramp *ramps;

    uint64_t first; /* of the batch; a copy, since the kernel could change pe_batch */
    size_t count;
    const void *const *args;
    void *const *results;
    const void *shifted_args[PE_MAX_COLUMNS]; /* to the items that were claimed last */
    void *shifted_results[PE_MAX_COLUMNS];
    pe_ramp shifted_ramps[PE_MAX_COLUMNS];

    pe_failures failures;
    pe_arena texts;
    pe_call_texts bounds;  /* most_bytes 0: none */
    pe_call_growth growth; /* claim NULL: batches do not grow */
    size_t text_bytes;     /* bytes of texts given since texts were freed last */
    size_t kept_bytes;     /* bytes that pe_call_keep has waited for since then */
    size_t text_end;       /* one more than the last item that was given a text */
    pe_error fault;
};

static uint64_t index_of(const pe_call *call, size_t item)
{
    return call->first + item;
}

static void fail_item(pe_batch *batch, size_t item, const char *reason)
{
    pe_call *const call = batch->host;
    if (item >= call->count) {
        (void)pe_fail(&call->fault, PE_EKERNEL, "kernel \"%s\" failed item %zu of a batch of %zu", call->kernel->name,
                      item, call->count);
        return;
    }
    (void)pe_failures_add(&call->failures, index_of(call, item), 0, reason == NULL ? "no reason given" : reason,
                          &call->fault);
}

static bool is_long(const pe_call *call, size_t size)
{
    return call->bounds.most_bytes != 0 && size > call->bounds.most_bytes;
}

/* Waits until there is room for a text as given and as encoded; false: it is longer than the bound. */
static bool has_room_for(pe_call *call, size_t item, size_t size)
{
    if (is_long(call, size) && size > call->bounds.longest)
        return pe_fail(&call->fault, PE_ENOMEM,
                       "item %" PRIu64
                       ": its result is a text of %zu bytes, and pool.memory has room for texts of up to "
                       "%zu: raise pool.memory",
                       index_of(call, item), size, call->bounds.longest) == PE_OK;
    if (is_long(call, size))
        call->bounds.wait_for_room(call->bounds.context, 2 * size);
    return true;
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
    pe_text *const text = &((pe_text *)call->results[result])[item];
    if (text->data != NULL && size <= text->size) { /* a text given again that fits the old memory */
        text->size = size;
        return (char *)(uintptr_t)text->data;
    }
    if (!has_room_for(call, item, size))
        return NULL;
    char *const bytes = pe_arena_get(&call->texts, size);
    if (bytes == NULL) {
        (void)pe_fail(&call->fault, PE_ENOMEM, "out of memory: no room for result texts (%zu bytes)", size);
        return NULL;
    }
    *text = (pe_text){.data = bytes, .size = size};
    call->text_bytes += size;
    call->text_end = item + 1 > call->text_end ? item + 1 : call->text_end;
    return bytes;
}

void pe_call_wait_for_room(pe_batch *batch, size_t size)
{
    pe_call *const call = batch->host;
    if (batch->text != give_text || !is_long(call, size) || size <= call->kept_bytes) /* as in pe_call_advance */
        return;
    call->bounds.wait_for_room(call->bounds.context, size + call->bounds.most_bytes - call->kept_bytes);
    call->kept_bytes = size + call->bounds.most_bytes;
}

bool pe_call_keep(pe_batch *batch, size_t item, size_t size)
{
    pe_call *const call = batch->host;
    const size_t most = call->bounds.longest + call->bounds.most_bytes; /* of each result */
    if (is_long(call, size) && size / (size_t)call->signature.result_count > most)
        return pe_fail(&call->fault, PE_ENOMEM,
                       "item %" PRIu64 ": its result is longer than the texts of up to %zu bytes that pool.memory has "
                       "room for: raise pool.memory",
                       index_of(call, item), call->bounds.longest) == PE_OK;
    pe_call_wait_for_room(batch, size);
    return true;
}

void pe_call_bound_texts(pe_call *call, const pe_call_texts *texts)
{
    call->bounds = *texts;
}

static bool has_failed_behind(const pe_call *call, size_t done)
{
    const pe_failures *failures = &call->failures;
    for (size_t f = 0; f < failures->count; f++)
        if (failures->list[f].item >= index_of(call, done))
            return true;
    return false;
}

void pe_call_advance(pe_batch *batch, size_t done)
{
    pe_call *const call = batch->host;
    const pe_call_texts *const bounds = &call->bounds;
    if (batch->text != give_text) /* in the child process of an isolated kernel, host is not a pe_call */
        return;
    if (bounds->most_bytes == 0 || call->text_bytes < bounds->most_bytes || call->text_end > done ||
        call->fault.status != PE_OK || has_failed_behind(call, done))
        return;
    if (!bounds->finish_before(bounds->context, done))
        return;
    pe_arena_trim(&call->texts, 2 * bounds->most_bytes);
    call->text_bytes = call->kept_bytes = 0;
}

void pe_call_let_grow(pe_call *call, const pe_call_growth *growth)
{
    call->growth = *growth;
}

/* After a failed item the batch ends, so that what becomes of it is known before later items are computed. */
static size_t claim(const pe_call *call)
{
    if (call->growth.claim == NULL || call->failures.count > 0 || call->fault.status != PE_OK)
        return 0;
    return call->growth.claim(call->growth.context);
}

bool pe_call_grow(pe_batch *batch)
{
    pe_call *const call = batch->host;
    if (batch->text != give_text) /* as in pe_call_advance */
        return false;
    const size_t more = claim(call);
    if (more == 0)
        return false;
    pe_position_here.done = call->count;
    call->count += more;
    batch->count = call->count;
    return true;
}

static void empty_texts(const pe_call *call)
{
    for (int r = 0; r < call->signature.result_count; r++)
        if (call->signature.results[r].dtype == PE_TEXT)
            memset(call->results[r], 0, call->count * sizeof(pe_text));
}

static void enter(const pe_call *call, const pe_batch *batch)
{
    refusal[0] = '\0';
    lacks_something = false;
    pe_position_here.signature = &call->signature;
    pe_position_here.batch = batch;
    pe_position_here.done = 0;
    pe_position_here.kernel = call->kernel;
}

void pe_call_refuse(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    /* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): va_start has just initialised it */
    (void)vsnprintf(refusal_room == NULL ? refusal : refusal_room, sizeof refusal, format, args);
    va_end(args);
}

void pe_call_refuse_for_lack(const char *reason)
{
    pe_call_refuse("%s", reason);
    lacks_something = true;
}

void pe_call_refuse_into(char *room)
{
    refusal_room = room;
}

const char *pe_call_refusal(void)
{
    return refusal_room == NULL ? refusal : refusal_room;
}

static pe_status report_refusal(const pe_kernel *kernel, pe_error *err)
{
    return pe_fail(err, lacks_something ? PE_ENOMEM : PE_EKERNEL, "kernel \"%s\" could not start a worker: %s",
                   kernel->name, refusal);
}

/* Returns what the kernel's open returned. */
static int open_worker(pe_call *call)
{
    if (call->kernel->open == NULL)
        return 0;
    enter(call, NULL);
    const int refused = call->kernel->open(call->kernel, call->setup, &call->worker);
    pe_position_here.kernel = NULL;
    return refused;
}

static void close_worker(pe_call *call)
{
    if (call->kernel->close == NULL)
        return;
    enter(call, NULL);
    pe_position_here.is_closing = true;
    call->kernel->close(call->worker);
    pe_position_here.is_closing = false;
    pe_position_here.kernel = NULL;
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
        if (refusal[0] == '\0')
            pe_call_refuse("its open returned %d", refused);
        status = report_refusal(kernel, err);
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
    pe_arena_fini(&call->texts);
    pe_failures_fini(&call->failures);
    free(call);
}

void pe_call_set_ramps(pe_call *call, const pe_ramp *ramps)
{
    call->ramps = ramps;
}

static void begin_run(pe_call *call, uint64_t first, size_t count, const void *const *args, void *const *results)
{
    call->first = first;
    call->count = count;
    call->args = args;
    call->results = results;
    pe_failures_clear(&call->failures);
    pe_error_clear(&call->fault);
    if (call->has_text) {
        pe_arena_reset(&call->texts);
        call->text_bytes = call->kept_bytes = call->text_end = 0;
    }
}

void pe_call_lacks(void)
{
    lacks_something = true;
}

/* Fails because map returned nonzero; the reason is why no worker could be started, or that of the last failed item. */
static pe_status report_stop(const pe_call *call, int stopped, pe_error *err)
{
    if (refusal[0] != '\0')
        return report_refusal(call->kernel, err);
    if (call->failures.count > 0) {
        const pe_failure *last = &call->failures.list[call->failures.count - 1];
        return pe_fail_item(err, lacks_something ? PE_ENOMEM : PE_EKERNEL, last->item,
                            "kernel \"%s\" gave up at item %" PRIu64 ": %s", call->kernel->name, last->item,
                            last->reason);
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
    pe_failures_settle(&call->failures);
    return PE_OK;
}

/* Calls the kernel for the current items. */
static int map(pe_call *call, const pe_ramp *ramps)
{
    pe_batch batch = {.first = call->first,
                      .count = call->count,
                      .args = call->args,
                      .results = call->results,
                      .worker = call->worker,
                      .setup = call->setup,
                      .kernel = call->kernel,
                      .ramps = ramps,
                      .host = call,
                      .fail = fail_item,
                      .text = give_text};
    if (call->has_text)
        empty_texts(call);
    enter(call, &batch);
    const int stopped = call->kernel->map(&batch);
    pe_position_here.kernel = NULL;
    return stopped;
}

/* Computed modulo 2^64: each value fits int64, but the product on the way to it may not. */
static void shift_ramp(pe_ramp *ramp, size_t items)
{
    ramp->first = (int64_t)((uint64_t)ramp->first + items * (uint64_t)ramp->step);
}

/* Moves on to the items after those that were computed. */
static void shift(pe_call *call, size_t more)
{
    const size_t done = call->count;
    const pe_signature *const signature = &call->signature;
    for (int a = 0; a < signature->arg_count; a++) {
        const unsigned char *const column = call->args[a];
        call->shifted_args[a] = column == NULL ? NULL : column + done * pe_type_bytes(signature->args[a]);
        if (column == NULL)
            shift_ramp(&call->shifted_ramps[a], done);
    }
    for (int r = 0; r < signature->result_count; r++)
        call->shifted_results[r] = (unsigned char *)call->results[r] + done * pe_type_bytes(signature->results[r]);
    call->args = call->shifted_args;
    call->results = call->shifted_results;
    call->first += done;
    call->count = more;
    call->text_end = 0;
}

static int map_claimed(pe_call *call, size_t more)
{
    int stopped = 0;
    for (int a = 0; a < call->signature.arg_count; a++)
        if (call->args[a] == NULL)
            call->shifted_ramps[a] = call->ramps[a];
    for (; more > 0 && stopped == 0; more = claim(call)) {
        shift(call, more);
        stopped = map(call, call->shifted_ramps);
    }
    return stopped;
}

pe_status pe_call_run(pe_call *call, uint64_t first, size_t count, const void *const *args, void *const *results,
                      pe_error *err)
{
    begin_run(call, first, count, args, results);
    if (count == 0)
        return PE_OK;
    int stopped = map(call, call->ramps);
    const size_t more = stopped == 0 ? claim(call) : 0;
    if (more > 0)
        stopped = map_claimed(call, more);
    return end_run(call, stopped, err);
}

const pe_failure *pe_call_failures(const pe_call *call, size_t *count)
{
    *count = call->failures.count;
    return call->failures.list;
}

void pe_call_take_failures(pe_call *call, pe_failures *into)
{
    const pe_failures spare = *into;
    *into = call->failures;
    call->failures = spare;
    pe_failures_clear(&call->failures);
}

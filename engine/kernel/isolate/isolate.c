/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* isolate.c - runs a kernel in child processes, so that a crash costs one item.
 *
 * Design:   a batch goes to the worker's child as a whole. When the child dies in it, the batch is done again item by
 *           item, and an item that kills its child alone is to blame. That costs two switches between processes an item,
 *           in such a batch only.
 *           With a timeout no request may take longer than one item may: so no late item goes unnoticed. Where items
 *           are slow, a batch is cut into requests that should take a quarter of the timeout.
 * Threads:  map, open and close on the worker's thread; an isolate_worker belongs to one worker.
 * Not here: the child (isolate_child.c), asking it (isolate_worker.c), shared memory (isolate_memory.c).
 */
#include "kernel/isolate/isolate.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/errno_text.h"
#include "kernel/call.h"
#include "kernel/isolate/isolate_internal.h"
#include "kernel/process/process_form.h"
#include "os/signame.h"

#define REQUESTS_A_TIMEOUT 4u
#define LONG_BYTES ((size_t)1 << 20) /* result texts of an answer: where they are longer, items are asked for singly */

/* ---- the item to blame ---- */

static bool is_known(pe_subprocess_end end)
{
    return end.by_signal || end.number >= 0;
}

static void blame(const pe_isolate_worker *worker, pe_batch *batch, size_t item, pe_isolate_outcome outcome)
{
    char reason[PE_REASON_ROOM], name[PE_SIGNAME_SIZE], late[PE_TIMEOUT_TEXT_ROOM];
    const pe_subprocess_end died = worker->end;
    if (outcome == PE_ISOLATE_LATE)
        (void)snprintf(reason, sizeof reason, "%s", pe_process_form_timeout_text(worker->self->timeout_ns, late));
    else if (!is_known(died))
        (void)snprintf(reason, sizeof reason, "crashed");
    else if (!died.by_signal)
        (void)snprintf(reason, sizeof reason, "exited with code %d", died.number);
    else
        (void)snprintf(reason, sizeof reason, "%s: %s", died.number == SIGKILL ? "killed twice" : "crashed",
                       pe_signame(died.number, name));
    batch->fail(batch, item, reason);
}

/* Code that crashes does not die of SIGKILL: the system sends it when memory is short, or a person does. */
static bool is_from_outside(const pe_isolate_worker *worker, pe_isolate_outcome outcome)
{
    return outcome == PE_ISOLATE_DIED &&
           (!is_known(worker->end) || (worker->end.by_signal && worker->end.number == SIGKILL));
}

/* ---- capacity ---- */

static size_t larger(size_t have, size_t need)
{
    return need <= have ? have : need < SIZE_MAX / 4 ? need * 2 : need;
}

static int map_memory(pe_isolate_worker *worker, pe_isolate_capacity capacity)
{
    char reason[PE_ERRNO_TEXT_SIZE], text[PE_ERRNO_TEXT_SIZE + 80];
    const int refused = pe_isolate_memory_map(&worker->self->signature, capacity, &worker->memory);
    (void)snprintf(text, sizeof text, "memory for %zu items and %zu bytes of texts: %s", capacity.items,
                   capacity.text_in + capacity.text_out, pe_errno_text(refused, reason));
    if (refused != 0)
        pe_call_refuse_for_lack(text);
    return refused;
}

/* Memory with at least this capacity, with a child that has it. Returns 0 or what map shall return. */
static int grow(pe_isolate_worker *worker, pe_isolate_capacity need)
{
    const pe_isolate_capacity have = worker->memory.capacity;
    pe_isolate_stop(worker);
    pe_isolate_memory_unmap(&worker->memory);
    const pe_isolate_capacity capacity = {.items = larger(have.items, need.items),
                                          .text_in = larger(have.text_in, need.text_in),
                                          .text_out = larger(have.text_out, need.text_out)};
    const int refused = map_memory(worker, capacity);
    return refused != 0 ? refused : pe_isolate_restart(worker);
}

static int write_args(pe_isolate_worker *worker, const pe_batch *batch)
{
    const pe_signature *signature = &worker->self->signature;
    const pe_isolate_capacity need = pe_isolate_need(signature, batch), have = worker->memory.capacity;
    const int refused = need.items > have.items || need.text_in > have.text_in ? grow(worker, need) : 0;
    if (refused == 0)
        pe_isolate_write_args(&worker->memory, signature, batch);
    return refused;
}

/* ---- some items of a batch ---- */

static void note_speed(pe_isolate_worker *worker, size_t items, uint64_t took_ns)
{
    const uint64_t here = took_ns / items;
    worker->item_ns = worker->item_ns == 0 ? here : (worker->item_ns * 7 + here) / 8;
}

static void note_texts(pe_isolate_worker *worker, size_t items, size_t text_bytes)
{
    const size_t here = text_bytes / items, before = worker->item_bytes / 2;
    worker->item_bytes = here > before ? here : before;
}

static size_t choose_count(const pe_isolate_worker *worker, size_t all)
{
    const size_t fitting = worker->item_bytes == 0 ? all : LONG_BYTES / worker->item_bytes;
    const size_t left = fitting == 0 ? 1 : fitting < all ? fitting : all;
    const uint64_t part = worker->self->timeout_ns / REQUESTS_A_TIMEOUT;
    if (part == 0 || worker->item_ns == 0 || left <= 1)
        return left;
    const uint64_t items = part / worker->item_ns;
    return items == 0 ? 1 : items < left ? (size_t)items : left;
}

static pe_isolate_outcome ask(pe_isolate_worker *worker, const pe_batch *batch, pe_isolate_items items)
{
    const uint64_t began = worker->self->timeout_ns == 0 ? 0 : pe_clock_ns();
    worker->memory.header->first = batch->first + items.begin;
    worker->memory.header->items = items;
    const pe_isolate_outcome outcome = pe_isolate_ask(worker, worker->self->timeout_ns);
    if (outcome == PE_ISOLATE_ANSWERED && began != 0)
        note_speed(worker, items.count, pe_clock_ns() - began);
    return outcome;
}

/* Asks until the result texts fit, for which the rank has room, and once more after an end from outside. */
static pe_isolate_outcome ask_until_it_fits(pe_isolate_worker *worker, pe_batch *batch, pe_isolate_items items,
                                            int *stopped)
{
    bool was_killed = false;
    for (;;) {
        const pe_isolate_outcome outcome = ask(worker, batch, items);
        const size_t text_out = worker->memory.header->text_bytes;
        if (outcome == PE_ISOLATE_NONE)
            *stopped = worker->refused;
        if (outcome == PE_ISOLATE_ANSWERED)
            note_texts(worker, items.count, text_out);
        if (outcome == PE_ISOLATE_ANSWERED && text_out > LONG_BYTES && items.count > 1)
            return PE_ISOLATE_LONG;
        if (outcome == PE_ISOLATE_ANSWERED)
            pe_call_wait_for_room(batch, text_out);
        if (outcome == PE_ISOLATE_ANSWERED && text_out > worker->memory.capacity.text_out) {
            *stopped = grow(worker, (pe_isolate_capacity){.text_out = text_out});
        } else if (is_from_outside(worker, outcome) && !was_killed) {
            was_killed = true;
        } else {
            return outcome;
        }
        if (*stopped != 0)
            return PE_ISOLATE_NONE;
        /* a child that died may have written over the arguments */
        pe_isolate_write_args(&worker->memory, &worker->self->signature, batch);
    }
}

static int read_answer(const pe_isolate_worker *worker, pe_batch *batch, pe_isolate_items items)
{
    const int stopped = pe_isolate_read_answer(&worker->memory, &worker->self->signature, batch, items);
    if (worker->memory.header->text_bytes > LONG_BYTES)
        pe_isolate_free_texts(&worker->memory);
    pe_call_advance(batch, items.begin + items.count);
    return stopped;
}

static int do_items(pe_isolate_worker *worker, pe_batch *batch, pe_isolate_items items)
{
    int stopped = 0;
    const pe_isolate_outcome outcome = ask_until_it_fits(worker, batch, items, &stopped);
    if (outcome == PE_ISOLATE_NONE)
        return stopped;
    if (outcome == PE_ISOLATE_ANSWERED)
        return read_answer(worker, batch, items);
    pe_isolate_write_args(&worker->memory, &worker->self->signature, batch);
    if (items.count == 1) {
        blame(worker, batch, items.begin, outcome);
        return 0;
    }
    for (size_t i = 0; i < items.count && stopped == 0; i++)
        stopped = do_items(worker, batch, (pe_isolate_items){.begin = items.begin + i, .count = 1});
    return stopped;
}

/* ---- the kernel that workers see ---- */

static int map_isolated(pe_batch *batch)
{
    pe_isolate_worker *const worker = batch->worker;
    int stopped = write_args(worker, batch);
    for (size_t done = 0; done < batch->count && stopped == 0;) {
        const pe_isolate_items items = {.begin = done, .count = choose_count(worker, batch->count - done)};
        stopped = do_items(worker, batch, items);
        done += items.count;
    }
    return stopped;
}

static void close_isolated(void *state)
{
    pe_isolate_worker *const worker = state;
    pe_isolate_stop(worker);
    pe_isolate_memory_unmap(&worker->memory);
    pe_buffer_fini(&worker->turn);
    free(worker);
}

static int open_isolated(const pe_kernel *kernel, const pe_setup *setup, void **state)
{
    const pe_isolate *self = kernel->context;
    pe_isolate_worker *const worker = calloc(1, sizeof *worker);
    if (worker == NULL)
        return ENOMEM;
    worker->self = self;
    worker->setup = setup;
    int refused = map_memory(worker, pe_isolate_first_capacity(&self->signature));
    if (refused == 0)
        refused = pe_isolate_start(worker);
    if (refused != 0) {
        close_isolated(worker);
        return refused;
    }
    *state = worker;
    return 0;
}

static void close_form(pe_form *form)
{
    pe_isolate *const self = form->state;
    form->ops = self->ops;
    form->state = self->state;
    form->kernel = self->inner;
    free(self);
    if (form->ops->close != NULL)
        form->ops->close(form);
}

pe_status pe_isolate_wrap(pe_form *form, uint64_t timeout_ns, pe_error *err)
{
    static const pe_form_ops isolated = {.close = close_form};
    pe_isolate *self = NULL;
    const pe_status status = pe_make_array(&self, 1, sizeof *self, err);
    if (status != PE_OK)
        return status;
    *self = (pe_isolate){.inner = form->kernel,
                         .signature = form->signature,
                         .timeout_ns = timeout_ns,
                         .ops = form->ops,
                         .state = form->state};
    form->ops = &isolated;
    form->state = self;
    form->kernel.map = map_isolated;
    form->kernel.open = open_isolated;
    form->kernel.close = close_isolated;
    form->kernel.context = self;
    form->kernel.takes_ramps = 0; /* the child needs the numbers themselves */
    return PE_OK;
}

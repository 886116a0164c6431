/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* isolate.c - runs a kernel in forked processes, so that a crash costs one item.
 *
 * Design:   a batch goes to the worker's process as a whole. When the process does not come back from it, the batch is done
 *           again item by item, each with a process that is alive, and who ends a process alone is the culprit. That costs a
 *           switch of processes an item, in such a batch only.
 *           With a timeout a batch may take no longer than one item: so no item can be late unnoticed. Where items are
 *           slow, batches are cut into pieces that should be done in a part of that time.
 * Threads:  map, open and close on the worker's thread; a helper belongs to one worker.
 * Not here: processes (isolate_helper.c), shared memory (isolate_area.c), the process's side (isolate_process.c).
 */
#include "kernel/isolate/isolate.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "kernel/isolate/isolate_internal.h"
#include "kernel/process/form_internal.h"
#include "os/signame.h"

#define PIECES_A_TIMEOUT 4u

/* ---- who was it ---- */

static void blame(const pe_isolate_helper *helper, pe_batch *batch, size_t item, pe_isolate_end end)
{
    char reason[PE_REASON_ROOM], name[PE_SIGNAME_SIZE], late[PE_TIMEOUT_WORDS];
    const pe_isolate_death *death = &helper->death;
    if (end == PE_ISOLATE_LATE)
        (void)snprintf(reason, sizeof reason, "%s", pe_form_print_timeout(helper->self->timeout_ns, late));
    else if (!death->is_known)
        (void)snprintf(reason, sizeof reason, "crashed");
    else if (!death->by_signal)
        (void)snprintf(reason, sizeof reason, "exited with code %d", death->number);
    else
        (void)snprintf(reason, sizeof reason, "%s: %s", death->number == SIGKILL ? "killed twice" : "crashed",
                       pe_signame(death->number, name));
    batch->fail(batch, item, reason);
}

/* No item can end its process by SIGKILL but by asking for it: the system does, short of memory, or a person. */
static bool is_from_outside(const pe_isolate_helper *helper, pe_isolate_end end)
{
    return end == PE_ISOLATE_DIED &&
           (!helper->death.is_known || (helper->death.by_signal && helper->death.number == SIGKILL));
}

/* ---- room ---- */

static size_t larger(size_t have, size_t need)
{
    return need <= have ? have : need < SIZE_MAX / 4 ? need * 2 : need;
}

/* An area with at least this room, with a process on it. Returns 0 or what map shall return. */
static int grow(pe_isolate_helper *helper, pe_isolate_room need)
{
    const pe_isolate_room have = helper->area.room;
    pe_isolate_stop(helper);
    pe_isolate_unmap_area(&helper->area);
    const pe_isolate_room room = {.items = larger(have.items, need.items),
                                  .text_in = larger(have.text_in, need.text_in),
                                  .text_out = larger(have.text_out, need.text_out)};
    const int refused = pe_isolate_map_area(&helper->self->signature, room, &helper->area);
    return refused != 0 ? refused : pe_isolate_start(helper);
}

static int put(pe_isolate_helper *helper, const pe_batch *batch)
{
    const pe_signature *signature = &helper->self->signature;
    const pe_isolate_room need = pe_isolate_need(signature, batch), have = helper->area.room;
    const int refused = need.items > have.items || need.text_in > have.text_in ? grow(helper, need) : 0;
    if (refused == 0)
        pe_isolate_put(&helper->area, signature, batch);
    return refused;
}

/* ---- a span ---- */

static void note_speed(pe_isolate_helper *helper, size_t items, uint64_t took_ns)
{
    const uint64_t here = took_ns / items;
    helper->item_ns = helper->item_ns == 0 ? here : (helper->item_ns * 7 + here) / 8;
}

static size_t piece(const pe_isolate_helper *helper, size_t left)
{
    const uint64_t part = helper->self->timeout_ns / PIECES_A_TIMEOUT;
    if (part == 0 || helper->item_ns == 0 || left <= 1)
        return left;
    const uint64_t items = part / helper->item_ns;
    return items == 0 ? 1 : items < left ? (size_t)items : left;
}

static pe_isolate_end ask(pe_isolate_helper *helper, const pe_batch *batch, pe_isolate_span span)
{
    const uint64_t began = helper->self->timeout_ns == 0 ? 0 : pe_clock_ns();
    helper->area.sheet->first = batch->first + span.begin;
    helper->area.sheet->span = span;
    const pe_isolate_end end = pe_isolate_ask(helper, helper->self->timeout_ns);
    if (end == PE_ISOLATE_ANSWERED && began != 0)
        note_speed(helper, span.count, pe_clock_ns() - began);
    return end;
}

/* Asks until the result texts fit, and once more after an end from outside. */
static pe_isolate_end ask_well(pe_isolate_helper *helper, const pe_batch *batch, pe_isolate_span span, int *stopped)
{
    bool was_killed = false;
    for (;;) {
        const pe_isolate_end end = ask(helper, batch, span);
        const size_t text_out = helper->area.sheet->text_bytes;
        if (end == PE_ISOLATE_NONE)
            *stopped = helper->refused;
        if (end == PE_ISOLATE_ANSWERED && text_out > helper->area.room.text_out) {
            *stopped = grow(helper, (pe_isolate_room){.text_out = text_out});
        } else if (is_from_outside(helper, end) && !was_killed) {
            was_killed = true;
        } else {
            return end;
        }
        if (*stopped != 0)
            return PE_ISOLATE_NONE;
        pe_isolate_put(&helper->area, &helper->self->signature, batch); /* who died may have written there */
    }
}

static int do_span(pe_isolate_helper *helper, pe_batch *batch, pe_isolate_span span)
{
    int stopped = 0;
    const pe_isolate_end end = ask_well(helper, batch, span, &stopped);
    if (end == PE_ISOLATE_NONE)
        return stopped;
    if (end == PE_ISOLATE_ANSWERED)
        return pe_isolate_take(&helper->area, &helper->self->signature, batch, span);
    pe_isolate_put(&helper->area, &helper->self->signature, batch);
    if (span.count == 1) {
        blame(helper, batch, span.begin, end);
        return 0;
    }
    for (size_t i = 0; i < span.count && stopped == 0; i++)
        stopped = do_span(helper, batch, (pe_isolate_span){.begin = span.begin + i, .count = 1});
    return stopped;
}

/* ---- the kernel that workers see ---- */

static int map_isolated(pe_batch *batch)
{
    pe_isolate_helper *const helper = batch->worker;
    int stopped = put(helper, batch);
    for (size_t done = 0; done < batch->count && stopped == 0;) {
        const pe_isolate_span span = {.begin = done, .count = piece(helper, batch->count - done)};
        stopped = do_span(helper, batch, span);
        done += span.count;
    }
    return stopped;
}

static void close_isolated(void *worker)
{
    pe_isolate_helper *const helper = worker;
    pe_isolate_stop(helper);
    pe_isolate_unmap_area(&helper->area);
    free(helper);
}

static int open_isolated(const pe_kernel *kernel, const pe_setup *setup, void **worker)
{
    const pe_isolate *self = kernel->context;
    pe_isolate_helper *const helper = calloc(1, sizeof *helper);
    if (helper == NULL)
        return ENOMEM;
    helper->self = self;
    helper->setup = setup;
    helper->fd = -1;
    int refused = pe_isolate_map_area(&self->signature, pe_isolate_first_room(&self->signature), &helper->area);
    if (refused == 0)
        refused = pe_isolate_start(helper);
    if (refused != 0) {
        close_isolated(helper);
        return refused;
    }
    *worker = helper;
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
    form->kernel.takes_ramps = 0; /* columns go to the process through memory that both see */
    return PE_OK;
}

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* command_stderr.c - passes on what programs say on stderr, in whole lines.
 *
 * Design:  what a run for one item says is held until the run has ended, since an item that ends the run has its own line. A
 *          program for many items is passed on as its lines are complete. HELD_BYTES bounds what is held.
 * Threads: a worker's own; pe_log_lines keeps lines of several workers apart.
 * Not here: the last line of a failed item, which is its reason (process/subprocess.h).
 */
#include <inttypes.h>
#include <string.h>

#include "kernel/command/command_internal.h"
#include "os/log.h"

#define HELD_BYTES ((size_t)64 << 10)

/* Lines with their item in front, as -v asks for. */
static void pass_with_item(const pe_command_stderr *self, const char *text, size_t size)
{
    pe_buffer named = {0};
    pe_error err = PE_ERROR_INIT; /* out of memory: the lines go without the item */
    for (const char *at = text; at < text + size && err.status == PE_OK;) {
        const char *const newline = memchr(at, '\n', (size_t)(text + size - at));
        const size_t line = newline == NULL ? (size_t)(text + size - at) : (size_t)(newline - at) + 1;
        if (pe_buffer_printf(&named, &err, "item %" PRIu64 ": ", self->item) == PE_OK)
            (void)pe_buffer_append(&named, at, line, &err);
        at += line;
    }
    if (err.status == PE_OK)
        pe_log_lines((const char *)named.data, named.size);
    else
        pe_log_lines(text, size);
    pe_buffer_fini(&named);
}

/* The first `size` bytes of what is held. */
static void pass(pe_command_stderr *self, size_t size)
{
    if (size == 0)
        return;
    if (self->form->names_items && self->item != PE_NO_ITEM)
        pass_with_item(self, (const char *)self->held.data, size);
    else
        pe_log_lines((const char *)self->held.data, size);
    memmove(self->held.data, self->held.data + size, self->held.size - size);
    self->held.size -= size;
}

static size_t whole_lines(const pe_buffer *held)
{
    size_t size = held->size;
    while (size > 0 && held->data[size - 1] != '\n')
        size--;
    return size;
}

static void hold_stderr(void *context, const char *bytes, size_t size)
{
    pe_command_stderr *const self = context;
    pe_error ignored = PE_ERROR_INIT; /* out of memory: these bytes are lost, the run goes on */
    (void)pe_buffer_append(&self->held, bytes, size, &ignored);
    const size_t lines = whole_lines(&self->held);
    if (self->item == PE_NO_ITEM || self->held.size > HELD_BYTES)
        pass(self, lines == 0 && self->held.size > HELD_BYTES ? self->held.size : lines);
}

void pe_command_stderr_begin(pe_command_stderr *self, const pe_command *form, uint64_t item, pe_subprocess *process)
{
    self->form = form;
    self->item = item;
    self->held.size = 0;
    if (form->stderr_use == PE_STDERR_PASS) {
        process->on_stderr = hold_stderr;
        process->on_stderr_context = self;
    }
}

void pe_command_stderr_end(pe_command_stderr *self, bool is_passed)
{
    pe_error ignored = PE_ERROR_INIT;
    if (is_passed && self->held.size > 0) {
        if (self->held.data[self->held.size - 1] != '\n')
            (void)pe_buffer_append(&self->held, "\n", 1, &ignored);
        pass(self, self->held.size);
    }
    self->held.size = 0;
}

void pe_command_stderr_fini(pe_command_stderr *self)
{
    pe_buffer_fini(&self->held);
}

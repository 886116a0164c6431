/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* command_environment.c - what programs find in their environment, and what is warned of once.
 *
 * Threads: a worker's own; the counters of the notes are atomic.
 */
#include <inttypes.h>
#include <stdio.h>

#include "kernel/command/command_internal.h"
#include "os/log.h"

void pe_command_environment_make(pe_command_environment *self, const pe_command *form)
{
    /* any order will do: the numbers only have to differ */
    const int worker = atomic_fetch_add_explicit(&form->notes->workers, 1, memory_order_relaxed);
    (void)snprintf(self->rank, sizeof self->rank, "PENGINE_RANK=%d", form->rank);
    (void)snprintf(self->worker, sizeof self->worker, "PENGINE_WORKER=%d", worker);
    self->variables[0] = self->rank;
    self->variables[1] = self->worker;
    self->variables[2] = self->variables[3] = NULL;
}

void pe_command_environment_set_item(pe_command_environment *self, uint64_t item)
{
    (void)snprintf(self->item, sizeof self->item, "PENGINE_ITEM=%" PRIu64, item);
    self->variables[2] = self->item;
}

void pe_command_warn_once(atomic_bool *has_warned, const pe_command *form, const char *text)
{
    /* nothing else hangs on it */
    if (!atomic_exchange_explicit(has_warned, true, memory_order_relaxed))
        pe_log(PE_LOG_WARN, "%s %s", form->words[0], text);
}

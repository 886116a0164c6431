/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* last_process.c - the program that the calling thread ran last for an item, and how it ended: for the log of jobs.
 *
 * Threads: last_process.h.
 */
#include "kernel/process/last_process.h"

#include "base/shell_quote.h"

_Thread_local pe_last_process *pe_last_process_here;

void pe_last_process_began(const char *const *argv)
{
    pe_last_process *const last = pe_last_process_here;
    pe_error ignored = PE_ERROR_INIT; /* without memory the command is cut */
    if (last == NULL)
        return;
    last->command.size = 0;
    last->has_ended = false;
    for (size_t word = 0; argv[word] != NULL; word++) {
        if (word > 0)
            (void)pe_buffer_append(&last->command, " ", 1, &ignored);
        (void)pe_shell_quote(&last->command, argv[word], &ignored);
    }
}

void pe_last_process_ended(pe_subprocess_end end)
{
    if (pe_last_process_here == NULL)
        return;
    pe_last_process_here->has_ended = true;
    pe_last_process_here->end = end;
}

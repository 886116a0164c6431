/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* last_process.h - the program that the calling thread ran last for an item, and how it ended: for the log of jobs.
 *
 * Threads: each thread has its own.
 */
#ifndef PE_LAST_PROCESS_H
#define PE_LAST_PROCESS_H

#include "kernel/process/subprocess.h"

/* Zero-initialise. */
typedef struct pe_last_process {
    pe_buffer command; /* its words, quoted for a shell, without an end; empty: none was started */
    bool has_ended;
    pe_subprocess_end end;
} pe_last_process;

extern _Thread_local pe_last_process *pe_last_process_here; /* NULL: nothing is kept */

/* pe_last_process_began - note that a program was started for one item. pe_last_process_ended - note that a process was reaped.
 * */
void pe_last_process_began(const char *const *argv);
void pe_last_process_ended(pe_subprocess_end end);

#endif

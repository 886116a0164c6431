/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* interrupt.h - SIGINT, SIGTERM, SIGHUP and SIGUSR1 end the run in good order.
 */
#ifndef PE_INTERRUPT_H
#define PE_INTERRUPT_H

#include <stdbool.h>

/* pe_interrupt_begin - from here on one of these signals ends the process with PE_ESTOPPED's exit code: what is registered in
 * exit_cleanup.h is removed, and the process that writes to stderr says so. A signal that is ignored already stays ignored.
 * Call: the first thing in main. */
void pe_interrupt_begin(bool is_speaker);

/* pe_interrupt_ignore_pipe - ignore SIGPIPE: a reader of stdout or stderr that ends early does not end the run; the write
 * fails instead, to the end of the process. Processes that are started have the usual again. */
void pe_interrupt_ignore_pipe(void);

/* pe_interrupt_begin_run - from here on the first of these signals sets the flag, the second of a kind kills as usual.
 * SIGPIPE and SIGXFSZ are ignored, so that the write fails instead. */
void pe_interrupt_begin_run(void);

/* pe_interrupt_end_run - restore what the process did about the signals before pe_interrupt_begin, so that mpirun's SIGTERM also
 * ends a rank that waits in MPI_Finalize. A process that does not call it goes on noting signals as during the run. */
void pe_interrupt_end_run(void);

/* pe_interrupt_logged - note that the run's error has been logged: outside of begin_run and end_run, a signal ends the process
 * with this code and without another message. Call: the main thread. */
void pe_interrupt_logged(int exit_code);

/* pe_interrupt_await - wait until a signal that has reached this process is seen, also where the main thread has not
 * run since: for a second at most. Call: a thread that has these signals blocked. */
void pe_interrupt_await(void);

/* pe_interrupt_seen - the signal's name ("SIGINT"), or NULL. Any thread. */
const char *pe_interrupt_seen(void);

/* pe_interrupt_catches - whether that signal would be seen here, if it came. Any thread. */
bool pe_interrupt_catches(int number);

#endif

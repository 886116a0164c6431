/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* crash.h - reports a native kernel that crashes or calls exit, and ends the job.
 *
 * The first rank that crashes prints one message, "pengine: item 13: act(13): crashed: SIGSEGV; with kernel.isolate =
 * true that item alone would fail", and exits with code 1; mpirun ends the others. Incomplete files are removed.
 */
#ifndef PE_CRASH_H
#define PE_CRASH_H

/* pe_crash_begin - install the handlers. pe_crash_end - restore the earlier handlers.
 *
 * Call:    the main thread, before workers are started, and after pe_interrupt_begin_run.
 * Params:  this rank and the number of ranks, which decide who prints when several ranks crash at the same time
 */
void pe_crash_begin(int rank, int ranks);
void pe_crash_end(void);

/* pe_crash_guard - give this thread an alternate signal stack, so that a stack overflow is reported too.
 * pe_crash_unguard - free it. Call: the same thread. Outside of begin and end both do nothing. */
void pe_crash_guard(void);
void pe_crash_unguard(void);

#endif

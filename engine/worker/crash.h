/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* crash.h - a native kernel that crashes or calls exit ends the job at once, with one message.
 *
 * "pengine: item 13: act(13): crashed: SIGSEGV; with kernel.isolate = true only this item would fail", exit code 1, on
 * the first rank that crashes; mpirun ends the others. Files that are not complete are removed.
 */
#ifndef PE_CRASH_H
#define PE_CRASH_H

/* pe_crash_begin - from here until pe_crash_end crashes are told; what the process did about these signals before is
 * put back by the end.
 *
 * Call:    the main thread, before there are workers, and after pe_interrupt_begin_run.
 * Params:  rank, and how many ranks there are: which of several that crash at the same time speaks
 */
void pe_crash_begin(int rank, int ranks);
void pe_crash_end(void);

/* pe_crash_guard - a stack for the handler of this thread, so that even the overflow of a stack can be told.
 * pe_crash_unguard - on the same thread. Outside of begin and end they do nothing. */
void pe_crash_guard(void);
void pe_crash_unguard(void);

#endif

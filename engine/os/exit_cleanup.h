/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* ending.h - what must be in order when the process ends in the middle of everything.
 *
 * Design: files that are not complete are known by name, and a write that is under way is waited for: so nothing half
 *         done stays under any name.
 * Threads: any thread calls the first four, one at a time pe_ending_clean; one thread, or the handler of a signal, calls
 *          pe_ending_begin.
 */
#ifndef PE_ENDING_H
#define PE_ENDING_H

/* pe_ending_keep - remember a file that is to go when the process ends before pe_ending_forget. path is borrowed. */
void pe_ending_keep(const char *path);
void pe_ending_forget(const char *path); /* the same pointer; NULL is fine */

/* pe_ending_write_begin, pe_ending_write_end - around the writing of what belongs together. Once the end has begun no
 * write begins any more: the thread that asks for one sleeps until it dies. */
void pe_ending_write_begin(void);
void pe_ending_write_end(void);

/* pe_ending_begin - wait for writes under way, then remove the files that are kept in mind. Async-signal-safe; returns
 * after a second at most. The process must end after it. */
void pe_ending_begin(void);

/* pe_ending_clean - remove the files that are kept in mind, while the process goes on: it may be killed at any moment, and
 * will complete none of them. */
void pe_ending_clean(void);

#endif

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* exit_cleanup.h - what must be in order when the process ends in the middle of everything.
 *
 * Design: files that are not complete are known by name, and a write that is under way is waited for: so nothing half
 *         done stays under any name.
 * Threads: any thread calls the first four, one at a time pe_exit_cleanup_clean; one thread, or the handler of a signal, calls
 *          pe_exit_cleanup_begin.
 */
#ifndef PE_EXIT_CLEANUP_H
#define PE_EXIT_CLEANUP_H

/* pe_exit_cleanup_keep - remember a file that is to go when the process ends before pe_exit_cleanup_forget. path is borrowed. */
void pe_exit_cleanup_keep(const char *path);
void pe_exit_cleanup_forget(const char *path); /* the same pointer; NULL is fine */

/* pe_exit_cleanup_write_begin, pe_exit_cleanup_write_end - around the writing of what belongs together. Once the end has begun no
 * write begins any more: the thread that asks for one sleeps until it dies. */
void pe_exit_cleanup_write_begin(void);
void pe_exit_cleanup_write_end(void);

/* pe_exit_cleanup_begin - wait for writes under way, then remove the files that are kept in mind. Async-signal-safe; returns
 * after a second at most. The process must end after it. */
void pe_exit_cleanup_begin(void);

/* pe_exit_cleanup_clean - remove the files that are kept in mind, while the process goes on: it may be killed at any moment, and
 * will complete none of them. */
void pe_exit_cleanup_clean(void);

#endif

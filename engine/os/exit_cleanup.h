/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* exit_cleanup.h - removes incomplete and temporary files when the process ends in the middle of a run.
 *
 * Invariant: a file that is registered here does not outlive the process, unless it is killed by SIGKILL.
 * Design: incomplete files are registered by name. A process that has to end waits for writes in progress, blocks new
 *         ones and removes the registered files.
 * Threads: add, drop, write_begin and write_end: any thread. pe_exit_cleanup_now: one thread at a time.
 *          pe_exit_cleanup_final: one thread, or a signal handler.
 */
#ifndef PE_EXIT_CLEANUP_H
#define PE_EXIT_CLEANUP_H

/* pe_exit_cleanup_add - register a file, or a folder in which there is nothing but registered files. path is borrowed
 * until pe_exit_cleanup_drop. */
void pe_exit_cleanup_add(const char *path);
void pe_exit_cleanup_drop(const char *path); /* the same pointer; NULL is allowed */

/* pe_exit_cleanup_write_begin, pe_exit_cleanup_write_end - enclose the writing of one record. After
 * pe_exit_cleanup_final no write begins: write_begin blocks until the process ends. */
void pe_exit_cleanup_write_begin(void);
void pe_exit_cleanup_write_end(void);

/* pe_exit_cleanup_final - wait for writes in progress (one second at most), then remove the registered files.
 * Async-signal-safe. The process must end after it. */
void pe_exit_cleanup_final(void);

/* pe_exit_cleanup_now - remove the registered files while the process goes on: it may be killed at any time and will
 * complete none of them. */
void pe_exit_cleanup_now(void);

#endif

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* redirect_stdout.h - what a kernel prints goes to stderr: stdout has results alone.
 */
#ifndef PE_REDIRECT_STDOUT_H
#define PE_REDIRECT_STDOUT_H

/* pe_redirect_stdout_begin - from here the process's stdout is its stderr. Call it after the output is open, which has a
 * descriptor of its own, and on every rank. pe_redirect_stdout_end - as it was before. Main thread. */
void pe_redirect_stdout_begin(void);
void pe_redirect_stdout_end(void);

#endif

/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* aside.h - what a kernel prints goes to stderr: stdout has results alone.
 */
#ifndef PE_ASIDE_H
#define PE_ASIDE_H

/* pe_aside_begin - from here the process's stdout is its stderr. Call it after the output is open, which has a
 * descriptor of its own, and on every rank. pe_aside_end - as it was before. Main thread. */
void pe_aside_begin(void);
void pe_aside_end(void);

#endif

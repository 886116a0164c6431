/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* redirect_stdout.h - sends what kernels print to stderr, so that stdout has results only.
 */
#ifndef PE_REDIRECT_STDOUT_H
#define PE_REDIRECT_STDOUT_H

/* pe_redirect_stdout_begin - make descriptor 1 a copy of descriptor 2. pe_redirect_stdout_end - restore it.
 *
 * Call:    main thread of every rank, while no kernel runs; begin after the output is open, which has its own descriptor.
 */
void pe_redirect_stdout_begin(void);
void pe_redirect_stdout_end(void);

#endif

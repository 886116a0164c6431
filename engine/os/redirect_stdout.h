/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* redirect_stdout.h - sends what kernels print to stderr, so that stdout has results only.
 */
#ifndef PE_REDIRECT_STDOUT_H
#define PE_REDIRECT_STDOUT_H

#include "base/error.h"

/* pe_redirect_stdout_begin - make descriptor 1 a copy of descriptor 2; PE_ENOMEM when there is no descriptor to keep the
 * former one, and nothing is changed. pe_redirect_stdout_end - restore it.
 *
 * Call:    main thread of every rank, while no kernel runs; begin after the output is open, which has its own descriptor.
 */
pe_status pe_redirect_stdout_begin(pe_error *err);
void pe_redirect_stdout_end(void);

#endif

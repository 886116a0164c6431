/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* asked_threads.h - OMP_NUM_THREADS, of which the OpenMP runtime would complain on its own.
 */
#ifndef PE_ASKED_THREADS_H
#define PE_ASKED_THREADS_H

#include "base/error.h"

#define PE_THREADS_MOST 4096

/* pe_asked_threads_begin - take an OMP_NUM_THREADS that is wrong out of the environment and keep it for the message.
 * Call: before the libraries start, when libc has not started either: by PE_BEFORE_LIBRARIES, whose arguments it has. */
void pe_asked_threads_begin(int argc, char **argv, char **env);

/* pe_asked_threads - the first number of OMP_NUM_THREADS ("4", or "4,2" for nested levels), 0 when it is not set.
 * Returns: PE_OK; PE_ECONFIG when it is neither a number from 1 to PE_THREADS_MOST nor a list of such */
pe_status pe_asked_threads(int *threads, pe_error *err);

#endif
